"""One JSON record taken apart: its text, and its spans or its tagged tokens.

What looks like annotation and is not read is refused, or noted if the record has other entities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eatner.corpora import csv_values, json_values
from eatner.corpora.exports import UNFINISHED, Export, exports, seems
from eatner.corpora.iob import TAG
from eatner.corpora.json_spans import RawSpan, are_spans, as_list, first_of, parse, unread
from eatner.corpora.notes import Notes
from eatner.corpora.tokens import Place, TokenError, Word, check_tag, find
from eatner.errors import InputError

_TEXT_KEYS = ("text", "sentence")
# A text is under these only where none of the above exists: `data` may be a date.
_OTHER_TEXT_KEYS = ("content", "data")
_SPAN_KEYS = ("spans", "entities", "labels", "label", "ents", "annotation", "annotations")
# Where a record has tags, in a dataset of the hub, too.
TAG_KEYS = ("tags", "ner_tags", "labels", "ner")
_ID_KEYS = ("sentence_id", "sent_id", "id")


@dataclass(frozen=True, slots=True)
class Keys:
    """Where a record has its text and its annotation; dots lead into objects: `data.text`.

    None: under one of the usual keys.
    """

    text: str | None = None
    spans: str | None = None


@dataclass(slots=True)
class Item:
    """A record, taken apart but not yet checked."""

    place: Place
    own_id: str
    reason: str | None  # why it is no gold
    text: str | None = None
    words: list[Word] | None = None
    spans: list[RawSpan] = field(default_factory=list)
    annotated: bool = False  # it has a key for spans or tags, be it an empty list
    both: bool = False  # it has spans beside its tags
    # Keys that decide whether a record is gold, and whether it has them.
    steering: Mapping[str, bool] = field(default_factory=dict)


def items(path: Path, keys: Keys, notes: Notes) -> Iterator[Item]:
    read = csv_values.records if csv_values.is_csv(path) else json_values.records
    for place, value in read(path):
        raw = value if isinstance(value, Mapping) else None
        for export in exports(value, path, place, notes):
            yield _item(export, raw, keys, path, place, notes)


def _item(
    export: Export,
    raw: Mapping[str, object] | None,
    keys: Keys,
    path: Path,
    place: Place,
    notes: Notes,
) -> Item:
    fields = export.fields
    own = first_of(fields, _ID_KEYS)
    item = Item(place, "" if own is None else str(own), export.reason, steering=export.steering)
    if item.reason is not None and (item.reason != UNFINISHED or not fields):
        return item
    item.text, text_key = _find_text(fields, raw, keys.text, path, place)
    if item.reason is not None:
        if item.text is None and _tokens(fields) is None:
            raise _without_text(fields, path, place)
        return item
    if keys.spans is None:
        read_keys = _annotate(item, fields, path, place)
        read_keys |= {text_key}
        _check_unread(item, fields, read_keys, path, notes)
    else:
        _annotate_from(item, fields, _descend(raw or fields, keys.spans), path, place)
    return item


def _descend(record: Mapping[str, object], key: str) -> object:
    """The value at a key whose dots lead into objects; None if there is none."""
    value: object = record
    for name in [key] if key in record else key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _find_text(
    fields: Mapping[str, object],
    raw: Mapping[str, object] | None,
    key: str | None,
    path: Path,
    place: Place,
) -> tuple[str | None, str]:
    """The text of a record and its key; None if it has none."""
    if key is not None:
        text = _descend(raw or fields, key)
        if not isinstance(text, str):
            raise InputError(
                f"the record has no text at {key!r}",
                path=path,
                **place,
                remedy="Correct the corpus's text_key.",
            )
        return text, key
    for names in (_TEXT_KEYS, _OTHER_TEXT_KEYS):
        texts = {name: fields[name] for name in names if isinstance(fields.get(name), str)}
        if len(set(texts.values())) > 1:
            raise InputError(
                f"the record has several texts: {' and '.join(texts)}",
                path=path,
                **place,
                remedy="Set the corpus's text_key to the right one.",
            )
        for name, value in texts.items():
            return str(value), name
    return None, ""


def _annotate(item: Item, fields: Mapping[str, object], path: Path, place: Place) -> set[str]:
    """Add the words or the spans of a record to its item; gives the keys that were read."""
    tagged = _tagged(fields, item.text, path, place)
    if tagged is not None:
        item.words, tag_key = tagged
        item.annotated = True
        read = {tag_key, "tokens"}
        key = next((key for key in _SPAN_KEYS if are_spans(fields.get(key))), None)
        if key is not None:
            item.both = True
            item.spans = [parse(value, path, place) for value in _listed(fields[key])]
            read |= {key}
        return read
    given = {key: as_list(fields[key]) for key in _SPAN_KEYS if fields.get(key) is not None}
    lists = {key: value for key, value in given.items() if isinstance(value, list)}
    if given and not lists:
        raise InputError(
            f"the spans are not a list ({', '.join(given)})",
            path=path,
            **place,
            remedy='Write {"text": "...", "spans": [[0, 2, "LOC"]]}.',
        )
    item.annotated = bool(lists)
    filled = {key: value for key, value in lists.items() if value and are_spans(value)}
    filled = filled or {key: value for key, value in lists.items() if value}
    parsed = {key: [parse(v, path, place) for v in values] for key, values in filled.items()}
    several = parsed.values() if len(parsed) > 1 else ()
    if len({frozenset((s.start, s.end, s.label) for s in spans) for spans in several}) > 1:
        raise InputError(
            f"the spans of {' and '.join(parsed)} differ",
            path=path,
            **place,
            remedy="Set the corpus's spans_key to the right one.",
        )
    if parsed:
        item.spans = next(iter(parsed.values()))
        _check_units(item, fields, path)
    return {*(parsed or lists)}


def _check_units(item: Item, fields: Mapping[str, object], path: Path) -> None:
    """Refuse spans that fit the tokens of a record by number, and those of its text not at all."""
    tokens = _tokens(fields)
    if not tokens or item.text is None or any(span.surface is not None for span in item.spans):
        return
    try:
        places = find(_words(tokens, ["O"] * len(tokens), item.place), item.text)
    except TokenError:
        return
    starts, ends = {start for start, _ in places}, {end for _, end in places}
    fit_text = all(span.start in starts and span.end in ends for span in item.spans)
    if not fit_text and all(span.end <= len(tokens) for span in item.spans):
        raise InputError(
            "the spans seem to count tokens, because in the text they cut tokens",
            path=path,
            **item.place,
            remedy="Count offsets in Unicode code points of the text, or tag each token.",
        )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _annotate_from(
    item: Item, fields: Mapping[str, object], value: object, path: Path, place: Place
) -> None:
    """Add what stands at the configured `spans_key` to an item: tags of its tokens, or spans."""
    tokens = _tokens(fields)
    value = as_list(value)
    if value is None:
        item.annotated = False
    elif tokens is not None and isinstance(value, list) and len(value) == len(tokens):
        for tag in value:
            check_tag(str(tag), path, place)
        item.annotated = True
        item.words = _words(tokens, [str(tag) for tag in value], place)
    elif isinstance(value, list):
        item.annotated = True
        item.spans = [parse(span, path, place) for span in value]
    else:
        raise InputError(
            "what the corpus's spans_key names is no list",
            path=path,
            **place,
            remedy='Write {"text": "...", "spans": [[0, 2, "LOC"]]}.',
        )
    if item.words is None and item.text is None:
        raise _without_text(fields, path, place)


def _tokens(fields: Mapping[str, object]) -> list[str] | None:
    tokens = fields.get("tokens", fields.get("words"))
    if not isinstance(tokens, list):
        return None
    strings = [token for token in tokens if isinstance(token, str)]
    return strings if len(strings) == len(tokens) else None


def _words(tokens: Sequence[str], tags: Sequence[str], place: Place) -> list[Word]:
    line = place.get("line")
    number = line if isinstance(line, int) else None
    return [Word(number, token, tag) for token, tag in zip(tokens, tags, strict=True)]


def _without_text(fields: Mapping[str, object], path: Path, place: Place) -> InputError:
    """The error of a record with neither text nor tokens; it says what the record seems to be."""
    known = seems(fields)
    named = ", ".join(map(repr, fields)) or "nothing"
    if known is not None:
        what, remedy = known
        return InputError(f"this seems to be {what}", path=path, **place, remedy=f"{remedy}.")
    tokens = fields.get("tokens", fields.get("words"))
    if isinstance(tokens, list):
        odd = next((token for token in tokens if not isinstance(token, str)), None)
        return InputError(
            f"the token {str(odd)[:40]} is no text",
            path=path,
            **place,
            remedy='Write the tokens as strings: "1984", not 1984.',
        )
    if isinstance(fields.get("text"), list | Mapping):
        return InputError(
            "the text is a list: this seems to be a table by columns",
            path=path,
            **place,
            remedy='Write a record a line: to_json(orient="records", lines=True).',
        )
    return InputError(
        f'the record has neither a "text" nor "tokens", only {named[:200]}',
        path=path,
        **place,
        remedy='Write {"text": "...", "spans": [...]}, or set the corpus\'s text_key.',
    )


def _tagged(
    fields: Mapping[str, object], text: str | None, path: Path, place: Place
) -> tuple[list[Word], str] | None:
    """The tagged tokens of a record and the key of its tags; None if it has no tags, but a text.

    If neither its tokens and tags nor its text say what it means, it is refused.
    """
    tokens = _tokens(fields)
    if tokens is None:
        if text is not None:
            return None
        raise _without_text(fields, path, place)
    given = {key: fields[key] for key in TAG_KEYS if fields.get(key) is not None}
    lists = {
        key: tags for key, tags in given.items() if tags == tokens == [] or not are_spans(tags)
    }
    valid: dict[str, list[str]] = {}
    for key, tags in lists.items():
        if isinstance(tags, list) and len(tags) == len(tokens) and all(map(_is_tag, tags)):
            valid[key] = tags
    filled = {key: tags for key, tags in valid.items() if {*tags} - {"O"}}
    if len({tuple(tags) for tags in filled.values()}) > 1:
        raise InputError(
            f"the tags of {' and '.join(filled)} differ",
            path=path,
            **place,
            remedy="Set the corpus's spans_key to the right one.",
        )
    for key, tags in (filled or valid).items():
        return _words(tokens, tags, place), key
    # Its tags may be parts of speech, or the topics of the text.
    if text is not None and (not lists or any(are_spans(fields.get(key)) for key in _SPAN_KEYS)):
        return None
    first = next(iter(lists.values()), None)
    if isinstance(first, list) and len(first) == len(tokens):
        for tag in first:
            if isinstance(tag, str):
                check_tag(tag, path, place)
    raise InputError(
        "the record lacks a list of tag names, one for each of its tokens",
        path=path,
        **place,
        remedy='Write {"tokens": ["Rome"], "tags": ["B-LOC"]}: names, not numbers.',
    )


def _is_tag(tag: object) -> bool:
    return isinstance(tag, str) and TAG.fullmatch(tag) is not None


def _check_unread(
    item: Item, fields: Mapping[str, object], read: set[str], path: Path, notes: Notes
) -> None:
    """Refuse or note what looks like annotation and was not read."""
    left = [*unread(fields, read, item.text or "")]
    if item.words is None:
        numbers = [key for key in ("ner_tags", "ner") if fields.get(key) and key not in read]
        left += [key for key in numbers if key not in left]
    if not left:
        return
    named = ", ".join(map(repr, left))
    if item.words is None and not item.spans:
        raise InputError(
            f"{named} may hold entities, and is not read",
            path=path,
            **item.place,
            remedy=f"Set the corpus's spans_key ({left[0]}), or leave the key out.",
        )
    notes.add(f"{named} may hold entities, and is not read", item.place)
