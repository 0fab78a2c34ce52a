"""How a name in any script reads in Latin letters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from eatner.text.languages import Language


@cache
def _uroman() -> Callable[[str], str]:
    """One romaniser for all languages: its tables take seconds to load."""
    import uroman

    return uroman.Uroman().romanize_string


@cache
def _romanise(text: str) -> str:
    """A text in Latin letters. uroman leaves ASCII as it is, and takes milliseconds for that."""
    return text if text.isascii() else _uroman()(text)


@cache
def reading(language: Language) -> Callable[[str], str]:
    """The romanisation of a language, as a function from a text to its reading.

    Kanji are read by pykakasi, because uroman reads 東京 as Chinese; all other scripts by uroman.

    Args:
        language: The language, whose row says which library reads it.
    """
    if language.romanisation == "none":
        return str
    if language.romanisation == "uroman":
        return _romanise
    import pykakasi

    kakasi = pykakasi.kakasi()

    def read(text: str) -> str:
        parts = (part["hepburn"] for part in kakasi.convert(text))
        return _romanise("".join(parts))

    return cache(read)
