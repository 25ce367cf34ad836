"""What the environment decides, read once into a frozen value."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from archive.guarded.limits import PageLimits
from archive.store import S3Options
from archive.store.s3_options import ENCRYPTIONS
from extract.directives import OBEYABLE
from spiders.egress import AllowanceError, parse_allowance

DEFAULT_ROOT = "./warraq-archive"
"""Not `./archive`: in a checkout that is the package of this name."""


DEFAULT_OBEY = "noarchive,tdm"
"""docs/decisions.md says why."""


class SettingsError(Exception):
    """A variable of the environment holds something we cannot use; the message names it and says what it takes."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a command or a flow run takes from its environment."""

    root: str = DEFAULT_ROOT
    """`WARRAQ_ROOT`: the archive, `s3://bucket/prefix` or a local directory."""
    sources_file: Path | None = None
    """`WARRAQ_SOURCES`: TOML file with sources of the user's own."""
    contact: str | None = None
    """`WARRAQ_CONTACT`: e-mail address or URL for site operators, sent in the user agent."""
    spool: Path
    """`WARRAQ_SPOOL`: local directory where WARC files grow before they are stored; must outlive a crash."""
    cache: Path
    """`WARRAQ_CACHE`: local directory for the indexes of archives; may be deleted at any time."""
    allow_addresses: str = ""
    """`WARRAQ_ALLOW_ADDRESSES`: what is connected to though it is not public: `network[:ports],…`."""
    warc_bytes: int = 256 * 1024 * 1024
    """`WARRAQ_WARC_BYTES`: a WARC file is finished at this size."""
    warc_seconds: int = 600
    """`WARRAQ_WARC_SECONDS`: a WARC file is finished at this age."""
    timeout: int = 6 * 3600
    """`WARRAQ_TIMEOUT`: seconds after which the crawl of one source is stopped."""
    page_limits: PageLimits = field(default_factory=PageLimits)
    """`WARRAQ_PAGE_SECONDS` and `WARRAQ_PAGE_MEMORY`: what reading one page may take; `WARRAQ_OBEY`: what pages say
    for which they are not kept."""
    spider_memory: int = 640
    """`WARRAQ_SPIDER_MEMORY`: MiB of memory at which a spider ends its crawl."""
    task_runner: Literal["process", "ray"] = "process"
    """`WARRAQ_TASK_RUNNER`: who re-extracts: `process` on this machine, or `ray` (needs warraq[ray])."""
    prefect_api_url: str | None = None
    """`PREFECT_API_URL`: when set, crawls run as flow runs of that server."""
    s3: S3Options = field(default_factory=S3Options)
    """`WARRAQ_S3_…` and `WARRAQ_SINGLE_WRITER`: how objects are written to a bucket."""
    endpoint_url: str | None = None
    """`AWS_ENDPOINT_URL`, for display and to tell archives apart; boto3 reads it, and all credentials, itself."""
    aws: tuple[tuple[str, str], ...] = ()
    """The AWS variables that are set, masked, for display."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read and check the variables; an empty one counts as unset.

        Raises:
            SettingsError: a value cannot be used.
        """
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        sources_file = given.get("WARRAQ_SOURCES")
        if sources_file and not Path(sources_file).expanduser().is_file():
            raise SettingsError(
                f"WARRAQ_SOURCES={sources_file}: there is no such file; "
                "set it to a TOML file of sources, or unset it to use the built-in ones."
            )
        endpoint_url = given.get("AWS_ENDPOINT_URL_S3") or given.get("AWS_ENDPOINT_URL")
        return cls(
            root=_root(given.get("WARRAQ_ROOT", DEFAULT_ROOT)),
            sources_file=Path(sources_file).expanduser() if sources_file else None,
            contact=_contact(given.get("WARRAQ_CONTACT")),
            spool=_directory(given, "WARRAQ_SPOOL", "XDG_STATE_HOME", ".local/state", "spool"),
            cache=_directory(given, "WARRAQ_CACHE", "XDG_CACHE_HOME", ".cache"),
            allow_addresses=_allowance(given.get("WARRAQ_ALLOW_ADDRESSES", "")),
            warc_bytes=_positive(given, "WARRAQ_WARC_BYTES", cls.warc_bytes, "a size in bytes"),
            warc_seconds=_positive(given, "WARRAQ_WARC_SECONDS", cls.warc_seconds, "a time in seconds"),
            timeout=_positive(given, "WARRAQ_TIMEOUT", cls.timeout, "a time in seconds"),
            page_limits=PageLimits(
                seconds=_positive(given, "WARRAQ_PAGE_SECONDS", PageLimits.seconds, "a time in seconds"),
                memory=_positive(given, "WARRAQ_PAGE_MEMORY", PageLimits.memory, "a size in MiB"),
                obey=_obeyed(given.get("WARRAQ_OBEY", DEFAULT_OBEY)),
            ),
            spider_memory=_positive(given, "WARRAQ_SPIDER_MEMORY", cls.spider_memory, "a number of MiB"),
            task_runner=_task_runner(given.get("WARRAQ_TASK_RUNNER", cls.task_runner)),
            prefect_api_url=given.get("PREFECT_API_URL"),
            s3=_s3(given),
            endpoint_url=endpoint_url,
            aws=tuple((name, _masked(name, given[name])) for name in sorted(given) if name.startswith("AWS_")),
        )

    def describe(self) -> dict[str, str]:
        """Every setting by its variable's name, as people may see it: secrets masked."""
        shown = {
            "WARRAQ_ROOT": _without_password(self.root),
            "WARRAQ_SOURCES": str(self.sources_file or "(built-in sources only)"),
            "WARRAQ_CONTACT": self.contact or "(not set)",
            "WARRAQ_SPOOL": str(self.spool),
            "WARRAQ_CACHE": str(self.cache),
            "WARRAQ_ALLOW_ADDRESSES": self.allow_addresses or "(public ones only)",
            "WARRAQ_WARC_BYTES": str(self.warc_bytes),
            "WARRAQ_WARC_SECONDS": str(self.warc_seconds),
            "WARRAQ_TIMEOUT": str(self.timeout),
            "WARRAQ_OBEY": ",".join(self.page_limits.obey) or "nothing",
            "WARRAQ_PAGE_SECONDS": str(self.page_limits.seconds),
            "WARRAQ_PAGE_MEMORY": str(self.page_limits.memory),
            "WARRAQ_SPIDER_MEMORY": str(self.spider_memory),
            "WARRAQ_TASK_RUNNER": self.task_runner,
            "WARRAQ_S3_ENCRYPTION": self.s3.encryption or "(the bucket's default)",
            "WARRAQ_S3_KMS_KEY": self.s3.kms_key or "(the account's default)",
            "WARRAQ_S3_STORAGE_CLASS": self.s3.storage_class or "(the bucket's default)",
            "WARRAQ_S3_TAGS": ",".join("=".join(each) for each in self.s3.tags) or "(none)",
            "WARRAQ_S3_REQUESTER_PAYS": "1" if self.s3.requester_pays else "0",
            "WARRAQ_SINGLE_WRITER": "1" if self.s3.single_writer else "0",
            "PREFECT_API_URL": _without_password(self.prefect_api_url) if self.prefect_api_url else "(not set)",
        }
        return shown | dict(self.aws)


def _root(value: str) -> str:
    if "://" in value:
        parts = urlsplit(value)
        if parts.scheme != "s3" or not parts.netloc:
            raise SettingsError(
                f"WARRAQ_ROOT={_without_password(value)}: an archive is s3://bucket/prefix or a local directory."
            )
        return value.rstrip("/")
    path = Path(value).expanduser()
    if path.exists() and not path.is_dir():
        raise SettingsError(f"WARRAQ_ROOT={value}: this is a file; name a directory, or s3://bucket/prefix.")
    return str(path)


def _contact(value: str | None) -> str | None:
    if value and (any(c.isspace() or not c.isprintable() for c in value) or not ("@" in value or "://" in value)):
        raise SettingsError(
            f"WARRAQ_CONTACT={_without_password(value)!r}: give an e-mail address or a URL at which site operators "
            "reach you."
        )
    if value and re.match(r"\w+://[^/?#]*@", value):
        raise SettingsError(
            f"WARRAQ_CONTACT={_without_password(value)} holds a user name or a password, and every site is told it: "
            "take it out."
        )
    return value


def _allowance(value: str) -> str:
    try:
        parse_allowance(value)
    except AllowanceError as error:
        raise SettingsError(f"WARRAQ_ALLOW_ADDRESSES={value}: {error}.") from error
    return value


def _directory(given: Mapping[str, str], name: str, base: str, default: str, *below: str) -> Path:
    """The directory that is named, or ours in the base directory of the XDG specification."""
    if name in given:
        return Path(given[name]).expanduser().absolute()
    path = given.get(base)
    if path and not Path(path).is_absolute():
        path = None  # by the specification a relative path is to be ignored
    home = Path(given["HOME"]) if "HOME" in given else Path.home()
    return (Path(path) if path else home / default).joinpath("warraq", *below)


def _positive(given: Mapping[str, str], name: str, default: int, what: str) -> int:
    value = given.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise SettingsError(f"{name}={value}: expected {what}, a whole number above 0 (default {default}).")
    return int(value)


def _obeyed(value: str) -> tuple[str, ...]:
    named = {name for part in value.split(",") if (name := part.strip().lower())}
    if named == {"nothing"}:
        return ()
    if unknown := named - OBEYABLE.keys():
        raise SettingsError(
            f"WARRAQ_OBEY={value}: {', '.join(sorted(unknown))} cannot be obeyed; expected {', '.join(OBEYABLE)}, "
            "several with commas between, or nothing."
        )
    return tuple(sorted(named))


def _task_runner(value: str) -> Literal["process", "ray"]:
    if value not in ("process", "ray"):
        raise SettingsError(f"WARRAQ_TASK_RUNNER={value}: expected process or ray.")
    return "ray" if value == "ray" else "process"


def _s3(given: Mapping[str, str]) -> S3Options:
    encryption = given.get("WARRAQ_S3_ENCRYPTION")
    if encryption not in (None, *ENCRYPTIONS):
        raise SettingsError(f"WARRAQ_S3_ENCRYPTION={encryption}: expected {' or '.join(ENCRYPTIONS)}.")
    kms_key = given.get("WARRAQ_S3_KMS_KEY")
    if kms_key and encryption != "aws:kms":
        raise SettingsError("WARRAQ_S3_KMS_KEY is set: it is used with WARRAQ_S3_ENCRYPTION=aws:kms only.")
    tags = [tuple(part.strip() for part in tag.split("=", 1)) for tag in given.get("WARRAQ_S3_TAGS", "").split(",")]
    pairs = tuple((tag[0], tag[1]) for tag in tags if len(tag) == 2 and tag[0])
    if "WARRAQ_S3_TAGS" in given and (len(pairs) != len(tags) or len(pairs) > 10):
        raise SettingsError(f"WARRAQ_S3_TAGS={given['WARRAQ_S3_TAGS']}: expected name=value,name=value, at most ten.")
    return S3Options(
        encryption=encryption,
        kms_key=kms_key,
        storage_class=given.get("WARRAQ_S3_STORAGE_CLASS"),
        tags=pairs,
        requester_pays=_switch(given, "WARRAQ_S3_REQUESTER_PAYS"),
        single_writer=_switch(given, "WARRAQ_SINGLE_WRITER"),
    )


def _switch(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "0")
    if value not in ("0", "1"):
        raise SettingsError(f"{name}={value}: expected 1 or 0.")
    return value == "1"


def _masked(name: str, value: str) -> str:
    if name == "AWS_ACCESS_KEY_ID":
        return f"{value[:4]}…(set)"
    if any(word in name for word in ("SECRET", "TOKEN", "PASSWORD", "KEY", "CREDENTIAL")):
        return "(set)"
    return _without_password(value)


def _without_password(value: str) -> str:
    """A URL without what stands before its last @; other text as it is."""
    return re.sub(r"(?<=://).*@", "***@", value, flags=re.DOTALL)
