"""Scrapy settings of every crawl: who we are, how gently we ask, and what we refuse to swallow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from extract.directives import PRODUCT
from extract.types import Source
from spiders.replay import ReplayArchive, replaying

SOFTWARE = f"{PRODUCT}/{version('warraq')}"


class NoContactError(ValueError):
    """The live web is not crawled anonymously."""


def crawl_settings(
    source: Source,
    *,
    spool: Path,
    run_id: str,
    contact: str | None,
    warc_bytes: int,
    warc_seconds: int,
    index: Path | None = None,
    documents: Path | None = None,
    replay: ReplayArchive | None = None,
    allow: str = "",
    memory: int = 0,
    obey: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Settings for one crawl of one source.

    Args:
        source: what is crawled.
        spool: directory into which WARC files are written.
        run_id: names those files.
        contact: e-mail address or URL at which the site's operators reach whoever runs this; None only for a replay.
        warc_bytes: size at which a WARC file is finished and the next begun.
        warc_seconds: age at which it is.
        index: the archive's index; a response it holds the payload of is archived as a revisit.
        documents: directory that keeps the sitemaps, listings and the like that are read, and answers for them.
        replay: archive to answer from instead of the network; no request leaves the machine then.
        allow: addresses connected to though they are not public, as `spiders.egress.parse_allowance` reads them.
        memory: MiB that the process may take before it ends the crawl; 0: any.
        obey: what responses say for which their bodies are not archived: names of `extract.directives.OBEYABLE`.
        overrides: Scrapy settings that win over these; for tests.

    Raises:
        NoContactError: a live crawl without a usable contact.
    """
    settings = (
        COMMON
        | {
            "WARRAQ_SPOOL": str(spool),
            "WARRAQ_SOURCE": source.id,
            "WARRAQ_RUN_ID": run_id,
            "WARRAQ_WARC_BYTES": warc_bytes,
            "WARRAQ_WARC_SECONDS": warc_seconds,
            "WARRAQ_OPERATOR": contact or "",
            "WARRAQ_INDEX": index and str(index),
            "WARRAQ_PORTS": source.ports,
            "WARRAQ_ALLOW": allow,
            "WARRAQ_OBEY": list(obey),
            "WARRAQ_LIMITS": source.limits,
            "MEMUSAGE_LIMIT_MB": memory,
            "DOWNLOAD_TIMEOUT": source.limits.head_seconds,
        }
        | (_replayed(replay) if replay else _live(source, contact))
        | (_kept(documents) if documents else {})
    )
    return settings | dict(overrides or {})


COMMON: dict[str, Any] = {
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    "EXTENSIONS": {
        "spiders.capture.Capture": 0,
        "scrapy.extensions.throttle.AutoThrottle": None,
        "spiders.politeness.Hosts": 500,
        "scrapy.extensions.memusage.MemoryUsage": None,
        "spiders.memory.MemoryLimit": 0,
    },
    "MEMUSAGE_CHECK_INTERVAL_SECONDS": 1.0,
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        # An address is checked where we connect to it, which a proxy would hide; and we have no password to send.
        "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
        "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
        "spiders.robots.Robots": 100,
        "spiders.reservations.Reservations": 110,
        "spiders.politeness.LeaveAlone": 950,
        "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
        "spiders.decoding.Decoding": 590,
    },
    "ROBOTSTXT_OBEY": True,
    "WARRAQ_ROBOTS_SECONDS": 86400,  # RFC 9309, section 2.4
    # Only http and https, and both through a handler that leaves a `Wire` for the archive.
    "DOWNLOAD_HANDLERS": dict.fromkeys(("data", "file", "s3", "ftp")),
    "DOWNLOAD_FAIL_ON_DATALOSS": True,  # half a page is not archived as if it were whole
    "DOWNLOAD_VERIFY_CERTIFICATES": False,  # as archives do: an expired certificate is no reason to lose the page
    "RETRY_TIMES": 2,
    "RETRY_GIVE_UP_LOG_LEVEL": "WARNING",
    # Redirects, error pages and refreshes are pages to archive; the spider itself decides what to do about them.
    "HTTPERROR_ALLOW_ALL": True,
    "URLLENGTH_LIMIT": 0,  # the spider has one of its own, and says what it leaves out
    "METAREFRESH_ENABLED": False,
    "REDIRECT_MAX_TIMES": 5,
    "COOKIES_ENABLED": False,
    "REFERRER_POLICY": "no-referrer",
    # First found, first fetched: with Scrapy's stack the newest of a thousand pages would come last.
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "LOGSTATS_INTERVAL": 0,
    "STATS_DUMP": False,
    "LOG_INSTALL_ROOT_HANDLER": False,  # where the log goes is the business of who runs the crawl
}


def _live(source: Source, contact: str | None) -> dict[str, Any]:
    contact = (contact or "").strip()
    if not re.fullmatch(r"[^\s@()]+@[^\s@()]+\.[^\s@()]+|https?://[^\s()]+", contact):
        given = f"{contact!r} is neither an e-mail address nor a URL" if contact else "no contact address is set"
        raise NoContactError(
            f"Will not crawl {source.id} on the live web: {given}. Set WARRAQ_CONTACT to an e-mail address or a URL "
            "at which the site's operators can reach you; it is sent in the user agent."
        )
    handler = "spiders.wire.WireDownloadHandler"
    headers = {
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": f"{source.language},en;q=0.5",
        "Accept-Encoding": "gzip",  # every reader of the archive can undo it, which is not so of br and zstd
    }
    return {
        "USER_AGENT": f"{SOFTWARE} (+{contact})",
        "DEFAULT_REQUEST_HEADERS": headers | ({"From": contact} if "@" in contact else {}),
        "DOWNLOAD_HANDLERS": COMMON["DOWNLOAD_HANDLERS"] | {"http": handler, "https": handler},
        "CONCURRENT_REQUESTS": 4,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 2,
        "DOWNLOAD_DELAY": 0.5,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": 1.0,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
        "AUTOTHROTTLE_MAX_DELAY": 60.0,
    }


def _replayed(archive: ReplayArchive) -> dict[str, Any]:
    handler = replaying(archive)
    return {
        "USER_AGENT": SOFTWARE,
        "WARRAQ_REPLAY": True,
        "DOWNLOAD_HANDLERS": COMMON["DOWNLOAD_HANDLERS"] | {"http": handler, "https": handler},
        "CONCURRENT_REQUESTS": 1,  # one order, so that the same files give the same archive
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
    }


def _kept(documents: Path) -> dict[str, Any]:
    return {
        "HTTPCACHE_ENABLED": True,
        # Between HttpCompression, so that what is kept is decoded, and Retry.
        "DOWNLOADER_MIDDLEWARES": COMMON["DOWNLOADER_MIDDLEWARES"]
        | {"scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": 585},
        "HTTPCACHE_DIR": str(documents.absolute()),
        "HTTPCACHE_POLICY": "spiders.documents.DocumentsOnly",
        "HTTPCACHE_GZIP": True,  # a file that a killed process cut off cannot be read, and is taken for none
    }
