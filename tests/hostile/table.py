"""The attacks and how each ends, as docs/security.md shows them."""

from __future__ import annotations

from types import ModuleType

from tests.hostile import documents, hosts, markup, ways, wire
from tests.hostile.attack import Attack

_PARTS: tuple[tuple[str, ModuleType], ...] = (
    ("Connections, headers, lengths and codings", wire),
    ("Hosts", hosts),
    ("Addresses: redirects, URLs and traps", ways),
    ("Documents that announce articles", documents),
    ("Pages", markup),
)


def table() -> str:
    """Four tables, in Markdown."""
    lines = []
    for head, module in _PARTS:
        lines += [f"### {head}", "", "| attack | what it serves | how it ends |", "|-|-|-|"]
        lines += [f"| {each.name} | {_cell(each.serves)} | {_cell(_ends(each))} |" for each in module.ATTACKS]
        lines.append("")
    return "\n".join(lines).rstrip()


def _ends(attack: Attack) -> str:
    return f"{attack.end}; at full size: {attack.full}" if attack.full else str(attack.end)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")
