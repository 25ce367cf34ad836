"""Where objects are kept: a local directory or an S3 bucket, behind one small protocol.

Objects are put once and never rewritten, so the one write there is says whether it was the one that created the key.
"""
# ruff: noqa: D102  (the methods are documented once, in the protocol)

from __future__ import annotations

import errno
import io
import math
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast
from urllib.parse import urlsplit
from uuid import uuid4

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_PART = re.compile(r"[!-.0-~]+")  # printable ASCII without space and slash
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SINGLE_PUT = 64 << 20  # bytes; a larger file goes up in parts
_PART_SIZE = 32 << 20  # bytes; doubled until a file fits into the 10,000 parts S3 allows


class StoreError(Exception):
    """The store did not do what it was asked: one sentence that ends in what to do next.

    Attributes:
        retryable: the same call may succeed a little later (server errors, throttling, time-outs, resets).
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class NoSuchKey(StoreError):  # noqa: N818  the name S3 gave it
    """There is no object at this key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """An object as a listing shows it."""

    key: str
    """Relative to the root of the store."""
    size: int
    """Bytes."""
    modified: datetime
    """Aware time at which it was stored."""


class Store(Protocol):
    """What the archive needs of a place to keep objects. Every method may raise `StoreError`."""

    root: str
    """The place as people read and write it: a directory, or `s3://bucket/prefix`."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Store `data` unless the key is taken; of racing writers exactly one is told True."""

    def put_file_if_absent(self, key: str, path: Path) -> bool:
        """Store the file at `path` likewise, however large it is."""

    def get(self, key: str) -> bytes:
        """The whole object; `NoSuchKey` if there is none."""

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; `StoreError` where the object ends before."""

    def open(self, key: str) -> BinaryIO:
        """The object as a stream to be read once, front to back, and closed."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """The objects whose keys begin with `prefix` (a string, not a directory), in the order of their keys."""

    def exists(self, key: str) -> bool:
        """Whether there is an object at the key."""

    def size(self, key: str) -> int:
        """Bytes of the object; `NoSuchKey` if there is none."""

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens if there is none."""

    def table_uri(self, name: str) -> str:
        """Where the Delta table of this name lies, as `deltalake` reads it."""

    def table_options(self) -> dict[str, str]:
        """Storage options for `deltalake`. They hold secrets: never print them."""


def open_store(root: str) -> Store:
    """The store at `root`: `s3://bucket/prefix` or a directory. Nothing is created or contacted yet.

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
        raise StoreError("the archive's root holds an @: leave credentials to the AWS variables, s3://bucket/prefix")
    bucket, _, prefix = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise StoreError(f"{root!r} names no valid bucket: write s3://bucket/prefix")
    prefix = prefix.strip("/")
    return S3Store(bucket, _checked(prefix) if prefix else "")


def _checked(key: str) -> str:
    """`key` itself, if it may be one: ASCII parts joined by `/`, none empty and none beginning with a dot."""
    for part in key.split("/"):
        # A leading dot marks the temporary files of `LocalStore`; it also makes `.` and `..`.
        if not _PART.fullmatch(part) or part.startswith("."):
            raise StoreError(
                f"{key!r} cannot be a key: use parts of printable ASCII joined by single slashes, none beginning with "
                "a dot or a slash"
            )
    return key


# --- local directory --------------------------------------------------------------------------------------------------


class LocalStore:
    """A directory, made when something is first written to it."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.abspath(root.expanduser()))  # noqa: PTH100  resolve() would follow links
        self.root = str(self._root)

    def __repr__(self) -> str:
        return f"LocalStore({self.root!r})"

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self._put(key, lambda file: file.write(data))

    def put_file_if_absent(self, key: str, path: Path) -> bool:
        with path.open("rb") as source:
            return self._put(key, lambda file: shutil.copyfileobj(source, file, 1 << 20))

    def _put(self, key: str, write: Callable[[BinaryIO], object]) -> bool:
        path = self._path(key)
        with self._explained(key):
            if path.exists():
                return False
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.parent / f".{uuid4().hex}.tmp"
            try:
                with temporary.open("xb") as file:
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(temporary, path)  # fails if the name is taken; a rename would replace
            except FileExistsError:
                return False
            finally:
                temporary.unlink(missing_ok=True)
            _sync_directory(path.parent)
        return True

    def get(self, key: str) -> bytes:
        with self._explained(key):
            return self._path(key).read_bytes()

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        with self._explained(key), self._path(key).open("rb") as file:
            file.seek(offset)
            return _whole(file.read(length), key, offset, length, self.root)

    def open(self, key: str) -> BinaryIO:
        with self._explained(key):
            return self._path(key).open("rb")

    def list(self, prefix: str) -> Iterator[StoredObject]:
        parent = prefix.rpartition("/")[0]
        if parent:
            _checked(parent)
        return self._walk(self._root / parent, f"{parent}/" if parent else "", prefix)

    def _walk(self, directory: Path, base: str, prefix: str) -> Iterator[StoredObject]:
        with self._explained(base):
            try:
                with os.scandir(directory) as entries:
                    # `a/b` comes after `a.b` in the order of keys: a directory is sorted with its slash.
                    found = sorted(
                        (f"{base}{entry.name}/" if entry.is_dir() else f"{base}{entry.name}", entry)
                        for entry in entries
                        if not entry.name.startswith(".")
                    )
            except FileNotFoundError:
                return
        for key, entry in found:
            if key.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(Path(entry.path), key, prefix)
            elif key.startswith(prefix):
                try:
                    status = entry.stat()
                except FileNotFoundError:  # deleted meanwhile
                    continue
                yield StoredObject(
                    key=key, size=status.st_size, modified=datetime.fromtimestamp(status.st_mtime, tz=UTC)
                )

    def exists(self, key: str) -> bool:
        with self._explained(key):
            return self._path(key).is_file()

    def size(self, key: str) -> int:
        with self._explained(key):
            return self._path(key).stat().st_size

    def delete(self, key: str) -> None:
        with self._explained(key):
            self._path(key).unlink(missing_ok=True)

    def table_uri(self, name: str) -> str:
        return str(self._path(name))

    def table_options(self) -> dict[str, str]:
        return {}

    def _path(self, key: str) -> Path:
        return self._root / _checked(key)

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Turn an `OSError` into a `StoreError` that says what to do."""
        where = f"{key} in {self.root}" if key else self.root
        try:
            yield
        except FileNotFoundError as error:
            raise NoSuchKey(f"there is no {where}: check the key, or list what the archive holds") from error
        except OSError as error:
            advice = _LOCAL_ADVICE.get(error.errno or 0, "check the directory and its file system")
            raise StoreError(
                f"cannot reach {where} ({error.strerror or error}): {advice}",
                retryable=error.errno in (errno.EINTR, errno.EAGAIN, errno.ESTALE, errno.ETIMEDOUT),
            ) from error


_LOCAL_ADVICE = {
    errno.ENOSPC: "free some space on the disk, then run again",
    errno.EDQUOT: "free some of your disk quota, then run again",
    errno.EACCES: "give this user permission to read and write there, or set WARRAQ_ROOT to another directory",
    errno.EPERM: "the file system must allow this user to write and to make hard links; or set WARRAQ_ROOT elsewhere",
    errno.EOPNOTSUPP: "the file system must support hard links; set WARRAQ_ROOT to a directory on another one",
    errno.EROFS: "the file system is read-only; set WARRAQ_ROOT to a directory that can be written",
    errno.ENOTDIR: "a part of the path is a file; set WARRAQ_ROOT to a directory",
    errno.EISDIR: "there is a directory of that name; move it away",
    errno.EEXIST: "a part of the path is a file; set WARRAQ_ROOT to a directory",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


def _sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _whole(data: bytes, key: str, offset: int, length: int, root: str) -> bytes:
    if len(data) != length:
        raise StoreError(
            f"{key} in {root} ends {length - len(data)} bytes before byte {offset + length}: it is damaged, or its "
            "index is; run `warraq verify`"
        )
    return data


# --- S3 ---------------------------------------------------------------------------------------------------------------


class S3Store:
    """A prefix of an S3 bucket. Credentials, region and endpoint are found as boto3 finds them."""

    def __init__(self, bucket: str, prefix: str = "") -> None:
        import boto3  # slow to import, and a local archive needs none of it
        from botocore.config import Config

        self.bucket = bucket
        self.prefix = prefix
        self.root = f"s3://{bucket}/{prefix}".rstrip("/")
        with self._explained(""):
            self._session = boto3.session.Session()
            # With an endpoint of its own, botocore addresses buckets by path unless it is configured otherwise.
            self._client: S3Client = self._session.client(
                "s3",
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": 5},
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=16,
                ),
            )

    def __repr__(self) -> str:
        return f"S3Store({self.root!r})"

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self._put(key, lambda: data)

    def put_file_if_absent(self, key: str, path: Path) -> bool:
        size = path.stat().st_size
        if size <= _SINGLE_PUT:
            return self._put(key, path.read_bytes)
        if self.exists(key):
            return False
        return self._put_parts(key, path, size)

    def _put(self, key: str, read: Callable[[], bytes]) -> bool:
        data = read()
        return self._create(
            key,
            lambda writer: self._client.put_object(
                Bucket=self.bucket, Key=self._key(key), Body=data, IfNoneMatch="*", Metadata={"writer": writer}
            ),
        )

    def _put_parts(self, key: str, path: Path, size: int) -> bool:
        writer = uuid4().hex
        bucket, name = self.bucket, self._key(key)
        part_size = _PART_SIZE * max(1, 2 ** math.ceil(math.log2(size / _PART_SIZE / 10_000)))
        with self._explained(key):
            upload = self._client.create_multipart_upload(Bucket=bucket, Key=name, Metadata={"writer": writer})[
                "UploadId"
            ]
        created = False
        try:
            parts: list[Any] = []
            with path.open("rb") as file, self._explained(key):
                while data := file.read(part_size):
                    number = len(parts) + 1
                    answer = self._client.upload_part(
                        Bucket=bucket, Key=name, UploadId=upload, PartNumber=number, Body=data
                    )
                    parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            created = self._create(
                key,
                lambda _: self._client.complete_multipart_upload(
                    Bucket=bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
                ),
                writer,
            )
            return created
        finally:
            if not created:  # parts of an upload that is not completed are charged for and never seen
                with self._explained(key):
                    self._abort(name, upload)

    def _abort(self, name: str, upload: str) -> None:
        from botocore.exceptions import ClientError

        try:
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=name, UploadId=upload)
        except ClientError as error:
            if _code(error) != "NoSuchUpload":
                raise

    def _create(self, key: str, send: Callable[[str], object], writer: str | None = None) -> bool:
        """Send a conditional write until S3 says whether it created the key."""
        from botocore.exceptions import ClientError

        writer = writer or uuid4().hex
        for attempt in range(6):
            with self._explained(key):
                try:
                    send(writer)
                    return True
                except ClientError as error:
                    code = _code(error)
                    if code in ("PreconditionFailed", "412", "NoSuchUpload"):
                        # A request that botocore repeats, its answer being lost, fails on the object it made itself.
                        return self._writer(key) == writer
                    if code not in ("ConditionalRequestConflict", "409"):
                        raise
            # Another conditional write to the key is under way, and may yet fail.
            time.sleep(0.1 * 2**attempt)
        raise StoreError(f"other writers keep {key} in {self.root} busy: run again", retryable=True)

    def _writer(self, key: str) -> str | None:
        metadata: dict[str, str] = self._head(key)["Metadata"]
        return metadata.get("writer")

    def get(self, key: str) -> bytes:
        with self._explained(key):
            body: bytes = self._client.get_object(Bucket=self.bucket, Key=self._key(key))["Body"].read()
            return body

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        if not length:
            return b""
        span = f"bytes={offset}-{offset + length - 1}"
        with self._explained(key):
            data = self._client.get_object(Bucket=self.bucket, Key=self._key(key), Range=span)["Body"].read()
        return _whole(data, key, offset, length, self.root)

    def open(self, key: str) -> BinaryIO:
        size = self.size(key)
        return cast("BinaryIO", io.BufferedReader(_Resumed(self, key, size), 1 << 20))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        base = f"{self.prefix}/" if self.prefix else ""
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=base + prefix))
        while True:
            with self._explained(prefix):
                page = next(pages, None)
            if page is None:
                return
            for found in page.get("Contents", ()):
                if not found["Key"].endswith("/"):  # a directory that some tool made up
                    yield StoredObject(
                        key=found["Key"].removeprefix(base), size=found["Size"], modified=found["LastModified"]
                    )

    def exists(self, key: str) -> bool:
        try:
            self._head(key)
        except NoSuchKey:
            return False
        return True

    def size(self, key: str) -> int:
        return int(self._head(key)["ContentLength"])

    def delete(self, key: str) -> None:
        with self._explained(key):
            self._client.delete_object(Bucket=self.bucket, Key=self._key(key))

    def table_uri(self, name: str) -> str:
        return f"{self.root}/{_checked(name)}"

    def table_options(self) -> dict[str, str]:
        endpoint = self._client.meta.endpoint_url
        options = {"AWS_REGION": self._client.meta.region_name, "AWS_CONDITIONAL_PUT": "etag"}
        if not (urlsplit(endpoint).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
            options["AWS_ENDPOINT_URL"] = endpoint
            options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = "false"
        if endpoint.startswith("http://"):
            options["AWS_ALLOW_HTTP"] = "true"
        with self._explained(""):
            credentials = self._session.get_credentials()
            if credentials is None:
                raise StoreError(_NO_CREDENTIALS.format(root=self.root))
            frozen = credentials.get_frozen_credentials()
        options["AWS_ACCESS_KEY_ID"] = frozen.access_key or ""
        options["AWS_SECRET_ACCESS_KEY"] = frozen.secret_key or ""
        if frozen.token:
            options["AWS_SESSION_TOKEN"] = frozen.token
        return options

    def _key(self, key: str) -> str:
        return f"{self.prefix}/{_checked(key)}" if self.prefix else _checked(key)

    def _head(self, key: str) -> Any:
        from botocore.exceptions import ClientError

        with self._explained(key):
            try:
                return self._client.head_object(Bucket=self.bucket, Key=self._key(key))
            except ClientError as error:
                if _code(error) == "404":  # an answer to HEAD has no body to say what it is that is missing
                    self._client.head_bucket(Bucket=self.bucket)
                raise

    def _read(self, key: str, offset: int) -> Any:
        """The body from `offset` on."""
        return self._client.get_object(Bucket=self.bucket, Key=self._key(key), Range=f"bytes={offset}-")["Body"]

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Turn an error of botocore into a `StoreError` that says what to do."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise _explain(error, self, key) from error


class _Resumed(io.RawIOBase):
    """The body of an S3 object that is asked for again, from where it broke off, when the connection breaks."""

    def __init__(self, store: S3Store, key: str, size: int) -> None:
        self._store, self._key, self._size = store, key, size
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        from botocore.exceptions import BotoCoreError

        if self._position >= self._size:
            return 0
        for attempt in range(4):
            with self._store._explained(self._key):
                try:
                    if self._body is None:
                        self._body = self._store._read(self._key, self._position)
                    data = self._body.read(len(buffer))
                    if data:
                        break
                except BotoCoreError:
                    if attempt == 3:
                        raise
                self._body = None
        else:
            raise StoreError(f"{self._key} in {self._store.root} breaks off: run again", retryable=True)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
        super().close()


_NO_CREDENTIALS = (
    "no AWS credentials were found for {root}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run "
    "where a role is attached"
)

# Code of the answer (S3 calls them so; a HEAD request has the bare status) → what happened and what to do.
_S3_ADVICE = {
    "NoSuchBucket": "there is no bucket {bucket}: create it, or correct WARRAQ_ROOT",
    "AccessDenied": "access to {where} is denied: allow s3:GetObject, s3:PutObject, s3:DeleteObject on the prefix and "
    "s3:ListBucket on the bucket to these credentials",
    "403": "access to {where} is denied: check that the credentials are right and may use the bucket",
    "InvalidAccessKeyId": "the server of {where} does not know the access key: check AWS_ACCESS_KEY_ID or AWS_PROFILE",
    "SignatureDoesNotMatch": "the secret key does not fit the access key for {where}: check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the session token for {where} has expired: renew the credentials (for example `aws sso login`)",
    "RequestTimeTooSkewed": "this machine's clock differs from that of {where}'s server: set it by NTP, then run again",
    "PermanentRedirect": "the bucket of {where} is in another region: set AWS_REGION to it",
    "301": "the bucket of {where} is in another region: set AWS_REGION to it",
    "AuthorizationHeaderMalformed": "the bucket of {where} is in another region: set AWS_REGION to it",
    "NotImplemented": "the server of {where} cannot create an object only if it is absent (If-None-Match): use "
    "one that can",
    "QuotaExceeded": "the quota of {where} is used up: raise it or free some space, then run again",
    "InvalidRange": "{where} is shorter than its index says: it is damaged; run `warraq verify`",
}
_S3_ALIASES = {
    "AllAccessDisabled": "AccessDenied",
    "InvalidToken": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
}
_RETRYABLE = frozenset({"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "TooManyRequests",
                        "RequestLimitExceeded", "InternalError", "ServiceUnavailable", "429"})  # fmt: skip


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _explain(error: Exception, store: S3Store, key: str) -> StoreError:
    from botocore import exceptions as b

    where = f"{key} in {store.root}" if key else store.root
    if isinstance(error, b.ClientError):
        code = _code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in ("NoSuchKey", "404") and error.operation_name != "HeadBucket":
            return NoSuchKey(f"there is no {where}: check the key, or list what the archive holds")
        code = "NoSuchBucket" if code == "404" else _S3_ALIASES.get(code, code)
        if code in _S3_ADVICE:
            return StoreError(_S3_ADVICE[code].format(bucket=store.bucket, where=where))
        if code in _RETRYABLE or status == 429 or status >= 500:
            return StoreError(
                f"the server of {where} is overloaded or failing ({code}): run again later", retryable=True
            )
        return StoreError(f"the server of {where} refused {error.operation_name} ({code}): run `warraq doctor`")
    if isinstance(error, (b.NoCredentialsError, b.PartialCredentialsError)):
        return StoreError(_NO_CREDENTIALS.format(root=store.root))
    if isinstance(error, b.ProfileNotFound):
        return StoreError(f"{error}: correct AWS_PROFILE or ~/.aws/config")
    if isinstance(error, (b.CredentialRetrievalError, b.TokenRetrievalError, b.UnauthorizedSSOTokenError)):
        return StoreError(f"the AWS credentials for {store.root} cannot be fetched: renew them (`aws sso login`)")
    if isinstance(error, b.SSLError):
        return StoreError(
            f"the TLS certificate of {store.root}'s server is not trusted: check it, or set AWS_CA_BUNDLE"
        )
    if isinstance(error, (b.HTTPClientError, b.IncompleteReadError, b.ResponseStreamingError)):
        return StoreError(
            f"the server of {where} cannot be reached ({type(error).__name__}): check the network and "
            "AWS_ENDPOINT_URL, then run again",
            retryable=True,
        )
    return StoreError(f"{where} cannot be used ({type(error).__name__}): check the AWS settings with `warraq doctor`")
