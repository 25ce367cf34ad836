"""How objects are written to S3, beside where: encryption, storage class, tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

ENCRYPTIONS = ("AES256", "aws:kms")
"""SSE-S3 and SSE-KMS, as S3 names them."""


@dataclass(frozen=True, kw_only=True)
class S3Options:
    """What the environment decides about writing to S3 (`WARRAQ_S3_…`)."""

    encryption: str | None = None
    """One of `ENCRYPTIONS`; None: what the bucket does by default."""
    kms_key: str | None = None
    """Id or ARN of the key for `aws:kms`; None: the account's default key."""
    storage_class: str | None = None
    """Of WARC files alone: tables and indexes are read all the time."""
    tags: tuple[tuple[str, str], ...] = ()
    """Of every object but the tables' files, for which deltalake has no setting."""
    requester_pays: bool = False
    """The reader is billed for requests: S3 wants each request to say that it agrees."""
    single_writer: bool = False
    """The user sees to it that one run writes at a time, as the server ignores If-None-Match."""

    def read_arguments(self) -> dict[str, Any]:
        """What boto3 is told with every request."""
        return {"RequestPayer": "requester"} if self.requester_pays else {}

    def write_arguments(self, key: str) -> dict[str, Any]:
        """What boto3 is told when it creates the object at `key`."""
        arguments = self.read_arguments()
        if self.encryption:
            arguments["ServerSideEncryption"] = self.encryption
        if self.kms_key:
            arguments["SSEKMSKeyId"] = self.kms_key
        if self.storage_class and key.endswith(".warc.gz"):
            arguments["StorageClass"] = self.storage_class
        if self.tags:
            arguments["Tagging"] = urlencode(self.tags)
        return arguments

    def table_options(self) -> dict[str, str]:
        """What deltalake is told, in the names of its storage options."""
        options = {"AWS_CONDITIONAL_PUT": "etag"}  # commits create their log entry only if it is absent
        if self.encryption:
            options["AWS_SERVER_SIDE_ENCRYPTION"] = self.encryption
        if self.kms_key:
            options["AWS_SSE_KMS_KEY_ID"] = self.kms_key
        if self.requester_pays:
            options["AWS_REQUEST_PAYER"] = "true"
        return options
