"""What only S3 does: answers that are lost or refuse, credentials, uploads in parts. Ceph's gateway is the server."""

from __future__ import annotations

import http.client
import http.server
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from archive.store import NoSuchKey, StoreError, open_store, s3

pytestmark = pytest.mark.ceph

Respond = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def serving(respond: Respond) -> Iterator[str]:
    """The URL of a server that answers every request by `respond`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            respond(self)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def forward(endpoint: str, request: http.server.BaseHTTPRequestHandler) -> tuple[int, list[tuple[str, str]], bytes]:
    """The answer of the server at `endpoint` to the request. The signature covers the Host header, so it is kept."""
    body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
    if request.headers.get("Expect"):
        del request.headers["Expect"]
    with closing(http.client.HTTPConnection(urlsplit(endpoint).netloc)) as connection:
        connection.request(request.command, request.path, body or None, dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()


def relay(request: http.server.BaseHTTPRequestHandler, answer: tuple[int, list[tuple[str, str]], bytes]) -> None:
    status, headers, body = answer
    request.send_response(status)
    for name, value in headers:
        if name.lower() not in ("transfer-encoding", "connection"):
            request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def hang_up(request: http.server.BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    request.connection.close()


def test_a_write_whose_answer_is_lost_is_known_as_ours(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ceph = open_store(s3_root).table_options()["AWS_ENDPOINT_URL"]
    seen: list[int] = []

    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        answer = forward(ceph, request)
        if request.command == "PUT":
            seen.append(answer[0])
            if len(seen) == 1:
                return hang_up(request)
        return relay(request, answer)

    with serving(respond) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy)
        store = open_store(s3_root)
        assert store.put_if_absent("a", b"ours")
        assert seen == [200, 412]
        assert not store.put_if_absent("a", b"theirs")
        assert store.get("a") == b"ours"


def test_a_body_that_breaks_off_is_taken_up_where_it_broke(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytes(range(256)) * 20_000
    store = open_store(s3_root)
    store.put_if_absent("a", content)
    ceph = store.table_options()["AWS_ENDPOINT_URL"]
    ranges: list[str | None] = []

    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        status, headers, body = forward(ceph, request)
        if request.command == "GET":
            ranges.append(request.headers["Range"])
            if len(ranges) < 3:
                relay(request, (status, headers, body[:1_500_000]))
                return hang_up(request)
        return relay(request, (status, headers, body))

    with serving(respond) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy)
        with open_store(s3_root).open("a") as stream:
            assert stream.read() == content
    assert ranges[0] is None
    assert all(re.fullmatch(rf"bytes=[1-9]\d+-{len(content) - 1}", each or "") for each in ranges[1:])
    assert len(ranges) == 3


def test_a_body_that_always_breaks_off_is_told(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(s3_root)
    store.put_if_absent("a", bytes(100_000))
    ceph = store.table_options()["AWS_ENDPOINT_URL"]

    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        status, headers, body = forward(ceph, request)
        relay(request, (status, headers, b"" if request.command == "GET" else body))
        hang_up(request)

    with serving(respond) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy)
        with open_store(s3_root).open("a") as stream, pytest.raises(StoreError, match="run again") as raised:
            stream.read()
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("status", "code", "message", "retryable"),
    [
        (503, "SlowDown", "is overloaded or failing (SlowDown): run again later", True),
        (429, "TooManyRequests", "is overloaded or failing", True),
        (500, "InternalError", "is overloaded or failing", True),
        (502, "Whatever", "is overloaded or failing", True),
        (403, "RequestTimeTooSkewed", "this machine's clock differs from that of a in s3://bucket's server", False),
        (403, "AccessDenied", "access to a in s3://bucket is denied: allow the credentials s3:GetObject", False),
        (400, "ExpiredToken", "has expired: renew the credentials", False),
        (400, "AuthorizationHeaderMalformed", "is in another region: set AWS_REGION", False),
        (501, "NotImplemented", "cannot create an object only if it is absent", False),
        (403, "QuotaExceeded", "the quota of a in s3://bucket is used up", False),
        (400, "Unheard", "refused PutObject (Unheard): run `warraq doctor`", False),
        (409, "ConditionalRequestConflict", "other writers keep a in s3://bucket busy", True),
    ],
)
def test_a_refusal_is_told(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, message: str, retryable: bool
) -> None:
    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length") or 0))
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>secretkey</Message></Error>".encode()
        relay(request, (status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body))

    monkeypatch.setattr("time.sleep", lambda _: None)  # the waits between attempts
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "accesskey")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secretkey")
    with serving(respond) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server)
        with pytest.raises(StoreError) as raised:
            open_store("s3://bucket").put_if_absent("a", b"")
    assert message in str(raised.value)
    assert raised.value.retryable is retryable
    assert "secretkey" not in str(raised.value)


def test_a_moment_of_overload_is_waited_for(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ceph = open_store(s3_root).table_options()["AWS_ENDPOINT_URL"]
    monkeypatch.setattr("time.sleep", lambda _: None)
    refused: list[str] = []

    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        answer = forward(ceph, request)
        if len(refused) < 2:
            refused.append(request.command)
            answer = (503, [("Content-Length", "0")], b"")
        relay(request, answer)

    with serving(respond) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy)
        assert open_store(s3_root).put_if_absent("a", b"1")
    assert len(refused) == 2


def every_use(root: str) -> Iterator[Callable[[], Any]]:
    yield lambda: open_store(root).put_if_absent("a", b"")
    yield lambda: open_store(root).get("a")
    yield lambda: open_store(root).exists("a")
    yield lambda: open_store(root).open("a")
    yield lambda: list(open_store(root).list(""))


def messages(root: str) -> set[str]:
    told = set()
    for use in every_use(root):
        with pytest.raises(StoreError) as raised:
            use()
        assert not isinstance(raised.value, NoSuchKey)
        told.add(str(raised.value))
    return told


def test_a_bucket_that_is_not_there_is_told(s3_root: str) -> None:
    assert messages("s3://no-such-bucket/x") == {
        "there is no bucket no-such-bucket: create it, or correct WARRAQ_ROOT",
    }


@pytest.mark.parametrize(
    ("access", "secret", "message"),
    [
        ("strangeraccess", "strangersecret", "is denied"),
        ("unknownaccess", "unknownsecret", "does not know the access key: check AWS_ACCESS_KEY_ID or AWS_PROFILE"),
        (None, "unknownsecret", "the secret key does not fit the access key"),
    ],
)
def test_wrong_credentials_are_told(
    s3_root: str, monkeypatch: pytest.MonkeyPatch, access: str | None, secret: str, message: str
) -> None:
    if access:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", access)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    told = messages(s3_root)
    assert any(message in each for each in told)
    assert all(message in each or "is denied: check that the credentials are right" in each for each in told)
    assert not any(secret in each or "unknownaccess" in each for each in told)


def test_no_credentials_are_told(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(
        StoreError, match=r"^no AWS credentials were found for s3://.*: set AWS_ACCESS_KEY_ID"
    ) as raised:
        open_store(s3_root).table_options()
    assert messages(s3_root) == {str(raised.value)}


def test_an_unknown_profile_is_told(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match=r"nobody.*: correct AWS_PROFILE"):
        open_store(s3_root)


def test_an_endpoint_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "ceph")
    with pytest.raises(StoreError, match="AWS_ENDPOINT_URL is no URL: write http://host:port"):
        open_store("s3://bucket")


def test_a_server_that_cannot_be_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "accesskey")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secretkey")
    (message,) = {each.replace("a in ", "") for each in messages("s3://bucket")}
    assert message.startswith(
        "the server of s3://bucket cannot be reached (EndpointConnectionError): check the network"
    )
    with pytest.raises(StoreError) as raised:
        open_store("s3://bucket").get("a")
    assert raised.value.retryable
    assert "secretkey" not in "".join(traceback.format_exception(raised.value))


def test_profiles_give_credentials_endpoint_and_token(
    s3_root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = open_store(s3_root).table_options()
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text(
        "[profile archive]\n"
        "region = eu-central-1\n"
        f"endpoint_url = {options['AWS_ENDPOINT_URL']}\n"
        f"aws_access_key_id = {options['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {options['AWS_SECRET_ACCESS_KEY']}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "archive")
    store = open_store(s3_root)
    assert store.put_if_absent("a", b"1")
    assert store.table_options() == options | {"AWS_REGION": "eu-central-1"}
    assert options["AWS_ALLOW_HTTP"] == "true"
    assert options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] == "false"
    assert store.table_uri("records") == f"{s3_root}/records"

    config.write_text(config.read_text() + "aws_session_token = token\ns3 =\n  addressing_style = virtual\n")
    options = open_store("s3://bucket").table_options()
    assert options["AWS_SESSION_TOKEN"] == "token"
    assert options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] == "true"
    assert options["AWS_ENDPOINT_URL"].startswith("http://bucket.")


def test_a_store_does_not_show_its_secrets(s3_root: str) -> None:
    store = open_store(s3_root)
    assert repr(store) == f"S3Store({s3_root!r})"
    assert store.root == s3_root


def uploads(root: str) -> list[Any]:
    bucket = urlsplit(root).netloc
    answer = boto3.client("s3").list_multipart_uploads(Bucket=bucket, Prefix=urlsplit(root).path[1:])
    return list(answer.get("Uploads", []))


def test_a_large_file_goes_up_in_parts(s3_root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(s3, "_SINGLE_PUT", 5 << 20)
    monkeypatch.setattr(s3, "_PART_SIZE", 5 << 20)
    content = bytes(range(256)) * (44 << 10)
    (tmp_path / "file").write_bytes(content)
    store = open_store(s3_root)
    assert store.put_file_if_absent("a", tmp_path / "file")
    assert not store.put_file_if_absent("a", tmp_path / "file")
    assert store.get("a") == content
    assert not uploads(s3_root)


def test_an_upload_that_fails_leaves_no_parts(s3_root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(s3, "_SINGLE_PUT", 1)
    monkeypatch.setattr(s3, "_PART_SIZE", 1 << 20)  # S3 wants 5 MiB at least, and says so when the upload is completed
    (tmp_path / "file").write_bytes(bytes(3 << 20))
    store = open_store(s3_root)
    with pytest.raises(StoreError, match="refused CompleteMultipartUpload"):
        store.put_file_if_absent("a", tmp_path / "file")
    assert not store.exists("a")
    assert not uploads(s3_root)


def test_directories_that_tools_make_are_not_listed(s3_root: str) -> None:
    bucket, prefix = urlsplit(s3_root).netloc, urlsplit(s3_root).path[1:]
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/warc/", Body=b"")
    store = open_store(s3_root)
    store.put_if_absent("warc/a", b"")
    assert [each.key for each in store.list("warc/")] == ["warc/a"]


def test_a_listing_may_be_long(s3_root: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = open_store(s3_root)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.put_if_absent(f"{number:04d}", b""), range(1050)))
    assert [each.key for each in store.list("")] == [f"{number:04d}" for number in range(1050)]


def test_a_bucket_may_be_the_root(s3_root: str) -> None:
    bucket = "s3://" + urlsplit(s3_root).netloc
    key = f"{urlsplit(s3_root).path[1:]}/a"
    assert open_store(bucket + "/").put_if_absent(key, b"1")
    assert open_store(s3_root + "/").get("a") == b"1"
    assert open_store(bucket).root == bucket
