"""The flow on real Prefect servers: the embedded one, and one with a work pool, deployments and a worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from slow_site import SlowSite, wait_until
from warraq_command import REPOSITORY, SAMPLES, Command, make_command

from flows.deployments import prefect_yaml
from flows.server import configured_api_url
from spiders.sources import BUILT_IN

QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_CLI_PROMPT": "false"}


def test_prefect_yaml_agrees_with_the_sources() -> None:
    made = prefect_yaml(BUILT_IN)
    assert (REPOSITORY / "prefect.yaml").read_text(encoding="utf-8") == made, (
        "run: python -m flows.deployments > prefect.yaml"
    )


def test_the_api_of_the_users_profile_is_found(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(
        'active = "work"\n[profiles.work]\nPREFECT_API_URL = "http://work/api"\n[profiles.ephemeral]\n',
        encoding="utf-8",
    )
    home = {"PREFECT_HOME": str(tmp_path)}
    assert configured_api_url(home) == "http://work/api"
    assert configured_api_url(home | {"PREFECT_PROFILE": "ephemeral"}) is None
    assert configured_api_url(home | {"PREFECT_API_URL": "http://here/api"}) == "http://here/api"
    assert configured_api_url({"PREFECT_HOME": str(tmp_path / "none")}) is None


@pytest.mark.prefect
def test_the_embedded_server_says_nothing_and_leaves_nothing(warraq: Command) -> None:
    done = warraq("crawl", "tunisiatoday", "arabkhabar", "--limit", "3", "--replay", SAMPLES, "--prefect", "--json")
    assert done.stderr == b""
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["completed"] * 2
    assert (Path(warraq.environ["HOME"]) / ".prefect").is_dir()
    assert not _serving(warraq)


@pytest.mark.prefect
def test_an_error_in_a_flow_run_is_one_sentence(warraq: Command, tmp_path: Path) -> None:
    (tmp_path / "arabkhabar.warc.gz").write_bytes((SAMPLES / "jannah.warc.gz").read_bytes())
    done = warraq("crawl", "arabkhabar", "--replay", tmp_path, "--prefect", status=1)
    assert done.stderr.startswith(b"arabkhabar: failed: ")
    (tmp_path / "file").write_text("")
    unreachable = {"WARRAQ_ROOT": str(tmp_path / "file" / "archive")}
    done = warraq("crawl", "tunisiatoday", "--replay", SAMPLES, "--prefect", status=3, **unreachable)
    assert done.stderr.startswith(b"warraq: ")
    assert not _serving(warraq)


def _serving(warraq: Command) -> list[str]:
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"WARRAQ_SPOOL={warraq.spool}".encode() in environ.read_bytes():
                found.append(environ.with_name("cmdline").read_text())
    return found


class Server:
    """A Prefect server, a work pool, the deployments and a worker, all in a home of their own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{port}/api"
        self.warraq = make_command(directory)
        self.environ = self.warraq.environ | QUIET | {"PREFECT_API_URL": self.api, "PWD": str(REPOSITORY)}
        # Without a scheduler: no deployment may set out for a real site while the tests run.
        self._processes = [self._start("server", "start", "--port", str(port), "--no-ui", "--no-scheduler")]
        wait_until(self._healthy, "the Prefect server", 120)

    def prefect(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=REPOSITORY, env=self.environ, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_worker(self) -> None:
        self._processes.append(self._start("worker", "start", "--pool", "warraq", "--type", "process"))

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 -- our own server
            self.api + path,
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)

    def run(self, deployed: str, **parameters: Any) -> str:
        deployment = self.ask(f"/deployments/name/crawl/{deployed}")
        created = self.ask(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
        return str(created["id"])

    def state(self, run: str) -> dict[str, Any]:
        state: dict[str, Any] = self.ask(f"/flow_runs/{run}")["state"]
        return state

    def stop(self) -> None:
        for process in reversed(self._processes):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.directory / f"{arguments[0]}.log").open("wb")
        return subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=self.directory, env=self.environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def _healthy(self) -> bool:
        assert self._processes[0].poll() is None, (self.directory / "server.log").read_text()
        with suppress(OSError):
            return bool(self.ask("/health"))
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("prefect")
    with SlowSite(directory / "slow.toml") as site:
        server = Server(directory)
        server.environ |= site.environ
        try:
            server.prefect("work-pool", "create", "--type", "process", "warraq")
            server.prefect("deploy", "--all")
            server.start_worker()
            yield server
        finally:
            server.stop()


@pytest.mark.prefect
def test_there_is_a_deployment_a_source_and_one_for_upkeep(server: Server) -> None:
    deployments = server.ask("/deployments/filter", {"limit": 200})
    [upkeep] = [deployment for deployment in deployments if deployment["name"] == "maintain"]
    assert upkeep["schedules"][0]["active"]
    deployments.remove(upkeep)
    assert {deployment["name"] for deployment in deployments} == {source.id for source in BUILT_IN}
    minutes = [deployment["schedules"][0]["schedule"]["cron"] for deployment in deployments]
    assert len(set(minutes)) == len(minutes)
    for deployment in deployments:
        [schedule] = deployment["schedules"]
        [source] = [source for source in BUILT_IN if source.id == deployment["name"]]
        assert schedule["schedule"]["timezone"] == source.timezone
        assert deployment["global_concurrency_limit"]["limit"] == 1
        assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert deployment["enforce_parameter_schema"]


@pytest.mark.prefect
def test_a_worker_runs_a_deployment(server: Server) -> None:
    run = server.run("arabkhabar", source="arabkhabar", replay=[str(SAMPLES / "arabkhabar.warc.gz")])
    wait_until(lambda: server.state(run)["type"] in ("COMPLETED", "FAILED", "CRASHED"), "the run to end", 120)
    state = server.state(run)
    assert state["type"] == "COMPLETED", (state, (server.directory / "worker.log").read_text())
    assert server.ask(f"/flow_runs/{run}")["name"].startswith("arabkhabar-")
    assert len(server.warraq.records()) >= 12
    [artifact] = server.ask("/artifacts/filter", {"artifacts": {"key": {"any_": ["crawl-arabkhabar"]}}})
    assert json.loads(artifact["data"])[0]["new"] >= 12


@pytest.mark.prefect
def test_a_re_extraction_reads_files_as_tasks_and_promotes_when_told_to(server: Server) -> None:
    server.warraq("ingest", SAMPLES / "jannah.warc.gz", "--source", "jannah")
    before = server.warraq.records()
    call = "from flows.reextract import reextract; reextract(source='jannah', workers=2, promote=True)"
    done = subprocess.run(
        [sys.executable, "-c", call],
        cwd=server.directory, env=server.environ, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [artifact] = server.ask("/artifacts/filter", {"artifacts": {"key": {"any_": ["reextract-jannah"]}}})
    assert [row["lost"] for row in json.loads(artifact["data"])] == [0]
    [read] = server.ask("/task_runs/filter", {"task_runs": {"name": {"like_": "read warc/jannah"}}})
    assert read["state"]["type"] == "COMPLETED"
    [_] = server.warraq.root.glob("candidates/*/promoted.json")
    assert server.warraq.records() == before


@pytest.mark.prefect
def test_wrong_parameters_are_refused_before_the_run(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.run("arabkhabar", source="arabkhabar", limit=0)
    assert refused.value.code in (409, 422)


@pytest.mark.prefect
def test_a_cancelled_run_ends_its_spider_and_keeps_its_pages(server: Server) -> None:
    run = server.run("arabkhabar", source="slow")
    wait_until(lambda: list(server.warraq.root.rglob("slow-*.warc.gz")), "a stored WARC file", 120)
    wait_until(lambda: list(server.warraq.spool.rglob("slow-*.warc.gz.open")), "another one in the writing")
    cancelling = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    server.ask(f"/flow_runs/{run}/set_state", cancelling)
    wait_until(lambda: server.state(run)["type"] == "CANCELLED", "the run to be cancelled", 90)
    wait_until(lambda: not any("spiders.run" in line for line in _serving(server.warraq)), "the spider to end", 30)
    server.warraq("verify")
    kept = {record["url"] for record in server.warraq.records() if record["source"] == "slow"}
    assert len(kept) >= 2
    assert not list(server.warraq.spool.rglob("slow-*.warc.gz*"))
