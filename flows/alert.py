"""A source needs a look: the flow that Prefect runs when `flows.events` says so, and what it tells whom."""

from __future__ import annotations

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.variables import Variable
from pydantic import Field

from extract.escaping import escaped

BLOCK = "warraq_alert_block"
"""Name of the Prefect variable that names the block."""


@flow(name="alert", flow_run_name="{source}-{verdict}", persist_result=False)
async def alert(
    source: Annotated[str, Field(min_length=1, description="Id of the source.")],
    verdict: Annotated[str, Field(min_length=1, description="How it stands, in the words of `warraq coverage`.")],
    days: Annotated[str, Field(description="The days that are concerned.")] = "",
    why: Annotated[str, Field(description="What was seen.")] = "",
    mend: Annotated[str, Field(description="The command that would mend it.")] = "",
) -> State[None]:
    """Tell people by the notification block that a variable names; where none does, by a run that fails."""
    said = escaped(f"{source} {days}: {verdict}, {why}. To mend it: {mend}")
    get_run_logger().warning(said)
    name = await Variable.aget(BLOCK)
    if not name:
        return Failed(message=f"{said} (Variable {BLOCK} names no block to tell it by.)")
    block: object = await Block.aload(str(name))
    if not isinstance(block, NotificationBlock):
        return Failed(message=f"{said} (Block {name} cannot notify.)")
    await block.notify(said, subject=f"Warraq: {source} is {verdict}")
    return Completed(message=f"{name} was told: {said}")
