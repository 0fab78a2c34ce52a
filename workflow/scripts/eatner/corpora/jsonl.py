"""Corpora of JSON records: text and spans, or tokens and tag names.

`json_values` finds the values in a file, `exports` brings those of annotation tools into one shape,
`json_records` takes records apart, `json_spans` knows the shapes of spans, and `offsets` what they
count. A file is read twice. First all records are
surveyed: the tagging scheme, the unit of the offsets, and what looks like annotation and is not
read. Then the sentences are streamed.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from eatner.corpora import csv_values, json_values, offsets
from eatner.corpora.exports import UNFINISHED
from eatner.corpora.gold import AnnotatedSentence, LabelledSpan
from eatner.corpora.iob import TokenError
from eatner.corpora.json_records import TAG_KEYS, Item, Keys, items
from eatner.corpora.notes import Notes
from eatner.corpora.standoff import refuse_overlaps
from eatner.corpora.tokens import (
    Evidence,
    Ids,
    Place,
    Word,
    check_entities,
    find,
    join,
    tagged_entities,
)
from eatner.errors import InputError
from eatner.tables import Span

__all__ = ["TAG_KEYS", "Keys", "looks_like", "read"]

# The marks of KLUE's sentences, `<서울:LC>에`; those of inline XML.
_KLUE_MARK = re.compile(r"<([^<>]+):[A-Z]{2}>")
_XML_MARK = re.compile(r"<(\w+)[^<>]*>[^<>]+</\1>")
# A text of more code points than this is hardly one sentence.
_LONG = 2000


def looks_like(path: Path, head: str) -> bool:
    """Whether a file holds JSON, or a table with lists in its cells."""
    return json_values.looks_like(path, head) or csv_values.looks_like(path, head)


def read(
    path: Path, spaces: bool, scheme: str, keys: Keys | None = None
) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of JSON Lines or of one JSON value.

    Args:
        path: The file.
        spaces: Whether the tokens of a record without a text are joined by spaces.
        scheme: One of `eatner.corpora.iob.SCHEMES`.
        keys: Where text and annotation are; None: under the usual keys.

    Raises:
        InputError: A record that is not JSON, lacks what it needs, contradicts itself, or holds
            what looks like annotation and is not read.
    """
    keys = keys or Keys()
    evidence, units, keep_all = _survey(path, keys)
    if scheme == "auto":
        scheme = evidence.scheme(path)
    ids = Ids(path)
    notes, quiet = Notes(path, "spans"), Notes(path)
    for item in items(path, keys, quiet):
        sentence_id = ids.take(item.own_id, item.place)
        if item.reason is not None and not keep_all:
            continue
        tokens: list[Span] = []
        if item.words is None:
            text = item.text or ""
            if not text.strip() and not item.spans:
                continue
            entities = _entities(item, text, units.unit, path)
            _note_edges(item, entities, text, notes)
        else:
            joining = spaces, evidence.characters
            text, tokens = _text_of(item.text, item.words, joining, path, item.place)
            entities = tagged_entities(item.words, tokens, scheme, path, item.place)
            check_entities(entities, text, path, item.place)
            _check_agreement(item, text, entities, units.unit, path)
        _check_characters(text, path, item.place)
        yield AnnotatedSentence(sentence_id, text, tuple(dict.fromkeys(tokens)), entities)
    notes.log()


def _survey(path: Path, keys: Keys) -> tuple[Evidence, offsets.OffsetEvidence, bool]:
    """What all records say of scheme and offsets; whether none is annotated, so that all are kept.

    What is not gold, or is odd, is written to the log.
    """
    evidence, units, notes = Evidence(), offsets.OffsetEvidence(), Notes(path)
    reasons: Counter[str] = Counter()
    bare: list[Place] = []
    kept = annotated = 0
    hidden: list[tuple[Item, str]] = []
    for item in items(path, keys, notes):
        if item.reason is not None:
            reasons[item.reason] += 1
            notes.add(f"left out: {item.reason}", item.place)
            continue
        kept += 1
        annotated += item.annotated
        if not item.annotated:
            bare.append(item.place)
        evidence.add(item.words or [], item.place)
        text = item.text or ""
        for span in item.spans:
            if span.surface is not None and item.text is not None:
                units.add(text, span.start, span.end, span.surface)
        if item.words is None:
            _note_text(item, text, notes)
            blind = [(s.start, s.end) for s in item.spans]
            if all(s.surface is None for s in item.spans):
                unit = offsets.better_unit(text, blind)
                if unit is not None:
                    hidden.append((item, unit))
    keep_all = kept == 0 and set(reasons) == {UNFINISHED}
    if kept == 0 and not keep_all:
        raise InputError(
            f"no record is gold: {', '.join(sorted(reasons))}",
            path=path,
            remedy="Give a file with at least one finished record.",
        )
    if kept and not annotated and keys.spans is not None:
        raise InputError(
            f"no record has anything at {keys.spans!r}",
            path=path,
            remedy="Correct the corpus's spans_key.",
        )
    if annotated and bare:
        for place in bare:
            notes.add("no key for entities, which others have: a sentence without any", place)
    if keep_all:
        notes = Notes(path)
        notes.add("no record is annotated: they are read as text without gold", {"line": 1})
    elif units.unit != offsets.CODE_POINTS:
        notes.add(
            f"the offsets are read as {units.unit}: so the spans have their texts", {"line": 1}
        )
    elif hidden:
        item, unit = hidden[0]
        raise InputError(
            f"spans begin or end inside words; counted in {unit} they do not",
            path=path,
            **item.place,
            remedy="Count offsets in Unicode code points, or give each span its text.",
        )
    notes.log()
    return evidence, units, keep_all


def _note_text(item: Item, text: str, notes: Notes) -> None:
    """Note a text that is hardly a plain sentence."""
    if not text.strip() and not item.spans:
        notes.add("left out: its text is empty", item.place)
    if len(text) > _LONG:
        notes.add(
            f"its text has more than {_LONG} characters and is read as one sentence: split it",
            item.place,
        )
    mark = _XML_MARK.search(text) or _KLUE_MARK.search(text)
    if mark is not None:
        notes.add("marks in its text are read as text", item.place, repr(mark[0][:40]))


def _entities(item: Item, text: str, unit: str, path: Path) -> tuple[LabelledSpan, ...]:
    """The spans of a record in code points, checked against its text."""
    entities = []
    for span in item.spans:
        converted = offsets.convert(text, span.start, span.end, unit)
        if converted is None:
            entity = span.labelled(span.start, span.end)
            check_entities([entity], text, path, item.place)
            raise InputError(
                f"the span {span.start}:{span.end} {span.label} is not within the text, or begins "
                f"or ends inside a character, if the offsets are {unit}",
                path=path,
                **item.place,
                remedy="Count offsets in Unicode code points.",
            )
        start, end = converted
        if span.surface is not None and span.surface != text[start:end]:
            raise InputError(
                f"the span {span.start}:{span.end} is {text[start:end]!r}, not {span.surface!r}",
                path=path,
                **item.place,
                remedy="Count offsets in Unicode code points, not in bytes or UTF-16 units.",
            )
        entities.append(span.labelled(start, end))
    refuse_overlaps(entities, text, path, item.place)
    return tuple(entities)


def _note_edges(item: Item, entities: Sequence[LabelledSpan], text: str, notes: Notes) -> None:
    """Note the spans that end in white space, and those of unknown text that cut a word."""
    for raw, entity in zip(item.spans, entities, strict=True):
        surface = text[entity.start : entity.end]
        around = f"{surface!r} in {text[max(0, entity.start - 10) : entity.end + 10]!r}"
        if surface != surface.strip():
            notes.add("a span begins or ends with white space", item.place, around)
        elif raw.surface is None and not offsets.is_clean(text, (entity.start, entity.end)):
            notes.add(
                "a span begins or ends inside a word: are its offsets code points, and the end "
                "exclusive?",
                item.place,
                around,
            )


def _check_characters(text: str, path: Path, place: Place) -> None:
    """Refuse half a character, because JSON can spell one and no file can hold it."""
    half = next((at for at, char in enumerate(text) if "\ud800" <= char <= "\udfff"), None)
    if half is not None:
        raise InputError(
            f"half a character (\\u{ord(text[half]):04x}, a lone surrogate) at {half} of its text",
            path=path,
            **place,
            remedy="Write such a character as a pair of surrogates, or as it is.",
        )


def _text_of(
    text: str | None,
    words: Sequence[Word],
    joining: tuple[bool, bool],
    path: Path,
    place: Place,
) -> tuple[str, list[Span]]:
    """The text of a record with tagged tokens, its own if it has one, and their places in it."""
    if text is None:
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
    item: Item, text: str, entities: Sequence[LabelledSpan], unit: str, path: Path
) -> None:
    """Refuse a record whose spans are not the entities of its tags.

    Without a text of its own, it is unknown what its spans count, so only the labels are compared.
    """
    if not item.both:
        return
    if item.text is not None:
        agree = set(_entities(item, text, unit, path)) == set(entities)
    else:
        labels = Counter(span.label for span in item.spans)
        agree = labels == Counter(entity.label for entity in entities)
    if not agree:
        raise InputError(
            "the record's spans are not the entities of its tags",
            path=path,
            **item.place,
            remedy="Make spans and tags agree, or leave one of them out.",
        )
