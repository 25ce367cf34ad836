from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.language import detect_language, language_of

SEEDS = Path(__file__).parents[2] / "samples" / "seeds"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "قال الرئيس في بيان إن المحادثات التي جرت بعد ظهر اليوم كانت مثمرة"),
        ("ar", "قالت الشرطة ان الحادث الذى وقع فى القاهره لم يسفر عن اصابات"),
        ("ar", "اکد وزیر الخارجیه ان المحادثات التی جرت فی طهران کانت مثمره"),
        ("fa", "رئیس جمهور در این دیدار گفت که گفت‌وگوها برای مردم مفید بوده است"),
        ("fa", "رييس جمهور در اين ديدار گفت كه گفتگوها براي مردم مفيد بوده است"),
        ("ckb", "سەرۆکی هەرێم لە کۆبوونەوەکەدا ڕایگەیاند کە ئەم هەنگاوە بۆ خەڵکی کوردستان گرنگە"),
        ("ur", "وزیر اعظم نے کہا ہے کہ ملک میں امن کے لیے سب کو مل کر کام کرنا ہوگا"),
        ("ps", "د افغانستان حکومت ویلي چې په دې غونډه کې به د سولې په اړه خبرې وشي"),
        ("en", "The president said in a statement that the talks were useful for the region"),
        ("fr", "Le président a déclaré que les discussions sont utiles pour la région et dans le monde"),
        ("tr", "Cumhurbaşkanı bu görüşmenin bölge için çok önemli olduğunu ve devam edeceğini söyledi"),
        ("de", "Die Stadt will den Bahnhofsplatz bis zum Sommer umbauen, wie der Bürgermeister am Mittwoch mitteilte"),
        ("es", "El Gobierno aprobó este martes un paquete de ayudas para los agricultores afectados por la sequía"),
        (
            "it",
            "Il governo ha approvato martedì un pacchetto di aiuti per gli agricoltori colpiti dalla siccità nel sud",
        ),
        ("pt", "O governo aprovou na terça-feira um pacote de ajuda para os agricultores que não têm água nas terras"),
        (
            "nl",
            "De regering heeft dinsdag een pakket voor de boeren goedgekeurd die door de droogte zijn getroffen",
        ),
        ("tr", "Belediye başkanı salı günü yeni metro hattının temelinin haziranda atılacağını açıkladı"),
        ("und", ""),
        ("und", "12345 — 67%"),
        ("ja", "例文です"),
        ("und", "ตัวอย่างประโยค"),
    ],
)
def test_language_of_a_sentence(language: str, text: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("seed", "language"), [("000", "ar"), ("001", "fa"), ("002", "ar"), ("003", "ar"), ("004", "ar")]
)
def test_language_of_the_seeds_and_of_each_long_line(seed: str, language: str) -> None:
    lines = (SEEDS / f"{seed}.txt").read_text(encoding="utf-8").splitlines()
    assert detect_language("\n".join(lines)) == language
    assert {detect_language(line) for line in lines if len(line) > 150} == {language}


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert detect_language(text)


def test_a_mixed_text_is_less_sure_than_a_plain_one() -> None:
    arabic = "قال الرئيس في بيان إن المحادثات التي جرت بعد ظهر اليوم كانت مثمرة"
    persian = "رئیس جمهور در این دیدار گفت که گفت‌وگوها برای مردم مفید بوده است"
    (plain, sure), (mixed, unsure) = language_of(persian), language_of(f"{persian} {arabic}")
    assert plain == mixed == "fa"
    assert 0.5 < unsure < sure <= 1
    assert language_of("12345") == ("und", 0.0)
