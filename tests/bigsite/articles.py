"""What a site holds, and when: every fact about every article follows from a `Spec`."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import jdatetime

from tests.bigsite.text import headline, prose

Kind = Literal["wordpress", "nastooh", "plain"]
LANGUAGES: Mapping[Kind, str] = {"wordpress": "ar", "nastooh": "fa", "plain": "ar"}
ZONES: Mapping[Kind, str] = {"wordpress": "Asia/Baghdad", "nastooh": "Asia/Tehran", "plain": "Africa/Tunis"}
NAMES: Mapping[Kind, str] = {"wordpress": "بريد النهرين", "nastooh": "خبرگزاری البرز", "plain": "صحيفة الساحل"}
_WEEKDAYS = (1.1, 1.1, 1.1, 1.1, 1.0, 0.6, 0.9)
"""Monday first; news of the Muslim world rests on Friday, here on Saturday's eve too."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A news site, as it was and will be."""

    kind: Kind
    id: str = ""
    """Of the source; empty: the kind."""
    articles: int = 20_000
    first: date = date(2023, 11, 1)
    """First day of publication, by the site's clock."""
    days: int = 1096
    seed: int = 1
    edited: float = 0.02
    """Share of articles that get another paragraph within five days of publication."""
    late: float = 0.005
    """Share that appears days after the date it bears."""
    deleted: float = 0.005
    """Share that is gone (410) some weeks after publication."""
    moved: float = 0.005
    """Share whose headline is changed some hours after publication, and with it the URL."""
    new_template: date | None = None
    """Articles published from this day on are marked up in a way that today's rules read badly."""

    @property
    def source(self) -> str:
        return self.id or self.kind

    @property
    def language(self) -> str:
        return LANGUAGES[self.kind]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(ZONES[self.kind])

    @property
    def end(self) -> datetime:
        """When the last article is out; with a month added, also whatever still happens to it."""
        return datetime.combine(self.first + timedelta(days=self.days), time(), self.zone)


def small(kind: Kind, **fields: Any) -> Spec:
    """Three hundred articles of thirty days, to which more happens than on a large site; `fields` win."""
    return Spec(
        **{
            "kind": kind,
            "articles": 300,
            "days": 30,
            "edited": 0.05,
            "late": 0.02,
            "deleted": 0.02,
            "moved": 0.02,
            **fields,
        }
    )


@dataclass(frozen=True, kw_only=True)
class Article:
    """One article and its fate. Times are aware, in the site's zone, to the second."""

    spec: Spec
    id: int
    """Rises with the time of announcement, as a CMS counts."""
    published_at: datetime
    """As the page says."""
    announced_at: datetime
    """When it appeared; for a late one days after `published_at`."""
    edited_at: datetime | None
    moved_at: datetime | None
    deleted_at: datetime | None

    @property
    def day(self) -> date:
        """Of publication, by the site's clock."""
        return self.published_at.date()

    @property
    def is_late(self) -> bool:
        return self.announced_at > self.published_at

    @property
    def in_new_template(self) -> bool:
        return self.spec.new_template is not None and self.day >= self.spec.new_template

    def is_out(self, now: datetime) -> bool:
        """Whether it can be read."""
        return self.announced_at <= now and not self.is_gone(now)

    def is_gone(self, now: datetime) -> bool:
        return self.deleted_at is not None and self.deleted_at <= now

    def has_moved(self, now: datetime) -> bool:
        return self.moved_at is not None and self.moved_at <= now

    def modified_at(self, now: datetime) -> datetime:
        """When it last changed, as far as one can know at `now`."""
        changes = (self.announced_at, self.edited_at, self.moved_at)
        return max(change for change in changes if change and change <= now)

    def version(self, now: datetime) -> int:
        """How often its page has changed."""
        return sum(change is not None and change <= now for change in (self.edited_at, self.moved_at))

    def path(self, now: datetime) -> str:
        """Where it stands, percent-encoded as its CMS does."""
        return self._moved_path if self.has_moved(now) else self.first_path

    @cached_property
    def first_path(self) -> str:
        return self._path_of(self._headlines[0])

    @cached_property
    def _moved_path(self) -> str:
        return self._path_of(self._headlines[1])

    def _path_of(self, title: str) -> str:
        slug = quote("-".join(title.split()))
        match self.spec.kind:
            case "wordpress":
                return f"/{self.day:%Y/%m/%d}/{slug.lower()}-{self.id}/"
            case "nastooh":
                return f"/news/{self.id}/{slug}"
            case "plain":
                return f"/article/{self.id}-{len(slug)}.html"

    def title(self, now: datetime) -> str:
        return self._headlines[self.has_moved(now)]

    @cached_property
    def _headlines(self) -> tuple[str, str]:
        language, seed = self.spec.language, self._seed("headline")
        return headline(language, seed), headline(language, seed + "/moved")

    @cached_property
    def author(self) -> str:
        return random.Random(self._seed("author")).choice(_AUTHORS[self.spec.language])

    @cached_property
    def section(self) -> str:
        return random.Random(self._seed("section")).choice(_SECTIONS[self.spec.language])

    def paragraphs(self, now: datetime) -> list[str]:
        """The text; an edit adds to it."""
        language = self.spec.language
        count = 5 + self.id % 4
        texts = [prose(language, self._seed(f"text/{number}"), 40) for number in range(count)]
        if self.edited_at and self.edited_at <= now:
            texts.insert(2, prose(language, self._seed("edit"), 32))
        return texts

    def _seed(self, what: str) -> str:
        return f"{self.spec.seed}/{self.spec.source}/{self.id}/{what}"


_AUTHORS = {
    "ar": ("سامر الخطيب", "ليلى منصور", "هيثم العاني", "رنا عبد الله", "كريم بوزيد"),
    "fa": ("مریم احمدی", "رضا کاظمی", "سارا نیک‌پور", "امیر رستگار", "نرگس توکلی"),
}
_SECTIONS = {
    "ar": ("سياسة", "اقتصاد", "رياضة", "ثقافة", "مجتمع"),
    "fa": ("سیاست", "اقتصاد", "ورزش", "فرهنگ", "جامعه"),
}


@dataclass(frozen=True)
class Articles:
    """All articles of a site, the first published first."""

    spec: Spec

    @cached_property
    def all(self) -> tuple[Article, ...]:
        spec = self.spec
        chance = random.Random(f"{spec.seed}/{spec.source}")
        times = [
            datetime.combine(day, time(), spec.zone) + timedelta(seconds=second)
            for day, count in self._per_day(chance).items()
            for second in sorted(chance.sample(range(86_400), count))
        ]
        fates = [self._fate(published, chance) for published in times]
        order = sorted(range(len(fates)), key=lambda at: fates[at]["announced_at"])
        ids = {at: 10_000 + 3 * rank for rank, at in enumerate(order)}
        return tuple(Article(spec=spec, id=ids[at], **fate) for at, fate in enumerate(fates))

    @cached_property
    def by_id(self) -> dict[int, Article]:
        return {article.id: article for article in self.all}

    @cached_property
    def quiet_days(self) -> frozenset[date]:
        """Days without an article: one in a hundred, at least one in twenty days or more."""
        count = max(self.spec.days // 100, self.spec.days >= 20)
        chosen = random.Random(f"{self.spec.seed}/{self.spec.source}/quiet").sample(range(1, self.spec.days - 1), count)
        return frozenset(self.spec.first + timedelta(days=day) for day in chosen)

    def _per_day(self, chance: random.Random) -> dict[date, int]:
        days = [self.spec.first + timedelta(days=number) for number in range(self.spec.days)]
        weights = [
            0.0 if day in self.quiet_days else _WEEKDAYS[day.weekday()] * chance.uniform(0.8, 1.2) for day in days
        ]
        counts, total, given = {}, 0.0, 0
        for day, weight in zip(days, weights, strict=True):
            total += weight
            counts[day] = round(self.spec.articles * total / sum(weights)) - given
            given += counts[day]
        return counts

    def _fate(self, published: datetime, chance: random.Random) -> dict[str, datetime | None]:
        spec = self.spec

        def later(share: float, least: timedelta, most: timedelta) -> datetime | None:
            happens, part = chance.random() < share, chance.random()
            return (published + least + (most - least) * part).replace(microsecond=0) if happens else None

        hour, day = timedelta(hours=1), timedelta(days=1)
        announced = later(spec.late, 2 * day, 5 * day) or published
        born = announced - published
        return {
            "published_at": published,
            "announced_at": announced,
            "edited_at": later(spec.edited, born + hour / 2, born + 5 * day),
            "moved_at": later(spec.moved, born + hour, born + 2 * day),
            "deleted_at": later(spec.deleted, born + 6 * day, born + 20 * day),
        }

    @cached_property
    def by_day(self) -> dict[date, tuple[Article, ...]]:
        """Of publication; a quiet day is there, with none."""
        days: dict[date, list[Article]] = defaultdict(list)
        for article in self.all:
            days[article.day].append(article)
        every = (self.spec.first + timedelta(days=number) for number in range(self.spec.days))
        return {day: tuple(days[day]) for day in every}

    def out(self, now: datetime) -> list[Article]:
        """What can be read at `now`, the last published first, as a CMS lists it."""
        return [article for article in reversed(self.all) if article.is_out(now)]


def jalali(day: date) -> tuple[int, int, int]:
    """Year, month and day."""
    converted = jdatetime.date.fromgregorian(date=day)
    return converted.year, converted.month, converted.day
