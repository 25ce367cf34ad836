"""Engines that know Delta Lake read `records` from the bucket, each with its own S3 client, and count the same."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from warcs import SOURCE, Response, article, paragraphs, write_warc

from archive.ingest import ingest, store_warc
from archive.store import Store, open_store
from archive.tables import Tables

pytestmark = pytest.mark.ceph


@pytest.fixture
def filled(s3_root: str, tmp_path: Path) -> Store:
    """An archive in Ceph with two commits of records."""
    store = open_store(s3_root)
    for number in (0, 1):
        stories = range(number * 3, number * 3 + 3)
        pages = [Response(f"https://alpha.example/a/{n}", article(paragraphs(n))) for n in stories]
        path = write_warc(tmp_path, pages, run=f"run{number}")
        ingest(store, store_warc(store, path), SOURCE, run_id=f"run{number}", local=path)
    return store


def expected(store: Store) -> tuple[int, int]:
    """Records, and characters of their texts."""
    [row] = Tables(store).snapshot().query("SELECT count(*) AS n, sum(length(text)) AS size FROM records").to_pylist()
    assert row["n"] == 6
    return row["n"], row["size"]


def test_polars(filled: Store) -> None:
    import polars as pl

    options = {name: value for name, value in filled.table_options().items() if name.startswith("AWS_")}
    records = pl.scan_delta(filled.table_uri("records"), storage_options=options)
    counted = records.select(pl.len(), pl.col("text").str.len_chars().sum().alias("size")).collect().row(0)
    assert counted == expected(filled)


def test_duckdb(filled: Store) -> None:
    import duckdb
    import duckdb_extension_delta
    import duckdb_extension_httpfs

    options, connection = filled.table_options(), duckdb.connect()
    for module, name in ((duckdb_extension_httpfs, "httpfs"), (duckdb_extension_delta, "delta")):
        (extension,) = Path(module.__file__).parent.rglob(f"{name}.duckdb_extension")
        connection.sql(f"INSTALL '{extension}'; LOAD {name}")
    endpoint, key, secret = (
        options[name] for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    )
    connection.sql(
        f"CREATE SECRET (TYPE s3, KEY_ID '{key}', SECRET '{secret}', REGION 'us-east-1', "
        f"ENDPOINT '{urlsplit(endpoint).netloc}', URL_STYLE 'path', USE_SSL false)"
    )
    query = f"SELECT count(*), sum(length(text)) FROM delta_scan('{filled.table_uri('records')}')"  # noqa: S608
    assert connection.sql(query).fetchone() == expected(filled)


def test_spark(filled: Store, tmp_path: Path) -> None:
    """Without Hadoop's S3 client, which pyspark does not bring, Spark reads the table's data files from a copy."""
    needed = {"Java": shutil.which("java"), "pyspark": find_spec("pyspark")}
    if missing := [name for name, there in needed.items() if not there]:
        message = f"{' and '.join(missing)} not installed: Spark does not read the table here"
        if os.environ.get("CI"):
            pytest.fail(message + ". In CI it may not be skipped.")
        pytest.skip(message)
    from deltalake import DeltaTable
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as f

    paths = []
    table = DeltaTable(filled.table_uri("records"), storage_options=filled.table_options())
    for uri in table.file_uris():
        paths.append(str(tmp_path / f"{len(paths)}.parquet"))
        Path(paths[-1]).write_bytes(filled.get(unquote(uri.removeprefix(filled.root + "/"))))
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        row = spark.read.parquet(*paths).select(f.count("*"), f.sum(f.length("text"))).first()
    finally:
        spark.stop()
    assert tuple(row) == expected(filled)
