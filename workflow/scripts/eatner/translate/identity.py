"""A translation that is the sentence itself, for systems that label the sentence directly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eatner.translate.base import translation_row


def translate(sentences: Sequence[Mapping[str, str]]) -> Iterator[dict[str, object]]:
    """Pass the sentences on, character for character.

    Args:
        sentences: Rows of sentences.tsv.

    Yields:
        A row a sentence with the columns of `eatner.translate`. status: `original`, or `blank`,
        and then the text is empty.
    """
    for row in sentences:
        blank = not row["text"].strip()
        passed = translation_row(row["sentence_id"], "", "blank" if blank else "original")
        yield passed if blank else passed | {"english": row["text"]}
