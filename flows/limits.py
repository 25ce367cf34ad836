"""One crawl of a source at a time on all machines, and what Prefect is told only if it can be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists

from flows.server import PrefectError

LEASE = 90.0
"""Seconds after which the turn of a worker that died is given to another."""


@contextmanager
def turn(what: str) -> Iterator[None]:
    """The turn to do something, `crawl-isna` for example: a global concurrency limit of one, made when needed.

    Without Prefect's API nobody can give turns, nor start another run: the run goes on, in the machine's own turn.
    """
    name = f"warraq-{what}"
    held = concurrency(name, lease_duration=LEASE, raise_on_lease_renewal_failure=False)
    taken = False
    with told("take a turn"):
        with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
            client.upsert_global_concurrency_limit_by_name(name, 1)
        held.__enter__()
        taken = True
    try:
        yield
    finally:
        if taken:
            with told("give the turn back"):
                held.__exit__(None, None, None)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Within, Prefect is told something that a run does not depend on: where that fails, the log says so."""
    try:
        yield
    except Exception as error:
        get_run_logger().warning("Could not %s: %s: %s", what, type(error).__name__, error)


def check_api() -> None:
    """Make sure that Prefect's API answers.

    Raises:
        PrefectError: it does not.
    """
    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
        if error is not None:
            raise PrefectError(
                f"Prefect's API at {client.api_url} cannot be reached ({type(error).__name__}: {error}); start it with "
                "`prefect server start`, correct PREFECT_API_URL, or unset it to crawl without a server."
            )
