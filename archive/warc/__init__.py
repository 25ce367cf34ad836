"""WARC files: written record by record while a crawl runs, read from wherever they come.

The one package that imports FastWARC.
"""

from archive.warc.cdxj import index_line, surt, write_cdxj
from archive.warc.coding import MAX_CONTENT, decode_content, digest, values
from archive.warc.found import DOCUMENT, Found
from archive.warc.frames import Damage, WarcError
from archive.warc.pick import Contents, Span, copy_records, look_through
from archive.warc.read import Capture, Conversion, check_warc, read_pages, read_warc
from archive.warc.revisit import Original
from archive.warc.tombstone import Tombstone, bury, tombstones
from archive.warc.write import OPEN, Exchange, WarcWriter, salvage

__all__ = [
    "DOCUMENT",
    "MAX_CONTENT",
    "OPEN",
    "Capture",
    "Contents",
    "Conversion",
    "Damage",
    "Exchange",
    "Found",
    "Original",
    "Span",
    "Tombstone",
    "WarcError",
    "WarcWriter",
    "bury",
    "check_warc",
    "copy_records",
    "decode_content",
    "digest",
    "index_line",
    "look_through",
    "read_pages",
    "read_warc",
    "salvage",
    "surt",
    "tombstones",
    "values",
    "write_cdxj",
]
