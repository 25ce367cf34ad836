"""What the writer writes, others must be able to read: warcio and FastWARC say whether they can."""

from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import given, settings
from hypothesis import strategies as st
from warc_files import START, exchange, warc_file, writer
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from archive.warc import WarcError, check_warc, read_warc, salvage

TOKEN = st.text("!#$%&'*+-.^_`|~abcXYZ019", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30).map(
    str.strip
)


def checked_by_warcio(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_warcio_and_fastwarc_read_every_record(tmp_path: Path) -> None:
    path = warc_file(tmp_path, *(exchange(number) for number in range(5)))

    assert path.name == "arabkhabar-20241127123045-run1-00000.warc.gz"
    checked = checked_by_warcio(path)
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("digest pass") == 11

    with path.open("rb") as stream:
        records = [(record.rec_type, record.content_stream().read()) for record in WarcioIterator(stream)]
    kinds = ["warcinfo", *["response", "request"] * 5]
    assert [kind for kind, _ in records] == kinds
    assert [body for kind, body in records if kind == "response"] == [exchange(number).body for number in range(5)]

    with path.open("rb") as stream:
        fast = [(str(r.record_type), r.verify_block_digest()) for r in FastIterator(stream, parse_http=False)]
    assert fast == [(kind, True) for kind in kinds]
    with path.open("rb") as stream:
        assert all(record.verify_payload_digest() for record in FastIterator(stream) if record.is_http)


def test_records_are_described(tmp_path: Path) -> None:
    path = warc_file(tmp_path, exchange())
    with path.open("rb") as stream:
        info, response, request = (
            (record.rec_headers, record.http_headers, record.content_stream().read())
            for record in WarcioIterator(stream)
        )
    assert info[0].get_header("WARC-Filename") == path.name
    assert info[2].decode().splitlines()[:2] == ["software: warraq/1", "operator: archive@example.org"]
    assert b"http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/" in info[2]
    for headers, _, _ in (response, request):
        assert headers.protocol == "WARC/1.1"
        assert headers.get_header("WARC-Target-URI") == "https://www.arabkhabar.com/a/0"
        assert headers.get_header("WARC-Date") == "2024-11-27T12:30:45.678901Z"
        assert headers.get_header("WARC-IP-Address") == "192.0.2.7"
        assert headers.get_header("WARC-Warcinfo-ID") == info[0].get_header("WARC-Record-ID")
    assert request[0].get_header("WARC-Concurrent-To") == response[0].get_header("WARC-Record-ID")
    assert request[1].statusline == "/a/0 HTTP/1.1"
    assert request[1].get_header("Host") == "www.arabkhabar.com"


@settings(max_examples=60, deadline=None)
@given(
    body=st.binary(max_size=3000),
    status=st.integers(100, 599),
    reason=VALUE,
    protocol=st.sampled_from(["HTTP/1.0", "HTTP/1.1", "HTTP/2"]),
    headers=st.lists(st.tuples(TOKEN, VALUE), max_size=8),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    body: bytes,
    status: int,
    reason: str,
    protocol: str,
    headers: list[tuple[str, str]],
) -> None:
    sent = exchange(body=body, status=status, reason=reason, protocol=protocol, response_headers=tuple(headers))
    path = warc_file(tmp_path_factory.mktemp("warc"), sent)
    with path.open("rb") as stream:
        (read,) = read_warc(stream)
    assert (read.url, read.payload, read.status, read.reason, read.protocol, read.fetched_at) == (
        sent.url,
        body,
        status,
        reason,
        protocol,
        sent.fetched_at,
    )
    assert list(read.headers) == headers
    with path.open("rb") as stream:
        assert list(check_warc(stream)) == []


def test_repeated_headers_keep_their_values_and_their_order(tmp_path: Path) -> None:
    headers = (("Set-Cookie", "a=1"), ("Via", "x"), ("set-cookie", "b=2"), ("Set-Cookie", "a=1"), ("X-Title", "Ø±"))
    path = warc_file(tmp_path, exchange(response_headers=headers))
    with path.open("rb") as stream:
        (read,) = read_warc(stream)
    assert read.headers == headers
    assert read.header("SET-COOKIE") == "a=1"
    assert "X-Title: Ø±".encode("latin-1") in gzip.decompress(path.read_bytes())


def test_a_line_break_does_not_begin_a_header(tmp_path: Path) -> None:
    path = warc_file(tmp_path, exchange(reason="OK\r\nX-Forged: 1", response_headers=(("A", "b\r\n\r\nc"),)))
    with path.open("rb") as stream:
        (read,) = read_warc(stream)
    assert (read.reason, read.headers) == ("OK X-Forged: 1", (("A", "b c"),))


def test_our_secrets_stay_out(tmp_path: Path) -> None:
    secrets = (("authorization", "Basic hunter2"), ("Proxy-Authorization", "hunter2"), ("COOKIE", "s=hunter2"))
    path = warc_file(tmp_path, exchange(request_headers=(*secrets, ("Accept", "*/*"))))
    text = gzip.decompress(path.read_bytes())
    assert b"hunter2" not in text
    assert b"Accept: */*" in text


@pytest.mark.parametrize(
    ("changes", "sent", "kept"),
    [
        pytest.param(
            {},
            [("Transfer-Encoding", "chunked"), ("Via", "x")],
            [("X-Crawler-Transfer-Encoding", "chunked"), ("Via", "x"), ("Content-Length", "4")],
            id="chunked",
        ),
        pytest.param(
            {},
            [("content-length", "9"), ("Via", "x")],
            [("X-Crawler-content-length", "9"), ("Via", "x"), ("Content-Length", "4")],
            id="cut off",
        ),
        pytest.param(
            {},
            [("Content-Length", "4"), ("Transfer-Encoding", "chunked")],
            [("X-Crawler-Transfer-Encoding", "chunked"), ("Content-Length", "4")],
            id="both",
        ),
        pytest.param({}, [("Content-Length", " 4")], [("Content-Length", "4")], id="right"),
        pytest.param({}, [("Via", "x")], [("Via", "x")], id="until the connection closes"),
        pytest.param(
            {"method": "HEAD", "body": b""}, [("Content-Length", "9")], [("Content-Length", "9")], id="answer to HEAD"
        ),
        pytest.param(
            {"status": 304, "body": b""}, [("Content-Length", "9")], [("Content-Length", "9")], id="not modified"
        ),
    ],
)
def test_headers_describe_the_body_that_is_stored(
    tmp_path: Path, changes: dict[str, object], sent: list[tuple[str, str]], kept: list[tuple[str, str]]
) -> None:
    path = warc_file(tmp_path, exchange(**{"body": b"1234", "response_headers": tuple(sent), **changes}))
    with path.open("rb") as stream:
        (read,) = read_warc(stream)
    assert list(read.headers) == kept
    assert read.payload == changes.get("body", b"1234")
    assert checked_by_warcio(path).returncode == 0


def test_a_file_is_open_until_it_is_finished(tmp_path: Path) -> None:
    finished: list[Path] = []
    written = writer(tmp_path / "spool", on_finished=finished.append)
    assert not (tmp_path / "spool").exists()
    written.write(exchange())
    (unfinished,) = (tmp_path / "spool").iterdir()
    assert unfinished.name == "arabkhabar-20241127123045-run1-00000.warc.gz.open"
    assert len(list(read_warc(io.BytesIO(unfinished.read_bytes())))) == 1
    assert not finished
    written.close()
    written.close()
    assert finished == [unfinished.with_suffix("")]
    assert list((tmp_path / "spool").iterdir()) == finished


def test_nothing_written_leaves_nothing(tmp_path: Path) -> None:
    finished: list[Path] = []
    writer(tmp_path, on_finished=finished.append).close()
    assert not list(tmp_path.iterdir())
    assert not finished


def test_files_roll_by_size(tmp_path: Path) -> None:
    finished: list[Path] = []
    written = writer(tmp_path, on_finished=finished.append, max_bytes=22_000)
    noise = os.urandom(9_000)
    for number in range(7):
        written.write(exchange(number, body=noise))
    written.close()
    assert [path.name[-13:-8] for path in finished] == ["00000", "00001", "00002"]
    captures = [[capture.url[-1] for capture in read_warc(io.BytesIO(path.read_bytes()))] for path in finished]
    assert captures == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert all(path.stat().st_size >= 22_000 for path in finished[:2])


def test_files_roll_by_age(tmp_path: Path) -> None:
    now = [START]
    finished: list[Path] = []
    written = writer(tmp_path, on_finished=finished.append, max_seconds=600, clock=lambda: now[0])
    written.write(exchange(0))
    now[0] += timedelta(seconds=599)
    written.write(exchange(1))
    assert not finished
    now[0] += timedelta(seconds=1)
    written.write(exchange(2))  # goes into the next file, whose age counts from now
    assert [path.name for path in finished] == ["arabkhabar-20241127123045-run1-00000.warc.gz"]
    now[0] += timedelta(seconds=599)
    written.finish_if_due()
    assert len(finished) == 1
    now[0] += timedelta(seconds=1)
    written.finish_if_due()
    assert finished[1].name == "arabkhabar-20241127124045-run1-00001.warc.gz"
    written.finish_if_due()
    written.close()
    assert len(finished) == 2


def test_no_name_is_used_twice(tmp_path: Path) -> None:
    first = warc_file(tmp_path, exchange(1))
    still_open = writer(tmp_path)
    still_open.write(exchange(2))
    third = warc_file(tmp_path, exchange(3))
    still_open.close()
    assert [path.name[-13:-8] for path in (first, third)] == ["00000", "00002"]
    assert len(list(tmp_path.glob("*.warc.gz"))) == 3


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    # A limit on the size of files makes the write fail in the middle of a record, as a full disk does.
    script = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from warc_files import exchange, writer
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (34_000, 34_000))
import os
written = writer(Path({str(tmp_path)!r}))
from archive.warc import WarcError
for number in range(10):
    try:
        written.write(exchange(number, body=os.urandom(9_000)))
    except WarcError as error:
        print(number, error)
written.close()
"""
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.startswith(f"3 cannot write a WARC file into {tmp_path} (File too large): free or repair the disk")
    (path,) = tmp_path.iterdir()
    assert checked_by_warcio(path).returncode == 0
    assert [capture.url[-1] for capture in read_warc(io.BytesIO(path.read_bytes()))] == ["0", "1", "2"]


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WarcError, match=r"cannot write a WARC file into .*/file/spool"):
        writer(tmp_path / "file" / "spool").write(exchange())


def test_a_killed_writer_loses_nothing_that_was_written(tmp_path: Path) -> None:
    script = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from warc_files import exchange, writer
from pathlib import Path
written = writer(Path({str(tmp_path)!r}))
for number in range(1_000_000):
    written.write(exchange(number, body=os.urandom(50_000)))
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while int(process.stdout.readline()) < 20:
            pass
        time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        confirmed = 20 + len(process.stdout.read().splitlines())
    (unfinished,) = tmp_path.iterdir()
    saved = salvage(unfinished)
    assert saved == unfinished.with_suffix("")
    assert list(tmp_path.iterdir()) == [saved]
    urls = [capture.url for capture in read_warc(io.BytesIO(saved.read_bytes()))]
    assert urls[: confirmed + 1] == [exchange(number).url for number in range(confirmed + 1)]
    assert len(urls) <= confirmed + 2
    assert checked_by_warcio(saved).returncode == 0
