"""Reads WARC files with news-please, and prints {"pages", "articles", "seconds" of the processor} as JSON.

Without the network: images are not fetched. The payload is decoded here, since `from_warc` takes gzip for text.
"""

import json
import logging
import sys
import time
import warnings

from newsplease import NewsPlease
from warcio.archiveiterator import ArchiveIterator

logging.disable()
warnings.simplefilter("ignore")

pages = articles = 0
began = None
for path in sys.argv[1:]:
    with open(path, "rb") as stream:  # noqa: PTH123 -- as short as it gets
        for record in ArchiveIterator(stream):
            if record.rec_type != "response" or "html" not in (record.http_headers.get_header("Content-Type") or ""):
                continue
            html = record.content_stream().read().decode("utf-8", "replace")
            url, date = (record.rec_headers.get_header(name) for name in ("WARC-Target-URI", "WARC-Date"))
            if began is None:
                NewsPlease.from_html(
                    html, url=url, download_date=date, fetch_images=False
                )  # what is loaded at first use
                began = time.process_time()
            found = NewsPlease.from_html(html, url=url, download_date=date, fetch_images=False)
            pages += 1
            articles += bool(found and found.maintext)
print(
    json.dumps({"pages": pages, "articles": articles, "seconds": time.process_time() - (began or time.process_time())})
)
