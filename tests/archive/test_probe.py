"""What is found out about a store, on a directory and on Ceph; and a bucket on which several writers win."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from archive.keys import RECORDS
from archive.store import S3Options, Store, StoreError, open_store
from archive.store.probe import PROBES, Check, probe, require_one_winner
from archive.tables import Tables
from tests.soak.proxy import Proxy


def results(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.result for check in checks}


ALL_WELL = dict.fromkeys(["list", "clock", "objects", "create-if-absent", "large files", "unfinished writes"], "ok")


def test_a_directory_is_in_order(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    assert results(list(probe(store))) == ALL_WELL
    assert not list(store.list(PROBES))
    require_one_winner(store, None)


@pytest.mark.ceph
def test_ceph_is_in_order(s3_root: str, tmp_path: Path) -> None:
    store = open_store(s3_root)
    checks = list(probe(store))
    assert results(checks) == ALL_WELL
    assert "looked up before and after" in next(check.detail for check in checks if check.name == "large files")
    assert not list(store.list(PROBES))


@pytest.mark.ceph
def test_the_answer_is_remembered_for_the_root(s3_root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Proxy(os.environ["AWS_ENDPOINT_URL"]) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        require_one_winner(open_store(s3_root), tmp_path)
        asked = len(proxy.requests())
        require_one_winner(open_store(s3_root), tmp_path)
        assert len(proxy.requests()) == asked > 0
        require_one_winner(open_store(s3_root + "-other"), tmp_path)
        assert len(proxy.requests()) > asked


def on_a_server_that_ignores_the_condition(root: str, options: S3Options | None = None) -> Store:
    store: Any = open_store(root, options)
    events = store._client.meta.events
    events.register("provide-client-params.s3.PutObject", lambda params, **_: params.pop("IfNoneMatch") and None)
    return cast("Store", store)


@pytest.mark.ceph
def test_where_several_win_a_run_is_refused(s3_root: str) -> None:
    store = on_a_server_that_ignores_the_condition(s3_root)
    with pytest.raises(StoreError, match=r"two runs at once would harm the archive.*WARRAQ_SINGLE_WRITER=1"):
        require_one_winner(store, None)
    assert {"second put": "fail", "create-if-absent": "fail"}.items() <= results(list(probe(store))).items()


@pytest.mark.ceph
def test_a_single_writer_replaces_nothing_there_either(s3_root: str) -> None:
    store = on_a_server_that_ignores_the_condition(s3_root, S3Options(single_writer=True))
    assert store.put_if_absent("a", b"1")
    assert not store.put_if_absent("a", b"2")
    assert store.get("a") == b"1"


@pytest.mark.ceph
def test_a_server_that_refuses_the_condition_is_told(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(os.environ["AWS_ENDPOINT_URL"], refuse_conditions=True) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        store = open_store(s3_root)
        with pytest.raises(StoreError, match=r"only if it is absent \(If-None-Match\): use another"):
            require_one_winner(store, None)
        tables = Tables(store)
        with pytest.raises(StoreError, match=r"only if it is absent \(If-None-Match\), so use another"):
            tables.append(RECORDS, [], tables.snapshot(), note={})


@pytest.mark.ceph
def test_objects_are_written_as_the_settings_say(s3_root: str) -> None:
    bucket, prefix = s3_root.removeprefix("s3://").split("/")
    client = boto3.client("s3")
    store = open_store(s3_root, S3Options(encryption="aws:kms", kms_key="warraq-key", tags=(("project", "أخبار"),)))
    assert store.put_if_absent("warc/a", b"1")
    tables = Tables(store)
    tables.append(RECORDS, [], tables.snapshot(), note={})
    found = [each["Key"] for each in client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    assert len(found) == 3
    for key in found:
        head = client.head_object(Bucket=bucket, Key=key)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "warraq-key")
    tags = client.get_object_tagging(Bucket=bucket, Key=f"{prefix}/warc/a")["TagSet"]
    assert tags == [{"Key": "project", "Value": "أخبار"}]
    # Ceph as it is set up here has the class STANDARD alone, and refuses others: the setting reaches it.
    glacial = open_store(s3_root, S3Options(storage_class="GLACIER_IR"))
    assert glacial.put_if_absent("warc/b.cdxj", b"1")
    with pytest.raises(StoreError, match="WARRAQ_S3_STORAGE_CLASS"):
        glacial.put_if_absent("warc/b.warc.gz", b"1")


@pytest.mark.ceph
def test_what_killed_writers_left_is_cleared_by_age(s3_root: str) -> None:
    bucket, prefix = s3_root.removeprefix("s3://").split("/")
    client, store = boto3.client("s3"), open_store(s3_root)
    started = client.create_multipart_upload(Bucket=bucket, Key=f"{prefix}/warc/a")
    client.upload_part(Bucket=bucket, Key=f"{prefix}/warc/a", UploadId=started["UploadId"], PartNumber=1, Body=b"1")
    now = datetime.now(UTC)
    assert store.clear_unfinished(now - timedelta(days=1)) == ()
    later = now + timedelta(minutes=1)
    assert store.clear_unfinished(later, dry_run=True) == ("warc/a",)
    assert store.clear_unfinished(later) == ("warc/a",)
    assert store.clear_unfinished(later) == ()
    with pytest.raises(ClientError, match="NoSuch"):
        client.list_parts(Bucket=bucket, Key=f"{prefix}/warc/a", UploadId=started["UploadId"])


def test_temporary_files_of_killed_writers_are_cleared_by_age(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put_if_absent("warc/a", b"1")
    left = tmp_path / "warc" / f".{'0a' * 16}.tmp"
    left.write_bytes(b"half")
    (tmp_path / ".keep.tmp").write_bytes(b"somebody else's")
    now = datetime.now(UTC)
    assert store.clear_unfinished(now - timedelta(hours=1)) == ()
    assert store.clear_unfinished(now + timedelta(hours=1)) == (f"warc/{left.name}",)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [".keep.tmp", "a"]
