"""Where objects are kept: a local directory or an S3 bucket, behind one small protocol.

Objects are put once, so a write says whether it was the one that created the key. Only where something has to be taken
out again, or mended, is an object replaced.
"""

from __future__ import annotations

import re
from pathlib import Path

from archive.store.local import LocalStore
from archive.store.protocol import NoSuchKey, Store, StoredObject, StoreError, checked_key
from archive.store.s3_options import S3Options

__all__ = ["LocalStore", "NoSuchKey", "S3Options", "Store", "StoreError", "StoredObject", "open_store"]

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def open_store(root: str, s3: S3Options | None = None) -> Store:
    """The store at `root`: `s3://bucket/prefix` or a directory. Nothing is created or contacted yet.

    Args:
        root: The place.
        s3: How objects are written, if it is in a bucket.

    Raises:
        StoreError: `root` is neither.
    """
    scheme, separator, rest = root.partition("://")
    if not root.strip():
        raise StoreError("the archive's root is empty: set WARRAQ_ROOT to a directory or to s3://bucket/prefix")
    if not separator:
        return LocalStore(Path(root))
    if scheme != "s3":
        raise StoreError(
            f"the archive's root begins with {scheme}://, which is not supported: use a directory or s3://bucket/prefix"
        )
    if "@" in rest:  # not repeated in the message: what stands before the @ may be a secret
        raise StoreError(
            "the archive's root holds an @: write s3://bucket/prefix, and give the credentials as AWS variables"
        )
    bucket, _, prefix = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise StoreError(f"{root!r} names no valid bucket: write s3://bucket/prefix")
    prefix = prefix.strip("/")
    try:
        checked_key(prefix or "none")
    except StoreError as error:
        raise StoreError(f"{root!r} has a prefix that cannot be used, {error}") from error
    from archive.store.s3 import S3Store  # boto3 is slow to import, and a local archive needs none of it

    return S3Store(bucket, prefix, s3)
