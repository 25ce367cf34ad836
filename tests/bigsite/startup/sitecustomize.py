"""What Python imports first in a process whose PYTHONPATH names this directory: another clock, haste, impatience.

Every crawl is polite and goes by the real clock; nothing in the product can say otherwise. Tests of years of a site's
life need both changed in all processes of a run, the spider's too:

    WARRAQ_TEST_NOW       the time at which the process begins, ISO 8601; it goes on from there
    WARRAQ_TEST_SETTINGS  a JSON object of Scrapy settings that win
    WARRAQ_TEST_ATTEMPTS  how often a step is tried while the store is away, without a pause; six times within five
                          minutes otherwise
"""

import json
import os
import sys

if now := os.environ.get("WARRAQ_TEST_NOW"):
    import datetime

    import time_machine

    time_machine.travel(datetime.datetime.fromisoformat(now), tick=True).start()

if attempts := os.environ.get("WARRAQ_TEST_ATTEMPTS"):
    import stamina

    stamina.set_testing(True, attempts=int(attempts))

if (overrides := os.environ.get("WARRAQ_TEST_SETTINGS")) and "spiders.run" in sys.orig_argv:
    import spiders.settings

    polite = spiders.settings.crawl_settings
    spiders.settings.crawl_settings = lambda *given, **named: polite(*given, **named) | json.loads(overrides)
