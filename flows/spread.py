"""One flow run a source: what a flow run of several sources does on a deployment, so that workers share them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.runtime import deployment, flow_run

POLL = 5.0
"""Seconds between two looks at the runs."""


def on_a_deployment() -> bool:
    """Whether this flow run belongs to a deployment, of which there can be further runs."""
    return bool(deployment.id)


def spread(sources: Sequence[str], parameters: Mapping[str, Any], max_active: int) -> dict[str, State[Any]]:
    """Run this deployment once for each source, at most `max_active` at a time; how each run ended.

    The runs count as parts of this one and are cancelled with it. If this one is taken up again after its worker died,
    it finds them.
    """
    waiting = deque(sources)
    active: dict[str, UUID] = {}
    ended: dict[str, State[Any]] = {}
    with get_client(sync_client=True) as client:
        while waiting or active:
            while waiting and len(active) < max_active:
                source = waiting.popleft()
                run = run_deployment(
                    UUID(deployment.id),
                    parameters={**parameters, "sources": [source]},
                    timeout=0,
                    idempotency_key=f"{flow_run.id}-{source}",
                    tags=[source],
                )
                assert isinstance(run, FlowRun)  # noqa: S101 -- not a coroutine, in a flow that is none
                active[source] = run.id
            time.sleep(POLL)
            for source, run_id in list(active.items()):
                state = client.read_flow_run(run_id).state
                if state and state.is_final():
                    ended[source] = state
                    del active[source]
    return ended
