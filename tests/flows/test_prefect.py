"""The flow on real Prefect servers: the embedded one, and one with a work pool, deployments and a worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from canaries import leaks, planted
from slow_site import SlowSite, wait_until
from warraq_command import REPOSITORY, SAMPLES, Command, make_command

from archive.store import open_store
from flows.deployments import prefect_yaml
from flows.ledger import day_states
from flows.server import configured_api_url
from spiders.sources import BUILT_IN
from tests.bigsite import Fault, RunningSite, running, small, write_sources

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
def test_the_embedded_server_says_nothing_and_leaves_nothing(warraq: Command, tmp_path: Path) -> None:
    arguments = ("--limit", "3", "--replay", SAMPLES, "--prefect", "--json")
    done = planted(warraq)("crawl", "tunisiatoday", "arabkhabar", *arguments)
    assert done.stderr == b""
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["completed"] * 2
    assert (Path(warraq.environ["HOME"]) / ".prefect").is_dir()
    assert not _serving(warraq)
    assert leaks(tmp_path, done.stdout) == []


@pytest.mark.prefect
def test_an_error_in_a_flow_run_is_one_sentence(warraq: Command, tmp_path: Path) -> None:
    (tmp_path / "arabkhabar.warc.gz").write_bytes((SAMPLES / "jannah.warc.gz").read_bytes())
    done = planted(warraq)("crawl", "arabkhabar", "--replay", tmp_path, "--prefect", status=1)
    assert done.stderr.startswith(b"arabkhabar: failed: ")
    (tmp_path / "file").write_text("")
    unreachable = {"WARRAQ_ROOT": str(tmp_path / "file" / "archive")}
    done = warraq("crawl", "tunisiatoday", "--replay", SAMPLES, "--prefect", status=3, **unreachable)
    assert done.stderr.startswith(b"warraq: ")
    assert not _serving(warraq)
    database = Path(warraq.environ["HOME"]) / ".prefect" / "prefect.db"
    assert b"ended before its time" in database.read_bytes() or b"fetched" in database.read_bytes()
    assert leaks(tmp_path, done.stdout, done.stderr) == []


def _serving(warraq: Command) -> list[str]:
    return [command for _, command in _processes(warraq)]


def _processes(warraq: Command) -> list[tuple[int, str]]:
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"WARRAQ_SPOOL={warraq.spool}".encode() in environ.read_bytes():
                found.append((int(environ.parent.name), environ.with_name("cmdline").read_text()))
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

    def kill_worker(self) -> None:
        """The worker and all that it has started, as when its machine is gone."""
        os.killpg(self._processes.pop().pid, signal.SIGKILL)
        for pid, command in _processes(self.warraq):
            if "prefect.engine" in command or "spiders.run" in command:
                os.kill(pid, signal.SIGKILL)

    def kill_server(self) -> None:
        os.killpg(self._processes[0].pid, signal.SIGKILL)
        self._processes[0].wait()

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 -- our own server
            self.api + path,
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json"},
        )
        for patience in (1, 2, 4):
            try:
                with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                    return json.load(response)
            except urllib.error.HTTPError as error:
                if error.code != 503:  # SQLite is busy; Prefect's own client asks again too
                    raise
                time.sleep(patience)
        raise AssertionError(f"{path}: the server is busy")

    def run(self, deployed: str, flow: str = "crawl", **parameters: Any) -> str:
        deployment = self.ask(f"/deployments/name/{flow}/{deployed}")
        created = self.ask(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
        return str(created["id"])

    def runs_of(self, flow: str) -> list[dict[str, Any]]:
        """Oldest first."""
        asked = {"flows": {"name": {"any_": [flow]}}, "sort": "START_TIME_ASC"}
        runs: list[dict[str, Any]] = self.ask("/flow_runs/filter", asked)
        return runs

    def artifact(self, key: str) -> dict[str, Any]:
        """The newest with this key."""
        asked = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC", "limit": 1}
        [found] = self.ask("/artifacts/filter", asked)
        assert isinstance(found, dict)
        return found

    def state(self, run: str) -> dict[str, Any]:
        state: dict[str, Any] = self.ask(f"/flow_runs/{run}")["state"]
        return state

    def stop(self) -> None:
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
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


DAYS = 3


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """A site with an archive by days, that can be backfilled by day."""
    spec = small("nastooh", days=DAYS, articles=3 * DAYS, edited=0, late=0, deleted=0, moved=0)
    # The first site would be at the address of the slow one.
    with running(small("plain", articles=1), spec, directory=tmp_path_factory.mktemp("site")) as [_, site]:
        yield site


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, site: RunningSite) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("prefect")
    with SlowSite(directory / "slow.toml") as slow:
        sources = write_sources(directory / "sources.toml", site.source("archive"))
        sources.write_text(slow.sources_file.read_text("utf-8") + sources.read_text("utf-8"), "utf-8")
        server = Server(directory)
        server.environ |= slow.environ | {"WARRAQ_SOURCES": str(sources), "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
        try:
            server.prefect("work-pool", "create", "--type", "process", "warraq")
            server.prefect("deploy", "--all")
            server.start_worker()
            yield server
        finally:
            server.stop()


@pytest.mark.prefect
def test_there_is_a_deployment_a_source_and_one_for_each_other_flow(server: Server) -> None:
    deployments = server.ask("/deployments/filter", {"limit": 200})
    others = {deployment["name"]: deployment for deployment in deployments if "crawl" not in deployment["tags"]}
    assert set(others) == {"backfill", "backfill-from-warcs", "reextract", "maintain", "alert"}
    assert others["maintain"]["schedules"][0]["active"]
    assert all(deployment["description"] for deployment in deployments)
    asked = others["backfill"]["parameter_openapi_schema"]
    assert asked["required"] == ["sources", "since", "until"]
    assert asked["properties"]["since"]["format"] == "date"
    deployments = [deployment for deployment in deployments if deployment["name"] not in others]
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


@pytest.mark.prefect
def test_a_backfill_whose_worker_is_gone_is_taken_up_again_and_what_it_leaves_open_alerts(
    server: Server, site: RunningSite
) -> None:
    automations = server.directory / "automations.yaml"
    ready = (REPOSITORY / "automations.yaml").read_text("utf-8")
    automations.write_text(ready.replace("within: 600", "within: 35"), "utf-8")  # a heartbeat, instead of three
    server.prefect("automation", "create", "--from-file", str(automations))
    first = site.spec.first
    days = [first + number * timedelta(days=1) for number in range(DAYS)]
    last = "|".join(site.url(article).removeprefix(site.root) for article in site.truth(days[-1]))
    site.set(faults=[Fault(match=f"^({last})", status=403)])
    asked = {"sources": ["nastooh"], "since": str(first), "until": str(first + timedelta(days=DAYS))}
    run = server.run("backfill", "backfill", **asked)
    wait_until(lambda: _fetched(site, days[1]), "the second partition to be at work", 120)
    server.kill_worker()
    fetched = set(_fetched(site, days[0]))
    served = len(site.requests())
    server.start_worker()
    wait_until(lambda: len(server.runs_of("backfill")) == 2, "the automation to run it again", 120)
    assert (server.state(run)["type"], server.state(run)["name"]) == ("CRASHED", "Lost")
    [again] = [each for each in server.runs_of("backfill") if each["id"] != run]
    assert {name: again["parameters"][name] for name in asked} == asked
    wait_until(lambda: server.state(again["id"])["type"] in ("COMPLETED", "FAILED", "CRASHED"), "it to end", 180)
    state = server.state(again["id"])
    assert (state["type"], state["message"]) == ("FAILED", "2 complete, 1 blocked"), _log(server)

    assert not fetched & {each.target for each in site.requests(served)}
    assert server.ask(f"/flow_runs/{run}")["name"] == f"nastooh-{first}-{first + timedelta(days=DAYS)}"
    rows = json.loads(server.artifact("backfill-nastooh")["data"])
    assert [(row["since"], row["verdict"], row["ran"]) for row in rows] == [
        (str(days[0]), "complete", False), (str(days[1]), "complete", True), (str(days[2]), "blocked", True)
    ]  # fmt: skip
    assert "/runs/backfill/" in server.artifact("report-nastooh")["data"]
    assert server.artifact("backfill-progress-nastooh")["data"] == 100.0
    assert json.loads(server.artifact("coverage-nastooh")["data"])[-1]["verdict"] == "blocked"
    tasks = server.ask("/task_runs/filter", {"flow_runs": {"id": {"any_": [again["id"]]}}, "sort": "NAME_ASC"})
    partitions = [task for task in tasks if "backfill" in task["tags"]]
    assert [task["name"] for task in partitions] == [f"nastooh-{day}" for day in days[1:]]
    states = day_states(open_store(str(server.warraq.root)), "nastooh", first, first + timedelta(days=DAYS))
    assert [states[day].verdict for day in days] == ["complete", "complete", "blocked"]
    assert [states[day].held for day in days[:2]] == [len(site.truth(day)) for day in days[:2]]

    wait_until(lambda: server.runs_of("alert"), "the alert")
    [alert] = server.runs_of("alert")
    assert alert["parameters"]["source"] == "nastooh"
    assert alert["parameters"]["verdict"] == "blocked"
    assert alert["parameters"]["days"] == str(days[2])
    assert alert["parameters"]["mend"].startswith(f"warraq backfill nastooh --since {days[2]}")
    wait_until(lambda: server.state(alert["id"])["type"] in ("COMPLETED", "FAILED", "CRASHED"), "it to end", 120)
    assert "warraq_alert_block" in server.state(alert["id"])["message"], _log(server)


@pytest.mark.prefect
def test_nothing_is_lost_when_the_server_is_gone_in_mid_run(server: Server, site: RunningSite) -> None:
    """The last test: there is no server after it."""
    site.set(faults=[])
    command = server.warraq
    environ = server.environ | {"WARRAQ_ROOT": f"{command.root}-2", "PREFECT_CLIENT_MAX_RETRIES": "0"}
    command = Command(environ, command.cwd)
    day = site.spec.first
    asked = ("backfill", "nastooh", f"--since={day}", f"--until={day + timedelta(days=1)}")
    served = len(site.requests())
    process = command.start(*asked, "--json")
    begun = lambda: len(site.requests()) > served + 3  # noqa: E731
    wait_until(lambda: begun() or process.poll() is not None, "the first partition to be at work", 120)
    assert begun(), process.communicate()[1].decode()
    server.kill_server()
    _, err = process.communicate(timeout=180)
    assert process.returncode == 4, err.decode()
    assert b"Prefect's API" in err
    assert b"Traceback" not in err
    pages = {each.target for each in site.requests(served) if each.target.startswith("/news/") and each.status == 200}
    assert len(command.records()) == len(pages) or list(command.spool.rglob("nastooh*.warc.gz*"))
    served = len(site.requests())
    again = [json.loads(line) for line in command(*asked, "--json", PREFECT_API_URL="").stdout.splitlines()]
    assert [row["verdict"] for row in again] == ["complete"]
    assert not pages & {each.target for each in site.requests(served)}
    assert len(command.records()) == len(site.truth(day))


def _fetched(site: RunningSite, day: date) -> list[str]:
    """Paths of the day's articles that were served."""
    paths = {site.url(article).removeprefix(site.root) for article in site.truth(day)}
    return [each.target for each in site.requests() if each.target in paths and each.status == 200]


def _log(server: Server) -> str:
    return (server.directory / "worker.log").read_text()[-5000:]
