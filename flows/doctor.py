"""`warraq doctor`: whether everything a crawl needs is in order here, and what to do where it is not."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from archive.store import Store, StoreError, open_store
from archive.store.probe import Check, probe
from extract.escaping import safe_json
from flows.console import console, shown
from flows.failures import Exit
from flows.server import PrefectError, configured_api_url
from flows.settings import Settings
from flows.sources import known_sources
from spiders.sources import BUILT_IN, SourcesError

_MARK = {"ok": "green", "warn": "yellow", "fail": "red"}


def examine(environ: Mapping[str, str], *, as_json: bool) -> Exit:
    """Print the settings and each check as it is done; `FAILED` if one fails.

    Raises:
        SettingsError: the settings themselves are wrong.
    """
    settings = Settings.from_environment(environ)
    checks = []
    if as_json:
        checks = list(_checks(settings, environ))
        answer = {"settings": settings.describe(), "checks": [asdict(check) for check in checks]}
        sys.stdout.write(safe_json(answer, indent=2) + "\n")
    else:
        out = console(soft_wrap=True)
        for name, value in settings.describe().items():
            out.print(shown(f"{name:24} {value}"))
        out.print()
        for check in _checks(settings, environ):
            checks.append(check)
            out.print(shown(f"{check.result:5}", _MARK[check.result]), shown(f"{check.name}: {check.detail}"))
    return Exit.FAILED if any(check.result == "fail" for check in checks) else Exit.OK


def _checks(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    yield _contact(settings)
    yield _sources(settings)
    yield _addresses(settings)
    yield from _proxies(environ)
    yield _spool(settings.spool, 2 * settings.warc_bytes)
    yield _cache(settings.cache)
    yield from _store(settings)
    yield _prefect(environ)


def _contact(settings: Settings) -> Check:
    if settings.contact:
        return Check(name="contact", result="ok", detail=settings.contact)
    advice = "not set; live crawls are refused until WARRAQ_CONTACT is an e-mail address or URL of yours"
    return Check(name="contact", result="warn", detail=advice)


def _sources(settings: Settings) -> Check:
    try:
        count = len(known_sources(settings))
    except SourcesError as error:
        return Check(name="sources", result="fail", detail=str(error))
    own = f", {count - len(BUILT_IN)} more with {settings.sources_file}" if settings.sources_file else ""
    return Check(name="sources", result="ok", detail=f"{len(BUILT_IN)} built-in{own}")


def _addresses(settings: Settings) -> Check:
    if settings.allow_addresses:
        detail = f"beside public hosts, crawls connect to {settings.allow_addresses}, whoever links there"
        return Check(name="addresses", result="warn", detail=detail)
    return Check(name="addresses", result="ok", detail="crawls connect to public hosts only")


def _proxies(environ: Mapping[str, str]) -> Iterator[Check]:
    names = [name for name in environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy") and environ[name]]
    if names:
        detail = (
            f"{', '.join(sorted(names))}: S3 and Prefect go through it, crawls do not, as they check each address that "
            "they connect to; let this machine reach the sites itself"
        )
        yield Check(name="proxy", result="warn", detail=detail)


def _spool(spool: Path, wanted: int) -> Check:
    try:
        free = _written_to(spool)
    except OSError as error:
        advice = f"{spool} cannot be written ({error.strerror}); set WARRAQ_SPOOL to a directory that can"
        return Check(name="spool", result="fail", detail=advice)
    if free < wanted:
        advice = f"{free >> 20} MiB free, two WARC files take {wanted >> 20} MiB: free some, or lower WARRAQ_WARC_BYTES"
        return Check(name="spool", result="warn", detail=advice)
    return Check(name="spool", result="ok", detail=f"{spool} can be written, {free >> 20} MiB free")


def _cache(cache: Path) -> Check:
    try:
        free = _written_to(cache)
    except OSError as error:
        advice = (
            f"{cache} cannot be written ({error.strerror}), so each run reads the tables anew; set WARRAQ_CACHE to a "
            "directory that can"
        )
        return Check(name="cache", result="warn", detail=advice)
    return Check(name="cache", result="ok", detail=f"{cache} can be written, {free >> 20} MiB free")


def _written_to(directory: Path) -> int:
    """Write a probe into the directory, which is made; the bytes that are free there."""
    directory.mkdir(parents=True, exist_ok=True)
    probe = directory / f".probe-{secrets.token_hex(4)}"
    probe.write_bytes(b"probe")
    probe.unlink()
    return shutil.disk_usage(directory).free


def _store(settings: Settings) -> Iterator[Check]:
    try:
        store = open_store(settings.root, settings.s3)
        if settings.root.startswith("s3://"):
            yield _credentials(store)
        if settings.s3.single_writer:
            detail = "declared by WARRAQ_SINGLE_WRITER: objects are created unconditionally, never run two at once"
            yield Check(name="single writer", result="warn", detail=detail)
        yield from probe(store)
    except StoreError as error:
        yield Check(name="store", result="fail", detail=str(error))


def _credentials(store: Store) -> Check:
    key = store.table_options().get("AWS_ACCESS_KEY_ID", "")
    return Check(name="credentials", result="ok", detail=f"found by boto3, access key {key[:4]}…")


def _prefect(environ: Mapping[str, str]) -> Check:
    try:
        url = configured_api_url(environ)
        if not url:
            detail = "no server configured; crawls run without one, or with --prefect on an embedded one"
            return Check(name="prefect", result="ok", detail=detail)
        from flows.limits import check_api

        check_api()
    except PrefectError as error:
        return Check(name="prefect", result="fail", detail=str(error))
    return Check(name="prefect", result="ok", detail=f"the API at {url} answers")
