"""The policies of docs/operations.md, given to users of Ceph's gateway: what each may do, and what it may not."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from warcs import SOURCE, Response, article, paragraphs, write_warc

from archive.ingest import ingest, store_warc
from archive.store import StoreError, open_store
from archive.store.probe import probe
from archive.verify import verify

pytestmark = pytest.mark.ceph
OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def documented(role: str) -> list[dict[str, Any]]:
    """The statements of a role's policy, as the documentation prints it."""
    found = re.search(rf"A \*\*{role}\*\*.*?```json\n(.*?)```", OPERATIONS.read_text("utf-8"), re.DOTALL)
    assert found
    return list(json.loads(found[1])["Statement"])


def make_user(ceph: Any, name: str) -> None:
    """By the gateway's own interface for administrators."""
    query = {
        "uid": name,
        "display-name": name,
        "access-key": name,
        "secret-key": f"{name}secret",
        "generate-key": "false",
    }
    parameters = "&".join(f"{key}={value}" for key, value in query.items())
    request = AWSRequest("PUT", f"{ceph.endpoint}/admin/user?{parameters}")
    S3SigV4Auth(Credentials(ceph.access_key, ceph.secret_key), "s3", "us-east-1").add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    assert answer.status_code == 200, answer.text


def test_each_role_can_do_its_work_and_no_more(
    ceph: Any, s3_root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bucket = f"rights-{uuid.uuid4().hex}"
    root = f"s3://{bucket}/news"
    boto3.client("s3").create_bucket(Bucket=bucket)
    statements = []
    for role in ("reader", "writer", "maintainer"):
        make_user(ceph, role)
        statements += [{**each, "Principal": {"AWS": [f"arn:aws:iam:::user/{role}"]}} for each in documented(role)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}).replace("my-bucket", bucket)
    boto3.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)

    def become(role: str) -> Any:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", role)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{role}secret")
        return open_store(root)

    path = write_warc(tmp_path, [Response("https://alpha.example/a/1", article(paragraphs(1)))], run="run")
    writer = become("writer")
    assert [check.name for check in probe(writer) if check.result == "fail"] == []
    key = store_warc(writer, path)
    assert ingest(writer, key, SOURCE, run_id="run").records_added == 1
    with pytest.raises(StoreError, match="is denied"):
        writer.delete(key)
    with pytest.raises(StoreError, match="is denied"):
        writer.clear_unfinished(writer.clock())

    reader = become("reader")
    assert list(verify(reader)) == []
    for forbidden in (lambda: reader.put_if_absent("runs/a", b""), lambda: reader.delete(key)):
        with pytest.raises(StoreError, match="is denied"):
            forbidden()

    maintainer = become("maintainer")
    maintainer.clear_unfinished(maintainer.clock())
    maintainer.delete(key)
    assert not maintainer.exists(key)
