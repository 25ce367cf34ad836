"""A prefix of an S3 bucket as a store. The one module that imports boto3."""

# ruff: noqa: D102  (the methods are documented once, in the protocol)

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
from botocore import exceptions as b
from botocore.config import Config

from archive.store.protocol import NoSuchKey, StoredObject, StoreError, checked_key, whole_range

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# A larger file goes up in parts. Ceph 16 heeds If-None-Match when an object is put, but not when parts are completed;
# so a file that crawls write (256 MB) is put in one go, and parts are left to what others bring.
_SINGLE_PUT = 1 << 30
_PART_SIZE = 64 << 20
_MAX_PARTS = 10_000


class S3Store:
    """A prefix of an S3 bucket. Credentials, region and endpoint are found as boto3 finds them."""

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self.root = f"s3://{bucket}/{prefix}".rstrip("/")
        self.bucket = bucket
        self._base = f"{prefix}/" if prefix else ""
        with self._explained():
            self._session = boto3.session.Session()
            # With an endpoint of its own, botocore addresses buckets by path unless it is configured otherwise.
            self._client: S3Client = self._session.client(
                "s3",
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": 4},
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=16,
                ),
            )

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

    def _put(self, key: str, opened: Callable[[], BinaryIO]) -> bool:
        writer = uuid4().hex

        def send() -> None:
            with opened() as body:
                self._client.put_object(
                    Bucket=self.bucket, Key=self._key(key), Body=body, IfNoneMatch="*", Metadata={"writer": writer}
                )

        return self._create(key, writer, send)

    def _put_parts(self, key: str, path: Path, size: int) -> bool:
        writer = uuid4().hex
        bucket, name = self.bucket, self._key(key)
        part_size = max(_PART_SIZE, -(-size // _MAX_PARTS))
        with self._explained(key):
            started = self._client.create_multipart_upload(Bucket=bucket, Key=name, Metadata={"writer": writer})
        upload = started["UploadId"]
        parts: list[Any] = []

        def complete() -> None:
            self._client.complete_multipart_upload(
                Bucket=bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )

        created = False
        try:
            with path.open("rb") as file, self._explained(key):
                while data := file.read(part_size):
                    part = self._client.upload_part(
                        Bucket=bucket, Key=name, UploadId=upload, PartNumber=len(parts) + 1, Body=data
                    )
                    parts.append({"PartNumber": len(parts) + 1, "ETag": part["ETag"]})
            created = self._create(key, writer, complete)
        finally:
            if not created:  # parts of an upload that is not completed are not seen, but charged for
                with suppress(b.ClientError, b.BotoCoreError):
                    self._client.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
        return created

    def _create(self, key: str, writer: str, send: Callable[[], None]) -> bool:
        """Send a conditional write until S3 has said whether it created the key."""
        for attempt in range(6):
            with self._explained(key):
                try:
                    send()
                except b.ClientError as error:
                    code = _code(error)
                    if code in ("PreconditionFailed", "412", "NoSuchUpload"):
                        # Where an answer is lost, botocore repeats the write, and meets the object it made itself.
                        return bool(self._head(key)["Metadata"].get("writer") == writer)
                    if code not in ("ConditionalRequestConflict", "409"):
                        raise
                else:
                    return True
            # Another conditional write to the key is under way, and may yet fail.
            time.sleep(0.1 * 2**attempt)
        raise StoreError(f"other writers keep {key} in {self.root} busy: run again", retryable=True)

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
        return whole_range(data, key, offset, length, self.root)

    def open(self, key: str) -> BinaryIO:
        return cast("BinaryIO", io.BufferedReader(_Body(self, key, self.size(key)), 1 << 20))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        paginator = self._client.get_paginator("list_objects_v2")
        pages = iter(paginator.paginate(Bucket=self.bucket, Prefix=self._base + prefix))
        while True:
            with self._explained(prefix):
                page = next(pages, None)
            if page is None:
                return
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
            self._client.delete_object(Bucket=self.bucket, Key=self._key(key))

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
            "AWS_CONDITIONAL_PUT": "etag",  # commits create their log entry only if it is absent
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
                return self._client.head_object(Bucket=self.bucket, Key=self._key(key))
            except b.ClientError as error:
                if _code(error) == "404":  # the answer to HEAD has no body to say whether key or bucket is missing
                    self._client.head_bucket(Bucket=self.bucket)
                raise

    def _body(self, key: str, offset: int) -> Any:
        return self._client.get_object(Bucket=self.bucket, Key=self._key(key), Range=f"bytes={offset}-")["Body"]

    @contextmanager
    def _explained(self, key: str = "") -> Iterator[None]:
        """Turn an error of botocore into a `StoreError` that says what to do."""
        try:
            yield
        except (b.BotoCoreError, b.ClientError) as error:
            raise _explain(error, self, key) from error
        except ValueError as error:
            if "endpoint" not in str(error).lower():
                raise
            raise StoreError("AWS_ENDPOINT_URL is no URL: write http://host:port or https://host") from error


class _Body(io.RawIOBase):
    """An object's body, asked for again from where it broke off when the connection breaks."""

    def __init__(self, store: S3Store, key: str, size: int) -> None:
        self._store, self._key, self._size = store, key, size
        self._position = 0
        self._stream: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._position >= self._size:
            return 0
        with self._store._explained(self._key):
            data = self._read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, length: int) -> bytes:
        for attempt in range(4):
            try:
                self._stream = self._stream or self._store._body(self._key, self._position)
                data: bytes = self._stream.read(length)
                if data:
                    return data
            except (b.HTTPClientError, b.IncompleteReadError, b.ResponseStreamingError):
                if attempt == 3:
                    raise
            self._drop()
        raise StoreError(f"{self._key} in {self._store.root} breaks off: run again", retryable=True)

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def close(self) -> None:
        self._drop()
        super().close()


# --- what went wrong, and what to do ----------------------------------------------------------------------------------

# By the code in S3's answer; the answer to HEAD has the bare status for one.
_ADVICE = {
    "NoSuchBucket": "there is no bucket {bucket}: create it, or correct WARRAQ_ROOT",
    "AccessDenied": "access to {where} is denied: allow the credentials s3:GetObject, s3:PutObject and s3:DeleteObject "
    "on the prefix and s3:ListBucket on the bucket",
    "403": "access to {where} is denied: check that the credentials are right and may use the bucket",
    "InvalidAccessKeyId": "the server of {where} does not know the access key: check AWS_ACCESS_KEY_ID or AWS_PROFILE",
    "SignatureDoesNotMatch": "the secret key does not fit the access key for {where}: check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the session token for {where} has expired: renew the credentials (for example `aws sso login`)",
    "RequestTimeTooSkewed": "this machine's clock differs from that of {where}'s server: set it by NTP, then run again",
    "PermanentRedirect": "the bucket of {where} is in another region: set AWS_REGION to it",
    "NotImplemented": "the server of {where} cannot create an object only if it is absent (If-None-Match): use another",
    "QuotaExceeded": "the quota of {where} is used up: raise it or free some space, then run again",
    "InvalidRange": "{where} is shorter than its index says: it is damaged; run `warraq verify`",
}
_ALIASES = {
    "404": "NoSuchBucket",
    "301": "PermanentRedirect",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "AllAccessDisabled": "AccessDenied",
    "InvalidToken": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
}
_LATER = frozenset({"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "TooManyRequests", "503"})


def _code(error: b.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _explain(error: Exception, store: S3Store, key: str) -> StoreError:
    where = f"{key} in {store.root}" if key else store.root
    if isinstance(error, b.ClientError):
        return _explain_answer(error, store, where)
    if isinstance(error, (b.NoCredentialsError, b.PartialCredentialsError)):
        return StoreError(
            f"no AWS credentials were found for {store.root}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "AWS_PROFILE, or run where a role is attached"
        )
    if isinstance(error, b.ProfileNotFound):
        return StoreError(f"{error}: correct AWS_PROFILE or ~/.aws/config")
    if isinstance(error, (b.CredentialRetrievalError, b.TokenRetrievalError, b.SSOError)):
        return StoreError(f"the AWS credentials for {store.root} cannot be fetched: renew them (`aws sso login`)")
    if isinstance(error, b.SSLError):
        return StoreError(f"the TLS certificate of {store.root}'s server is not trusted: check it or set AWS_CA_BUNDLE")
    if isinstance(error, (b.ConnectionError, b.HTTPClientError, b.IncompleteReadError, b.ResponseStreamingError)):
        return StoreError(
            f"the server of {where} cannot be reached ({type(error).__name__}): check the network and "
            "AWS_ENDPOINT_URL, then run again",
            retryable=True,
        )
    return StoreError(f"{where} cannot be used ({type(error).__name__}): check the AWS settings with `warraq doctor`")


def _explain_answer(error: b.ClientError, store: S3Store, where: str) -> StoreError:
    code = _code(error)
    if code in ("NoSuchKey", "404") and error.operation_name != "HeadBucket":
        return NoSuchKey(f"there is no {where}: check the key, or list what the archive holds")
    advice = _ADVICE.get(_ALIASES.get(code, code))
    if advice:
        return StoreError(advice.format(bucket=store.bucket, where=where))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _LATER or status == 429 or status >= 500:
        return StoreError(f"the server of {where} is overloaded or failing ({code}): run again later", retryable=True)
    return StoreError(f"the server of {where} refused {error.operation_name} ({code}): run `warraq doctor`")
