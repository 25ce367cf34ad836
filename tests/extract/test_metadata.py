from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from handmade import OTHER, PROSE, TITLE, article, paragraphs

from extract.metadata import without_site
from extract.types import Article, Source

Read = Callable[..., Article]
BODY = article(paragraphs(*PROSE))
CAIRO = Source(id="nile", name="النيل", language="ar", timezone="Africa/Cairo", domains=("nile.example",))


def ld(**fields: object) -> str:
    text = json.dumps({"@type": "NewsArticle", **fields}, ensure_ascii=False)
    return f'<script type="application/ld+json">{text}</script>'


@pytest.mark.parametrize(
    ("title", "brands", "headings", "expected"),
    [
        ("بوتين والأسد يجريان محادثات |  أخبار الحرب السورية", (), (), "بوتين والأسد يجريان محادثات"),
        ("خبر اليوم - صحيفة النيل", ("صحيفة النيل",), (), "خبر اليوم"),
        ("النيل » خبر اليوم", ("النيل",), (), "خبر اليوم"),
        ("خبر اليوم :: النيل :: أخبار", (), ("خبر اليوم",), "خبر اليوم"),
        ("روسيا - أوكرانيا: حرب بلا نهاية", ("النيل",), (), "روسيا - أوكرانيا: حرب بلا نهاية"),
        ("سياسة | روسيا وأوكرانيا", (), ("سياسة | روسيا وأوكرانيا",), "سياسة | روسيا وأوكرانيا"),
    ],
)
def test_titles_lose_the_site_and_nothing_else(
    title: str, brands: tuple[str, ...], headings: tuple[str, ...], expected: str
) -> None:
    assert without_site(title, brands, headings) == expected


def test_json_ld_is_read_from_graphs_and_when_it_is_broken(read: Read) -> None:
    graph = {"@graph": [{"@type": "WebPage"}, {"@type": "NewsArticle", "datePublished": "2020-02-20T10:00:00+02:00"}]}
    found = read(BODY, head=f'<script type="application/ld+json">{json.dumps(graph)}</script>')
    assert found.published is not None
    assert found.published.at.isoformat() == "2020-02-20T10:00:00+02:00"
    broken = '{"@type":"NewsArticle","headline":"a\nb","datePublished":"2020-02-20",}'
    found = read(BODY, head=f'<script type="application/ld+json">{broken}</script>')
    assert found.published is not None
    assert found.published.precision == "day"
    assert read(BODY, head='<script type="application/ld+json">{"@type":</script>').published is None


def test_the_page_with_a_time_refines_the_day_stated_in_its_head(read: Read) -> None:
    body = article("<div>الإثنين، 24 أغسطس 2020 09:23 ص</div>", paragraphs(*PROSE))
    found = read(body, head=ld(datePublished="2020-08-24"), source=CAIRO, url="https://nile.example/1")
    assert found.published is not None
    assert found.published.at.isoformat() == "2020-08-24T09:23:00+02:00"
    assert found.provenance["published"] == "line"


def test_a_local_hour_that_the_template_calls_utc(read: Read) -> None:
    body = article("<div>الإثنين، 24 أغسطس 2020 09:23 ص</div>", paragraphs(*PROSE))
    found = read(body, head=ld(datePublished="2020-08-24T09:23:13Z"), source=CAIRO, url="https://nile.example/1")
    assert found.published is not None
    assert found.published.at.isoformat() == "2020-08-24T09:23:00+02:00"


@pytest.mark.parametrize(
    "noise",
    [
        "<p>آخر تحديث GMT04:20:04</p>",
        "<footer>جميع الحقوق محفوظة 2023 ©</footer>",
        "<aside><p>GMT 09:58 2025 الأربعاء ,22 كانون الثاني / يناير</p><p><a href=/1>أنغام تثير الجدل</a></p></aside>",
        "<div>الأربعاء 22 كانون الثاني 2025</div><p><a href=/1>عنوان خبر آخر تماما عن الطقس</a></p>",
    ],
)
def test_a_clock_a_sidebar_and_a_copyright_are_no_date(read: Read, noise: str) -> None:
    assert read(f"{BODY}{noise}").published is None
    assert read(f"<header>{noise}</header>{BODY}").published is None


@pytest.mark.parametrize("byline", ["كتبت أسماء نصار", "كتبت: أسماء نصار", "حوار: أسماء نصار", "بقلم أسماء نصار"])
def test_visible_bylines(read: Read, byline: str) -> None:
    found = read(article(f"<div>{byline}</div>", paragraphs(*PROSE)))
    assert found.authors == ("أسماء نصار",)
    assert found.paragraphs == PROSE


@pytest.mark.parametrize(
    "head",
    [
        ld(author={"@type": "Organization", "name": "وكالة النيل"}),
        ld(author={"@type": "Person", "name": "admin"}),
        ld(author="https://nile.example/author/1"),
        ld(author="رويترز"),
        "<meta name=author content='Arabs Today Group'>",
        "<meta name=author content='شركة النيل للبرمجيات'>",
        "<meta property='article:author' content='https://www.facebook.com/nile'>",
    ],
)
def test_sites_agencies_and_addresses_are_no_authors(read: Read, head: str) -> None:
    share = '<div><a href="https://twitter.com/share">Twitter</a><a rel=author href=/>النيل نيوز</a></div>'
    assert read(BODY + share, head=head, source=CAIRO, url="https://nile.example/1").authors == ()


def test_tags_are_split_and_come_once(read: Read) -> None:
    assert read(BODY, head="<meta name=news_keywords content='سوريا، روسيا، سوريا,تركيا'>").tags == (
        "سوريا",
        "روسيا",
        "تركيا",
    )
    links = "<div>الوسوم: <a href=/t/1>حرب سوريا</a> <a href=/t/2>بوتين</a></div>"
    assert read(article(f"<div>{paragraphs(*PROSE)}</div>", links)).tags == ("حرب سوريا", "بوتين")


def test_addresses_are_absolute_and_the_sites_own(read: Read) -> None:
    head = "<meta property=og:image content=/i/1.jpg><link rel=canonical href='https://other.example/2'>"
    found = read(BODY, head=head, source=CAIRO, url="https://www.nile.example/1?utm_source=x")
    assert found.image_url == "https://www.nile.example/i/1.jpg"
    assert found.canonical_url == "https://nile.example/1"


def test_agencies_are_told_from_the_site_in_the_order_they_are_named(read: Read) -> None:
    first = "موسكو (رويترز) - " + PROSE[0]
    found = read(article(paragraphs(first, *PROSE[1:]), "<p>المصدر: موقع 24</p>"))
    assert found.attribution == ("رويترز", "موقع 24")
    assert found.paragraphs == (first, *PROSE[1:])
    assert found.title == TITLE


@pytest.mark.parametrize(
    ("title", "heading", "name"),
    [
        (f"{TITLE} - النيل الجديد", f"<h1>{TITLE}</h1>", "النيل الجديد"),
        (f"{TITLE} | سياسة | النيل الجديد", f"<h1>{TITLE}</h1>", "النيل الجديد"),
        (f"النيل الجديد: {TITLE}", f"<h1><a href=/>النيل الجديد</a></h1><h3>{TITLE}</h3>", "النيل الجديد"),
        (f"النيل الجديد - {TITLE}", f"<p><b>{TITLE}</b></p>", "النيل الجديد"),
        ("روسيا: لا حرب في إدلب", "<h1>روسيا: لا حرب في إدلب</h1>", None),
        (f"{TITLE} - آخر الأخبار", f"<h1>{TITLE}</h1>", None),
    ],
)
def test_what_stands_beside_the_headline_in_the_title_names_the_site(
    read: Read, title: str, heading: str, name: str | None
) -> None:
    found = read(f"<div>{heading}{paragraphs(*PROSE)}</div>", head=f"<title>{title}</title>")
    assert found.site_name == name
    assert found.title == (TITLE if TITLE in title else title)
    assert found.paragraphs == PROSE


@pytest.mark.parametrize(
    ("above", "section"),
    [
        ("<div><a href=/>الرئيسية</a> <a href=/1>محليات</a></div>", "محليات"),
        ("<div><a href=/1>ثقافة</a> » <a href=/2>سينما</a></div>", "سينما"),
        (f"<ul><li><a href=/>الرئيسية</a></li><li><a href=/1>محليات</a></li></ul><p>{TITLE[:20]}...</p>", "محليات"),
        ("<div><a href=/>الرئيسية</a> <a href=/1>سياسة</a> <a href=/2>اقتصاد</a> <a href=/3>حوادث</a></div>", None),
        ("<div><a href=/>الرئيسية</a> <a href=/1>آخر الأخبار</a></div>", None),
    ],
)
def test_a_path_names_the_section_and_a_menu_does_not(read: Read, above: str, section: str | None) -> None:
    assert read(above + article(paragraphs(*PROSE))).section == section


@pytest.mark.parametrize(
    "line",
    [
        "كتب بواسطة: أسماء نصار في يناير 5, 2022",
        "بقلم أسماء نصار - 5 يناير 2022",
        "كتبت – أسماء نصار | الأربعاء 5 يناير 2022",
    ],
)
def test_a_byline_with_its_date(read: Read, line: str) -> None:
    found = read(article(f"<p>{line}</p>", paragraphs(*PROSE)))
    assert found.authors == ("أسماء نصار",)
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2022-01-05"
    assert found.paragraphs == PROSE
    assert found.attribution == ()


@pytest.mark.parametrize(
    "page",
    [
        f"<div><div><small>١٢ مايو ٢٠٢٠</small><h1>{TITLE}</h1>{paragraphs(*PROSE)}</div></div>",
        f"<div>تاريخ النشر: 12 مايو 2020</div><div><h1>{TITLE}</h1>{paragraphs(*PROSE)}</div>",
        f"<h1>{TITLE}</h1><p><a href=/u>سمر</a> مايو 12, 2020 <a href=/c>اضف تعليق</a></p>{paragraphs(*PROSE)}",
        f"<section><h1>{TITLE}</h1><i>نشر في 12 أيار 2020</i><div>{paragraphs(*PROSE)}</div></section>",
        f'<div><h1>{TITLE}</h1>{paragraphs(*PROSE)}<abbr title="2020-05-12T10:00:00+03:00">10:00</abbr></div>',
    ],
)
def test_dates_about_the_headline(read: Read, page: str) -> None:
    found = read(page)
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2020-05-12"


def test_todays_date_above_the_page_is_no_date(read: Read) -> None:
    assert read(f"<div>الثلاثاء 12 مايو 2020</div><div><h1>{TITLE}</h1>{paragraphs(*PROSE)}</div>").published is None


def test_a_kicker_in_a_row_of_its_own(read: Read) -> None:
    rows = "".join(f"<tr><td>{text}</td></tr>" for text in ("في رسالة إلى أنقرة", TITLE))
    text = "<br><br>".join(PROSE)
    page = f"<table><tr><td><table>{rows}<tr><td>{text}</td></tr></table></td></tr></table>"
    found = read(page, head=f"<title>{TITLE}</title>")
    assert found.kicker == "في رسالة إلى أنقرة"
    assert found.paragraphs == PROSE


def test_agencies_named_together_are_told_apart(read: Read) -> None:
    first = (
        "خبرگزاری میزان - " + "نمایندگان مجلس در نشست علنی امروز خود کلیات لایحه‌ی اصلاح قانون بانکداری را تصویب کردند."
    )
    found = read(article(paragraphs(first, *PROSE), "<p>المصدر: النيل + وكالات</p>"))
    assert found.attribution == ("خبرگزاری میزان", "النيل", "وكالات")


def test_dates_and_sections_of_a_meta_list_above_the_headline(read: Read) -> None:
    meta = "<ul><li>سه‌شنبه / ۱۸ اردیبهشت ۱۴۰۳ / ۰۹:۴۲</li><li>دسته‌بندی: <a href=/s>مجلس</a></li></ul>"
    found = read(f"<article><div>{meta}</div><div><h1>{TITLE}</h1>{paragraphs(*PROSE)}</div></article>")
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2024-05-07"
    assert found.section == "مجلس"


@pytest.mark.parametrize(
    ("opening", "agencies"),
    [
        ("موسكو-سانا", ("سانا",)),
        ("غزة/ الأناضول", ("الأناضول",)),
        ("القاهرة - (د ب أ):", ("د ب أ",)),
        ("موسكو 28 يناير كانون الثاني (رويترز) –", ("رويترز",)),
        ("ایسنا/تهران", ("ایسنا",)),
        ("نقلا عن رويترز،", ("رويترز",)),
        ("وقال الوزير - العربية", ()),
        ("وقال تلاميذ المدرسة (رويترز)", ()),
    ],
)
def test_datelines_in_the_first_paragraph(read: Read, opening: str, agencies: tuple[str, ...]) -> None:
    first = f"{opening} {PROSE[0]}"
    found = read(article(paragraphs(first, *PROSE[1:])))
    assert found.attribution == agencies
    assert found.paragraphs == (first, *PROSE[1:])


@pytest.mark.parametrize(
    ("line", "agencies", "authors"),
    [
        ("دمشق - إرم نيوز", ("إرم نيوز",), ()),
        ("بيروت: «الشرق الأوسط»", ("الشرق الأوسط",), ()),
        ("واشنطن (أ ف ب)", ("أ ف ب",), ()),
        ("أخبار سورية الوطن 2_سانا", ("سانا",), ()),
        ("حمص - محمد عبد الله", (), ("محمد عبد الله",)),
    ],
)
def test_a_dateline_of_its_own_names_an_agency_or_a_correspondent(
    read: Read, line: str, agencies: tuple[str, ...], authors: tuple[str, ...]
) -> None:
    found = read(article(f"<div>{line}</div>", paragraphs(*PROSE)))
    assert found.attribution == agencies
    assert found.authors == authors
    assert found.paragraphs == PROSE


@pytest.mark.parametrize("line", ["12.05.2020 - 11:20", "12 مايو 2020", "Tuesday 12 May 2020 by B. M. Coon"])
def test_a_date_between_lead_and_body(read: Read, line: str) -> None:
    found = read(f"<div><h1>{TITLE}</h1><p>{PROSE[0]}</p><div>{line}</div><div>{paragraphs(*PROSE[1:])}</div></div>")
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2020-05-12"
    assert found.paragraphs == PROSE


def test_links_to_tags_below_the_text_are_tags_and_those_in_it_are_not(read: Read) -> None:
    linked = PROSE[1].replace("الرئيس", "<a href=/tag/president>الرئيس</a>")
    text = f"<div>{paragraphs(PROSE[0], linked, *PROSE[2:])}</div>"
    links = "<ul><li><a href='/tags/1'>سوريا</a></li><li><a href='/%D9%88%D8%B3%D9%85/2'>تركيا</a></li></ul>"
    assert read(article(text, links)).tags == ("سوريا", "تركيا")
    assert read(article(text)).tags == ()


@pytest.mark.parametrize("line", ["كتب- أسماء نصار:", "تونس- «النيل الجديد»- أسماء نصار:", "دبي: أسماء نصار"])
def test_a_byline_that_ends_in_a_colon_or_follows_a_place(read: Read, line: str) -> None:
    found = read(article(f"<p>{line}</p>", paragraphs(*PROSE)))
    assert found.authors == ("أسماء نصار",)
    assert found.paragraphs == PROSE


def test_a_clause_that_announces_a_quotation_is_no_byline(read: Read) -> None:
    texts = (PROSE[0], "كتب على صفحته:", *PROSE[1:])
    found = read(article(paragraphs(*texts)))
    assert found.authors == ()
    assert found.paragraphs == texts


def test_a_name_and_dates_that_touch_above_the_text(read: Read) -> None:
    dates = "<span>نشر في: 5 يناير 2022 - 11:21 م</span><span>آخر تحديث: 6 يناير 2022 - 9:00 ص</span>"
    line = f"<span>أسماء نصار</span>{dates}"
    found = read(article(f"<div>{line}</div>", paragraphs(*PROSE)))
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2022-01-05"
    assert found.paragraphs == PROSE


def test_a_date_that_the_lead_tells_is_text(read: Read) -> None:
    lead = "قال الوزير في بيان أصدره مكتبه الإعلامي: 5 يناير 2022 يوم لا ينسى في تاريخ هذه البلاد وأهلها جميعا"
    assert read(article(paragraphs(lead, *PROSE))).paragraphs == (lead, *PROSE)


def test_times_of_related_stories_are_not_the_articles(read: Read) -> None:
    own = f"<h1>{TITLE}</h1><div>سمر</div><div>2021/12/14</div><div>{paragraphs(*PROSE)}</div>"
    others = "<h4>مقالات ذات صلة</h4><ul><li><a href=/1>خبر آخر عن الطقس</a><time>2021/12/13</time></li></ul>"
    found = read(f"<main><div>{own}</div><section>{others}</section></main>")
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2021-12-14"


def test_a_label_of_tags_without_tags_takes_no_menu(read: Read) -> None:
    menu = "".join(f"<a href=/{number}>قسم {number}</a> " for number in range(5))
    text = f"<div>{paragraphs(*PROSE)}</div>"
    assert read(f"<div><div>{menu}</div>{article(text)}<div>كلمات مفتاحية</div></div>").tags == ()
    shown = "<div><a href=/1>#الانتخابات الليبية</a> <a href=/2>#طرابلس</a></div>"
    assert read(article(text, shown)).tags == ("الانتخابات الليبية", "طرابلس")


def test_the_headline_between_two_parts_of_the_title(read: Read) -> None:
    head = f"<title>KUNA : {TITLE} - عام - 11/11/2021</title>"
    found = read(f"<div><h3>{TITLE}</h3>{paragraphs(*PROSE)}</div>", head=head)
    assert found.title == TITLE
    assert found.paragraphs == PROSE


TEHRAN = Source(
    id="safheh", name="صفحه", language="ar", timezone="Asia/Tehran", calendar="jalali", domains=("s.example",)
)


@pytest.mark.parametrize(
    "above",
    [
        "<span>۱۵ فروردين ۱۴۰۳ - ۰۸:۰۳</span><span>کد خبر: ۸۷۰۷۶۵۴</span><span>۱ نظر</span>",
        "<b>کد خبر:</b> ۸۳۴۵۶۷ <b>تاریخ انتشار :</b> چهارشنبه ۱۴۰۳/۰۱/۱۵ ساعت ۰۸:۰۳",
        "<a href=/n>شماره روزنامه: ۶۰۱۱</a> <span>تاریخ چاپ: ۱۴۰۳/۰۱/۱۵</span> <span>شماره خبر: ۴۰۷۷۸۱۲</span>",
    ],
)
def test_the_line_with_the_items_number_tells_its_date(read: Read, above: str) -> None:
    found = read(f"<div><div>{above}</div><div><h1>{TITLE}</h1></div>{paragraphs(*PROSE)}</div>", source=TEHRAN)
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2024-04-03"


def test_an_hour_that_touches_a_count(read: Read) -> None:
    meta = "<div><span>۲۶ آبان ۱۴۰۲ ساعت ۲۱:۱۵</span><span>۳.۲هزار بازدید</span><span>۱۴۵ نظر</span></div>"
    found = read(article(meta, paragraphs(*PROSE)), source=TEHRAN)
    assert found.published is not None
    assert found.published.at.isoformat() == "2023-11-17T21:15:00+03:30"


def test_a_moment_stated_in_utc_is_given_in_the_hour_shown(read: Read) -> None:
    body = article("<div>۲۱ آبان ۱۴۰۳ - ۱۴:۳۷</div>", paragraphs(*PROSE))
    shown = read(body, head=ld(datePublished="2024-11-11T11:07:00Z"), source=TEHRAN, url="https://s.example/1")
    other = read(body, head=ld(datePublished="2024-11-11T11:01:00Z"), source=TEHRAN, url="https://s.example/1")
    assert shown.published
    assert shown.published.at.isoformat() == "2024-11-11T14:37:00+03:30"
    assert other.published
    assert other.published.at.isoformat() == "2024-11-11T11:01:00+00:00"


def test_the_time_of_a_story_below_is_not_the_articles(read: Read) -> None:
    story = "<article><a href=/x><h2>سرمربی جدید تیم ملی معرفی شد</h2></a><time>۱ آذر ۱۴۰۵ - ۰۵:۱۱</time></article>"
    assert read(article(paragraphs(*PROSE)) + f"<div>{story}</div>", source=TEHRAN).published is None
    own = "<time>۲۱ آبان ۱۴۰۳ - ۱۴:۳۷</time>"
    found = read(article(paragraphs(*PROSE), own), source=TEHRAN)
    assert found.published
    assert found.published.at.date().isoformat() == "2024-11-11"


def test_who_took_a_picture_is_no_author(read: Read) -> None:
    picture = "<figure><img src=1.jpg><figcaption>عکس: حمیدرضا نیکومرام</figcaption></figure>"
    assert read(article(PROSE[0], picture, paragraphs(*PROSE))).authors == ()
    assert read(article("<p>نویسنده: حمیدرضا نیکومرام</p>", picture, paragraphs(*PROSE))).authors == (
        "حمیدرضا نیکومرام",
    )


def test_a_label_and_a_comma_before_a_name(read: Read) -> None:
    byline = "<ul><li><span>نویسنده,</span> <span>فرزاد سیفی‌کاران</span></li></ul>"
    assert read(article(byline, paragraphs(*PROSE))).authors == ("فرزاد سیفی‌کاران",)


def test_a_link_is_one_tag_and_a_line_is_several(read: Read) -> None:
    links = "<div>برچسب‌ها <a href=/tag/1>تهران</a> <a href=/tag/2>هوا - آلودگی</a></div>"
    assert read(article(paragraphs(*PROSE), links)).tags == ("تهران", "هوا - آلودگی")
    assert read(article(paragraphs(*PROSE), "<div>برچسب‌ها: تهران - آلودگی</div>")).tags == ("تهران", "آلودگی")


def test_a_title_that_is_the_path_of_the_page(read: Read) -> None:
    page = f"<div><span>{TITLE}</span><br>{paragraphs(*PROSE)}</div>"
    assert read(page, head=f"<title>پورتال خبری &gt; {TITLE}</title>").title == TITLE


@pytest.mark.parametrize(
    ("meta", "authors"),
    [
        ("<div class=auth><div>إيمان الكاشف</div><div>2021/12/14</div></div>", ("إيمان الكاشف",)),
        (
            "<div><span class=writer>إيمان الكاشف</span><span>نشر في: الأحد 14 يوليو 2019</span></div>",
            ("إيمان الكاشف",),
        ),
        ("<div class=author><b>إيمان الكاشف</b><div>صحافية من الشمال</div></div>", ("إيمان الكاشف",)),
        ("<div><p class=editorName>إيمان الكاشف</p></div>", ("إيمان الكاشف",)),
        ("<div class=author><div>صحافية من الشمال</div></div>", ()),
        ("<div><a href=/Author/811>إيمان الكاشف</a></div>", ("إيمان الكاشف",)),
        (
            "<div><div>طنطا - سعد العيسوي ومنى البحيري</div><div>27 فبراير 2023</div></div>",
            ("سعد العيسوي", "منى البحيري"),
        ),
        ("<div class=author>لندن- موقع الوادي</div>", ()),
        ("<div class=author>الوادي نيوز</div>", ()),
        ("<div><img src=1.jpg><span>قطار - صورة أرشيفية</span></div><div>27 فبراير 2023</div>", ()),
        ("<div>إيمان الكاشف</div><div>2021/12/14</div>", ()),
    ],
)
def test_who_is_named_beside_the_headline(read: Read, meta: str, authors: tuple[str, ...]) -> None:
    head = "<meta property=og:site_name content='موقع الوادي'>"
    found = read(article(meta, f"<div>{paragraphs(*PROSE)}</div>"), head=head)
    assert (found.authors, found.paragraphs) == (authors, PROSE)


def test_a_name_that_begins_with_waw_is_no_second_author(read: Read) -> None:
    found = read(article("<p>كتب: محمد سعيد وليد حسن</p>", paragraphs(*PROSE)))
    assert found.authors == ("محمد سعيد وليد حسن",)


def test_one_day_in_two_calendars_above_the_headline(read: Read) -> None:
    line = "الخميس 7/3/1429 هـ - الموافق 13/3/2008 م (آخر تحديث) الساعة 16:25 (مكة المكرمة)، 13:25 (غرينتش)"
    found = read(f"<article><div>{line}</div><h1>{TITLE}</h1>{paragraphs(*PROSE)}</article>")
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2008-03-13"


def test_a_date_at_the_end_of_the_title_is_the_last_resort(read: Read) -> None:
    found = read(article(paragraphs(*PROSE)), head=f"<title>{TITLE} | الوادي | 06.02.2023</title>")
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2023-02-06"


@pytest.mark.parametrize(
    ("top", "title"),
    [
        ("<h1><a href=/>عدن الجديدة</a></h1>", TITLE),
        ("<a href=/><h1>عدن الجديدة</h1></a>", TITLE),
        ("<a href=/><img src=l.png alt='عدن الجديدة'></a>", f"عدن الجديدة : {TITLE} - شؤون سياسية - 22/06/2023"),
    ],
)
def test_what_leads_home_names_the_site(read: Read, top: str, title: str) -> None:
    page = f"{top}<main><h2>{TITLE}</h2>{paragraphs(*PROSE)}</main>"
    assert read(page, head=f"<title>{title}</title>").site_name == "عدن الجديدة"


def test_a_logo_that_the_title_does_not_have_names_nothing(read: Read) -> None:
    page = f"<a href=/><img src=l.png alt='شعار الموقع'></a>{article(paragraphs(*PROSE))}"
    assert read(page, head=f"<title>{TITLE}</title>").site_name is None


def test_tags_and_author_behind_labels_in_elements_of_their_own(read: Read) -> None:
    tags = "<li><b>كلمات مفتاحية</b> <a href=/1>حمص</a> <a href=/2>إعمار</a></li>"
    below = f"<ul><li><b>الكاتب</b> سامر الحلو</li>{tags}</ul>"
    found = read(f"<main><h1>{TITLE}</h1><div>{paragraphs(*PROSE)}</div>{below}</main>")
    assert (found.tags, found.authors, found.paragraphs) == (("حمص", "إعمار"), ("سامر الحلو",), PROSE)


def test_tags_and_author_of_a_list_below_related_headlines(read: Read) -> None:
    related = f"<h3>مواضيع ذات صلة</h3><div><p>{OTHER[0]}</p></div>"
    tags = "<li><b>كلمات مفتاحية</b> <a href=/1>حمص</a> <a href=/2>إعمار</a></li>"
    below = f"{related}<ul><li><b>الكاتب</b> سامر الحلو</li>{tags}</ul>"
    found = read(f"<main><h1>{TITLE}</h1><div>{paragraphs(*PROSE)}</div></main>{below}")
    assert (found.tags, found.authors, found.paragraphs) == (("حمص", "إعمار"), ("سامر الحلو",), PROSE)


def test_a_lone_label_below_related_headlines_is_another_texts(read: Read) -> None:
    below = "<h3>مواضيع ذات صلة</h3><ul><li><b>الكاتب</b> سامر الحلو</li><li>رواية جديدة</li></ul>"
    assert read(f"<main><h1>{TITLE}</h1><div>{paragraphs(*PROSE)}</div></main>{below}").authors == ()


@pytest.mark.parametrize(
    ("above", "below", "authors"),
    [
        ("", "<div>سلمى الزين</div><div>كاتبة من تونس</div>", ("سلمى الزين",)),
        ("<div>سلمى الزين</div><div>كاتبة من تونس</div>", "", ("سلمى الزين",)),
        ("", "<div>نگار کامیاب<br>گروه فرهنگی</div>", ("نگار کامیاب",)),
        ("", "<div>نگار کامیاب<br>شبکه خبر</div>", ()),
        (
            "<ul><li>سلمى الزين<br>كاتبة من تونس</li><li>منى البحيري<br>كاتبة من مصر</li></ul>",
            "",
            (),
        ),  # the paper's columnists
    ],
)
def test_a_name_above_what_its_bearer_is(read: Read, above: str, below: str, authors: tuple[str, ...]) -> None:
    page = f"<main>{above}<h1>{TITLE}</h1>{below}<div>{paragraphs(*PROSE)}</div></main>"
    assert read(page).authors == authors


def test_who_put_a_text_up_is_told_below_it(read: Read) -> None:
    below = "<div>مرسلة بواسطة <span>منى البحيري</span> في <a href=#>10:42 ص</a></div>"
    found = read(f"<main><h1>{TITLE}</h1><div>{paragraphs(*PROSE)}</div></main>{below}")
    assert found.authors == ("منى البحيري",)


@pytest.mark.parametrize(
    ("text", "authors"),
    [
        ("منى البحيري (رأس الخيمة)", ("منى البحيري",)),
        ("صور اليوم (رويترز)", ()),
        ("مقالات أخرى للكاتب", ()),
        ("معلومات المقال", ()),
    ],
)
def test_the_place_behind_a_name_and_labels_are_no_part_of_it(read: Read, text: str, authors: tuple[str, ...]) -> None:
    page = article(f"<div class=writer>{text}</div>", f"<div>{paragraphs(*PROSE)}</div>")
    assert read(page).authors == authors


def test_what_screen_readers_are_told_of_the_author(read: Read) -> None:
    facts = "<li>المؤلف، سلمى عبد الوارث</li><li>الدور، مراسلة الشؤون العربية - تونس</li>"
    found = read(
        article(f"<section><b>معلومات المقال</b><ul>{facts}</ul></section>", f"<div>{paragraphs(*PROSE)}</div>")
    )
    assert (found.authors, found.paragraphs) == (("سلمى عبد الوارث",), PROSE)


def test_a_day_in_two_calendars_with_the_papers_number_is_a_date(read: Read) -> None:
    line = "الخميس - 26 شعبان 1437 هـ - 02 يونيو 2016 مـ رقم العدد [13701]"
    found = read(article(f"<div>{line}</div>", f"<div>{paragraphs(*PROSE)}</div>"))
    assert found.published is not None
    assert (found.published.at.date().isoformat(), found.paragraphs) == ("2016-06-02", PROSE)


def test_the_desk_before_an_agencys_headline_is_no_part_of_it(read: Read) -> None:
    title = "افتتاح محطة لتحلية المياه في جازان"
    page = f"<main><h1>اقتصادي / {title}</h1><div>{paragraphs(*PROSE)}</div></main>"
    found = read(page, head=f"<title>اقتصادي / {title}</title>")
    assert (found.title, found.site_name) == (title, None)


def test_short_addresses_of_tags(read: Read) -> None:
    tags = "<div><a href=/t/1>حمص</a><a href=/t/2>إعمار</a></div>"
    found = read(f"<main><h1>{TITLE}</h1><div>{paragraphs(*PROSE)}</div>{tags}</main>")
    assert (found.tags, found.paragraphs) == (("حمص", "إعمار"), PROSE)


def test_an_element_named_for_the_author_in_a_line_of_dates(read: Read) -> None:
    dates = "نشر في: الأحد 14 يوليه 2019 - 11:21 م | آخر تحديث: الإثنين 15 يوليه 2019 - 01:05 ص"
    above = f"<span class=author>سلمى الزين</span><span>{dates}</span>"
    assert read(article(f"<div>{above}<div>{paragraphs(*PROSE)}</div></div>")).authors == ("سلمى الزين",)
