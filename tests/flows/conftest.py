from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slow_site import SlowSite
from warraq_command import SIX, Command, make_command


@pytest.fixture
def warraq(tmp_path: Path) -> Command:
    return make_command(tmp_path)


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Command, list[dict[str, Any]]]:
    """An archive of the six samples, and the reports of the crawl that made it. Do not change it."""
    command = make_command(tmp_path_factory.mktemp("crawled"))
    return command, command.crawl(*SIX)


@pytest.fixture
def slow_site(tmp_path: Path) -> Iterator[SlowSite]:
    with SlowSite(tmp_path / "slow.toml") as site:
        yield site
