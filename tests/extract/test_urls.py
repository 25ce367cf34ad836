from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.urls import canonical_url

SLUG = "الكرملين-يصعّد"
ENCODED = quote(SLUG)
PLAIN = f"https://arabstoday.net/326/114830-{ENCODED}"


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.arabstoday.net/326/114830-{SLUG}",
        f"http://arabstoday.net/326/114830-{ENCODED}",
        f"http://arabstoday.net:80/326/114830-{ENCODED.lower()}/",
        f"https://m.ARABSTODAY.net/326/114830-{ENCODED.replace('%D8%A7', 'ا')}#comments",
        f"https://arabstoday.net./326/114830-{quote(ENCODED)}?utm_source=x&fbclid=IwAR0",
        f"https://mobile.arabstoday.net/326//114830-{quote(quote(ENCODED))}",
        f"https://amp.arabstoday.net/326/./x/../114830-{ENCODED}/amp/",
        f"  https://user:pw@arabstoday.net:443/326/114830-{ENCODED}?amp=1&amp;gclid=2\n",
        f"https:\\\\arabstoday.net\\326/114830-{ENCODED}?noamp=mobile",
        f"https://arabstoday.net/326/114830-{ENCODED}/embed/?print=1",
        f"https://arabstoday.net/326/114830-{ENCODED}/comment-page-2/#respond",
    ],
)
def test_one_article_has_one_name(url: str) -> None:
    assert canonical_url(url) == PLAIN


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://a.example", "https://a.example/"),
        ("https://a.example/?p=12&amp=1", "https://a.example/?p=12"),
        ("https://a.example/?b=2&a=1&a=0&b=2", "https://a.example/?a=1&a=0&b=2"),
        ("https://a.example/x?12345", "https://a.example/x?12345"),
        ("https://a.example/x?q=%d8%b3+%D9%84&empty=", "https://a.example/x?empty&q=%D8%B3%20%D9%84"),
        ("https://a.example/x?m=20190824&paged=7", "https://a.example/x?m=20190824&paged=7"),
        ("https://a.example/x?m=1", "https://a.example/x"),
        ("https://a.example/index.php?id=4&tmpl=component&print=1&layout=default&page=", "https://a.example/?id=4"),
        ("https://a.example/2024/index.html", "https://a.example/2024"),
        ("https://a.example/index.php/news/4", "https://a.example/index.php/news/4"),
        ("https://a.example/x.aspx;jsessionid=0A1B?x=1", "https://a.example/x.aspx?x=1"),
        ("https://a.example/(S(abc123))/x.aspx?PHPSESSID=1", "https://a.example/x.aspx"),
        ("https://a.example/ampArticle/993010", "https://a.example/article/993010"),
        ("https://a.example/amp/news/7", "https://a.example/news/7"),
        ("https://a.example/amp", "https://a.example/amp"),
        ("https://a.example/news/7.amp.html", "https://a.example/news/7.html"),
        ("https://a.example/print/688273", "https://a.example/688273"),
        ("https://a.example/x/print/", "https://a.example/x"),
        ("https://a.example/fa/print/1234", "https://a.example/fa/news/1234"),
        ("https://www.a.example/fa/send/1234/", "https://a.example/fa/news/1234"),
        ("https://www.a.example:8080/x", "https://a.example:8080/x"),
        ("https://ایران.example/خبر", "https://xn--mgba3a4f16a.example/%D8%AE%D8%A8%D8%B1"),
        ("https://xn--mgba3a4f16a.example/", "https://xn--mgba3a4f16a.example/"),
        ("http://[2001:DB8::1]:80/x", "https://[2001:db8::1]/x"),
        ("http://10.0.0.1/a%2Fb%41%7e", "https://10.0.0.1/a%2FbA~"),
        ("https://a.example/%c7%e1", "https://a.example/%C7%E1"),  # windows-1256 in a path
        ("https://a.example/100%", "https://a.example/100%25"),
        ("https://a.example/100%25ad", "https://a.example/100%25ad"),
        ("https://a.example/caf\u0065\u0301", "https://a.example/caf%C3%A9"),
        ("https://m.example/x", "https://m.example/x"),
        ("https://www.com/x", "https://www.com/x"),
    ],
)
def test_canonical_form(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/News", "https://a.example/news"),
        ("https://a.example/?p=1", "https://a.example/?p=2"),
        ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ("https://a.example/x?page=2", "https://a.example/x"),
        ("https://en.a.example/x", "https://a.example/x"),
        ("https://a.example:8080/", "https://a.example/"),
    ],
)
def test_other_pages_keep_other_names(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@pytest.mark.parametrize(
    "url",
    ["", "x", "/path", "//a.example/x", "mailto:a@b.example", "javascript:void(0)", "http://", "https:///", "http://[::1",
     "http://a..b/",
     "http://a b/", "http://a:99999/", "http://a:x/", "http://\u200c.example/", "http://" + "a" * 64 + ".example/"],
)  # fmt: skip
def test_what_names_no_page_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"not an http\(s\) URL|no valid host"):
        canonical_url(url)


@given(
    st.sampled_from(["https://a.example/", "http://www.", "HTTP:", "http://a.example/?", ""]),
    st.one_of(st.text(), st.text(alphabet="%25dDaA7amprint/?&=+.#;:@[]\\ ا\u0308\ud800\udc80")),
)
def test_any_string_has_a_stable_name_or_is_refused(start: str, rest: str) -> None:
    try:
        name = canonical_url(start + rest)
    except ValueError:
        return
    assert canonical_url(name) == name
    assert name.isascii()
    assert name.startswith("https://")
