"""What is known of content management systems: where they put what.

Selectors are hints. They name containers where the markup is as its makers left it; where they match nothing, or what
they match holds little of the page's text, structure and labels decide.
"""

from __future__ import annotations

from dataclasses import dataclass

from extract.lines import Element
from extract.markup import Markup


@dataclass(frozen=True, kw_only=True)
class Family:
    """One CMS or theme; every field but the name is a CSS selector, empty if not known."""

    name: str
    marks: tuple[str, ...] = ()
    """Ids (`#the-post`), classes (`.echo_detail`), generators (`WordPress`); only this family's pages have one."""
    body: str = ""
    """Containers of the body's paragraphs."""
    title: str = ""
    kicker: str = ""
    lead: str = ""
    date: str = ""
    authors: str = ""
    tags: str = ""
    breadcrumb: str = ""
    undated: bool = False
    """Whether the pages show no date of their own: every date on them is a clock or another story's."""
    drop: str = ""
    """Noise, taken out of the page before it is read."""

    def select(self, field: str, markup: Markup) -> list[Element]:
        """Elements of a page that the selector in `field` matches, in document order."""
        css = getattr(self, field)
        return markup.select(css) if css else []


ASAM = Family(
    name="asam",
    marks=("#echo_detail", ".echo_detail", ".echo-detail", "#main_ck_editor", ".short_link_cnt", ".inline_news_box"),
    body="#echo_detail, .echo_detail, .echo-detail, #main_ck_editor",
    kicker=".uptitle, .up_title",
    lead=".lead",
    date="time[datetime], .news_time, .news-time",
    tags=".article_tag a, .article-tag a",
    breadcrumb=".breadcrumb li, .breadcrumb-list li",
    drop=".sec_info, .share_news, .short_link_cnt, .tinyurl_form, .inline_news_box",
)
IRANSAMANEH = Family(
    name="iransamaneh",
    marks=(".news_pdate_c", ".gutter_news", ".tags_title", ".newsletter_link_news", "IranSamaneh"),
    body=".body",
    title="h1.title, h1",
    kicker=".rutitr",
    lead=".subtitle",
    date=".news_pdate_c",
    tags=".tags_title a, .tags_item",
    breadcrumb=".news_path a",
    drop=".share_button, .newsletter_link_news, [class*='comm_info_'], .comm_answer",
)
NASTOOH = Family(
    name="nastooh",
    marks=("Nastooh", ".item-text", ".item-code", ".introtext"),
    body=".item-text, [itemprop='articleBody']",
    title="h1.title, h1",
    kicker=".rutitr, .kicker",
    lead=".introtext, .summary",
    date=".item-date span",
    tags=".tags li",
    breadcrumb=".breadcrumb li",
    drop=".item-code, input",
)
_WORDPRESS_NOISE = (
    "#respond, .comment-respond, .comments-area, #comments, .navigation, .post-navigation, .nav-links, .sharedaddy, "
    ".jp-relatedposts, .yarpp-related, .addtoany_share_save_container, .screen-reader-text"
)
JANNAH = Family(
    name="jannah",
    marks=("#tie-schema-json", "#the-post", ".stream-item", "#share-buttons-top"),
    body="#the-post .entry-content, .entry-content.entry",
    title="h1.post-title.entry-title, h1.post-title, h1.entry-title",
    lead=".entry-sub-title",
    date="#single-post-meta .date, .date.meta-item",
    authors=".meta-author a, .author-name",
    tags=".post-bottom-tags a, .tagcloud a",
    breadcrumb="#breadcrumb a, .post-cat",
    drop=(
        "#share-buttons-top, #share-buttons-bottom, .share-links, .post-components, #related-posts, .related-item, "
        "aside.sidebar, [class*='stream-item'], .code-block, .about-author, a#go-to-top, " + _WORDPRESS_NOISE
    ),
)
SAHIFA = Family(
    name="sahifa",
    marks=(".post-listing", ".e3lan", "#crumbs"),
    body=".post-listing .entry, .post-inner .entry",
    title="h1.name.post-title, h1.post-title, h1.name",
    date="p.post-meta .tie-date, .tie-date, span.updated",
    authors=".post-meta-author a",
    tags=".post-tag a",
    breadcrumb="#crumbs a",
    drop=(
        "#author-box, .share-post, section#related_posts, #related_posts, #crumbs, #topcontrol, [class*='e3lan'], "
        + _WORDPRESS_NOISE
    ),
)
NEWSPAPER = Family(
    name="newspaper",
    marks=(".td-post-content", ".tdb_single_content", ".tdb-title-text"),
    body=".td-post-content, .tdb_single_content .tdb-block-inner",
    title="h1.entry-title, h1.tdb-title-text",
    lead=".td-post-sub-title",
    date="time.entry-date, .td-post-date time",
    authors=".td-post-author-name a, .tdb-author-name",
    tags=".td-tags li a, .tdb-tags a",
    breadcrumb=".entry-crumbs a, .tdb-entry-crumb",
    drop="[class*='td-post-sharing'], [class*='td-related'], [class*='td_block_related'], .td-a-rec, "
    + _WORDPRESS_NOISE,
)
WORDPRESS = Family(
    name="wordpress",
    marks=("WordPress", ".wp-block-post-content", ".wp-singular", ".single-post"),
    body=".entry-content",
    title="h1.entry-title",
    date="time.entry-date",
    authors=".entry-header .author a, .byline .author a, .entry-meta .author a",
    tags="a[rel='tag']",
    drop=_WORDPRESS_NOISE,
)
ARABSTODAY = Family(
    name="arabstoday",
    marks=("#balmon", ".homepageslidersubtitle", ".readmoregmttimeband"),
    body="#balmon",
    kicker=".homepageslidersubtitle",
    undated=True,
    drop=".vcard, .readmoregmttimeband",
)

FAMILIES: dict[str, Family] = {
    family.name: family for family in (ASAM, IRANSAMANEH, NASTOOH, JANNAH, SAHIFA, NEWSPAPER, ARABSTODAY, WORDPRESS)
}
"""By name; WordPress core last, as its themes are recognised by their own marks."""

UNKNOWN = Family(name="", drop="")


def family_of(name: str | None, markup: Markup | None) -> Family:
    """The family called `name`, or else the one whose marks the page bears; `UNKNOWN` if none."""
    if name and (family := FAMILIES.get(name)):
        return family
    if markup is None:
        return UNKNOWN
    generators = {
        (node.get("content") or "").split(" ", 1)[0]
        for node in markup.tree.iter("meta")
        if node.get("name") == "generator"
    }
    for family in FAMILIES.values():
        if any(markup.bears(mark) or mark in generators for mark in family.marks):
            return family
    return UNKNOWN
