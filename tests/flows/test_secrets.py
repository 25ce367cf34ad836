"""Nothing that is secret is written anywhere or sent to anyone: canaries are planted, and looked for."""

from __future__ import annotations

import json
import os
import sys
import traceback
from functools import partial
from pathlib import Path

import pytest
from canaries import SECRETS, holds_a_canary, leaks, planted
from warraq_command import Command

from archive.store import StoreError, open_store
from archive.warc import Capture, read_warc
from flows.children import bare_environment
from flows.server import PrefectError, configured_api_url
from flows.settings import Settings, SettingsError
from flows.spider import SpiderProcess
from flows.spool import Spool
from spiders.sources import SourcesError, load_sources
from tests.bigsite import environment
from tests.spiders.loopback_site import Answer, html, redirect, running


def site_file(directory: Path, root: str, **fields: str) -> Path:
    """A source on 127.0.0.1."""
    lines = {"listings": json.dumps([f"{root}/"]), "article": '"^/news/"'} | fields
    text = '[[source]]\nid = "site"\nname = "صحيفة"\nlanguage = "ar"\ntimezone = "Asia/Damascus"\n'
    text += 'domains = ["127.0.0.1"]\n' + "\n".join(f"{name} = {value}" for name, value in lines.items())
    (path := directory / "site.toml").write_text(text, encoding="utf-8")
    return path


def test_a_crawl_with_failures_writes_no_secret_and_sends_none(warraq: Command, tmp_path: Path) -> None:
    """The site sets a cookie, asks for a password, names user and password in links and redirects, and fails."""
    cookie = (("Set-Cookie", "session=sitecookie"), ("Content-Type", "text/html"))
    with running({}) as site:
        userinfo = f"http://me:linkpassword@127.0.0.1:{site.port}"
        site.answers |= {
            "/robots.txt": Answer(body=f"Sitemap: {userinfo}/sitemap.xml".encode(), headers=cookie),
            "/": html("الأولى", links=("/news/1", "/news/2", "/news/4", f"{userinfo}/news/3"), headers=cookie),
            "/news/1": html("خبر", headers=cookie),
            "/news/2": Answer(
                status_line="HTTP/1.1 401 Unauthorized", headers=(("WWW-Authenticate", 'Basic realm="x"'),), body=b"?"
            ),
            "/news/3": Answer(status_line="HTTP/1.1 500 Internal Server Error", body=b"no"),
            "/news/4": redirect(f"{userinfo}/news/5"),
            "/news/5": html("خبر"),
        }
        environ = environment(site_file(tmp_path, site.root))
        done = planted(warraq)("crawl", "site", "--json", status=1, **environ)
    assert {"/news/1", "/news/2", "/news/3", "/news/4", "/news/5", "/sitemap.xml"} <= set(site.paths)
    sent = {name for _, headers in site.requests for name in headers}
    assert not {"authorization", "proxy-authorization", "cookie", "referer"} & sent
    assert leaks(tmp_path, done.stdout, done.stderr) == []
    captures = [each for path in warraq.root.rglob("*.warc.gz") for each in _captures(path)]
    fields = [field for capture in captures for field in capture.headers]
    assert [value for name, value in fields if name == "Set-Cookie"] == ["session=sitecookie"] * 3
    assert [value for name, value in fields if name == "Location"] == [f"{userinfo}/news/5"]
    elsewhere = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.endswith(".warc.gz")]
    told = [done.stdout, done.stderr, *(path.read_bytes() for path in elsewhere)]
    assert not [each for each in told if b"sitecookie" in each or b"linkpassword" in each], "they are in the WARC alone"
    assert not [capture.url for capture in captures if "@" in capture.url]


def _captures(path: Path) -> list[Capture]:
    with path.open("rb") as stream:
        return list(read_warc(stream))


def test_a_password_in_a_setting_is_refused_and_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the message, and not in what a traceback shows of the errors behind it, as Prefect's logs do."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    password = "http://me:canary@127.0.0.1:9"
    monkeypatch.setenv("AWS_ENDPOINT_URL", password)
    monkeypatch.setenv("PREFECT_API_URL", f"{password}/api")
    home = {"HOME": str(tmp_path)}
    source = site_file(tmp_path, password)
    for refused, call in (
        (StoreError, partial(open_store, "s3://bucket/p")),
        (StoreError, partial(open_store, "s3://me:canary@bucket/p")),
        (PrefectError, configured_api_url),
        (SettingsError, partial(Settings.from_environment, home | {"WARRAQ_CONTACT": password})),
        (SettingsError, partial(Settings.from_environment, home | {"WARRAQ_CONTACT": f"{password} or so"})),
        (SettingsError, partial(Settings.from_environment, home | {"WARRAQ_ROOT": f"gs{password[4:]}"})),
        (SourcesError, partial(load_sources, source)),
    ):
        with pytest.raises(refused) as raised:
            call()
        assert not holds_a_canary("".join(traceback.format_exception(raised.value)).encode()), call
    settings = Settings.from_environment(dict(os.environ) | home | {"WARRAQ_ROOT": "s3://me:canary@bucket/p"})
    assert not holds_a_canary(json.dumps(settings.describe()).encode())


def test_the_doctor_shows_no_secret(warraq: Command, tmp_path: Path) -> None:
    s3 = {"WARRAQ_ROOT": "s3://bucket/p", "AWS_REGION": "us-east-1", "WARRAQ_CONTACT": "me@example.org"}
    password = "http://me:canary@127.0.0.1:9"
    done = planted(warraq)("doctor", status=1, **s3, AWS_ENDPOINT_URL=password, PREFECT_API_URL=f"{password}/api")
    assert leaks(tmp_path, done.stdout, done.stderr) == []
    told = done.stdout.decode()
    assert told.count("fail ") == 2, "the store and Prefect"
    assert "warn  proxy: https_proxy: S3 and Prefect go through it, crawls do not" in told


def test_a_spider_is_given_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    script = "import json, os; print(json.dumps({'event': 'finished', 'environ': dict(os.environ)}))"
    command = (sys.executable, "-c", script)
    spool = Spool(tmp_path, "root", None, "site")
    with spool.begin("run1") as directory, SpiderProcess({}, directory, command=command) as spider:
        spider.wait()
    assert spider.finished is not None
    assert spider.finished["environ"]["PATH"] == os.environ["PATH"]
    assert not {*SECRETS, "NO_PROXY"} & set(spider.finished["environ"])
    assert not holds_a_canary(json.dumps(spider.finished).encode())


def test_what_a_child_without_credentials_is_given_is_named() -> None:
    kept = {"PATH": "/bin", "LC_ALL": "C", "WARRAQ_SPOOL": "/s", "PYTHONPATH": "p", "OMP_NUM_THREADS": "1"}
    assert bare_environment(kept | SECRETS | {"MY_PATH_TOKEN": "x", "DATABASE_URL": "x"}) == kept
