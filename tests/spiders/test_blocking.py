"""Refusals, and pages that only look like them."""

from __future__ import annotations

import pytest
from scrapy.http import Response

from spiders.blocking import refusal


def response(body: str = "", status: int = 200, **headers: str) -> Response:
    return Response(
        "https://x.example/",
        status=status,
        headers={k.replace("_", "-"): v for k, v in headers.items()},
        body=body.encode(),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (response(status=403), "it answered 403"),
        (response(status=451), "it answered 451"),
        (response(status=403, cf_mitigated="challenge"), "Cloudflare's challenge"),
        (response("<title>Just a moment...</title><script>window._cf_chl_opt={}", 503), "Cloudflare's challenge"),
        (response("<script>document.cookie='__arcsjs='+value</script>"), "ArvanCloud's challenge"),
        (response('<script src="/.well-known/ddos-guard/js-challenge/index.js">', 403), "DDoS-Guard's challenge"),
        (response(status=202, x_amzn_waf_action="challenge"), "AWS WAF's challenge"),
        (response("Request unsuccessful. Incapsula incident ID: 7"), "Imperva's challenge"),
        (response("<p>Just a moment...</p>"), None),
        (response("<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'>"), None),  # on every page
        (response("<p>window._cf_chl_opt</p>" + "<p>how Cloudflare works</p>" * 2000), None),
        (response(status=404), None),
        (response(status=429), None),  # asks to wait
        (response(status=503), None),
    ],
)  # fmt: skip
def test_refusal(given: Response, said: str | None) -> None:
    assert refusal(given) == said
