"""The ordinary parts of hostile answers: an article that nobody wrote, documents, compressed bodies of any size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from html import escape

from tests.bigsite.text import headline, prose


def title_of(name: str) -> str:
    """The headline of an attack's article."""
    return headline("ar", f"hostile/{name}")


def article(name: str, *, title: str | None = None, head: str = "", before: str = "", after: str = "") -> str:
    """A page that is an article, whatever else it is.

    Args:
        name: of the attack, from which the text follows.
        title: as markup; None: `title_of` the attack.
        head: more of the head.
        before: markup before the article.
        after: markup after its paragraphs.
    """
    title = title_of(name) if title is None else title
    text = "".join(f"<p>{prose('ar', f'hostile/{name}/{number}', 40)}</p>\n" for number in range(5))
    return f"""<!DOCTYPE html>
<html dir="rtl" lang="ar"><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>{before}
<article><h1>{title}</h1><time datetime="2024-12-03T10:00:00+03:00">3 ديسمبر 2024</time>
{text}{after}</article></body></html>
"""


def urlset(urls: Iterable[str], doctype: str = "") -> bytes:
    """A sitemap."""
    return b"".join(urlset_parts(urls, doctype))


def urlset_parts(urls: Iterable[str], doctype: str = "") -> Iterator[bytes]:
    """A sitemap, piece by piece."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}<urlset xmlns="{_SITEMAPS}">\n'.encode()
    yield from batched(f"<url><loc>{url}</loc></url>\n".encode() for url in urls)
    yield b"</urlset>\n"


def sitemapindex(urls: Iterable[str]) -> bytes:
    """An index of sitemaps."""
    rows = "\n".join(f"<sitemap><loc>{escape(url)}</loc></sitemap>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{_SITEMAPS}">\n{rows}\n</sitemapindex>\n'.encode()


def rss(urls: Iterable[str], doctype: str = "", more: str = "") -> bytes:
    """A feed."""
    items = "\n".join(f"<item><title>خبر</title><link>{escape(url)}</link></item>" for url in urls)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}<rss version="2.0"><channel><title>أخبار</title>\n'
        f"{items}{more}\n</channel></rss>\n"
    ).encode()


def listing(links: Iterable[str], *, title: str = "أخبار", following: str | None = None, more: str = "") -> bytes:
    """A page of links, and perhaps the next one."""
    rows = "\n".join(f'<li><a href="{escape(link)}">خبر اليوم من المراسل</a></li>' for link in links)
    onwards = f'<a rel="next" href="{escape(following)}">التالي</a>' if following else ""
    return (
        f'<!doctype html><html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><ul>{rows}</ul>{onwards}{more}</body></html>"
    ).encode()


_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def batched(parts: Iterable[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    """Small parts as larger ones."""
    waiting, length = [], 0
    for part in parts:
        waiting.append(part)
        length += len(part)
        if length >= size:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join(waiting)


# --- compressed bodies that are never whole in memory ----------------------------------------------------------------

_BLOCK = 1 << 20


def deflate_bomb(size: int, *, wbits: int, first: bytes = b"") -> Iterator[bytes]:
    """Spaces by the megabyte, each of which is the same thousand bytes once flushed.

    Args:
        size: bytes it grows to.
        wbits: as for `zlib.compressobj`: 31 gzip, 15 zlib, -15 deflate.
        first: what comes before the spaces.
    """
    blank = b" " * _BLOCK
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    yield packer.compress(first + blank) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(blank) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(size // _BLOCK):
        yield again


def zstd_bomb(size: int) -> Iterator[bytes]:
    """One frame of run-length blocks, four bytes for each 128 KiB (RFC 8878 §3.1.1.2)."""
    yield b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x58"  # magic number, no content size, a window of 2 MiB
    block = struct.pack("<I", (128 << 10) << 3 | 1 << 1)[:3] + b" "
    for _ in range(size // (128 << 10) // 1024):
        yield block * 1024
    yield struct.pack("<I", 1 << 3 | 1 << 1 | 1)[:3] + b" "


def brotli_bomb(size: int) -> Iterator[bytes]:
    """Spaces by the megabyte, each flushed."""
    import brotli

    blank = b" " * _BLOCK
    packer = brotli.Compressor(quality=5)
    for _ in range(size // _BLOCK):
        yield packer.process(blank) + packer.flush()


def gzipped(parts: Iterable[bytes], level: int = 6) -> Iterator[bytes]:
    """Compressed once more."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    for part in parts:
        yield packer.compress(part)
    yield packer.flush()
