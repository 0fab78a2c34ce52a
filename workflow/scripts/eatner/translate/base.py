"""What all translators share: the rows that they give."""

from __future__ import annotations

from collections.abc import Sequence

from eatner.tables import Translation, TranslationStatus

# Nats by which a name in capitals is more probable than in small letters.
LARGE = 3.0


def translation_row(
    sentence_id: str,
    english: str,
    status: TranslationStatus,
    *,
    hints: Sequence[tuple[str, str]] = (),
    logprob: float | None = None,
) -> Translation:
    """A row of the translate table; the English stands on one line.

    Args:
        sentence_id: The sentence.
        english: Its English, as it was answered.
        status: `translated` and `truncated` become `empty` or `not_english` where that is so.
        hints: Names that were given, as (surface, English).
        logprob: Natural log-probability of the English.
    """
    # An answer that was cut may end in a part of a character.
    english = " ".join(english.rstrip("\ufffd").split())
    if status in ("translated", "truncated"):
        if not english:
            status = "empty"
        elif not is_latin(english):
            status = "not_english"
    return Translation(sentence_id, english, tuple(hints), logprob, status)


def is_latin(text: str) -> bool:
    """Whether at least half of a text's letters are Latin; a text without letters is."""
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(char < "\u0250" for char in letters) >= len(letters)
