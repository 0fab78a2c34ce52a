"""What all translators share: the rows that they give."""

from __future__ import annotations

import json
from collections.abc import Sequence

TRANSLATION_COLUMNS = ("sentence_id", "english", "hints", "logprob", "status")
# Nats by which a name in capitals is more probable than in small letters.
LARGE = 3.0


def translation_row(
    sentence_id: str,
    english: str,
    status: str,
    *,
    hints: Sequence[tuple[str, str]] = (),
    logprob: float | None = None,
) -> dict[str, object]:
    """A row with the `TRANSLATION_COLUMNS`; the English stands on one line.

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
    return {
        "sentence_id": sentence_id,
        "english": english,
        "hints": json.dumps(list(hints), ensure_ascii=False),
        "logprob": None if logprob is None else f"{logprob:.3f}",
        "status": status,
    }


def is_latin(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(char < "\u0250" for char in letters) >= len(letters)
