"""A prefix of an S3 bucket as a store. The one module that imports boto3.

What passes by itself is tried again with growing, jittered pauses: by botocore where a request is refused or gets no
answer, here where a body breaks off. A write whose answer was lost is known by the `writer` in the object's metadata.
"""

# ruff: noqa: D102  (the methods are documented once, in the protocol)

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
from botocore import exceptions as b
from botocore.config import Config

from archive.store.protocol import NoSuchKey, StoredObject, StoreError, checked_key, whole_range
from archive.store.s3_errors import error_code, explain
from archive.store.s3_options import S3Options

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# A larger file goes up in parts. Ceph 16 heeds If-None-Match when an object is put, but not when parts are completed;
# so a file that crawls write (256 MB) is put in one go, and parts are left to what others bring.
_SINGLE_PUT = 1 << 30
_PART_SIZE = 64 << 20
_MAX_PARTS = 10_000
_ATTEMPTS = 5


class S3Store:
    """A prefix of an S3 bucket. Credentials, region and endpoint are found as boto3 finds them."""

    def __init__(self, bucket: str, prefix: str = "", options: S3Options | None = None) -> None:
        self._options = options or S3Options()
        self._bucket_is_there = False
        self.root = f"s3://{bucket}/{prefix}".rstrip("/")
        self.bucket = bucket
        self._base = f"{prefix}/" if prefix else ""
        with self._explained():
            self._session = boto3.session.Session()
            # With an endpoint of its own, botocore addresses buckets by path unless it is configured otherwise.
            self._client: S3Client = self._session.client(
                "s3",
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=16,
                ),
            )
        if "@" in self._client.meta.endpoint_url:  # not repeated: errors of the libraries would be
            raise StoreError(
                f"the endpoint of {self.root} holds a user name or a password: take it out of AWS_ENDPOINT_URL, and "
                "give the credentials as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        self.address = f"{self.root} at {self._client.meta.endpoint_url}"

    def __repr__(self) -> str:
        return f"S3Store({self.root!r})"

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self._put(key, lambda: io.BytesIO(data))

    def put_file_if_absent(self, key: str, path: Path) -> bool:
        try:
            size = path.stat().st_size
            if self.exists(key):  # saves the upload
                return False
            if size <= _SINGLE_PUT:
                return self._put(key, lambda: path.open("rb"))
            return self._put_parts(key, path, size)
        except OSError as error:
            raise StoreError(
                f"cannot read {path} ({error.strerror or error}): check the file, then run again"
            ) from error

    def replace(self, key: str, data: bytes) -> None:
        self._put(key, lambda: io.BytesIO(data), replace=True)

    def replace_file(self, key: str, path: Path) -> None:
        try:
            size = path.stat().st_size
            if size <= _SINGLE_PUT:
                self._put(key, lambda: path.open("rb"), replace=True)
            else:
                self._put_parts(key, path, size, replace=True)
        except OSError as error:
            raise StoreError(
                f"cannot read {path} ({error.strerror or error}): check the file, then run again"
            ) from error

    def _put(self, key: str, opened: Callable[[], BinaryIO], *, replace: bool = False) -> bool:
        writer = uuid4().hex
        arguments = self._options.write_arguments(key) | ({} if replace else {"IfNoneMatch": "*"})
        if self._options.single_writer and not replace and self.exists(key):
            return False

        def send() -> None:
            with opened() as body:
                self._client.put_object(
                    Bucket=self.bucket, Key=self._key(key), Body=body, Metadata={"writer": writer}, **arguments
                )
            self._bucket_is_there = True

        return self._create(key, writer, send)

    def _put_parts(self, key: str, path: Path, size: int, *, replace: bool = False) -> bool:
        writer = uuid4().hex
        bucket, name = self.bucket, self._key(key)
        part_size = max(_PART_SIZE, -(-size // _MAX_PARTS))
        reading = self._options.read_arguments()
        parts: list[Any] = []
        with self._explained(key):
            upload = self._client.create_multipart_upload(
                Bucket=bucket, Key=name, Metadata={"writer": writer}, **self._options.write_arguments(key)
            )["UploadId"]
        created = False
        try:
            with path.open("rb") as file, self._explained(key):
                while data := file.read(part_size):
                    part = self._client.upload_part(
                        Bucket=bucket, Key=name, UploadId=upload, PartNumber=len(parts) + 1, Body=data, **reading
                    )
                    parts.append({"PartNumber": len(parts) + 1, "ETag": part["ETag"]})
            created = self._complete(key, writer, upload, parts, replace=replace)
        finally:
            if not created:  # parts of an upload that is not completed are not seen, but charged for
                with suppress(b.ClientError, b.BotoCoreError):
                    self._client.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
        return created

    def _complete(self, key: str, writer: str, upload: str, parts: list[Any], *, replace: bool) -> bool:
        """Make the object of its parts, unless the key is taken and is not to be replaced.

        Some servers do not heed the condition here (`completes_only_if_absent`). So the key is looked up right before,
        and after; two writers that complete within these moments may then both be told that they created it.
        """
        condition: Any = {} if replace else {"IfNoneMatch": "*"}

        def send() -> None:
            self._client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=self._key(key),
                UploadId=upload,
                MultipartUpload={"Parts": parts},
                **self._options.read_arguments(),
                **condition,
            )

        if (not replace and self.exists(key)) or not self._create(key, writer, send):
            return False
        return bool(self._head(key)["Metadata"].get("writer") == writer)

    def completes_only_if_absent(self, key: str) -> bool:
        bucket, name = self.bucket, self._key(key)
        self.put_if_absent(key, b"first")
        with self._explained(key):
            upload = self._client.create_multipart_upload(Bucket=bucket, Key=name, **self._options.write_arguments(key))
            identity: Any = {"Bucket": bucket, "Key": name, "UploadId": upload["UploadId"]}
            try:
                part = self._client.upload_part(**identity, PartNumber=1, Body=b"second")
                parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
                self._client.complete_multipart_upload(**identity, MultipartUpload=parts, IfNoneMatch="*")
            except b.ClientError as error:
                if error_code(error) not in ("PreconditionFailed", "412", "NotImplemented", "501"):
                    raise
                self._client.abort_multipart_upload(**identity)
                return error_code(error) in ("PreconditionFailed", "412")
        return False

    def _create(self, key: str, writer: str, send: Callable[[], None]) -> bool:
        """Send a conditional write until S3 has said whether it created the key."""
        for attempt in range(6):
            with self._explained(key):
                try:
                    send()
                except b.ClientError as error:
                    code = error_code(error)
                    if code in ("PreconditionFailed", "412", "NoSuchUpload"):
                        # Where an answer is lost, botocore repeats the write, and meets the object it made itself.
                        return bool(self._head(key)["Metadata"].get("writer") == writer)
                    if code not in ("ConditionalRequestConflict", "409"):
                        raise
                else:
                    return True
            # Another conditional write to the key is under way, and may yet fail.
            _pause(attempt)
        raise StoreError(f"other writers keep {key} in {self.root} busy: run again", retryable=True)

    def get(self, key: str) -> bytes:
        with self.open(key) as stream:
            return stream.read()

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        if not length:
            return b""
        with _Body(self, key, offset, offset + length) as body:
            return whole_range(body.readall(), key, offset, length, self.root)

    def open(self, key: str) -> BinaryIO:
        return cast("BinaryIO", io.BufferedReader(_Body(self, key), 1 << 20))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        paginator = self._client.get_paginator("list_objects_v2")
        pages = iter(
            paginator.paginate(Bucket=self.bucket, Prefix=self._base + prefix, **self._options.read_arguments())
        )
        while True:
            with self._explained(prefix):
                page = next(pages, None)
            if page is None:
                return
            self._bucket_is_there = True
            for found in page.get("Contents", ()):
                if not found["Key"].endswith("/"):  # some tools make objects to stand for directories
                    key, modified = found["Key"].removeprefix(self._base), found["LastModified"].astimezone(UTC)
                    yield StoredObject(key=key, size=found["Size"], modified=modified)

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
            self._client.delete_object(Bucket=self.bucket, Key=self._key(key), **self._options.read_arguments())

    def clock(self) -> datetime:
        with self._explained():
            try:
                answer: Any = self._client.head_bucket(Bucket=self.bucket)
            except b.ClientError as error:  # where the clocks differ too much, S3 refuses, and dates its refusal
                answer = error.response
                if "date" not in answer["ResponseMetadata"]["HTTPHeaders"]:
                    raise
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)

    def clear_unfinished(self, before: datetime, *, dry_run: bool = False) -> tuple[str, ...]:
        found = []
        pages = iter(
            self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=self._base)
        )
        with self._explained():
            while page := next(pages, None):
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"] >= before:
                        continue
                    found.append(upload["Key"].removeprefix(self._base))
                    if not dry_run:
                        with suppress(self._client.exceptions.NoSuchUpload):  # completed or aborted meanwhile
                            self._client.abort_multipart_upload(
                                Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                            )
        return tuple(sorted(found))

    def table_uri(self, name: str) -> str:
        return f"{self.root}/{checked_key(name)}"

    def table_options(self) -> dict[str, str]:
        with self._explained():
            credentials = self._session.get_credentials()
            if credentials is None:
                raise b.NoCredentialsError
            frozen = credentials.get_frozen_credentials()
        options = {
            "AWS_ACCESS_KEY_ID": frozen.access_key or "",
            "AWS_SECRET_ACCESS_KEY": frozen.secret_key or "",
            # The caller tries again for longer, and can say so.
            "max_retries": "6",
            "retry_timeout": "30s",
            **self._options.table_options(),
        }
        if frozen.token:
            options["AWS_SESSION_TOKEN"] = frozen.token
        endpoint = urlsplit(self._client.meta.endpoint_url)
        if (endpoint.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
            options["AWS_REGION"] = self._region()
            return options
        options["AWS_REGION"] = self._client.meta.region_name
        options["AWS_ALLOW_HTTP"] = str(endpoint.scheme == "http").lower()
        virtual = (getattr(self._client.meta.config, "s3", None) or {}).get("addressing_style") == "virtual"
        options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = str(virtual).lower()
        # Addressed by host, deltalake wants the bucket in the endpoint already.
        host = f"{self.bucket}.{endpoint.netloc}" if virtual else endpoint.netloc
        options["AWS_ENDPOINT_URL"] = f"{endpoint.scheme}://{host}{endpoint.path}"
        return options

    def _region(self) -> str:
        """The bucket's own region: boto3 finds its way there when another is configured, deltalake does not."""
        with self._explained():
            headers = self._client.head_bucket(Bucket=self.bucket)["ResponseMetadata"]["HTTPHeaders"]
        return headers.get("x-amz-bucket-region") or self._client.meta.region_name

    def _key(self, key: str) -> str:
        return self._base + checked_key(key)

    def _head(self, key: str) -> Any:
        with self._explained(key):
            try:
                return self._client.head_object(
                    Bucket=self.bucket, Key=self._key(key), **self._options.read_arguments()
                )
            except b.ClientError as error:
                # The answer to HEAD has no body to say whether key or bucket is missing.
                if error_code(error) == "404" and not self._bucket_is_there:
                    self._client.head_bucket(Bucket=self.bucket)
                    self._bucket_is_there = True
                raise

    def _get(self, key: str, start: int, stop: int | None) -> Any:
        """S3's answer with the object's bytes from `start` up to `stop`, None being its end."""
        arguments = self._options.read_arguments()
        if start or stop is not None:  # an empty object has no range
            arguments["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        return self._client.get_object(Bucket=self.bucket, Key=self._key(key), **arguments)

    @contextmanager
    def _explained(self, key: str = "") -> Iterator[None]:
        """Turn an error of botocore into a `StoreError` that says what to do."""
        try:
            yield
        except (b.BotoCoreError, b.ClientError) as error:
            raise explain(error, self.root, self.bucket, key) from error
        except ValueError as error:
            if "endpoint" not in str(error).lower():
                raise
            raise StoreError("AWS_ENDPOINT_URL is no URL: write http://host:port or https://host") from error


class _Body(io.RawIOBase):
    """The bytes of an object, asked for again from where they broke off when the connection breaks."""

    def __init__(self, store: S3Store, key: str, start: int = 0, stop: int | None = None) -> None:
        """Ask for the bytes from `start` up to `stop`, None being the object's end.

        Raises:
            NoSuchKey: there is no such object.
        """
        self._store, self._key = store, key
        self._position, self._stop = start, stop
        self._stream: Any = None
        with store._explained(key):
            first = store._get(key, start, stop)
        self._stream, self._etag = first["Body"], first["ETag"]
        self._stop = start + int(first["ContentLength"])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._position >= (self._stop or 0):
            return 0
        with self._store._explained(self._key):
            data = self._read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, length: int) -> bytes:
        for attempt in range(_ATTEMPTS):
            try:
                if self._stream is None:
                    self._stream = self._resumed()
                data: bytes = self._stream.read(length)
                if data:
                    return data
            except (b.HTTPClientError, b.IncompleteReadError, b.ResponseStreamingError):
                if attempt == _ATTEMPTS - 1:
                    raise
            self._drop()
            _pause(attempt)
        raise StoreError(f"{self._key} in {self._store.root} breaks off: run again", retryable=True)

    def _resumed(self) -> Any:
        answer = self._store._get(self._key, self._position, self._stop)
        if answer["ETag"] != self._etag:
            raise StoreError(f"{self._key} in {self._store.root} changed while it was read: run again", retryable=True)
        return answer["Body"]

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def close(self) -> None:
        self._drop()
        super().close()


def _pause(attempt: int) -> None:
    """A growing pause with jitter, so that those who failed together do not come again together."""
    time.sleep(random.uniform(0.05, 0.1) * 2**attempt)  # noqa: S311  jitter, no secret
