"""Spans of JSON records, in the shapes that people have; and what else in a record looks like them.

| shape | of |
|---|---|
| `{"start": 0, "end": 2, "label": "LOC"}` | Prodigy, Label Studio, Argilla, LightTag, ourselves |
| `{"start_offset": 0, "end_offset": 2, "label": "LOC"}` | doccano |
| `{"span": [0, 2], "type": "LOC", "name": "東京"}` | Stockmark |
| `{"label": ["LOC"], "points": [{"start": 0, "end": 1, "text": "東京"}]}` | Dataturks |
| `[0, 2, "LOC"]`, `["LOC", 0, 2]` | spaCy and old doccano; old Argilla |
| `{"LOC": {"東京": [[0, 1]]}}` | CLUENER |
| `{"start": [0], "end": [2], "label": ["LOC"]}` | `datasets` |
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eatner.corpora.gold import LabelledSpan
from eatner.corpora.iob import TAG
from eatner.corpora.tokens import Place
from eatner.errors import InputError

_START_KEYS = ("start", "start_offset", "startOffset", "begin")
_END_KEYS = ("end", "end_offset", "endOffset")
_LABEL_KEYS = (
    "label",
    "type",
    "entity_type",
    "tag",
    "entity_group",
    "entity",
    "entityLabel",
    "displayName",
)
_SURFACE_KEYS = ("surface", "text", "word")
# Keys, of any tool, of a label and of a place in a text.
_LIKE_LABEL = re.compile(r"label|type|tag|entit|categor|class|^ner$", re.IGNORECASE)
_LIKE_PLACE = re.compile(r"start|begin|end|offset|indic|index|pos|span|points", re.IGNORECASE)
# What a record holds beside its entities, in shapes like theirs: links between entities, tokens.
_NOT_ENTITIES = {"relations", "relation", "Comments", "pos_tags", "chunk_tags"}
# What is split into parts with places, which are no entities.
_PARTS = {"tokens", "words", "sents", "sentences", "paragraphs", "segments", "chunks", "lines"}
# Keys of lists of names, or of numbers that are places.
_OF_NAMES = re.compile(
    r"(?:per|person|people|loc|location|place|org|organi[sz]ation|compan(?:y|ie)|gpe|cit(?:y|ie)|"
    r"countr(?:y|ie))s?",
    re.IGNORECASE,
)
_OF_PLACES = re.compile(
    r"(?!.*(?:token|word|sent))(?:.*[\W_])?(?:start|begin|offset)s?", re.IGNORECASE
)
# A label, and a name in a text with its label: `[Anna](PER)`, `<PER>Anna</PER>`, but not HTML.
_LABEL = re.compile(r"[A-Z][A-Z_]+")
_MARK = re.compile(
    r"\[([^\[\]]+)\]\([^()]+\)|"
    r"</?(?!(?:[abipsu]|em|strong|span|div|br|h\d|html|body|su[bp]|font|code)\b)\w[^<>]*>"
)
# What the tokens of a parser have beside their places, and entities do not.
_OF_TOKENS = {"tag", "pos", "dep"}


@dataclass(frozen=True, slots=True)
class RawSpan:
    """A span as the file has it: its offsets are not checked, their unit is not known.

    `surface` is the text that the file gives for it, None if it gives none.
    """

    start: int
    end: int
    label: str
    surface: str | None
    line: int | None

    def labelled(self, start: int, end: int) -> LabelledSpan:
        """The span at a place in code points."""
        return LabelledSpan(start, end, self.label, self.line)


def first_of(record: Mapping[str, object], keys: Iterable[str]) -> object:
    """The value of the first key that a record has and that is not null."""
    for key in keys:
        value = record.get(key)
        if value is not None:
            return value
    return None


def parse(value: object, path: Path, place: Place) -> RawSpan:
    """A span in one of the shapes above.

    Raises:
        InputError: It is none.
    """
    start, end, label, surface = _parts(value)
    if isinstance(label, list) and len(label) == 1:
        [label] = label
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label:
        raise InputError(
            f"{json.dumps(value, ensure_ascii=False)[:80]} is not a span",
            path=path,
            **place,
            remedy='Write {"start": 0, "end": 2, "label": "LOC"} or [0, 2, "LOC"], the offsets '
            "as numbers.",
        )
    line = place.get("line")
    return RawSpan(
        start,
        end,
        label,
        surface if isinstance(surface, str) else None,
        line if isinstance(line, int) else None,
    )


def _parts(value: object) -> tuple[object, object, object, object]:
    """Start, end, label and surface of a span, as they are."""
    if isinstance(value, list) and len(value) >= 3:
        if isinstance(value[0], str) and len(value) <= 4:  # a score may follow
            return value[1], value[2], value[0], None
        return (value[0], value[1], value[2], None) if len(value) == 3 else (None,) * 4
    if not isinstance(value, dict):
        return (None,) * 4
    label = first_of(value, _LABEL_KEYS)
    if label is None:
        label = value.get("labels")
    span, points = value.get("span"), value.get("points")
    if isinstance(span, list) and len(span) == 2:
        return span[0], span[1], first_of(value, ("type", "label")), value.get("name")
    if isinstance(points, list) and len(points) == 1 and isinstance(points[0], dict):
        value = points[0]
    return (
        first_of(value, _START_KEYS),
        first_of(value, _END_KEYS),
        label,
        first_of(value, _SURFACE_KEYS),
    )


def as_list(value: object) -> object:
    """Spans in an object as a list of them.

    They are CLUENER's, whose ends are inclusive, or a list for each key, as `datasets` writes them.
    """
    if not isinstance(value, dict):
        return value
    lists = {key: item for key, item in value.items() if isinstance(item, list)}
    if {*_START_KEYS} & {*lists} and len({len(item) for item in lists.values()}) == 1:
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    try:
        return [
            {"start": start, "end": last + 1, "label": label, "surface": surface}
            for label, surfaces in value.items()
            for surface, places in surfaces.items()
            for start, last in places
        ]
    except (AttributeError, TypeError, ValueError):
        return value  # which is refused as what it is


def are_spans(value: object) -> bool:
    """Whether a value is a list that may hold spans; an empty one may."""
    return isinstance(value, list) and all(isinstance(item, (list, dict)) for item in value)


def unread(
    record: Mapping[str, object], read: Iterable[str], text: str, prefix: str = ""
) -> Iterator[str]:
    """The keys of a record whose values look like entities, except those that were read.

    Args:
        record: The record, or an object in it.
        read: Keys that were read.
        text: The record's text: a name in it, with a label, looks like an entity.
        prefix: The keys that lead to an object in a record, each with a dot behind it.
    """
    known = {*read, *_NOT_ENTITIES}
    for key, value in record.items():
        if key in known:
            continue
        if key == "tokens" and _are_parsed(value):
            continue
        if looks_annotated(value, text) or _is_named(key, value, text):
            yield prefix + key
        elif isinstance(value, dict):
            yield from unread(value, (), text, f"{prefix}{key}.")


def _are_parsed(tokens: object) -> bool:
    """Whether these are the tokens of a parser, not entities."""
    values = tokens if isinstance(tokens, list) else []
    return any(_OF_TOKENS & {*value} for value in values if isinstance(value, dict))


def _is_named(key: str, value: object, text: str) -> bool:
    """Whether a value looks like entities because of its key: names, or places in the text."""
    items = value if isinstance(value, list) else []
    if key in _PARTS or not items:
        return False
    if all(isinstance(item, str) for item in items):
        return _OF_NAMES.fullmatch(key) is not None and any(item in text for item in items)
    if all(type(item) is int for item in items):
        return _OF_PLACES.fullmatch(key) is not None
    return any(_is_placed(item, text) for item in items if isinstance(item, dict))


def _is_placed(item: Mapping[str, object], text: str) -> bool:
    """Whether an object is a part of the text with its place, be it without a label."""
    start, end = first_of(item, _START_KEYS), first_of(item, _END_KEYS)
    if type(start) is not int or type(end) is not int:
        return False
    parts = {text[start:end], text[start : end + 1]} - {"", text}
    return any(isinstance(part, str) and part in parts for part in item.values())


def looks_annotated(value: object, text: str) -> bool:
    """Whether a value looks like entities: spans, names with labels, or a list of tags."""
    if isinstance(value, str):
        if value[:1] in ("{", "["):  # JSON in a string
            with contextlib.suppress(ValueError, RecursionError):
                return looks_annotated(json.loads(value), text)
        tags = value.split()
        marked = value != text and bool(text) and _MARK.sub(r"\1", value) == text
        return marked or (len(tags) > 1 and _are_tags(tags))
    if isinstance(value, dict):
        lists = [item for item in value.values() if isinstance(item, list)]
        names = [name for item in lists for name in item if isinstance(name, str)]
        labelled = [
            name
            for name, label in value.items()
            if isinstance(label, str) and _LABEL.fullmatch(label) and name != name.lower()
        ]
        return (as_list(value) is not value and bool(value)) or any(
            len(name) > 1 and name in text for name in [*names, *labelled]
        )
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(item, str) for item in value):
        return _are_tags(value)
    return any(_is_like_span(item, text) for item in value)


def _are_tags(values: Sequence[str]) -> bool:
    return any(value != "O" for value in values) and all(map(TAG.fullmatch, values))


def _is_like_span(value: object, text: str) -> bool:
    """Whether it looks like one entity: a label, with a place or with a part of the text."""
    if isinstance(value, list):
        kinds = sorted(type(item).__name__ for item in value[:3])
        named = len(value) == 2 and kinds == ["str", "str"] and value[0] in text
        return kinds == ["int", "int", "str"] or (named and bool(value[0]))
    if not isinstance(value, dict):
        return False
    labels = [key for key in value if _LIKE_LABEL.search(key) and _is_label(value[key])]
    places = [
        key for key in value if _LIKE_PLACE.search(key) and isinstance(value[key], int | list)
    ]
    names = [
        item
        for key, item in value.items()
        if key not in labels and isinstance(item, str) and len(item) > 1 and item in text
    ]
    return bool(labels) and bool(places or names)


def _is_label(value: object) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, str) for item in value)
    return isinstance(value, str) and value != ""
