"""The environment of a child process that handles what strangers publish: what a program needs to run, no credentials.

Named is what passes, not what is held back: nobody knows under which names a machine keeps its secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PASSES = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TZDIR|TMPDIR|XDG_\w+"
    r"|PYTHON\w+|VIRTUAL_ENV|CONDA_PREFIX|LD_\w+|DYLD_\w+|MALLOC_\w+|\w+_NUM_THREADS"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|RES_OPTIONS|LOCALDOMAIN"
    r"|WARRAQ_\w+"  # none of our settings is a secret
)


def bare_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a child without credentials is given."""
    return {name: value for name, value in environ.items() if _PASSES.fullmatch(name)}
