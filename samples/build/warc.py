"""Writes a sample site as a WARC file and as the truth about it: same input, same bytes."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from samples.build.model import SampleResponse

SOFTWARE = "samples.build"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.warraq.example")


def write_site(name: str, responses: Sequence[SampleResponse], directory: Path) -> tuple[Path, Path]:
    """Write `<name>.warc.gz` and `<name>.json` into `directory`, and return their paths.

    Raises:
        ValueError: a response could not have come from a crawl (a URL that is not ASCII, clocks that do not advance).
    """
    _check(name, responses)
    warc = directory / f"{name}.warc.gz"
    truth = directory / f"{name}.json"
    warc.write_bytes(warc_bytes(name, responses))
    truth.write_text(truth_json(responses), encoding="utf-8")
    return warc, truth


def truth_json(responses: Iterable[SampleResponse]) -> str:
    """What each response that is judged must give, in the order of fetching, as indented JSON."""
    rows = [{"url": response.url} | asdict(response.truth) for response in responses if response.truth]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def warc_bytes(name: str, responses: Sequence[SampleResponse]) -> bytes:
    """The WARC/1.1 file: a warcinfo record, then a response and a request record for each exchange."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    _write_warcinfo(writer, name, responses[0].fetched_at)
    for response in responses:
        _write_exchange(writer, name, response)
    return out.getvalue()


def _check(name: str, responses: Sequence[SampleResponse]) -> None:
    if not responses:
        raise ValueError(f"{name}: a sample site needs at least one response")
    clock = datetime.min.replace(tzinfo=UTC)
    seen: set[str] = set()
    for response in responses:
        where = f"{name}: {response.url}"
        if not response.url.isascii():
            raise ValueError(f"{where}: a crawler asks for percent-encoded URLs; use w3lib.url.safe_url_string")
        if response.url in seen:
            raise ValueError(f"{where}: occurs twice, but a crawl asks for each URL once")
        if response.fetched_at.utcoffset() is None or response.fetched_at <= clock:
            raise ValueError(f"{where}: fetched_at must be aware and later than that of the response before")
        clock = response.fetched_at
        seen.add(response.url)


def _write_warcinfo(writer: Any, name: str, when: datetime) -> None:
    fields = {
        "software": SOFTWARE,
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots": "obey",
        "description": f"A replica of {name}, written for tests and demonstrations; no page was fetched from a real site",
    }
    block = "".join(f"{key}: {value}\r\n" for key, value in fields.items()).encode()
    headers = {
        "WARC-Record-ID": _record_id(name, "warcinfo"),
        "WARC-Date": _warc_date(when),
        "WARC-Filename": f"{name}.warc.gz",
    }
    writer.write_record(_record(writer, None, "warcinfo", headers, block, None))


def _write_exchange(writer: Any, name: str, response: SampleResponse) -> None:
    response_id = _record_id(name, "response", response.url, sha256(response.body).hexdigest())
    shared = {
        "WARC-Date": _warc_date(response.fetched_at),
        "WARC-Warcinfo-ID": _record_id(name, "warcinfo"),
    }
    writer.write_record(
        _record(
            writer,
            response.url,
            "response",
            {"WARC-Record-ID": response_id} | shared,
            _wire_body(response),
            _response_headers(response),
        )
    )
    writer.write_record(
        _record(
            writer,
            response.url,
            "request",
            {
                "WARC-Record-ID": _record_id(name, "request", response.url),
                "WARC-Concurrent-To": response_id,
            }
            | shared,
            b"",
            _request_headers(response.url),
        )
    )


def _record(
    writer: Any, url: str | None, kind: str, headers: dict[str, str], payload: bytes, http: StatusAndHeaders | None
) -> Any:
    return writer.create_warc_record(
        url, kind, payload=BytesIO(payload), length=len(payload), http_headers=http, warc_headers_dict=headers
    )


def _response_headers(response: SampleResponse) -> StatusAndHeaders:
    when = f"{response.fetched_at:%a, %d %b %Y %H:%M:%S} GMT"
    headers = [("Server", "nginx"), ("Date", when), ("Content-Type", response.content_type)]
    if response.gzip:
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    headers += [("Content-Length", str(len(_wire_body(response)))), ("Connection", "keep-alive"), *response.headers]
    return StatusAndHeaders(f"{response.status} {response.reason}", headers, protocol="HTTP/1.1")


def _request_headers(url: str) -> StatusAndHeaders:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [
        ("Host", parts.netloc),
        ("User-Agent", "Warraq (sample)"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Accept-Language", "ar,fa;q=0.9,en;q=0.5"),
        ("Accept-Encoding", "gzip"),
    ]
    return StatusAndHeaders(f"GET {target} HTTP/1.1", headers, is_http_request=True)


def _wire_body(response: SampleResponse) -> bytes:
    return gzip.compress(response.body, mtime=0) if response.gzip else response.body


def _record_id(*parts: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(_NAMESPACE, ' '.join(parts))}>"


def _warc_date(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
