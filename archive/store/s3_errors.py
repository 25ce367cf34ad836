"""What an S3 server refuses or fails to do, as a `StoreError`: what happened, where, and what to do next."""

from __future__ import annotations

from botocore import exceptions as b

from archive.store.protocol import NoSuchKey, StoreError

# By the code in S3's answer; the answer to HEAD has the bare status for one.
_ADVICE = {
    "NoSuchBucket": "there is no bucket {bucket}: create it, or correct WARRAQ_ROOT",
    "AccessDenied": "access to {where} is denied: allow the credentials s3:GetObject and s3:PutObject on the prefix "
    "and s3:ListBucket on the bucket (docs/operations.md has the policies)",
    "403": "access to {where} is denied: check that the credentials are right and may use the bucket",
    "InvalidAccessKeyId": "the server of {where} does not know the access key: check AWS_ACCESS_KEY_ID or AWS_PROFILE",
    "SignatureDoesNotMatch": "the secret key does not fit the access key for {where}: check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the session token for {where} has expired: renew the credentials (for example `aws sso login`)",
    "RequestTimeTooSkewed": "this machine's clock differs from that of {where}'s server: set it by NTP, then run again",
    "PermanentRedirect": "the bucket of {where} is in another region: set AWS_REGION to it",
    "NotImplemented": "the server of {where} cannot create an object only if it is absent (If-None-Match): use another",
    "QuotaExceeded": "the quota of {where} is used up: raise it or free some space, then run again",
    "InvalidStorageClass": "the server of {where} does not know the storage class: correct WARRAQ_S3_STORAGE_CLASS",
    "InvalidArgument": "the server of {where} refuses how it is to be written: check WARRAQ_S3_STORAGE_CLASS, "
    "WARRAQ_S3_ENCRYPTION and WARRAQ_S3_TAGS",
    "KMS.NotFoundException": "the key that is to encrypt {where} cannot be used: check WARRAQ_S3_KMS_KEY",
    "InvalidRange": "{where} is shorter than its index says: it is damaged; run `warraq verify`",
}
_ALIASES = {
    "404": "NoSuchBucket",
    "301": "PermanentRedirect",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "AllAccessDisabled": "AccessDenied",
    "InvalidToken": "ExpiredToken",
    "InvalidRequest": "InvalidArgument",
    "InvalidTag": "InvalidArgument",
    "KMS.DisabledException": "KMS.NotFoundException",
    "KMS.KMSInvalidStateException": "KMS.NotFoundException",
    "TokenRefreshRequired": "ExpiredToken",
}
_LATER = frozenset({"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "TooManyRequests", "503"})


def error_code(error: b.ClientError) -> str:
    """The code in S3's answer, such as NoSuchKey; the bare status of an answer to HEAD."""
    return str(error.response.get("Error", {}).get("Code", ""))


def explain(error: Exception, root: str, bucket: str, key: str) -> StoreError:
    """An error of botocore about a key of the archive at `root`, or about the archive if `key` is empty."""
    where = f"{key} in {root}" if key else root
    if isinstance(error, b.ClientError):
        return _explain_answer(error, bucket, where)
    if isinstance(error, (b.NoCredentialsError, b.PartialCredentialsError)):
        return StoreError(
            f"no AWS credentials were found for {root}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "AWS_PROFILE, or run where a role is attached"
        )
    if isinstance(error, b.ProfileNotFound):
        return StoreError(f"{error}: correct AWS_PROFILE or ~/.aws/config")
    if isinstance(error, (b.CredentialRetrievalError, b.TokenRetrievalError, b.SSOError)):
        return StoreError(f"the AWS credentials for {root} cannot be fetched: renew them (`aws sso login`)")
    if isinstance(error, b.SSLError):
        return StoreError(f"the TLS certificate of {root}'s server is not trusted: check it or set AWS_CA_BUNDLE")
    if isinstance(error, (b.ConnectionError, b.HTTPClientError, b.IncompleteReadError, b.ResponseStreamingError)):
        return StoreError(
            f"the server of {where} cannot be reached ({type(error).__name__}): check the network and "
            "AWS_ENDPOINT_URL, then run again",
            retryable=True,
        )
    return StoreError(f"{where} cannot be used ({type(error).__name__}): check the AWS settings with `warraq doctor`")


def _explain_answer(error: b.ClientError, bucket: str, where: str) -> StoreError:
    code = error_code(error)
    if code in ("NoSuchKey", "404") and error.operation_name != "HeadBucket":
        return NoSuchKey(f"there is no {where}: check the key, or list what the archive holds")
    advice = _ADVICE.get(_ALIASES.get(code, code))
    if advice:
        return StoreError(advice.format(bucket=bucket, where=where))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _LATER or status == 429 or status >= 500:
        return StoreError(f"the server of {where} is overloaded or failing ({code}): run again later", retryable=True)
    return StoreError(f"the server of {where} refused {error.operation_name} ({code}): run `warraq doctor`")
