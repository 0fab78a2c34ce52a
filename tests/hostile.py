"""Sentences that break formats, each with entities as (surface, type), and their files."""

from __future__ import annotations

from pathlib import Path

from eatner import tables
from eatner.export import labelled
from eatner.export.labelled import LabelledSentence
from eatner.tables import Alignment, Sentence

CASES = {
    "plain": ("東京でアンナが働く。", [("東京", "LOC"), ("アンナ", "PER")]),
    "emoji": ("🦊👩‍👩‍👧 Anna 👩🏽‍🚒 in 東京🗼!", [("Anna", "PER"), ("東京", "LOC")]),
    "beyond the basic plane": ("𠮷野家と𝒮ony", [("𠮷野家", "ORG"), ("𝒮ony", "ORG")]),
    "tabs and line ends": ("Anna\tvisits\r\nBonn\nand Köln", [("Anna", "PER"), ("Köln", "LOC")]),
    "an entity over a line end": ("the Bank\nof France", [("Bank\nof France", "ORG")]),
    "odd line ends": ("Anna\u2028in\x85Bonn\x0b\x0c", [("Anna", "PER"), ("Bonn", "LOC")]),
    "right to left": ("سافر محمد إلى القاهرة.", [("محمد", "PER"), ("القاهرة", "LOC")]),
    "marks": ("Zu\u0308rich und नई दिल्ली", [("Zu\u0308rich", "LOC"), ("नई दिल्ली", "LOC")]),
    "spaces": ("  Anna   meets\u00a0\u3000Bob  ", [("Anna", "PER"), ("Bob", "PER")]),
    "side by side": ("東京大阪", [("東京", "LOC"), ("大阪", "LOC")]),
    "markup": ('<b>"Anna" & \\n |</b>\'', [("Anna", "PER")]),
    "a tag": ("# text = B-PER O", [("B-PER", "ORG")]),
    "nothing": ("誰もいない", []),
}


def rows() -> tuple[list[Sentence], list[Alignment]]:
    """The sentences, and what a system found in them: also what it did not place."""
    sentences, aligned = [], []
    for sentence_id, (text, entities) in CASES.items():
        sentences.append(Sentence(sentence_id, text))
        at = 0
        for number, (surface, kind) in enumerate(entities):
            at = text.index(surface, at)
            end = at + len(surface)
            sure = None if sentence_id == "side by side" else round(0.9 - number / 4, 3)
            aligned.append(
                Alignment(
                    sentence_id, f"English {number}", 0, 9, kind, at, end, surface, None, sure
                )
            )
            at = end
        aligned.append(
            Alignment(sentence_id, "Gone", 0, 4, "LOC", None, None, "", status="abstained")
        )
    return sentences, aligned


def read(folder: Path) -> list[LabelledSentence]:
    """The sentences and their entities, by way of the two tables."""
    sentences, aligned = rows()
    tables.write(folder / "sentences.tsv", Sentence, sentences)
    tables.write(folder / "aligned.tsv", Alignment, aligned)
    return [*labelled.read(folder / "sentences.tsv", folder / "aligned.tsv")]


def spans(case: str) -> list[tuple[int, int, str]]:
    """The places of a case's entities, and their types."""
    return [(*row.span, row.type) for row in rows()[1] if row.sentence_id == case and row.surface]
