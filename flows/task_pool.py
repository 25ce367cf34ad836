"""The work of a re-extraction as tasks of a Prefect flow run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from flows.rereading import one_thread_each, read_file
from flows.runners import Done, Job, Kind, import_ray, ray_settings

read_again = task(name="read-again", task_run_name="read {job.warc_key}", cache_policy=NO_CACHE)(read_file)


@dataclass(frozen=True)
class TaskPool:
    """A `Runner` whose jobs are tasks of the flow run: in processes of this machine, or on Ray."""

    kind: Kind
    workers: int

    def run(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:  # noqa: ARG002  the task is its
        """See `Runner`."""
        ended: SimpleQueue[Any] = SimpleQueue()
        left, running = iter(jobs), 0
        with one_thread_each(), self._task_runner() as tasks:
            while True:
                for job in islice(left, 2 * self.workers - running):
                    tasks.submit(read_again, {"job": job}).add_done_callback(ended.put)
                    running += 1
                if not running:
                    return
                done = ended.get()
                running -= 1
                yield done.result()

    def _task_runner(self) -> TaskRunner[Any]:
        if self.kind == "process":
            return ProcessPoolTaskRunner(max_workers=self.workers)
        import_ray()
        from prefect_ray import RayTaskRunner

        runner: TaskRunner[Any] = RayTaskRunner(init_kwargs=ray_settings(self.workers))
        return runner
