from __future__ import annotations

import pytest
from handmade import SEEDS

from extract.article import extract_article
from extract.text import canonical
from extract.types import Article, Page


def _lines(name: str, first: str, last: str) -> list[str]:
    """The seed's own lines from the one that starts with `first` to the one that ends with `last`."""
    lines = [line for line in map(canonical, (SEEDS / name).read_text(encoding="utf-8").splitlines()) if line]
    begin = next(i for i, line in enumerate(lines) if line.startswith(first))
    end = next(i for i, line in enumerate(lines) if line.endswith(last) and i >= begin)
    return lines[begin : end + 1]


def _extract(name: str) -> Article:
    found = extract_article(Page(content=(SEEDS / name).read_bytes(), content_type="text/plain"))
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("000.txt", "شدد الرئيس الروسي", "عشرات الآلاف من السكان."),
        ("001.txt", "کرملین در بیانی", "حمله میکنند."),
        ("002.txt", "تركيا لم تنفذ عددا", "التزاماتها بشأن إدلب."),
        ("004.txt", "وأدان الرئيس الروسي", "خارج البلاد."),
    ],
)
def test_a_seed_gives_exactly_its_paragraphs(name: str, first: str, last: str) -> None:
    assert list(_extract(name).paragraphs) == _lines(name, first, last)


def test_a_related_headline_between_paragraphs_goes_and_the_paragraphs_stay() -> None:
    found = _extract("003.txt")
    assert [paragraph.split(" ")[0] for paragraph in found.paragraphs] == [
        "أعلن",
        "من",
        "لكن",
        "وقال",
        "ونزح",
        "وتوسطت",
    ]
    assert found.kicker == "كشف حجم التوتر وأكّد أن بعض القتال ينبغي أن يستمر"
    assert found.published is None
    assert found.attribution == ("العرب اليوم",)


def test_metadata_of_the_seeds() -> None:
    first = _extract("000.txt")
    assert first.published is not None
    assert first.published.at.isoformat() == "2024-12-03T00:00:00+00:00"
    assert first.published.raw == "3rd, December 2024 GMT"
    assert first.attribution == ("موقع 24",)
    assert _extract("001.txt").attribution == ("ایرنا", "خبرگزاری اسپوتنیک")
    assert _extract("004.txt").title == "بوتين والأسد يجريان محادثات في موسكو حول مناطق المعارضة"
