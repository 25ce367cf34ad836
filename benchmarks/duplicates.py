"""Near-duplicates: precision and recall over labelled pairs, by kind.

    python benchmarks/duplicates.py [--show KIND]

Copies are made of the samples' articles in the ways in which houses vary a text; texts that only look like copies are
made of the same articles and of templates (`duplicates_texts.toml`). A third of the articles, templates and phrases is
held out: no rule was written with an eye on them. `--show` prints the pairs of a kind, not held out, that are wrong.

A pair counts as found when its signatures make it a candidate and its wordings do not contradict each other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from archive.candidates import ALIKE
from archive.dedup import signature, similarity
from archive.sameness import contradiction
from archive.wording import without_title

_ROOT = Path(__file__).resolve().parent.parent
_SITES = ("arabkhabar", "etemadonline", "jannah", "arabstoday", "tunisiatoday", "wordpress")
_TEXTS = tomllib.loads((_ROOT / "benchmarks" / "duplicates_texts.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Pair:
    """Two texts, one paragraph a line."""

    kind: str
    copies: bool
    """Whether they say the same."""
    held: bool
    """Not looked at while rules were written."""
    language: str
    one: str
    other: str
    brands: frozenset[str]
    title: str = ""
    """The headline under which both are known."""


@dataclass(frozen=True)
class Article:
    """An article of the samples."""

    language: str
    title: str
    paragraphs: tuple[str, ...]
    brands: frozenset[str]
    held: bool


def articles() -> list[Article]:
    """The samples' articles of three paragraphs or more, each text once."""
    found: dict[str, Article] = {}
    for site in _SITES:
        for page in json.loads((_ROOT / "samples" / f"{site}.json").read_text(encoding="utf-8")):
            if page["outcome"] == "new" and len(page["paragraphs"]) > 3:
                title = page["title"]
                found[title] = Article(
                    "fa" if site == "etemadonline" else "ar",
                    title,
                    tuple(page["paragraphs"]),
                    frozenset(filter(None, [*page["attribution"], page["site_name"]])),
                    hashlib.sha256(title.encode()).digest()[0] % 3 == 0,
                )
    return list(found.values())


# --- copies -----------------------------------------------------------------------------------------------------------

Variation = Callable[[random.Random, Article], Sequence[str] | None]
"""The paragraphs of a copy; None where the article has nothing to vary so."""


def _words(text: str, old: str, new: str, *, count: int = 0) -> str:
    """The text with the word `old` replaced, with a prefix too; only the first `count` if given."""
    return re.sub(
        rf"(?<!\w)(و|ال|وال|بال)?{re.escape(old)}(?!\w)", lambda match: (match[1] or "") + new, text, count=count
    )


def _varied(article: Article, change: Callable[[str], str]) -> Sequence[str] | None:
    text = "\n".join(article.paragraphs)
    return changed.split("\n") if (changed := change(text)) != text else None


def _brand(chance: random.Random, article: Article) -> Sequence[str]:
    first, *others = article.paragraphs
    place, agency = (
        chance.choice(_TEXTS["places"][article.language]),
        chance.choice(_TEXTS["agencies"][article.language]),
    )
    form = chance.choice(["{0} - {1}: ", "{0} ({1}) - ", "{1}/{0} – ", "{0}-{1}: ", "{0} – "])
    return [form.format(place, agency) + re.sub(r"^[^\s:]{2,12}-[^\s:]{2,12}: ", "", first), *others]


def _spelling(_: random.Random, article: Article) -> Sequence[str] | None:
    def respell(text: str) -> str:
        for old, new in _TEXTS["pairs"]["spellings"]:
            text = text.replace(old, new)
        return text

    return _varied(article, respell)


def _quotes(chance: random.Random, article: Article) -> Sequence[str]:
    marks = chance.choice([("“", "”"), ("«", "»"), ('"', '"')])
    text = re.sub("[«“]", marks[0], re.sub("[»”]", marks[1], "\n".join(article.paragraphs)))
    text = text.replace("،", chance.choice([" ،", ","])).replace("…", "..")
    return [paragraph.rstrip(".") + chance.choice([".", "", " ."]) for paragraph in text.split("\n")]


def _orthography(chance: random.Random, article: Article) -> Sequence[str] | None:
    if article.language == "fa":
        change = chance.choice(
            [
                lambda text: text.replace("\u200c", " "),
                lambda text: text.replace("\u200c", ""),
                lambda text: text.replace("ی", "ي").replace("ک", "ك").replace("ه‌ی ", "هٔ "),
            ]
        )
    else:
        change = chance.choice(
            [
                lambda text: text.replace("أ", "ا").replace("إ", "ا"),
                lambda text: re.sub(r"ي\b", "ى", text).replace("ك", "ک"),
                lambda text: re.sub(r"(\w)ة\b", r"\1ه", text),
                lambda text: text.replace("ا ", "اً ").replace("من ", "مِن ").replace("ّ", ""),
            ]
        )
    return _varied(article, change)


def _tail(chance: random.Random, article: Article) -> Sequence[str]:
    """Paragraphs off the end, up to 45 % of the words."""
    kept = list(article.paragraphs)
    words = len(" ".join(kept).split())
    most = chance.uniform(0.1, 0.45) * words
    while len(kept) > 2 and words - len(" ".join(kept[:-1]).split()) <= most:
        kept.pop()
    return kept if len(kept) < len(article.paragraphs) else kept[:-1]


def _middle(chance: random.Random, article: Article) -> Sequence[str]:
    long = [
        at
        for at, each in enumerate(article.paragraphs)
        if len(each.split()) > 8 and 0 < at < len(article.paragraphs) - 1
    ]
    gone = chance.choice(long)
    return [*article.paragraphs[:gone], *article.paragraphs[gone + 1 :]]


def _promoted(where: str) -> Variation:
    def add(chance: random.Random, article: Article) -> Sequence[str]:
        (texts,) = (each for each in _TEXTS["promotion"] if each["language"] == article.language)
        promotion = chance.choice(texts["held" if article.held else "texts"])
        at = {"before": 0, "end": len(article.paragraphs), "inside": len(article.paragraphs) // 2}[where]
        return [*article.paragraphs[:at], promotion, *article.paragraphs[at:]]

    return add


def _digits(chance: random.Random, article: Article) -> Sequence[str] | None:
    script = chance.choice(["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "0123456789"])
    return _varied(article, lambda text: re.sub(r"\d", lambda digit: script[int(digit[0])], text))


def _numerals(_: random.Random, article: Article) -> Sequence[str] | None:
    def change(text: str) -> str:
        for word, digits in _TEXTS["numerals"][article.language]:
            # A numeral of its own, between words: part of no compound.
            alone = rf"(?<=\w{{4}} ){word} (?!و|عشر|مئة|شنبه|ونصف|الف|هزار)(?=\w{{4}})"
            text = re.sub(alone, f"{digits} ", text)
        return text

    return _varied(article, change)


def _months(_: random.Random, article: Article) -> Sequence[str] | None:
    def change(text: str) -> str:
        for levantine, egyptian in _TEXTS["pairs"]["months"]:
            swapped = _words(text, levantine, egyptian)
            text = _words(text, egyptian, levantine) if swapped == text else swapped
        return text

    return _varied(article, change)


def _headline(_: random.Random, article: Article) -> Sequence[str]:
    return [article.title, *article.paragraphs]


def _paragraphs(chance: random.Random, article: Article) -> Sequence[str]:
    if chance.random() < 0.5:
        return [" ".join(article.paragraphs[at : at + 2]) for at in range(0, len(article.paragraphs), 2)]
    return re.sub(r"([.؟!]) ", r"\1\n", "\n".join(article.paragraphs).replace("، و", "،\nو")).split("\n")


def _credited(chance: random.Random, article: Article) -> Sequence[str]:
    agency = chance.choice(_TEXTS["agencies"][article.language])
    first, *others = article.paragraphs
    if article.language == "fa":
        form = chance.choice(["first", "end", "close"])
        credit, closing = f"به گزارش خبرگزاری {agency}، ", f"منبع: {agency}"
    else:
        form = chance.choice(["first", "end", "close"])
        credit, closing = f"نقلت وكالة {agency} أن ", f"المصدر: {agency}"
    if form == "first":
        return [credit + first, *others]
    return [first, *others, closing] if form == "end" else [first, *others[:-1], f"{others[-1]} ({agency})"]


def _synonym(chance: random.Random, article: Article) -> Sequence[str] | None:
    pairs = list(_TEXTS["synonyms"][article.language])
    chance.shuffle(pairs)
    text = "\n".join([article.title, *article.paragraphs])
    for old, new in pairs:
        if (changed := _words(text, old, new, count=1)) != text:
            return changed.split("\n")[1:] if changed.split("\n")[0] == article.title else changed.split("\n")
    return None


VARIATIONS: dict[str, Variation] = {
    "brand and dateline": _brand,
    "spelling of names": _spelling,
    "quotes and punctuation": _quotes,
    "orthography": _orthography,
    "trimmed tail": _tail,
    "trimmed paragraph": _middle,
    "promotion at the end": _promoted("end"),
    "promotion before the lead": _promoted("before"),
    "promotion inside": _promoted("inside"),
    "digits": _digits,
    "numerals": _numerals,
    "months": _months,
    "headline as first line": _headline,
    "joined or split paragraphs": _paragraphs,
    "agency's credit": _credited,
    "synonym": _synonym,
}


def _mixed(chance: random.Random, article: Article) -> Sequence[str]:
    """Three variations at once, as a copying house makes them."""
    for kind in chance.sample([*VARIATIONS], 3):
        varied = VARIATIONS[kind](chance, article)
        if varied and len(varied) > 3:
            article = Article(article.language, article.title, tuple(varied), article.brands, article.held)
    return article.paragraphs


# --- texts that say something else ------------------------------------------------------------------------------------


def _filled(chance: random.Random, template: str, language: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if "|" in name:
            return chance.choice(name.split("|"))
        if name == "name":
            return chance.choice(_TEXTS["names"][language])
        if name in _TEXTS["values"]:
            return chance.choice(_TEXTS["values"][name])
        number = {"number": chance.randint(2000, 99999), "small": chance.randint(4, 45)}.get(name)
        return f"{chance.randint(3, 8)}:{chance.randint(10, 59)}" if number is None else str(number)

    return re.sub(r"\{([^{}]+)\}", value, template)


def _from_templates(chance: random.Random) -> Iterator[Pair]:
    for template in _TEXTS["template"]:
        language, text = template["language"], template["text"]
        pairs: set[tuple[str, str]] = set()
        for _ in range(400):
            one, other = _filled(chance, text, language), _filled(chance, text, language)
            if one != other:
                pairs.add((min(one, other), max(one, other)))
            if len(pairs) == 18:
                break
        for one, other in sorted(pairs):
            yield Pair(template["kind"], False, template.get("held", False), language, one, other, frozenset())


def _new_figures(chance: random.Random, article: Article) -> Sequence[str] | None:
    numbers = list(re.finditer(r"(?<![\d.,٫٬:/-])\d+(?![\d.,٫٬:/-])", text := "\n".join(article.paragraphs)))
    if not numbers:
        return None
    match = chance.choice(numbers)
    number = int(match[0]) + chance.choice([-2, -1, 1, 2, 5, 10])
    return (text[: match.start()] + str(abs(number) + 1 * (number == 0)) + text[match.end() :]).split("\n")


def _reversed(chance: random.Random, article: Article) -> Sequence[str] | None:
    (pairs,) = (
        each["held" if article.held else "pairs"] for each in _TEXTS["reversal"] if each["language"] == article.language
    )
    both = [pair for old, new in pairs for pair in ((old, new), (new, old))]
    chance.shuffle(both)
    for old, new in both:
        if changed := _varied(article, lambda text, old=old, new=new: _words(text, old, new, count=1)):
            return changed
    return None


def _follow_up(chance: random.Random, article: Article) -> Sequence[str]:
    (texts,) = (each for each in _TEXTS["follow_up"] if each["language"] == article.language)
    lead = chance.choice(texts["held" if article.held else "texts"]).split("\n")
    return [*lead, *article.paragraphs[chance.choice([0, 1]) :]]


DIFFERENCES: dict[str, Variation] = {
    "new figures": _new_figures,
    "reversed fact": _reversed,
    "follow-up": _follow_up,
}


def pairs(seed: int = 1) -> list[Pair]:
    """The labelled set, the same for the same seed."""
    found = []
    every = articles()
    for copies, kinds in ((True, {**VARIATIONS, "three at once": _mixed}), (False, DIFFERENCES)):
        for kind, vary in kinds.items():
            for article in every:
                chance = random.Random(f"{seed} {kind} {article.title}")
                varied = vary(chance, article)
                if varied and tuple(varied) != article.paragraphs:
                    one, other = "\n".join(article.paragraphs), "\n".join(varied)
                    brands = article.brands | {*_TEXTS["agencies"][article.language]}
                    found.append(Pair(kind, copies, article.held, article.language, one, other, brands, article.title))
    found.extend(_from_templates(random.Random(seed)))
    return found


# --- measuring --------------------------------------------------------------------------------------------------------


def against(pair: Pair) -> str | None:
    """What the archive finds against one being a near-duplicate of the other; None: nothing."""
    if (alike := similarity(signature(pair.one), signature(pair.other))) < ALIKE:
        return f"similarity {alike:.2f}"
    one, other = (without_title(text, pair.title) for text in (pair.one, pair.other))
    return contradiction(one, other, brands=pair.brands)


def found_as_copy(pair: Pair) -> bool:
    """Whether the archive would take one for a near-duplicate of the other."""
    return against(pair) is None


@dataclass(frozen=True)
class Score:
    """How pairs were judged."""

    precision: float
    recall: float
    right: dict[tuple[str, bool], tuple[int, int]]
    """(kind, whether copies) → pairs judged right, and pairs."""


def score(judged: Sequence[tuple[Pair, bool]]) -> Score:
    """Precision and recall of what was found among the pairs."""
    found = [pair.copies for pair, copy in judged if copy]
    copies = sum(pair.copies for pair, _ in judged)
    right: dict[tuple[str, bool], list[int]] = defaultdict(lambda: [0, 0])
    for pair, copy in judged:
        right[pair.kind, pair.copies][0] += copy == pair.copies
        right[pair.kind, pair.copies][1] += 1
    return Score(
        sum(found) / max(1, len(found)),
        sum(found) / max(1, copies),
        {kind: (good, every) for kind, (good, every) in right.items()},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", metavar="KIND", help="print the pairs of this kind that are judged wrong")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    every = pairs(arguments.seed)
    started = time.perf_counter()
    judged = [(pair, found_as_copy(pair)) for pair in every]
    took = time.perf_counter() - started
    if arguments.show:
        for pair, copy in judged:
            if pair.kind == arguments.show and copy != pair.copies and not pair.held:
                print(f"--- {pair.language}: {against(pair)}\n{pair.one}\n>>>\n{pair.other}\n")
        return
    parts = {
        "all": judged,
        "held out": [each for each in judged if each[0].held],
        "ar": [each for each in judged if each[0].language == "ar"],
        "fa": [each for each in judged if each[0].language == "fa"],
    }
    scores = {name: score(part) for name, part in parts.items()}
    print(f"{len(every)} pairs, {1000 * took / len(every):.1f} ms each with two signatures\n")
    print("| | pairs | precision | recall |\n|-|-|-|-|")
    for name, part in parts.items():
        print(f"| {name} | {len(part)} | {scores[name].precision:.3f} | {scores[name].recall:.3f} |")
    print("\n| kind | says | judged right | held out |\n|-|-|-|-|")
    for (kind, copies), (right, number) in scores["all"].right.items():
        held = scores["held out"].right.get((kind, copies))
        says = "the same" if copies else "something else"
        print(f"| {kind} | {says} | {right} of {number} | {'{} of {}'.format(*held) if held else '-'} |")


if __name__ == "__main__":
    main()
