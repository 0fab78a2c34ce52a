"""Headings: first lines that name the columns, and what the names say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from eatner.corpora.iob import TAG

Role = Literal["token", "tag", "sentence"]
# Names of columns as files have them, without case and marks; the earlier ones are preferred.
_NAMES: dict[Role, tuple[str, ...]] = {
    "token": (
        "token", "tokens", "word", "words", "form", "surface", "wordform", "word form", "tok",
        "mot", "wort", "palabra", "text",
    ),
    "tag": (
        "ne coarse lit", "ner", "ner tag", "ner tags", "ne", "ne tag", "ne tags", "nertag", "netag",
        "named entity", "named entities", "entity", "entities", "entity tag", "entity label",
        "iob", "iob tag", "iob2", "bio", "bio tag", "bio tags", "bioes", "ent iob", "tag", "tags",
        "label", "labels",
    ),
    "sentence": (
        "sentence", "sentence id", "sentence idx", "sentence no", "sentence number", "sentence num",
        "sent id", "sent", "sent idx", "sent no", "sentid", "sid", "satz", "sentence index",
    ),
}  # fmt: skip
_GLOBAL_COLUMNS = re.compile(r"#\s*global\.columns\s*=\s*(.+)")


def _plain(name: str) -> str:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # SentenceID
    return re.sub(r"[\W_]+", " ", parted.casefold()).strip()


def is_heading(values: Sequence[str]) -> bool:
    """Whether the first line of a file names its columns."""
    named = {_plain(value) for value in values}
    return not named.isdisjoint(_NAMES["tag"]) and not any(map(TAG.fullmatch, values))


def in_comment(line: str) -> list[str] | None:
    """The names of columns in CoNLL-U Plus's `# global.columns = ID FORM ...`, if it is that."""
    match = _GLOBAL_COLUMNS.match(line)
    return match[1].split() if match else None


def roles(values: Sequence[str]) -> dict[Role, int]:
    """The column of each role that the names say, the first of the best names."""
    names = [_plain(value) for value in values]
    found: dict[Role, int] = {}
    for role, known in _NAMES.items():
        columns = [names.index(name) for name in known if name in names]
        if columns:
            found[role] = columns[0]
    return found
