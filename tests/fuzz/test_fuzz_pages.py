"""Nothing that reads pages breaks down on what is made of pages; a few inputs each, always the same."""

import pytest

from tests.fuzz.harness import Target, holds
from tests.fuzz.pages import TARGETS


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_breaks_it(target: Target) -> None:
    holds(target)
