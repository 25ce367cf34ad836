"""Every recorded page gives what a person says it holds, and every source has the evidence that it claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recorded_pages import PAGES, faults, recorded_pages

from benchmarks.extraction import with_warraq
from benchmarks.scoring import GoldPage, read_pages, score
from extract.types import Page, Source
from flows.recording import record
from spiders.sources import BUILT_IN, load_sources

SOURCES = load_sources()
SAMPLES = Path(__file__).parents[2] / "samples"
TEXT = (
    "أعلن الكرملين، الجمعة، أن منع المتشددين في إدلب من قصف أهداف مدنية مسؤولية تقع على عاتق تركيا.",
    "وقال المتحدث في بيان إن الرئيس أبلغ نظيره في اتصال هاتفي بضرورة تطبيق وقف لإطلاق النار في أقرب وقت.",
    "وأضاف البيان أن الجانبين اتفقا على مواصلة العمل المشترك لتحقيق الاستقرار في المنطقة خلال الأسابيع المقبلة.",
)
TITLE = "الكرملين يصعّد ويطالب تركيا بكبح المتشددين"
HTML = f"<html><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1>{''.join(f'<p>{p}</p>' for p in TEXT)}</body>"


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_the_recorded_pages_of_a_source_give_their_truth(source: str) -> None:
    pages = [path for path in recorded_pages() if path.parent.name == source]
    assert [(path.name, fault) for path in pages for fault in faults(path, SOURCES)] == []


@pytest.mark.parametrize("page", list(read_pages(SAMPLES)), ids=lambda page: page.id)
def test_a_sample_page_is_perfect(page: GoldPage) -> None:
    result = score(page, with_warraq(page))
    assert (result.noise, result.lost, result.exact) == (0, 0, len(page.paragraphs))
    assert (result.title, result.date, result.authors_invented) == (True, True, False)


@pytest.mark.parametrize("source", BUILT_IN, ids=lambda source: source.id)
def test_a_source_claims_the_evidence_there_is(source: Source) -> None:
    if any(path.parent.name == source.id for path in recorded_pages()):
        found = "recorded"
    else:
        found = "replica" if (SAMPLES / f"{source.id}.json").exists() else "none"
    assert source.evidence == found


def test_every_directory_of_recorded_pages_is_a_source_s() -> None:
    assert {path.parent.name for path in recorded_pages()} <= SOURCES.keys()
    assert {path.with_suffix(".json") for path in PAGES.glob("*/*.html")} == set(recorded_pages())


# --- the test itself --------------------------------------------------------------------------------------------------


@pytest.fixture
def described(tmp_path: Path) -> Path:
    page = Page(content=HTML.encode("windows-1256"), url="https://arabkhabar.com/a/1046702", content_type="text/html")
    return record(SOURCES["arabkhabar"], page, tmp_path)


def _change(described: Path, **fields: Any) -> list[str]:
    truth = json.loads(described.read_text(encoding="utf-8")) | fields
    described.write_text(json.dumps(truth, ensure_ascii=False), encoding="utf-8")
    return list(faults(described, SOURCES))


def test_a_page_fails_until_it_is_reviewed(described: Path) -> None:
    assert recorded_pages(described.parents[1]) == [described]
    [fault] = faults(described, SOURCES)
    assert fault.startswith(f"nobody has reviewed {described}")
    assert _change(described, reviewed="yes") != []
    assert _change(described, reviewed=True) == []


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"paragraphs": list(TEXT[:2])}, f"it keeps noise: {TEXT[2]}"),
        ({"paragraphs": [*TEXT, "سطر"]}, "it loses: سطر"),
        ({"paragraphs": [TEXT[1], TEXT[0], TEXT[2]]}, "its paragraphs are in another order"),
        ({"title": "عنوان"}, f"title: '{TITLE}' is to be 'عنوان'"),
        ({"published_at": "2024-12-03T00:00:00+00:00"}, "published_at: None is to be '2024-12-03T00:00:00+00:00'"),
        ({"tags": ["سوريا"]}, "tags: [] is to be ['سوريا']"),
        ({"authors": ["أسماء نصار"]}, "authors: () are to be ['أسماء نصار']"),
        ({"sitename": ["موقع"]}, "site_name: 'عرب خبر' is to be one of ['موقع']"),
        ({"rejected": "too_short"}, "it gives an article and is to be rejected: too_short"),
    ],
)
def test_what_differs_from_the_truth_is_told(described: Path, fields: dict[str, Any], fault: str) -> None:
    assert _change(described, reviewed=True, **fields) == [fault]


def test_a_page_that_is_to_be_refused_is_recorded_too(tmp_path: Path) -> None:
    page = Page(content="<h1>عذراً، الصفحة غير موجودة</h1>".encode(), url="https://arabkhabar.com/a/1")
    described = record(SOURCES["arabkhabar"], page, tmp_path)
    assert _change(described, reviewed=True) == []
    [fault] = _change(described, reviewed=True, rejected="blocked")
    assert fault.startswith("it is rejected: soft_404")
    assert list(read_pages(described.parent)) == []


def test_a_recorded_page_can_be_scored_as_a_benchmark_s(described: Path) -> None:
    [page] = read_pages(described.parent)
    result = score(page, with_warraq(page))
    assert (result.f1, result.noise, result.lost, result.exact) == (1.0, 0, 0, len(TEXT))
