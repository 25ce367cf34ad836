"""Prefect's server, embedded: for `warraq crawl --prefect` where no server is configured.

Prefect can start a temporary server by itself, but then its notices, the errors of its telemetry and a traceback at the
end of the process are the user's. Here it runs as a child whose words go to a file. It is a lifeline's child: when the
other end of its standard input closes, because we ended in whatever way, it ends too.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
import time
import tomllib
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from flows.children import bare_environment

START_TIMEOUT = 120.0
"""Seconds; a first start makes the database, which takes some 10 s of CPU."""

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Prefect's logging.yml, overridden key by key: the terminal shows our progress, the server keeps Prefect's logs.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_FLOW_RUNS_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_TASK_RUNS_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_DEBUG_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SHOW_TRACEBACK_ON_ERROR": "false",
}
"""What keeps Prefect silent on our terminal; set before it is imported, where the user has not set it otherwise."""


class PrefectError(Exception):
    """Prefect's API cannot be used; one sentence with the next step."""


def configured_api_url(environ: Mapping[str, str] = os.environ) -> str | None:
    """The API that `prefect` itself would use here: of the environment, else of its active profile.

    Importing prefect would answer this too, but then it is too late to tell it of a server of ours.

    Raises:
        PrefectError: the URL holds a password, which Prefect would write into its logs.
    """
    url = _configured(environ)
    if url and "@" in urlsplit(url).netloc:
        raise PrefectError(
            "PREFECT_API_URL holds a user name or a password, which logs would show: take it out, and set "
            "PREFECT_API_AUTH_STRING to it."
        )
    return url


def _configured(environ: Mapping[str, str]) -> str | None:
    if url := environ.get("PREFECT_API_URL"):
        return url
    home = Path(environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    path = Path(environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml").expanduser()
    with suppress(OSError, tomllib.TOMLDecodeError):
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
        active = environ.get("PREFECT_PROFILE") or profiles.get("active")
        url = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
        return str(url) if url else None
    return None


def _prefects(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith("PREFECT_")}


class EmbeddedServer:
    """A server on a free port of the loopback interface; it is stopped when this process ends.

    Make one before prefect is imported: handlers of `atexit` run last in, first out, and Prefect's own send their last
    logs and events to the server. It starts meanwhile: `url` is known at once, `wait` returns when it answers.
    """

    def __init__(self, log: Path) -> None:
        """Start it; `log` is the file that takes its output."""
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as listening, log.open("wb") as output:
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.server", str(listening.fileno())],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(listening.fileno(),),
                env=QUIET | bare_environment(os.environ) | _prefects(os.environ),
            )
        atexit.register(self.stop)

    def wait(self) -> None:
        """Return when the server answers.

        Raises:
            PrefectError: it did not come up.
        """
        deadline = time.monotonic() + START_TIMEOUT
        while self._process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/health", timeout=1):  # noqa: S310 -- our own
                return
            time.sleep(0.1)
        self.stop()
        raise PrefectError(f"Prefect's embedded server did not start; its output is in {self.log}.")

    def stop(self) -> None:
        """End the server and wait for that."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _serve(listening: socket.socket) -> None:
    """Run the server on the socket until standard input ends."""
    import uvicorn
    from prefect.server.api.server import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(ephemeral=True, final=True), log_level="warning"))

    def follow_lifeline() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True
        time.sleep(3)
        os._exit(0)  # an open connection must not keep us

    threading.Thread(target=follow_lifeline, daemon=True).start()
    server.run(sockets=[listening])


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
