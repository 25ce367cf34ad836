"""Agencies and papers that a text says it is taken from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
# «به گزارش X به نقل از Y، …»: names end at a comma, a colon or the verb's clause.
_PERSIAN = re.compile(
    r"(?:^|[\s«\"(])(?:به\s+گزارش|به\s+نقل\s+از|بنا\s+به\s+گزارش|بنابر\s+گزارش)\s+(?P<name>[^،,:؛.()«»\"]{2,60}?)"
    r"(?=\s+به\s+نقل\s+از\s|\s+از\s|\s*[،,:؛.()«»\"]|\s*$)"
)
_NOT_AN_AGENCY = re.compile(r"^(?:گروه|خبرنگار|این|آن|روابط عمومی|یک|سرویس|پایگاه اطلاع)\b")
_ARABIC_DATELINE = re.compile(
    r"^(?P<place>[^\d\W][^\d،,.:;()/–—ـ-]{1,30}?)\s*(?:[-–—ـ/]|\()\s*(?P<name>[^\d،,:;()–—/-]{2,30}?)\s*(?:[-–—:/.]|\)|$)"
)
_RELAYED = re.compile(r"(?:^|\s)[وف]?نقلت\s+(?P<name>وكالة\s+(?:أنباء\s+)?[\w\"«»]+)")
_CLOSING = re.compile(r"\((?P<name>[^()\d]{2,20})\)\s*[-–.]*$")
_OPENING = re.compile(r"^.{0,45}?\((?P<name>[^()\d]{2,20})\)\s*[-–—:]")


def is_agency(name: str) -> bool:
    """Whether `name` is a news agency's, or says that agencies were used (`وكالات`)."""
    return fold(name) in _AGENCIES


def dateline(line: str, brands: Iterable[str]) -> str | None:
    """The agency of a line that is only place and agency, `دمشق - العرب اليوم`; None if it is anything else.

    Args:
        line: canonical text.
        brands: names the site calls itself by.
    """
    if line.count(" ") > 7:
        return None
    text = line.strip(" ()[]*.")
    match = re.match(r"^(?P<place>.{2,40}?)\s*[-–—ـ/:|،]\s*(?P<name>[^-–—ـ/:|]{2,30})$", text)
    name = match["name"].strip(" ()") if match else text
    if is_agency(name) or fold(name) in {fold(brand) for brand in brands}:
        return name
    return None


def attributed(paragraphs: Sequence[str], brands: Iterable[str]) -> tuple[str, ...]:
    """Agencies named inside the text, in order, each once."""
    known = {fold(brand) for brand in brands}
    names: list[str] = []
    for index, text in enumerate(paragraphs):
        if index == 0:
            opening = _OPENING.search(text[:90])
            if opening and is_agency(opening["name"]):
                names.append(opening["name"])
            head = _ARABIC_DATELINE.match(text[:80])
            if head and (is_agency(head["name"]) or fold(head["name"]) in known) and head["place"].count(" ") < 4:
                names.append(head["name"].strip())
        names += [
            match["name"].strip()
            for match in _PERSIAN.finditer(text)
            if not _NOT_AN_AGENCY.match(match["name"]) and match["name"].count(" ") < 4
        ]
        names += [match["name"].strip(' "«»') for match in _RELAYED.finditer(text)]
        if index == len(paragraphs) - 1:
            closing = _CLOSING.search(text)
            if closing and is_agency(closing["name"]):
                names.append(closing["name"].strip())
    return once(names)


def once(names: Iterable[str]) -> tuple[str, ...]:
    """The names in order, each once by its folded form."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(fold(name), name)
    seen.pop("", None)
    return tuple(seen.values())
