"""Fixtures that more than one package's tests use: a real S3 server, and an environment without anybody's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
GATEWAY = REPOSITORY / "tests" / "ceph" / "gateway.sh"
LOOPBACK = "127.0.0.0/8:*,[::1]:*"
"""Where the sites of tests are; tests of what may be connected to allow less."""
SAMPLES = ("arabkhabar", "etemadonline", "jannah", "arabstoday", "tunisiatoday", "wordpress")
"""The sample sites, in the order their truth is stated for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait for servers come first: side by side with others (`--dist loadfile`) they take the longest."""
    slow = {item.path for item in items if item.get_closest_marker("prefect")}
    ceph = {item.path for item in items if "ceph" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: (item.path not in slow, item.path not in ceph))


@dataclass(frozen=True)
class Ceph:
    """A running gateway."""

    endpoint: str
    access_key: str
    secret_key: str
    stranger_access_key: str
    stranger_secret_key: str
    bucket: str


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see neither the settings nor the credentials of the person who runs them."""
    for name in list(os.environ):
        if name.startswith(("WARRAQ_", "AWS_", "PREFECT_")):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    for name, folder in {
        "HOME": "",
        "XDG_STATE_HOME": "state",
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "config",
    }.items():
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("WARRAQ_ALLOW_ADDRESSES", LOOPBACK)


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    """Ceph's S3 gateway on loopback, started once for all tests that need it."""
    missing = [name for name in ("ceph", "ceph-mon", "ceph-osd", "radosgw") if not shutil.which(name)]
    if missing:
        message = f"Ceph is not installed ({', '.join(missing)}); on Debian: ceph-mon ceph-osd radosgw ceph-common"
        if os.environ.get("CI"):
            pytest.fail(message + ". In CI these tests may not be skipped.")
        pytest.skip(message)
    directory = tmp_path_factory.mktemp("ceph") / "gateway"
    try:
        exported = _start_ceph(directory)
        yield Ceph(
            endpoint=exported["AWS_ENDPOINT_URL"],
            access_key=exported["AWS_ACCESS_KEY_ID"],
            secret_key=exported["AWS_SECRET_ACCESS_KEY"],
            stranger_access_key="strangeraccess",
            stranger_secret_key="strangersecret",
            bucket="warraq",
        )
    finally:
        subprocess.run([GATEWAY, "stop", directory], check=True, timeout=60)


def _start_ceph(directory: Path) -> dict[str, str]:
    """Start the gateway; its environment. On a busy machine its daemons may miss each other: it is tried twice."""
    command, environment = [GATEWAY, "start", directory], os.environ | {"PYTHON": sys.executable}
    problem = ""
    for _ in range(2):
        try:
            done = subprocess.run(
                command,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
                start_new_session=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            problem = f"{error}\n{error.stderr}"
            subprocess.run([GATEWAY, "stop", directory], check=True, timeout=60)
        else:
            return dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
    pytest.fail(f"Ceph did not start: {problem}")


@pytest.fixture
def s3_root(ceph: Ceph, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh `s3://bucket/prefix`, with the environment set for it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ceph.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ceph.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ceph.secret_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return f"s3://{ceph.bucket}/{uuid.uuid4().hex}"


@pytest.fixture(scope="session")
def sample_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A local archive made from all samples by the command itself. Copy it before changing anything in it."""
    root = tmp_path_factory.mktemp("sample-archive")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WARRAQ_", "PREFECT_"))}
    environment |= {"WARRAQ_ROOT": str(root / "archive"), "WARRAQ_SPOOL": str(root / "spool")}
    environment |= {"WARRAQ_CACHE": str(root / "cache")}
    command = [sys.executable, "-m", "flows.cli", "crawl", *SAMPLES, "--replay", str(REPOSITORY / "samples")]
    subprocess.run(command, cwd=root, env=environment | {"PYTHONPATH": str(REPOSITORY)}, check=True, timeout=300)
    return root / "archive"
