"""Compile a wiki's titles and aliases into a lexicon."""

from __future__ import annotations

from pathlib import Path

from eatner.lexicon import LONGEST_SURFACE, Name, write
from eatner.text.languages import Language
from eatner.wiki.names import name_fault
from eatner.wiki.titles import bare_title, load_wiki


def build(titles: Path, out: Path, language: Language) -> int:
    """Compile the lexicon of a wiki.

    A title takes precedence over an alias, and an alias over a title without its disambiguator,
    which counts only where all such titles mean one article. Surfaces without a letter are left
    out; so are those of one character in a language without spaces, where they would match inside
    words. In a language with `endings` a name is also stored without its ending, so that it is
    found before a suffix.

    Args:
        titles: Path of `titles.tsv`.
        out: Path of the file to write.
        language: Language of the wiki.

    Returns:
        The number of names.

    Raises:
        InputError: A broken table, or no article with an English title.
    """
    wiki = load_wiki(titles)
    entries: dict[str, str] = {}
    bare: dict[str, str] = {}
    for title, english in wiki.english.items():
        short = bare_title(title)
        if short == title:
            entries[title] = english
        else:
            bare[short] = "" if bare.get(short, english) != english else english
    for alias in wiki.target:
        english = wiki.english.get(wiki.resolve(alias), "")
        short = bare_title(alias)
        if english and short == alias:
            entries.setdefault(alias, english)
    for short, english in bare.items():
        if english and short not in wiki.other:
            entries.setdefault(short, english)
    least = 1 if language.spaces else 2
    names = (
        Name(surface, bare_title(english), not name_fault(english))
        for surface, english in entries.items()
        if least <= len(surface) <= LONGEST_SURFACE and any(char.isalpha() for char in surface)
    )
    return write(out, names, language)
