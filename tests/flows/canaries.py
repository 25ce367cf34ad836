"""Secrets that are planted wherever a machine may hold one, and looked for wherever they must not turn up."""

from __future__ import annotations

import gzip
from pathlib import Path

from warraq_command import Command

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIACANARYCANARY1",
    "AWS_SECRET_ACCESS_KEY": "canary-secret-key",
    "AWS_SESSION_TOKEN": "canary-session-token",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary-container-token",
    "PREFECT_API_KEY": "canary-prefect-key",
    "GITHUB_TOKEN": "canary-token-of-another-program",
    "https_proxy": "http://me:canary-proxy@127.0.0.1:9",
}
"""Variables. Of an access key the first four characters may be shown."""


def planted(command: Command) -> Command:
    """The command with an environment and a home full of secrets."""
    home = Path(command.environ["HOME"])
    (home / ".netrc").write_text("machine 127.0.0.1 login me password canary-netrc\n")
    (home / ".netrc").chmod(0o600)
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text("[default]\naws_secret_access_key = canary-aws-file\n")
    return Command(command.environ | SECRETS | {"NO_PROXY": "127.0.0.1"}, command.cwd)


def leaks(directory: Path, *outputs: bytes, known: tuple[str, ...] = (".netrc", "credentials")) -> list[str]:
    """What holds a canary: an output, or a file of any name but a known one, unpacked."""
    found = [output.decode(errors="replace") for output in outputs if holds_a_canary(output)]
    for path in directory.rglob("*"):
        if path.is_file() and path.name not in known:
            content = path.read_bytes()
            if content[:2] == b"\x1f\x8b":
                content = gzip.decompress(content)
            if holds_a_canary(content):
                found.append(str(path))
    return found


def holds_a_canary(content: bytes) -> bool:
    """Whether a planted secret is in it."""
    return b"canary" in content or b"CANARY" in content
