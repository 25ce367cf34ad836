"""All that is fuzzed, by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz import archives, documents, pages
from tests.fuzz.harness import Target

TARGETS: Mapping[str, Target] = {
    target.name: target for module in (pages, documents, archives) for target in module.TARGETS
}
