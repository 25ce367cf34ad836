"""Nothing that reads WARC files breaks down on what is made of them; a few inputs each, always the same."""

import pytest

from tests.fuzz.archives import TARGETS
from tests.fuzz.harness import Target, holds


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_breaks_it(target: Target) -> None:
    holds(target)
