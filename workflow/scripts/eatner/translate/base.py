"""What all translators share: the rows that they give."""

from __future__ import annotations

from collections.abc import Sequence

from eatner.tables import Translation, TranslationStatus
from eatner.text.characters import is_latin_letter


def translation_row(
    sentence_id: str,
    english: str,
    status: TranslationStatus,
    *,
    hints: Sequence[tuple[str, str]] = (),
    logprob: float | None = None,
) -> Translation:
    """A row of the translate table, with the English on one line.

    Args:
        sentence_id: The sentence.
        english: Its English, as the LLM or the file has it.
        status: `translated` and `truncated` become `empty` if there is no English, and
            `not_english` if most of its letters are not Latin.
        hints: Names whose English was given to the LLM, as (surface, English).
        logprob: Natural log-probability of the English.
    """
    # The last character of an answer that was cut may be incomplete.
    english = " ".join(english.rstrip("\ufffd").split())
    if status in ("translated", "truncated"):
        if not english:
            status = "empty"
        elif not is_latin(english):
            status = "not_english"
    return Translation(sentence_id, english, tuple(hints), logprob, status)


def is_latin(text: str) -> bool:
    """Whether at least half of a text's letters are Latin; true of a text without letters."""
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(map(is_latin_letter, letters)) >= len(letters)
