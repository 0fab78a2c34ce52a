"""The words that an answer puts around the phrase that it names, as one table.

An answer may be in the sentence's language or in another one. `of` says whose rows are read. The
columns of `phrasing.tsv`; a list is written with bars between its items:

- code: the language; `mul` for marks that belong to none
- yes: what an answer begins with before it answers
- about: what an answer says of itself, of the phrase and the sentence: "answer", "phrase", "it"
- copulas: what joins the phrase to what is said of it: "is", means, 是, は
- tails: what closes a statement, behind the phrase: です, 입니다, है
- nothing: a whole answer that says that there is no such phrase
- apologies: how an answer begins that says so at length

A hyphen before an item: it may be attached to the word before it (-입니다). A hyphen after it: the
word may go on (ответ- is ответом too). Scripts without spaces need neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from eatner import tsv
from eatner.text.characters import is_inside

TABLE = Path(__file__).with_name("phrasing.tsv")
# An LLM may answer in English, or in Chinese, which many LLMs speak best, whatever it is asked
# about.
COMMON = ("en", "zh", "mul")
_LANGUAGE: ContextVar[str | None] = ContextVar("language", default=None)
_COLUMNS = ("yes", "about", "copulas", "tails", "nothing", "apologies")


@contextmanager
def of(language: str | None) -> Iterator[None]:
    """Read the phrases of one language and of `COMMON`; without one, of all languages.

    Args:
        language: Code of the language of the sentences that answers are about.
    """
    before = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(before)


@cache
def rows(language: str | None) -> tuple[dict[str, str], ...]:
    """The rows of the table that are read for a language, see `of`."""
    table = tsv.read(TABLE, ("code", *_COLUMNS))
    return tuple(row for row in table if language is None or row["code"] in (language, *COMMON))


def language() -> str | None:
    """The language whose phrases are read now, see `of`."""
    return _LANGUAGE.get()


def items(column: str) -> tuple[str, ...]:
    """The items of a column that are read now, the longest first."""
    return _items(column, _LANGUAGE.get())


@cache
def _items(column: str, language: str | None) -> tuple[str, ...]:
    found = {item for row in rows(language) for item in row[column].split("|") if item}
    return tuple(sorted(found, key=lambda item: (-len(item), item)))


@cache
def _by_first(column: str, language: str | None) -> dict[str, list[tuple[str, bool, bool]]]:
    """Items by their first character, without hyphens; whether they attach to the left, right."""
    table: dict[str, list[tuple[str, bool, bool]]] = {}
    for item in _items(column, language):
        word = item.removeprefix("-").removesuffix("-")
        table.setdefault(word[0], []).append((word, item[0] == "-", item[-1] == "-"))
    return table


def _lowered(text: str) -> str:
    """A text in lower case, of the same length."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def find(column: str, text: str) -> Iterator[tuple[int, int]]:
    """Where items of a column stand in a text as words, from left to right, without overlap."""
    table, low, at = _by_first(column, _LANGUAGE.get()), _lowered(text), 0
    while at < len(low):
        after = at
        for word, left, right in table.get(low[at], ()):
            end = at + len(word)
            if (
                low.startswith(word, at)
                and (left or not is_inside(low, at))
                and (right or not is_inside(low, end))
            ):
                while right and is_inside(low, end):
                    end += 1
                yield at, end
                after = end
                break
        at = max(after, at + 1)


def is_all(column: str, text: str) -> bool:
    """Whether a text has letters and items of a column account for all of them."""
    rest, before = "", 0
    for start, end in find(column, text):
        rest, before = rest + text[before:start], end
    return before > 0 and not any(map(str.isalnum, rest + text[before:]))


def without_tail(text: str) -> str:
    """A statement without the tail that closes it; as it is if none does or nothing else is."""
    low = _lowered(text)
    for item in items("tails"):
        word = item.removeprefix("-")
        start = len(low) - len(word)
        if start > 0 and low.endswith(word) and (word != item or not is_inside(low, start)):
            return text[:start].rstrip()
    return text
