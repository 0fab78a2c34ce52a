"""What a character is: part of a word, and of which script."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def in_word(char: str) -> bool:
    """Whether a character is part of a written word: a letter, a digit, or a mark on one.

    The vowels of Indic scripts are marks, so `str.isalnum` would end भारत inside भारतीय.
    """
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def in_one_run(one: str, two: str) -> bool:
    """Whether two neighbours belong to one word in a script without spaces.

    Runs of Latin letters and runs of katakana are words there: タイ is no word of タイトル.
    """
    if one.isascii() and two.isascii():
        return one.isalnum() and two.isalnum()
    return _is_katakana(one) and _is_katakana(two)


def _is_katakana(char: str) -> bool:
    return "\u30a1" <= char <= "\u30fa" or char in "\u30fc\u30fd\u30fe"


_UNSPACED = (
    "CJK", "IDEOGRAPHIC ITERATION", "IDEOGRAPHIC NUMBER", "HIRAGANA", "KATAKANA",
    "HALFWIDTH KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR",
)  # fmt: skip


@lru_cache(maxsize=1 << 16)
def is_unspaced(char: str) -> bool:
    """A character of a script that is written without spaces between words."""
    return char >= "\u0e00" and unicodedata.name(char, "").startswith(_UNSPACED)


@lru_cache(maxsize=1 << 16)
def is_word(char: str) -> bool:
    """A letter, mark or digit of a script that puts spaces between words."""
    return unicodedata.category(char)[0] in "LMN" and not is_unspaced(char)


def is_inside(text: str, at: int) -> bool:
    """Whether a place is inside a word, in a script with spaces."""
    return 0 < at < len(text) and is_word(text[at - 1]) and is_word(text[at])


def cuts_word(text: str, at: int) -> bool:
    """Whether a place in a text is inside a word, or a run of katakana or Latin letters."""
    return is_inside(text, at) or (0 < at < len(text) and in_one_run(text[at - 1], text[at]))


def word_around(text: str, at: int) -> tuple[int, int]:
    """Where the run of letters, marks and digits begins that a place is in, and where it ends."""
    start = end = at
    while start > 0 and is_word(text[start - 1]):
        start -= 1
    while end < len(text) and is_word(text[end]):
        end += 1
    return start, end


def is_latin_letter(char: str) -> bool:
    """Whether a letter is Latin, with the ordinal signs (º) that Latin text has."""
    return char < "\u0250" or script_kind(char) == "LATIN"


FINAL = ".。．｡!！?？…।॥።؟۔։"


def is_hiragana(char: str) -> bool:
    return "\u3041" <= char <= "\u309f"


_SCRIPTS = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "IDEOGRAPHIC": "CJK", "HALFWIDTH": "CJK"}


@lru_cache(maxsize=1 << 16)
def script_kind(char: str) -> str:
    """The first word of a letter's name in Unicode: HIRAGANA, KATAKANA, CJK, LATIN ..."""
    return unicodedata.name(char, "").split(" ")[0].split("-")[0]


def script_of(char: str) -> str:
    """A name for the script of a letter; the three that Japanese is written in have one name."""
    return _SCRIPTS.get(script_kind(char), script_kind(char))


def has_case(phrase: str) -> bool:
    """Whether a phrase is in a script whose names have capitals (Georgian text has none)."""
    return any(c.lower() != c.upper() and script_kind(c) != "GEORGIAN" for c in phrase)
