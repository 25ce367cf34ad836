"""Pages in languages that Warraq was not made for: what holds of the markup holds there too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from handmade import paragraphs

from extract.lines import Line, ends_sentence
from extract.types import Article

Read = Callable[..., Article]

HEAD = "<title>A second bridge</title>"
ENGLISH = (
    "The council of the small harbour town decided on Tuesday evening to build a second bridge across the river.",
    "It will carry trams, bicycles and people on foot, and it should be open before the winter after next.",
    "Engineers expect that the work on the eastern bank will take much longer than the work on the western one.",
    "The money comes from the county, from the state, and from a fund that the harbour set up ten years ago.",
)
CHINESE = (
    "海边小镇的议会星期二晚上决定，在河上修建第二座桥梁，供电车、自行车和行人通行。",
    "工程师预计，东岸的施工时间会比西岸长得多，因为那里的地基需要先加固。",
    "修桥的经费来自县政府、州政府以及港口十年前设立的一个基金。",
    "居民们希望大桥能够在明年冬天之前通车！",
)
JAPANESE = (
    "海辺の小さな町の議会は火曜日の夜、川に二本目の橋を架けることを決めた。",
    "橋は路面電車と自転車と歩行者のためのもので、再来年の冬までに開通する見通しだという。",
    "技術者によると、東岸の工事は西岸よりもずっと長くかかると予想されている。",
)


@pytest.mark.parametrize("texts", [CHINESE, JAPANESE], ids=["zh", "ja"])
def test_text_without_spaces_is_read(read: Read, texts: tuple[str, ...]) -> None:
    title = texts[0][4:16]
    found = read(f"<article><h1>{title}</h1><div>{paragraphs(*texts)}</div></article>", head=f"<title>{title}</title>")
    assert found.paragraphs == texts


@pytest.mark.parametrize(
    ("text", "words"),
    [("海边小镇的议会星期二晚上决定", 8), ("مجلس البلدة", 2), ("https://example.org/a/long/address", 1), ("东岸", 1)],
)
def test_words_are_counted_in_any_script(text: str, words: int) -> None:
    assert Line(text, None).words == words


@pytest.mark.parametrize("text", ["他同意！", "本当ですか？", "「橋が要る。」", "(Ja.)"])
def test_sentences_end_in_any_script(text: str) -> None:
    assert ends_sentence(text)


def test_an_aside_around_the_whole_article_is_a_column(read: Read) -> None:
    column = f"<aside><h1>A second bridge</h1><div>{paragraphs(*ENGLISH)}</div></aside>"
    assert read(f"<main>{column}<aside><p>{ENGLISH[0]} More.</p></aside></main>", head=HEAD).paragraphs == ENGLISH


def test_related_links_between_a_lead_and_the_body_do_not_end_the_article(read: Read) -> None:
    lead = "The new bridge is for trams, bicycles and people on foot."
    headline = '<a href="/2"><h2>Harbour fund grows again</h2></a> By Ann Smith'
    related = f"<aside>Related articles<ul><li>{headline}</li></ul></aside>"
    header = f"<header><h1>A second bridge</h1><div><h2>{lead}</h2></div></header>"
    found = read(f"<article>{header}<div>{related}<div>{paragraphs(*ENGLISH)}</div></div></article>", head=HEAD)
    assert found.paragraphs == (lead, *ENGLISH)


def test_a_paragraph_between_line_breaks_and_blocks_stays(read: Read) -> None:
    body = "<br><br>".join(ENGLISH[:2]) + f"<br><div><br></div>{ENGLISH[2]}<br><div><br></div><div>{ENGLISH[3]}</div>"
    title = "A second bridge"
    found = read(f"<div><h3>{title}</h3><div class=post-body>{body}</div></div>", head=f"<title>{title}</title>")
    assert found.paragraphs == ENGLISH
