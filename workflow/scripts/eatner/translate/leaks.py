"""Names of the prompt's examples that leak into an answer."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from eatner import prompts
from eatner.text.english import says
from eatner.text.folding import fold_letters, fold_words
from eatner.text.languages import Language
from eatner.text.romanise import reading

# The fewest letters of a name that may be recognised by its sound, how much of it a text must be
# long, and the likeness in per cent from which it is in the text.
SOUND_LETTERS = 6
SOUND_SHARE = 0.8
SOUND = 80


def leaked(
    english: str, sentence: str, hints: Sequence[tuple[str, str]], language: Language
) -> frozenset[int]:
    """Find examples whose names a translation has, though nothing in its sentence supports them.

    Args:
        english: The translation.
        sentence: The sentence.
        hints: Names in it whose English is known, as (surface, English).
        language: Its language.

    Returns:
        The numbers of the examples; a name is supported by its surface or its English in the
        sentence, in another case or spelling as well (Лондон for Лондоне, 倫敦 for 伦敦), and by a
        hint.
    """
    known = fold_words(" ".join([sentence, *(name for _, name in hints)]))
    return frozenset(
        number
        for number, (own, _, _, pairs) in enumerate(prompts.examples(language.code))
        for surface, name in pairs
        if says(english, name)
        and fold_words(name) not in known
        and surface not in sentence
        and not _sounds_like(name, reading(own)(surface), reading(language)(sentence))
    )


def _sounds_like(name: str, spoken: str, heard: str) -> bool:
    """Whether what is heard of a sentence has a name, by its English or how it is spoken."""
    heard = fold_letters(heard)
    return any(
        # A short name is in many sentences by chance.
        len(way) >= SOUND_LETTERS
        and len(heard) >= SOUND_SHARE * len(way)
        and fuzz.partial_ratio(way, heard) >= SOUND
        for way in (fold_letters(name), fold_letters(spoken))
    )
