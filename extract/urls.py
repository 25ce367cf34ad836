"""One name for one page: `canonical_url()`.

Two URLs get the same canonical form when they differ only in ways that lead to the same article: how it is encoded, how
the reader came to it, and in which view (AMP, print, mobile) it is shown. The form is an identity; it need not answer.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import quote, unquote_to_bytes, urlsplit

import idna

_HOST_PREFIX = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.)")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TWICE_ENCODED = re.compile(r"%(?:25)+(?=[0-9A-Fa-f]{2})")
_TWICE_ENCODED_LETTER = re.compile(r"%(?:25)+[89A-Fa-f][0-9A-Fa-f]")
_LETTERS = re.compile(r"[^\x00-\x7f\udc80-\udcff]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LONGEST = 8000
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_PATH = "/:@!$&'()*+,;=%"
_IN_QUERY = "/:@!$'()*,;?%"

_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*|/\([a-z]\([a-z0-9]+\)\)(?=/)", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index\.(?:html?|php\d?|aspx?|jsp)|default\.(?:html?|aspx?))$", re.IGNORECASE)
_VIEW_FIRST = re.compile(r"^/(?:amp|print)(?=/[^/])", re.IGNORECASE)
_AMP_ARTICLE = re.compile(r"/amparticle(?=/[^/])", re.IGNORECASE)
_VIEW_LAST = re.compile(r"(?<=[^/])/(?:amp|print|embed|comment-page-\d+)$", re.IGNORECASE)
_AMP_SUFFIX = re.compile(r"(?<=[^/])\.amp(?=(?:\.html?)?$)", re.IGNORECASE)
_IRANSAMANEH = re.compile(r"^(/[a-z]{2})/(?:print|send)/(\d+)$")

_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "piwik_", "matomo_", "hsa_", "_x_tr_", "at_custom", "ns_", "amp_", "__amp")
_TRACKING_NAMES = """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid li_fat_id igshid igsh mibextid epik
    mc_cid mc_eid _ga _gl _hsenc _hsmi mkt_tok vero_id oly_anon_id oly_enc_id wickedid s_cid s_kwcid ito cmpid icid ocid
    ncid sr_share wt_mc wt_zmc spm at_medium at_campaign xtor ref_src ref_url share replytocom like_comment nb
    doing_wp_cron nocache usqp pagespeed phpsessid jsessionid aspsessionid sessionid session_id cfid cftoken
    amp noamp print printable isprint"""
_TRACKING = frozenset(_TRACKING_NAMES.split())
_VIEWS = {  # a parameter that chooses a view when it has one of these values
    "outputtype": {"amp"},
    "output": {"amp", "print"},
    "view": {"amp", "print"},
    "mode": {"amp", "print"},
    "format": {"amp", "print"},
    "type": {"amp", "print"},
    "action": {"print"},
    "do": {"print"},
    "tmpl": {"component", "print"},
    "m": {"0", "1"},
    "mobile": {"", "0", "1"},
}


def canonical_url(url: str) -> str:
    """The identity of the page at `url`, an absolute http(s) URL.

    - `https`, without credentials, default port, fragment; host in lower case and ASCII (IDNA), without `www.`, `m.`,
      `mobile.`, `amp.`.
    - Percent-encoding in one form: UTF-8 in NFC, upper case, unreserved characters as they are, decoded once more
      where it was encoded twice; bytes that are not UTF-8 stay as they are.
    - Path without dot segments, empty segments, trailing slash, index file, session id, and without what asks for the
      AMP, print or embedded view or a page of comments; IranSamaneh's `/fa/print/<id>` and `/fa/send/<id>` are
      `/fa/news/<id>`, `/ampArticle/<id>` is `/article/<id>`.
    - Query without tracking, session, AMP and print parameters, the others once each and sorted by name.

    Idempotent.

    Raises:
        ValueError: `url` is not http(s), names no valid host, or is longer than 8,000 octets, as `Limits.url_bytes`.
    """
    if len(url) > _LONGEST:
        raise ValueError(f"a URL of {len(url)} characters: {url!r:.200}")
    current = _canonical_once(url)
    while (following := _canonical_once(current)) != current:  # what is uncovered may be canonicalised further
        current = following
    if len(current) > _LONGEST:
        raise ValueError(f"a URL of {len(current)} octets: {url!r:.200}")
    return current


def _canonical_once(url: str) -> str:
    text = _SURROGATE.sub("\ufffd", url.strip("".join(map(chr, range(0x21)))))
    text = text.replace("\t", "").replace("\n", "").replace("\r", "")
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() not in ("http", "https"):
        raise ValueError(f"not an http(s) URL: {url!r:.200}")
    location, mark, tail = re.fullmatch(r"([^?#]*)([?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    location = "/" * 2 + location.replace("\\", "/").lstrip("/")
    try:
        parts = urlsplit(f"https:{location}{mark}{tail}")
        host = _canonical_host(parts.hostname or "")
        port = parts.port
    except ValueError as error:
        raise ValueError(f"no valid host in URL {url!r:.200}: {error}") from None
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    query = _canonical_query(parts.query)
    return f"https://{netloc}{_canonical_path(parts.path)}" + (f"?{query}" if query else "")


def _canonical_host(host: str) -> str:
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host.partition('%')[0]).compressed}]"
    if "%" in host:
        host = unquote_to_bytes(host).decode("utf-8")
    host = unicodedata.normalize("NFKC", host).lower().rstrip(".")
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode("ascii").rstrip(".")
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise ValueError(f"{host!r:.80} is not a host name")
    while shorter := _HOST_PREFIX.sub("", host):
        if shorter == host:
            break
        host = shorter
    return host


def _canonical_path(path: str) -> str:
    path = _without_dot_segments(_SESSION.sub("", _encode_once(path, _IN_PATH)))
    path = _AMP_ARTICLE.sub("/article", _VIEW_FIRST.sub("", _IRANSAMANEH.sub(r"\1/news/\2", path)))
    path = _AMP_SUFFIX.sub("", _VIEW_LAST.sub("", path))
    return _INDEX.sub("", path).rstrip("/") or "/"


def _without_dot_segments(path: str) -> str:
    """Path with one leading slash and neither `.`, `..` nor empty segments (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept)


def _canonical_query(query: str) -> str:
    pairs: dict[tuple[str, str], None] = {}
    for part in query.replace("&amp;", "&").split("&"):
        name, _, value = (_encode_once(side.replace("+", "%20"), _IN_QUERY) for side in part.partition("="))
        if name:
            pairs[name, value] = None
    names = {(name.lower(), value.lower()) for name, value in pairs}
    print_view = ("tmpl", "component") in names  # Joomla's print view says also ?layout=default&page=
    kept = [
        f"{name}={value}" if value else name
        for name, value in sorted(pairs, key=lambda pair: pair[0])
        if not _is_view_or_tracking(name.lower(), value.lower())
        and not (print_view and (name, value) in (("layout", "default"), ("page", "")))
    ]
    return "&".join(kept)


def _is_view_or_tracking(name: str, value: str) -> bool:
    return (
        name in _TRACKING
        or name.startswith(_TRACKING_PREFIXES)
        or value in _VIEWS.get(name, ())
        or (name == "_" and value.isdigit())
    )


def _encode_once(component: str, reserved: str) -> str:
    """`component` percent-encoded in the one form; `reserved`: characters that may stand in it unencoded."""
    if component.isascii() and "%" not in component:
        return quote(component, safe=reserved)
    component = _STRAY_PERCENT.sub("%25", component)
    while _TWICE_ENCODED_LETTER.search(component):
        decoded = _TWICE_ENCODED.sub("%", component)
        try:
            unquote_to_bytes(decoded).decode("utf-8")
        except UnicodeDecodeError:
            break
        component = decoded
    text = _ESCAPES.sub(_decode_run, component)
    return quote(unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape"), safe=reserved)


def _decode_run(escapes: re.Match[str]) -> str:
    """Characters of a run of escapes; those that mean something in a URL, or nothing in UTF-8, stay escaped."""
    text = bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "surrogateescape")
    if _LETTERS.fullmatch(text):
        return text
    return "".join(
        character
        if character in _UNRESERVED or 0x80 <= ord(character) < 0xDC80 or ord(character) > 0xDCFF
        else f"%{ord(character) & 0xFF:02X}"
        for character in text
    )
