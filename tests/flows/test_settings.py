from __future__ import annotations

from pathlib import Path

import pytest

from flows.settings import Settings, SettingsError


def settings(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_environment({"HOME": str(tmp_path), **environ})


def test_the_spool_is_in_the_users_state_directory(tmp_path: Path) -> None:
    assert settings(tmp_path).spool == tmp_path / ".local/state/warraq/spool"
    assert settings(tmp_path, XDG_STATE_HOME=str(tmp_path / "x")).spool == tmp_path / "x/warraq/spool"
    assert settings(tmp_path, XDG_STATE_HOME="relative").spool == tmp_path / ".local/state/warraq/spool"
    assert settings(tmp_path, WARRAQ_SPOOL="/var/spool/w").spool == Path("/var/spool/w")


def test_the_cache_is_in_the_users_cache_directory(tmp_path: Path) -> None:
    assert settings(tmp_path).cache == tmp_path / ".cache/warraq"
    assert settings(tmp_path, XDG_CACHE_HOME=str(tmp_path / "x")).cache == tmp_path / "x/warraq"
    assert settings(tmp_path, WARRAQ_CACHE="~").cache.is_absolute()


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert settings(tmp_path, WARRAQ_ROOT="", WARRAQ_TIMEOUT=" ") == settings(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WARRAQ_WARC_BYTES", "256MB"),
        ("WARRAQ_WARC_SECONDS", "0"),
        ("WARRAQ_TIMEOUT", "-1"),
        ("WARRAQ_TIMEOUT", "١٢"),
        ("WARRAQ_ROOT", "gs://bucket/x"),
        ("WARRAQ_ROOT", "s3://"),
        ("WARRAQ_ROOT", __file__),
        ("WARRAQ_CONTACT", "me"),
        ("WARRAQ_CONTACT", "me@example.org\r\nX-Header: 1"),
        ("WARRAQ_SOURCES", "/no/such/file.toml"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        settings(tmp_path, **{name: value})


def test_secrets_are_masked(tmp_path: Path) -> None:
    described = settings(
        tmp_path,
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI",
        AWS_SESSION_TOKEN="FwoGZXIvYXdzE",
        AWS_ENDPOINT_URL="https://me:hush@s3.example:9000",
        PREFECT_API_URL="https://me:hush@prefect.example/api",
    ).describe()
    assert described["AWS_ACCESS_KEY_ID"] == "AKIA…(set)"
    shown = " ".join(described.values())
    for secret in ("IOSFODNN7", "wJalr", "FwoG", "hush"):
        assert secret not in shown


def test_a_root_with_a_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, WARRAQ_ROOT="gs://key:hush@bucket")
    assert "hush" not in str(refused.value)
