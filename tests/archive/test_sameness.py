"""Texts that share their words: copies that say the same, and pages that say something else."""

# ruff: noqa: E501  (paragraphs are one line each)

from __future__ import annotations

import pytest

from archive.sameness import contradiction

REPORT = """دمشق 14 آذار - أعلن المتحدث باسم وزارة الدفاع الروسية يوم الثلاثاء أن الرئيس فلاديمير بوتين التقى المستشارة الألمانية أنجيلا ميركل.
وقال المتحدث إن اللقاء استمر ثلاث ساعات وحضره 12 مسؤولا من الجانبين، وتناول تطورات الوضع الإنساني في الشمال.
وأضاف أن الطرفين اتفقا على مواصلة المشاورات على مستوى الخبراء، وعلى عقد جولة أخرى من المحادثات في الشهر المقبل.
وكانت الأمم المتحدة قد حذرت من تفاقم الأزمة، وقالت إن 900 ألف شخص نزحوا من بيوتهم منذ بداية الشتاء وإن المساعدات لا تكفي.
ودعت منظمات الإغاثة إلى فتح ممرات آمنة أمام المدنيين وإلى وقف فوري لإطلاق النار في المناطق السكنية."""

PERSIAN = """به گزارش خبرگزاری ایرنا، سخنگوی وزارت امور خارجه روز سه‌شنبه در نشست خبری خود گفت گفت‌وگوها با طرف مقابل ادامه دارد.
او افزود: در این دیدار که دو ساعت به طول انجامید، ۱۵ نفر از کارشناسان دو کشور درباره موضوعات اقتصادی رایزنی کردند.
به گفته وی، دو طرف توافق کرده‌اند که دور بعدی مذاکرات در هفته آینده برگزار شود و نتایج آن به اطلاع مردم برسد.
سخنگوی وزارت خارجه همچنین گفت که همکاری‌های منطقه‌ای برای تهران اهمیت زیادی دارد و دولت آن را دنبال می‌کند."""

RATES = """أسعار صرف العملات اليوم في السوق الموازية وفق ما نشره المصرف المركزي لتعاملات الصباح والمساء.
سجل الدولار الأمريكي للشراء 14650 ليرة وللمبيع 14800 ليرة في العاصمة وفي باقي المحافظات.
وسجل اليورو للشراء 15320 ليرة وللمبيع 15510 ليرة، وسجلت الليرة التركية 430 ليرة للشراء.
وتنشر هذه الأسعار كل يوم عند الساعة العاشرة صباحا وهي تتغير بحسب العرض والطلب في السوق."""


def copies() -> list[tuple[str, str, str]]:
    paragraphs = REPORT.split("\n")
    promotion = "تابعوا آخر الأخبار العاجلة عبر تطبيق الموقع على مدار 24 ساعة وشاركونا آراءكم على صفحاتنا"
    return [
        ("spelling", REPORT, REPORT.replace("بوتين", "بوتن").replace("أنجيلا", "أنغيلا")),
        ("quotes", REPORT, REPORT.replace("اللقاء", "«اللقاء»").replace("الأزمة", '"الأزمة"')),
        ("trimmed tail", REPORT, "\n".join(paragraphs[:-1])),
        ("trimmed tail and spelling", REPORT, "\n".join(paragraphs[:-2]).replace("أنجيلا", "أنغيلا")),
        ("promotion at the end", REPORT, f"{REPORT}\n{promotion}"),
        ("promotion for a trimmed tail", REPORT, "\n".join([*paragraphs[:-1], promotion])),
        (
            "another ending with words in common",
            REPORT + "\nوقال شهود عيان إن أصوات الانفجارات سمعت في مدن عدة من الشمال وإن السكان خرجوا إلى الشوارع",
            REPORT + "\nيذكر أن الموقع ينشر الأخبار على مدار الساعة من مراسليه في مدن عدة ويمكن متابعتها في التطبيق",
        ),
        ("foreign sounds", REPORT.replace("ميركل", "غوتيريش"), REPORT.replace("ميركل", "جوتيريس")),
        ("promotion inside", REPORT, "\n".join([*paragraphs[:2], promotion, *paragraphs[2:]])),
        ("dateline with a date", REPORT, REPORT.replace("دمشق 14 آذار - ", "")),
        ("dateline of another house", REPORT, REPORT.replace("دمشق 14 آذار - ", "دمشق (سانا) – ")),
        ("month in both traditions", REPORT, REPORT.replace("14 آذار", "14 مارس آذار")),
        ("digits of another script", REPORT, REPORT.replace("12 مسؤولا", "١٢ مسؤولا").replace("900 ألف", "٩٠٠ ألف")),
        ("numeral in digits", REPORT, REPORT.replace("ثلاث ساعات", "3 ساعات").replace("900 ألف", "900,000")),
        ("numeral in words", REPORT, REPORT.replace("12 مسؤولا", "اثني عشر مسؤولا")),
        (
            "brand in the text",
            f"{REPORT}\nوقال مراسل العرب اليوم إن الهدوء عاد.",
            f"{REPORT}\nوقال مراسل تونس اليوم إن الهدوء عاد.",
        ),
        ("Persian without joiners", PERSIAN, PERSIAN.replace("\u200c", " ")),
        ("Persian with Arabic letters", PERSIAN, PERSIAN.replace("ی", "ي").replace("ک", "ك").replace("۱۵", "15")),
        ("Persian numeral written apart", PERSIAN + "\nپنجاه‌ساله است", PERSIAN + "\nپنجاه ساله است"),
        (
            "promotion with a number before the lead",
            REPORT,
            f"تابعونا على تلغرام وانضموا إلى 350 ألف متابع لقناتنا.\n{REPORT}",
        ),
        ("headline as first line", REPORT, f"روسيا وألمانيا تتفقان على مواصلة المشاورات حول الشمال\n{REPORT}"),
        ("two datelines", REPORT, REPORT.replace("دمشق 14 آذار - ", "القاهرة - سانا: ")),
        ("percent in words", f"{REPORT}\nوبلغت النسبة 5% فقط", f"{REPORT}\nوبلغت النسبة خمسة في المئة فقط"),
        ("millions in digits", f"{REPORT}\nوالكلفة 3.2 مليون ليرة", f"{REPORT}\nوالكلفة 3,200,000 ليرة"),
        ("a compound in digits", f"{REPORT}\nقتل خمسة وعشرون جنديا", f"{REPORT}\nقتل 25 جنديا"),
        ("two of something", f"{REPORT}\nاستمر ساعتين", f"{REPORT}\nاستمر 2 ساعة"),
        ("a verb of saying", REPORT, REPORT.replace("وأضاف أن", "وأوضح أن").replace("وقال المتحدث", "وذكر المتحدث")),
        ("Persian, trimmed", PERSIAN, "\n".join(PERSIAN.split("\n")[:-1])),
    ]


def others() -> list[tuple[str, str, str]]:
    accident = REPORT + "\nوأسفر الحادث عن مقتل 5 أشخاص وإصابة 17 آخرين بجروح وفق ما ذكرت وزارة الصحة."
    return [
        ("rates", RATES, RATES.replace("14650", "14700").replace("15510", "15500")),
        ("one rate", RATES, RATES.replace("430", "428")),
        ("casualties", accident, accident.replace("مقتل 5", "مقتل 9")),
        ("casualties in words", accident, accident.replace("مقتل 5 أشخاص", "مقتل تسعة أشخاص")),
        ("casualties only one states", accident, accident.replace("مقتل 5 أشخاص وإصابة 17", "مقتل وإصابة 17")),
        ("casualties swapped", accident, accident.replace("مقتل 5", "مقتل 17").replace("إصابة 17", "إصابة 5")),
        (
            "new lead with new figures",
            accident,
            "ارتفع إلى 23 عدد ضحايا الحادث الذي وقع مساء أمس قرب الحدود الشمالية للبلاد\n" + accident,
        ),
        ("weekday", REPORT, REPORT.replace("الثلاثاء", "الخميس")),
        ("month", REPORT, REPORT.replace("آذار", "أيار")),
        ("day of the month", REPORT, REPORT.replace("14 آذار", "15 آذار")),
        (
            "names",
            REPORT,
            REPORT.replace("فلاديمير بوتين", "إيمانويل ماكرون").replace(
                "الألمانية أنجيلا ميركل", "الإيطالية جورجيا ميلوني"
            ),
        ),
        ("one name, twice", f"{REPORT}\nوختم بوتين كلامه", f"{REPORT}\nوختم ماكرون كلامه".replace("بوتين", "ماكرون")),
        ("a row of figures at the end", f"{REPORT}\n{RATES}", f"{REPORT}\n" + RATES.replace("430", "440")),
        ("weekday before أي", f"{REPORT}\nوذلك الجمعة أي بعد", f"{REPORT}\nوذلك السبت أي بعد"),
        ("a name of one letter more", f"{REPORT}\nقال محمد الخطيب ذلك", f"{REPORT}\nقال محمود الخطيب ذلك"),
        ("a family name", f"{REPORT}\nقال محمد الخطيب ذلك", f"{REPORT}\nقال محمد الحسن ذلك"),
        ("a place", f"{REPORT}\nوصل الوفد إلى حلب صباحا", f"{REPORT}\nوصل الوفد إلى حمص صباحا"),
        ("a score", f"{REPORT}\nانتهت المباراة 2-1 لصالح الضيوف", f"{REPORT}\nانتهت المباراة 1-2 لصالح الضيوف"),
        ("two and three", f"{REPORT}\nقتل شخصين اثنين", f"{REPORT}\nقتل 3 أشخاص"),
        ("one and two", f"{REPORT}\nقتل شخص واحد في الحادث", f"{REPORT}\nقتل شخصان في الحادث"),
        ("millions and billions", f"{REPORT}\nوالكلفة 5 ملايين ليرة", f"{REPORT}\nوالكلفة 5 مليارات ليرة"),
        ("percent", f"{REPORT}\nوالزيادة 5 في المئة", f"{REPORT}\nوالزيادة 5 ليرات"),
        ("yesterday", f"{REPORT}\nوصل الوفد أمس إلى المدينة", f"{REPORT}\nوصل الوفد اليوم إلى المدينة"),
        ("a negation", REPORT, REPORT.replace("الطرفين اتفقا", "الطرفين لم يتفقا")),
        ("a denial", REPORT.replace("أعلن المتحدث", "أكد المتحدث"), REPORT.replace("أعلن المتحدث", "نفى المتحدث")),
        ("an opposite", f"{REPORT}\nارتفعت الأسعار قليلا", f"{REPORT}\nانخفضت الأسعار قليلا"),
        ("Persian negation", PERSIAN, PERSIAN.replace("دنبال می\u200cکند", "دنبال نمی\u200cکند")),
        (
            "another lead",
            REPORT,
            f"طالب ناشطون في وقفة أمام المبنى الحكومي بكشف نتائج التحقيق ومحاسبة المقصرين وتعويض المتضررين.\n{REPORT}",
        ),
        ("Persian figures", PERSIAN, PERSIAN.replace("۱۵ نفر", "۱۸ نفر")),
        (
            "Persian figures in words",
            PERSIAN.replace("۱۵ نفر", "پانزده نفر"),
            PERSIAN.replace("۱۵ نفر", "بیست و پنج نفر"),
        ),
        ("Persian weekday", PERSIAN, PERSIAN.replace("سه‌شنبه", "پنجشنبه")),
        ("another text", REPORT, RATES),
    ]


@pytest.mark.parametrize(("original", "copy"), [pair[1:] for pair in copies()], ids=[pair[0] for pair in copies()])
def test_a_copy_says_the_same(original: str, copy: str) -> None:
    brands = {"العرب اليوم", "تونس اليوم", "سانا"}
    assert contradiction(original, copy, brands=brands) is None
    assert contradiction(copy, original, brands=brands) is None


@pytest.mark.parametrize(("one", "other"), [pair[1:] for pair in others()], ids=[pair[0] for pair in others()])
def test_another_text_does_not(one: str, other: str) -> None:
    assert contradiction(one, other)
    assert contradiction(other, one)


def test_a_text_agrees_with_itself() -> None:
    for text in (REPORT, PERSIAN, RATES, "", "كلمة"):
        assert contradiction(text, text) is None
