"""Titles of a wiki and their English titles: load, count, and remove disambiguators."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eatner import tables
from eatner.errors import InputError
from eatner.progress import bar
from eatner.tables import Title
from eatner.text.folding import fold_name

MARKUP = re.compile(
    r"\[\[|\]\]|\{\{|\}\}|\{\||\|\}|'''|''|</?[A-Za-z!]|&(?:#?\w+);|__[A-Z]+__|https?://"
    r"|[\x00-\x1f\x7f-\x9f\ufffc\ufffd]|\w\|\w|\|[^|]*="
)
QUALIFIER = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")


@dataclass(slots=True)
class Wiki:
    """What the whole of `titles.tsv` says about titles.

    Attributes:
        english: English title of each article's title.
        target: Title that each redirect's title leads to; ``title#section``, which no page has,
            for a redirect to a section.
        other: Titles of disambiguation pages and lists.
        uses: Number of leads that link a surface to a title, where the two differ.
        links: Number of leads that link a surface to anything.
        forms: Surfaces of each title that several leads link to it, folded.
    """

    english: dict[str, str] = field(default_factory=dict)
    target: dict[str, str] = field(default_factory=dict)
    other: set[str] = field(default_factory=set)
    uses: Counter[tuple[str, str]] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    forms: dict[str, set[str]] = field(default_factory=dict)

    def resolve(self, title: str) -> str:
        """The title at the end of a chain of redirects; MediaWiki follows no long one either."""
        for _ in range(4):
            if title not in self.target:
                break
            title = self.target[title]
        return title


def pages(titles: Path, desc: str) -> Iterator[Title]:
    """The rows of titles.tsv, with a progress bar."""
    with open(titles, "rb") as file:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 24), b""))
    yield from bar(tables.read(titles, Title), desc, "page", lines - 1)


def load_wiki(titles: Path) -> Wiki:
    """Read what the pairs and the lexicon need to know about all titles.

    Raises:
        InputError: The table is broken, or none of its articles has an English title.
    """
    wiki = Wiki()
    for row in pages(titles, "reading titles"):
        if row.kind == "redirect":
            wiki.target[row.title] = row.redirect
        elif row.kind == "article":
            if row.english:
                wiki.english[row.title] = row.english
        else:
            wiki.other.add(row.title)
    if not wiki.english:
        raise InputError(
            "no article has an English title",
            path=titles,
            remedy="Give the langlinks dump of the same wiki and date.",
        )
    return wiki


def count_uses(titles: Path, wiki: Wiki) -> None:
    """Count which surfaces the leads give to which titles, beyond the titles themselves."""
    for row in pages(titles, "counting links"):
        if row.kind != "article" or row.links == "[]":
            continue
        lead = row.lead
        seen = set()
        for link in json.loads(row.links):
            surface, target = lead[link[0] : link[1]], link[2]
            if len(link) == 3 and surface != target and len(surface) < 60:
                seen.add((surface, wiki.resolve(target)))
        for surface, title in seen:
            wiki.links[surface] += 1
            if title in wiki.english:
                wiki.uses[surface, title] += 1
    for (surface, title), leads in wiki.uses.items():
        if leads > 1:
            wiki.forms.setdefault(title, set()).add(fold_name(surface))


def bare_title(title: str) -> str:
    """A title without its disambiguator: "Georgia (country)" is "Georgia"."""
    return QUALIFIER.sub("", title).strip() or title


def english_name(title: str, surface: str) -> str:
    """The English name as a text has it, without a disambiguator.

    Of "Paris, Texas" only "Paris" is left, unless the surface has a comma too.
    """
    name = bare_title(title)
    first, comma, rest = name.partition(", ")
    single = comma and "," not in rest and not re.search(r"[,،、，]", surface)
    if rest and rest in surface:
        return name
    if single and len(first) > 2 and rest[:1].isupper() and not re.search(r" (?:and|&) ", rest):
        return first
    return name
