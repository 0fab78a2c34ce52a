"""Corpora of WebAnno and INCEpTION: WebAnno TSV 3.

The format is in the appendix of INCEpTION's user guide. The head names the layers of annotation and
their features, a column each. Then come sentences: their text, and a line for each token. The
offsets count UTF-16 units of the document, as Java does.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eatner.corpora import offsets
from eatner.corpora.gold import AnnotatedSentence, LabelledSpan
from eatner.corpora.notes import Notes
from eatner.corpora.standoff import refuse_overlaps
from eatner.corpora.tokens import Ids, no_sentence, numbered_lines
from eatner.errors import InputError
from eatner.tables import Span

_FORMAT = "#FORMAT=WebAnno TSV"
# Of version 2: a layer's name, or the number of a sentence and its text.
_EARLIER = re.compile(r"#\s?(?:webanno\.custom\.|de\.tudarmstadt\.|id=\d+\r?\n#text=)")
_UNIT = re.compile(r"(\d+-\d+)(\.\d+)?")
# One of a cell's values, and the number of an annotation of several tokens or of a stack.
_VALUE = re.compile(r"((?:\\.|[^\\\[\]|])*)(?:\[(\d+)\])?(?:\||$)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b"}
# Layers of DKPro Core that hold no entities.
_LINGUISTIC = ("POS", "Lemma", "Token", "Stem", "MorphologicalFeatures", "Sentence", "Chunk")
# How offsets may count, and whether the texts are escaped: other programs write the format, too.
_WAYS = [(unit, escaped) for unit in offsets.UNITS[:2][::-1] for escaped in (True, False)]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A line: a token, or a part of one."""

    line: int
    name: str  # the numbers of its sentence and its token
    start: int
    end: int
    form: str
    is_part: bool
    cell: str


@dataclass(slots=True)
class _Sentence:
    line: int
    texts: list[str] = field(default_factory=list)
    units: list[_Unit] = field(default_factory=list)


def looks_like(path: Path, head: str) -> bool:
    """Whether a file's first line names the format, or an earlier version's begins it."""
    head = head.removeprefix("\ufeff")
    return head.startswith(_FORMAT) or _EARLIER.match(head) is not None


def read(path: Path, spans_key: str | None = None) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a file.

    Args:
        path: The file.
        spans_key: The layer to read, or `LAYER|FEATURE`; None takes `NamedEntity`, or the only one.

    Raises:
        InputError: It is not of version 3, contradicts itself, or has several layers of entities.
    """
    lines = [*numbered_lines(path)]
    if not lines or not lines[0][1].startswith(f"{_FORMAT} 3"):
        raise InputError(
            "the first line does not say WebAnno TSV 3",
            path=path,
            line=1,
            remedy="Export the project as WebAnno TSV v3.3.",
        )
    columns = _columns([line for _, line in lines])
    column = _choose(columns, spans_key, path)
    sentences = [*_sentences(lines, 3 + len(columns), column, path)]
    if not sentences:
        raise no_sentence(path)
    notes = Notes(path, "sentences")
    if column is None:
        notes.add("no layer of entities: the text is read without gold", {"line": 1})
    unit, escaped = _way(sentences)
    if unit != _WAYS[0][0]:
        notes.add(f"the offsets are read as {unit}, because the tokens fit then", {"line": 1})
    notes.log()
    ids = Ids(path)
    used: dict[str, int] = {}
    for sentence in sentences:
        text = _text(sentence, escaped)
        spans = _spans(sentence, text, unit, escaped, path)
        entities = _entities(sentence.units, spans, used, path)
        refuse_overlaps(entities, text, path, {"line": sentence.line})
        tokens = [span for u, span in zip(sentence.units, spans, strict=True) if not u.is_part]
        number = ids.take("", {"line": sentence.line})
        yield AnnotatedSentence(number, text, tuple(tokens), tuple(entities))


def _columns(lines: Iterable[str]) -> list[tuple[str, str, str]]:
    """Kind, layer and feature of each column of annotation; kind is SP for spans."""
    columns = []
    for line in itertools.takewhile(lambda line: not line.startswith("#Text="), lines):
        match = re.fullmatch(r"#T_(SP|CH|RL)=([^|]*)(?:\|(.*))?", line.rstrip())
        if match:
            # A layer without features has a column all the same.
            columns += [(match[1], match[2], name) for name in (match[3] or "").split("|")]
    return columns


def _choose(
    columns: Sequence[tuple[str, str, str]], spans_key: str | None, path: Path
) -> int | None:
    """The number of the column to read; None if there is none of entities."""
    names = [f"{layer}|{feature}" for _, layer, feature in columns]
    spans = [at for at, (kind, _, _) in enumerate(columns) if kind == "SP"]
    if spans_key is not None:
        layer, _, feature = spans_key.partition("|")
        chosen = [
            at
            for at in spans
            if columns[at][1].endswith(layer) and (not feature or columns[at][2] == feature)
        ]
    else:
        chosen = [at for at in spans if columns[at][1].endswith(".NamedEntity")] or [
            at for at in spans if not columns[at][1].endswith(_LINGUISTIC)
        ]
        if not chosen:
            return None
    layers = {columns[at][1] for at in chosen}
    if len(layers) == 1 and len(chosen) > 1:
        chosen = [at for at in chosen if columns[at][2] in ("value", "label")]
    if len(chosen) != 1:
        raise InputError(
            f"it is unclear which column holds the entities: {', '.join(names)}",
            path=path,
            line=2,
            remedy="Set the corpus's spans_key to one of them.",
        )
    return 3 + chosen[0]


def _sentences(
    lines: Iterable[tuple[int, str]], width: int, column: int | None, path: Path
) -> Iterator[_Sentence]:
    """The sentences as they are in the file."""
    sentence: _Sentence | None = None
    closed: bool | None = None  # whether a tab ends the lines, as WebAnno writes them
    for number, line in lines:
        if line.startswith("#Text="):
            if sentence is None or sentence.units:
                if sentence is not None:
                    yield sentence
                sentence = _Sentence(number)
            sentence.texts.append(line.removeprefix("#Text="))
        elif line.strip() and not line.startswith("#"):
            unit = _unit(number, line, width, column)
            closed = line.endswith("\t") if closed is None else closed
            if sentence is None or unit is None or line.endswith("\t") != closed:
                raise InputError(
                    f"{line[:40]!r} is no token of {width} columns under a line #Text=",
                    path=path,
                    line=number,
                    remedy="Export the document again; do not edit the file by hand.",
                )
            if not unit.is_part and sentence.units and sentence.units[-1].name == unit.name:
                raise InputError(
                    f"a second token {unit.name}",
                    path=path,
                    line=number,
                    remedy="Export the document again; do not edit the file by hand.",
                )
            sentence.units.append(unit)
    if sentence is not None:
        yield sentence


def _unit(number: int, line: str, width: int, column: int | None) -> _Unit | None:
    cells = line.split("\t")
    if len(cells) == width + 1 and not cells[-1]:  # a tab ends the line
        cells.pop()
    name = _UNIT.fullmatch(cells[0])
    place = re.fullmatch(r"(\d{1,18})-(\d{1,18})", cells[1]) if len(cells) == width else None
    if name is None or place is None:
        return None
    cell = "_" if column is None else cells[column]
    return _Unit(number, name[1], int(place[1]), int(place[2]), cells[2], name[2] is not None, cell)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text)


def _text(sentence: _Sentence, escaped: bool) -> str:
    text = "\n".join(sentence.texts)
    return _unescape(text) if escaped else text


def _place(sentence: _Sentence, text: str, unit: str, escaped: bool) -> list[Span | None]:
    """The place of each unit in the text of its sentence; None if its form is not there."""
    if not sentence.units:
        return []
    first = sentence.units[0]
    form = _unescape(first.form) if escaped else first.form
    before = text[: max(0, text.find(form))]
    base = first.start - sum(1 + (unit == offsets.UTF_16 and char > "\uffff") for char in before)
    spans: list[Span | None] = []
    for token in sentence.units:
        form = _unescape(token.form) if escaped else token.form
        span = offsets.convert(text, token.start - base, token.end - base, unit)
        spans.append(span if span and text[slice(*span)] == form else None)
    return spans


def _way(sentences: Sequence[_Sentence]) -> tuple[str, bool]:
    """The unit of the offsets and whether texts are escaped: the first that fits all tokens."""
    for unit, escaped in _WAYS:
        if all(
            None not in _place(sentence, _text(sentence, escaped), unit, escaped)
            for sentence in sentences
        ):
            return unit, escaped
    return _WAYS[0]


def _spans(sentence: _Sentence, text: str, unit: str, escaped: bool, path: Path) -> list[Span]:
    """The places of a sentence's units.

    Raises:
        InputError: A token is not in the text at its offsets.
    """
    spans = []
    for token, span in zip(sentence.units, _place(sentence, text, unit, escaped), strict=True):
        if span is None:
            raise InputError(
                f"the token {token.form!r} is not at {token.start}-{token.end} of its text",
                path=path,
                line=token.line,
                remedy="Export the document again; do not edit the file by hand.",
            )
        spans.append(span)
    return spans


def _values(unit: _Unit, path: Path) -> list[tuple[str, str]]:
    """Label and number of each annotation of a unit; the number is empty where it needs none."""
    if unit.cell == "_":
        return []
    values = []
    position = 0
    while position < len(unit.cell):
        match = _VALUE.match(unit.cell, position)
        if match is None or match[1] in ("", "_"):
            break
        if match[1] == "*":
            raise InputError(
                f"an annotation of {unit.form!r} has no value",
                path=path,
                line=unit.line,
                remedy="Give it a value, or set the corpus's spans_key to another feature.",
            )
        values.append((_unescape(match[1]), match[2] or ""))
        position = match.end()
        if position == len(unit.cell) and not match[0].endswith("|"):
            return values
    raise InputError(
        f"{unit.cell!r} is no value of WebAnno TSV",
        path=path,
        line=unit.line,
        remedy="Export the document again; do not edit the file by hand.",
    )


def _entities(
    units: Sequence[_Unit], spans: Sequence[Span], used: dict[str, int], path: Path
) -> list[LabelledSpan]:
    """The entities of a sentence.

    Args:
        units: Its tokens and their parts.
        spans: Their places.
        used: The numbers of annotations of earlier sentences with their lines; those of this one
            are added.
        path: The file.

    Raises:
        InputError: A number has several labels, a gap, or goes on in another sentence.
    """
    entities: list[LabelledSpan] = []
    numbered: dict[str, list[int]] = {}
    labels: dict[str, set[str]] = {}
    for at, unit in enumerate(units):
        for label, number in _values(unit, path):
            if number:
                numbered.setdefault(number, []).append(at)
                labels.setdefault(number, set()).add(label)
            else:
                entities.append(LabelledSpan(*spans[at], label, unit.line))
    for number, places in numbered.items():
        start, end = spans[places[0]][0], max(spans[at][1] for at in places)
        line = units[places[0]].line
        # A token of which a part is marked is not marked itself.
        covered = [at for at in range(places[0], places[-1]) if not _has_part(units, at)]
        problem = None
        label, *others = sorted(labels[number])
        if others:
            problem = f"has the labels {', '.join([label, *others])}"
        elif number in used:
            problem = f"is on line {used[number]} already, in another sentence"
        elif not {*covered} <= {*places}:
            problem = "has a gap"
        if problem is not None:
            raise InputError(
                f"the annotation number {number} {problem}",
                path=path,
                line=line,
                remedy="Mark one stretch of one sentence.",
            )
        used[number] = line
        entities.append(LabelledSpan(start, end, label, line))
    return sorted(entities, key=lambda entity: entity.start)


def _has_part(units: Sequence[_Unit], at: int) -> bool:
    """Whether the next line is a part of this token."""
    return at + 1 < len(units) and units[at + 1].is_part
