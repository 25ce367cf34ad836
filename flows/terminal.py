"""What a person sees of runs: a live line while one works, a table when all have ended."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from extract.escaping import escaped
from extract.types import Source
from flows.console import console, shown
from flows.partitions import Ended, File, Partition
from flows.progress import Progress
from flows.report import OUTCOMES, RunReport, Status


class Terminal:
    """A `Listener` that draws on standard error, if that is a terminal, and collects the reports."""

    def __init__(self) -> None:
        self.reports: list[RunReport] = []
        self.partitions: list[Ended] = []
        self._console = console(stderr=True)
        self._live = Live(console=self._console, transient=True, auto_refresh=True, refresh_per_second=8)
        self._spinner = Spinner("dots")
        self._last: Progress | None = None
        self._partition = ""
        self._read = 0
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def waiting(self, for_what: str) -> None:
        """See `Listener`; also what is waited for before the first run."""
        self._draw(for_what)

    def progress(self, progress: Progress) -> None:
        """See `Listener`."""
        if self._last is None or self._last.source != progress.source:
            self._began = time.monotonic()
        self._last = progress
        self._read = 0
        self._show()

    def page(self, url: str) -> None:  # noqa: ARG002
        """See `Listener`."""
        self._read += 1
        self._show()

    def finished(self, report: RunReport) -> None:
        """See `Listener`."""
        self.reports.append(report)
        self._last = None

    def began(self, partition: Partition | File, number: int, of: int) -> None:
        """See `Listener`."""
        self._partition = f" {partition.span} ({number} of {of})"

    def ended(self, ended: Ended) -> None:
        """See `Listener`."""
        self.partitions.append(ended)

    def _show(self) -> None:
        if self._last is None:
            return
        judged = self._last.outcomes
        counts = " ".join(f"{outcome} {judged[outcome]}" for outcome in OUTCOMES if judged.get(outcome))
        pages = f" (page {self._read})" if self._read else ""
        seconds = time.monotonic() - self._began
        what = self._last.source + self._partition
        self._draw(
            f"{what}: discovered {self._last.discovered} · fetched {self._last.fetched} · "
            f"{readable_bytes(self._last.bytes)} · {counts or 'nothing judged yet'} · {seconds:.0f} s · "
            f"{self._last.stage}{pages}"
        )

    def _draw(self, text: str) -> None:
        line = Table.grid(padding=(0, 1))
        line.add_column(min_width=1, no_wrap=True)
        line.add_column(no_wrap=True, overflow="ellipsis")
        line.add_row(self._spinner, shown(text))
        self._live.update(line)


_HEADS = {
    "source": ("source", "source"),
    "discovered": ("discovered", "dis-\ncovered"),
    "fetched": ("fetched", "fetch-\ned"),
    "new": ("new", "new"),
    "revision": ("revision", "revi-\nsion"),
    "unchanged": ("unchanged", "un-\nchanged"),
    "exact_duplicate": ("exact\nduplicate", "exact\ndupl."),
    "near_duplicate": ("near\nduplicate", "near\ndupl."),
    "rejected": ("rejected", "re-\njected"),
    "support": ("support", "sup-\nport"),
    "bytes": ("bytes", "bytes"),
    "seconds": ("seconds", "sec."),
}


def print_reports(reports: Sequence[RunReport]) -> None:
    """The table of runs on standard output, and below it, on standard error, what went wrong in them."""
    out = console(piped=120)
    wide = out.width >= 110
    table = Table(box=None, padding=(0, 1 if wide else 0, 0, 1), pad_edge=False, header_style="bold")
    for name, (long, short) in _HEADS.items():
        left = name == "source"
        table.add_column(long if wide else short, justify="left" if left else "right", no_wrap=True, vertical="bottom")
    for report in reports:
        row = report.row()
        style = None if report.ok else "red"
        table.add_row(*(_cell(name, row[name]) for name in _HEADS), style=style)
    if len(reports) > 1:
        total: Counter[str] = Counter()
        for report in reports:
            total.update({name: value for name, value in report.row().items() if not isinstance(value, str)})
        table.add_row(*("total" if name == "source" else _cell(name, total[name]) for name in _HEADS), style="bold")
    out.print(table)
    sys.stdout.flush()
    for report in reports:
        for sentence in _remarks(report):
            print(escaped(f"{report.source}: {sentence}"), file=sys.stderr)  # noqa: T201


def _remarks(report: RunReport) -> list[str]:
    remarks = []
    if report.recovered:
        counts = ", ".join(f"{n} {outcome}" for outcome, n in report.recovered_outcomes.items())
        remarks.append(f"took up {len(report.recovered)} WARC file(s) of an earlier run: {counts}")
    if report.status is not Status.COMPLETED:
        remarks.append(f"{report.status}: {report.problem}")
    return [*remarks, *report.errors]


def _cell(name: str, value: object) -> str:
    if name == "bytes" and isinstance(value, int):
        return readable_bytes(value)
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def readable_bytes(count: float) -> str:
    """A number of bytes in decimal units, three digits: `1.23 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


_EVIDENCE = {
    "recorded": "recorded pages",
    "replica": "replica pages, rebuilt from facts",
    "none": "not verified",
}


def print_sources(sources: Sequence[Source]) -> None:
    """A line a source."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for head in ("id", "name", "language", "family", "verified by", "domains"):
        table.add_column(head)
    for source in sources:
        evidence = _EVIDENCE[source.evidence]
        domains = ", ".join(source.domains)
        cells = (source.id, source.name, source.language, source.family or "–", evidence, domains)
        table.add_row(*map(shown, cells))
    console(piped=160).print(table)


def print_source(source: Source) -> None:
    """All fields of a source that say something."""
    out = console(soft_wrap=True)
    for field in fields(source):
        value = getattr(source, field.name)
        values = value if isinstance(value, tuple) else (value,)
        items = [_EVIDENCE.get(str(item), str(item)) if field.name == "evidence" else str(item) for item in values]
        for number, item in enumerate(items):
            if item not in ("", "None"):
                out.print(shown(f"{'' if number else field.name:10} {item}"))
