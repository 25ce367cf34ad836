"""What one page may take to be read, and the refusal of one that takes more."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from extract.types import Reason, Rejection

OUT_OF_MEMORY = 77
"""Exit status of a child to which memory was refused."""
OVERTIME = signal.SIGPROF
"""The signal that ends a child whose processor time for a page is over."""


@dataclass(frozen=True, kw_only=True)
class PageLimits:
    """What reading one page may take."""

    seconds: int = 20
    """Of processor time: a machine that is busy, or asleep, refuses no good page."""
    memory: int = 512
    """MiB of address space above what the process has when it starts."""
    obey: tuple[str, ...] = ()
    """What pages say for which their texts are not kept, sorted: names of `extract.directives.OBEYABLE`."""

    @property
    def patience(self) -> float:
        """Seconds by the clock without a sign of life, after which a child is given up: it waits for nothing."""
        return max(60.0, 30.0 * self.seconds)

    def refusal(self, status: int) -> Rejection:
        """Why a page is refused over which the child ended with this status, or by this signal where it is negative."""
        if status == -OVERTIME:
            return Rejection(
                reason=Reason.TIMED_OUT,
                detail=f"Reading the page took more than {self.seconds} s of processor time; to have it read, set "
                "WARRAQ_PAGE_SECONDS higher and re-extract.",
            )
        if status == OUT_OF_MEMORY:
            return Rejection(
                reason=Reason.TOO_LARGE,
                detail=f"Reading the page took more than {self.memory} MiB of memory; to have it read, set "
                "WARRAQ_PAGE_MEMORY higher and re-extract.",
            )
        ended = f"was ended by {_name(-status)}" if status < 0 else f"ended with status {status}"
        return Rejection(reason=Reason.FAILED, detail=f"The process that read the page {ended}.")

    @property
    def stuck(self) -> Rejection:
        """Why a page is refused over which the child does nothing any more."""
        return Rejection(
            reason=Reason.TIMED_OUT,
            detail=f"Reading the page did not end within {self.patience:.0f} s by the clock; re-extract to have it "
            "read again.",
        )

    def nonsense(self, error: Exception) -> Rejection:
        """Why a page is refused over which the child said what cannot be used."""
        return Rejection(
            reason=Reason.FAILED, detail=f"The process that read the page gave no usable answer: {error}"[:500]
        )


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
