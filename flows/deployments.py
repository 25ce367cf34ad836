"""Makes `prefect.yaml` from the built-in sources: `python -m flows.deployments > prefect.yaml`."""

from __future__ import annotations

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

_DEPLOYMENT = """\
  - name: {id}
    description: {description}
    entrypoint: flows/crawl.py:crawl
    tags: {tags}
    parameters: {parameters}
    concurrency_limit: {{limit: 1, collision_strategy: CANCEL_NEW}}
    schedules:
      - {{cron: "{minute} * * * *", timezone: {timezone}, active: {active}}}
    work_pool: {{name: warraq}}
"""

_MAINTAIN = """\
  - name: maintain
    description: Elect originals, join small files, remove what no version needs
    entrypoint: flows/maintain.py:maintain
    tags: ["maintain"]
    parameters: {}
    concurrency_limit: {limit: 1, collision_strategy: CANCEL_NEW}
    schedules:
      - {cron: "17 3 * * *", timezone: UTC, active: true}
    work_pool: {name: warraq}
"""

_STEP = 7  # minutes; prime to 60, so that sixty sources begin in sixty different minutes


def prefect_yaml(sources: Iterable[Source]) -> str:
    """One deployment a source, hourly, each at another minute of the hour in the source's time zone; and the upkeep.

    Sources under a reserved name (`*.example`) have nothing to crawl but samples: their schedules are off.
    """
    crawls = [
        _DEPLOYMENT.format(
            id=source.id,
            description=_quoted(source.name),
            tags=_quoted(["crawl", source.language]),
            parameters=_quoted({"source": source.id}),
            minute=_STEP * number % 60,
            timezone=source.timezone,
            active=_quoted(not all(domain.endswith(".example") for domain in source.domains)),
        )
        for number, source in enumerate(sources)
    ]
    return _HEAD + "\n".join([*crawls, _MAINTAIN])


def _quoted(value: object) -> str:
    """JSON, which YAML contains."""
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(prefect_yaml(BUILT_IN))
