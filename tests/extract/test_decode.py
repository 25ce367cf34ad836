import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.article import extract_article
from extract.decode import Decoded, decode
from extract.types import Article, Page, Reason, Rejection

SEEDS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parents[2] / "samples" / "seeds").glob("*.txt"))
}
PERSIAN = "گفت‌وگو دربارهٔ «پژوهش» و چالش‌های کشور ادامه دارد، اما نتیجه هنوز روشن نیست."
TYPES = [
    None,
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=iso-8859-1",
    "text/html;charset=windows-1256",
]


def html(text: str, head: str = "") -> str:
    paragraphs = "".join(f"<p>{line}</p>\n" for line in text.split("\n"))
    return f"<!DOCTYPE html>\n<html><head>{head}<title>t</title></head><body>\n{paragraphs}</body></html>"


def read(content: bytes, content_type: str | None = None) -> Decoded:
    decoded = decode(Page(content=content, content_type=content_type))
    assert isinstance(decoded, Decoded), decoded
    return decoded


def paragraphs(decoded: Decoded) -> list[str]:
    assert decoded.tree is not None
    return [" ".join("".join(p.itertext()).split()) for p in decoded.tree.iter("p")]


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "windows-1256", "iso-8859-6", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("seed", SEEDS)
def test_bytes_are_read_by_evidence_whatever_is_declared(seed: str, charset: str, content_type: str | None) -> None:
    decoded = read(html(SEEDS[seed]).encode(charset, "xmlcharrefreplace"), content_type)
    assert decoded.charset == {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(charset, charset)
    assert paragraphs(decoded) == lines(SEEDS[seed])
    assert decoded.flags == ()


@pytest.mark.parametrize("declared", [None, "windows-1256", "iso-8859-1", "utf-8"])
@pytest.mark.parametrize(
    "text", ["خبر عاجل من القاهرة", "بوتين يؤكد", "گزارش چهار پژوهشگر", "پاكستان و گفتگوي چين", "«حلب» تنتظر؟"]
)
def test_short_windows_1256(text: str, declared: str | None) -> None:
    head = f"<meta charset={declared}>" if declared else ""
    decoded = read(html(text, head).encode("cp1256"))
    assert decoded.charset == "windows-1256"
    assert paragraphs(decoded) == [text]


def test_persian_letters_of_windows_1256() -> None:
    text = PERSIAN.replace("ی", "ي").replace("ٔ", "")
    decoded = read(html(text).encode("cp1256"))
    assert decoded.charset == "windows-1256"
    assert paragraphs(decoded) == [text]


def test_french_stays_french() -> None:
    text = "L’été dernier, à Tunis, le président a déclaré que la réforme était prête."
    assert paragraphs(read(html(text).encode("cp1252"), "text/html; charset=iso-8859-1")) == [text]
    assert paragraphs(read(html(text).encode("cp1252"))) == [text]


@pytest.mark.parametrize("label", ["x-unknown", "utf-7", "rot13", "base64", "idna", "unicode_escape", "utf-16", ""])
def test_labels_that_are_no_charset_of_pages_are_ignored(label: str) -> None:
    decoded = read(html("خبر", f'<meta charset="{label}">').encode(), f"text/html; charset={label}")
    assert (decoded.charset, paragraphs(decoded)) == ("utf-8", ["خبر"])


def test_other_declared_charsets() -> None:
    russian = "Президент заявил, что переговоры были полезными."
    assert paragraphs(read(html(russian).encode("cp1251"), "text/html; charset=windows-1251")) == [russian]
    chinese = "总统说会谈是有益的。"
    assert paragraphs(read(html(chinese, '<meta charset="gbk">').encode("gbk"))) == [chinese]


def test_xml_declaration_counts_as_declaration_and_does_not_stop_the_parser() -> None:
    text = '<?xml version="1.0" encoding="windows-1256"?>' + html("خبر")
    decoded = read(text.encode("cp1256"), "application/xhtml+xml")
    assert (decoded.charset, paragraphs(decoded)) == ("windows-1256", ["خبر"])


def test_utf8_with_a_broken_character_stays_utf8() -> None:
    content = html(SEEDS["001"]).encode() + "م".encode()[:1]
    decoded = read(content, "text/html; charset=windows-1256")
    assert decoded.charset == "utf-8"
    assert decoded.flags == ("undecodable_bytes",)
    assert paragraphs(decoded)[:3] == lines(SEEDS["001"])[:3]


MISREADERS = {
    "windows-1256": lambda text: text.encode().decode("cp1256"),
    "latin-1": lambda text: text.encode().decode("latin-1"),
    "windows-1252": lambda text: "".join(
        bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode()
    ),
}


@pytest.mark.parametrize("misread", MISREADERS.values(), ids=MISREADERS)
@pytest.mark.parametrize("text", [*SEEDS.values(), PERSIAN], ids=[*SEEDS, "persian"])
def test_mojibake_is_repaired(text: str, misread: object) -> None:
    decoded = read(html(misread(text)).encode())  # type: ignore[operator]
    assert decoded.flags == ("mojibake_repaired",)
    assert paragraphs(decoded) == lines(text)


def test_mojibake_in_attributes_and_beside_clean_text() -> None:
    clean, other = "تاريخ النشر: اليوم", "أكد الرئيس ذلك"
    misread = other.encode().decode("cp1256")
    decoded = read(
        f'<html><body title="{misread}"><p>{clean}</p><p>{misread}</p><p>{clean} {misread}</p></body>'.encode()
    )
    assert paragraphs(decoded) == [clean, other, f"{clean} {other}"]
    assert decoded.tree is not None
    assert decoded.tree.find("body").get("title") == other
    assert decoded.flags == ("mojibake_repaired",)


def test_mojibake_with_references() -> None:
    text = "قال\u00a0«نعم»"
    misread = text.encode().decode("cp1256").replace("«", "&laquo;").replace("»", "&raquo;").replace("\u00a0", "&nbsp;")
    assert paragraphs(read(html(misread).encode())) == ["قال «نعم»"]


ESCAPES = {
    "json": lambda text: "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in text),
    "decimal": lambda text: "".join(c if c.isascii() else f"&#{ord(c)};" for c in text),
    "hexadecimal": lambda text: "".join(c if c.isascii() else f"&#x{ord(c):X};" for c in text),
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
@pytest.mark.parametrize("misread", MISREADERS.values(), ids=MISREADERS)
def test_mojibake_that_is_escaped(misread: object, escape: object) -> None:
    text = "أكد الرئيس و قال: «لا تراجع» 24/7"
    escaped = escape(misread(text))  # type: ignore[operator]
    decoded = read(f"<html><body><p>{escaped}</p></body></html>".encode())
    assert decoded.flags == ("mojibake_repaired",)
    assert paragraphs(decoded) == [text]
    first, rest = misread(text).split(" ", 1)  # type: ignore[operator]
    broken = f"{first[:-1]} {rest}"
    kept = read(f"<html><body><p>{escape(broken)}</p></body></html>".encode())  # type: ignore[operator]
    assert kept.flags == ("mojibake_kept", "mojibake_repaired")
    (paragraph,) = paragraphs(kept)
    assert paragraph.endswith(text.split(" ", 1)[1])
    assert not paragraph.startswith("أ")


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
@pytest.mark.parametrize("text", [*SEEDS.values(), PERSIAN, "ط، ظ، ع، غ؟", "été à Køln Ø Ù"])
def test_clean_text_that_is_escaped_is_left_alone(text: str, escape: object) -> None:
    markup = html(escape(text))  # type: ignore[operator]
    decoded = read(markup.encode())
    assert (decoded.text, decoded.flags) == (markup, ())


@pytest.mark.parametrize("quote", ["\\u0022", "\\u003c", "&#34;", "&#060;", "&#x3C;", "&#x22;"])
def test_an_escape_that_keeps_a_mark_from_being_markup_stays(quote: str) -> None:
    escape = ESCAPES["json" if quote.startswith("\\") else "decimal"]
    misread = escape(MISREADERS["windows-1252"]("خبر عاجل"))
    decoded = read(f"<html><body><p>{quote}{misread}{quote}</p></body></html>".encode())
    assert f"{quote}خبر عاجل{quote}" in decoded.text


def test_mojibake_in_json_ld_is_repaired_in_title_and_authors() -> None:
    misread = MISREADERS["windows-1252"]
    data = json.dumps({"@type": "NewsArticle", "headline": misread("عنوان الخبر"), "author": misread("سامر المصري")})
    body = "".join(f"<p>{line}</p>" for line in SEEDS["002"].splitlines())
    page = f'<html><head><script type="application/ld+json">{data}</script></head><body>{body}</body></html>'
    found = extract_article(Page(content=page.encode(), content_type="text/html"))
    assert isinstance(found, Article)
    assert found.authors == ("سامر المصري",)
    assert found.flags == ("mojibake_repaired",)


def test_mojibake_that_lost_bytes_is_kept_and_flagged() -> None:
    broken = SEEDS["002"].encode().decode("cp1256").replace("ط§", "ط")
    decoded = read(html(broken).encode())
    assert "mojibake_kept" in decoded.flags


@pytest.mark.parametrize(
    "text", [*SEEDS.values(), PERSIAN, "ط، ظ، ع، غ؟", "نقاط؛ حظ؟ ط» ظ… غ\u200cع\u200cط\u200cظ", "خطوط»، «ظ»"]
)
def test_clean_text_is_left_alone(text: str) -> None:
    decoded = read(html(text).encode())
    assert decoded.flags == ()
    assert paragraphs(decoded) == lines(text)


def test_nul_and_control_characters_survive_parsing() -> None:
    decoded = read(b"<html>\x00<body><p>a\x00\x0b\x01b</p>\x00<p>\x92c &#146;d &#0;</p></body></html>")
    assert paragraphs(decoded)[0] == "ab"
    assert paragraphs(decoded)[1].startswith("’c ’d")


def test_zwnj_as_character_and_reference() -> None:
    decoded = read(html("می‌شود می&zwnj;شود می&#8204;شود می&#x200C;شود").encode())
    assert paragraphs(decoded) == ["می‌شود " * 3 + "می‌شود"]


@pytest.mark.parametrize(
    ("content", "content_type", "reason"),
    [
        (b"", "text/html", Reason.TOO_SHORT),
        (b" \n\x00", None, Reason.TOO_SHORT),
        (b"<!-- nothing -->", "text/html", Reason.TOO_SHORT),
        (b"%PDF-1.7 \xe2\xe3", "text/html", Reason.NOT_HTML),
        (b"\xff\xd8\xff\xe0JFIF", None, Reason.NOT_HTML),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4", Reason.NOT_HTML),
        (b"\x1f\x8b\x08\x00", "text/html", Reason.NOT_HTML),
        (b'{"a": "<p>b</p>"}', "text/html", Reason.NOT_HTML),
        (b'[{"id": 1}]', None, Reason.NOT_HTML),
        (b"{}", "application/json; charset=utf-8", Reason.NOT_HTML),
        (b"var x = 1;", "application/javascript", Reason.NOT_HTML),
        (b'<?xml version="1.0"?><rss version="2.0"></rss>', "text/html", Reason.NOT_HTML),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->\n<urlset></urlset>', "application/xml", Reason.NOT_HTML),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'></feed>", None, Reason.NOT_HTML),
        (bytes(range(256)) * 20, "application/octet-stream", Reason.NOT_HTML),
        ("<p>خبر</p>".encode() + b"<p>" + "مرحبا".encode("utf-16-be") * 50, None, Reason.NOT_HTML),
    ],
)
def test_what_is_no_html_is_rejected(content: bytes, content_type: str | None, reason: Reason) -> None:
    rejection = decode(Page(content=content, content_type=content_type))
    assert isinstance(rejection, Rejection)
    assert rejection.reason == reason
    assert rejection.detail


def test_html_is_read_as_html_whatever_its_type_says() -> None:
    for content_type in ("application/json", "text/plain", "image/png", "application/xml", "nonsense", ""):
        assert paragraphs(read(html("خبر").encode(), content_type)) == ["خبر"]


def test_plain_text_is_not_parsed() -> None:
    for content_type in ("text/plain; charset=utf-8", "text/plain", None):
        decoded = read(SEEDS["000"].encode(), content_type)
        assert decoded.tree is None
        assert decoded.text == SEEDS["000"]


@pytest.mark.parametrize("tag", ["div", "font", "b", "span", "blockquote"])
@pytest.mark.parametrize("depth", [200, 2_000, 100_000])
def test_depth_loses_nothing(tag: str, depth: int) -> None:
    text = f"<html><body>{f'<{tag}>' * depth}<p>داخل</p>{f'</{tag}>' * depth}<p>بعد</p></body></html>"
    decoded = read(text.encode())
    assert decoded.tree is not None
    assert "".join("".join(decoded.tree.itertext()).split()) == "داخلبعد"


def test_a_long_script_does_not_end_the_document() -> None:
    text = f"<html><body><p>قبل</p><script>{'x' * 12_000_000}</script><p>بعد</p></body></html>"
    assert paragraphs(read(text.encode())) == ["قبل", "بعد"]


def test_a_prologue_of_many_comments_is_read_in_linear_time() -> None:
    assert decode(Page(content=b"<!-- x -->" * 100_000 + b"<z>"))


@given(
    st.one_of(
        st.binary(),
        st.binary().map(lambda tail: b"<html><body><p>" + tail),
        st.text(alphabet='<>!-/"=&;#ط§ظ„Ø§Ù„abp \x00\x85').map(lambda text: text.encode()),
        st.text().map(lambda text: f"<p>{text}".encode("cp1256", "xmlcharrefreplace")),
    ),
    st.one_of(st.none(), st.text(), st.sampled_from(["text/html", "text/plain", "text/html; charset=utf-16"])),
)
def test_any_bytes_have_an_answer(content: bytes, content_type: str | None) -> None:
    decoded = decode(Page(content=content, content_type=content_type))
    if isinstance(decoded, Decoded):
        decoded.text.encode("utf-8")
