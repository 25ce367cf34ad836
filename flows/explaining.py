"""`warraq extract --explain`: what became of each line of a page, and by which rule, for whoever mends one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from rich.text import Text

from archive.warc import Capture, Conversion, WarcError, read_pages
from extract.article import EXTRACTOR, Explanation
from extract.escaping import escaped
from extract.judge import Verdict
from extract.types import Article, Page, Rejection
from extract.urls import canonical_url
from flows import markup
from flows.console import console
from flows.extracting import is_warc, open_input, page_of_file, why_unreadable
from flows.failures import InputError, UsageError


def page_in(path: Path, url: str | None) -> Page:
    """The page that a file holds: an HTML or text file, or a WARC or WET file.

    Args:
        path: the file.
        url: where the page came from; of a WARC file, which of its pages is meant. Fetched several times, the last.

    Raises:
        InputError: the file cannot be read, or has no such page.
        UsageError: the file has several pages, and none was chosen.
    """
    try:
        with open_input(path) as stream:
            if not is_warc(stream.peek(5)):
                return page_of_file(path, stream.read(), url)
            return _chosen(read_pages(stream), path, url)
    except OSError as error:
        raise InputError(f"Cannot read {path}: {why_unreadable(error)}") from error
    except WarcError as error:
        raise InputError(f"Cannot read {path}: {error}") from error


def _chosen(records: Iterator[Capture | Conversion], path: Path, url: str | None) -> Page:
    exact: Page | None = None
    variant: Page | None = None
    urls = []
    for record in records:
        urls.append(record.url)
        if url is None or record.url == url:
            exact = record.page()
        elif _canonical(record.url) == _canonical(url):
            variant = record.page()
    if url is None and len(urls) > 1:
        raise UsageError(f"{path} holds {len(urls)} responses; choose one with --url, e.g. {_some(urls)}")
    if chosen := exact or variant:
        return chosen
    if url and urls:
        raise InputError(f"{path} holds no response for {url}, but {len(urls)} others, e.g. {_some(urls)}")
    raise InputError(f"{path} holds no response")


def _some(urls: Sequence[str]) -> str:
    """The first few, a line each; in brackets, because a full stop behind an address would be copied with it."""
    return "(\n" + "".join(f"  {escaped(each)}\n" for each in urls[:5]) + ")"


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return url


def _facts(page: Page, explanation: Explanation) -> Iterator[tuple[str, str]]:
    """How the page was read."""
    if page.url:
        yield "page", unquote(page.url)
    yield "read as", explanation.charset or "(not read)"
    yield "family", explanation.family or "(none)"
    if explanation.verdicts:
        found_by = f"  (found by {explanation.found_by})" if explanation.found_by else ""
        yield "body", (explanation.container or "(no element)") + found_by
    if explanation.flags:
        yield "doubts", " · ".join(explanation.flags)
    yield "rules", EXTRACTOR


def _metadata(article: Article) -> Iterator[tuple[str, str, str]]:
    """Field, value, and where it came from; fields that the page does not state say so."""
    published = article.published
    shown = (
        published
        and f"{published.at.isoformat()}  ({published.calendar}, to the {published.precision}: {published.raw})"
    )
    for name, value in (
        ("title", article.title),
        ("kicker", article.kicker),
        ("published", shown),
        ("modified_at", article.modified_at and article.modified_at.isoformat()),
        ("authors", " · ".join(article.authors)),
        ("attribution", " · ".join(article.attribution)),
        ("section", article.section),
        ("tags", " · ".join(article.tags)),
        ("language", f"{article.language}  ({article.language_confidence:.0%} sure)"),
        ("site_name", article.site_name),
        ("image_url", unquote(article.image_url or "")),
        ("canonical_url", unquote(article.canonical_url or "")),
    ):
        yield name, value or "–", article.provenance.get(name, "") if value else ""


def _used(explanation: Explanation) -> dict[str, str]:
    """The rules that decided over this page's lines, in the order met, each with its meaning."""
    return {verdict.rule.partition(":")[0]: verdict.why for verdict in explanation.verdicts}


# --- for a terminal ---------------------------------------------------------------------------------------------------


def print_explanation(page: Page, explanation: Explanation) -> None:
    """Print to standard output. A line a line: `+` kept, whole; `-` cut, shortened to the width of a terminal."""
    out = console(soft_wrap=True)
    width = out.width if out.is_terminal else None

    def show(*parts: tuple[str, str]) -> None:
        line = Text()
        for text, style in parts:
            line.append(escaped(text), style)
        out.print(line)

    result = explanation.result
    if isinstance(result, Rejection):
        show((f"rejected: {result.reason}", "bold red"), (f"  {result.detail}", ""))
    else:
        show((result.title, "bold"))
    show()
    for name, value in _facts(page, explanation):
        show((f"{name:14} ", "dim"), (value, ""))
    if isinstance(result, Article):
        show()
        for name, value, where in _metadata(result):
            show((f"{name:14} ", "dim"), (value, ""), (f"  [{where}]" if where else "", "cyan"))
    if not explanation.verdicts:
        return
    show()
    for verdict in explanation.verdicts:
        if verdict.kept:
            show((f"+ {verdict.rule:18} ", "green"), (verdict.line.text, "bold"))
        else:
            place = f"  <{verdict.line.place}>" if verdict.line.place else ""
            text = _shortened(verdict.line.text, max(20, width - 22 - len(place)) if width else None)
            show((f"- {verdict.rule:18} ", "red"), (text, "dim"), (place, "cyan"))
    show()
    for rule, why in _used(explanation).items():
        show((f"  {rule:18} ", "dim"), (why, ""))


def _shortened(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else text[: width - 1] + "…"


# --- for a browser ----------------------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.7; }
body { font-family: system-ui, "Noto Naskh Arabic", "Noto Sans Arabic", Tahoma, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.5; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; opacity: .7; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .15rem .6rem; border-top: 1px solid #8884; }
td { overflow-wrap: anywhere; }
th, .rule, .where, .place { font: .8rem/1.9 ui-monospace, monospace; white-space: nowrap; }
th, .where, .place { font-weight: normal; opacity: .7; }
.place { white-space: normal; min-width: 12rem; }
.kept { background: #2a24; border-inline-start: .3rem solid #2a2; }
.cut { border-inline-start: .3rem solid #c44; }
.elsewhere { border-inline-start: .3rem solid #8888; line-height: 1.4; }
.cut .text, .elsewhere .text { opacity: .75; font-size: .9rem; }
.rejected { color: #c44; }
#near:checked ~ table .elsewhere { display: none; }
"""
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "ckb", "ur", "ps", "he", "ug", "sd"})


def as_html(page: Page, explanation: Explanation) -> str:
    """The explanation as one HTML document, which loads nothing and runs nothing."""
    result = explanation.result
    language = result.language if isinstance(result, Article) else "und"
    right_to_left = language in _RIGHT_TO_LEFT or language == "und"
    title = result.title if isinstance(result, Article) else f"rejected: {result.reason}"
    return markup.page(
        title,
        _STYLE,
        [
            *_html_head(result),
            *_html_table("How it was read", ((name, value, "") for name, value in _facts(page, explanation))),
            *(_html_table("Metadata", _metadata(result)) if isinstance(result, Article) else ()),
            *(_html_lines(explanation) if explanation.verdicts else ()),
        ],
        language=language,
        right_to_left=right_to_left,
    )


def _html_head(result: Article | Rejection) -> Iterator[str]:
    if isinstance(result, Article):
        yield f'<h1 dir="auto">{markup.text(result.title)}</h1>'
    else:
        yield f'<h1 class="rejected" dir="ltr">rejected: {markup.text(result.reason)}</h1>'
        yield f'<p dir="auto">{markup.text(result.detail)}</p>'


def _html_table(heading: str, rows: Iterator[tuple[str, str, str]]) -> Iterator[str]:
    yield f"<h2>{heading}</h2>"
    yield "<table>"
    for name, value, where in rows:
        yield (
            f'<tr><th scope="row">{markup.text(name)}</th><td><bdi>{markup.text(value)}</bdi></td>'
            f'<td class="where" dir="ltr">{markup.text(where)}</td></tr>'
        )
    yield "</table>"


def _html_lines(explanation: Explanation) -> Iterator[str]:
    kept = sum(verdict.kept for verdict in explanation.verdicts)
    yield f"<h2>Lines: {kept} kept, {len(explanation.verdicts) - kept} cut</h2>"
    yield '<input type="checkbox" id="near"> <label for="near">hide what stands elsewhere</label>'
    yield "<table>"
    yield from (_html_line(verdict) for verdict in explanation.verdicts)
    yield "</table>"
    yield "<h2>Rules</h2>"
    yield '<table dir="ltr">'
    for rule, why in _used(explanation).items():
        yield f'<tr><th scope="row">{markup.text(rule)}</th><td>{markup.text(why)}</td></tr>'
    yield "</table>"


def _html_line(verdict: Verdict) -> str:
    kind = "kept" if verdict.kept else "elsewhere" if verdict.rule == "elsewhere" else "cut"
    return (
        f'<tr class="{kind}"><td class="rule" dir="ltr">{markup.text(verdict.rule)}</td>'
        f'<td class="text" dir="auto">{markup.text(verdict.line.text)}</td>'
        f'<td class="place" dir="ltr">{markup.text(verdict.line.place)}</td></tr>'
    )
