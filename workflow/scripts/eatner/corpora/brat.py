"""Corpora of brat: a text and its standoff annotation, `NAME.txt` and `NAME.ann`.

https://brat.nlplab.org/standoff.html. Offsets count code points of the text file, its line ends as
they are. Each entity repeats its text, which shows where a file counts otherwise.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from eatner.corpora import offsets
from eatner.corpora.gold import AnnotatedSentence, LabelledSpan
from eatner.corpora.notes import Notes
from eatner.corpora.standoff import refuse_overlaps, sentences
from eatner.corpora.tokens import Ids, numbered_lines, read_lines
from eatner.errors import InputError
from eatner.tables import Span

_LINE = re.compile(r"(?:[TREAMN]\d+|\*|#\d*)\t")
_PLACE = r"\d{1,18} \d{1,18}"
_ENTITY = re.compile(rf"(T\d+)\t(\S+) ({_PLACE}(?:;{_PLACE})*)\t(.*)")
# How offsets may count, and whether a line end of two characters counts as two.
_WAYS = [(unit, returns) for returns in (True, False) for unit in offsets.UNITS]


@dataclass(frozen=True, slots=True)
class _Entity:
    """An entity as its line has it: several fragments where it is interrupted."""

    line: int
    label: str
    fragments: tuple[Span, ...]
    surface: str


def _partners(path: Path) -> tuple[Path, Path]:
    """The annotation and the text of a corpus, given as either of them."""
    if path.suffix != ".txt":
        return path, path.with_suffix("" if path.stem.endswith(".txt") else ".txt")
    # brat's, that of BioNLP's shared tasks, and that of copies with another name.
    names = path.with_suffix(".ann"), path.with_suffix(".a1"), path.with_name(f"{path.name}.ann")
    return next((name for name in names if name.exists()), names[0]), path


def looks_like(path: Path, head: str) -> bool:
    """Whether a file is brat's annotation, or a text beside which its annotation is."""
    if path.suffix == ".txt" and _partners(path)[0].exists():
        return True
    lines = [line for line in head.removeprefix("\ufeff").splitlines()[:20] if line.strip()]
    entities = path.suffix == ".ann" or any(map(_ENTITY.fullmatch, lines))
    return entities and all(map(_LINE.match, lines))


def read(
    path: Path, splitter: Callable[[str], Iterable[Span]] | None = None
) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a text with its annotation.

    Args:
        path: Either of the two files.
        splitter: Gives the offsets of the sentences of a line; None: a line is a sentence.

    Raises:
        InputError: One of the files is missing, or they contradict each other.
    """
    annotation, source = _partners(path)
    for partner, what in ((annotation, "annotation"), (source, "text")):
        if not partner.is_file():
            raise InputError(
                f"this is brat's, and its {what} {partner.name} is not beside it",
                path=path,
                remedy="Put NAME.txt and NAME.ann into one folder, or set the corpus's format.",
            )
    found = [*_entities(annotation)]
    read_lines(source)  # which refuses what is not UTF-8, with its line
    text = source.read_bytes().decode("utf-8-sig")
    text, entities = _place(found, text, annotation)
    refuse_overlaps(entities, text, annotation, {})
    ids = Ids(source)
    notes = Notes(annotation, "entities")
    bounds = [*_bounds(text, splitter)]
    for entity in entities:
        if "\n" in text[entity.start : entity.end]:
            notes.add(
                "an entity goes over the end of a line: its lines are read as one sentence",
                {"line": entity.line},
            )
    notes.log()
    yield from sentences(text, entities, bounds, ids, {"record": "the text"})


def _entities(path: Path) -> Iterator[_Entity]:
    """The entities of an annotation file; its relations, events and notes are passed over."""
    for number, line in numbered_lines(path):
        if not line.strip() or (_LINE.match(line) and not line.startswith("T")):
            continue
        match = _ENTITY.fullmatch(line)
        if match is None:
            raise InputError(
                f"{line[:60]!r} is not a line of brat",
                path=path,
                line=number,
                remedy="An entity is written T1, a tab, PER 0 4, a tab, and its text.",
            )
        places = (part.split() for part in match[3].split(";"))
        fragments = tuple((int(start), int(end)) for start, end in places)
        yield _Entity(number, match[2], fragments, match[4])


def _bounds(text: str, splitter: Callable[[str], Iterable[Span]] | None) -> Iterator[Span]:
    """The sentences of a text: of each line, what the splitter says, or the line."""
    begin = 0
    for line in text.split("\n"):
        spans = splitter(line) if splitter is not None else [(0, len(line))]
        for start, end in spans:
            if line[start:end].strip():
                yield begin + start, begin + end
        begin += len(line) + 1


def _place(entities: list[_Entity], text: str, path: Path) -> tuple[str, list[LabelledSpan]]:
    """The text with plain line ends, and the entities in it.

    Raises:
        InputError: An entity's text is not at its offsets, or it has a gap.
    """
    plain = text.replace("\r\n", "\n")
    notes = Notes(path, "entities")
    for unit, returns in _WAYS:
        counted = text if returns else plain
        spans = [_span(entity, counted, unit) for entity in entities]
        if all(
            span is not None and _same(counted[slice(*span)], entity)
            for span, entity in zip(spans, entities, strict=True)
        ):
            break
    else:
        unit, counted = offsets.CODE_POINTS, text
    if unit != offsets.CODE_POINTS or (counted == plain) != (text == plain):
        lines = "" if counted == text else ", a line end as one"
        notes.add(
            f"the offsets are read as {unit}{lines}, because the texts of the entities fit then",
            {"line": entities[0].line},
        )
    notes.log()
    placed = []
    line_ends = [match.start() for match in re.finditer("\r\n", counted)]
    for entity in entities:
        span = _span(entity, counted, unit)
        if span is None or not _same(counted[slice(*span)], entity):
            _refuse(entity, counted, path)
        else:
            start, end = (at - bisect_right(line_ends, at - 2) for at in span)
            placed.append(LabelledSpan(start, end, entity.label, entity.line))
    return plain, placed


def _span(entity: _Entity, text: str, unit: str) -> Span | None:
    """The place of an entity in code points; None if it is not in the text, or has a gap.

    brat writes an entity that goes over a line end as two fragments.
    """
    spans = [offsets.convert(text, start, end, unit) for start, end in entity.fragments]
    known = [span for span in spans if span is not None]
    if len(known) < len(spans):
        return None
    for (_, end), (start, _) in itertools.pairwise(known):
        if end > start or text[end:start].strip():
            return None
    return known[0][0], known[-1][1]


def _same(found: str, entity: _Entity) -> bool:
    """Whether the text at an entity's place is what its line says; a line end may be a space."""

    def edges(text: str) -> tuple[bool, bool]:
        return text[:1].isspace(), text[-1:].isspace()

    return found.split() == entity.surface.split() and edges(found) == edges(entity.surface)


def _refuse(entity: _Entity, text: str, path: Path) -> None:
    places = ";".join(f"{start} {end}" for start, end in entity.fragments)
    parts = [text[start:end] for start, end in entity.fragments]
    if len(parts) > 1 and " ".join(parts).split() == entity.surface.split():
        raise InputError(
            f"the entity {places} {entity.label} {entity.surface!r} has a gap",
            path=path,
            line=entity.line,
            remedy="Mark it from its first to its last word, or leave it out.",
        )
    raise InputError(
        f"the entity {places} {entity.label} is {' '.join(parts)!r} in the text, "
        f"not {entity.surface!r}",
        path=path,
        line=entity.line,
        remedy="Give the text file that was annotated, unchanged.",
    )
