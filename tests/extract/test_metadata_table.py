"""What stands about a page's article, in the shapes that sites have it, and what must be read from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from handmade import PROSE, TITLE, article, paragraphs

from extract.article import extract_article
from extract.types import Article, Page, Source

Read = Callable[..., Article]
NILE = Source(id="nile", name="النيل", language="ar", timezone="Africa/Cairo", domains=("nile.example",))
URL = "https://nile.example/news/1"
BODY = article(paragraphs(*PROSE))
N, M = "سامر المصري", "ليلى حداد"
P = {"@type": "Person", "name": N}


def script(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


def ld(value: object) -> str:
    return script(json.dumps(value, ensure_ascii=False))


def news(**fields: object) -> dict[str, object]:
    return {"@context": "https://schema.org", "@type": "NewsArticle", **fields}


AUTHORS_IN_HEAD: list[tuple[str, str, tuple[str, ...]]] = [
    ("string", ld(news(author=N)), (N,)),
    ("object", ld(news(author=P)), (N,)),
    ("list", ld(news(author=[P, {"@type": "Person", "name": M}])), (N, M)),
    ("list of strings", ld(news(author=[N, M])), (N, M)),
    ("org", ld(news(author={"@type": "Organization", "name": "شبكة النيل"})), ()),
    ("newsmediaorg", ld(news(author={"@type": "NewsMediaOrganization", "name": "صوت الوادي"})), ()),
    ("org and person", ld(news(author=[{"@type": "Organization", "name": "صوت الوادي"}, P])), (N,)),
    ("array top", ld([{"@type": "BreadcrumbList"}, news(author=P)]), (N,)),
    ("graph", ld({"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, news(author=P)]}), (N,)),
    (
        "graph id ref",
        ld({"@graph": [news(author={"@id": "#/p/1"}), {"@type": "Person", "@id": "#/p/1", "name": N}]}),
        (N,),
    ),
    (
        "graph id ref list",
        ld({"@graph": [news(author=[{"@id": "#/p/1"}]), {"@type": ["Person"], "@id": "#/p/1", "name": N}]}),
        (N,),
    ),
    (
        "graph id ref org",
        ld({"@graph": [news(author={"@id": "#o"}), {"@type": "Organization", "@id": "#o", "name": "صوت الوادي"}]}),
        (),
    ),
    (
        "id ref in other script",
        ld(news(author={"@id": "#/p/1"})) + ld({"@type": "Person", "@id": "#/p/1", "name": N}),
        (N,),
    ),
    ("id ref dangling", ld(news(author={"@id": "#/p/9"})), ()),
    ("nested mainEntity", ld({"@type": "WebPage", "mainEntity": news(author=P)}), (N,)),
    ("nested mainEntityOfPage", ld({"@type": "WebPage", "mainEntityOfPage": news(author=P)}), (N,)),
    ("ReportageNewsArticle", ld({**news(author=P), "@type": "ReportageNewsArticle"}), (N,)),
    ("AnalysisNewsArticle", ld({**news(author=P), "@type": "AnalysisNewsArticle"}), (N,)),
    ("OpinionNewsArticle", ld({**news(author=P), "@type": "OpinionNewsArticle"}), (N,)),
    ("type list", ld({**news(author=P), "@type": ["Article", "NewsArticle"]}), (N,)),
    ("schema url type", ld({**news(author=P), "@type": "http://schema.org/NewsArticle"}), (N,)),
    ("schema: type", ld({**news(author=P), "@type": "schema:NewsArticle"}), (N,)),
    ("Blog", ld({**news(author=P), "@type": "BlogPosting"}), (N,)),
    ("SocialMedia", ld({**news(author=P), "@type": "TechArticle"}), (N,)),
    (
        "escaped",
        script(json.dumps(news(author=P))),
        (N,),
    ),
    (
        "entities",
        script(
            '{"@type":"NewsArticle","author":{"@type":"Person","name":"' + "".join(f"&#{ord(c)};" for c in N) + '"}}'
        ),
        (N,),
    ),
    (
        "quot entities",
        script("{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;author&quot;:&quot;" + N + "&quot;}"),
        (N,),
    ),
    ("html comment", script('<!-- {"@type":"NewsArticle","author":"' + N + '"} -->'), (N,)),
    ("cdata", script('//<![CDATA[\n{"@type":"NewsArticle","author":"' + N + '"}\n//]]>'), (N,)),
    ("cdata bare", script('<![CDATA[{"@type":"NewsArticle","author":"' + N + '"}]]>'), (N,)),
    ("cdata css comment", script('/*<![CDATA[*/{"@type":"NewsArticle","author":"' + N + '"}/*]]>*/'), (N,)),
    ("js line comment", script('{\n// the article\n"@type":"NewsArticle",\n"author":"' + N + '" // who\n}'), (N,)),
    (
        "js block comment",
        script('{/* news */"@type":"NewsArticle","url":"https://nile.example//x","author":"' + N + '"}'),
        (N,),
    ),
    (
        "trailing commas",
        script('{"@type":"NewsArticle","keywords":["a",],"author":{"@type":"Person","name":"' + N + '",},}'),
        (N,),
    ),
    ("semicolon", script('{"@type":"NewsArticle","author":"' + N + '"};'), (N,)),
    ("newline in string", script('{"@type":"NewsArticle","headline":"سطر\nآخر","author":"' + N + '"}'), (N,)),
    ("tab in string", script('{"@type":"NewsArticle","headline":"سطر\tآخر","author":"' + N + '"}'), (N,)),
    ("two objects", script('{"@type":"WebSite","name":"النيل"}\n{"@type":"NewsArticle","author":"' + N + '"}'), (N,)),
    (
        "unescaped quotes",
        script('{"@type":"NewsArticle","headline":"قال "نعم" ثم مضى","author":{"@type":"Person","name":"' + N + '"}}'),
        (N,),
    ),
    ("bad escape", script('{"@type":"NewsArticle","headline":"it\\\'s","author":"' + N + '"}'), (N,)),
    ("single-quoted", script("{'@type':'NewsArticle'}"), ()),
    ("cut off", script('{"@type":"NewsArticle","author":"' + N), ()),
    ("bom", script('\ufeff{"@type":"NewsArticle","author":"' + N + '"}'), (N,)),
    ("empty author", ld(news(author="")), ()),
    ("null author", ld(news(author=None)), ()),
    ("number author", ld(news(author=7)), ()),
    ("creator", ld(news(creator=P)), (N,)),
    ("creator list of strings", ld(news(creator=[N])), (N,)),
    ("name is list", ld(news(author={"@type": "Person", "name": [N]})), (N,)),
    ("given family", ld(news(author={"@type": "Person", "givenName": "سامر", "familyName": "المصري"})), (N,)),
    ("lang value", ld(news(author={"@type": "Person", "name": {"@language": "ar", "@value": N}})), (N,)),
    ("two in a string", ld(news(author=f"{N}، {M}")), (N, M)),
    ("two with waw", ld(news(author=f"{N} و{M}")), (N, M)),
    ("two with waw apart", ld(news(author=f"{N} و {M}")), (N, M)),
    ("by prefix", ld(news(author=f"بقلم: {N}")), (N,)),
    ("author is url", ld(news(author="https://nile.example/author/samer")), ()),
    ("author name is url", ld(news(author={"@type": "Person", "name": "https://nile.example/author/samer"})), ()),
    ("author name is mail", ld(news(author={"@type": "Person", "name": "samer@nile.example"})), ()),
    ("handle", ld(news(author="@samer_masri")), ()),
    ("admin", ld(news(author={"@type": "Person", "name": "admin"})), ()),
    ("Admin User", ld(news(author={"@type": "Person", "name": "Admin User"})), ()),
    ("المدير", ld(news(author="المدير")), ()),
    ("المدير العام", ld(news(author="المدير العام")), ()),
    ("مدير الموقع", ld(news(author="مدير الموقع")), ()),
    ("محرر", ld(news(author="محرر")), ()),
    ("محرر النيل", ld(news(author="محرر الأخبار")), ()),
    ("المحرر السياسي", ld(news(author="المحرر السياسي")), ()),
    ("هيئة التحرير", ld(news(author="هيئة التحرير")), ()),
    ("أسرة التحرير", ld(news(author="أسرة التحرير")), ()),
    ("فريق العمل", ld(news(author="فريق العمل")), ()),
    ("گروه سیاسی", ld(news(author="گروه سیاسی")), ()),
    ("سرویس بین الملل", ld(news(author="سرویس بین الملل")), ()),
    ("تحریریه", ld(news(author="تحریریه صفحه")), ()),
    ("مدیر سایت", ld(news(author="مدیر سایت")), ()),
    ("خبرنگار ایرنا", ld(news(author="خبرنگار ایرنا")), ()),
    ("مراسلنا في دمشق", ld(news(author="مراسلنا في دمشق")), ()),
    ("كاتب ضيف", ld(news(author="كاتب ضيف")), ()),
    ("رويترز", ld(news(author="رويترز")), ()),
    ("وكالة", ld(news(author="وكالة الأنباء القطرية")), ()),
    ("site name", ld(news(author="النيل", publisher={"@type": "Organization", "name": "النيل"})), ()),
    (
        "site name two words",
        ld(news(author="صدى الوادي", publisher={"@type": "Organization", "name": "صدى الوادي"})),
        (),
    ),
    ("unknown", ld(news(author="Unknown Author")), ()),
    ("editor id", ld(news(author="editor12")), ()),
    ("single latin", ld(news(author="samer")), ()),
    ("latin name", ld(news(author="Samer Masri")), ("Samer Masri",)),
    ("name with dr", ld(news(author="د. سامر المصري")), ("د. سامر المصري",)),
    ("name 3", ld(news(author="محمد عبد الله المصري")), ("محمد عبد الله المصري",)),
    ("name with zwnj", ld(news(author="فرزاد سیفی‌کاران")), ("فرزاد سیفی‌کاران",)),
    ("two articles same", ld(news(author=P)) + ld(news(author=P)), (N,)),
    (
        "author of another article",
        ld(news(author=P, url="https://nile.example/news/1"))
        + ld({"@type": "ItemList", "itemListElement": [news(author=M)]}),
        (N,),
    ),
    ("comment author", ld({**news(author=P), "comment": [{"@type": "Comment", "author": M}]}), (N,)),
    ("review microdata", f'<meta itemprop="author" content="{N}">', ()),
    ("meta author not shown", f'<meta name=author content="{N}">', ()),
    ("meta author dev", '<meta name=author content="شركة الأفق لتصميم المواقع">', ()),
    ("twitter creator", '<meta name="twitter:creator" content="@samer">', ()),
    ("article:author fb", '<meta property="article:author" content="https://www.facebook.com/samer.masri">', ()),
    ("generator", '<meta name=generator content="WordPress 6.4">', ()),
]


@pytest.mark.parametrize(
    ("shape", "head", "authors"), AUTHORS_IN_HEAD, ids=lambda value: value if len(value) < 30 else ""
)
def test_authors_in_the_head(read: Read, shape: str, head: str, authors: tuple[str, ...]) -> None:
    found = read(BODY, head=head, source=NILE, url=URL)
    assert found.authors == authors
    assert found.paragraphs == PROSE


@pytest.mark.parametrize(
    "head",
    [
        *(
            f'<meta {name} content="{N}">'
            for name in (
                "name=author",
                "property=article:author",
                "name=DC.Creator",
                "name=dcterms.creator",
                "name=parsely-author",
                "name=sailthru.author",
                "name=cXenseParse:author",
                "name=byl",
                "itemprop=author",
            )
        ),
        f'<meta name="twitter:label1" content="كُتب بواسطة"><meta name="twitter:data1" content="{N}">',
    ],
)
def test_an_author_in_a_meta_element_who_is_shown(read: Read, head: str) -> None:
    shown = article(f"<div><span>{N}</span> <span>القاهرة</span></div>", paragraphs(*PROSE))
    assert read(shown, head=head, source=NILE, url=URL).authors == (N,)
    assert read(BODY, head=head, source=NILE, url=URL).authors == ()


BYLINES: list[tuple[str, tuple[str, ...]]] = [
    ("كتب: " + N, (N,)),
    ("كتبت " + M, (M,)),
    ("كتبت: " + M, (M,)),
    ("كتب – " + N, (N,)),
    ("كتب - " + N, (N,)),
    ("كتب/ " + N, (N,)),
    ("كتبه: " + N, (N,)),
    ("كتبها " + N, (N,)),
    ("بقلم " + N, (N,)),
    ("بقلم: " + N, (N,)),
    ("بقلم / " + N, (N,)),
    ("بقلم الكاتب: " + N, (N,)),
    ("بقلم الدكتور سامر المصري", ("الدكتور سامر المصري",)),
    ("بقلم: د. سامر المصري", ("د. سامر المصري",)),
    ("تحرير: " + N, (N,)),
    ("إعداد: " + N, (N,)),
    ("إعداد وتحرير: " + N, (N,)),
    ("إعداد – " + N, (N,)),
    ("تقرير: " + N, (N,)),
    ("تقرير - " + N, (N,)),
    ("المراسل: " + N, (N,)),
    ("مراسل النيل: " + N, (N,)),
    ("حوار: " + M, (M,)),
    ("حاورته: " + M, (M,)),
    ("أجرى الحوار: " + N, (N,)),
    ("أجرت الحوار " + M, (M,)),
    ("تحقيق: " + N, (N,)),
    ("متابعة: " + N, (N,)),
    ("الكاتب: " + N, (N,)),
    ("المؤلف: " + N, (N,)),
    ("المحرر: " + N, (N,)),
    ("بواسطة " + N, (N,)),
    ("نشر بواسطة: " + N, (N,)),
    ("كتب بواسطة " + N, (N,)),
    ("بواسطة: " + N + " - 5 يناير 2022", (N,)),
    ("مرسلة بواسطة " + N + " في 3:50 ص", (N,)),
    ("كتب: " + N + " و" + M, (N, M)),
    ("كتب " + N + " و " + M, (N, M)),
    ("كتب: " + N + "، " + M, (N, M)),
    ("كتب: " + N + " - " + M, (N, M)),
    ("كتب: " + N + " / " + M, (N, M)),
    ("القاهرة - " + N, (N,)),
    ("القاهرة – " + N + ":", (N,)),
    ("القاهرة: " + N, (N,)),
    ("كتب - محرر النيل", ()),
    ("كتب: فريق التحرير", ()),
    ("تحرير: هيئة التحرير", ()),
    ("بقلم: المحرر السياسي", ()),
    ("بقلم المحرر", ()),
    ("كتب: رويترز", ()),
    ("المراسل: وكالات", ()),
    ("كتب: admin", ()),
    ("بواسطة: المدير", ()),
    ("بواسطة admin", ()),
    ("كتب: مراسلنا", ()),
    ("نویسنده: فرزاد سیفی", ("فرزاد سیفی",)),
    ("نویسنده : فرزاد سیفی", ("فرزاد سیفی",)),
    ("خبرنگار: زهرا شریفی", ("زهرا شریفی",)),
    ("گزارش از زهرا شریفی", ("زهرا شریفی",)),
    ("گزارش از: زهرا شریفی", ("زهرا شریفی",)),
    ("به قلم زهرا شریفی", ("زهرا شریفی",)),
    ("به قلم: زهرا شریفی", ("زهرا شریفی",)),
    ("گزارش: زهرا شریفی", ("زهرا شریفی",)),
    ("نگارنده: زهرا شریفی", ("زهرا شریفی",)),
    ("گفت‌وگو از زهرا شریفی", ("زهرا شریفی",)),
    ("یادداشت: زهرا شریفی", ("زهرا شریفی",)),
    ("نوشته شده توسط زهرا شریفی", ("زهرا شریفی",)),
    ("ارسال شده در ۱۴ مرداد ۱۴۰۰ توسط سارا نیک‌خواه", ("سارا نیک‌خواه",)),
    ("منتشر شده در قوس ۲۴, ۱۴۰۳ توسط نیلوفر سلطانی", ("نیلوفر سلطانی",)),
    ("توسط سارا نیک‌خواه", ("سارا نیک‌خواه",)),
    ("نویسندگان: زهرا شریفی و فرزاد سیفی", ("زهرا شریفی", "فرزاد سیفی")),
    ("نویسنده: زهرا شریفی، فرزاد سیفی", ("زهرا شریفی", "فرزاد سیفی")),
    ("خبرنگار: گروه سیاسی", ()),
    ("نویسنده: تحریریه", ()),
    ("نویسنده: مدیر سایت", ()),
    ("خبرنگار: ایسنا", ()),
    ("گروه سیاسی: زهرا شریفی", ("زهرا شریفی",)),
    ("By Samer Masri", ("Samer Masri",)),
    ("By: Samer Masri and Leila Haddad", ("Samer Masri", "Leila Haddad")),
    ("By AFP", ()),
    ("By Reuters Staff", ()),
    ("Written by Samer Masri", ("Samer Masri",)),
]


@pytest.mark.parametrize(("byline", "authors"), BYLINES)
def test_bylines(read: Read, byline: str, authors: tuple[str, ...]) -> None:
    found = read(article(f"<div>{byline}</div>", paragraphs(*PROSE)), source=NILE, url=URL)
    assert (found.authors, found.paragraphs) == (authors, PROSE)


@pytest.mark.parametrize("byline", [f"كتب: {N}", f"كتبت {N}", f"بقلم {N}", f"نویسنده: {N}", f"به قلم {N}", f"By {N}"])
def test_bylines_between_lead_and_body(read: Read, byline: str) -> None:
    page = article(paragraphs(PROSE[0]), f"<div>{byline}</div>", paragraphs(*PROSE[1:]))
    found = read(page, source=NILE, url=URL)
    assert (found.authors, found.paragraphs) == ((N,), PROSE)


NO_AUTHORS = [
    '<div><a href="https://twitter.com/share">تويتر</a><a href="https://facebook.com/sharer">فيس بوك</a></div>',
    "<div>تصميم وتطوير: شركة الأفق</div>",
    "<footer>تصميم وبرمجة: سامر المصري</footer>",
    "<footer>Designed by Samer Masri</footer>",
    '<footer>برمجة وتصميم: <a rel=author href="https://dev.example">أفق سوفت</a></footer>',
    '<footer>طراحی و اجرا: <a href="https://dev.example">زهرا شریفی</a></footer>',
    '<a rel=author href="https://plus.google.com/1">Google+</a>',
    '<a href="/author/admin">admin</a>',
    '<a rel=author href="/a">@samer</a>',
    '<a rel=author href="/a">النيل</a>',
    "<figure><img src=1.jpg><figcaption>تصوير: سامر المصري</figcaption></figure>",
    "<p>ترجمة: ليلى حداد</p>",
]


@pytest.mark.parametrize("below", NO_AUTHORS)
def test_who_is_no_author(read: Read, below: str) -> None:
    found = read(article(paragraphs(*PROSE)) + below, source=NILE, url=URL)
    assert found.authors == ()
    assert found.paragraphs == PROSE


HEADLINES = [
    "تقرير يكشف تفاصيل جديدة عن الصفقة", "حوار بين الجانبين حول المياه", "إعداد خطة شاملة للطوارئ",
    "متابعة آخر التطورات الميدانية", "تحقيق في أسباب الحريق الكبير", "كتب التاريخ المصري القديم",
]  # fmt: skip


@pytest.mark.parametrize("line", HEADLINES)
def test_a_heading_that_begins_as_a_byline_names_nobody(read: Read, line: str) -> None:
    found = read(article(paragraphs(*PROSE), f"<h3>{line}</h3>", paragraphs(*PROSE[::-1])), source=NILE, url=URL)
    assert found.authors == ()


@pytest.mark.parametrize("credit", ["تصوير: ليلى حداد", "عکس: زهرا شریفی", "عکاس: زهرا شریفی", "Photo: Leila Haddad"])
def test_who_took_the_picture_is_no_author(read: Read, credit: str) -> None:
    found = read(article(f"<div>{credit}</div>", paragraphs(*PROSE)), source=NILE, url=URL)
    assert (found.authors, found.paragraphs) == ((), PROSE)


TITLES = [
    f"{TITLE} | النيل",
    f"{TITLE} - النيل",
    f"{TITLE} – النيل",
    f"{TITLE} » النيل",
    f"{TITLE} :: النيل",
    f"{TITLE} • النيل",
    f"{TITLE}|النيل",
    f"{TITLE}- النيل",
    f"{TITLE} -النيل",
    f"{TITLE}::النيل",
    f"{TITLE} — النيل",
    f"{TITLE} : النيل",
    f"{TITLE} · النيل",
    f"{TITLE} › النيل",
    f"{TITLE} ~ النيل",
    f"{TITLE} / النيل",
    f"النيل | {TITLE}",
    f"النيل - {TITLE}",
    f"النيل » {TITLE}",
    f"النيل :: {TITLE}",
    f"النيل: {TITLE}",
    f"{TITLE} | سياسة | النيل",
    f"{TITLE} - سياسة - النيل",
    f"النيل - سياسة - {TITLE}",
    f"{TITLE} | النيل | النيل",
    f"  {TITLE}   |   النيل ",
]


@pytest.mark.parametrize("title", TITLES)
def test_titles_without_the_name_of_the_site(read: Read, title: str) -> None:
    page = f"<title>{title}</title>"
    assert read(BODY, head=page, source=NILE, url=URL).title == TITLE
    assert read(f"<article><div>{TITLE}</div>{paragraphs(*PROSE)}</article>", head=page, source=NILE).title == TITLE
    if "سياسة" not in title:  # nothing but the page tells a section from the title
        head = f'<meta property=og:title content="{title}"><meta property=og:site_name content="النيل">'
        found = read(f"<article>{paragraphs(*PROSE)}</article>", head=head)
        assert (found.title, found.site_name) == (TITLE, "النيل")


def test_a_title_with_marks_of_its_own(read: Read) -> None:
    title = "روسيا - أوكرانيا: حرب بلا نهاية"
    page = article(paragraphs(*PROSE), title=title)
    assert read(page, head=f"<title>{title} | النيل</title>", source=NILE, url=URL).title == title
    own = "النيل: فيضان لم تعرفه البلاد من قبل"
    assert read(article(paragraphs(*PROSE), title=own), head=f"<title>{own}</title>", source=NILE).title == own


@pytest.mark.parametrize(
    "heading", [f"<h1><span>في رسالة إلى أنقرة</span><br>{TITLE}</h1>", f"<h4>في رسالة إلى أنقرة</h4><h1>{TITLE}</h1>"]
)
def test_a_kicker_is_no_part_of_the_title(read: Read, heading: str) -> None:
    found = read(
        f"<article>{heading}{paragraphs(*PROSE)}</article>", head=f"<title>{TITLE} | النيل</title>", source=NILE
    )
    assert (found.title, found.paragraphs) == (TITLE, PROSE)


SITES: list[tuple[str, str, str | None]] = [
    ("og", '<meta property="og:site_name" content="صوت الوادي">', "صوت الوادي"),
    ("publisher", ld(news(publisher={"@type": "Organization", "name": "صوت الوادي"})), "صوت الوادي"),
    (
        "publisher id",
        ld({"@graph": [news(publisher={"@id": "#o"}), {"@type": "Organization", "@id": "#o", "name": "صوت الوادي"}]}),
        "صوت الوادي",
    ),
    ("publisher list", ld(news(publisher=[{"@type": "Organization", "name": "صوت الوادي"}])), "صوت الوادي"),
    ("website", ld({"@type": "WebSite", "name": "صوت الوادي"}), "صوت الوادي"),
    ("org", ld({"@type": "Organization", "name": "صوت الوادي"}), "صوت الوادي"),
    ("nmo", ld({"@type": "NewsMediaOrganization", "name": "صوت الوادي"}), "صوت الوادي"),
    ("ispartof", ld(news(isPartOf={"@type": "WebSite", "name": "صوت الوادي"})), "صوت الوادي"),
    ("appname", '<meta name="application-name" content="صوت الوادي">', "صوت الوادي"),
    ("apple", '<meta name="apple-mobile-web-app-title" content="صوت الوادي">', "صوت الوادي"),
    ("dcpub", '<meta name="DC.Publisher" content="صوت الوادي">', "صوت الوادي"),
    ("dctermspub", '<meta name="dcterms.publisher" content="صوت الوادي">', "صوت الوادي"),
    ("title suffix", f"<title>{TITLE} - صوت الوادي</title>", "صوت الوادي"),
    ("title prefix", f"<title>صوت الوادي | {TITLE}</title>", "صوت الوادي"),
    ("og entity", '<meta property="og:site_name" content="صوت &amp; الوادي">', "صوت & الوادي"),
    ("og url", '<meta property="og:site_name" content="https://nile.example">', None),
    ("twitter site", '<meta name="twitter:site" content="@sawt">', None),
]


@pytest.mark.parametrize(("place", "head", "name"), SITES)
def test_the_name_of_the_site(read: Read, place: str, head: str, name: str | None) -> None:
    assert read(BODY, head=head).site_name == name


LOGOS = [
    '<header><a href="/"><img src=l.png alt="صوت الوادي"></a></header>',
    '<header><h1><a href="https://nile.example/">صوت الوادي</a></h1></header>',
    '<div class=logo><a href="https://nile.example"><img src=l.png alt="صوت الوادي"></a></div>',
    '<header><a href="/" title="صوت الوادي"><img src=l.png></a></header>',
    '<header><a href="index.php"><img alt="شعار صوت الوادي" src=l.png></a></header>',
]
NO_LOGOS = [
    '<header><a href="/"><img src=l.png alt="logo"></a></header>',
    '<header><a href="/"><img src=l.png alt="الرئيسية"></a></header>',
    '<header><a href="/">الرئيسية</a></header>',
    '<header><a href="/x"><img src=l.png alt="صوت الوادي"></a></header>',
    '<header><a href="/"><img src=l.png alt="l.png"></a></header>',
]


@pytest.mark.parametrize(
    ("logo", "name"), [*((logo, "صوت الوادي") for logo in LOGOS), *((logo, None) for logo in NO_LOGOS)]
)
def test_a_link_to_the_home_page_names_the_site_where_nothing_else_does(
    read: Read, logo: str, name: str | None
) -> None:
    found = read(logo + BODY)
    assert (found.site_name, found.title, found.paragraphs) == (name, TITLE, PROSE)
    assert read(logo + BODY, head='<meta property="og:site_name" content="النيل">').site_name == "النيل"


SECTIONS: list[tuple[str, str, str | None]] = [
    ("meta", '<meta property="article:section" content="سياسة">', "سياسة"),
    ("ogmeta", '<meta property="og:article:section" content="سياسة">', "سياسة"),
    ("name", '<meta name="section" content="سياسة">', "سياسة"),
    ("ld", ld(news(articleSection="سياسة")), "سياسة"),
    ("ld list", ld(news(articleSection=["أخبار", "سياسة"])), "سياسة"),
    (
        "crumbs",
        ld(
            {
                "@type": "BreadcrumbList",
                "itemListElement": [
                    {"@type": "ListItem", "position": 1, "name": "الرئيسية"},
                    {"@type": "ListItem", "position": 2, "name": "سياسة"},
                    {"@type": "ListItem", "position": 3, "name": TITLE},
                ],
            }
        ),
        "سياسة",
    ),
    (
        "crumbs item",
        ld(
            {
                "@type": "BreadcrumbList",
                "itemListElement": [
                    {"@type": "ListItem", "position": 1, "item": {"@id": "https://nile.example/", "name": "الرئيسية"}},
                    {"@type": "ListItem", "position": 2, "item": {"@id": "https://nile.example/p", "name": "سياسة"}},
                ],
            }
        ),
        "سياسة",
    ),
    (
        "crumbs graph",
        ld(
            {
                "@graph": [
                    {
                        "@type": "BreadcrumbList",
                        "itemListElement": [
                            {"@type": "ListItem", "position": 1, "name": "الرئيسية"},
                            {"@type": "ListItem", "position": 2, "name": "سياسة"},
                        ],
                    }
                ]
            }
        ),
        "سياسة",
    ),
    ("parsely", '<meta name="parsely-section" content="سياسة">', "سياسة"),
    ("cxense", '<meta name="cXenseParse:recs:category" content="سياسة">', "سياسة"),
    ("entity", ld(news(articleSection="اقتصاد &amp; أعمال")), "اقتصاد & أعمال"),
    ("url", ld(news(articleSection="https://nile.example/p")), None),
]


@pytest.mark.parametrize(("place", "head", "section"), SECTIONS)
def test_the_section(read: Read, place: str, head: str, section: str | None) -> None:
    assert read(BODY, head=head, source=NILE, url=URL).section == section


IMAGES: list[tuple[str, str, str | None]] = [
    ("none", "", None),
    ("og", '<meta property="og:image" content="/i/1.jpg">', "https://nile.example/i/1.jpg"),
    ("og abs", '<meta property="og:image" content="https://c.example/1.jpg">', "https://c.example/1.jpg"),
    ("scheme", '<meta property="og:image" content="//c.example/1.jpg">', "https://c.example/1.jpg"),
    ("tw", '<meta name="twitter:image" content="https://c.example/1.jpg">', "https://c.example/1.jpg"),
    ("ld str", ld(news(image="https://c.example/1.jpg")), "https://c.example/1.jpg"),
    ("ld list", ld(news(image=["https://c.example/1.jpg", "https://c.example/2.jpg"])), "https://c.example/1.jpg"),
    ("ld obj", ld(news(image={"@type": "ImageObject", "url": "https://c.example/1.jpg"})), "https://c.example/1.jpg"),
    (
        "ld obj list",
        ld(news(image=[{"@type": "ImageObject", "url": "https://c.example/1.jpg"}])),
        "https://c.example/1.jpg",
    ),
    (
        "ld contentUrl",
        ld(news(image={"@type": "ImageObject", "contentUrl": "https://c.example/1.jpg"})),
        "https://c.example/1.jpg",
    ),
    (
        "ld id",
        ld(
            {
                "@graph": [
                    news(image={"@id": "#i"}),
                    {"@type": "ImageObject", "@id": "#i", "url": "https://c.example/1.jpg"},
                ]
            }
        ),
        "https://c.example/1.jpg",
    ),
    (
        "url list",
        ld(news(image={"@type": "ImageObject", "url": ["https://c.example/1.jpg"]})),
        "https://c.example/1.jpg",
    ),
    ("thumb", ld(news(thumbnailUrl="https://c.example/1.jpg")), "https://c.example/1.jpg"),
    ("link", '<link rel="image_src" href="/i/1.jpg">', "https://nile.example/i/1.jpg"),
    ("data", '<meta property="og:image" content="data:image/png;base64,xx">', None),
    ("empty", '<meta property="og:image" content="">', None),
    ("itemprop", '<meta itemprop="image" content="/i/1.jpg">', "https://nile.example/i/1.jpg"),
    ("space", '<meta property="og:image" content=" https://c.example/1.jpg ">', "https://c.example/1.jpg"),
]


@pytest.mark.parametrize(("place", "head", "address"), IMAGES)
def test_the_image(read: Read, place: str, head: str, address: str | None) -> None:
    assert read(BODY, head=head, source=NILE, url=URL).image_url == address


ADDRESSES = [
    ("link", '<link rel=canonical href="https://nile.example/news/1-x">', "https://nile.example/news/1-x"),
    ("rel", '<link rel=canonical href="/news/1-x">', "https://nile.example/news/1-x"),
    ("multi", '<link rel="canonical shortlink" href="/news/1-x">', "https://nile.example/news/1-x"),
    ("og", '<meta property="og:url" content="https://nile.example/news/1-x">', "https://nile.example/news/1-x"),
    ("foreign", '<link rel=canonical href="https://other.example/2">', "https://nile.example/news/1"),
    ("home", '<link rel=canonical href="https://nile.example/">', "https://nile.example/news/1"),
    ("none", "", "https://nile.example/news/1"),
    ("upper", '<LINK REL="Canonical" HREF="https://NILE.example/news/1-x">', "https://nile.example/news/1-x"),
    ("ld mainEntityOfPage", ld(news(mainEntityOfPage="https://nile.example/news/1-x")), "https://nile.example/news/1"),
    ("bad", '<link rel=canonical href="http://[bad">', "https://nile.example/news/1"),
]


@pytest.mark.parametrize(("place", "head", "address"), ADDRESSES)
def test_the_canonical_address(read: Read, place: str, head: str, address: str) -> None:
    assert read(BODY, head=head, source=NILE, url=URL).canonical_url == address


AT = "2024-12-03T20:47:00+02:00"
DATES = [
    ("og", f'<meta property="article:published_time" content="{AT}">'),
    ("itemprop", f'<meta itemprop=datePublished content="{AT}">'),
    ("dc", f'<meta name="DC.date.issued" content="{AT}">'),
    ("dcterms", f'<meta name="dcterms.issued" content="{AT}">'),
    ("parsely", f'<meta name="parsely-pub-date" content="{AT}">'),
    ("sailthru", f'<meta name="sailthru.date" content="{AT}">'),
    ("cxense", f'<meta name="cXenseParse:recs:publishtime" content="{AT}">'),
    ("pubdate", f'<meta name="pubdate" content="{AT}">'),
    ("ld", ld(news(datePublished=AT))),
    ("ld list", ld(news(datePublished=[AT]))),
    ("ld value", ld(news(datePublished={"@type": "DateTime", "@value": AT}))),
    ("ld ws", ld(news(datePublished=f" {AT} "))),
    ("ld id", ld({"@graph": [{**news(datePublished=AT), "@id": "#a"}]})),
    ("time", f'T<time datetime="{AT}">3 ديسمبر</time>'),
    ("time itemprop", f'T<span itemprop=datePublished content="{AT}">x</span>'),
    ("time pubdate", 'T<time pubdate datetime="2024-12-03T20:47+02:00"></time>'),
    ("abbr", f'T<abbr class=published title="{AT}">3 ديسمبر</abbr>'),
    ("schema type", ld({**news(datePublished=AT), "@type": "https://schema.org/NewsArticle"})),
]


@pytest.mark.parametrize(("place", "markup"), DATES)
def test_the_date(read: Read, place: str, markup: str) -> None:
    head, body = ("", article(markup[1:], paragraphs(*PROSE))) if markup.startswith("T") else (markup, BODY)
    published = read(body, head=head, source=NILE, url=URL).published
    assert published
    assert published.at.isoformat() == AT


NO_DATES = [
    ("modified only", ld(news(dateModified="2024-12-03T20:47:00+02:00"))),
    ("meta date", '<meta name=date content="2024-12-03T20:47:00+02:00">'),
    ("last-modified", '<meta http-equiv="last-modified" content="Tue, 03 Dec 2024 20:47:00 GMT">'),
    ("copyrightYear", ld(news(copyrightYear=2024))),
    ("expires", '<meta name=expires content="2024-12-03">'),
    ("webpage modified", ld({"@type": "WebPage", "dateModified": "2024-12-03"})),
    ("event", ld({"@type": "Event", "startDate": "2024-12-03"})),
    ("zero", ld(news(datePublished="0001-01-01T00:00:00Z"))),
    ("comment", ld({**news(), "comment": [{"@type": "Comment", "dateCreated": "2024-12-03"}]})),
    ("uploadDate", ld({"@type": "VideoObject", "uploadDate": "2024-12-03"})),
]


@pytest.mark.parametrize(("place", "head"), NO_DATES)
def test_what_is_no_date_of_publication(read: Read, place: str, head: str) -> None:
    assert read(BODY, head=head, source=NILE, url=URL).published is None


@pytest.mark.parametrize(("year", "flags"), [("2031", ("future_date",)), ("1985", ("early_date",)), ("2024", ())])
def test_a_date_that_cannot_be_is_kept_and_doubted(year: str, flags: tuple[str, ...]) -> None:
    head = ld(news(datePublished=f"{year}-12-03T20:47:00+02:00"))
    html = f"<!doctype html><html><head>{head}</head><body>{BODY}</body></html>"
    found = extract_article(Page(content=html.encode(), url=URL, fetched_at=datetime(2025, 1, 1, tzinfo=UTC)), NILE)
    assert isinstance(found, Article)
    assert found.published
    assert (str(found.published.at.year), found.flags) == (year, flags)
