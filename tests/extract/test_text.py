from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.text import _COMMON, _fold_any, canonical, fold, words

SEEDS = sorted((Path(__file__).parents[2] / "samples" / "seeds").glob("*.txt"))
ZWNJ, ZWJ = "\u200c", "\u200d"
TRICKY = st.text(
    alphabet="اآأيیكهةء\u0654\u064b\u0640\u200c\u200d\u200b\u00ad¬ \u00a0.,،٬٫1۲٣٤\ufefb\ufdf2\ufe76\n-«a\u0301"
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  سلام\u00a0 دنیا\t\n", "سلام دنیا"),
        (f"گروه{ZWNJ}های", f"گروه{ZWNJ}های"),
        (f"گروه{ZWNJ}{ZWNJ}های{ZWNJ}", f"گروه{ZWNJ}های"),
        (f"می{ZWNJ} شود {ZWNJ}ها", "می شود ها"),
        (f"رفته{ZWNJ}، آمده{ZWNJ}.", "رفته، آمده."),
        (f"«دلواپس»{ZWNJ}ها", f"«دلواپس»{ZWNJ}ها"),
        (f"محتمل است.»{ZWNJ}", f"محتمل است.»{ZWNJ}"),
        (f"محتمل است.»{ZWNJ} و", "محتمل است.» و"),
        (f"۱۴۴۰ ه{ZWJ}.ق", f"۱۴۴۰ ه{ZWJ}.ق"),
        (f"۲۰{ZWNJ}ساله", f"۲۰{ZWNJ}ساله"),
        ("می¬شود", f"می{ZWNJ}شود"),
        ("a¬b", "a¬b"),
        ("\u202bنص\u202c\u200f \ufeffآخر\u00ad", "نص آخر"),
        ("ﻻ ﷲ", "لا الله"),
        ("ﷺ ﷼ 5", "ﷺ ﷼ 5"),
        ("مـــصر", "مـــصر"),
        ("اا\u0654", "اأ"),
        ("علي كاظم، ايران", "علي كاظم، ايران"),
        ("“نقل” – ‘قول’ ۱۲٫۵٪", "“نقل” – ‘قول’ ۱۲٫۵٪"),
        ("don\x92t", "don’t"),
        ("a\x00b\x07c", "abc"),
        ("\ud800x", "\ufffdx"),
        ("", ""),
    ],
)
def test_canonical_keeps_spelling_and_drops_accidents(text: str, kept: str) -> None:
    assert canonical(text) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("أنّ الإدارة مسؤولة", "ان الادارة مسوولة"),
        ("هيئة عليا", "هیئه عليا"),
        ("مستشفى", "مستشفي"),
        ("كرملين", "کرملین"),
        ("مـصـر", "مصر"),
        (f"می{ZWNJ}شود", "میشود"),
        ("می¬شود", "میشود"),
        ("«قال: “نعم”»", 'قال "نعم"'),
        ("١٢٣ و۴۵", "123 و45"),
        ("٣٫٥ بالمئة", "3.5 بالمئة"),
        ("3,5", "3.5"),
        ("1,000,000", "١٬٠٠٠٬٠٠٠"),
        ("بوتين ، أقوى", "بوتين، أقوى"),
        ("سماء", "سما"),
        ("NATO", "ＮＡＴＯ"),
        ("ﻻﺯﻡ", "لازم"),
        ("مُدَرِّسٌ", "مدرس"),
        ("هٰذا", "هذا"),
    ],
)
def test_fold_makes_other_spellings_equal(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("42500", "42600"), ("3.5", "35"), ("3.5", "3.6"), ("12:30", "1230"), ("بوتن", "بوتين"), ("کتاب", "کتب")],
)
def test_fold_keeps_other_things_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_a_number_is_one_word() -> None:
    assert words("ارتفع 3.5% إلى 1,500.25 دولار. (٢٠٢٤)") == ["ارتفع", "3.5", "الی", "1500.25", "دولار", "2024"]


@given(st.one_of(st.text(), TRICKY))
def test_canonical_is_idempotent_and_one_encodable_line(text: str) -> None:
    kept = canonical(text)
    assert canonical(kept) == kept
    assert kept == " ".join(kept.split())
    kept.encode("utf-8")


@given(st.one_of(st.text(), TRICKY))
def test_fold_is_idempotent_and_the_same_for_the_canonical_form(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(canonical(text)) == folded
    assert folded.split() == words(text)


@given(st.one_of(TRICKY, st.text(alphabet=[*_COMMON, *map(chr, range(128))]), st.text(alphabet="1234567,.،٬٫٤_ ")))
def test_fold_of_common_characters_is_that_of_any(text: str) -> None:
    assert fold(text) == _fold_any(text)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_numbers_survive_folding_in_any_digits(number: object) -> None:
    plain = str(number)
    eastern = plain.translate(str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫"))
    persian = plain.translate(str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫"))
    assert words(f"بلغ {eastern}،") == words(f"بلغ {persian}.") == ["بلغ", plain]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_seed_lines_keep_their_words(seed: Path) -> None:
    for line in seed.read_text(encoding="utf-8").splitlines():
        assert canonical(line) == " ".join(line.replace("\u00a0", " ").split())
