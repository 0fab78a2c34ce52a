"""A translation that is the sentence itself, for systems that label the sentence directly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eatner.tables import Sentence, Translation


def translate(sentences: Sequence[Sentence]) -> Iterator[Translation]:
    """Pass the sentences on, character for character.

    Args:
        sentences: Rows of sentences.tsv.

    Yields:
        A row a sentence . status: `original`, or `blank`,
        and then the text is empty.
    """
    for row in sentences:
        blank = not row.text.strip()
        english, status = ("", "blank") if blank else (row.text, "original")
        yield Translation(row.sentence_id, english, status=status)
