"""What Persian and Urdu pages do that Arabic ones seldom do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from handmade import article, paragraphs
from lxml.html import fromstring

from extract.dates import read_date
from extract.judge import is_date_line
from extract.labels import Role, label
from extract.metadata import clock_for
from extract.types import Article, Page, Rejection

Read = Callable[..., Article]
TITLE = "بازگشت درناها به تالاب میانکاله پس از سه سال"
PROSE = (
    "محیط‌بانان تالاب میانکاله از بازگشت نخستین دسته درناها پس از سه سال خشکسالی خبر دادند.",
    "رئیس اداره محیط زیست شهرستان گفت: «صبح دیروز دست‌کم ۴۰ پرنده در ضلع شرقی شمارش شده‌اند.»",
    "پرنده‌نگران می‌گویند بارش‌های پاییز سطح آب را به اندازه‌ای بالا آورده که پرنده‌ها بتوانند زمستان را بمانند.",
)
OTHER = (
    "اداره راهداری استان از مسدود شدن گردنه به دلیل بارش برف در ساعات پایانی شب گذشته خبر داد.",
    "رانندگان باید پیش از آغاز سفر از وضعیت راه‌ها آگاه شوند و زنجیر چرخ همراه داشته باشند.",
    "به گفته مدیر راهداری، ماشین‌آلات برف‌روب در چهار نقطه از محور آماده خدمت‌رسانی هستند.",
)


def test_a_list_after_a_quotation_is_text(read: Read) -> None:
    quote = "<blockquote>«پرنده‌ای که برمی‌گردد، یعنی تالاب هنوز زنده است.»</blockquote>"
    points = ("قایق موتوری روشن نکنید", "تا پایان اسفند به لانه‌ها نزدیک نشوید")
    listed = "<ul>" + "".join(f"<li>{point}</li>" for point in points) + "</ul>"
    found = read(article(f"<div>{paragraphs(*PROSE)}{quote}{listed}<p>همین و بس.</p></div>", title=TITLE))
    assert found.paragraphs[3:] == ("«پرنده‌ای که برمی‌گردد، یعنی تالاب هنوز زنده است.»", *points, "همین و بس.")


def test_what_a_feed_adds_to_the_text_goes(read: Read) -> None:
    added = f'<p>نوشته <a href="/cranes">{TITLE}</a> اولین بار در <a href="/">برکه</a> پدیدار شد.</p>'
    assert read(article("<div>", paragraphs(*PROSE), added, "</div>", title=TITLE)).paragraphs == PROSE


def test_a_label_that_touches_its_link_is_one(read: Read) -> None:
    related = '<p><strong>بیشتر بخوانید</strong><a href="/2">تالاب‌های شمال در یک قدمی خشکی</a></p>'
    body = "<div>" + paragraphs(*PROSE[:2]) + related + paragraphs(PROSE[2]) + "</div>"
    assert read(article(body, title=TITLE)).paragraphs == PROSE


def test_a_call_to_follow_the_paper_goes(read: Read) -> None:
    call = "<p><b>آخرین اخبار محیط زیست را از روزنامه برکه دنبال کنید:</b></p>"
    assert read(article("<div>", paragraphs(*PROSE), call, "</div>", title=TITLE)).paragraphs == PROSE


def test_one_day_in_two_calendars_is_a_date_line() -> None:
    assert is_date_line("سه‌شنبه ۴ دی ۱۴۰۳ برابر با ۲۴ دسامبر ۲۰۲۴ ۱۲:۱۵")
    assert not is_date_line("نشست ۴ دی ۱۴۰۳ در تهران و نشست ۸ ژانویه ۲۰۲۵ در وین برگزار می‌شود")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("سه شنبه سیزدهم آذر ۱۴۰۳ساعت 20:47", "2024-12-03T20:47"),
        ("بیست‌ودوم بهمن ۱۴۰۲", "2024-02-11T00:00"),
        ("سی و یکم شهریورماه ۱۴۰۳", "2024-09-21T00:00"),
        ("اول مهر ۱۴۰۳", "2024-09-22T00:00"),
    ],
)
def test_days_in_words_are_read(text: str, day: str) -> None:
    date = read_date(text, timezone="Asia/Tehran", calendar="jalali", fetched_at=None, where="line")
    assert date is not None
    assert date.at.isoformat().startswith(day)


def test_an_ordinal_without_a_month_is_no_day() -> None:
    assert read_date("سومین نشست، سوم اردیبهشت", timezone="UTC", calendar="jalali", fetched_at=None, where="") is None


def test_a_weblogs_footer_tells_when_and_by_whom(read: Read) -> None:
    post = (
        f'<h2><a href="/post/87">{TITLE}</a></h2><div>{paragraphs(*PROSE)}</div>'
        "<div>+ نوشته شده در سه شنبه سیزدهم آذر ۱۴۰۳ساعت 20:47 توسط مینا راد | <a href=#>۴ نظر</a></div>"
    )
    found = read(
        f'<h1><a href="/">یادداشت‌های یک پرنده‌نگر</a></h1><div><div>{post}</div></div>',
        head=f"<title>یادداشت‌های یک پرنده‌نگر - {TITLE}</title>",
        url="http://cranes.example/post/87",
    )
    assert (found.title, found.site_name) == (TITLE, "یادداشت‌های یک پرنده‌نگر")
    assert found.paragraphs == PROSE
    assert found.authors == ("مینا راد",)
    assert found.published is not None
    assert found.published.at.isoformat() == "2024-12-03T20:47:00+03:30"


def test_a_byline_and_two_dates_on_one_line_are_no_text(read: Read) -> None:
    lead = "<h2>دسته‌ای ۴۰تایی از درناها در ضلع شرقی تالاب دیده شد</h2>"
    told = "<div>نویسنده مینا راد سه‌شنبه ۱۳ آذر ۱۴۰۳ - ۲۰:۴۷ آخرین به‌روزرسانی: چهارشنبه ۱۴ آذر ۱۴۰۳ - ۰۹:۱۰</div>"
    found = read(article(lead, told, f"<div>{paragraphs(*PROSE)}</div>", title=TITLE))
    assert found.paragraphs == ("دسته‌ای ۴۰تایی از درناها در ضلع شرقی تالاب دیده شد", *PROSE)
    assert found.authors == ("مینا راد",)


@pytest.mark.parametrize("part", ["<small>روزنامه‌نگار</small>", "<span>پژوهشگر محیط زیست</span>"])
def test_a_name_beside_an_occupation_is_the_author(read: Read, part: str) -> None:
    found = read(article(f"<div>مینا راد {part}</div>", f"<div>{paragraphs(*PROSE)}</div>", title=TITLE))
    assert found.authors == ("مینا راد",)
    assert found.paragraphs == PROSE


def test_a_name_in_one_text_with_an_occupation_is_not(read: Read) -> None:
    found = read(article("<div>مینا راد پژوهشگر محیط زیست</div>", f"<div>{paragraphs(*PROSE)}</div>", title=TITLE))
    assert found.authors == ()


@pytest.mark.parametrize(
    ("opening", "authors"),
    [("دنیای برکه - مینا راد: ", ("مینا راد",)), ("ساری - مینا راد: ", ()), ("برکه - گزارش: ", ())],
)
def test_a_text_that_opens_with_the_paper_and_a_name_is_by_them(
    read: Read, opening: str, authors: tuple[str, ...]
) -> None:
    site = '<meta property="og:site_name" content="روزنامه دنیای برکه">'
    found = read(article(f"<div>{paragraphs(opening + PROSE[0], *PROSE[1:])}</div>", title=TITLE), head=site)
    assert found.authors == authors
    assert found.paragraphs[0] == opening + PROSE[0]


@pytest.mark.parametrize("line", ["عکس: مینا راد", "Photo: Mina Rad", "Role, بی بی سی", "عہدہ, بی بی سی اردو، کوئٹہ"])
def test_who_took_the_picture_wrote_nothing(read: Read, line: str) -> None:
    found = label(line)
    assert found is not None
    assert found.role is Role.CREDIT
    read_page = read(article(f"<p>{line}</p>", f"<div>{paragraphs(*PROSE)}</div>", title=TITLE))
    assert (read_page.authors, read_page.paragraphs) == ((), PROSE)


@pytest.mark.parametrize(
    "line", ["عکس، فیلم و صدا", "Role models, as they are called, were asked to speak at the school."]
)
def test_a_comma_alone_makes_no_credit(line: str) -> None:
    assert label(line) is None


def test_facts_above_the_headline_are_no_kicker(read: Read) -> None:
    facts = "<div><span>کد مطلب: ۴۰۳۰۹۲۱۰۴۲</span><span>تاریخ انتشار : ۲۱ آذر ۱۴۰۳ - ۱۳:۰۸</span></div>"
    body = f"<h2>{TITLE}</h2><div>{paragraphs(*PROSE)}</div>"
    found = read(f"<div>{facts}{body}</div>", head=f"<title>{TITLE}</title>")
    assert found.kicker is None
    assert found.published is not None
    above = read(f"<div><div>در گفت‌وگو با محیط‌بان تالاب</div>{body}</div>", head=f"<title>{TITLE}</title>")
    assert above.kicker == "در گفت‌وگو با محیط‌بان تالاب"


def test_the_next_story_after_source_and_tags_goes(read: Read) -> None:
    own = f"<div>{paragraphs(*PROSE)}</div><div>منبع: ایمنا</div><div>کلیدواژه ها: <a href=/k/1>تالاب</a></div>"
    disclaimer = "<div>این خبر به صورت خودکار دریافت شده و سایت در قبال محتوای آن مسئولیتی ندارد.</div>"
    following = f'<h2>خبر بعدی:</h2><div><h2><a href="/2">برف گردنه را بست</a></h2>{paragraphs(*OTHER)}</div>'
    found = read(
        f"<div><h1>{TITLE}</h1>{own}{disclaimer}{following}</div>",
        head=f"<title>{TITLE} / خبرچین</title>",
        url="https://41109321.khabarchin.example/",
    )
    assert found.paragraphs == PROSE
    assert (found.site_name, found.tags, found.attribution) == ("خبرچین", ("تالاب",), ("ایمنا",))


def test_the_home_page_of_a_named_host_is_no_article(refuse: Callable[..., Rejection]) -> None:
    assert refuse(article(paragraphs(*PROSE), title=TITLE), url="https://www.khabarchin.example/").reason == (
        "not_an_article"
    )


def test_links_in_the_cell_that_holds_tags_are_not_all_tags(read: Read) -> None:
    cell = (
        f"<h2>{TITLE}</h2>{'<br>'.join(PROSE)}<br><b>برچسب ها:</b> <a href=/t/1>درنا</a> <a href=/t/2>تالاب</a><br>"
        '<a href="#">ارسال به تلگرام</a> <a href="/c/3">جامعه</a>'
    )
    assert read(f"<table><tr><td>{cell}</td></tr></table>", head=f"<title>{TITLE}</title>").tags == ("درنا", "تالاب")


def test_a_wordpress_category_is_no_tag(read: Read) -> None:
    body = f'<div>{paragraphs(*PROSE)}</div><p><a rel="category tag" href="/c">محیط زیست</a> {{}}</p>'
    assert read(article(body.format(""), title=TITLE)).tags == ()
    assert read(article(body.format('<a rel="tag" href="/t">درنا</a>'), title=TITLE)).tags == ("درنا",)


def test_the_issue_of_a_paper_dates_its_article(read: Read) -> None:
    issue = "<div>شماره هشت هزار و ششصد - ۲۰ آذر ۱۴۰۳</div><h3>در گفت‌وگو با محیط‌بان تالاب</h3>"
    found = read(
        f"<div>{issue}<h1>{TITLE}</h1><div>{paragraphs(*PROSE)}</div></div>", head="<title>روزنامه برکه</title>"
    )
    assert found.published is not None
    assert found.published.at.date().isoformat() == "2024-12-10"


@pytest.mark.parametrize(
    ("lang", "language", "zone"),
    [("", "fa", "Asia/Tehran"), ("fa-AF", "fa", "Asia/Kabul"), ("fa", "ar", "Asia/Tehran"), ("", "ar", "UTC")],
)
def test_the_language_tells_the_clock_where_nothing_else_does(lang: str, language: str, zone: str) -> None:
    page = Page(content=b"", url="https://berkeh.example/7")
    assert clock_for(page, None, fromstring(f'<html lang="{lang}"><body></body></html>'), language).timezone == zone
