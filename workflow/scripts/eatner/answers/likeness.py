"""Compare texts at several levels of likeness, and find a phrase in a sentence at each."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from eatner.tables import Span
from eatner.text import languages
from eatner.text.characters import (
    FINAL,
    fold_spelling,
    fold_width_and_case,
    is_accent,
    is_inside,
    is_stress,
    is_unspaced,
    is_word,
)

# Rejected matches are looked at until this many characters have been compared in vain.
_MOST_COMPARED = 200_000


@dataclass(frozen=True, slots=True)
class ComparedForm:
    """A text as it is compared, and from each of its characters the one that it came from."""

    text: str
    origin: tuple[int, ...]


def compared_form(text: str, level: int) -> ComparedForm:
    """A text at a level of likeness.

    0: as it is. 1: without regard to case, width, composition, kind of quote and dash, length of
    spaces and invisible characters. 2: and to stress marks, vowel points, spellings
    (`_SPELLINGS`) and spaces beside scripts without spaces. 3: and to all spaces. 4: and to
    accents and punctuation.
    """
    if level == 0:
        return ComparedForm(text, tuple(range(len(text))))
    fold = fold_width_and_case if level == 1 else fold_spelling
    pairs = [(c, at) for at, char in enumerate(text) for c in fold(char)]
    # Canonical order of marks, which decomposing character by character does not give.
    start = 0
    while start < len(pairs):
        end = start + 1
        if unicodedata.combining(pairs[start][0]):
            while end < len(pairs) and unicodedata.combining(pairs[end][0]):
                end += 1
            pairs[start:end] = sorted(pairs[start:end], key=lambda p: unicodedata.combining(p[0]))
        start = end
    if level in (2, 3):
        pairs = [pair for pair in pairs if not is_stress(pair[0])]
    if level == 3:
        pairs = [pair for pair in pairs if not pair[0].isspace()]
    if level == 4:
        pairs = [
            (c, at)
            for c, at in pairs
            if unicodedata.category(c)[0] in "LMN" and not is_stress(c) and not is_accent(c)
        ]
    kept: list[tuple[str, int]] = []
    for position, (c, at) in enumerate(pairs):
        if c.isspace():
            if not kept or kept[-1][0] == " ":
                continue
            if level >= 2:
                near = pairs[position + 1 : position + 9]
                ahead = next((d for d, _ in near if not d.isspace()), "")
                if is_unspaced(kept[-1][0]) or (ahead and is_unspaced(ahead)):
                    continue
            c = " "
        kept.append((c, at))
    return ComparedForm("".join(c for c, _ in kept), tuple(at for _, at in kept))


def _joins_before(char: str) -> bool:
    """A mark, or a Hangul vowel or final, that makes one character with what stands before it."""
    return bool(unicodedata.combining(char)) or "\u1160" <= char <= "\u11ff"


@lru_cache(maxsize=1)
def korean_particles() -> tuple[str, ...]:
    return languages.get("ko").suffixes


def attachment(sentence: str, span: Span) -> int:
    """How a span stands in its word: 0 whole, 1 with an affix on one side, 2 inside.

    Korean particles make no difference: a noun with one is whole.
    """
    start, end = span
    left = is_inside(sentence, start)
    right = is_inside(sentence, end)
    # In "net3月" the 3 belongs to the month: a word of Japanese may begin or end at a digit.
    if left and sentence[start].isdigit() != sentence[start - 1].isdigit():
        left = not any(map(is_unspaced, sentence[start:end]))
    if right and sentence[end - 1].isdigit() != sentence[end].isdigit():
        right = not any(map(is_unspaced, sentence[start:end]))
    if right and "\uac00" <= sentence[end] <= "\ud7a3":
        after = end
        while after < len(sentence) and is_word(sentence[after]) and after - end < 8:
            after += 1
        right = sentence[end:after] not in korean_particles()
    return left + right


class ComparedSentence:
    """A sentence in all its forms, made when first needed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._forms: dict[int, ComparedForm] = {}

    def form(self, level: int) -> ComparedForm:
        if level not in self._forms:
            self._forms[level] = compared_form(self.text, level)
        return self._forms[level]

    def find(self, phrase: str, level: int) -> list[Span]:
        """All places of a phrase, without overlap, those that are whole words where any is."""
        form, wanted = self.form(level), compared_form(phrase, level).text.strip()
        if not wanted or (level >= 3 and len(wanted) < 2):
            return []
        found: list[Span] = []
        at, left = form.text.find(wanted), _MOST_COMPARED
        while at >= 0 and left > 0:
            after = at + len(wanted)
            if self._is_apart(form, at, after):
                found.append((form.origin[at], self._end(form, after)))
                at = form.text.find(wanted, after)
            else:
                left -= len(wanted)
                at = form.text.find(wanted, at + 1)
        if not found:
            return []
        ranks = [attachment(self.text, span) for span in found]
        # The inside of a word counts only letter by letter: "US" does not name the "us" of "Haus".
        best = min(ranks)
        if best == 2 and level > 0:
            return []
        return [span for span, rank in zip(found, ranks, strict=True) if rank == best]

    def _is_apart(self, form: ComparedForm, at: int, after: int) -> bool:
        """Whether a match begins and ends between characters of the sentence, not inside one."""
        if at and (form.origin[at - 1] == form.origin[at] or _joins_before(form.text[at])):
            return False
        if after == len(form.text):
            return True
        return form.origin[after] != form.origin[after - 1] and not _joins_before(form.text[after])

    def _end(self, form: ComparedForm, after: int) -> int:
        """The end of a match, with the marks on its last character that the level leaves out."""
        end = max(form.origin[max(0, after - 4) : after]) + 1
        while end < len(self.text) and unicodedata.category(self.text[end]) in ("Mn", "Me"):
            if after < len(form.text) and form.origin[after] <= end:
                break
            end += 1
        return end


def without_spaces(form: ComparedForm) -> str:
    return form.text.replace(" ", "").rstrip(FINAL)


def occurrences(surface: str, sentence: str) -> list[Span]:
    """Where a phrase stands letter by letter, without overlap: whole words where any is."""
    return ComparedSentence(sentence).find(surface, 0)
