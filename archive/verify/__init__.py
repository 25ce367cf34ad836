"""Whether an archive keeps what it promises, and what can be mended without guessing."""

from archive.verify.finding import INVARIANTS, Finding
from archive.verify.run import verify

__all__ = ["INVARIANTS", "Finding", "verify"]
