"""What WordPress sites have in common: posts kept as TOML, permalinks, what core puts into every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from typing import Any
from urllib.parse import quote

from samples.build.blocks import Block, blocks, paragraphs
from samples.build.model import Truth
from samples.build.text import line
from samples.build.web import FeedItem

_MONTHS = (
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
)


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post as the site's database holds it."""

    id: int
    home: str
    """Address of the site, without a slash at the end."""
    section: str
    title: str
    published: datetime
    body: list[Block]
    note: str
    tags: tuple[str, ...]
    modified: datetime | None = None
    heading: str = ""
    """The title as the post's own page shows it, where that is more than the title."""
    subtitle: str = ""
    author: str = "admin"
    """Display name of the post's author."""
    person: bool = False
    """Whether that name is a person's; a desk is not an author."""
    source: str = ""
    """Named in a line of its own after the body."""
    attribution: tuple[str, ...] = ()
    caption: str = ""
    code_block: bool = False
    """Whether an ad plugin puts blocks of code between the paragraphs."""

    @property
    def url(self) -> str:
        return f"{self.home}/{self.published:%Y/%m/%d}/{slug(self.title)}/"

    @property
    def short_url(self) -> str:
        return f"{self.home}/?p={self.id}"

    @property
    def image(self) -> str:
        return f"{self.home}/wp-content/uploads/{self.published:%Y/%m}/{self.id}.jpg"

    @property
    def date(self) -> str:
        """The day as the theme shows it: `20 فبراير، 2020`."""
        return arabic_date(self.published)

    @property
    def excerpt(self) -> str:
        """The first words of the text, as a description."""
        return self.subtitle or " ".join(paragraphs(self.body)[0].split()[:40])

    def paragraphs(self) -> tuple[str, ...]:
        return ((line(self.subtitle),) if self.subtitle else ()) + paragraphs(self.body)

    def truth(self, *, site_name: str, modified: datetime | None, outcome: str = "new", note: str = "") -> Truth:
        """What a page of the post must give; `modified`: the time of the last change, if that page states it."""
        raw = self.published.isoformat()
        return Truth(
            outcome=outcome,
            title=line(self.title),
            paragraphs=self.paragraphs(),
            published_at=raw,
            published_raw=raw,
            published_calendar="gregorian",
            published_precision="second",
            modified_at=modified.isoformat() if modified else None,
            tags=self.tags,
            authors=(self.author,) if self.person else (),
            attribution=self.attribution,
            section=self.section,
            site_name=site_name,
            note=note or self.note,
        )

    def feed_item(self, url: str = "", *, content: str = "") -> FeedItem:
        """The post in a feed, under `url` or else its permalink."""
        return FeedItem(
            url=url or self.url,
            title=self.title,
            published=self.published,
            summary=f"<p>{escape(self.excerpt, quote=False)} [&#8230;]</p>",
            category=self.section,
            author=self.author,
            content=content,
            guid=self.short_url,
        )


_OF_THE_FILE = ("seed", "respelt", "later")  # say how the text is made, and are no part of the post


def load_post(row: dict[str, Any], home: str, zone: tzinfo) -> Post:
    """A post from a row of the site's TOML file, whose times are local to `zone`; `body` may be blocks already."""
    changed: dict[str, Any] = {
        name: row[name].replace(tzinfo=zone) for name in ("published", "modified") if name in row
    }
    changed |= {name: tuple(row.get(name, ())) for name in ("tags", "attribution")}
    if isinstance(row["body"], str):
        changed["body"] = blocks(row["body"])
    return Post(home=home, **{key: value for key, value in (row | changed).items() if key not in _OF_THE_FILE})


def slug(title: str) -> str:
    """The title as WordPress makes it a slug: lower-case percent-encoding, cut at 200 bytes wherever that falls."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else " " for letter in title)
    coded = ""
    for letter in "-".join(kept.split()):
        escaped = quote(letter).lower()
        if len(coded) + len(escaped) > 200:
            break
        coded += escaped
    return coded.strip("-")


def arabic_date(at: datetime) -> str:
    """A day as Arabic WordPress writes it: `20 فبراير، 2020`."""
    return f"{at.day} {_MONTHS[at.month - 1]}، {at.year}"


def term_url(home: str, kind: str, name: str) -> str:
    """Address of an archive: `kind` is `category`, `tag` or `author`."""
    return f"{home}/{kind}/{slug(name)}/"


def core_head(home: str, *, version: str) -> str:
    """What core prints into the head of every page: the emoji loader, API links, block styles."""
    return f"""<link rel='dns-prefetch' href='//s.w.org' />
<script>window._wpemojiSettings = {{"baseUrl":"https:\\/\\/s.w.org\\/images\\/core\\/emoji\\/13.1.0\\/72x72\\/","ext":".png","svgUrl":"https:\\/\\/s.w.org\\/images\\/core\\/emoji\\/13.1.0\\/svg\\/","svgExt":".svg","source":{{"concatemoji":"\\/wp-includes\\/js\\/wp-emoji-release.min.js?ver={version}"}}}};
!function(e,a,t){{var n,r,o,i=a.createElement("canvas"),p=i.getContext&&i.getContext("2d");function s(e,t){{var a=String.fromCharCode;p.clearRect(0,0,i.width,i.height),p.fillText(a.apply(this,e),0,0);e=i.toDataURL();return p.clearRect(0,0,i.width,i.height),p.fillText(a.apply(this,t),0,0),e===i.toDataURL()}}function c(e){{var t=a.createElement("script");t.src=e,t.defer=t.type="text/javascript",a.getElementsByTagName("head")[0].appendChild(t)}}}}(window,document,window._wpemojiSettings);</script>
<style>img.wp-smiley,img.emoji{{display:inline !important;border:none !important;box-shadow:none !important;height:1em !important;width:1em !important;margin:0 .07em !important;vertical-align:-0.1em !important;background:none !important;padding:0 !important}}</style>
<link rel='stylesheet' id='wp-block-library-rtl-css' href='{home}/wp-includes/css/dist/block-library/style-rtl.min.css?ver={version}' media='all' />
<script src='{home}/wp-includes/js/jquery/jquery.min.js?ver=3.6.0' id='jquery-core-js'></script>
<link rel="https://api.w.org/" href="{home}/wp-json/" />
<link rel="EditURI" type="application/rsd+xml" title="RSD" href="{home}/xmlrpc.php?rsd" />
<link rel="wlwmanifest" type="application/wlwmanifest+xml" href="{home}/wp-includes/wlwmanifest.xml" />
<meta name="generator" content="WordPress {version}" />"""


def comment_form(home: str, post_id: int, labels: dict[str, str]) -> str:
    """Core's comment form; `labels`: `title`, `cancel`, `notes`, `required`, `comment`, `name`, `email`, `website`, `remember`, `submit`."""
    action = f"{home}/wp-comments-post.php"
    return f"""<div id="respond" class="comment-respond">
<h3 id="reply-title" class="comment-reply-title">{labels["title"]} <small><a rel="nofollow" id="cancel-comment-reply-link" href="#respond" style="display:none;">{labels["cancel"]}</a></small></h3>
<form action="{action}" method="post" id="commentform" class="comment-form" novalidate>
<p class="comment-notes"><span id="email-notes">{labels["notes"]}</span> {labels["required"]} <span class="required">*</span></p>
<p class="comment-form-comment"><label for="comment">{labels["comment"]}</label> <textarea id="comment" name="comment" cols="45" rows="8" maxlength="65525" required="required"></textarea></p>
<p class="comment-form-author"><label for="author">{labels["name"]} <span class="required">*</span></label> <input id="author" name="author" type="text" value="" size="30" maxlength="245" required='required' /></p>
<p class="comment-form-email"><label for="email">{labels["email"]} <span class="required">*</span></label> <input id="email" name="email" type="email" value="" size="30" maxlength="100" aria-describedby="email-notes" required='required' /></p>
<p class="comment-form-url"><label for="url">{labels["website"]}</label> <input id="url" name="url" type="url" value="" size="30" maxlength="200" /></p>
<p class="comment-form-cookies-consent"><input id="wp-comment-cookies-consent" name="wp-comment-cookies-consent" type="checkbox" value="yes" /> <label for="wp-comment-cookies-consent">{labels["remember"]}</label></p>
<p class="form-submit"><input name="submit" type="submit" id="submit" class="submit" value="{labels["submit"]}" /> <input type='hidden' name='comment_post_ID' value='{post_id}' id='comment_post_ID' /><input type='hidden' name='comment_parent' id='comment_parent' value='0' /></p>
</form></div>"""
