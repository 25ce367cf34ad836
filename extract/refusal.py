"""What is not an article, and how it shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from urllib.parse import urlsplit

from extract.body import Body
from extract.judge import is_date_line
from extract.labels import Role, page_role
from extract.lines import Element, Line, ends_sentence
from extract.metadata import Head, Headline
from extract.region import Region, is_prose
from extract.text import fold
from extract.types import Page, Reason, Rejection, Source

_FEWEST_WORDS = 20
_FEWEST_SENTENCES = 3
_CLOCK = re.compile(r"\d{1,2}:\d\d")
_PLAYERS = (
    "youtube",
    "vimeo",
    "dailymotion",
    "aparat",
    "player",
    "embed",
    "video",
    "jwplatform",
    "brightcove",
    "telewebion",
)


def refuse(
    page: Page,
    source: Source | None,
    head: Head,
    headline: Headline,
    lines: Sequence[Line],
    body: Body,
    language: str,
) -> Rejection | None:
    """Why the page is no article; None if it is one.

    Args:
        page: the response.
        source: the site, if known.
        head: of the page.
        headline: of the page.
        lines: all its lines.
        body: what was kept of them, and where it stands.
        language: of the text that was kept.
    """
    judgement, region, wrapper = body.judgement, body.region, body.wrapper
    kept = judgement.kept
    words = sum(line.words for line in kept)
    if words < 120 and (barrier := _barrier(head, headline, lines, words)):
        return barrier
    if (posts := _posts_under_clocks(lines, region)) > (2 if page_role(headline.text) is Role.LIVE else 5):
        return _not_an_article(f"The text is {posts} posts, each under its time, as on a live ticker.")
    if page.url and _is_home(page.url):
        return _not_an_article("The address is the site's home page.")
    kinds = head.kinds
    if "LiveBlogPosting" in kinds:
        return _not_an_article("The page declares itself a live ticker.")
    has_article = any(True for _ in head.articles)
    if not has_article and kinds & {"CollectionPage", "SearchResultsPage"} and words < 200:
        return _not_an_article("The page declares itself a list.")
    if region is not None and (cards := _teasers(kept, lines, region)):
        return _not_an_article(f"The text is {cards} teasers under linked headlines, as on a section page.")
    if words < 120 and not has_article and (cards := _linked_cards(kept, lines, headline.text)) > 1:
        return _not_an_article(f"The page shows {cards} headlines with a teaser each.")
    counted = [line for line in kept if is_prose(line) or _is_short_sentence(line)] if words < 60 else []
    sentences = sum(sentence_count(line.text) for line in counted)
    if words < 60 and sentences < _FEWEST_SENTENCES:
        about = wrapper if wrapper is not None else region.element if region else None
        if about is None and headline.line is not None and headline.line.element is not None:
            about = headline.line.element.getparent()
        seen = _player_or_gallery(about, head)
        if seen:
            return _not_an_article(f"There is {seen} and {words} words of text.")
    if words < _FEWEST_WORDS and not (sentences >= _FEWEST_SENTENCES and words >= 12):
        if (cards := sum(verdict.rule == "teaser" for verdict in judgement.verdicts)) > 2:
            return _not_an_article(f"The page shows {cards} headlines or pictures with a teaser each.")
        linked = sum(line.linked for line in lines)
        total = sum(len(line.text) for line in lines) or 1
        if linked > 0.5 * total and len(lines) > 30:
            return _not_an_article(f"No running text: {linked * 100 // total} % of the page's characters are links.")
        return Rejection(reason=Reason.TOO_SHORT, detail=f"Only {words} words of running text on the page.")
    if source and language not in ("und", source.language):
        return Rejection(
            reason=Reason.WRONG_LANGUAGE,
            detail=f"The text is in {language!r}; {source.id} publishes in {source.language!r}.",
        )
    return None


def _posts_under_clocks(lines: Sequence[Line], region: Region | None) -> int:
    """How many lines of the body are a clock, or a date with one, over a post; 0 if most of its text is under none."""
    inside = lines[region.first : region.last] if region else ()
    clocks = [line.at for line in inside if line.words <= 8 and _CLOCK.search(line.text) and is_date_line(line.text)]
    posts = sum(any(map(is_prose, lines[at + 1 : at + 4])) for at in clocks)
    return posts if posts * 3 >= sum(map(is_prose, inside)) else 0


def _is_short_sentence(line: Line) -> bool:
    return 4 <= line.words < 6 and line.link_share <= 0.5 and ends_sentence(line.text)


def sentence_count(text: str) -> int:
    """Sentences in a line, at least one."""
    return max(1, sum(ends_sentence(word) and len(word) > 2 for word in text.split(" ")))


def _not_an_article(detail: str) -> Rejection:
    return Rejection(reason=Reason.NOT_AN_ARTICLE, detail=detail)


def _barrier(head: Head, headline: Headline, lines: Sequence[Line], words: int) -> Rejection | None:
    said = [headline.text, head.title]
    if words < 60:
        said += [line.text for line in lines if line.heading or len(lines) < 30]
    for text in said:
        role = page_role(text) if text else None
        if role is Role.NOT_FOUND:
            return Rejection(reason=Reason.SOFT_404, detail=f"The page says that nothing is there: {text!r}.")
        if role is Role.LISTING and text in said[:2]:
            return _not_an_article(f"The title is a list's: {text!r}.")
        if role is Role.BLOCKED:
            return Rejection(reason=Reason.BLOCKED, detail=f"The page is a barrier, not content: {text!r}.")
    return None


def _is_home(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        not (parts.hostname or "").partition(".")[0].isdigit()  # `41109321.khabarban.com`: an item's own host
        and parts.path.strip("/").lower() in ("", "index.php", "index.html", "index.htm", "default.aspx")
        and not parts.query
    )


def _teasers(kept: Sequence[Line], lines: Sequence[Line], region: Region) -> int:
    """How many lines of prose stand under a linked headline of their own; 0 if most of the text does not."""
    prose = [line for line in kept if is_prose(line)]
    if len(prose) < 3:
        return 0
    headlines = {
        _child(line, region.element) for line in lines[region.first : region.last] if _is_linked_headline(line)
    }
    cards = {child for line in prose if (child := _child(line, region.element)) in headlines and child is not None}
    inside = [line for line in prose if _child(line, region.element) in cards]
    # A card holds a line or two; a single wrapper around the whole body would hold them all.
    return len(cards) if len(cards) >= 3 and len(inside) >= 0.6 * len(prose) and len(inside) <= 2 * len(cards) else 0


def _headline_above(lines: Sequence[Line], line: Line, title: str) -> bool:
    """Whether one of the two lines above is a linked headline, as over a teaser; not across the page's own."""
    for other in reversed(lines[max(0, line.at - 2) : line.at]):
        if other.key == title:
            return False
        if _is_linked_headline(other):
            return True
    return False


def _is_linked_headline(line: Line) -> bool:
    """Whether a line is one link of some words, not a bar of links."""
    return line.link_share > 0.8 and line.words >= 4 and next(islice(line.element.iter("a"), 1, None), None) is None


def _linked_cards(kept: Sequence[Line], lines: Sequence[Line], title: str) -> int:
    """How many teasers stand under linked headlines on the page, if what was kept is one of them; else 0."""
    key = fold(title)
    if not 0 < len(kept) <= 2 or not _headline_above(lines, kept[0], key):
        return 0
    teasers = (line for line in lines if line.words >= 8 and line.link_share < 0.8 and line.key != key)
    return sum(_headline_above(lines, line, key) for line in teasers)


def _child(line: Line, element: Element) -> Element | None:
    """The child of `element` in which the line stands."""
    node = line.element
    while node is not None and node.getparent() is not element:
        node = node.getparent()
    return node


def _player_or_gallery(element: Element | None, head: Head) -> str | None:
    if head.kinds & {"VideoObject", "ImageGallery"} or head.first("og:type")[0].lower().startswith("video"):
        return "a video or gallery, as the page declares,"
    if element is None:
        return None
    for node in element.iter("video", "iframe", "embed", "object"):
        address = f"{node.get('src') or ''} {node.get('data-src') or ''} {node.get('data') or ''}".lower()
        if node.tag == "video" or any(name in address for name in _PLAYERS):
            return "a player"
    images = sum(1 for _ in element.iter("img"))
    return f"a gallery of {images} images" if images >= 6 else None
