"""Makes `prefect.yaml` from the built-in sources: `python -m flows.deployments > prefect.yaml`.

`--shards N` spreads the sources over the work queues `shard-0` … `shard-<N-1>`, for workers with disks of their own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable

from extract.types import Source
from spiders.sources import BUILT_IN

_HEAD = """\
# Made by `python -m flows.deployments > prefect.yaml`; edit that, or copy a deployment for a source of your own.
#
#   prefect work-pool create --type process warraq
#   prefect deploy --all                              in the directory of the checkout, where the runs then work
#   prefect automation create --from-file automations.yaml
#   prefect worker start --pool warraq                with WARRAQ_ROOT, WARRAQ_CONTACT and the AWS variables set
#
# A crawl that takes longer than the schedule leaves room for is not joined by a second one: CANCEL_NEW.
name: warraq

# Without a pull step a run starts in an empty temporary directory. PWD is filled in by `prefect deploy`.
pull:
  - prefect.deployments.steps.set_working_directory:
      directory: "{{ $PWD }}"

deployments:
"""

_CRAWL = """\
  - name: {id}
    description: {description}
    entrypoint: flows/crawl.py:crawl
    tags: {tags}
    parameters: {parameters}
    concurrency_limit: {{limit: 1, collision_strategy: CANCEL_NEW}}
    schedules:
      - {{cron: "{minute} * * * *", timezone: {timezone}, active: {active}}}
    work_pool: {{name: warraq{queue}}}
"""

_OTHERS = """\
  # On demand. A run of several sources starts one run for each.
  - name: backfill
    description: Crawl past days of sources, a partition after the other; what is finished is skipped
    entrypoint: flows/backfill.py:backfill
    tags: ["backfill"]
    work_pool: {name: warraq}

  - name: backfill-from-warcs
    description: Take the pages of sources out of WARC files that others made
    entrypoint: flows/backfill.py:backfill_from_warcs
    tags: ["backfill"]
    work_pool: {name: warraq}

  - name: reextract
    description: Read stored pages again by the rules of today, into a candidate to be compared and promoted
    entrypoint: flows/reextract.py:reextract
    tags: ["reextract"]
    work_pool: {name: warraq}

  - name: maintain
    description: Elect originals, join small files, remove what no version needs
    entrypoint: flows/maintain.py:maintain
    tags: ["maintain"]
    parameters: {}
    concurrency_limit: {limit: 1, collision_strategy: CANCEL_NEW}
    schedules:
      - {cron: "17 3 * * *", timezone: UTC, active: true}
    work_pool: {name: warraq}

  # Runs on what flows/events.py emits: at most once a day for a source and a verdict.
  - name: alert
    description: Tell people that a source needs a look, by the block that the variable warraq_alert_block names
    entrypoint: flows/alert.py:alert
    tags: ["alert"]
    work_pool: {name: warraq}
    triggers:
      - type: event
        enabled: true
        match: {"prefect.resource.id": "warraq.source.*"}
        expect: [warraq.coverage.blocked, warraq.coverage.empty, warraq.coverage.failed,
                 warraq.coverage.parse_regressed]
        for_each: ["prefect.resource.id", "warraq.verdict"]
        threshold: 1
        within: 86400
        parameters:
          source: {__prefect_kind: jinja, template: "{{ event.payload.source }}"}
          verdict: {__prefect_kind: jinja, template: "{{ event.payload.verdict }}"}
          days: {__prefect_kind: jinja, template: "{{ event.payload.days }}"}
          why: {__prefect_kind: jinja, template: "{{ event.payload.why }}"}
          mend: {__prefect_kind: jinja, template: "{{ event.payload.mend }}"}
"""

_STEP = 7  # minutes; prime to 60, so that sixty sources begin in sixty different minutes


def prefect_yaml(sources: Iterable[Source], shards: int = 0) -> str:
    """One deployment a source, hourly, each at another minute of the hour in the source's time zone; and the others.

    Sources under a reserved name (`*.example`) have nothing to crawl but samples: their schedules are off.

    Args:
        sources: Those to deploy.
        shards: Work queues over which they are spread; 0: all are in the pool's default queue.
    """
    crawls = [
        _CRAWL.format(
            id=source.id,
            description=_quoted(source.name),
            tags=_quoted(["crawl", source.language]),
            parameters=_quoted({"source": source.id}),
            minute=_STEP * number % 60,
            timezone=source.timezone,
            active=_quoted(not all(domain.endswith(".example") for domain in source.domains)),
            queue=f", work_queue_name: shard-{number % shards}" if shards else "",
        )
        for number, source in enumerate(sources)
    ]
    return _HEAD + "\n".join([*crawls, _OTHERS])


def _quoted(value: object) -> str:
    """JSON, which YAML contains."""
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m flows.deployments", description=__doc__)
    parser.add_argument("--shards", type=int, default=0, help="work queues over which the sources are spread")
    sys.stdout.write(prefect_yaml(BUILT_IN, parser.parse_args().shards))
