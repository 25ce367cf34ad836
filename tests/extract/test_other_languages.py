"""Pages in languages that Warraq was not made for: what holds of the markup holds there too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from handmade import paragraphs

from extract.dates import read_date
from extract.language import detect_language
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


def test_linked_items_of_a_list_of_text_stay(read: Read) -> None:
    items = (
        "<a href=/a>plans of the bridge</a>",
        "not yet approved by the county",
        "<a href=/b>costs</a>, not its upkeep",
    )
    listed = f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    found = read(
        f"<article><h1>A second bridge</h1>{paragraphs(*ENGLISH[:2])}{listed}{paragraphs(*ENGLISH[2:])}</article>",
        head=HEAD,
    )
    plain = ("plans of the bridge", "not yet approved by the county", "costs, not its upkeep")
    assert found.paragraphs == (*ENGLISH[:2], *plain, *ENGLISH[2:])


def test_a_list_of_links_goes(read: Read) -> None:
    links = "".join(f"<li><a href=/{n}>Another story of the day, number {n}</a> 3 May</li>" for n in range(4))
    found = read(f"<article><h1>A second bridge</h1>{paragraphs(*ENGLISH)}<ul>{links}</ul></article>", head=HEAD)
    assert found.paragraphs == ENGLISH


def test_a_list_that_ends_the_text_stays_whole(read: Read) -> None:
    agenda = ("Greetings by the harbour master and by the mayor of the town.", "Plans", "Costs", "Questions")
    listed = f"<ol>{''.join(f'<li>{item}</li>' for item in agenda)}</ol>"
    found = read(f"<article><h1>A second bridge</h1>{paragraphs(*ENGLISH)}{listed}</article>", head=HEAD)
    assert found.paragraphs == (*ENGLISH, *agenda)


@pytest.mark.parametrize(
    "label",
    [
        "Leia também",
        "Leggi anche",
        "Lees ook",
        "Читайте также",
        "Διαβάστε επίσης",
        "Czytaj także",
        "相关新闻",
        "関連記事",
        "קראו גם",
    ],
)
def test_headlines_after_a_label_go_in_any_language(read: Read, label: str) -> None:
    links = "".join(f"<p><a href=/{n}>Another story of the day under the number {n}</a></p>" for n in range(3))
    body = f"{paragraphs(*ENGLISH)}<h3>{label}</h3>{links}"
    assert read(f"<article><h1>A second bridge</h1><div>{body}</div></article>", head=HEAD).paragraphs == ENGLISH


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("24. März 2004, 19:49 Uhr", "2004-03-24T19:49"),
        ("am 12. Oktober 2015 um 19:16 Uhr", "2015-10-12T19:16"),
        ("24 de agosto de 2023", "2023-08-24T00:00"),
        ("24 Ago, 2023 06:28 p. m.", "2023-08-24T18:28"),
        ("21 de março de 2024", "2024-03-21T00:00"),
        ("3 gennaio 2024", "2024-01-03T00:00"),
        ("5 maart 2024", "2024-03-05T00:00"),
        ("7 Mayıs 2024 10:20", "2024-05-07T10:20"),
        ("5 января 2024 г.", "2024-01-05T00:00"),
        ("3 Ιανουαρίου 2024", "2024-01-03T00:00"),
        ("5 maja 2021 11:22", "2021-05-05T11:22"),
        ("5 בינואר 2024", "2024-01-05T00:00"),
        ("2019年2月22日 10:00", "2019-02-22T10:00"),
        ("2024년 5월 3일", "2024-05-03T00:00"),
    ],
)
def test_dates_in_other_languages(text: str, day: str) -> None:
    date = read_date(text, timezone="UTC", calendar="gregorian", fetched_at=None, where="line")
    assert date is not None
    assert date.at.isoformat() == f"{day}:00+00:00"


@pytest.mark.parametrize("text", ["12月10日", "2024年5月", "vor 3 Uhr", "5 out of 10", "Kapitel 3, Mai"])
def test_part_of_a_date_is_none_in_any_language(text: str) -> None:
    assert read_date(text, timezone="UTC", calendar="gregorian", fetched_at=None, where="line") is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Rada małego miasta nad morzem postanowiła we wtorek, że zbuduje drugi most przez rzekę.", "pl"),
        ("Το συμβούλιο της μικρής πόλης αποφάσισε την Τρίτη να χτίσει δεύτερη γέφυρα.", "el"),
        (CHINESE[0] + CHINESE[1], "zh"),
        (JAPANESE[0], "ja"),
    ],
)
def test_languages_are_told(text: str, language: str) -> None:
    assert detect_language(text) == language
