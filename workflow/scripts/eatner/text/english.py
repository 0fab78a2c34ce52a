"""English names: whether two are one, and whether a text has one."""

from __future__ import annotations

import re

from rapidfuzz import fuzz

from eatner.text.folding import fold_letters, fold_words

# The likeness in per cent from which two names are one, whatever the order of their words.
SAME_NAME = 90
# From so many letters, a name that is written with other spaces or marks is recognised.
_LONG = 8
# A tagger leaves an article out that a translator's hint may have: The United Kingdom.
_ARTICLE = re.compile(r"^the\s+(?=\S)", re.IGNORECASE)
_SAINT = re.compile(r"\bSt\.?\s+(?=[A-Z])")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]\.?){2,}(?!\w)")
_NUMERAL = re.compile(r"\d+|[ivxlcdm]+")
# Names whose abbreviation may have more letters than their words: the United States are the USA.
_LONGER = {"united states": "United States America"}


def same_name(title: str, name: str) -> bool:
    """Whether a name is a title but for its article and the order of its words, or short for it.

    Numbers have to agree (Elizabeth I, Elizabeth II), and initials that both have.
    """
    title, name = _plain(title), _plain(name)
    if fuzz.token_sort_ratio(title.casefold(), name.casefold()) >= SAME_NAME:
        return _agree(title, name)
    letters = name.replace(".", "")
    if not (len(letters) > 1 and letters.isascii() and letters.isalpha() and letters.isupper()):
        return False
    return letters in (_initials(title), _initials(_LONGER.get(title.casefold(), title)))


def says(text: str, name: str) -> bool:
    """Whether a text has a name as whole words; capitals and accents do not count."""
    return f" {fold_words(name)} " in f" {fold_words(text)} "


def has_name(text: str, name: str) -> bool:
    """Whether an English text has a name as whole words, in another spelling, or abbreviated."""
    text, name = _SAINT.sub("Saint ", text), _plain(name)
    if says(text, name):
        return True
    letters = fold_letters(name)
    if len(letters) >= _LONG and letters in fold_letters(text):
        return True
    return any(same_name(name, found) for found in _ABBREVIATION.findall(text))


def _plain(name: str) -> str:
    return _SAINT.sub("Saint ", _ARTICLE.sub("", name))


def _agree(title: str, name: str) -> bool:
    """Whether two names have the same numbers, and the same initials, if both have any."""
    one, two = (fold_words(either).split() for either in (title, name))
    numbers = [sorted(filter(_NUMERAL.fullmatch, words)) for words in (one, two)]
    initials = [sorted(word for word in words if len(word) == 1) for words in (one, two)]
    return numbers[0] == numbers[1] and (initials[0] == initials[1] or not all(initials))


def _initials(title: str) -> str:
    """The first letters of the words with a capital."""
    return "".join(word[0] for word in re.findall(r"[^\W\d_]+", title) if word[0].isupper())
