"""A translation that is the sentence itself, for systems that label the sentence directly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eatner.tables import Sentence, Translation
from eatner.translate.step import Step


def run(step: Step) -> Iterator[Translation]:
    """Pass the sentences of a step on."""
    return translate(step.sentences)


def translate(sentences: Sequence[Sentence]) -> Iterator[Translation]:
    """Pass the sentences on, character for character.

    Args:
        sentences: Rows of sentences.tsv.

    Yields:
        One row a sentence: `original`, or `blank` without any text.
    """
    for row in sentences:
        if row.text.strip():
            yield Translation(row.sentence_id, row.text, status="original")
        else:
            yield Translation(row.sentence_id, "", status="blank")
