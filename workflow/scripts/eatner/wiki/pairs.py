"""Alignment pairs: an English entity, its surface in a sentence of another language.

A pair comes from a link of the lead (an *anchor*) or from the page's own name in bold (a *title*).
English titles come from the wiki itself (`langlinks`), through redirects. Only names are wanted,
and only surfaces that are the name: `name_fault` and `surface_fault` give the reason if they are
not. Only whole sentences are wanted: none with a hole, none that ends inside a bracket.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import random
import re
import tempfile
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from eatner import tables, tsv
from eatner.tables import Pair, PairKind, RejectedPair
from eatner.text import sentences
from eatner.text.characters import in_word
from eatner.text.languages import Language
from eatner.wiki.names import name_fault
from eatner.wiki.surfaces import PARTS, surface_fault
from eatner.wiki.titles import MARKUP, Wiki, bare_title, count_uses, english_name, load_wiki, pages

LONGEST = 600
"""Code points of a sentence: longer ones are lists that were written as one."""
_OPENING, _CLOSING = "(（「『【《〈[［{", ")）」』】》〉]］}"
_BRACKET = re.compile(f"[{re.escape(_OPENING + _CLOSING)}]")
_LIST_ITEM = re.compile(r"(?:^|.*\s)\w{1,2}\Z")  # a) or 1): it has no other bracket
_THIRDS = 3  # a mention is at the beginning, in the middle or at the end of its sentence


def _edge_fault(mention: Pair, language: Language) -> str:
    """Whether a span begins or ends inside a written word, affixes of the language apart."""
    if not language.spaces:
        return ""
    sentence, start, end = mention.sentence, mention.start, mention.end
    begin, stop = start, end
    while begin > 0 and (in_word(sentence[begin - 1]) or sentence[begin - 1] in "'’"):
        begin -= 1
    while stop < len(sentence) and in_word(sentence[stop]):
        stop += 1
    before, after = sentence[begin:start], sentence[end:stop]
    if before and before not in language.prefixes:
        return "cuts a word"
    return "cuts a word" if after and after not in language.suffixes else ""


def _key(*parts: object) -> int:
    """A hash of the parts, the same on every run, that orders a sample."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _mentions(titles: Path, wiki: Wiki, language: Language) -> Iterator[tuple[Pair, str, str]]:
    """Every link of every lead as a mention, with the English title and a reason to reject it.

    The reason is empty for a sound mention.
    """
    for row in pages(titles, "building pairs"):
        if row.kind != "article" or row.links == "[]":
            continue
        lead = row.lead
        links = json.loads(row.links)
        spans = sentences.split(lead, language)
        holes = [*(start for start, end, *_ in links if start == end), len(lead) + 1]
        at = 0
        taken: set[tuple[int, int]] = set()
        for link in sorted(links, key=lambda link: (link[0], -link[1], len(link))):
            start, end, target = link[:3]
            if start == end:
                continue
            while at + 1 < len(spans) and spans[at][1] <= start:
                at += 1
            kind: PairKind = "title" if len(link) > 3 else "anchor"
            title = row.title if kind == "title" else wiki.resolve(target)
            english = wiki.english.get(title, "")
            first, last = spans[at]
            surface = lead[start:end]
            name = english_name(english, surface) if english else ""
            mention = Pair(
                name, surface, lead[first:last], start - first, end - first, kind, row.page_id
            )
            inside = first <= start and end <= last
            if not inside:
                mention = replace(mention, sentence=surface, start=0, end=end - start)
            reason = ""
            if (start, end) in taken:
                reason = "duplicate"
            elif not english:
                reason = "list or disambiguation" if title in wiki.other else "no English title"
            elif not inside:
                reason = "not in one sentence"
            else:
                hole = holes[bisect_left(holes, first)]
                reason = (
                    name_fault(english)
                    or ("hole in the sentence" if hole <= last else "")
                    or _sentence_fault(mention.sentence, surface)
                    or surface_fault(surface, target, title, wiki, language)
                    or _edge_fault(mention, language)
                )
            taken.add((start, end))
            yield mention, english, reason


def _sentence_fault(sentence: str, surface: str) -> str:
    if MARKUP.search(sentence):
        return "markup"
    if len(sentence) > LONGEST:
        return "sentence too long"
    if _cuts_bracket(sentence):
        return "cut inside a bracket"
    if len(sentence) < len(surface) + 4:
        return "no context"
    if not unicodedata.is_normalized("NFC", sentence):
        return "not NFC"
    return ""


def _cuts_bracket(sentence: str) -> bool:
    """Whether a bracket has no partner in the sentence, so that a part of it must be elsewhere."""
    stack: list[str] = []
    for match in _BRACKET.finditer(sentence):
        bracket = unicodedata.normalize("NFKC", match[0])  # Full and half width go together.
        if bracket in _OPENING:
            stack.append(_CLOSING[_OPENING.index(bracket)])
        elif stack:
            if stack.pop() != bracket:
                return True
        elif bracket != ")" or not _LIST_ITEM.match(sentence[: match.start()]):
            return True
    return bool(stack)


def build(
    titles: Path,
    out: Path,
    rejects: Path,
    language: Language,
    *,
    per_entity: int,
    size: int | None,
    negatives: float,
    seed: int,
) -> Counter[str]:
    """Write the pairs of a wiki, and what was rejected with the reason.

    Every link is one mention, which is written to one of the two tables. Negative rows are extra:
    an entity that is not in the sentence, with an empty surface and start = end = 0.

    Args:
        titles: Path of `titles.tsv`.
        out: Path of `pairs.tsv`, the table of `Pair`s.
        rejects: Path of `pairs.rejects.tsv`, the table of `RejectedPair`s.
        language: Language of the wiki.
        per_entity: At most this many rows of one entity, spread over the beginning, middle and end
            of sentences.
        size: Number of rows in all, negatives included; None for as many as there are.
        negatives: Fraction of negative rows, at least 0 and below 1.
        seed: Seed of the sample.

    Returns:
        Counts: `mentions`, `kept`, `negative`, and one for each reason; kept and the reasons make
        up the mentions.

    Raises:
        InputError: A broken table, or no article with an English title.
        ValueError: A share or a number out of its range.
    """
    if not 0 <= negatives < 1 or per_entity < 1 or (size is not None and size < 1):
        raise ValueError("negatives must be in [0, 1), per_entity and size positive")
    wiki = load_wiki(titles)
    count_uses(titles, wiki)
    counts: Counter[str] = Counter()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".pairs.") as folder:
        sound, early = Path(folder) / "sound.tsv", Path(folder) / "early.tsv"
        chosen = _sift(titles, wiki, language, sound, early, counts, per_entity, seed)
        if size is not None:
            wanted = max(1, round(size * (1 - negatives)))
            chosen = _sample(chosen, wanted)
        positives = _Kept(sound, chosen)
        share = negatives / (1 - negatives)
        names = _names_of(positives, sound, early, wiki, language) if share else {}
        tables.write(out, Pair, _with_negatives(positives, names, share, seed, counts))
        tables.write(rejects, RejectedPair, _rejected(early, sound, chosen, counts))
    return counts


def _sift(
    titles: Path,
    wiki: Wiki,
    language: Language,
    sound: Path,
    early: Path,
    counts: Counter[str],
    per_entity: int,
    seed: int,
) -> dict[int, int]:
    """Split the mentions into two files, and choose at most `per_entity` sound ones of an entity.

    Returns:
        Key in the sample of each sound row that was chosen, by the number of the row.
    """
    bins: dict[str, list[list[tuple[int, int]]]] = defaultdict(lambda: [[] for _ in range(_THIRDS)])
    number = 0
    with (
        open(sound, "w", encoding="utf-8", newline="\n") as good,
        open(early, "w", encoding="utf-8", newline="\n") as bad,
    ):
        good.write("\t".join(tables.columns(Pair)) + "\n")
        bad.write("\t".join(tables.columns(RejectedPair)) + "\n")
        for mention, english, reason in _mentions(titles, wiki, language):
            counts["mentions"] += 1
            values = [tsv.escape(value) for value in tables.cells(mention).values()]
            if reason:
                counts[reason] += 1
                bad.write("\t".join(values) + f"\t{reason}\n")
                continue
            good.write("\t".join(values) + "\n")
            room = max(1, len(mention.sentence) - (mention.end - mention.start))
            third = min(_THIRDS - 1, _THIRDS * mention.start // room)
            heap = bins[english][third]
            key = _key(seed, english, mention.sentence, mention.start)
            # The heap's first is the largest of the smallest keys, ready to be replaced. The same
            # sentence on another page has the same key.
            if any(-key == held for held, _ in heap):
                pass
            elif len(heap) < per_entity:
                heapq.heappush(heap, (-key, number))
            else:
                heapq.heappushpop(heap, (-key, number))
            number += 1
    chosen: dict[int, int] = {}
    for english, thirds in bins.items():
        queues = [sorted((-key, number) for key, number in heap) for heap in thirds]
        # Begin with a different third for each entity, or all single rows would be openings.
        turn, left = _key(seed, english) % _THIRDS, per_entity
        while left and any(queues):
            queue = queues[turn % _THIRDS]
            turn += 1
            if queue:
                key, number = queue.pop(0)
                chosen[number] = key
                left -= 1
    return chosen


def _sample(chosen: dict[int, int], wanted: int) -> dict[int, int]:
    if len(chosen) <= wanted:
        return chosen
    smallest = heapq.nsmallest(wanted, ((key, number) for number, key in chosen.items()))
    return {number: key for key, number in smallest}


@dataclass(frozen=True, slots=True)
class _Kept:
    """The chosen rows of the file of sound mentions; they can be iterated again and again."""

    sound: Path
    chosen: dict[int, int]

    def __iter__(self) -> Iterator[Pair]:
        for number, row in enumerate(tables.read(self.sound, Pair)):
            if number in self.chosen:
                yield row


def _names_of(
    kept: _Kept, sound: Path, early: Path, wiki: Wiki, language: Language
) -> dict[str, set[str]]:
    """The forms, in lower case, that may name each of the chosen entities in a sentence."""
    forms: dict[str, set[str]] = {row.english: {row.english.casefold()} for row in kept}

    def add(english: str, surface: str) -> None:
        if english in forms:
            forms[english] |= _stems(surface, language)

    for table in (sound, early):
        for row in tables.read(table, Pair):
            add(row.english, row.surface)
    for title, english in wiki.english.items():
        add(bare_title(english), bare_title(title))
    for alias in wiki.target:
        add(bare_title(wiki.english.get(wiki.resolve(alias), "")), bare_title(alias))
    return forms


def _stems(surface: str, language: Language) -> set[str]:
    """The beginnings that all forms of a name share, of the whole name and of the last name."""
    words = [word for word in PARTS.split(surface.casefold()) if word]
    parts = {surface.casefold(), surface.casefold().partition(",")[0], *words[-1:]}
    if not language.spaces:
        return {part[: max(2, (len(part) + 1) // 2)] for part in parts if part}
    return {part[: max(3, len(part) - 3)] for part in parts if len(part) > 1}


def _with_negatives(
    kept: _Kept, forms: dict[str, set[str]], share: float, seed: int, counts: Counter[str]
) -> Iterator[Pair]:
    names = sorted(forms)
    owed = 0.5  # so that the number of negatives is rounded, not cut
    for row in kept:
        counts["kept"] += 1
        yield row
        owed += share
        for absent in _absent(row, names, forms, seed, int(owed)):
            owed -= 1
            counts["negative"] += 1
            yield replace(row, english=absent, surface="", start=0, end=0, kind="negative")


def _absent(
    row: Pair, names: list[str], forms: dict[str, set[str]], seed: int, wanted: int
) -> list[str]:
    """At most `wanted` entities that this sentence names in no known form."""
    absent: list[str] = []
    if not wanted:
        return absent
    chance = random.Random(_key(seed, "negative", row.sentence, row.start))
    text = row.sentence.casefold()
    for name in chance.sample(names, min(50, len(names))):
        if len(absent) == wanted:
            break
        if not any(form in text for form in forms[name]):
            absent.append(name)
    return absent


def _rejected(
    early: Path, sound: Path, chosen: dict[int, int], counts: Counter[str]
) -> Iterator[RejectedPair]:
    yield from tables.read(early, RejectedPair)
    for number, row in enumerate(tables.read(sound, Pair)):
        if number not in chosen:
            counts["not sampled"] += 1
            yield RejectedPair(**asdict(row), reason="not sampled")
