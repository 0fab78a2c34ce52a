"""The titles and aliases of a wiki with their English names, and where a sentence holds them.

The file is a MARISA trie (marisa-trie, memory-mapped): from a surface to its English title. It
opens at once whatever its size, and matching asks it at every place where a name may begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import marisa_trie

from eatner.errors import InputError
from eatner.text.characters import in_one_run, in_word
from eatner.text.languages import Language, get

META = "\x01language"
META_LONGEST = "\x01longest"
META_SURFACES = "\x01surfaces"
_STEM = "\x02"  # before a name that has lost its ending
LONGEST_SURFACE = 80  # code points of a name that is looked for


class Match(NamedTuple):
    """A name of the lexicon in a sentence: `sentence[start:end] == surface`, in code points.

    Attributes:
        named: Whether the English title is a name (`pairs.name_fault`) or a common noun.
    """

    start: int
    end: int
    surface: str
    english: str
    named: bool


def stems_of(surfaces: list[tuple[str, bytes]], language: Language) -> list[tuple[str, bytes]]:
    """Names without the ending that a suffix replaces; a stem of two names is left out."""
    # Short stems begin many words, the more so where no capital tells a name.
    least = 3 if language.cased else 4
    stems: dict[str, bytes] = {}
    for surface, value in surfaces:
        ending = next((ending for ending in language.endings if surface.endswith(ending)), "")
        stem = surface[: len(surface) - len(ending)]
        if ending and value[:1] == b"+" and len(stem) >= least:
            stems[stem] = b"" if stems.get(stem, value) != value else value
    return [(_STEM + stem, value) for stem, value in stems.items() if value]


class Lexicon:
    """A compiled lexicon; see `load`."""

    def __init__(self, trie: marisa_trie.BytesTrie, language: Language) -> None:
        self._trie, self._language = trie, language
        self._longest_name = int(trie[META_LONGEST][0])
        self._surfaces = int(trie[META_SURFACES][0])

    def __len__(self) -> int:
        return self._surfaces

    def english(self, surface: str) -> str | None:
        """The English title of a surface that the lexicon holds as it is written."""
        values = self._trie.get(surface)
        return values[0][1:].decode() if values else None

    def matches(self, sentence: str) -> list[Match]:
        """The longest names in a sentence, from left to right, without overlap.

        In languages without spaces a name does not cut a run of katakana or of Latin letters. In
        languages with spaces it begins at a word, or behind a prefix of the language, and
        ends at a word's end or before a suffix of it (`languages.tsv`). Where a suffix replaces the
        name's ending (Москва, Москвы), the match is the whole word. Other changes inside a word,
        and words that a compound joins, are not found.
        """
        found: list[Match] = []
        at = 0
        for start in self._starts(sentence):
            if start < at:
                continue
            match = self._longest(sentence, start)
            if match is not None:
                found.append(match)
                at = match.end
        return found

    def _starts(self, sentence: str) -> Iterator[int]:
        if not self._language.spaces:
            for at, char in enumerate(sentence):
                if char.isalnum() and not (at and in_one_run(sentence[at - 1], char)):
                    yield at
            return
        prefixes = self._language.prefixes
        begin = -1
        for at, char in enumerate(sentence):
            if not (in_word(char) or char in "\u200c\u200d"):
                begin = -1
            elif begin < 0:
                begin = at
                yield at
                if prefixes:
                    yield from sorted(
                        at + len(prefix) for prefix in prefixes if sentence.startswith(prefix, at)
                    )

    def _longest(self, sentence: str, start: int) -> Match | None:
        window = sentence[start : start + self._longest_name]
        found = None
        # The trie gives the prefixes from short to long.
        for surface in reversed(self._trie.prefixes(window)):
            end = start + len(surface)
            if self._word_ends(sentence, start, end):
                found = self._match(sentence, start, end, surface)
                break
        if self._language.endings:
            for key in reversed(self._trie.prefixes(_STEM + window)):
                end = start + len(key) - len(_STEM)
                stop = _word_end(sentence, end)
                if found is not None and stop <= _word_end(sentence, found.end):
                    break
                if sentence[end:stop] in self._language.suffixes:
                    return self._match(sentence, start, stop, key)
        return found

    def _match(self, sentence: str, start: int, end: int, key: str) -> Match:
        value = self._trie[key][0]
        return Match(start, end, sentence[start:end], value[1:].decode(), value[:1] == b"+")

    def _word_ends(self, sentence: str, start: int, end: int) -> bool:
        if end == len(sentence) or not in_word(sentence[end]):
            return True
        if not self._language.spaces:
            return not in_one_run(sentence[end - 1], sentence[end])
        return sentence[end : _word_end(sentence, end)] in self._language.suffixes


def _word_end(sentence: str, at: int) -> int:
    while at < len(sentence) and in_word(sentence[at]):
        at += 1
    return at


def load(path: Path) -> Lexicon:
    """Open a lexicon that `build` wrote; the file is mapped, not read.

    Raises:
        InputError: Not such a file.
    """
    trie = marisa_trie.BytesTrie()
    try:
        trie.mmap(str(path))
        return Lexicon(trie, get(trie[META][0].decode()))
    except (RuntimeError, OSError, KeyError) as error:
        raise InputError(
            f"no lexicon ({error})", path=path, remedy="Delete it and let Snakemake make it again."
        ) from error
