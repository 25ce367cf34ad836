"""Arabic sources. A comment says where the facts of a source are from; what is not known is left out."""

from __future__ import annotations

from extract.types import Source

# WordPress core and Yoast: what is no article and no list of articles.
_WORDPRESS_SKIP = r"^/wp-(admin|login|json|content)\b|/(feed|trackback)/?$|[?&](replytocom|s)="

# Permalinks with the date, and their short form.
_WORDPRESS_ARTICLE = r"^/\d{4}/\d{2}/\d{2}/[^/]+|[?&]p=\d+"


def _rest(root: str) -> tuple[str, ...]:
    """WordPress core's REST API, which is on unless somebody turned it off."""
    return (f"{root}/wp-json/",)


# The same system under other brands; a copy of an article stands under the same path. Numbers: section, time of day.
_ARABSTODAY_ARTICLE = r"^/\d+/\d{1,6}-"
_ARABSTODAY_SKIP = r"^/(en|search)(/|$|\?)"

SOURCES = (
    Source(
        id="arabkhabar",
        name="عرب خبر",
        language="ar",
        timezone="GMT",  # its dates say so
        domains=("arabkhabar.com",),
        family="arabkhabar",
        listings=("https://arabkhabar.com/",),
        article=r"^/a/\d+",
        evidence="replica",
    ),
    Source(
        id="arabstoday",
        name="العرب اليوم",
        language="ar",
        timezone="Asia/Beirut",  # the publisher's address
        domains=("arabstoday.net",),
        family="arabstoday",
        feeds=("https://arabstoday.net/rss",),  # public feed lists; section feeds are /<section>/rss.xml
        sitemaps=("https://arabstoday.net/خارطة-الموقع",),  # for people; its home page links to it
        listings=("https://arabstoday.net/",),
        article=_ARABSTODAY_ARTICLE,
        skip=_ARABSTODAY_SKIP,
        brands=("العرب اليوم", "Arabs Today"),
        evidence="replica",
    ),
    Source(
        id="tunisiatoday",
        name="تونس اليوم",
        language="ar",
        timezone="Africa/Tunis",
        domains=("tunisiatoday.com",),
        family="arabstoday",
        listings=("https://tunisiatoday.com/",),
        article=_ARABSTODAY_ARTICLE,
        skip=_ARABSTODAY_SKIP,
        brands=("العرب اليوم",),  # datelines keep the sister's name
        evidence="replica",
    ),
    # A WordPress site with the Jannah theme whose name is not known, under a reserved one.
    Source(
        id="jannah",
        name="جنة الأخبار",
        language="ar",
        timezone="Asia/Damascus",
        domains=("jannah.example",),
        family="jannah",
        feeds=("https://jannah.example/feed/",),
        listings=(
            "https://jannah.example/",
            "https://jannah.example/category/%d8%a3%d8%ae%d8%a8%d8%a7%d8%b1-%d8%a7%d9%84%d8%b9%d8%b1%d8%a8/",
        ),
        article=_WORDPRESS_ARTICLE,
        skip=_WORDPRESS_SKIP + r"|^/category-sitemap",
        evidence="replica",
    ),
    # A plain WordPress site whose name is not known, under a reserved one.
    Source(
        id="wordpress",
        name="أخبار الحرب السورية",
        language="ar",
        timezone="Asia/Damascus",
        domains=("wordpress.example",),
        family="wordpress",
        feeds=("https://wordpress.example/feed/",),
        listings=("https://wordpress.example/", "https://wordpress.example/page/2/"),
        article=_WORDPRESS_ARTICLE,
        skip=_WORDPRESS_SKIP,
        evidence="replica",
    ),
    # Feeds of the following: many public feed lists name them alike. WordPress where they serve /wp-content/.
    Source(
        id="enabbaladi",
        name="عنب بلدي",
        language="ar",
        timezone="Asia/Damascus",
        domains=("enabbaladi.net",),
        family="wordpress",
        feeds=("https://www.enabbaladi.net/feed/",),
        rest=_rest("https://www.enabbaladi.net"),
        skip=_WORDPRESS_SKIP,
    ),
    Source(
        id="hespress",
        name="هسبريس",
        language="ar",
        timezone="Africa/Casablanca",
        domains=("hespress.com",),
        family="wordpress",
        feeds=("https://www.hespress.com/feed",),
        rest=_rest("https://www.hespress.com"),
        skip=_WORDPRESS_SKIP,
        brands=("Hespress",),
    ),
    Source(
        id="al3omk",
        name="العمق المغربي",
        language="ar",
        timezone="Africa/Casablanca",
        domains=("al3omk.com",),
        family="wordpress",
        feeds=("https://al3omk.com/feed",),
        rest=_rest("https://al3omk.com"),
        skip=_WORDPRESS_SKIP,
        brands=("العمق",),
    ),
    Source(
        id="sana",
        name="سانا",
        language="ar",
        timezone="Asia/Damascus",
        domains=("sana.sy",),
        family="wordpress",
        feeds=("https://sana.sy/?feed=rss2",),
        rest=_rest("https://sana.sy"),
        skip=_WORDPRESS_SKIP,
        brands=("الوكالة العربية السورية للأنباء", "SANA"),
    ),
    Source(
        id="youm7",
        name="اليوم السابع",
        language="ar",
        timezone="Africa/Cairo",
        domains=("youm7.com",),
        feeds=("https://www.youm7.com/rss/SectionRss?SectionID=65",),
        article=r"^/story/\d{4}/",
    ),
    Source(
        id="rt-arabic",
        name="RT عربي",
        language="ar",
        timezone="Europe/Moscow",
        domains=("arabic.rt.com",),
        feeds=("https://arabic.rt.com/rss/",),
        brands=("روسيا اليوم", "RT Arabic", "RT Online"),
    ),
    Source(
        id="france24-ar",
        name="فرانس 24",
        language="ar",
        timezone="Europe/Paris",
        domains=("france24.com",),
        feeds=("https://www.france24.com/ar/rss",),
        article=r"^/ar/",
        skip=r"^/(en|fr|es)/",
        brands=("France 24",),
    ),
)
