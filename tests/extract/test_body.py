from __future__ import annotations

from collections.abc import Callable
from textwrap import fill

import pytest
from handmade import OTHER, PROSE, TITLE, article, paragraphs

from extract.types import Article

Read = Callable[..., Article]
MENU = "<ul>" + "".join(f'<li><a href="/s/{n}">قسم الأخبار رقم {n}</a></li>' for n in range(30)) + "</ul>"


def test_menus_and_lists_of_headlines_go(read: Read) -> None:
    latest = "<div><h3>آخر الأخبار</h3>" + "".join(
        f'<p><a href="/{n}">عنوان خبر آخر لا علاقة له بالمقال رقم {n}</a></p>' for n in range(10)
    )
    found = read(f"<div>{MENU}</div>{article(paragraphs(*PROSE))}{latest}</div>")
    assert found.title == TITLE
    assert found.paragraphs == PROSE


def test_a_lead_outside_the_container_is_the_first_paragraph(read: Read) -> None:
    lead = "موسكو وأنقرة تتفقان على مواصلة العمل المشترك"
    found = read(article(f"<h2>{lead}</h2><div>{paragraphs(*PROSE)}</div>"))
    assert found.paragraphs == (lead, *PROSE)


def test_a_widget_between_headline_and_body_is_no_lead(read: Read) -> None:
    poll = "<div><h3>هل تؤيد الدراسة عن بعد في الجامعات؟</h3><form><label>نعم</label><input type=radio></form></div>"
    assert read(article(poll, f"<div>{paragraphs(*PROSE)}</div>")).paragraphs == PROSE


def test_a_related_link_between_paragraphs_goes(read: Read) -> None:
    related = '<p>أقرأ أيضا :</p><p><a href="/2">روسيا تؤكد أنها لم تتدخل في الشؤون الداخلية</a></p>'
    found = read(article("<div>", paragraphs(*PROSE[:2]), related, paragraphs(*PROSE[2:]), "</div>"))
    assert found.paragraphs == PROSE


def test_a_second_article_after_the_label_goes_in_the_same_container(read: Read) -> None:
    ending = "<p>المصدر: موقع 24</p><p>كلمات دلالية: سوريا، روسيا</p><p>إقرأ أيضاً:</p>"
    second = '<p><a href="/2">إدارة بايدن تقرر الإبقاء على التصنيف</a></p>' + paragraphs(*OTHER)
    found = read(article("<div>", paragraphs(*PROSE), ending, second, "</div>"))
    assert found.paragraphs == PROSE
    assert found.attribution == ("موقع 24",)
    assert found.tags == ("سوريا", "روسيا")


def test_a_longer_second_article_in_its_own_container_goes(read: Read) -> None:
    longer = paragraphs(*OTHER, *(f"{text} {text}" for text in OTHER))
    second = f'<div><h3><a href="/2">إدارة بايدن تقرر الإبقاء على التصنيف</a></h3>{longer}</div>'
    found = read(f"<div><h1>{TITLE}</h1><div>{paragraphs(*PROSE)}</div><div>إقرأ أيضاً:</div>{second}</div>")
    assert found.paragraphs == PROSE


def test_a_label_in_running_text_stays(read: Read) -> None:
    quoted = "وقال إن الموقع وضع عبارة «إقرأ أيضاً» تحت الخبر ثم حذفها بعد ساعات قليلة من نشره."
    assert quoted in read(article(paragraphs(*PROSE[:2], quoted, *PROSE[2:]))).paragraphs


def test_comment_forms_and_what_follows_go(read: Read) -> None:
    form = (
        "<div><p>الإسم *</p><p>البريد الألكتروني *</p><p>: Characters Left</p><p>إلزامي *</p>"
        "<p>شروط النشر: عدم الإساءة للكاتب أو للأشخاص أو للمقدسات أو مهاجمة الأديان أو الذات الالهية.</p></div>"
    )
    assert read(f"<table><tr><td><h1>{TITLE}</h1>{paragraphs(*PROSE)}{form}</td></tr></table>").paragraphs == PROSE


def test_captions_datelines_and_repeated_titles_go(read: Read) -> None:
    caption = "اتفقت تركيا وروسيا على منطقة منزوعة السلاح"
    picture = f'<div><img src="/a.jpg"><div>العرب اليوم - {TITLE}</div><div>{caption}</div></div>'
    found = read(f"<div><h1>{TITLE}</h1>{picture}<div>دمشق - العرب اليوم</div>{paragraphs(*PROSE)}</div>")
    assert found.paragraphs == PROSE
    assert found.attribution == ("العرب اليوم",)


def test_subheadings_lists_quotations_and_tables_stay(read: Read) -> None:
    parts = (
        paragraphs(PROSE[0])
        + "<h2>استكمال التحرير</h2>"
        + paragraphs(PROSE[1])
        + "<ul><li>وقف إطلاق النار في المنطقة كلها فورا.</li><li>عودة النازحين إلى قراهم</li></ul>"
        + f"<blockquote><p>{PROSE[2]}</p></blockquote>"
        + "<table><tr><th>السنة</th><th>العدد</th></tr><tr><td>2018</td><td>120</td></tr></table>"
        + paragraphs(PROSE[3])
    )
    assert read(article("<div>", parts, "</div>")).paragraphs == (
        PROSE[0],
        "استكمال التحرير",
        PROSE[1],
        "وقف إطلاق النار في المنطقة كلها فورا.",
        "عودة النازحين إلى قراهم",
        PROSE[2],
        "السنة | العدد",
        "2018 | 120",
        PROSE[3],
    )


def test_a_last_paragraph_without_a_full_stop_stays(read: Read) -> None:
    last = "وأكد الوزير أن العمل مستمر في المشروع الجديد"
    assert read(article("<div>", paragraphs(*PROSE, last), "</div>")).paragraphs == (*PROSE, last)


def test_text_parted_by_line_breaks_only(read: Read) -> None:
    found = read(f"<table><tr><td>{MENU}</td><td><h1>{TITLE}</h1><div>{'<br><br>'.join(PROSE)}</div></td></tr></table>")
    assert found.paragraphs == PROSE


def test_zwnj_survives_as_character_and_entity(read: Read) -> None:
    texts = (
        "بیانیه‌ای که کرملین منتشر کرد می‌گوید گفت‌وگوهای دو رئیس‌جمهور درباره‌ی آتش‌بس ادامه خواهد داشت.",
        "گروه‌های مسلح از بامداد دیروز در بخش‌هایی از شمال کشور به پاسگاه‌های ارتش حمله کرده‌اند و عقب نشسته‌اند.",
        "این گزارش می‌افزاید تلاش‌های میانجی‌گران برای آرام کردن اوضاع در شهرهای مرزی هنوز نتیجه‌ای نداده است.",
    )
    title = "گفت‌وگوی تلفنی رئیس‌جمهورها درباره‌ی آتش‌بس"
    encoded = [text.replace("\u200c", "&zwnj;") for text in texts[:1]] + list(texts[1:])
    head = f"<meta property='og:title' content='{title}'><meta name='news_keywords' content='آتش‌بس، گفت‌وگو'>"
    found = read(article(paragraphs(*encoded), title=title), head=head)
    assert found.paragraphs == texts
    assert found.title == title
    assert found.tags == ("آتش‌بس", "گفت‌وگو")


def test_a_word_or_three_before_the_first_sentence_are_no_text(read: Read) -> None:
    meta = "<dl><dt>تفاصيل</dt><dd>الزيارات: 318</dd><dd>دقيقة واحدة</dd></dl>"
    found = read(f"<div><h1>{TITLE}</h1>{meta}<h2>هدنة هشة</h2>{paragraphs(*PROSE)}</div>")
    assert found.paragraphs == ("هدنة هشة", *PROSE)


def test_a_request_to_commentators_goes_and_a_link_in_the_text_stays(read: Read) -> None:
    rules = (
        "<p>نرحب بتعليقاتكم وننصحكم بمراجعة <a href=/r>إرشادات الاستخدام</a> وكذلك <a href=/p>سياسة الخصوصية</a>.</p>"
        "<p>الآراء الواردة أدناه لا تعبر عن رأي الموقع، بل تعكس وجهات نظر أصحابها فقط.</p>"
    )
    linked = PROSE[1].replace("وقف لإطلاق النار", "<a href=/2>وقف لإطلاق النار</a>")
    assert read(article("<div>", paragraphs(PROSE[0], linked, *PROSE[2:]), rules, "</div>")).paragraphs == PROSE


def test_calls_to_a_channel_go_and_news_of_one_stays(read: Read) -> None:
    calls = (
        "<p>تابعوا آخر أخبار النيل عبر Google News</p>",
        "<p>للانضمام إلى قناتنا على تلغرام اضغط <a href=/t>هنا</a></p>",
        "<p>برای اطلاع از آخرین خبرها به کانال ما در تلگرام بپیوندید</p>",
    )
    news = "تابع الوزير حديثه على تلغرام قائلا إن المحادثات مع الجانب الآخر ستستأنف الأسبوع المقبل."
    found = read(
        article("<div>", *(f"<p>{t}</p>{c}" for t, c in zip((*PROSE[:2], news), calls, strict=True)), "</div>")
    )
    assert found.paragraphs == (*PROSE[:2], news)


def test_comments_go_though_they_stand_among_the_paragraphs(read: Read) -> None:
    comments = f"<p>نظرات کاربران (۲)</p><p>سارا</p><p>۱۲ مهر ۱۴۰۲ ساعت ۱۰:۱۱</p>{paragraphs(*OTHER)}"
    assert read(article("<div>", paragraphs(*PROSE), comments, "</div>")).paragraphs == PROSE


def test_the_authors_box_goes_with_the_author(read: Read) -> None:
    box = f"<div><h4>سامر المصري</h4>{paragraphs(OTHER[0])}</div>"
    found = read(article("<p>بقلم: سامر المصري</p>", paragraphs(*PROSE), box))
    assert found.authors == ("سامر المصري",)
    assert found.paragraphs == PROSE


def test_a_teaser_between_paragraphs_goes_and_a_part_with_a_linked_word_stays(read: Read) -> None:
    teaser = f"<div><a href=/9><img src=9.jpg><h4>انطلاق معرض الكتاب</h4></a><p>{OTHER[0]}</p></div>"
    part = "<div><p>" + PROSE[2].replace("الاستقرار", "<a href=/2>الاستقرار</a>") + "</p></div>"
    found = read(article("<div>", paragraphs(*PROSE[:2]), teaser, part, paragraphs(PROSE[3]), "</div>"))
    assert found.paragraphs == PROSE


def test_prose_beside_the_headlines_own_block_goes(read: Read) -> None:
    rest = f"<div><h3>عن الموقع</h3>{paragraphs(*OTHER)}</div>"
    found = read(f"<div>{paragraphs(OTHER[0])}</div><div><div><h1>{TITLE}</h1>{paragraphs(*PROSE)}</div>{rest}</div>")
    assert found.paragraphs == PROSE


def test_text_goes_on_after_related_links_between_divs(read: Read) -> None:
    related = '<div>مواضيع ذات صلة: <a href="/4">ارتفاع أسعار النفط</a></div>'
    divs = [f"<div>{text}</div>" for text in PROSE]
    assert read(article("<div>", *divs[:2], related, *divs[2:], "</div>")).paragraphs == PROSE


def test_text_hidden_behind_a_button_stays_and_a_hidden_notice_goes(read: Read) -> None:
    more = f'<div style="display:none">{paragraphs(*PROSE[2:])}</div><button>اقرأ المزيد</button>'
    notice = f'<div style="display:none">{paragraphs(*OTHER)}</div>'
    found = read(article("<div>", paragraphs(*PROSE[:2]), more, "</div>") + notice)
    assert found.paragraphs == PROSE


def test_tables_of_another_part_of_a_page_laid_out_by_tables_are_no_rows_of_the_text(read: Read) -> None:
    text = f"<table><tr><td>عضو</td><td><b>{TITLE}</b><div>{'<br><br>'.join(PROSE)}</div></td></tr></table>"
    threads = "".join(f"<tr><td>موضوع عن الطقس {number}</td><td>عاشق النيل</td><td>2</td></tr>" for number in range(3))
    found = read(f"{text}<table>{threads}</table>", head=f"<title>{TITLE}</title>")
    assert found.paragraphs == PROSE


def test_a_table_in_a_box_among_the_paragraphs_is_text(read: Read) -> None:
    rows = "<tr><th>السنة</th><th>العدد</th></tr><tr><td>2018</td><td>120</td></tr>"
    own = f"<div><div><table>{rows}</table></div></div>"
    found = read(article(f"<div>{paragraphs(*PROSE[:3])}{own}{paragraphs(PROSE[3])}</div>"))
    assert found.paragraphs == (*PROSE[:3], "السنة | العدد", "2018 | 120", PROSE[3])


def test_what_a_link_for_screen_readers_skips_is_no_text(read: Read) -> None:
    link = "<a href=#end>تخطى البودكاست وواصل القراءة</a>"
    about = "<p>شرح معمق لقصة بارزة من أخبار اليوم لمساعدتك على فهمها.</p>"
    box = f"<section>{link}{about}<p id=end>البودكاست نهاية</p></section>"
    text = [f"<div>{paragraph}</div>" for paragraph in map(paragraphs, PROSE)]
    assert read(article(*text[:2], box, *text[2:])).paragraphs == PROSE


def test_what_a_table_of_contents_leads_to_is_text(read: Read) -> None:
    contents = "<ul><li><a href=#two>ماذا بعد؟</a></li></ul>"
    found = read(article(contents, paragraphs(*PROSE[:2]), "<h2 id=two>ماذا بعد؟</h2>", paragraphs(*PROSE[2:])))
    assert found.paragraphs == (*PROSE[:2], "ماذا بعد؟", *PROSE[2:])


@pytest.mark.parametrize("wrap", ["<p>{}</p>", "<div><p>{}</p></div>"])
def test_a_section_between_paragraphs_goes_and_the_text_goes_on(read: Read, wrap: str) -> None:
    texts = [wrap.format(text) for text in PROSE]
    box = f"<section><h2>اقرأ أيضا</h2><p>{OTHER[0]}</p></section>"
    found = read(f"<main><h1>{TITLE}</h1>{texts[0]}{texts[1]}{box}{texts[2]}{texts[3]}</main>")
    assert found.paragraphs == PROSE
    plain = f"<section><h2>ردود الفعل</h2><p>{OTHER[0]}</p></section>"
    found = read(f"<main><h1>{TITLE}</h1>{texts[0]}{texts[1]}{plain}{texts[2]}{texts[3]}</main>")
    assert OTHER[0] in found.paragraphs


def test_a_section_that_a_broken_link_for_screen_readers_opens_is_no_text(read: Read) -> None:
    box = "<section><a href=#gone>تخطى البودكاست وواصل القراءة</a><p>شرح معمق لقصة بارزة من أخبار اليوم.</p></section>"
    text = [f"<div>{paragraph}</div>" for paragraph in map(paragraphs, PROSE)]
    assert read(article(*text[:2], box, *text[2:])).paragraphs == PROSE


@pytest.mark.parametrize(
    "text",
    ["\n".join(PROSE), "\n\n".join(PROSE), "\n".join(fill(text, 60, initial_indent="    ") for text in PROSE)],
    ids=["a line each", "blank lines", "wrapped and indented"],
)
def test_preformatted_text_is_parted_into_its_paragraphs(read: Read, text: str) -> None:
    assert read(f"<h1>{TITLE}</h1><pre>{text}</pre>").paragraphs == PROSE


def test_the_agencys_sign_off_goes_with_what_follows_it(read: Read) -> None:
    found = read(article(paragraphs(*PROSE[:3], PROSE[3] + " (النهاية) س م / ع ق", "خدمات الوكالة للمشتركين فقط.")))
    assert found.paragraphs == PROSE
    said = "وقال الشاعر في مطلع ديوانه الأخير إن الرحلة (انتهى) الحديث عنها قبل أن تبدأ."
    assert read(article(paragraphs(*PROSE, said))).paragraphs == (*PROSE, said)


def test_a_quoted_post_goes_and_a_quotation_stays(read: Read) -> None:
    link = '<a href="https://twitter.com/name/status/1">3 مارس 2023</a>'
    post = f"<blockquote><p>هذا ما رأيناه صباح اليوم في المدينة.</p>— اسم (@name) {link}</blockquote>"
    quotation = "<blockquote><p>لن نغادر بيوتنا مهما طال الحصار.</p></blockquote>"
    found = read(article(paragraphs(*PROSE[:2]), post, quotation, paragraphs(*PROSE[2:])))
    assert found.paragraphs == (*PROSE[:2], "لن نغادر بيوتنا مهما طال الحصار.", *PROSE[2:])


def test_a_box_that_asks_for_support_goes_with_its_reasons(read: Read) -> None:
    box = (
        f"<div>{paragraphs('نحن موقع مستقل لا يتلقى تمويلا من أي حكومة أو حزب.', 'لدعم عملنا الصحافي انقر هنا.')}</div>"
    )
    text = [f"<div>{paragraph}</div>" for paragraph in map(paragraphs, PROSE)]
    assert read(article(f"<div>{''.join([*text[:2], box, *text[2:]])}</div>")).paragraphs == PROSE
    body = f"<div>{paragraphs(*PROSE, 'لدعم عملنا الصحافي انقر هنا.')}</div>"
    assert read(article(body)).paragraphs == PROSE


def test_a_bold_subheading_after_a_box_of_related_headlines_stays(read: Read) -> None:
    box = "<div><h4>مشاهدة الفيديو 01:47</h4><p>المدينة قبل الهدنة وبعدها</p></div>"
    head = "<p><b>ماذا بعد الاتفاق الأخير</b></p>"
    found = read(article(f"<div>{paragraphs(*PROSE[:2])}{box}{head}{paragraphs(*PROSE[2:])}</div>"))
    assert found.paragraphs == (*PROSE[:2], "ماذا بعد الاتفاق الأخير", *PROSE[2:])


def test_a_subtitle_without_a_full_stop_is_the_lead(read: Read) -> None:
    lead = "خبراء يحذرون من تبعات القرار والوزارة تعترف بغياب الرقابة"
    meta = "<div><a href=/author/9>سامر المصري</a></div>"
    page = f"<h1>{TITLE}</h1><div>{lead}</div>{meta}<div>{paragraphs(*PROSE)}</div>"
    assert read(f"<main>{page}</main>").paragraphs == (lead, *PROSE)


def test_furniture_of_a_forum_is_no_text(read: Read) -> None:
    path = "<div>منتديات الوادي &gt; الأقسام العامة &gt; منتدى الأخبار</div>"
    below = "<div>__________________</div><div>لا تأسفن على غدر الزمان</div><div>الساعة الآن 11:52 PM.</div>"
    found = read(f"<div>{path}<div><b>{TITLE}</b></div><div>{'<br><br>'.join(PROSE)}</div>{below}</div>")
    assert found.paragraphs == PROSE
