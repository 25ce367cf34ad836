from __future__ import annotations

from collections.abc import Callable

import pytest
from handmade import OTHER, PROSE, TITLE, article, paragraphs
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.article import extract_article
from extract.types import Article, Page, Reason, Rejection, Source

Read = Callable[..., Article]
Refuse = Callable[..., Rejection]
SOURCE = Source(id="nile", name="النيل", language="ar", timezone="Africa/Cairo", domains=("nile.example",))
ENGLISH = (
    "The president said on Tuesday that the government would continue its talks with the neighbouring countries.",
    "He added that the ceasefire had been agreed by all parties and that it would be extended for another month.",
    "Officials in the capital said they were waiting for the results of the vote before making any decision.",
)


def test_a_short_item_of_three_sentences_is_an_article(read: Read) -> None:
    text = "لقي ثلاثة أشخاص حتفهم في حادث سير. وأصيب خمسة آخرون بجروح. ونقل المصابون إلى المستشفى القريب."
    assert read(article(f"<p>{text}</p>")).paragraphs == (text,)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<h1>عذراً، الصفحة غير موجودة</h1><p>ربما حذفت الصفحة التي تبحث عنها أو نقلت.</p>", Reason.SOFT_404),
        ("<h1>صفحه مورد نظر یافت نشد</h1><p>نشانی را بررسی کنید.</p>", Reason.SOFT_404),
        ("<h1>Just a moment...</h1><p>Checking your browser before accessing the site.</p>", Reason.BLOCKED),
        (f"<h1>الوسم: روسيا</h1>{paragraphs(*PROSE)}", Reason.NOT_AN_ARTICLE),
        (
            f"<h1>{TITLE}</h1><iframe src='https://www.youtube.com/embed/x'></iframe><p>شاهد الفيديو كاملا هنا.</p>",
            Reason.NOT_AN_ARTICLE,
        ),
        (f"<h1>{TITLE}</h1><p>تعليق قصير.</p>", Reason.TOO_SHORT),
        (article(paragraphs(*ENGLISH), title="Government continues its talks"), Reason.WRONG_LANGUAGE),
    ],
)
def test_what_is_no_article_is_refused_with_its_reason(refuse: Refuse, body: str, reason: Reason) -> None:
    found = refuse(body, source=SOURCE, url="https://nile.example/1")
    assert found.reason is reason
    assert found.detail


def test_a_section_page_with_teasers_is_refused(refuse: Refuse) -> None:
    cards = "".join(
        f'<div><h3><a href="/{n}">{text[:60]}</a></h3><p>{text}</p></div>' for n, text in enumerate(PROSE + OTHER)
    )
    assert refuse(f"<h1>أخبار العالم</h1><div>{cards}</div>").reason is Reason.NOT_AN_ARTICLE


def test_links_above_the_headline_and_below_the_text_make_no_section_page(read: Read) -> None:
    menu = '<nav><a href="/a">الصفحة الأولى من الموقع</a></nav>'
    related = f'<p>أقرأ أيضا :</p><p><a href="/b">{OTHER[0]}</a></p>'
    assert read(menu + article(paragraphs(*PROSE[:2]), related)).paragraphs == PROSE[:2]


@pytest.mark.parametrize("markup", ["<time {}></time>", "<div><time {}></time></div>"])
def test_a_time_element_that_shows_nothing_is_read(read: Read, markup: str) -> None:
    time = markup.format('datetime="2024-12-03T10:00:00+03:00"')
    published = read(article(time, paragraphs(*PROSE))).published
    assert published is not None
    assert published.at.isoformat() == "2024-12-03T10:00:00+03:00"


def test_the_home_page_is_refused_and_a_numbered_address_is_not(read: Read, refuse: Refuse) -> None:
    body = article(paragraphs(*PROSE))
    assert refuse(body, url="https://nile.example/").reason is Reason.NOT_AN_ARTICLE
    assert read(body, url="https://nile.example/?p=12").paragraphs == PROSE


@pytest.mark.parametrize(
    ("status", "reason"), [(404, Reason.HTTP_ERROR), (503, Reason.HTTP_ERROR), (403, Reason.BLOCKED)]
)
def test_error_responses(status: int, reason: Reason) -> None:
    found = extract_article(Page(content=b"<h1>x</h1>", status=status))
    assert isinstance(found, Rejection)
    assert found.reason is reason


def test_a_page_in_another_script_is_read_too(read: Read) -> None:
    found = read(article(paragraphs(*ENGLISH), title="Government continues its talks"))
    assert found.paragraphs == ENGLISH
    assert found.language == "en"


@pytest.mark.parametrize("url", ["http://[bad", "not a url", "", "https://nile.example/\udc80"])
def test_an_odd_address_does_no_harm(read: Read, url: str) -> None:
    assert read(article(paragraphs(*PROSE)), url=url).paragraphs == PROSE


def test_the_same_page_gives_the_same_record() -> None:
    page = Page(content=f"<html><body>{article(paragraphs(*PROSE))}</body></html>".encode(), content_type="text/html")
    other = Page(content=f"<html><body>{article(paragraphs(*OTHER))}</body></html>".encode(), content_type="text/html")
    first = extract_article(page)
    extract_article(other)
    assert extract_article(page) == first


_TAGS = (
    "div",
    "p",
    "h1",
    "h2",
    "ul",
    "li",
    "table",
    "tr",
    "td",
    "a",
    "span",
    "br",
    "time",
    "article",
    "form",
    "figure",
)
_TEXTS = st.sampled_from(
    (*PROSE, TITLE, "أقرأ أيضا :", "المصدر:", "۱۳ آذر ۱۴۰۳", "كتبت أسماء نصار", "آخر الأخبار", "‌", ":", "|")
)
_MARKUP = st.lists(
    st.one_of(_TEXTS, st.sampled_from([*(f"<{tag}>" for tag in _TAGS), *(f"</{tag}>" for tag in _TAGS)]))
)


def _answers(content: bytes, content_type: str | None) -> None:
    found = extract_article(Page(content=content, content_type=content_type))
    if isinstance(found, Rejection):
        assert found.reason is not Reason.FAILED, found.detail
    else:
        assert all(line.strip() and "\n" not in line for line in found.paragraphs)


@given(st.binary(max_size=2000), st.sampled_from([None, "text/html", "text/plain", "application/json"]))
@settings(deadline=None)
def test_any_bytes_give_an_answer(content: bytes, content_type: str | None) -> None:
    _answers(content, content_type)


@given(_MARKUP, st.sampled_from(["text/html", "text/plain"]))
@settings(deadline=None)
def test_any_markup_gives_an_answer(parts: list[str], content_type: str) -> None:
    _answers("".join(parts).encode(), content_type)


@pytest.mark.parametrize(
    "body",
    [
        "<h2>أكمل اختبار الأمان للمتابعة</h2><p>يتحقق هذا الموقع من أنك لست روبوتا. يرجى الانتظار بضع ثوان.</p>",
        "<h2>نحن نهتم بخصوصيتك</h2><p>نستخدم نحن وشركاؤنا ملفات تعريف الارتباط لتخزين المعلومات.</p>",
        "<p>برای ادامه تأیید کنید که ربات نیستید و سپس دکمه‌ی زیر را بزنید.</p>",
    ],
)
def test_captcha_and_consent_pages_are_barriers(refuse: Refuse, body: str) -> None:
    assert refuse(body).reason is Reason.BLOCKED


def test_a_live_ticker_is_refused_and_a_chronology_is_not(read: Read, refuse: Refuse) -> None:
    posts = "".join(f"<div><span>1{n}:2{n}</span><p>{text}</p></div>" for n, text in enumerate(PROSE + OTHER))
    assert refuse(f"<h1>{TITLE}</h1><div>{posts}</div>").reason is Reason.NOT_AN_ARTICLE
    chronology = "".join(f"<p>1{n}:2{n}: {text}</p>" for n, text in enumerate(PROSE + OTHER))
    assert len(read(f"<h1>تسلسل زمني: يوم في إدلب</h1><div>{chronology}</div>").paragraphs) == 7


def test_a_gallery_without_text_is_no_article(refuse: Refuse) -> None:
    pictures = "".join(f"<a href={n}.jpg><img src=t{n}.jpg></a>" for n in range(9))
    assert refuse(f"<h1>بازار تجریش</h1><p>عکس: حمید ملک‌پور</p><div>{pictures}</div>").reason is Reason.NOT_AN_ARTICLE


def test_a_flash_of_short_sentences_is_an_article(read: Read) -> None:
    flash = ("أكد وزير الداخلية توقيف المشتبه به.", "وقال إن التحقيق جار.", "وعادت الحركة إلى طبيعتها.")
    assert read(article(paragraphs(*flash))).paragraphs == flash


def test_an_authors_page_is_refused(refuse: Refuse) -> None:
    cards = "".join(
        f"<article><h2><a href=/{n}>عنوان المقال رقم {n}</a></h2><p>{text}</p></article>"
        for n, text in enumerate(PROSE)
    )
    body = f"<h1>سامر المصري</h1><p>كاتب وصحفي عربي مقيم في باريس منذ أعوام.</p>{cards}"
    assert refuse(body).reason is Reason.NOT_AN_ARTICLE


@pytest.mark.parametrize("label", ["À lire aussi", "Te puede interesar", "Lesen Sie auch", "İlgili haberler"])
def test_labels_of_other_languages(read: Read, label: str) -> None:
    links = "".join(f"<p><a href=/{n}>Another story of the day under the number {n}</a></p>" for n in range(3))
    text = f"{paragraphs(*ENGLISH[:2])}<h3>A matter of trust</h3>{paragraphs(ENGLISH[2])}"
    found = read(article(f"<div>{text}<h3>{label}</h3>{links}</div>", title="Government continues its talks"))
    assert found.paragraphs == (*ENGLISH[:2], "A matter of trust", ENGLISH[2])


def test_the_salutation_and_closing_of_a_letter_are_text(read: Read) -> None:
    text = ("تحية طيبة وبعد،", *PROSE, "وتفضلوا بقبول فائق الاحترام،")
    found = read(article(f"<div>{'<br><br>'.join(text)}<br><b>عن أهالي الحي</b></div>"))
    assert found.paragraphs == text


def test_what_stands_around_an_embedded_post_is_no_text(read: Read) -> None:
    consent = "<b>هل تسمح بعرض المحتوى من X؟</b><p>تحتوي هذه الصفحة على محتوى من موقع X. موافقتكم مطلوبة قبل عرضه.</p>"
    post = f"<div>{consent}<p>تحذير: بي بي سي غير مسؤولة عن محتوى المواقع الخارجية</p><p>نهاية محتوى من X</p></div>"
    found = read(article(f"<div>{paragraphs(*PROSE[:2])}{post}{paragraphs(*PROSE[2:])}</div>"))
    assert found.paragraphs == PROSE


def test_what_screen_readers_are_told_of_a_list_is_no_text(read: Read) -> None:
    related = (
        "<section><span>list of 2 items</span><ul><li><a href=/1>نبأ</a></li></ul><span>end of list</span></section>"
    )
    found = read(article(f"<div>{paragraphs(*PROSE[:2])}{related}{paragraphs(*PROSE[2:])}</div>"))
    assert found.paragraphs == PROSE
