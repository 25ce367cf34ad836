"""WARC files for the tests, made as a crawl makes them, of pages in the markup of a real theme."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from types import MappingProxyType

from archive.warc import Exchange, Original, WarcWriter
from extract.types import Source

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
SOURCE = Source(
    id="alpha",
    name="ألفا",
    language="ar",
    timezone="Asia/Damascus",
    domains=("alpha.example",),
    family="jannah",
    feeds=("https://alpha.example/feed/",),
    listings=("https://alpha.example/",),
)
SISTER = replace(SOURCE, id="beta", name="بيتا", domains=("beta.example",), feeds=(), listings=())

_VOCABULARY = (
    "وزير الخارجية أكد أن المفاوضات بين الجانبين تسير على نحو جيد وقال إن اللقاء المقبل سيعقد في العاصمة خلال أيام "
    "وأضاف أن الوفد ناقش ملفات الطاقة والمياه والنقل مع مسؤولين كبار من الحكومة ومن القطاع الخاص ومن المجتمع المدني"
)


def story(number: int, length: int = 120) -> str:
    """A text of its own, in words of one vocabulary."""
    chosen, vocabulary = random.Random(number), _VOCABULARY.split()  # noqa: S311
    return " ".join(chosen.choice(vocabulary) for _ in range(length))


def paragraphs(number: int, count: int = 5) -> list[str]:
    """An article of its own."""
    return [story(number * 1000 + at, 40) + "." for at in range(count)]


def article(text: Iterable[str], *, title: str = "لقاء جديد في العاصمة بين الجانبين", published: str = "") -> bytes:
    """A page of a WordPress site with the Jannah theme."""
    date = f'<meta property="article:published_time" content="{published}">' if published else ""
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text)
    return (
        f'<!doctype html><html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:type" content="article">{date}</head><body><article id="the-post">'
        f'<h1 class="post-title entry-title">{title}</h1><div class="entry-content entry clearfix">{body}</div>'
        "</article></body></html>"
    ).encode()


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    url: str
    body: bytes
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    """Beside Content-Type."""
    directives: tuple[str, ...] | None = None
    withheld: str | None = None


def write_warc(
    directory: Path,
    responses: Iterable[Response],
    *,
    run: str,
    source: Source = SOURCE,
    at: datetime = MONDAY,
    repeats: Mapping[str, Original] = MappingProxyType({}),
) -> Path:
    """A finished WARC file with these responses, fetched a second after one another from `at` on.

    Those of a URL in `repeats` are written as revisits.
    """
    finished: list[Path] = []
    writer = WarcWriter(
        directory,
        source.id,
        run,
        max_bytes=1 << 30,
        max_seconds=3600,
        software="warraq-test",
        operator="tests",
        on_finished=finished.append,
        clock=lambda: at,
    )
    for second, response in enumerate(responses):
        writer.write(
            Exchange(
                url=response.url,
                method="GET",
                request_headers=(("User-Agent", "warraq-test"),),
                status=response.status,
                reason="",
                protocol="HTTP/1.1",
                response_headers=(("Content-Type", response.content_type), *response.headers),
                body=b"" if response.withheld else response.body,
                truncated="unspecified" if response.withheld else None,
                directives=response.directives,
                withheld=response.withheld,
                fetched_at=at + timedelta(seconds=second),
                ip=None,
            ),
            repeats.get(response.url),
        )
    writer.close()
    (path,) = finished
    return path
