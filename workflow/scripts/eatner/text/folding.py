"""Fold texts so that two spellings of one name compare equal: one family for the whole library.

Every folding begins with the same step for each character: its compatibility decomposition, in
lower case, with one kind of quote, dash and middle dot, and nothing for invisible characters. The
members of the family differ in what else they ignore. These keep the offsets:

- `EXACT`: nothing at all, not even case
- `WIDTH`: length of spaces
- `SPELLING`: stress marks, vowel points, spellings of one letter, spaces beside scripts without
- `SPACES`: the same, and all spaces
- `LETTERS`: the same, and accents and punctuation
- `ACCENTS`: length of spaces, and accents; it keeps kinds of quotes and dashes apart

These keep case as well, and compose what is left (NFC), to look names up in a table:

- `CASED_WIDTH`: as `WIDTH`
- `CASED_SPELLING`: as `SPELLING`, but for spaces, which are where words may end

These give a key to compare:

- `fold_name`: without what is between the parts of a name, and without vowel points
- `fold_words`: letters and digits without accents, one space between words
- `fold_letters`: the same without spaces
- `fold_word`: letters and digits with their accents

What has to keep its length or its case uses none of these: `phrasing` lower-cases character by
character, and `wiki/pairs.py` compares texts of one wiki by `str.casefold`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from eatner.text.characters import is_unspaced

_QUOTES = str.maketrans(
    dict.fromkeys("“”„‟«»＂〝〞〟″״", '"') | dict.fromkeys("‘’‚‛‹›`´′ʼʹʻʽ׳＇", "'")
    | dict.fromkeys("‐‑‒–—―−﹣－־", "-") | dict.fromkeys("・･•‧∙⋅", "·")
)  # fmt: skip
# Letters that stand for each other in careless or other spelling: Arabic and Persian, Turkish
# dotless i, Armenian ev, Devanagari's two signs of nasal vowels, Russian yo, Romanian's comma for
# which old fonts have a cedilla.
_SPELLINGS = str.maketrans("یىےةہەکٱıւँёЁ\u0326", "يييهههكاiվंее\u0327")
_CASED_SPELLINGS = _SPELLINGS | {ord("Ё"): "Е", ord("ß"): "ss", ord("ẞ"): "SS"}
# Most characters that one character is decomposed into: U+FDFA, an Arabic phrase.
_WIDEST = 18
# How far ahead the next character that is no space is looked for.
_AHEAD = 8


@lru_cache(maxsize=1 << 16)
def is_stress(char: str) -> bool:
    """Whether a character is a mark that is written or left out at will.

    Stress, Arabic and Hebrew vowels, tatweel, hamza and madda, the dots of Indic scripts (nukta)
    and of the Turkish i.
    """
    return (
        char in "\u0300\u0301\u0307\u0640\u0670"
        or "\u064b" <= char <= "\u0655"
        or ("\u0591" <= char <= "\u05c7" and unicodedata.category(char) == "Mn")
        or unicodedata.combining(char) == 7
    )


def without_stress(text: str) -> str:
    """A text in NFC, without its stress marks."""
    marks = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(char for char in marks if not is_stress(char)))


def has_stress(text: str) -> bool:
    """Whether a text has stress marks in any normal form."""
    return any(map(is_stress, unicodedata.normalize("NFD", text)))


def _is_accent(char: str) -> bool:
    """Whether a character is an accent above or below a letter."""
    return unicodedata.combining(char) >= 200


def _is_no_letter(char: str) -> bool:
    """Whether a character is neither letter, number nor one of the marks that make words."""
    return unicodedata.category(char)[0] not in "LMN" or is_stress(char) or _is_accent(char)


def _is_stress_or_space(char: str) -> bool:
    return is_stress(char) or char.isspace()


@lru_cache(maxsize=1 << 16)
def _decomposed(char: str) -> str:
    """A character's compatibility decomposition in lower case; nothing for an invisible one."""
    if unicodedata.category(char) == "Cf":
        return ""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())


@lru_cache(maxsize=1 << 16)
def _plain(char: str) -> str:
    """The same, with one kind of quote, dash and middle dot."""
    return _decomposed(char.translate(_QUOTES)).translate(_QUOTES)


def _spelling(char: str) -> str:
    """The same for all spellings of a character and for a digit of any script."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return _plain(char.translate(_SPELLINGS)).translate(_SPELLINGS)


class _Characters(dict[str, str]):
    """The folded form of each character, made when it is first asked for."""

    def __init__(self, fold: Callable[[str], str], ignored: Callable[[str], bool]) -> None:
        self._fold, self._ignored = fold, ignored

    def __missing__(self, char: str) -> str:
        self[char] = "".join(c for c in self._fold(char) if not self._ignored(c))
        return self[char]


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text.

    Attributes:
        text: The text as it is compared.
        origin: For each of its characters the offset of the one that it came from, in code points
            of the text as it was.
    """

    text: str
    origin: tuple[int, ...]


class Folding:
    """A folding that keeps offsets; see the module's table for its instances.

    Args:
        fold: What becomes of one character.
        ignored: Whether a character of the outcome is left out.
        apart: Whether a space beside a script without spaces is kept.
    """

    def __init__(
        self,
        fold: Callable[[str], str],
        ignored: Callable[[str], bool] = lambda _: False,
        *,
        apart: bool = True,
    ) -> None:
        self._characters = _Characters(fold, ignored)
        self._apart = apart

    def __call__(self, text: str) -> Folded:
        """Fold a text."""
        characters = self._characters
        pairs = [(c, at) for at, char in enumerate(text) for c in characters[char]]
        _sort_marks(pairs)
        kept: list[tuple[str, int]] = []
        for position, (char, at) in enumerate(pairs):
            if not char.isspace():
                kept.append((char, at))
            elif kept and kept[-1][0] != " " and self._keeps_space(kept[-1][0], pairs, position):
                kept.append((" ", at))
        return Folded("".join(char for char, _ in kept), tuple(at for _, at in kept))

    def _keeps_space(self, before: str, pairs: list[tuple[str, int]], position: int) -> bool:
        """Whether a space stays: between words, or everywhere."""
        if self._apart:
            return True
        near = pairs[position + 1 : position + 1 + _AHEAD]
        following = next((char for char, _ in near if not char.isspace()), "")
        return not is_unspaced(before) and not (following and is_unspaced(following))


def _sort_marks(pairs: list[tuple[str, int]]) -> None:
    """Put marks in canonical order, which decomposing one character after another does not give."""
    start = 0
    while start < len(pairs):
        end = start + 1
        if unicodedata.combining(pairs[start][0]):
            while end < len(pairs) and unicodedata.combining(pairs[end][0]):
                end += 1
            pairs[start:end] = sorted(pairs[start:end], key=lambda p: unicodedata.combining(p[0]))
        start = end


class _Exact(Folding):
    def __call__(self, text: str) -> Folded:
        return Folded(text, tuple(range(len(text))))


EXACT = _Exact(str)
WIDTH = Folding(_plain)
SPELLING = Folding(_spelling, is_stress, apart=False)
SPACES = Folding(_spelling, _is_stress_or_space)
LETTERS = Folding(_spelling, _is_no_letter)
ACCENTS = Folding(_decomposed, _is_accent)


@lru_cache(maxsize=1 << 16)
def _is_attached(cluster: str, char: str) -> bool:
    """Whether a character may change when it is folded together with those before it.

    A mark that moves or composes, a Hangul vowel or final, a tatweel, another space. The vowels of
    Indic scripts do not: where they begin, a name may end (বাংলাদেশের).
    """
    if char.isspace():
        return cluster.isspace()
    if unicodedata.combining(char) or char == "\u0640":
        return True
    # By NFKC, because half-width kana compose too: ﾊﾞ
    composed = unicodedata.normalize("NFKC", cluster)
    return len(unicodedata.normalize("NFKC", cluster + char)) <= len(composed)


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each character with what is attached to it."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not _is_attached(text[start:at], text[at]):
            yield start, at
            start = at


@dataclass(frozen=True, slots=True)
class FoldedClusters:
    """A folded text.

    Attributes:
        text: The text as it is compared.
        starts: For each of its characters the start of the cluster it came from, in code points of
            the text as it was.
        ends: The end (exclusive) of that cluster.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @property
    def even(self) -> bool:
        """Whether each character of the original became one, so that all offsets are the same."""
        return isinstance(self.starts, range)

    def cuts(self, at: int) -> bool:
        """Whether a place of the folded text is inside a cluster of the original."""
        return 0 < at < len(self.text) and self.starts[at - 1] == self.starts[at]

    def joins(self, at: int) -> bool:
        """Whether the neighbours of a place in the folded text are neighbours in the original."""
        return 0 < at < len(self.text) and self.ends[at - 1] == self.starts[at]


class _CodePoints(dict[int, str]):
    """The folded form of each code point, for `str.translate`, made when it is first asked for."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        self._fold = fold
        self.uneven: set[str] = set()
        """The characters seen so far that become none or several."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = self._fold(chr(code))
        if len(folded) != 1:
            self.uneven.add(chr(code))
        return folded


class CasedFolding:
    """A folding that keeps case and composes, for names that are looked up; see the module's table.

    It is made for speed: one `str.translate` folds a text. Where all its characters become one
    each, the offsets stay, else they move at the others alone. Only where characters compose (the
    outcome is not in NFC) are they folded with what is attached to them.

    Args:
        spelling: Whether stress marks and spellings of one letter are ignored.
    """

    def __init__(self, *, spelling: bool) -> None:
        self._spelling = spelling
        self._cluster = lru_cache(maxsize=1 << 16)(self._fold_cluster)
        self._table = _CodePoints(self._cluster)

    def __call__(self, text: str) -> FoldedClusters:
        """Fold a text."""
        folded = text.translate(self._table)
        if "  " not in folded and unicodedata.is_normalized("NFC", folded):
            if self._table.uneven.isdisjoint(text):
                return FoldedClusters(folded, range(len(text)), range(1, len(text) + 1))
            return FoldedClusters(folded, *self._moved(text))
        clusters = list(_clusters(text))
        parts = [self._cluster(text[start:end]) for start, end in clusters]
        pairs = list(zip(clusters, parts, strict=True))
        starts = [start for (start, _), part in pairs for _ in part]
        return FoldedClusters(
            "".join(parts), starts, [end for (_, end), part in pairs for _ in part]
        )

    def _moved(self, text: str) -> tuple[list[int], list[int]]:
        """Where the characters of a text that `translate` has folded start and end in it."""
        starts: list[int] = []
        ends: list[int] = []
        base, uneven = 0, self._table.uneven
        for at, char in enumerate(text):
            if char not in uneven:
                continue
            starts += range(base, at)
            ends += range(base + 1, at + 1)
            base = at + 1
            size = len(self._table[ord(char)])
            starts += [at] * size
            ends += [base] * size
            # A mark that is left out ends with its letter; an invisible character belongs to none.
            if not size and ends and ends[-1] == at and unicodedata.category(char) != "Cf":
                several = len(starts) - starts.index(starts[-1], max(0, len(starts) - _WIDEST))
                ends[-several:] = [base] * several
        starts += range(base, len(text))
        ends += range(base + 1, len(text) + 1)
        return starts, ends

    def _fold_cluster(self, cluster: str) -> str:
        if cluster.isspace():
            return " "
        text = unicodedata.normalize("NFC", cluster).translate(_QUOTES)
        if self._spelling:
            text = text.translate(_CASED_SPELLINGS)
        text = unicodedata.normalize("NFKD", text).translate(_QUOTES)
        if self._spelling:
            text = text.translate(_CASED_SPELLINGS)
            text = "".join(
                str(unicodedata.decimal(char)) if char.isdecimal() else char
                for char in text
                if not is_stress(char)
            )
        visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
        return unicodedata.normalize("NFC", visible)


CASED_WIDTH = CasedFolding(spelling=False)
CASED_SPELLING = CasedFolding(spelling=True)

# Spaces, hyphens and dots between the parts of a name; vowel marks of Hebrew and Arabic.
_BETWEEN_PARTS = re.compile(r"[\s·・‧•'\-\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670]+")
_WORD = re.compile(r"[^\W_]+")


def _composed(text: str) -> str:
    """A text after the step that all foldings begin with, in NFC."""
    return unicodedata.normalize("NFC", "".join(map(_plain, text)))


def fold_name(text: str) -> str:
    """A title or a link's text without what differs between the spellings of a name.

    Accents that belong to a letter stay.
    """
    return _BETWEEN_PARTS.sub("", _composed(text))


def fold_words(text: str) -> str:
    """The letters and digits of a text without accents, one space between words."""
    plain = "".join(map(_plain, text))
    return " ".join(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


def fold_letters(text: str) -> str:
    """The letters and digits of a text without accents."""
    return "".join(char for char in map(_plain, text) for char in char if char.isalnum())


def fold_word(text: str) -> str:
    """The letters and digits of a text, with their accents."""
    return "".join(filter(str.isalnum, _composed(text)))
