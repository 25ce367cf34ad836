"""Agencies and papers that a text says it is taken from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from extract.text import fold

_AGENCIES = frozenset(
    fold(name)
    for name in (
        "رويترز",
        "سانا",
        "أ ف ب",
        "ا ف ب",
        "أ.ف.ب",
        "فرانس برس",
        "أ ب",
        "أسوشيتد برس",
        "د ب أ",
        "د.ب.أ",
        "د. ب. أ",
        "الأناضول",
        "واس",
        "وام",
        "بترا",
        "قنا",
        "كونا",
        "بنا",
        "أ ش أ",
        "أ.ش.أ",
        "وفا",
        "واج",
        "وات",
        "ومع",
        "سبأ",
        "نينا",
        "واع",
        "شينخوا",
        "نوفوستي",
        "تاس",
        "سبوتنيك",
        "إنترفاكس",
        "وكالات",
        "الوكالات",
        "متابعات",
        "متابعة",
        "بلومبرغ",
        "بلومبيرغ",
        "العربية",
        "الجزيرة",
        "الجزيرة نت",
        "سكاي نيوز",
        "سكاي نيوز عربية",
        "سي إن إن",
        "بي بي سي",
        "RT",
        "CNN",
        "BBC",
        "AFP",
        "AP",
        "Reuters",
        "DPA",
        "ایرنا",
        "ایسنا",
        "فارس",
        "تسنیم",
        "مهر",
        "ایلنا",
        "اسپوتنیک",
        "رویترز",
        "ایمنا",
        "میزان",
        "برنا",
        "آنا",
        "ایکنا",
        "شفقنا",
    )
)
_PERSIAN_OPENING = re.compile(r"^(?P<name>خبرگزاری\s+[^-–—:،.؛«»]{2,30}?)\s*[-–—:؛/]")
# «به گزارش X به نقل از Y، …»: names end at a comma, a colon or the verb's clause.
_PERSIAN = re.compile(
    r"(?:^|[\s«\"(])(?:به\s+گزارش|به\s+نقل\s+از|بنا\s+به\s+گزارش|بنابر\s+گزارش)\s+(?P<name>[^،,:؛.()«»\"]{2,60}?)"
    r"(?=\s+به\s+نقل\s+از\s|\s+از\s|\s*[،,:؛.()«»\"]|\s*$)"
)
_NOT_AN_AGENCY = re.compile(r"^(?:گروه|خبرنگار|این|آن|روابط عمومی|یک|سرویس|پایگاه اطلاع)\b")
_PLACE = re.compile(r"^(?P<place>[^\W\d_][^\d،,.:;؛()«»/–—ـ-]{1,30}?)\s*[-–—ـ/(]+\s*")
# «نقلت وكالة نوفوستي عن», «نقلت الوكالة الوطنية للإعلام عن», «نقلا عن موقع هسبريس»
_RELAYED = re.compile(
    r"(?:^|\s)(?:[وف]?نقلت|[وف]?نقل|نقلا\s+عن|نقلاً\s+عن|وفقا\s+لما\s+نقلته)\s+(?P<name>(?:ال)?(?:وكالة|موقع|صحيفة|قناة)\s+[^،,.:؛()]{2,40}?)"
    r"(?=\s+(?:عن|أن|إن|عبر|قوله|قولها|في|الخبر|على|اليوم|أمس|مساء|صباح)\s|\s*[،,.:؛()]|\s*$)"
)
_FROM = re.compile(r"(?:^|\s)(?:نقلا|نقلاً)\s+عن\s+(?P<name>[^\W\d_]+(?:\s[^\W\d_]+)?)(?=\s*[،,.:؛])")
_OUTLET = re.compile(  # what agencies and papers have in their names, and people have not
    r"^ال|(?:^|\s)(?:نيوز|برس|أونلاين|اونلاين|اليوم|وكالة|وكالات|موقع|صحيفة|جريدة|قناة|شبكة|إذاعة|خاص|مراسل\w*|أرشيفية|أرشيف|تعبيرية|توضيحية|"
    r"نیوز|آنلاین|خبرگزاری|گروه|press|news|\w)$",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"\((?P<name>[^()\d]{2,20})\)\s*[-–.]*$")
_OPENING = re.compile(r"^.{0,45}?\((?P<name>[^()\d]{2,20})\)\s*[-–—:]")


_LONGEST = 1000  # characters of a line that holds names and nothing else
_WHO = (
    r"(?:كتب|كتبت|كتبه|كتبها|نشر|نشرت|أرسلت|مرسلة|أضيف)\s+بواسطة|بواسطة|كتب|كتبت|كتبه|كتبها|بقلم|حاوره|حاورته|حاورها|أجرى\s+الحوار|"
    r"أجرت\s+الحوار|به\s+قلم|نویسنده|(?:گزارش|گفت[\s‌]?و[\s‌]?گو)\s+از|(?:نوشته|منتشر|ارسال|درج)[\s‌]شده(?:\s+در\s.{4,40}?)?\s+توسط|توسط|"
    r"(?:(?:written|posted|published)\s+)?by"
)
_WHAT = r"(?:إعداد|اعداد)(?:\s+وتحرير|\s+وتقديم)?|تقرير|تحقيق|متابعة|حوار|تحرير|تحریر|مصنف|خبرنگار|نوشته|یادداشت"
_BEFORE_NAME = "[:：/／–—,،-]"
BYLINE = rf"^(?:(?:{_WHO})|(?:{_WHAT})(?=\s*{_BEFORE_NAME}))(?:(?P<mark>\s*{_BEFORE_NAME}\s*)|\s+)"
"""How a line begins that names who wrote the text; a pattern, whatever the case.

`كتب` or `بقلم` a name may follow at once; `تقرير` or `حوار` only behind a mark, or else it is a headline that goes on.
"""
BYLINE_WORD = rf"{_WHO}|{_WHAT}"
"""What every such line holds; a pattern, whatever the case."""


def is_agency(name: str) -> bool:
    """Whether `name` is a news agency's, or says that agencies were used (`وكالات`)."""
    return fold(name) in _AGENCIES


def dateline(line: str, brands: Iterable[str], *, opens: bool = False) -> str | None:
    """The agency of a line that is only place and agency, `دمشق - العرب اليوم`; None if it is anything else.

    Args:
        line: canonical text.
        brands: names the site calls itself by.
        opens: whether the text begins right after it; there a name that could be an agency's is taken for one.
    """
    if line.count(" ") > 7 or len(line) > _LONGEST:
        return None
    place, name = _dateline_parts(line)
    if "(" in line and place.count(" ") > 1:  # a caption and its credit
        return None
    if is_agency(name) or fold(name) in {fold(brand) for brand in brands}:
        return name
    short = len(place) > 0 and place.count(" ") < 2 and 0 < name.count(" ") < 3
    return name if opens and short and not re.search(r"[\d:؟?!«»\"]", name) and _OUTLET.search(name) else None


def correspondent(line: str, brands: Iterable[str] = ()) -> str | None:
    """The name in `حمص - محمد عبد الله` or `تونس - «النيل» - حسن سلمان:` on a line of its own; None for an agency.

    Args:
        line: canonical text.
        brands: names the site calls itself by.
    """
    if len(line) > _LONGEST:
        return None
    own = {fold(brand) for brand in brands}
    parts = [part for part in _DATELINE_MARK.split(line.strip(" ()[]*.-–—:")) if part]
    parts = [part for part in parts if not (is_agency(part) or fold(part) in own or re.fullmatch("«[^«»]+»", part))]
    if len(parts) != 2 or re.search(r"[\d؟?!،,.«»\"]", "".join(parts)):
        return None
    place, name = parts
    return name if place.count(" ") < 2 and 0 < name.count(" ") < 4 and not _OUTLET.search(name) else None


_OCCUPATION = re.compile(
    r"^\W*(?:روزنامه[\s\u200c]?نگار|خبرنگار|پژوهشگر|نویسنده|کارشناس|تحلیل[\s\u200c]?گر|استاد|مدرس|جامعه[\s\u200c]?شناس|اقتصاددان|"
    r"فعال|دبیر|سردبیر|وکیل|حقوقدان|عضو هی[اأئ]ت|كاتب|كاتبة|صحفي|صحفية|صحافي|صحافية|إعلامي|إعلامية|باحث|باحثة|محلل|"
    r"گروه\s+\S+$|أستاذ|أستاذة|مراسل|مراسلة|صحافی|کالم نگار|columnist|reporter|journalist|correspondent)(?:\W|$)",
    re.IGNORECASE,
)


def with_occupation(parts: Sequence[str]) -> str | None:
    """The name that the first part of a line is and the second tells the occupation of; None if it is none.

    Args:
        parts: texts of the line's elements: `امیر کاویانی`, `روزنامه‌نگار`.
    """
    if len(parts) < 2 or not _OCCUPATION.match(parts[1]) or re.search(r"[\d:؟?!،,.«»\"]", parts[0]):
        return None
    return parts[0] if 1 <= parts[0].count(" ") <= 3 and not _OUTLET.search(parts[0]) else None


_OPENING_NAME = re.compile(r"^(?P<own>[^-–—:،.]{2,40}?)\s*[-–—]\s*(?P<name>[^-–—:،.؛؟«»()\d]{5,30}):\s")


def opening_name(text: str, brands: Iterable[str]) -> str | None:
    """The correspondent whom a first paragraph opens with after the site's name: `روزنامه صبا - مینا راد: …`.

    Args:
        text: of the paragraph.
        brands: names the site calls itself by; `دنیای صبا` is enough of `روزنامه دنیای صبا`.
    """
    match = _OPENING_NAME.match(text)
    if match is None or not 1 <= match["name"].count(" ") <= 3 or _OUTLET.search(match["name"]):
        return None
    own = fold(match["own"])
    return match["name"] if any(f" {fold(brand)}".endswith(f" {own}") for brand in brands) else None


_DATELINE_MARK = re.compile(r"\s*[-–—ـ_/:|(]\s*")


def _dateline_parts(line: str) -> tuple[str, str]:
    """Place and name of what may be a dateline; without a place if it has one part only."""
    text = line.strip(" ()[]*.-–—:")
    match = re.match(r"^(?P<place>.{2,40}?)\s*[-–—ـ_/:|،(]\s*(?P<name>[^-–—ـ_/:|(]{2,30})$", text)
    return (match["place"], match["name"].strip(' ()«»"')) if match else ("", text)


def _opening(text: str, own: Collection[str]) -> str | None:
    """The agency that a paragraph opens with, after a place (`موسكو-سانا أعلنت`) or before a mark (`ایسنا/تهران`)."""
    place = _PLACE.match(text)
    if place and place["place"].count(" ") < 4:
        words = text[place.end() : place.end() + 40].split()
        for count in range(min(4, len(words)), 0, -1):
            last = words[count - 1]
            marked = last.endswith(tuple("-–—/:.")) or words[count : count + 1] in (["-"], ["–"], ["—"], [":"])
            name = " ".join(words[:count]).strip(" -–—/():.،")
            if (marked or " " not in place["place"]) and (is_agency(name) or fold(name) in own):
                return name
    name = re.split(r"\s*[-–—/:(]", text[:40], maxsplit=1)[0]
    return name if len(name) < 40 and is_agency(name) else None


def attributed(text: str, own: Collection[str], *, first: bool, last: bool) -> list[str]:
    """Agencies that a paragraph says the text is taken from, in order.

    Args:
        text: of the paragraph.
        own: folded names the site calls itself by: in a dateline the site is its own agency.
        first: whether it is the first paragraph, which may open with a dateline.
        last: whether it is the last, which may close with an agency in brackets.
    """
    names: list[str] = []
    if first:
        if (persian := _PERSIAN_OPENING.match(text)) and fold(persian["name"]) not in own:
            names.append(persian["name"])
        opening = _OPENING.search(text[:90])
        if opening and is_agency(opening["name"]):
            names.append(opening["name"])
        if agency := _opening(text, own):
            names.append(agency)
    if "نقل" in text or "گزارش" in text:  # each of the phrases has one of them
        names += _relayed(text, own)
    if last and (closing := _CLOSING.search(text)) and is_agency(closing["name"]):
        names.append(closing["name"].strip())
    return names


def _relayed(text: str, own: Collection[str]) -> list[str]:
    names = [
        match["name"].strip()
        for match in _PERSIAN.finditer(text)
        if not _NOT_AN_AGENCY.match(match["name"]) and match["name"].count(" ") < 4 and fold(match["name"]) not in own
    ]
    names += [match["name"] for match in _FROM.finditer(text) if is_agency(match["name"])]
    relayed = (match["name"].strip(' "«»“”') for match in _RELAYED.finditer(text))
    return names + [name for name in relayed if name.count(" ") < 5 and fold(name) not in own]


def once(names: Iterable[str]) -> tuple[str, ...]:
    """The names in order, each once by its folded form."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(fold(name), name)
    seen.pop("", None)
    return tuple(seen.values())
