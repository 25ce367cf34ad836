"""Whether a site, or what guards it, refuses us instead of answering. Pure."""

from __future__ import annotations

from scrapy.http import Response

_HEADERS = (
    ("cf-mitigated", b"challenge", "Cloudflare's challenge"),  # developers.cloudflare.com: "Detect a Challenge Page"
    ("x-amzn-waf-action", b"challenge", "AWS WAF's challenge"),
    ("x-amzn-waf-action", b"captcha", "AWS WAF's captcha"),
)
# What stands in the interstitial alone; several guards put other scripts of theirs into every page they let through.
_MARKS = (
    (b"_cf_chl_opt", "Cloudflare's challenge"),
    (b"__arcsjs", "ArvanCloud's challenge"),
    (b"/.well-known/ddos-guard/js-challenge/", "DDoS-Guard's challenge"),
    (b"/.well-known/ddos-guard/ddg-captcha-page/", "DDoS-Guard's captcha"),
    (b"sucuri_cloudproxy_js", "Sucuri's challenge"),
    (b"Incapsula incident ID", "Imperva's challenge"),
    (b"captcha-delivery.com", "DataDome's captcha"),
    (b"px-captcha", "HUMAN's captcha"),
)
_INTERSTITIAL = 32 << 10
"""Such a page is smaller, an article that tells of one or loads the guard's script seldom."""


def refusal(response: Response) -> str | None:
    """What refuses us, as a phrase; None: nothing does.

    Args:
        response: its content decoded.
    """
    for name, value, guard in _HEADERS:
        if (response.headers.get(name) or b"").lower() == value:
            return guard
    if len(response.body) < _INTERSTITIAL:
        for mark, guard in _MARKS:
            if mark in response.body:
                return guard
    return f"it answered {response.status}" if response.status in (403, 451) else None
