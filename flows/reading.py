"""Opening an archive that is to be read, not written."""

from __future__ import annotations

from archive.keys import warc_prefix
from archive.store import Store, open_store
from flows.failures import InputError
from flows.settings import Settings


def archive_at(settings: Settings) -> Store:
    """The archive that the settings name.

    Raises:
        InputError: nothing was ever archived there; a mistyped root would otherwise look like an empty archive.
    """
    store = open_store(settings.root, settings.s3)
    if next(iter(store.list(warc_prefix())), None) is None:
        raise InputError(f"There is no archive at {store.root}: correct WARRAQ_ROOT, or fill it with `warraq crawl`")
    return store
