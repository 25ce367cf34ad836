"""What every store promises, on a directory and on a real S3 server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.store import LocalStore, NoSuchKey, Store, StoreError, open_store

KEY = "warc/isna/2024/11/27/isna-20241127123045-r-00000.warc.gz"


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.ceph)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return open_store(str(tmp_path / "archive"))
    root: str = request.getfixturevalue("s3_root")
    return open_store(root)


def test_what_is_put_is_there(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"from a file")
    assert store.put_if_absent(KEY, b"0123456789")
    assert store.put_file_if_absent("runs/file", tmp_path / "file")
    assert store.get(KEY) == b"0123456789"
    assert store.get("runs/file") == b"from a file"
    assert store.get_range(KEY, 3, 4) == b"3456"
    assert store.get_range(KEY, 10, 0) == b""
    assert store.size(KEY) == 10
    assert store.exists(KEY)
    with store.open(KEY) as stream:
        assert (stream.read(2), stream.read(), stream.read()) == (b"01", b"23456789", b"")


def test_an_empty_object(store: Store) -> None:
    assert store.put_if_absent("empty", b"")
    assert (store.get("empty"), store.size("empty")) == (b"", 0)
    with store.open("empty") as stream:
        assert stream.read() == b""


def test_a_taken_key_keeps_its_object(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"third")
    assert store.put_if_absent(KEY, b"first")
    assert not store.put_if_absent(KEY, b"second")
    assert not store.put_file_if_absent(KEY, tmp_path / "file")
    assert store.get(KEY) == b"first"


def test_an_object_can_be_replaced(store: Store, tmp_path: Path) -> None:
    store.replace("a/b", b"first")
    store.replace("a/b", b"second")
    assert store.get("a/b") == b"second"
    (tmp_path / "file").write_bytes(b"third")
    store.replace_file("a/b", tmp_path / "file")
    assert [(each.key, store.get(each.key)) for each in store.list("")] == [("a/b", b"third")]
    with pytest.raises(StoreError, match="check the file"):
        store.replace_file("a/b", tmp_path / "none")


def test_of_racing_writers_one_wins(store: Store, tmp_path: Path) -> None:
    def put(number: int) -> bool:
        content = b"%d" % number * 100_000
        if number % 2:
            return store.put_if_absent(KEY, content)
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        return store.put_file_if_absent(KEY, path)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(put, range(8)))
    assert won.count(True) == 1
    assert store.get(KEY) == b"%d" % won.index(True) * 100_000


def test_of_racing_processes_one_wins(store: Store) -> None:
    script = (
        f"from archive.store import open_store; print(open_store({store.root!r}).put_if_absent({KEY!r}, b'x' * 10**6))"
    )
    racing = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(process.communicate()[0] for process in racing) == ["False\n", "False\n", "True\n"]
    assert store.size(KEY) == 10**6


def test_a_missing_key_is_told(store: Store) -> None:
    assert not store.exists(KEY)
    store.delete(KEY)
    for read in (store.get, store.size, store.open, lambda key: store.get_range(key, 0, 1)):
        with pytest.raises(NoSuchKey, match=f"^there is no {KEY} in {store.root}: check the key") as raised:
            read(KEY)
        assert not raised.value.retryable


def test_a_range_beyond_the_end_is_told(store: Store) -> None:
    store.put_if_absent(KEY, b"0123456789")
    for offset, length in ((5, 6), (10, 1), (20, 5)):
        with pytest.raises(StoreError, match="run `warraq verify`") as raised:
            store.get_range(KEY, offset, length)
        assert KEY in str(raised.value)


def test_what_is_deleted_is_gone_and_can_be_put_again(store: Store) -> None:
    store.put_if_absent(KEY, b"1")
    store.delete(KEY)
    assert not store.exists(KEY)
    assert store.put_if_absent(KEY, b"2")


def test_listing_is_in_the_order_of_keys(store: Store) -> None:
    keys = ["a.b", "a/b", "a-b/x", "a/b.c", "a/bc/d", "a0", "b/a/a", "A/z"]
    for key in keys:
        store.put_if_absent(key, key.encode())
    found = list(store.list(""))
    assert [each.key for each in found] == sorted(keys)
    assert [each.size for each in found] == [len(key) for key in sorted(keys)]
    for each in found:
        assert each.modified.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - each.modified) < timedelta(minutes=5)
    for prefix in ("a", "a/", "a/b", "a/bc", "a/bc/", "b/a/", "A", "c", "a/b.c"):
        assert [each.key for each in store.list(prefix)] == sorted(key for key in keys if key.startswith(prefix))


def test_listing_an_archive_that_is_not_yet_there(store: Store) -> None:
    assert list(store.list("")) == []
    assert list(store.list("warc/isna/")) == []


def test_a_bad_key_is_refused(store: Store) -> None:
    store.put_if_absent("a", b"")
    bad = ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".a", "a/.b", "a b", "a\nb", "a\x00b", "سند", "a\\b/../c"]
    for key in bad:
        for use in (
            store.get,
            store.exists,
            store.delete,
            store.size,
            store.open,
            lambda key: store.put_if_absent(key, b""),
        ):
            with pytest.raises(StoreError, match="cannot be a key: use parts of printable ASCII"):
                use(key)
    assert [each.key for each in store.list("")] == ["a"]


def test_a_file_that_cannot_be_read_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^cannot read .*/none"):
        store.put_file_if_absent(KEY, tmp_path / "none")
    assert not store.exists(KEY)


def test_delta_tables_are_created_and_committed_to_by_one_of_many(store: Store) -> None:
    import pyarrow as pa
    from deltalake import DeltaTable, write_deltalake
    from deltalake.exceptions import DeltaError

    uri, options = store.table_uri("records"), store.table_options()
    write_deltalake(uri, pa.table({"n": [0]}), storage_options=options)

    def create(number: int) -> bool:
        try:
            write_deltalake(uri, pa.table({"n": [number]}), storage_options=options, mode="error")
        except DeltaError:
            return False
        return True

    assert not create(1)
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda n: write_deltalake(uri, pa.table({"n": [n]}), storage_options=options, mode="append"),
                range(1, 5),
            )
        )
    table = DeltaTable(uri, storage_options=options)
    assert table.version() == 4
    assert any(each.key.startswith("records/_delta_log/") for each in store.list("records/"))


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ("", "root is empty: set WARRAQ_ROOT"),
        ("  ", "root is empty: set WARRAQ_ROOT"),
        ("gs://bucket/x", "begins with gs://, which is not supported: use a directory or s3://bucket/prefix"),
        ("https://s3.example.org/bucket", "begins with https://"),
        ("s3://", "names no valid bucket: write s3://bucket/prefix"),
        ("s3:///prefix", "names no valid bucket"),
        ("s3://Up_Per/prefix", "names no valid bucket"),
        ("s3://bucket/a//b", "has a prefix that cannot be used, 'a//b' cannot be a key"),
        ("s3://bucket/../b", "has a prefix that cannot be used"),
        ("s3://bucket/أخبار", "has a prefix that cannot be used"),
    ],
)
def test_a_bad_root_is_told(root: str, message: str) -> None:
    with pytest.raises(StoreError) as raised:
        open_store(root)
    assert message in str(raised.value)


def test_credentials_in_a_root_are_not_repeated() -> None:
    with pytest.raises(StoreError) as raised:
        open_store("s3://AKIAEXAMPLE:hunter2@bucket/prefix")
    assert "hunter2" not in str(raised.value)
    assert "AKIAEXAMPLE" not in str(raised.value)


def test_a_local_archive_does_not_load_boto3() -> None:
    script = "import sys; from archive.store import open_store; open_store('x'); print('boto3' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output == "False\n"


# --- a directory ------------------------------------------------------------------------------------------------------


def test_a_directory_is_made_when_it_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("archive")
    assert store.root == str(tmp_path / "archive")
    assert (store.exists("a"), list(store.list("")), store.table_options()) == (False, [], {})
    assert not list(tmp_path.iterdir())
    monkeypatch.chdir("/")  # the root was fixed when the store was opened
    store.put_if_absent("a", b"")
    assert (tmp_path / "archive" / "a").is_file()
    assert repr(store) == f"LocalStore({str(tmp_path / 'archive')!r})"


def test_the_home_directory_can_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_store("~/archive").root == str(tmp_path / "archive")


def test_files_can_be_read_by_whom_the_user_lets(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        LocalStore(tmp_path).put_if_absent("a", b"")
    finally:
        os.umask(previous)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_dead_writer_leaves_nothing_to_be_seen(tmp_path: Path) -> None:
    script = f"""
import os, signal
from archive.store import open_store
import archive.store.local as local
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
os.link = die
open_store({str(tmp_path)!r}).put_if_absent("a/b", b"x" * 100)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    store = open_store(str(tmp_path))
    assert len(list((tmp_path / "a").iterdir())) == 1  # its temporary file
    assert list(store.list("")) == []
    assert not store.exists("a/b")
    assert store.put_if_absent("a/b", b"whole")
    assert [each.key for each in store.list("")] == ["a/b"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    # A limit on the size of files stands in for a full disk.
    script = f"""
import resource
from archive.store import StoreError, open_store
store = open_store({str(tmp_path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    store.put_if_absent("a", bytes(5000))
except StoreError as error:
    print(error)
"""
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.startswith(f"cannot write a in {tmp_path} (File too large): ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("mount", "message"),
    [
        ("size=64k", r"^cannot write a in .* \(No space left on device\): free some space on the disk, then run again"),
        ("ro", r"^cannot write a in .* \(Read-only file system\): the file system is read-only; set WARRAQ_ROOT"),
    ],
)
def test_a_full_and_a_read_only_disk_are_told(tmp_path: Path, mount: str, message: str) -> None:
    def in_mount(command: list[str]) -> subprocess.CompletedProcess[str]:
        mounted = f'mount -t tmpfs -o {mount} none {tmp_path} && exec "$@"'
        arguments = ["unshare", "--map-root-user", "--mount", "sh", "-c", mounted, "sh", *command]
        return subprocess.run(arguments, capture_output=True, text=True, check=False)

    if not shutil.which("unshare") or in_mount(["true"]).returncode:
        pytest.skip("this system does not let users mount file systems of their own")
    assert re.search(message, in_mount([sys.executable, "-c", PUT, str(tmp_path)]).stdout)


def test_a_directory_that_cannot_be_written_is_told() -> None:
    output = subprocess.run([sys.executable, "-c", PUT, "/usr"], capture_output=True, text=True, check=True).stdout
    assert output.startswith("cannot write a in /usr (Permission denied): give this user permission to read and write")
    assert not Path("/usr/a").exists()


PUT = """
import os, sys
from archive.store import StoreError, open_store
if sys.argv[1] == "/usr" and os.geteuid() == 0:
    os.setuid(65534)  # root may write everywhere
try:
    open_store(sys.argv[1]).put_if_absent("a", bytes(200_000))
except StoreError as error:
    print(error, error.retryable)
"""


def test_a_root_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = open_store(str(tmp_path / "file"))
    for use in (lambda: store.put_if_absent("a/b", b""), lambda: list(store.list("")), lambda: store.get("a")):
        with pytest.raises(StoreError, match="a part of the path is a file; set WARRAQ_ROOT to a directory"):
            use()


def test_a_key_that_is_a_directory_is_told(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put_if_absent("a/b", b"")
    for use in (lambda: store.put_if_absent("a", b""), lambda: store.get("a"), lambda: store.delete("a")):
        with pytest.raises(StoreError, match="there is a directory of that name"):
            use()


def test_links_to_other_disks_are_followed(tmp_path: Path) -> None:
    (tmp_path / "other disk").mkdir()
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "warc").symlink_to(tmp_path / "other disk")
    store = open_store(str(tmp_path / "archive"))
    store.put_if_absent(KEY, b"1")
    assert [each.key for each in store.list("warc/")] == [KEY]
