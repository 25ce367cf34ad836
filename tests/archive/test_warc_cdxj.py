from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from warc_files import exchange, warc_file

from archive.warc import Damage, WarcError, read_warc, surt, write_cdxj


def test_lines_are_as_pywb_reads_them(tmp_path: Path) -> None:
    headers = (("Content-Type", "Text/HTML; charset=windows-1256"),)
    path = warc_file(tmp_path, exchange(7, response_headers=headers), exchange(3, status=404, response_headers=()))
    first, second = read_warc(io.BytesIO(path.read_bytes()))
    index = write_cdxj(io.BytesIO(path.read_bytes()), path.name).decode()
    assert index.endswith("\n")
    keys, fields = zip(*(line.split("{", 1) for line in index.splitlines()), strict=True)
    assert keys == ("com,arabkhabar)/a/3 20241127123048 ", "com,arabkhabar)/a/7 20241127123052 ")
    assert [json.loads("{" + text) for text in fields] == [
        {
            "url": "https://www.arabkhabar.com/a/3",
            "mime": "unk",
            "status": "404",
            "digest": second.payload_digest.removeprefix("sha1:"),
            "length": str(second.length),
            "offset": str(second.offset),
            "filename": path.name,
        },
        {
            "url": "https://www.arabkhabar.com/a/7",
            "mime": "text/html",
            "status": "200",
            "digest": first.payload_digest.removeprefix("sha1:"),
            "length": str(first.length),
            "offset": str(first.offset),
            "filename": path.name,
        },
    ]


def test_lines_are_sorted_and_made_alike_each_time(tmp_path: Path) -> None:
    path = warc_file(tmp_path, *(exchange(number) for number in (12, 2, 1, 100)))
    index = write_cdxj(io.BytesIO(path.read_bytes()), path.name)
    assert index.splitlines() == sorted(index.splitlines())
    assert index == write_cdxj(io.BytesIO(path.read_bytes()), path.name)


def test_damage_is_told(tmp_path: Path) -> None:
    data = bytearray(warc_file(tmp_path, exchange(1), exchange(2)).read_bytes())
    data[-20] ^= 1
    with pytest.raises(WarcError, match="at byte"):
        write_cdxj(io.BytesIO(data), "a.warc.gz")
    damages: list[Damage] = []
    assert write_cdxj(io.BytesIO(data), "a.warc.gz", damages.append).count(b"\n") == 2
    assert len(damages) == 1


@pytest.mark.parametrize(
    ("url", "key"),
    [
        # what the Internet Archive's canonicalizer makes of them
        ("http://example.com", "com,example)/"),
        ("https://www.example.com/", "com,example)/"),
        ("http://www2.example.com:80/A/B/?b=2&a=1", "com,example)/a/b?a=1&b=2"),
        ("https://example.com:443/x?", "com,example)/x"),
        ("https://example.com:8443/x//y/../z/./w/", "com,example:8443)/x/z/w"),
        ("https://arabstoday.net/326/114830-%D8%B3%D9%84", "net,arabstoday)/326/114830-%d8%b3%d9%84"),
        ("https://arabstoday.net/326/114830-سل", "net,arabstoday)/326/114830-%d8%b3%d9%84"),
        ("https://arabstoday.net/326/114830-%25D8%25B3%25D9%2584", "net,arabstoday)/326/114830-%d8%b3%d9%84"),
        ("http://example.com/?b&a=&a=1&c=x%20y+z", "com,example)/?a=&a=1&b&c=x%20y+z"),
        ("http://user:pw@example.com/a#frag", "com,example)/a"),
        ("http://1.2.3.4/x", "4,3,2,1)/x"),
        ("http://EXAMPLE.com/%7Euser", "com,example)/~user"),
        ("http://مثال.com/x", "com,xn--mgbh0fb)/x"),
        ("http://example.com/a%23b?c%23d", "com,example)/a%23b?c%23d"),
    ],
)
def test_keys(url: str, key: str) -> None:
    assert surt(url) == key


@pytest.mark.parametrize(
    "url", ["http://[::1/x y", "http://example.com:port/", "http://\ud8d8.com/"[:7] + "..", "http:///x"]
)
def test_a_url_that_is_none_has_a_key_on_one_line(url: str) -> None:
    assert surt(url)
    assert " " not in surt(url)
