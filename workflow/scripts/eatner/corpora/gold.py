"""Sentences with their gold entities, as corpus readers give them; sentences.tsv and gold.tsv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eatner import tables
from eatner.tables import EntityType, GoldEntity, Sentence, Span


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A labelled span: code points `start` (inclusive) to `end` (exclusive) of the sentence.

    `line` is where the file says so, for error messages; two spans are equal without it.
    """

    start: int
    end: int
    label: str
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AnnotatedSentence:
    """A sentence as a corpus has it: text, tokens as offsets (none for raw text), entities."""

    sentence_id: str
    text: str
    tokens: tuple[Span, ...] = ()
    entities: tuple[LabelledSpan, ...] = ()


def sentence_row(sentence: AnnotatedSentence) -> Sentence:
    """The row of sentences.tsv of a sentence."""
    return Sentence(sentence.sentence_id, sentence.text, sentence.tokens)


def gold_rows(
    sentence: AnnotatedSentence, types: Mapping[str, EntityType | None]
) -> list[GoldEntity]:
    """The rows of gold.tsv of a sentence; ignored entities stay in it.

    Args:
        sentence: The sentence.
        types: From each label of the corpus to PER, LOC or ORG, or to None: it is ignored.
    """
    return [
        GoldEntity(
            sentence.sentence_id,
            entity.start,
            entity.end,
            sentence.text[entity.start : entity.end],
            types[entity.label] or "",
            entity.label,
            "scored" if types[entity.label] else "ignored",
        )
        for entity in sentence.entities
    ]


def write(
    sentences: Iterable[AnnotatedSentence],
    types: Mapping[str, EntityType | None],
    sentences_path: str | Path,
    gold_path: str | Path,
) -> dict[str, object]:
    """Write sentences.tsv and gold.tsv; raw text gives a gold.tsv of its header alone.

    Returns:
        Counts: `sentences`, `scored`, `ignored`, and `labels` (from the corpus's label to how many
        entities carry it).
    """
    status: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    with tables.writing(gold_path, GoldEntity) as add:

        def rows() -> Iterator[Sentence]:
            for sentence in sentences:
                for row in gold_rows(sentence, types):
                    add(row)
                    status[row.status] += 1
                    labels[row.label] += 1
                yield sentence_row(sentence)

        count = tables.write(sentences_path, Sentence, rows())
    return {
        "sentences": count,
        "scored": status["scored"],
        "ignored": status["ignored"],
        "labels": dict(sorted(labels.items())),
    }
