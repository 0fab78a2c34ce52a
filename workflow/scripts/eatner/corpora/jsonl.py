"""Corpora of JSON records: text and spans, or tokens and tag names; spaCy's pairs, Label Studio's
tasks.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from eatner.corpora.gold import AnnotatedSentence, LabelledSpan
from eatner.corpora.iob import TAG, TokenError
from eatner.corpora.tokens import (
    Evidence,
    Ids,
    Place,
    Word,
    check_entities,
    check_tag,
    find,
    join,
    no_sentence,
    numbered_lines,
    read_lines,
    tagged_entities,
)
from eatner.errors import InputError
from eatner.tables import Span

_TEXT_KEYS = ("text", "sentence")
_SPAN_KEYS = ("spans", "entities", "labels", "label", "ents")
# Where tags stand, in a dataset of the hub, too.
TAG_KEYS = ("tags", "ner_tags", "labels", "ner")
# The marks of KLUE's sentences, `<서울:LC>에`.
_KLUE_MARK = re.compile(r"<([^<>]+):[A-Z]{2}>")
_ID_KEYS = ("sentence_id", "sent_id", "id")
# How JSON begins: a record, a list of records or of pairs, or brackets alone.
_JSON = re.compile(r'\s*(\{\s*"|\[\s*\{|\[\s*\[\s*"|\["[^"]*",\s*\{|[\[{\s]+$)')


def opens_json(line: str) -> bool:
    """Whether a file whose first line this is holds JSON."""
    return _JSON.match(line) is not None


def _records(path: Path) -> Iterator[tuple[Place, object]]:
    """Place and value of each record: of JSON Lines, or of one JSON value.

    That is a list, an object with a list as its `data`, or a single record.
    """
    lines = ((number, line) for number, line in numbered_lines(path) if line.strip())
    first, second = next(lines, None), next(lines, None)
    if first is None:
        raise no_sentence(path)
    try:
        a_line_each = _records_in(json.loads(first[1])) is None or second is not None
    except json.JSONDecodeError:
        a_line_each = False
    values: Iterable[tuple[Place, object]]
    if a_line_each:
        rest = itertools.chain(filter(None, [first, second]), lines)
        values = (({"line": number}, _parse(line, path, number)) for number, line in rest)
    else:
        whole = _parse("\n".join(read_lines(path)), path, 1)
        records = _records_in(whole)
        every = enumerate([whole] if records is None else records, 1)
        values = (({"record": f"record {number}"}, value) for number, value in every)
    for place, value in values:
        yield place, {"text": value[0], **value[1]} if _is_spacy(value) else _of_task(value)


def _records_in(value: object) -> list[object] | None:
    if isinstance(value, Mapping):
        value = value.get("data")
    return value if isinstance(value, list) and not _is_spacy(value) else None


def _is_spacy(value: object) -> bool:
    """Whether it is spaCy's pair of a text and its entities, `["東京", {"entities": [...]}]`."""
    return isinstance(value, list) and [*map(type, value)] == [str, dict]


def _of_task(value: object) -> object:
    """The record of a task of Label Studio: its first annotation that was not cancelled."""
    task = value if isinstance(value, Mapping) else {}
    data, annotations = task.get("data"), task.get("annotations")
    if not (isinstance(data, Mapping) and isinstance(annotations, list)):
        return value
    done = [a for a in annotations if isinstance(a, Mapping) and not a.get("was_cancelled")]
    results = done[0].get("result") if done else []
    spans = [result.get("value") for result in results or [] if result.get("type") == "labels"]
    return {"id": task.get("id"), **data, "spans": spans}


def _parse(text: str, path: Path, line: int) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON ({error.msg} at column {error.colno})",
            path=path,
            line=line + error.lineno - 1,
            remedy="Write one JSON object a line, or one list of objects.",
        ) from error


def _first(record: Mapping[str, object], keys: Iterable[str]) -> object:
    return next((record[key] for key in keys if record.get(key) is not None), None)


def _span(value: object, path: Path, place: Place) -> tuple[LabelledSpan, object]:
    """A span `{"start", "end", "label"}` (or doccano's names), `{"span": [start, end], "type"}` or
    `[start, end, label]`, unchecked.

    With it, its surface, where it says that.
    """
    surface = None
    if isinstance(value, Mapping) and isinstance(value.get("span"), list):  # Stockmark's
        start, end = (*value["span"], None, None)[:2]
        label = _first(value, ("type", "label"))
        surface = value.get("name")
    elif isinstance(value, Mapping):
        start = _first(value, ("start", "start_offset"))
        end = _first(value, ("end", "end_offset"))
        label = _first(value, ("label", "type", "entity_type", "tag"))
        if label is None and isinstance(value.get("labels"), list) and len(value["labels"]) == 1:
            [label] = value["labels"]  # Label Studio's
        surface = _first(value, ("surface", "text", "word"))
    elif isinstance(value, list) and len(value) == 3:
        start, end, label = value
    else:
        start = end = label = None
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label:
        raise InputError(
            f"{json.dumps(value, ensure_ascii=False)[:80]} is not a span",
            path=path,
            **place,
            remedy='Write {"start": 0, "end": 2, "label": "LOC"} or [0, 2, "LOC"].',
        )
    return LabelledSpan(start, end, label, place.get("line")), surface


def _spans(
    values: Iterable[object], text: str, path: Path, place: Place
) -> tuple[LabelledSpan, ...]:
    """The spans of a record, checked against its text."""
    spans = [_span(value, path, place) for value in values]
    entities = tuple(entity for entity, _ in spans)
    check_entities(entities, text, path, place)
    for entity, surface in spans:
        found = text[entity.start : entity.end]
        if isinstance(surface, str) and surface != found:
            raise InputError(
                f"the span {entity.start}:{entity.end} is {found!r}, not {surface!r}",
                path=path,
                **place,
                remedy="Count offsets in Unicode code points, not in bytes or UTF-16 units.",
            )
    return entities


def _by_label(value: object) -> object:
    """CLUENER's spans, `{"name": {"叶老桂": [[9, 11]]}}`, whose ends are inclusive, as a list."""
    if not isinstance(value, Mapping):
        return value
    try:
        return [
            {"start": start, "end": last + 1, "label": label, "surface": surface}
            for label, surfaces in value.items()
            for surface, places in surfaces.items()
            for start, last in places
        ]
    except (AttributeError, TypeError, ValueError):
        return value  # which is refused as what it is


def _are_spans(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, list | Mapping) for item in value)


def _tagged(record: object, path: Path, place: Place) -> list[Word] | None:
    """The tagged tokens of a record; None where it has text and spans instead, or text alone.

    Where neither its tokens and tags nor its text say what it means, it is refused.
    """
    if not isinstance(record, Mapping):
        raise InputError(
            "the record is not an object",
            path=path,
            **place,
            remedy='Write {"text": "...", "spans": [...]}.',
        )
    tokens = record.get("tokens", record.get("words"))
    has_text = isinstance(_first(record, _TEXT_KEYS), str)
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        if has_text:
            return None
        raise InputError(
            'the record has neither a "text" nor "tokens"',
            path=path,
            **place,
            remedy='Write {"text": "...", "spans": [...]}.',
        )
    given = [record[key] for key in TAG_KEYS if record.get(key) is not None]
    lists = [tags for tags in given if tags == tokens == [] or not _are_spans(tags)]
    for tags in lists:
        if isinstance(tags, list) and len(tags) == len(tokens) and all(map(_is_tag, tags)):
            return [Word(place.get("line"), *pair) for pair in zip(tokens, tags, strict=True)]
    # Its tags may be parts of speech, or the topics of the text.
    if has_text and (not lists or any(_are_spans(record.get(key)) for key in _SPAN_KEYS)):
        return None
    for tag in lists[0] if lists and isinstance(lists[0], list) else []:
        if isinstance(tag, str) and len(lists[0]) == len(tokens):
            check_tag(tag, path, place)
    raise InputError(
        "the record lacks a list of tag names, one for each of its tokens",
        path=path,
        **place,
        remedy='Write {"tokens": ["Rome"], "tags": ["B-LOC"]}: names, not numbers.',
    )


def _is_tag(tag: object) -> bool:
    return isinstance(tag, str) and TAG.fullmatch(tag) is not None


def read(path: Path, spaces: bool, scheme: str) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of JSON Lines or of one JSON value.

    Args:
        path: The file.
        spaces: Whether the tokens of a record without a text are joined by spaces.
        scheme: One of `eatner.iob.SCHEMES`.

    Raises:
        InputError: A record that is not JSON, lacks what it needs, or contradicts itself.
    """
    evidence = Evidence()
    for place, record in _records(path):
        evidence.add(_tagged(record, path, place) or [], place)
    if scheme == "auto":
        scheme = evidence.scheme(path)
    ids = Ids(path)
    for place, record in _records(path):
        own = _first(record, _ID_KEYS)
        sentence_id = ids.take("" if own is None else str(own), place)
        words = _tagged(record, path, place)
        tokens: list[Span] = []
        if words is None:
            text = _first(record, _TEXT_KEYS)
            spans = _by_label(_first(record, _SPAN_KEYS))
            if not isinstance(spans, list | None):
                raise InputError(
                    "the spans are not a list",
                    path=path,
                    **place,
                    remedy='Write {"text": "...", "spans": [[0, 2, "LOC"]]}.',
                )
            entities = _spans(spans or [], text, path, place)
        else:
            text, tokens = _text_of(record, words, (spaces, evidence.characters), path, place)
            entities = tagged_entities(words, tokens, scheme, path, place)
            check_entities(entities, text, path, place)
            _check_agreement(record, text, entities, path, place)
        _check_characters(text, path, place)
        yield AnnotatedSentence(sentence_id, text, tuple(dict.fromkeys(tokens)), entities)


def _check_characters(text: str, path: Path, place: Place) -> None:
    """Refuse half a character, as JSON can spell one and no file can hold it."""
    half = next((at for at, char in enumerate(text) if "\ud800" <= char <= "\udfff"), None)
    if half is not None:
        raise InputError(
            f"half a character (\\u{ord(text[half]):04x}, a lone surrogate) at {half} of its text",
            path=path,
            **place,
            remedy="Write such a character as a pair of surrogates, or as it is.",
        )


def _text_of(
    record: Mapping[str, object],
    words: Sequence[Word],
    joining: tuple[bool, bool],
    path: Path,
    place: Place,
) -> tuple[str, list[Span]]:
    """The text of a record with tagged tokens, its own where it has one, and their places in it."""
    text = _first(record, _TEXT_KEYS)
    if not isinstance(text, str):
        return join(words, *joining)
    try:
        return text, find(words, text)
    except TokenError as error:
        bare = _KLUE_MARK.sub(r"\1", text)
        with contextlib.suppress(TokenError):
            return bare, find(words, bare)
        raise InputError(
            str(error),
            path=path,
            **place,
            remedy="Make tokens and text agree, or leave the text out.",
        ) from error


def _check_agreement(
    record: Mapping[str, object],
    text: str,
    entities: Sequence[LabelledSpan],
    path: Path,
    place: Place,
) -> None:
    """Refuse a record whose spans are not the entities of its tags.

    Without a text of its own, what its spans count is not known, so only their labels are compared.
    """
    values = next((record[key] for key in _SPAN_KEYS if _are_spans(record.get(key))), None)
    if values is None:
        return
    if isinstance(_first(record, _TEXT_KEYS), str):
        agree = set(_spans(values, text, path, place)) == set(entities)
    else:
        labels = Counter(_span(value, path, place)[0].label for value in values)
        agree = labels == Counter(entity.label for entity in entities)
    if not agree:
        raise InputError(
            "the record's spans are not the entities of its tags",
            path=path,
            **place,
            remedy="Make spans and tags agree, or leave one of them out.",
        )
