"""What our tables say of one language, as text: a param of the rules that depend on it.

The tables themselves are not part of a step's code, so a new language reruns nothing, and an edited
row, example or phrase reruns the steps of its own language that read it.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from eatner import prompts
from eatner.answers import locate, phrasing
from eatner.text import languages


def _examples(language: str) -> list[tuple[object, ...]]:
    """The examples that prompts show for a language, each with the name of its own language."""
    return [(own.name, *statement) for own, *statement in prompts.examples(language)]


def _abbreviations(language: str) -> list[str]:
    """The abbreviations by which free answers are read: English ones count in every language."""
    return sorted(locate.abbreviations(language))


# By the symbol that reads a table: what it says of a language.
READ_BY: dict[str, Callable[[str], object]] = {
    "eatner.text.languages:known": languages.get,
    "eatner.prompts:examples": _examples,
    "eatner.answers.phrasing:rows": phrasing.rows,
    "eatner.answers.locate:abbreviations": _abbreviations,
}


def facts(language: str, reached: Container[str]) -> str:
    """Return what some code can know of a language.

    Args:
        language: Its code.
        reached: The symbols that the code reaches, see `eatner.code.fingerprint`.
    """
    return repr([say(language) for symbol, say in READ_BY.items() if symbol in reached])
