"""The samples are built from the checkout, which is on the path only where Python is started in it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
