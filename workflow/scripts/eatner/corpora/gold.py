"""Sentences with their gold entities, and the tables of them: sentences.tsv and gold.tsv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eatner import tsv

TYPES = ("PER", "LOC", "ORG")
SENTENCE_COLUMNS = ("sentence_id", "text", "tokens")
GOLD_COLUMNS = ("sentence_id", "start", "end", "surface", "type", "label", "status")
Offsets = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entity:
    """A labelled span: code points `start` (inclusive) to `end` (exclusive) of the sentence.

    `line` is where the file says so, for error messages; two entities are equal without it.
    """

    start: int
    end: int
    label: str
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its text, its corpus's tokens as offsets (none for raw text), its entities."""

    sentence_id: str
    text: str
    tokens: tuple[Offsets, ...] = ()
    entities: tuple[Entity, ...] = ()


def sentence_row(sentence: Sentence) -> dict[str, str]:
    """A row of sentences.tsv (`SENTENCE_COLUMNS`)."""
    tokens = " ".join(f"{start}:{end}" for start, end in sentence.tokens)
    return {"sentence_id": sentence.sentence_id, "text": sentence.text, "tokens": tokens}


def parse_tokens(value: str) -> tuple[Offsets, ...]:
    """The offsets in a `tokens` value of sentences.tsv."""
    pairs = (pair.split(":") for pair in value.split())
    return tuple((int(start), int(end)) for start, end in pairs)


def gold_rows(sentence: Sentence, types: Mapping[str, str | None]) -> list[dict[str, object]]:
    """The rows of gold.tsv (`GOLD_COLUMNS`) of a sentence; ignored entities stay in it."""
    return [
        {
            "sentence_id": sentence.sentence_id,
            "start": entity.start,
            "end": entity.end,
            "surface": sentence.text[entity.start : entity.end],
            "type": types[entity.label] or "",
            "label": entity.label,
            "status": "scored" if types[entity.label] else "ignored",
        }
        for entity in sentence.entities
    ]


def write(
    sentences: Iterable[Sentence],
    types: Mapping[str, str | None],
    sentences_path: str | Path,
    gold_path: str | Path,
) -> dict[str, object]:
    """Write sentences.tsv and gold.tsv; raw text gives a gold.tsv of its header alone.

    Returns:
        Counts: `sentences`, `scored`, `ignored`, and `labels` (from the corpus's label to how many
        entities carry it).
    """
    gold: list[dict[str, object]] = []

    def rows() -> Iterator[dict[str, str]]:
        for sentence in sentences:
            gold.extend(gold_rows(sentence, types))
            yield sentence_row(sentence)

    count = tsv.write(sentences_path, SENTENCE_COLUMNS, rows())
    tsv.write(gold_path, GOLD_COLUMNS, gold)
    status = Counter(row["status"] for row in gold)
    labels = Counter(str(row["label"]) for row in gold)
    return {
        "sentences": count,
        "scored": status["scored"],
        "ignored": status["ignored"],
        "labels": dict(sorted(labels.items())),
    }
