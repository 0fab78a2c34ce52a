"""The sentences of a corpus with the entities that a system found in them, as tools take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eatner import tables
from eatner.indexed import Indexed
from eatner.report.entities import tokens
from eatner.tables import FOUND, Alignment, Sentence, Span

# Character for character, so that offsets stay valid: for formats that are read line by line.
ONE_LINE = str.maketrans(dict.fromkeys("\t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence and its entities from left to right, none of which overlap.

    Attributes:
        sentence_id: The sentence.
        text: Its text.
        tokens: Its tokens; the corpus's own, where no entity cuts one.
        entities: Rows of an align TSV that have a place.
    """

    sentence_id: str
    text: str
    tokens: list[Span]
    entities: list[Alignment]


def read(sentences: Path, aligned: Path) -> Iterator[LabelledSentence]:
    """Read a corpus that a system labelled.

    Of two entities that overlap, the surer one stays, then the longer one.

    Args:
        sentences: Path of its sentences.tsv.
        aligned: Path of an align TSV.
    """
    rows_of = Indexed(aligned, Alignment)
    for sentence in tables.read(sentences, Sentence):
        found = [row for row in rows_of[sentence.sentence_id] if row.status in FOUND]
        entities = _apart(found)
        edges = {edge for row in entities for edge in row.span}
        cut = tokens(sentence.text, sentence.tokens, edges)
        yield LabelledSentence(sentence.sentence_id, sentence.text, cut, entities)


def _apart(found: list[Alignment]) -> list[Alignment]:
    """The entities without those that overlap a better one, from left to right."""

    def rank(row: Alignment) -> tuple[float, int, int]:
        start, end = row.span
        return -(row.confidence or 0.0), start - end, start

    kept: list[Alignment] = []
    for row in sorted(found, key=rank):
        start, end = row.span
        if all(end <= other.span[0] or other.span[1] <= start for other in kept):
            kept.append(row)
    return sorted(kept, key=lambda row: row.span)
