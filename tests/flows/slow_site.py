"""A site on loopback that is crawled as politely, and so as slowly, as any other."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

TEXT = (
    "قال وزير الخارجية اليوم إن المحادثات بين الجانبين أحرزت تقدما في عدة ملفات منها التجارة والطاقة والمياه والحدود "
    "والنقل والصحة والتعليم وأضاف في مؤتمر صحفي عقده بعد الاجتماع أن اللجنة المشتركة ستعود إلى الانعقاد في الشهر المقبل"
)
ARTICLES = 60


class SlowSite:
    """Sixty articles; a crawl of them takes about a minute."""

    def __init__(self, sources_file: Path) -> None:
        self.sources_file = sources_file
        self.served: list[str] = []

    def __enter__(self) -> Self:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.served.append(self.path)
                body = _page(self.path).encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.sources_file.write_text(
            f"""
            [[source]]
            id = "slow"
            name = "الموقع البطيء"
            language = "ar"
            timezone = "Asia/Damascus"
            domains = ["127.0.0.1"]
            listings = ["http://127.0.0.1:{self._server.server_port}/"]
            article = "^/news/"
            """,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environ(self) -> dict[str, str]:
        """Small WARC files, so that some are finished and ingested while the crawl goes on."""
        return {
            "WARRAQ_SOURCES": str(self.sources_file),
            "WARRAQ_CONTACT": "tests@warraq.example",
            "WARRAQ_ALLOW_ADDRESSES": "127.0.0.0/8:*",
            "WARRAQ_WARC_BYTES": "5000",
        }

    def articles_served(self) -> int:
        return sum(path.startswith("/news/") for path in self.served)


def _page(path: str) -> str:
    if path == "/":
        links = "".join(f'<li><a href="/news/{n}">{_sentence(n, 6)}</a></li>' for n in range(ARTICLES))
        return f"<html lang=ar><title>الموقع البطيء</title><body><ul>{links}</ul></body></html>"
    if not path.startswith("/news/"):
        return ""
    number = int(path.removeprefix("/news/"))
    paragraphs = "".join(f"<p>{_sentence(number * 100 + n, 40)}.</p>" for n in range(1, 5))
    title = _sentence(number, 6)
    return (
        f"<html lang=ar><head><title>{title}</title></head><body><article><h1>{title}</h1>"
        f"<time datetime=2024-12-03T10:00:00+03:00></time>{paragraphs}</article></body></html>"
    )


def _sentence(seed: int, length: int) -> str:
    return " ".join(random.Random(seed).choices(TEXT.split(), k=length))  # noqa: S311


def wait_until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.02)
