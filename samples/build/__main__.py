"""Build the sample sites: `python -m samples.build [SITE …] [--out DIRECTORY]`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from samples.build.model import SampleResponse
from samples.build.warc import write_site

SITES = ("arabkhabar", "etemadonline", "jannah", "arabstoday", "tunisiatoday", "wordpress")
"""In the order of a first crawl, which the outcomes in the truth presuppose."""

SAMPLES = Path(__file__).resolve().parent.parent


def responses(site: str) -> list[SampleResponse]:
    """The responses of one site, from `samples.build.sites.<site>`."""
    made: list[SampleResponse] = importlib.import_module(f"samples.build.sites.{site}").responses()
    return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m samples.build", description="Build the sample sites.")
    parser.add_argument("sites", nargs="*", metavar="SITE", help=f"any of {', '.join(SITES)} (default: all)")
    parser.add_argument("--out", type=Path, default=SAMPLES, help="directory to write to (default: samples/)")
    options = parser.parse_args()
    if unknown := [site for site in options.sites if site not in SITES]:
        parser.error(f"no sample site {', '.join(unknown)}; there are {', '.join(SITES)}")
    options.out.mkdir(parents=True, exist_ok=True)
    for site in options.sites or SITES:
        made = responses(site)
        warc, truth = write_site(site, made, options.out)
        judged = sum(response.truth is not None for response in made)
        print(f"{warc}: {len(made)} responses, {warc.stat().st_size:,} bytes; {truth}: {judged} judged")


if __name__ == "__main__":
    main()
