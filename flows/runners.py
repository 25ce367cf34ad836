"""Who does the work of a re-extraction: a pool of processes, or Ray. Neither needs Prefect."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol, TypeVar

from flows.failures import InputError, UsageError
from flows.rereading import one_thread_each

Job = TypeVar("Job")
Done = TypeVar("Done")
Kind = Literal["process", "ray"]

_AHEAD = 2  # jobs handed out for each worker: the next waits beside it


class Runner(Protocol):
    """Does jobs side by side."""

    def run(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """What comes of each job, in the order in which they end.

        Jobs are handed out as workers become free. Left early, be it by an error of a job, no further job is begun,
        and those at work are given up.
        """


def runner(kind: Kind, workers: int | None) -> Runner:
    """The runner of this kind, with so many workers; None: one for each core (of Ray's cluster, if there is one).

    Raises:
        UsageError: Ray is not installed.
    """
    return RayRunner(workers) if kind == "ray" else ProcessRunner(workers or workers_here())


def workers_here() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


class ProcessRunner:
    """A pool of processes on this machine; one worker is this process itself."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """See `Runner`."""
        if self.workers == 1:
            yield from map(work, jobs)
            return
        # Forked from a server that has imported what the work needs, and has no threads: each starts at once.
        context = get_context("forkserver")
        context.set_forkserver_preload([work.__module__])
        lifeline, own_end = context.Pipe(duplex=False)
        left = iter(jobs)
        with one_thread_each():
            pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_live_by, initargs=(lifeline,))
            try:
                waiting: set[Future[Done]] = set()
                while True:
                    room = self.workers * _AHEAD - len(waiting)
                    waiting |= {pool.submit(work, job) for job in islice(left, room)}
                    if not waiting:
                        break
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for each in done:
                        yield each.result()
            except BrokenProcessPool as error:
                raise InputError(
                    "A worker process died, as it does where memory runs out. What was read is kept: run the same "
                    "command again, with fewer --workers"
                ) from error
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                own_end.close()


def _live_by(lifeline: Connection) -> None:
    """In a worker: end when the process that started it does, or gives up; Ctrl-C is for that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def follow() -> None:
        lifeline.poll(None)
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


class RayRunner:
    """Ray: the cluster at RAY_ADDRESS, or workers on this machine for as long as the work takes."""

    def __init__(self, workers: int | None) -> None:
        self.workers = workers

    def run(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """See `Runner`."""
        with ray_at_work(self.workers) as ray:
            # Of a cluster with more processors, no more than asked for are used.
            most = self.workers or int(ray.cluster_resources().get("CPU", 1)) * _AHEAD
            remote = ray.remote(num_cpus=1)(work)
            left = iter(jobs)
            waiting: list[Any] = []
            while True:
                waiting += [remote.remote(job) for job in islice(left, most - len(waiting))]
                if not waiting:
                    break
                done, waiting = ray.wait(waiting, num_returns=1)
                yield from ray.get(done)


def ray_settings(workers: int | None) -> dict[str, Any]:
    """Arguments of `ray.init`: quiet, without its dashboard, and a small store, for only keys and counts are passed."""
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "warning"}
    if address := os.environ.get("RAY_ADDRESS"):
        return {"address": address, "log_to_driver": False, "logging_level": "warning"}
    # Its own, where somebody else's cluster happens to run on this machine too.
    return {**quiet, "address": "local", "num_cpus": workers, "object_store_memory": 80 << 20}


def import_ray() -> Any:
    """Ray, told not to report its use to its makers.

    Raises:
        UsageError: it is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError:
        raise UsageError("WARRAQ_TASK_RUNNER=ray needs Ray: install warraq[ray], or set it to process") from None
    return ray


@contextmanager
def ray_at_work(workers: int | None) -> Iterator[Any]:
    """Ray, connected, and left again; where it is connected already, as it is."""
    ray = import_ray()
    if ray.is_initialized():
        yield ray
        return
    with one_thread_each():
        ray.init(**ray_settings(workers))
        try:
            yield ray
        finally:
            ray.shutdown()
