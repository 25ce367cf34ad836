"""Every line judged by its role: is it the article's, and if not, by which rule?

The same rules read a page's lines and those of a raw text; a page's lines also tell their links and containers. Lines
are judged in order, because a label decides over those after it: headlines that follow `إقرأ أيضاً:` go with it, the
paragraphs after them stay, unless the article had ended before or another one begins there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import accumulate, chain, islice, pairwise, takewhile

from extract.attribution import BYLINE, BYLINE_WORD, correspondent, dateline, with_occupation
from extract.dates import read_date
from extract.labels import Label, Role
from extract.labels import label as read_label
from extract.lines import Element, Line, Mark, ends_sentence, opening_text
from extract.text import canonical, fold

_LETTERS = re.compile(r"[^\W\d_]{2,}")
_URL_ONLY = re.compile(r"^\W*(?:https?://|www\.)\S++\W*$", re.IGNORECASE)
_HASHTAGS = re.compile(r"^(?:#[\w‌]++[\s،,|]*+)++$")
_BYLINE = re.compile(BYLINE + r"(?P<name>(?:[^\d:.،,؟!]|\b[A-Z]\.){3,40})$", re.IGNORECASE)
_BYLINE_WORD = re.compile(BYLINE_WORD, re.IGNORECASE)
_POSTED_BY = re.compile(r"\s(?:توسط|بواسطة|بواسطه|by)\s+(?P<name>[^|·•:،,\d]{4,40}?)\s*(?:[|·•،,]|\s[-–]\s|$)")
_COLON = re.compile(r"\s*[:：]$")
_CLOCK_WORDS = frozenset(
    fold(
        "الأحد الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الموافق هـ ه م ص آخر تحديث الساعة بتوقيت توقيت "
        "غرينتش جرينتش مكة المكرمة القدس"
    ).split()
)
"""Words beside a date that name its day, era or clock; folded."""
_TWOFOLD = re.compile(r"الموافق|\d\s*ه(?:ـ|\b)")
"""What a day has that two calendars name: `الخميس 7/3/1429 هـ - الموافق 13/3/2008 م (آخر تحديث) الساعة 16:25`."""
_VERB_MARK = re.compile(r"^\w+\s*[:：/–—-]")
_BEFORE_DATE = re.compile(
    r"(?<![\s|•·،,/–—-])[\s|•·،,/–—-]*+(?:\b(?:في|فى|يوم|بتاريخ|در|on)\b(?:\s++\w++\s*+[،,])?)?[\s|•·،,/–—:-]*+$"
)
_AT_CLOCK = re.compile(r"\s+(?:في|فى|الساعة|در|ساعت|at)\s+\d{1,2}:\d\d.*$")
_ALT = re.compile(r"^(?P<a>.{2,40}?)\s+[-–—|]\s*(?P<b>.*)$")
_PARTS = frozenset({"p", "li", "ul", "ol", "blockquote", "dd", "dl", "tr", "tbody", "table", "figure"})
_FACT = re.compile(r"\d\s*(?:دقيقة|دقائق|دقیقه|min)|(?:کد|شناسه|شماره)\s*(?:خبر|مطلب)")
_HEADS = ("h2", "h3", "h4", "h5", "h6")
_CELLS = ("td", "tr", "tbody")
_BREAKS = frozenset({"br", "p", "div", "ul", "ol", "table", "blockquote", *_HEADS})
_BOXES = ("aside", "section")
_CARD = ("p", "div", "img", *_HEADS)  # what items of a list of teasers are made of
_LONGEST_LEAD = 250  # characters
_LONGEST_BOX = 700  # characters of a box among the paragraphs that calls readers to support or follow the site
_RULE = re.compile(r"^_{8,}$")
_NUMBER_BEHIND = re.compile(r"[:：]\s*+(?:[^\s\d]*+\d|\S*+\s*+\d)")
_PATH = re.compile(r"^[^.؟!?:]+$")
_PATH_STEP = re.compile(r"(?<=.)\s[>›»]\s(?=.)")
_POST = re.compile(
    r"//(?:\w+\.)?(?:(?:twitter|x)\.com/[^/]+/status|instagram\.com/(?:p|reel|tv)|facebook\.com/[^/]+/(?:posts|videos)|"
    r"tiktok\.com/@[^/]+/video)/"
)
_SIGN_OFF = re.compile(
    r"\s?(?<![(/])[(/]++\s*+(?:النهاية|انتهى|انتهت)\s*+[)/]++(?:\s*+[\w.]{1,4}+(?=[\s/]|$)[\s/]*+)*+$"
)
_LONGEST_SUBHEAD = 4  # words
_DATE_WORDS = 12
_LONGEST_DATE = 300  # characters of a line that is one
_LONGEST_DATED = 1000  # characters of a line that has a date or a name beside other things
_LONGEST_LINK = 1000  # characters of a link that are read
_MORE_WITHIN = 400  # lines after a label among which the body may go on
_MOST_BRANDS = 50
_MOST_LINKS = 100  # of an element that are read
_MOST_PARTS = 100  # texts of an element that are read
_LONGEST_PARAGRAPH = 20_000  # characters of a paragraph up to which its end is looked at
_LINKED_LIST = 0.66  # share of the characters of a list up to which its items are no mere links
_TOLD = 300  # characters of prose from which tags end a raw text
_ENDING = frozenset({Role.COMMENTS, Role.FORM, Role.LATEST, Role.COPYRIGHT, Role.END})


RULES = {
    "text": "Nothing speaks against its being text.",
    "headline": "It is the headline.",
    "title": "It says the headline again.",
    "kicker": "It stands above the headline.",
    "label": "It is a label, or begins as one (extract/labels/*.toml).",
    "after": "It follows a label that it belongs to, or that ends the article (extract/labels/*.toml).",
    "family": "It stands where the family's rules say that noise stands (extract/families.py, `drop`).",
    "elsewhere": "It stands outside the body's container (extract/families.py, `body`; extract/region.py).",
    "above_body": "It stands between headline and body, and not where a lead does.",
    "trafilatura": "trafilatura does not keep it, and it is neither a sentence, a heading, a list item nor a row.",
    "outside": "It stands in a figure, nav, aside or footer.",
    "dated_headlines": "It is one of several dates and headlines in turn: a list of news.",
    "date": "It is a date or a clock, and nothing more.",
    "no_words": "It holds no word.",
    "brand": "It is the name of the site.",
    "dateline": "It is a dateline or names an agency, and nothing more.",
    "hashtags": "It holds hashtags only.",
    "url": "It is an address.",
    "byline": "It names who wrote the text.",
    "post": "It quotes a post of a social network.",
    "path": "It is a path of sections.",
    "promo_box": "It stands in a box among the paragraphs that ends in a call to support or follow the site.",
    "sign_off": "It follows the agency's sign-off or a rule under the text.",
    "repeated": "It was there before.",
    "link": "It is a link.",
    "caption": "It is all that a block around an image says, or follows the site's name as an image's text does.",
    "teaser": "It stands in a small block with a linked picture or headline.",
    "terms": "It links to the site's terms or privacy policy.",
    "before_text": "It is a word or three before the first sentence.",
    "tail": "It follows the last sentence and is none itself.",
}
"""What the rules mean, by name, and where one is mended that is not mended here."""


@dataclass(slots=True)
class Verdict:
    """What became of a line."""

    line: Line
    kept: bool
    rule: str
    """Name of the rule, a key of `RULES`; of a label with its role: `label:related`, `after:comments`."""

    @property
    def why(self) -> str:
        """The rule in a sentence."""
        return RULES[self.rule.partition(":")[0]]


@dataclass(slots=True)
class Judgement:
    """All verdicts, and what the lines that went had to say."""

    verdicts: list[Verdict] = field(default_factory=list)
    kicker: str | None = None
    sources: list[tuple[int, str]] = field(default_factory=list)
    """Agencies and papers of source lines and datelines, with the number of the line."""
    bylines: list[tuple[Role, str]] = field(default_factory=list)
    tags: list[Line] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    dates: list[Line] = field(default_factory=list)
    brands: set[str] = field(default_factory=set)

    @property
    def kept(self) -> list[Line]:
        """The article's lines, in order."""
        return [verdict.line for verdict in self.verdicts if verdict.kept]

    def take_date(self, line: Line) -> None:
        """Keep a line that tells when the text was put up, and by whom if it does: `نوشته شده در … توسط …`."""
        self.dates.append(line)
        text = parted(line)
        if found := _BYLINE.match(without_date(text)) or _POSTED_BY.search(text):
            self.bylines.append((Role.AUTHOR, found["name"].strip()))

    @property
    def text(self) -> str:
        """The article's lines as one text."""
        return "\n".join(line.text for line in self.kept)


def is_date_line(text: str) -> bool:
    """Whether a line is a date or clock and nothing more."""
    return len(text) <= _LONGEST_DATE and _is_date_line(text)


@lru_cache(maxsize=1024)  # several rules ask it of the same lines
def _is_date_line(text: str) -> bool:
    spaces = text.count(" ")
    if spaces > 2 * _DATE_WORDS or (spaces > _DATE_WORDS and not _TWOFOLD.search(text)) or not re.search(r"\d", text):
        return False
    date = read_date(text, timezone="UTC", calendar="gregorian", fetched_at=None, where="line")
    if date is None:
        return bool(re.fullmatch(r"[\W\d]*(?:GMT|UTC)?[\W\d]*(?:ص|م|AM|PM)?\W*", text))
    left = text.replace(date.raw, " ")
    if _words_beside(left) > 3 and re.search(r"\d{4}", left):  # the same day in another calendar
        other = read_date(left, timezone="UTC", calendar="gregorian", fetched_at=None, where="line")
        left = left.replace(other.raw, " ") if other else left
    return _words_beside(left) <= 3


def _words_beside(text: str) -> int:
    return sum(not word.isdigit() and word not in _CLOCK_WORDS for word in fold(text).split())


def without_date(text: str) -> str:
    """What stands on a line before its date, or after one that opens it: `كتب سامر المصري في 5 يناير 2022`."""
    if len(text) > _LONGEST_DATED or not re.search(r"\d", text):
        return text
    date = read_date(text, timezone="UTC", calendar="gregorian", fetched_at=None, where="line")
    if date is None:
        return _AT_CLOCK.sub("", text)
    before, _, after = text.partition(date.raw)
    return _BEFORE_DATE.sub("", before) or after.strip(" |•·،,/–—:-")


def _read_byline(text: str) -> re.Match[str] | None:
    if len(text) > _LONGEST_DATED or not _BYLINE_WORD.search(
        text
    ):  # most lines; reading their dates would be for nothing
        return None
    undated = without_date(text)
    return _BYLINE.match(undated) or (_BYLINE.match(text) if undated != text else None)


class Judge:
    """One pass over the lines of a page or raw text."""

    def __init__(
        self,
        *,
        title: str,
        brands: Collection[str] = (),
        leads: Collection[str] = (),
        ask: Callable[[], Collection[int]] | None = None,
    ) -> None:
        """Set up for one page.

        Args:
            title: the headline.
            brands: names the site calls itself by.
            leads: folded texts that the family's rules or the page's description name as lead.
            ask: gives the numbers of the lines that trafilatura keeps, none if it fails; called at the first line that
                nothing else decides. None: there is no tree to ask it about.
        """
        self._title = fold(title)
        self._brands = {fold(brand) for brand in brands}
        self._ask = ask
        self._leads = frozenset(leads)
        self._home: Element | None = None
        """Where the body's paragraphs stand; None in raw text."""
        self._list: Element = None
        """The list in which the line kept last stands; None if it stands in none."""
        self._opening = -1
        """Index after the line above the dates and labels above the text."""
        self._last = -1
        """Number of the line that may be a raw text's last paragraph, though it has no full stop."""
        self._found = Judgement(brands=set(brands))
        self._folded_names: set[str] = set()
        self._names_folded = 0
        self._lists: dict[Element, bool] = {}
        """Whether each list that was asked for holds plain items and no cards."""
        self._places: dict[Element, Element] = {}
        self._sentences_from: list[int] = []

    def judge(
        self,
        above: Sequence[Line],
        body: Sequence[Line],
        *,
        leads: Collection[int] = (),
        only_chosen: bool = False,
    ) -> Judgement:
        """Judge the lines between the headline and the end of the body, in order.

        Args:
            above: lines between the headline and the body's container, where only a lead is text.
            leads: numbers of the lines above that stand where a lead may.
            body: lines of the body's container, or all of a raw text.
            only_chosen: whether a line of the body that trafilatura does not keep is never text.
        """
        lines = [*above, *body]
        found = self._found
        self._learn_brands(lines)
        ended = ""
        related = False
        closing = False
        promoted = False
        tagged = False
        prose = 0
        seen: set[str] = set()
        home: object = None
        first = next((index for index, line in enumerate(lines) if _prose(line) and not self._is_title(line)), -1)
        last = max((index for index, line in enumerate(lines) if _prose(line)), default=-1)
        self._last = _last_of_raw_text(lines, last)
        self._opening = _above_meta(lines, first)
        dated = _dated_headlines(lines)
        pending: Role | None = None
        alt = False
        boxed: Element = None
        fence: Element = None
        ruled_off = False
        for index, line in enumerate(lines):
            name = line.label
            if name and name.role is Role.TAGS and not found.tags:
                found.tags.append(line)
            if ended or line.mark & Mark.NOISE:
                if name and not ended:
                    self._note(name, line)
                self._cut(line, ended if ended == "sign_off" else f"after:{ended}" if ended else "family")
                continue
            if boxed is not None and boxed in line.element.iterancestors():
                self._cut(line, "after:related")
                continue
            was_alt, alt = alt, False
            if pending and name is None and line.words <= 8 and not ends_sentence(line.text):
                self._take(pending, line.text, line.at)
                self._cut(line, f"after:{pending}")
                pending = None
                continue
            pending = None
            if self._is_title(line):
                named = _ALT.match(line.text)
                alt = prose == 0 and named is not None and fold(named["a"]) in self._brands
                self._cut(line, "title")
                continue
            if name is not None:
                self._cut(line, f"label:{name.role}")
                if name.role in (Role.RELATED, Role.LATEST) and prose and not closing:
                    boxed = self._box(line, name.role)
                    if boxed is not None:
                        continue
                listed = (
                    name.role is Role.LATEST and line.element is None and self._more_body(lines, index, home, name.role)
                )
                fence = self._block(line) if name.role is Role.RELATED else None
                if name.role is Role.PROMO:
                    self._cut_promo_box(line)
                if name.role is Role.RELATED or listed:
                    if closing:
                        ended = "related"
                    related, promoted = True, False
                elif (
                    name.role in _ENDING
                    and prose
                    and (
                        name.role is Role.END
                        or (closing and name.role is Role.LATEST)
                        or not self._more_body(lines, index, home, name.role)
                    )
                ):
                    ended = str(name.role)
                elif name.role is Role.PROMO:
                    promoted = related
                elif name.role is Role.MORE:
                    related = related or bool(name.rest)
                elif name.role in (Role.SOURCE, Role.AUTHOR, Role.CREDIT, Role.TAGS):
                    if not name.rest and name.role is not Role.TAGS:
                        pending = name.role
                    closing = closing or (prose > 0 and name.role in (Role.SOURCE, Role.TAGS))
                    tagged = tagged or (prose > 0 and name.role is Role.TAGS)
                    if (
                        name.role is Role.TAGS
                        and line.element is None
                        and (prose >= _TOLD or self._is_most(prose, lines, index))
                    ):
                        ended = "tags"  # nothing but its place tells what follows them in raw text
                self._note(name, line)
                continue
            if related:
                if not (
                    (index < last and self._is_beyond(line, fence))
                    or self._resumes(line, home, before_last=index < last)
                    or self._heads_text(lines, index, last)
                ):
                    self._cut(line, "after:related")
                    continue
                if promoted or (prose and home is not None and not self._at_home(line, home)):
                    ended = "related"
                    self._cut(line, "after:related")
                    continue
                related = False
            if tagged and home is not None and not self._at_home(line, home):
                self._cut(line, "after:tags")
                continue
            if prose and line.words <= 5 and line.key in self._names():
                ended = "" if self._more_body(lines, index, home, Role.AUTHOR) else str(Role.AUTHOR)
                self._cut(line, "byline")
                continue
            ruled_off = ruled_off or (prose > 0 and bool(_RULE.match(line.text)))
            rule = self._noise(line, index, first, last, dated, was_alt, prose, seen)
            if not rule and ruled_off and not _prose(line):
                rule = "sign_off"
            if not rule and index < len(above) and not (line.at in leads and self._is_lead(line)):
                rule = "above_body"
            part = line.heading or bool(line.mark & (Mark.LIST | Mark.ROW))
            sure = (part and home is not None and self._at_home(line, home)) if only_chosen else part or _prose(line)
            sure = sure or (not only_chosen and index < last and _introduces(line))
            if not (rule or sure or index < len(above) or self._chosen is None or line.at in self._chosen):
                rule = "trafilatura"
            if rule:
                self._cut(line, rule)
                continue
            if line.words >= 4:
                seen.add(line.text)
            self._list = _list_around(line) if line.mark & Mark.LIST else None
            if _prose(line):
                prose += len(line.text)
                inner = bool(line.mark & (Mark.QUOTE | Mark.LIST)) and home is not None and self._at_home(line, home)
                if line.element is not None and not line.heading and not inner and index >= len(above):
                    home = self._home = self._place(line)
            if prose and _may_sign_off(line.text) and (sign_off := _SIGN_OFF.search(line.text)) and sign_off.start():
                line = replace(line, text=line.text[: sign_off.start()], folded="")
                ended = "sign_off"
            found.verdicts.append(Verdict(line, True, "text"))
        self._trim_head()
        self._trim_tail()
        return found

    @cached_property
    def _chosen(self) -> Collection[int] | None:
        return (self._ask() or None) if self._ask else None

    def _names(self) -> Collection[str]:
        """Folded names of the bylines found so far."""
        self._folded_names.update(fold(name) for _, name in self._found.bylines[self._names_folded :])
        self._names_folded = len(self._found.bylines)
        return self._folded_names

    def _cut(self, line: Line, rule: str) -> None:
        self._found.verdicts.append(Verdict(line, False, rule))

    def _note(self, name: Label, line: Line) -> None:
        """Keep what a labelled line says of the article."""
        if name.role is Role.DATE:
            self._found.take_date(line)
        elif name.role is Role.SECTION and name.rest:
            self._found.sections.append(name.rest)
        elif name.role is Role.AUTHOR and line.mark & Mark.CAPTION:
            pass  # who took a picture wrote nothing
        elif name.rest:
            if name.role is Role.AUTHOR and name.rest != without_date(name.rest):
                self._found.dates.append(line)
            self._take(name.role, name.rest, line.at)

    def _take(self, role: Role, text: str, at: int) -> None:
        if role is Role.SOURCE:
            self._found.sources.append((at, dateline(text, self._found.brands | self._brands) or text))
        elif role is Role.AUTHOR:
            self._found.bylines.append((role, without_date(text)))

    def _learn_brands(self, lines: Sequence[Line]) -> None:
        """The text of an image is often `<brand> - <headline>`; it names the brand."""
        if not self._title:
            return
        for line in lines:
            match = _ALT.match(line.text)
            if (
                len(self._brands) < _MOST_BRANDS
                and match
                and fold(match["b"]) == self._title
                and match["a"].count(" ") < 4
            ):
                self._brands.add(fold(match["a"]))
                self._found.brands.add(match["a"].strip())

    def _is_title(self, line: Line) -> bool:
        title = self._title
        if not title or len(line.text) > 2 * len(title) + 80:
            return False
        key = line.key
        if key == title:
            return True
        if title in key and len(title) > 12:
            rest = key.replace(title, " ").strip()
            if rest in self._brands or (len(rest) < 40 and len(rest) < len(title) * 0.7):
                return True
            # `نوشته <headline> اولین بار در <site> پدیدار شد.`: what a feed adds to the text
            return line.link_share > 0.4 and len(rest) < 70 and self._links_title(line)
        return len(key) > 20 and key in title and len(key) > 0.85 * len(title)

    def _links_title(self, line: Line) -> bool:
        links = islice(line.element.iter("a"), _MOST_LINKS) if line.element is not None else ()
        return any(fold(canonical(opening_text(link, _LONGEST_LINK))) == self._title for link in links)

    def _resumes(self, line: Line, home: object, *, before_last: bool) -> bool:
        """Whether the text goes on here after related headlines."""
        if line.link_share > 0.5:
            return False
        if line.element is None:  # of raw text: a headline may be a question, and what ends in a colon is none
            question = line.words < 14 and line.text.endswith(("؟", "?", "!"))
            return (_prose(line) and not question) or (before_last and line.words >= 3 and line.text.endswith(":"))
        if _prose(line):
            return True
        joined = ends_sentence(line.text) or line.text.endswith((":", "："))
        return home is not None and before_last and (line.heading or joined) and self._at_home(line, home)

    def _heads_text(self, lines: Sequence[Line], index: int, last: int) -> bool:
        """Whether a line of raw text is too short for a headline and stands right before text that goes on."""
        line = lines[index]
        if line.element is not None or index >= last or line.words > _LONGEST_SUBHEAD + line.text.endswith(("؟", "?")):
            return False
        named = lines[index - 1].label
        alone = named is not None and not named.rest  # the label's only headline
        return not alone and lines[index + 1].label is None and _prose(lines[index + 1])

    def _box(self, line: Line, role: Role) -> Element:
        """The section or aside between two paragraphs that a label opens; None if it opens none."""
        box = next(line.element.iterancestors(*_BOXES), None) if self._home is not None else None
        if box is None or box.getparent() is not self._home:
            return None
        opening = next((text for text in box.itertext() if text.strip()), "")
        after = sum(map(_is_paragraph, islice(box.itersiblings(), _MORE_WITHIN)))
        return box if line.text.startswith(canonical(opening)) and after >= 1 + (role is Role.LATEST) else None

    def _at_home(self, line: Line, home: object) -> bool:
        """Whether a line stands where the body's paragraphs do, or in a list or quotation there."""
        node = self._place(line)
        if node is home:
            return True
        while node.tag in _PARTS and node.getparent() is not None:
            node = node.getparent()
            if node is home:
                return True
        return node.getparent() is home

    def _more_body(self, lines: Sequence[Line], index: int, home: object, role: Role) -> bool:
        """Whether the body goes on after a label that mostly ends it, judged by its container."""
        rest = lines[index + 1 : index + 1 + _MORE_WITHIN]
        if lines[index].element is None:  # a list of headlines between two paragraphs may have teasers, but one each
            rest = list(takewhile(lambda line: line.label is None, rest)) if role is Role.LATEST else []
            return any(_prose(one) and _prose(two) for one, two in pairwise(rest))
        if home is None:
            return False
        if role is Role.COMMENTS:  # comments come with dates and answers
            rest = list(takewhile(lambda line: line.label is None and not is_date_line(line.text), rest))
        return sum(1 for line in rest if _prose(line) and self._at_home(line, home)) >= 2

    def _noise(
        self,
        line: Line,
        index: int,
        first: int,
        last: int,
        dated: set[int],
        after_alt: bool,
        prose: int,
        seen: set[str],
    ) -> str:
        """Name of the rule by which a line without a label is no text; empty if it is text."""
        text = line.text
        if line.mark & Mark.ROW and prose:
            return "" if self._is_own_row(line) else "elsewhere"
        if index in dated:
            return "dated_headlines"
        name = _COLON.sub("", text) if prose == 0 and _VERB_MARK.match(text) else text  # `كتب- محمد سعد:`
        byline = _read_byline(name) if line.words <= _DATE_WORDS else None
        if byline and byline["name"].count(" ") < 5 and (byline["mark"] or prose < _LONGEST_LEAD or index > last):
            self._found.bylines.append((Role.AUTHOR, byline["name"]))
            if re.search(r"\d", text):
                self._found.dates.append(line)
            return "byline"
        if is_date_line(text):
            if prose < _LONGEST_LEAD or index > last:
                self._found.dates.append(line)
            if not (line.heading and prose and index < last):
                return "date"
        if prose < _LONGEST_LEAD and _is_meta_line(line):
            self._found.take_date(line)
            return "date"
        if not _LETTERS.search(text):
            return "no_words"
        if line.mark & Mark.QUOTE and _is_post(line):
            return "post"
        if line.words <= _DATE_WORDS and _PATH.match(text) and len(_PATH_STEP.findall(text)) > 1:
            return "path"
        if line.words <= 6 and line.key in self._brands:
            return "brand"
        opens = prose == 0 and index + 1 == first
        heads = prose == 0 and index + 1 == self._opening and line.image is None
        agency = dateline(text, self._found.brands | self._brands, opens=opens) if line.words <= 8 else None
        if agency:
            self._found.sources.append((line.at, agency))
            return "dateline"
        own = self._found.brands | self._brands
        if (opens or heads) and line.words <= 9 and not line.heading and (person := correspondent(text, own)):
            self._found.bylines.append((Role.AUTHOR, person))
            return "byline"
        beside = prose < _LONGEST_LEAD and index < first + 2 and line.words <= _DATE_WORDS and not ends_sentence(text)
        if beside and (person := with_occupation(_parts(line))):
            self._found.bylines.append((Role.AUTHOR, person))
            return "byline"
        if _HASHTAGS.match(text):
            return "hashtags"
        if _URL_ONLY.match(text):
            return "url"
        figure = line.mark & Mark.CAPTION and not line.mark & (Mark.ROW | Mark.QUOTE)
        if figure or line.mark & (Mark.NAV | Mark.ASIDE | Mark.FOOTER):
            return "outside" if line.element is not None else "caption"
        if line.words >= 4 and text in seen:
            return "repeated"
        if line.link_share > 0.75 and not (ends_sentence(text) and line.words >= 8) and not self._is_listed(line):
            return "link"
        goes_on = line.heading or ends_sentence(text) or _addresses(line) or line.mark & Mark.ROW
        if index < first and line.words <= 3 and not goes_on:
            return "before_text"
        if line.linked and _names_terms(line):
            return "terms"
        if prose and self._is_teaser(line):
            return "teaser"
        if (after_alt and not ends_sentence(text)) or (last != index and _is_caption(line, prose == 0)):
            return "caption"
        if index > last and not _prose(line) and not ends_sentence(text) and not self._is_last_part(line):
            return "tail"
        return ""

    def _is_listed(self, line: Line) -> bool:
        """Whether a linked line is an item of a list among the paragraphs that holds plain items, too."""
        if not line.mark & Mark.LIST or self._home is None or not self._at_home(line, self._home):
            return False
        around = _list_around(line)
        if around is None:
            return False
        if around not in self._lists:
            self._lists[around] = next(around.iter(*_CARD), None) is None and _linked(around) <= _LINKED_LIST
        return self._lists[around]

    def _place(self, line: Line) -> Element:
        """The element among whose children the line is a paragraph; asked once of each element."""
        if line.element not in self._places:
            self._places[line.element] = _place_of(line)
        return self._places[line.element]

    def _block(self, line: Line) -> Element:
        """The block among the body's paragraphs in which a line stands; None for a paragraph itself."""
        node = line.element if self._home is not None else None
        while node is not None and node.getparent() is not self._home:
            node = node.getparent()
        return None if node is None or node is line.element else node

    def _is_beyond(self, line: Line, block: Element) -> bool:
        """Whether an unlinked line stands among the body's paragraphs, after a block of related headlines."""
        if block is None or line.linked or line.words < 3 or self._place(line) is not self._home:
            return False
        return block not in line.element.iterancestors()

    def _cut_promo_box(self, call: Line) -> None:
        """Cut what stands before a call in a box of its own between two paragraphs."""
        box = call.element.getparent() if call.element is not None else None
        if box is None or len(opening_text(box, _LONGEST_BOX + 1)) > _LONGEST_BOX:
            return
        verdicts = [verdict for verdict in self._found.verdicts[-_MORE_WITHIN:] if verdict.kept]
        inside = [verdict for verdict in verdicts if box in verdict.line.element.iterancestors()]
        in_box = set(map(id, inside))
        around = (verdict for verdict in verdicts if id(verdict) not in in_box and _prose(verdict.line))
        if (
            inside
            and any(self._place(v.line) is box.getparent() for v in around)
            and any(map(_is_paragraph, islice(box.itersiblings(), _MORE_WITHIN)))
        ):
            for verdict in inside:
                verdict.kept, verdict.rule = False, "promo_box"

    def _is_own_row(self, line: Line) -> bool:
        """Whether a row of data stands among the paragraphs, not in another part of a page laid out by tables."""
        home = self._home
        if line.element is None or home is None:
            return True
        around = home.getparent()
        return any(node is home or node is around for node in line.element.iterancestors() if node.tag not in _CELLS)

    def _is_teaser(self, line: Line) -> bool:
        """Whether a line stands beside the body's paragraphs in a small block with a linked picture or headline."""
        block = line.element if self._home is not None and line.words <= 40 else None
        while block is not None and block.getparent() is not self._home:
            block = block.getparent()
        if block is None or block is line.element or block.tag in _PARTS:
            return False
        most = 3 * len(line.text) + 150
        if len(opening_text(block, most)) == most:
            return False
        if any(next(link.iter("img", *_HEADS), None) is not None for link in block.iter("a")):
            return True
        return any(next(head.iter("a"), None) is not None for head in block.iter(*_HEADS))

    def _is_lead(self, line: Line) -> bool:
        if any(line.key == lead or (len(lead) > 30 and line.key.startswith(lead)) for lead in self._leads):
            return True
        return line.link_share < 0.3 and line.words >= 5 and (_prose(line) or line.heading or line.tag == "p")

    def _is_last_part(self, line: Line) -> bool:
        """Whether a line without a full stop after the last sentence is text still: a paragraph, list item or row."""
        if line.element is None:
            return line.at == self._last
        if self._list is not None and line.mark & Mark.LIST and _list_around(line) is self._list:
            return True
        if _addresses(line) and self._at_home(line, self._home):
            return True
        part = line.tag == "p" or line.mark & (Mark.LIST | Mark.ROW)
        fewest = 3 if line.mark & Mark.LIST else 6
        if not part or line.linked or line.words < fewest or not self._at_home(line, self._home):
            return False
        return self._chosen is not None and line.at in self._chosen

    def _is_most(self, prose: int, lines: Sequence[Line], index: int) -> bool:
        """Whether so many characters of prose are more than the sentences behind a line have."""
        if not self._sentences_from:
            sizes = (len(line.text) if line.words >= 6 and ends_sentence(line.text) else 0 for line in reversed(lines))
            self._sentences_from = [*accumulate(sizes, initial=0)][::-1]
        return prose > self._sentences_from[index + 1]

    def _trim_head(self) -> None:
        """Before a headline's repetition there is no text yet; the line just above it is the kicker."""
        verdicts = self._found.verdicts
        first = next((i for i, v in enumerate(verdicts) if v.kept and _prose(v.line)), len(verdicts))
        repeated = max((i for i, v in enumerate(verdicts[:first]) if v.rule == "title"), default=-1)
        for verdict in verdicts[: max(0, repeated)]:
            if verdict.kept:
                verdict.kept, verdict.rule = False, "kicker"
                if not holds_facts(verdict.line):
                    self._found.kicker = verdict.line.text

    def _trim_tail(self) -> None:
        for verdict in reversed(self._found.verdicts):
            if verdict.kept:
                line = verdict.line
                if (
                    _prose(line)
                    or (ends_sentence(line.text) and line.words >= 3)
                    or line.mark & (Mark.LIST | Mark.ROW)
                    or self._is_last_part(line)
                ):
                    return
                verdict.kept, verdict.rule = False, "tail"


def _may_sign_off(text: str) -> bool:
    return "النهاية" in text or "انتهى" in text or "انتهت" in text


def parted(line: Line) -> str:
    """A line's text with spaces between its elements, where names, dates and counts touch in it."""
    if line.element is None:
        return line.text
    most = 4 * len(line.text) + 4000  # with the space in it that canonical text has not
    whole = opening_text(line.element, most, " ")
    text = canonical(whole) if len(whole) < most else line.text
    return text if len(text) < 2 * len(line.text) else line.text


def _parts(line: Line) -> list[str]:
    """The texts of a line's elements, one each."""
    texts = line.element.itertext() if line.element is not None and len(line.element) else ()
    return [text for each in islice(texts, _MOST_PARTS) if (text := canonical(each[:_LONGEST_LINK]))]


def _is_meta_line(line: Line) -> bool:
    """Whether a line holds a date behind its label, after a name or another date: `أحمد سعيد نشر في: 5 يناير 2022`."""
    if line.words > 30 or len(line.text) > _LONGEST_DATE or ends_sentence(line.text):
        return False
    if not _NUMBER_BEHIND.search(line.text):
        return False
    text = parted(line)
    for colon in re.finditer(r"\s*[:：]\s*", text):
        before = text[: colon.start()].split()
        labels = (read_label(" ".join(before[-count:])) for count in (1, 2))
        if any(found is not None and found.role is Role.DATE for found in labels):
            after = text[colon.end() :]
            return bool(read_date(after, timezone="UTC", calendar="gregorian", fetched_at=None, where="line"))
    return False


def holds_facts(line: Line) -> bool:
    """Whether a line tells a date, an item's number or a reading time, as none tells that stands over a headline."""
    return bool(re.search(r"\d", line.text)) and (
        _FACT.search(line.text) is not None
        or read_date(parted(line), timezone="UTC", calendar="gregorian", fetched_at=None, where="line") is not None
    )


def _above_meta(lines: Sequence[Line], first: int) -> int:
    """Index of the first of the dates, labels and single words just above the text; its own if there are none."""
    while first > 0 and ((line := lines[first - 1]).label or line.words == 1 or is_date_line(line.text)):
        first -= 1
    return first


def _is_post(line: Line) -> bool:
    """Whether a line stands in a quotation that links to a post of a social network, as embedded ones do."""
    quote = next(
        chain((node for node in (line.element,) if node.tag == "blockquote"), line.element.iterancestors("blockquote")),
        None,
    )
    links = islice(quote.iter("a"), _MOST_LINKS) if quote is not None else ()
    return any(_POST.search((link.get("href") or "")[:_LONGEST_LINK]) for link in links)


def _place_of(line: Line) -> Element:
    """The element among whose children the line is a paragraph: around p, or a div that stands for one."""
    node = line.element
    plain = node.tag == "p" or (node.tag == "div" and not any(child.tag in _BREAKS for child in node))
    place = node.getparent() if plain and node.getparent() is not None else node
    single = place if node.tag == "p" else node.getparent() if node.tag in _HEADS else None
    if (
        single is not None
        and _wraps_one(single)
        and any(map(_wraps_one, (*single.itersiblings(), *single.itersiblings(preceding=True))))
    ):
        place = single.getparent()  # each paragraph in a div of its own
    return place


def _linked(element: Element) -> float:
    """Share of an element's characters that stand in links."""
    linked = sum(len(text) for link in element.iter("a") for text in link.itertext())
    return linked / (sum(map(len, element.itertext())) or 1)


def _list_around(line: Line) -> Element:
    """The outermost list around a line that nothing but lists stands around; None if it stands in none."""
    found, node = None, line.element
    while node is not None and node.tag in ("li", "ul", "ol", "dd", "dt", "dl"):
        found, node = node, node.getparent()
    return found


def _wraps_one(node: Element) -> bool:
    """Whether an element is a div that holds one paragraph or heading and nothing else."""
    if node is None or node.tag != "div" or len(node) != 1 or (node.text or "").strip():
        return False
    return node[0].tag == "p" or node[0].tag in _HEADS


def _is_paragraph(node: Element) -> bool:
    """Whether an element is a paragraph of prose, or a div around one."""
    if node.tag != "p" and not _wraps_one(node):
        return False
    text = canonical(opening_text(node, _LONGEST_PARAGRAPH))
    return text.count(" ") >= 8 and (len(text) >= _LONGEST_PARAGRAPH // 2 or ends_sentence(text))


def _names_terms(line: Line) -> bool:
    """Whether a line links to the site's own rules, as a request to commentators does."""
    links = islice(line.element.iter("a"), _MOST_LINKS)
    found = (read_label(canonical(opening_text(link, _LONGEST_LINK))) for link in links)
    return any(label is not None and label.role is Role.TERMS for label in found)


def _last_of_raw_text(lines: Sequence[Line], last: int) -> int:
    """Number of the line after the last prose, if it is of some length and the text or a label ends it; else -1."""
    if not 0 <= last < len(lines) - 1 or lines[last].element is not None:
        return -1
    line = lines[last + 1]
    ended = last + 2 == len(lines) or lines[last + 2].label is not None
    return line.at if ended and line.label is None and line.words >= 6 else -1


def _is_caption(line: Line, before_text: bool) -> bool:
    """Whether a line is all that a small block around an image says."""
    if line.image is None or line.words > 35 or line.heading or ends_sentence(line.text):
        return False
    above = {line.image, *line.image.iterancestors()}
    node = line.element
    for _ in range(3):
        if node is None or node.tag in ("body", "article", "main"):
            break
        if node in above:
            most = 4 * len(line.text) + 1000
            whole = opening_text(node, most)
            return len(whole) < most and len(" ".join(whole.split())) <= 1.3 * len(line.text) + 10
        node = node.getparent()
    return before_text and line.words <= 25 and line.tag != "p"


def _addresses(line: Line) -> bool:
    """Whether a line is a letter's salutation or closing, which ends in a comma: `تحية طيبة وبعد،`."""
    return not line.linked and line.words >= 2 and line.text.endswith(("،", ","))


def _introduces(line: Line) -> bool:
    """Whether a line is a paragraph that announces what follows it: a list, a table, a quotation."""
    return line.tag == "p" and not line.linked and line.words >= 4 and line.text.endswith((":", "："))


def _prose(line: Line) -> bool:
    return line.runs and line.link_share <= 0.5


def _dated_headlines(lines: Sequence[Line]) -> set[int]:
    """Indexes of lines in runs of `date, headline, date, headline`, at least two pairs."""
    dates = [i for i, line in enumerate(lines) if line.words <= _DATE_WORDS and is_date_line(line.text)]
    found: set[int] = set()
    for one, two in pairwise(dates):
        between = lines[one + 1 : two]
        if 0 < len(between) <= 3 and not any(_prose(line) for line in between):
            found.update(range(one, two + 1))
    return found
