"""The titles and aliases of a wiki with their English names, and where a sentence holds them.

The file is a MARISA trie (marisa-trie, memory-mapped): from a name, folded, to its English title.
It opens at once whatever its size, and matching asks it at every place where a name may begin.

Names and texts are folded by `CASED_SPELLING` of `text/folding.py`, as `locate` folds them but for
case: normal forms, full width, kinds of apostrophes, stress marks, tatweel, hamza, nukta, Arabic
and Persian letters make no difference; "us" is not "US". Where names differ in nothing else, the
one that is written as the text has it is found, else the first that the wiki gave. Where a script
leaves it to the writer whether parts of a name are apart, a name is in the file in both ways.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import marisa_trie

from eatner.errors import InputError
from eatner.files import atomic
from eatner.text.characters import in_one_run, in_word
from eatner.text.folding import CASED_SPELLING, CASED_WIDTH, FoldedClusters
from eatner.text.languages import Language, get

FORMAT = "3"
"""The version of the file's format; another one is refused."""
_FORMAT = "\x01format"
_LANGUAGE = "\x01language"
_LONGEST = "\x01longest"
_SURFACES = "\x01surfaces"
_NAMED = ord("+")
_STEM = "\x02"  # before a name that has lost its ending
# The trie cannot look a NUL up, and other control characters begin the keys above.
_NO_KEYS = dict.fromkeys(range(32), "\x1f")
LONGEST_SURFACE = 80  # code points of a name that is looked for
# Where accents belong to the letter, a shorter name has to have them as they are: El is not Él.
_ACCENTED = ("Latn", "Grek")
_LOOSE_LENGTH = 5
# Most names of one folded form that are kept apart.
_MOST_ALIKE = 9
_JOINER = "\u200c"  # zero width non-joiner
# Arabic; Thai and Lao, Burmese, Khmer; kana, Han; Hangul.
_LOOSE_SCRIPTS = (
    "\u0600-\u06ff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
)
_LOOSE_SPACE = re.compile(f"(?<=[{_LOOSE_SCRIPTS}]) (?=[{_LOOSE_SCRIPTS}])")


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


class Name(NamedTuple):
    """A name of a lexicon.

    Attributes:
        surface: The name.
        english: The English title.
        named: Whether the title is a name and no common noun.
    """

    surface: str
    english: str
    named: bool


def write(path: Path, names: Iterable[Name], language: Language) -> int:
    """Write a lexicon.

    Args:
        path: The file to write.
        names: Its names; of those that are alike when folded, the first is the likeliest.
        language: Their language.

    Returns:
        The number of names.
    """
    first: dict[str, Name] = {}
    others: defaultdict[str, list[Name]] = defaultdict(list)
    count = 0
    least = 1 if language.spaces else 2
    for name in names:
        key = CASED_SPELLING(name.surface).text
        if len(key) < least:
            continue
        count += 1
        if key in first:
            others[key].append(name)
        else:
            # One string for both, where they are the same: a wiki has millions of names.
            first[name.surface if key == name.surface else key] = name
    for key, name in list(first.items()):
        for other in _spaced_otherwise(key, name.surface):
            if len(other) >= least:
                first.setdefault(other, name)
    about = [
        (_FORMAT, FORMAT.encode()),
        (_LANGUAGE, language.code.encode()),
        (_LONGEST, str(max(map(len, first), default=1)).encode()),
        (_SURFACES, str(count).encode()),
    ]
    entries = (
        (key, value)
        for key, name in first.items()
        for value in _values(key, [name, *others.get(key, ())])
    )
    with atomic(path) as partial:
        marisa_trie.BytesTrie(chain(entries, _stems(first, language), about)).save(str(partial))
    return count


def _spaced_otherwise(key: str, surface: str) -> list[str]:
    """The keys of a name whose parts the writer of a text may join, or write apart.

    Spaces are often left out in Korean (삼성 전자), in Persian, where an invisible joiner may stand
    for one (علی‌آباد), and between characters of scripts that have none.
    """
    keys = []
    if _JOINER in surface:
        keys.append(CASED_SPELLING(surface.replace(_JOINER, " ")).text)
    if " " in key:
        keys.append(_LOOSE_SPACE.sub("", key))
    return [other for other in keys if other != key]


def _values(key: str, names: list[Name]) -> list[bytes]:
    """The values of a key: an order, which the trie sorts by, and what is known of each name."""
    if len(names) == 1 and names[0].surface == key:
        return [_value(0, names[0], key)]
    ways = dict.fromkeys(name._replace(surface=CASED_WIDTH(name.surface).text) for name in names)
    return [_value(place, name, key) for place, name in enumerate(list(ways)[:_MOST_ALIKE])]


def _value(place: int, name: Name, key: str) -> bytes:
    """Order, whether it is a name, its English, and how it is written if that is not the key."""
    written = "" if name.surface == key else f"\0{name.surface}"
    return f"{place}{'+' if name.named else '-'}{name.english}{written}".encode()


def _read_value(value: bytes, key: str) -> Name:
    if b"\0" not in value:
        return Name(key, value[2:].decode(), value[1] == _NAMED)
    english, _, written = value[2:].decode().partition("\0")
    return Name(written, english, value[1] == _NAMED)


def _stems(names: dict[str, Name], language: Language) -> list[tuple[str, bytes]]:
    """Names, by key, without the ending that a suffix replaces; a stem of two names is left out."""
    # Short stems begin many words, the more so where no capital marks a name.
    least = 3 if language.cased else 4
    endings = [CASED_SPELLING(ending).text for ending in language.endings]
    stems: dict[str, Name | None] = {}
    for key, name in names.items():
        ending = next((ending for ending in endings if key.endswith(ending)), "")
        stem = key[: len(key) - len(ending)]
        if ending and name.named and len(stem) >= least:
            other = stems.get(stem, name)
            known = other is not None and other.english == name.english
            stems[stem] = name if known else None
    return [
        (_STEM + stem, _value(0, name._replace(surface=stem), stem))
        for stem, name in stems.items()
        if name is not None
    ]


class Lexicon:
    """A compiled lexicon; see `load`."""

    def __init__(self, trie: marisa_trie.BytesTrie, language: Language) -> None:
        self._trie, self._language = trie, language
        self._longest_name = int(trie[_LONGEST][0])
        self._surfaces = int(trie[_SURFACES][0])
        self._prefixes = _folded_affixes(language.prefixes)
        self._suffixes = frozenset(_folded_affixes(language.suffixes))
        self._accented = language.script in _ACCENTED

    def __len__(self) -> int:
        return self._surfaces

    def english(self, surface: str) -> str | None:
        """The English title of a surface, in whatever spelling."""
        key = CASED_SPELLING(surface).text.translate(_NO_KEYS)
        name = self._name(key, surface) if key in self._trie else None
        return name.english if name else None

    def matches(self, sentence: str) -> list[Match]:
        """The longest names in a sentence, from left to right, without overlap.

        In languages without spaces a name does not cut a run of katakana or of Latin letters. In
        languages with spaces it begins at a word, or behind a prefix of the language, and
        ends at a word's end or before a suffix of it (`languages.tsv`). Where a suffix replaces the
        name's ending (Москва, Москвы), the match is the whole word. Other changes inside a word,
        and words that a compound joins, are not found.

        Offsets and surfaces are those of the sentence as it is.
        """
        folded = CASED_SPELLING(sentence)
        text, starts, ends, even = folded.text, folded.starts, folded.ends, folded.even
        words = text.translate(_WORDS)
        prefixes, longest = self._trie.prefixes, self._longest_name
        known = text.translate(_NO_KEYS)
        stems = bool(self._language.endings)
        found: list[Match] = []
        at = 0
        for start in self._starts(text, words):
            if start < at or (not even and folded.cuts(start)):
                continue
            keys = prefixes(known[start : start + longest])
            if not keys and not stems:
                continue
            match = self._longest(sentence, folded, words, start, keys)
            if match is not None:
                at, name = match
                left, right = starts[start], ends[at - 1]
                found.append(Match(left, right, sentence[left:right], name.english, name.named))
        return found

    def _starts(self, text: str, words: str) -> list[int]:
        """Where a name may start: at a run of letters, at a word, or behind a prefix."""
        if not self._language.spaces:
            return [match.start() for match in _RUN.finditer(text.translate(_RUNS))]
        places = [match.start() for match in _WORD.finditer(words)]
        prefixes = self._prefixes
        if not prefixes:
            return places
        return [
            start
            for at in places
            for start in (
                sorted({at, *(at + len(x) for x in prefixes if text.startswith(x, at))})
                if text.startswith(prefixes, at)
                else (at,)
            )
        ]

    def _longest(
        self,
        sentence: str,
        folded: FoldedClusters,
        words: str,
        start: int,
        keys: list[str],
    ) -> tuple[int, Name] | None:
        """The longest name that starts at a place of a folded sentence.

        Args:
            sentence: The sentence as it is.
            folded: The same, folded.
            words: For each character of it `w` if it is part of a word, else a space.
            start: The place.
            keys: The names that are there, from short to long.

        Returns:
            The end in the folded sentence, and the name; None if there is none.
        """
        text = folded.text
        found: tuple[int, Name] | None = None
        for key in reversed(keys):
            end = start + len(key)
            if self._word_ends(folded, words, end):
                surface = sentence[folded.starts[start] : folded.ends[end - 1]]
                name = self._name(key, surface)
                if name is not None:
                    found = end, name
                    break
        if self._language.endings:
            window = text[start : start + self._longest_name].translate(_NO_KEYS)
            for key in reversed(self._trie.prefixes(_STEM + window)):
                end = start + len(key) - len(_STEM)
                stop = _word_end(words, end)
                if found is not None and stop <= _word_end(words, found[0]):
                    break
                if text[end:stop] in self._suffixes:
                    return stop, _read_value(self._trie[key][0], key)
        return found

    def _name(self, key: str, surface: str) -> Name | None:
        """The name of a key that a surface stands for, if it may stand for any."""
        values = self._trie[key]
        strict = self._accented and len(key) < _LOOSE_LENGTH
        if len(values) == 1 and not strict:
            return _read_value(values[0], key)
        names = [_read_value(value, key) for value in values]
        written = CASED_WIDTH(surface).text
        same = next((name for name in names if name.surface == written), None)
        return same if same or strict else names[0]

    def _word_ends(self, folded: FoldedClusters, words: str, end: int) -> bool:
        text = folded.text
        if words[end : end + 1] != "w":
            return True
        if not folded.even:
            if folded.cuts(end):
                return False
            # A joiner or another invisible character is between.
            if self._language.spaces and not folded.joins(end):
                return True
        if not self._language.spaces:
            return not in_one_run(text[end - 1], text[end])
        return text[end : _word_end(words, end)] in self._suffixes


def _folded_affixes(affixes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(CASED_SPELLING(affix).text for affix in affixes))


def _word_end(words: str, at: int) -> int:
    end = words.find(" ", at)
    return len(words) if end < 0 else end


class _Classes(dict[int, str]):
    """A letter for the class of each code point, for `str.translate`, made when first asked for."""

    def __init__(self, classify: Callable[[str], str]) -> None:
        self._classify = classify

    def __missing__(self, code: int) -> str:
        self[code] = self._classify(chr(code))
        return self[code]


def _run_class(char: str) -> str:
    """A class for each kind of run of `in_one_run`, one for other letters, one for the rest."""
    if not char.isalnum():
        return " "
    return next((kind for kind in "aア" if in_one_run(kind, char)), "w")


_WORDS = _Classes(lambda char: "w" if in_word(char) else " ")
_WORD = re.compile("w+")
_RUNS = _Classes(_run_class)
_RUN = re.compile("a+|ア+|w")


def load(path: Path) -> Lexicon:
    """Open a lexicon that `write` wrote; the file is mapped, not read.

    Raises:
        InputError: Not such a file, or one of another format.
    """
    trie = marisa_trie.BytesTrie()
    remedy = "Delete it and let Snakemake make it again."
    try:
        trie.mmap(str(path))
        language = get(trie[_LANGUAGE][0].decode())
    except (RuntimeError, OSError, KeyError) as error:
        raise InputError(f"no lexicon ({error})", path=path, remedy=remedy) from error
    if trie.get(_FORMAT, [b""])[0] != FORMAT.encode():
        raise InputError("a lexicon of another format", path=path, remedy=remedy)
    return Lexicon(trie, language)
