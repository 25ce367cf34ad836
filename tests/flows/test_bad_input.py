"""Every foreseeable error is one clear sentence with the next step, and a status that is not 0."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from warraq_command import SAMPLES, Command

REPLAY = ("--replay", str(SAMPLES / "arabkhabar.warc.gz"))
S3 = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.mark.parametrize(
    ("arguments", "environ", "status", "told"),
    [
        (["crawl", "arabkabar", *REPLAY], {}, 2, "did you mean arabkhabar"),
        (["crawl", "arabkhabar"], {}, 2, "WARRAQ_CONTACT"),
        (["crawl", "arabkhabar", "--replay", "none.warc.gz"], {}, 2, "there is no file none.warc.gz"),
        (["crawl", "arabkhabar", *REPLAY, "--since", "2024-02-02", "--until", "2024-02-02"], {}, 2, "--until"),
        (["crawl", "arabkhabar", *REPLAY, "--since", "yesterday"], {}, 2, "--since"),
        (["crawl", "arabkhabar", *REPLAY, "--limit", "0"], {}, 2, "--limit"),
        (["crawl"], {}, 2, "SOURCE"),
        (["crawl", "arabkhabar", *REPLAY], {"WARRAQ_TIMEOUT": "soon"}, 2, "WARRAQ_TIMEOUT"),
        (["crawl", "arabkhabar", *REPLAY], {"WARRAQ_ROOT": "ftp://x"}, 2, "WARRAQ_ROOT"),
        (["crawl", "arabkhabar", *REPLAY], {"WARRAQ_SOURCES": "none.toml"}, 2, "WARRAQ_SOURCES"),
        (["crawl", "arabkhabar", *REPLAY], {"PREFECT_API_URL": "http://127.0.0.1:9/api"}, 4, "PREFECT_API_URL"),
        (["crawl", "arabkhabar", *REPLAY], {"WARRAQ_SPOOL": "/proc/spool"}, 3, "WARRAQ_SPOOL"),
        (["crawl", "arabkhabar", *REPLAY], {"WARRAQ_ROOT": "/proc/archive"}, 3, "/proc/archive"),
        (["records"], {"WARRAQ_ROOT": "s3://bucket/x", **S3}, 3, "s3://bucket/x"),
        (["records", "--source", "nobody"], {}, 2, "Unknown source"),
        (["records"], {}, 1, "There is no archive at"),
        (["show", "0123456789abcdef"], {}, 1, "There is no archive at"),
        (["verify"], {}, 1, "There is no archive at"),
        (["ingest", "none.warc.gz", "--source", "isna"], {}, 1, "none.warc.gz"),
        (["ingest", str(SAMPLES / "arabkhabar.json"), "--source", "isna"], {}, 1, "arabkhabar.json"),
        (["ingest", str(SAMPLES / "arabkhabar.warc.gz"), "--source", "isnaa"], {}, 2, "did you mean isna"),
        (["extract"], {}, 2, "--jsonl"),
        (["extract", "none.html"], {}, 1, ""),
        (["sources", "nobody"], {}, 2, "Unknown source"),
        (["harvest"], {}, 2, "harvest"),
    ],
)
def test_bad_input(warraq: Command, arguments: list[str], environ: dict[str, str], status: int, told: str) -> None:
    done = warraq(*arguments, status=status, **environ)
    assert told in " ".join(done.stderr.decode().split())


def test_a_malformed_sources_file_is_told_by_file_source_and_field(warraq: Command, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[source]]\nid="mine"\nname="M"\nlanguage="ar"\ntimezone="Mars/Base"\ndomains=["m.example"]\n',
        encoding="utf-8",
    )
    told = warraq("sources", status=2, WARRAQ_SOURCES=str(own)).stderr.decode()
    assert str(own) in told
    assert "mine" in told
    assert "timezone" in told


def test_a_damaged_warc_is_refused_whole(warraq: Command, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.warc.gz"
    data = bytearray((SAMPLES / "arabkhabar.warc.gz").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = os.urandom(200)
    damaged.write_bytes(data)
    done = warraq("ingest", damaged, "--source", "arabkhabar", status=1)
    assert b"damaged.warc.gz" in done.stderr
    assert not list(warraq.root.rglob("*"))


@pytest.mark.ceph
def test_a_wrong_bucket_and_a_wrong_key_are_told(warraq: Command, s3_root: str) -> None:
    environ = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for root, change in (
        ("s3://no-such-bucket/x", {}),
        (s3_root, {"AWS_SECRET_ACCESS_KEY": "wrong"}),
    ):
        done = warraq("crawl", "arabkhabar", *REPLAY, status=3, **environ | change | {"WARRAQ_ROOT": root})
        assert done.stderr.startswith(b"warraq: ")


@pytest.mark.ceph
def test_crawl_verify_and_doctor_on_s3(warraq: Command, s3_root: str) -> None:
    environ = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} | {"WARRAQ_ROOT": s3_root}
    [report] = warraq.crawl("arabkhabar", **environ)
    assert report["records_added"] == report["outcomes"]["new"] > 0
    [again] = warraq.crawl("arabkhabar", **environ)
    assert again["records_added"] == 0
    warraq("verify", **environ)
    told = warraq("doctor", **environ).stdout.decode()
    assert "exactly one won" in told
    assert environ["AWS_SECRET_ACCESS_KEY"] not in told
