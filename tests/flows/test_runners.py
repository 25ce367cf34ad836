"""Jobs are done side by side, by processes or by Ray; an error, a death or Ctrl-C leaves nobody at work."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jobs import Job, work

from archive.store import StoreError
from flows.failures import InputError, UsageError
from flows.runners import ProcessRunner, Runner, ray_at_work, runner

HERE = Path(__file__).parent
RAY = importlib.util.find_spec("ray") is not None


@pytest.fixture(scope="module")
def _ray() -> Iterator[None]:
    """Ray, started once for all tests: that takes seconds."""
    if not RAY:
        message = "Ray is not installed: pip install -r requirements/ray.txt"
        if os.environ.get("CI"):
            pytest.fail(message + ". In CI these tests may not be skipped.")
        pytest.skip(message)
    with ray_at_work(2):
        yield


@pytest.fixture(params=["inline", "process", "ray"])
def workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Runner:
    if request.param == "ray":
        monkeypatch.setenv("PYTHONPATH", f"{HERE.parents[1]}:{HERE}")
        request.getfixturevalue("_ray")
    return runner("ray" if request.param == "ray" else "process", 1 if request.param == "inline" else 2)


def test_each_job_is_done_once(workers: Runner, tmp_path: Path) -> None:
    done = list(workers.run(work, (Job(number=number, directory=tmp_path) for number in range(7))))
    assert sorted(number for number, _ in done) == list(range(7))
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(number) for number in range(7)]
    with pytest.raises(StoreError, match="job 1 fails") as raised:
        list(workers.run(work, [Job(number=1, directory=tmp_path, fails=True)]))
    assert raised.value.retryable


def test_workers_are_processes_that_compute_in_one_thread(tmp_path: Path) -> None:
    script = (
        "import json, os, sys; from pathlib import Path; from jobs import Job, work\n"
        "from flows.runners import ProcessRunner\n"
        "if __name__ == '__main__':\n"
        "    jobs = [Job(number=number, directory=Path(sys.argv[1]), seconds=1) for number in range(4)]\n"
        "    print(json.dumps([told for _, told in ProcessRunner(2).run(work, jobs)]))\n"
        "    print(os.getpid(), 'OMP_NUM_THREADS' in os.environ)\n"
    )
    # In a process of its own, for a process has one server that its workers are forked from, begun by whoever is first.
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    environ |= {"PYTHONPATH": f"{HERE.parents[1]}:{HERE}"}
    out = subprocess.run(
        [sys.executable, "-c", script, tmp_path], env=environ, stdout=subprocess.PIPE, check=True
    ).stdout
    told, own = out.decode().splitlines()
    pids, threads = zip(*json.loads(told), strict=True)
    assert set(threads) == {"1"}
    assert len(set(pids) - {int(own.split()[0])}) == 2
    assert own.endswith(" False")


def test_an_error_ends_the_work_at_once(tmp_path: Path) -> None:
    jobs = [
        Job(number=0, directory=tmp_path, fails=True),
        *(Job(number=n, directory=tmp_path, seconds=60) for n in (1, 2)),
    ]
    began = time.monotonic()
    with pytest.raises(StoreError, match="job 0 fails"):
        list(ProcessRunner(2).run(work, jobs))
    assert time.monotonic() - began < 30


def test_a_worker_that_dies_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="fewer --workers"):
        list(ProcessRunner(2).run(work, [Job(number=0, directory=tmp_path, dies=True)]))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_whoever_began_the_work(tmp_path: Path, how: signal.Signals) -> None:
    script = (
        "import sys; from pathlib import Path; from jobs import Job, work; from flows.runners import ProcessRunner\n"
        "if __name__ == '__main__':\n"
        "    jobs = [Job(number=number, directory=Path(sys.argv[1]), seconds=120) for number in range(4)]\n"
        "    list(ProcessRunner(2).run(work, jobs))\n"
    )
    environ = os.environ | {"PYTHONPATH": f"{HERE.parents[1]}:{HERE}"}
    process = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], env=environ, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert _within(30, lambda: len(list(tmp_path.iterdir())) == 2)
    pids = [int(path.read_text()) for path in tmp_path.iterdir()]
    os.killpg(process.pid, how) if how == signal.SIGINT else process.kill()
    process.wait(30)
    assert _within(10, lambda: not any(_lives(pid) for pid in pids))


def _within(seconds: float, holds: object) -> bool:
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return bool(holds())


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_ray_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"warraq\[ray\]"):
        list(runner("ray", 1).run(work, []))
