"""Corpora of JSON records: text and spans, or tokens and tag names.

`json_values` finds the values in a file, `exports` brings those of annotation tools into one shape,
`json_records` takes records apart, `json_spans` knows the shapes of spans, and `offsets` what they
count. First all records are surveyed: the tagging scheme, the unit of the offsets, and what looks
like annotation and is not read. Then the sentences are streamed; a large file is read again for it.
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
# Those of Rasa, `[Köln](LOC)`, and of answers of LLMs, `@@Köln##`.
_OTHER_MARK = re.compile(r"\[[^\[\]]+\]\([A-Za-z_-]+\)|@@[^@#]+##")
_HALF = re.compile("[\ud800-\udfff]")
# What a record has under one of several keys.
_ENTITIES, _TEXT = "key for entities", "text of its own"
# A text of more code points than this is hardly one sentence.
_LONG = 2000
# Records that are kept in memory from the survey, about 300 MB; a file of more is read twice.
_MOST_KEPT = 250_000


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
    survey = _Survey(path, keys)
    survey.run()
    unit = survey.offsets.unit
    if scheme == "auto":
        scheme = survey.evidence.scheme(path)
    ids = Ids(path)
    notes, quiet = Notes(path, "spans"), Notes(path)
    for item in items(path, keys, quiet) if survey.items is None else survey.items:
        sentence_id = ids.take(item.own_id, item.place)
        if item.reason is not None and not survey.keep_all:
            continue
        tokens: list[Span] = []
        if item.words is None:
            text = item.text or ""
            if not text.strip() and not item.spans:
                continue
            entities = _entities(item, text, unit, path)
            _note_edges(item, entities, text, notes)
        else:
            joining = spaces, survey.evidence.characters
            text, tokens = _text_of(item.text, item.words, joining, path, item.place)
            entities = tagged_entities(item.words, tokens, scheme, path, item.place)
            check_entities(entities, text, path, item.place)
            _check_agreement(item, text, entities, unit, path)
        _check_characters(text, path, item.place)
        yield AnnotatedSentence(sentence_id, text, tuple(dict.fromkeys(tokens)), entities)
    notes.log()


class _Survey:
    """What all records of a file say of its scheme, its offsets and its gold.

    Args:
        path: The file.
        keys: Where text and annotation are.
    """

    def __init__(self, path: Path, keys: Keys) -> None:
        self.path, self.keys, self.notes = path, keys, Notes(path)
        self.evidence, self.offsets = Evidence(), offsets.OffsetEvidence()
        self.items: list[Item] | None = []  # None: too many to keep
        self.keep_all = False  # no record is annotated, so all are read as text
        self._kept = 0
        self._reasons: Counter[str] = Counter()
        # What some records have and others lack: first place and number of the latter.
        self._with: Counter[str] = Counter()
        self._without: dict[str, list[Place]] = {}
        # Of each text, hashed to save memory: its annotation, and the place.
        self._texts: dict[int, tuple[int, Place]] = {}
        self._blind: tuple[Place, str] | None = None

    def run(self) -> None:
        """Read all records, and write what is odd or no gold to the log.

        Raises:
            InputError: No record is gold, though some are finished; or the offsets seem to count
                something else than code points.
        """
        for item in items(self.path, self.keys, self.notes):
            self._add(item)
            if self.items is not None:
                self.items.append(item)
                if len(self.items) > _MOST_KEPT:
                    self.items = None
        if not self._kept:
            self._check_reasons()
        if self.keys.spans is not None and not self._with[_ENTITIES] and not self.keep_all:
            raise InputError(
                f"no record has anything at {self.keys.spans!r}",
                path=self.path,
                remedy="Correct the corpus's spans_key.",
            )
        for what, places in self._without.items():
            for place in places if self._with[what] else []:
                self.notes.add(f"it has no {what}, which others have", place)
        if self.offsets.unit != offsets.CODE_POINTS:
            self.notes.add(
                f"the offsets are read as {self.offsets.unit}, because the texts of the spans "
                "fit then",
                {"line": 1},
            )
        elif self._blind is not None:
            place, unit = self._blind
            raise InputError(
                f"spans begin or end inside words; counted in {unit} they do not",
                path=self.path,
                **place,
                remedy="Count offsets in Unicode code points, or give each span its text.",
            )
        self.notes.log()

    def _check_reasons(self) -> None:
        if {*self._reasons} != {UNFINISHED}:
            raise InputError(
                f"no record is gold: {', '.join(sorted(self._reasons))}",
                path=self.path,
                remedy="Give a file with at least one finished record.",
            )
        self.keep_all = True
        self.notes = Notes(self.path)
        self.notes.add("no record is annotated: they are read as text without gold", {"line": 1})

    def _add(self, item: Item) -> None:
        for key in item.steering:
            self._note_key(repr(key), item.steering[key], item.place)
        if item.reason is not None:
            self._reasons[item.reason] += 1
            self.notes.add(f"left out: {item.reason}", item.place)
            return
        self._kept += 1
        self._note_key(_ENTITIES, item.annotated, item.place)
        self._note_key(_TEXT, item.text is not None, item.place)
        self.evidence.add(item.words or [], item.place)
        self._note_twin(item)
        if any(not word.form for word in item.words or []):
            self.notes.add("an empty token", item.place)
        if item.text is None:
            return
        for span in item.spans:
            if span.surface is not None:
                self.offsets.add(item.text, span.start, span.end, span.surface)
        if item.words is None:
            _note_text(item, item.text, self.notes)
            if self._blind is None and all(span.surface is None for span in item.spans):
                unit = offsets.better_unit(item.text, [(s.start, s.end) for s in item.spans])
                self._blind = None if unit is None else (item.place, unit)

    def _note_twin(self, item: Item) -> None:
        """Note a text that was annotated twice, and not in the same way: by two people perhaps."""
        words = item.words or []
        text = hash((item.text, *(word.form for word in words)))
        spans = ((span.start, span.end, span.label) for span in item.spans)
        annotation = hash((frozenset(spans), *(word.tag for word in words)))
        before, place = self._texts.setdefault(text, (annotation, item.place))
        if before != annotation:
            where = f"line {place['line']}" if "line" in place else place["record"]
            self.notes.add(
                "its text is there before, with other entities: by another annotator?",
                item.place,
                f"first at {where}",
            )

    def _note_key(self, what: str, present: bool, place: Place) -> None:
        if present:
            self._with[what] += 1
        else:
            self._without.setdefault(what, []).append(place)


def _note_text(item: Item, text: str, notes: Notes) -> None:
    """Note a text that is hardly a plain sentence."""
    if not text.strip() and not item.spans:
        notes.add("left out: its text is empty", item.place)
    if len(text) > _LONG:
        notes.add(
            f"its text has more than {_LONG} characters and is read as one sentence: split it",
            item.place,
        )
    elif "\n" in text.strip():
        notes.add("its text has several lines and is read as one sentence", item.place)
    marks = (_XML_MARK, _KLUE_MARK, _OTHER_MARK) if re.search(r"[<\[@]", text) else ()
    mark = next(filter(None, (mark.search(text) for mark in marks)), None)
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
        problem = ""
        if surface != surface.strip():
            problem = "a span begins or ends with white space"
        elif raw.surface is None and not offsets.is_clean(text, (entity.start, entity.end)):
            problem = (
                "a span begins or ends inside a word: are its offsets code points, and the end "
                "exclusive?"
            )
        if problem:
            around = f"{surface!r} in {text[max(0, entity.start - 10) : entity.end + 10]!r}"
            notes.add(problem, item.place, around)


def _check_characters(text: str, path: Path, place: Place) -> None:
    """Refuse half a character, because JSON can spell one and no file can hold it."""
    half = _HALF.search(text)
    if half is not None:
        raise InputError(
            f"half a character (\\u{ord(half[0]):04x}, a lone surrogate) at {half.start()} of its "
            "text",
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
