"""A sentence a line whose words carry their tags: `Rome|NNP|B-LOC fell|VBD|O` (spaCy's .iob).

The mark between word and tag may also be a slash, an underscore, a hash, a backslash, or
OpenNMT's `￨`. What stands between the first mark and the last is not read.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from eatner.corpora.gold import AnnotatedSentence
from eatner.corpora.iob import TAG
from eatner.corpora.tags import Tags
from eatner.corpora.tokens import (
    Evidence,
    Ids,
    Word,
    check_tag,
    join,
    no_sentence,
    numbered_lines,
    tagged_entities,
)
from eatner.errors import InputError

log = logging.getLogger(__name__)
_MARKS = "|/_#\\￨"
_NEARLY_ALL = 0.9


def _mark(lines: list[str]) -> tuple[str, int] | None:
    """The mark between words and tags, and how many there are in an item; None: no such text."""
    items = [item for line in lines for item in line.split()]
    for mark in _MARKS:
        tagged = [
            item for item in items if TAG.fullmatch(item.rpartition(mark)[2]) and mark in item
        ]
        labelled = any(item.rpartition(mark)[2] != "O" for item in tagged)
        if tagged and labelled and len(tagged) >= _NEARLY_ALL * len(items) > len(lines):
            return mark, Counter(item.count(mark) for item in tagged).most_common(1)[0][0]
    return None


def looks_like(path: Path, head: str) -> bool:
    """Whether nearly every item between spaces is a word with a tag, several in a line.

    Args:
        path: The file.
        head: How it begins, decoded.
    """
    lines = [line for line in head.splitlines() if line.strip()]
    return _mark(lines[:-1] or lines) is not None


def _words(line: str, number: int, mark: str, count: int, tags: Tags, path: Path) -> list[Word]:
    words = []
    for item in line.split():
        parts = item.rsplit(mark, count)
        word = parts[0]
        # Only a word that is the mark itself may hold it: `||PUNCT|O`.
        if len(parts) <= count or not word or (mark in word and word.strip(mark)):
            raise InputError(
                f"{item!r} is no word with {count} {mark!r} and its tag at the end",
                path=path,
                line=number,
                remedy=f"Write every word as word{mark}tag, all with the same number of {mark!r}.",
            )
        tag = tags[parts[-1]]
        if tag is None:
            check_tag(parts[-1], path, {"line": number})
        words.append(Word(number, word, tag or "O"))
    return words


def read(path: Path, spaces: bool, scheme: str) -> Iterator[AnnotatedSentence]:
    """Stream the sentences, a line each.

    Args:
        path: The file.
        spaces: Whether words are joined by spaces.
        scheme: One of `eatner.corpora.iob.SCHEMES`.

    Raises:
        InputError: Nothing in it is a word with a tag, or an item is none.
    """
    lines = [(number, line) for number, line in numbered_lines(path) if line.strip()]
    if not lines:
        raise no_sentence(path)
    found = _mark([line for _, line in lines])
    if found is None:
        raise InputError(
            "no words with tags, as in Rome|B-LOC fell|O",
            path=path,
            line=lines[0][0],
            remedy="Write every word with its tag, or set the corpus's format.",
        )
    mark, count = found
    tags = Tags("usual")
    sentences = [_words(line, number, mark, count, tags, path) for number, line in lines]
    if respelt := tags.respelt():
        log.warning("%s: read as O: %s", path, ", ".join(map(repr, respelt)))
    evidence = Evidence()
    for words in sentences:
        evidence.add(words)
    if scheme == "auto":
        scheme = evidence.scheme(path)
    ids = Ids(path)
    for words in sentences:
        text, places = join(words, spaces, evidence.characters)
        entities = tagged_entities(words, places, scheme, path)
        yield AnnotatedSentence(
            ids.take("", {"line": words[0].line or 0}), text, tuple(places), entities
        )
