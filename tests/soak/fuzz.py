"""A million inputs made of seeds, each read by a process whose time and memory are watched.

What an input did is a finding if it raised what its target does not state, took more than a second of CPU, took more
memory than its target may, or ended the process. A finding is saved with the command that repeats it.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from tests.fuzz.harness import SLOW, Target, input_of
from tests.soak.tally import Tally, table

_STUCK = 20
"""Seconds of CPU after which a process that reads one input is ended."""
_BATCH = 2000
_ENOUGH = 40
"""Findings, the same ones again counted, after which a target's other inputs are left."""
_EVERY = 15  # seconds between two lines of progress
_SPARE = 1 << 30
"""Bytes of address space beyond what the target may take, before allocation fails."""
_FORK = multiprocessing.get_context("fork")  # targets and seeds are there at once


@dataclass
class _Score:
    """What came of one target's inputs."""

    target: Target
    inputs: int = 0
    size: int = 0
    seconds: float = 0.0
    slowest: tuple[float, int] = (0.0, 0)
    """Seconds of CPU, and the input's number."""
    largest: tuple[int, int] = (0, 0)
    """Bytes by which the process grew, likewise."""
    findings: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def take(self, other: dict[str, Any]) -> None:
        self.inputs += other["inputs"]
        self.size += other["size"]
        self.seconds += other["seconds"]
        self.slowest = max(self.slowest, other["slowest"])
        self.largest = max(self.largest, other["largest"])

    def tally(self) -> Tally:
        rate = self.inputs / self.seconds if self.seconds else 0.0
        note = (
            f"{self.inputs} inputs of {self.size // max(1, self.inputs)} bytes, {rate:.0f} a second of CPU; "
            f"slowest {self.slowest[0]:.3f} s (number {self.slowest[1]}), "
            f"largest {self.largest[0] / (1 << 20):.0f} MiB (number {self.largest[1]})"
        )
        return Tally(
            f"fuzz {self.target.name}", "-", self.inputs, problems=self.findings, seconds=self.seconds, note=note
        )


def fuzz(
    targets: Sequence[Target], *, inputs: int, seed: int, jobs: int, only: int | None, findings: Path
) -> Iterator[Tally]:
    """A tally for each target.

    Args:
        targets: what is fuzzed; each gets the same number of inputs.
        inputs: in all.
        seed: of the inputs.
        jobs: processes at once.
        only: number of the one input to be tried; None: all.
        findings: directory for inputs that found something.
    """
    each = range(only, only + 1) if only is not None else range(-(-inputs // len(targets)))
    scores = {target.name: _Score(target) for target in targets}
    waiting = deque((target, each[at : at + _BATCH]) for at in range(0, len(each), _BATCH) for target in targets)
    running: dict[Connection, tuple[Any, Target, range, Any]] = {}
    said = time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                target, numbers = waiting.popleft()
                if scores[target.name].kinds.total() >= _ENOUGH:
                    continue
                at = _FORK.Value("q", numbers.start)
                here, there = _FORK.Pipe(duplex=False)
                process = _FORK.Process(target=_work, args=(there, at, target, seed, numbers), daemon=True)
                process.start()
                there.close()
                running[here] = process, target, numbers, at
            for pipe in wait(list(running), timeout=1):
                process, target, numbers, at = running[pipe]  # type: ignore[index]
                score = scores[target.name]
                try:
                    message = pipe.recv()  # type: ignore[union-attr]
                except EOFError:
                    del running[pipe]  # type: ignore[arg-type]
                    process.join()
                    if process.exitcode:
                        hung = process.exitcode == -signal.SIGXCPU
                        what = f"took {_STUCK} s of CPU" if hung else f"ended the process with {process.exitcode}"
                        _note(score, what, what, at.value, seed, findings)
                    if at.value + 1 < numbers.stop:
                        waiting.appendleft((target, range(at.value + 1, numbers.stop)))
                    continue
                if "found" in message:
                    _note(score, *message["found"], seed, findings)
                else:
                    score.take(message)
            if time.monotonic() - said > _EVERY:
                said = time.monotonic()
                done = sum(score.inputs for score in scores.values())
                found = sum(len(score.findings) for score in scores.values())
                print(f"fuzz: {done} inputs of {len(each) * len(targets)}, {found} findings", flush=True)
    except BaseException:  # Ctrl-C: what was tried until then counts
        print(table(score.tally() for score in scores.values()), flush=True)
        raise
    finally:
        for process, *_ in running.values():
            process.kill()
    for score in scores.values():
        yield score.tally()


def _note(score: _Score, kind: str, detail: str, number: int, seed: int, findings: Path) -> None:
    """Save a finding; of a kind the first alone."""
    score.kinds[kind] += 1
    if score.kinds[kind] > 1:
        return
    name = score.target.name
    command = f"python -m tests.soak fuzz --target {name} --seed {seed} --number {number}"
    findings.mkdir(parents=True, exist_ok=True)
    path = findings / f"{name}-{seed}-{number}"
    path.with_suffix(".bin").write_bytes(input_of(score.target, seed, number))
    path.with_suffix(".txt").write_text(f"{command}\n\n{detail}\n", encoding="utf-8")
    score.findings.append(f"{kind} ({path}.bin)")
    print(f"FOUND: {name}: {kind}\n  {command}", flush=True)


def _work(pipe: Connection, at: Any, target: Target, seed: int, numbers: range) -> None:
    """Try inputs, and tell what came of them; ends early after one that took more memory than it may."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.nice(5)
    limit = target.memory << 20
    space = _pages(0) + limit + _SPARE
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    nothing: dict[str, Any] = {"inputs": 0, "size": 0, "seconds": 0.0, "slowest": (0.0, 0), "largest": (0, 0)}
    tried = dict(nothing)
    before = _peak()
    for number in numbers:
        data = input_of(target, seed, number)
        at.value = number
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + _STUCK, hard))
        seconds = 0.0
        began = time.process_time()
        try:
            seconds = target.check(data)
        except Exception as error:
            seconds = time.process_time() - began
            where = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
            pipe.send({"found": (kind, traceback.format_exc(), number)})
        if seconds > SLOW:
            pipe.send({"found": ("slow", f"{seconds:.1f} s of CPU for {len(data)} bytes", number)})
        if tried["seconds"] > 1 or tried["inputs"] >= _BATCH // 4:
            pipe.send(tried)
            tried = dict(nothing)
        tried["inputs"] += 1
        tried["size"] += len(data)
        tried["seconds"] += seconds
        tried["slowest"] = max(tried["slowest"], (seconds, number))
        if (now := _peak()) > before:
            tried["largest"] = max(tried["largest"], (now - before, number))
            if now - before > limit:
                grown = f"{(now - before) >> 20} MiB for {len(data)} bytes"
                pipe.send({"found": ("memory", grown, number)})
                break
            before = now if now - before < limit // 8 else before
    pipe.send(tried)
    pipe.close()
    os._exit(0)


def _peak() -> int:
    """Most bytes of memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _pages(field: int) -> int:
    """A size of this process in bytes: 0 of its address space, 1 of what is in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[field]) * resource.getpagesize()
