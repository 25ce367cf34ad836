"""What long tests count, and how it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """What came of the rounds of one test."""

    test: str
    store: str
    rounds: int = 0
    kills: int = 0
    """Of processes that were at work."""
    lost: int = 0
    """Rows of captures and records that should be there and are not."""
    twice: int = 0
    """Rows that should not be there."""
    problems: list[str] = field(default_factory=list)
    """Findings of `verify`, and whatever else went wrong."""
    seconds: float = 0.0
    note: str = ""
    """Further figures."""

    @property
    def right(self) -> bool:
        return not self.problems

    def compare(self, found: Counter[Any], expected: Counter[Any]) -> None:
        """Count the rows that are not there, and those that should not be."""
        if lost := expected - found:
            self.lost += lost.total()
            self.problems.append(f"{lost.total()} rows lost, such as {next(iter(lost))}"[:500])
        if twice := found - expected:
            self.twice += twice.total()
            self.problems.append(f"{twice.total()} rows too many, such as {next(iter(twice))}"[:500])

    def add(self, other: Tally) -> None:
        """Count the rounds of another in."""
        self.rounds += other.rounds
        self.kills += other.kills
        self.lost += other.lost
        self.twice += other.twice
        self.problems += other.problems

    def progress(self) -> str:
        """One line for people."""
        wrong = f"{len(self.problems)} PROBLEMS" if self.problems else "all right"
        return f"{self.test} ({self.store}): {self.rounds} rounds, {self.kills} kills, {wrong}"


def table(tallies: Iterable[Tally]) -> str:
    """A table in Markdown."""
    names = ("test", "store", "rounds", "kills", "lost", "twice", "other problems", "seconds", "")
    rows = [names, ("-",) * len(names), *map(_row, tallies)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(tally: Tally) -> Sequence[str]:
    others = sum(" rows " not in problem for problem in tally.problems)
    counts = (tally.rounds, tally.kills, tally.lost, tally.twice, others, round(tally.seconds))
    return (tally.test, tally.store, *map(str, counts), tally.note)
