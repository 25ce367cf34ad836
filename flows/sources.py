"""Which sources are meant: by name, with the nearest names where one is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from extract.types import Source
from flows.settings import Settings
from spiders.sources import load_sources


class UnknownSourceError(Exception):
    """No source has this id; the message names near ones and says how to see all."""


def known_sources(settings: Settings) -> dict[str, Source]:
    """The built-in sources and the user's, by id.

    Raises:
        SourcesError: the user's file is malformed.
    """
    return load_sources(settings.sources_file)


def brands_of(settings: Settings) -> dict[str, frozenset[str]]:
    """Source id → names by which it calls itself.

    Raises:
        SourcesError: the user's file is malformed.
    """
    return {source.id: frozenset((source.name, *source.brands)) for source in known_sources(settings).values()}


def choose_sources(ids: Iterable[str], sources: Mapping[str, Source]) -> list[Source]:
    """The sources with these ids, in order, each once.

    Raises:
        UnknownSourceError: one of them is unknown.
    """
    chosen = []
    for source_id in dict.fromkeys(ids):
        if source_id not in sources:
            near = get_close_matches(source_id.lower(), sources, n=3, cutoff=0.5)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            raise UnknownSourceError(
                f"Unknown source {source_id!r}: {meant}`warraq sources` lists all; WARRAQ_SOURCES adds your own."
            )
        chosen.append(sources[source_id])
    return chosen
