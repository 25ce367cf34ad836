"""Discovering and fetching. Everything a spider brings goes into WARC files, and nothing else leaves it."""
