from __future__ import annotations

import pytest

from extract.labels import Role, label, page_role


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("أقرأ أيضا :", Role.RELATED),
        ("إقرأ أيضاً:", Role.RELATED),
        ("وقد يهمك أيضاً :", Role.RELATED),
        ("بیشتر بخوانید", Role.RELATED),
        ("You might also like", Role.RELATED),
        ("الأكثر قراءة", Role.LATEST),
        ("برچسب ها:", Role.TAGS),
        (": Characters Left", Role.FORM),
        ("الإسم *", Role.FORM),
        ("Security Code*", Role.FORM),
        ("نظرات بینندگان (۱۲)", Role.COMMENTS),
        ("Your email address will not be published. Required fields are marked *", Role.COMMENTS),
        ("آخر تحديث GMT04:20:04", Role.DATE),
        ("انتهای پیام/۴۰۳۲", Role.END),
        ("تابع أحدث الأخبار عبر تطبيق", Role.PROMO),
        ("للاطلاع على العدد «354» من الجريدة.. اضغط هنا", Role.PROMO),
        ("تابعوا آخر الأخبار السياسية عبر تطبيق تيلغرام على الرابط:", Role.PROMO),
        ("لمشاهدة أهداف المباراة.. اضغط هنا", Role.PROMO),
        ("لدعم صحافتنا المستقلة، انقر/ي هنا.", Role.PROMO),
        ("عبر إرسال كلمة أخبار على الرقم 1234", Role.PROMO),
        ("ونقدم لكم من خلال موقع الوادي تغطية مستمرة ل" + "أسعار الذهب، " * 60, Role.PROMO),
        ("إذا كنت تعتقد أن المقال يحوي معلومات خاطئة أرسل تصحيحا", Role.TERMS),
        ("للإبلاغ عن خطأ:", Role.TERMS),
        ("2 دقائق مدة القراءة", Role.ID),
        ("مشاهدة الفيديو 01:47", Role.RELATED),
        ("محتوى إعلاني", Role.ADS),
        ("الساعة الآن 11:52 PM.", Role.DATE),
        ("جميع الحقوق محفوظة لمجموعة العرب اليوم الاعلامية 2023 ©", Role.COPYRIGHT),
        ("تمامی حقوق این سایت برای اعتماد آنلاین محفوظ است", Role.COPYRIGHT),
    ],
)
def test_a_label_is_told_by_its_role_however_it_is_spelt(line: str, role: Role) -> None:
    found = label(line)
    assert found is not None
    assert found.role is role


def test_what_follows_the_colon_is_handed_on() -> None:
    found = label("المصدر: موقع 24")
    assert found is not None
    assert (found.role, found.rest) == (Role.SOURCE, "موقع 24")


@pytest.mark.parametrize(
    "line",
    [
        "وقال الوزير إنه كتب على الصفحة «إقرأ أيضاً» قبل أن يحذفها بعد ساعات من نشرها.",
        "لدعم صناعة المحتوى المحلي أعلنت فيسبوك وتويتر عن منح جديدة للناشرين العرب.",
        "للإبلاغ عن خطأ في الفاتورة يمكن للمشترك الاتصال بالرقم المجاني طوال أيام الأسبوع.",
        "المصدر الأول للدخل في البلاد هو السياحة التي تراجعت هذا العام.",
        "در این زمینه، وزیر گفت که کار ادامه دارد.",
        "للمزيد من التفاصيل:https://t.co/bpnUYxObTZ",
        "وظهرت على الشاشة عبارة تقول اضغط هنا قبل أن تتوقف المنصة عن العمل",
        "پاسخ: بله، ما این کار را انجام دادیم و نتیجه گرفتیم.",
        "",
    ],
)
def test_a_label_inside_a_sentence_is_text(line: str) -> None:
    assert label(line) is None


def test_titles_of_pages_that_are_no_article() -> None:
    assert page_role("عذراً.. الصفحة غير موجودة") is Role.NOT_FOUND
    assert page_role("خطای ۴۰۴") is Role.NOT_FOUND
    assert page_role("Just a moment...") is Role.BLOCKED
    assert page_role("الوسم: فلاديمير بوتين") is Role.LISTING
    assert page_role("أقرأ أيضا :") is None


@pytest.mark.parametrize("line", ["پربیننده ترین ها", "پربیننده‌ترین‌ها", "پربینندهترینها"])
def test_a_persian_suffix_with_and_without_its_joint(line: str) -> None:
    found = label(line)
    assert found is not None
    assert found.role is Role.LATEST
    assert label(f"فهرست {line} در سایت ما هر روز تازه می‌شود.") is None
