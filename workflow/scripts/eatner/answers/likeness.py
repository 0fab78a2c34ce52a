"""Find a phrase in a sentence, under any folding of `text/folding.py`."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from eatner.tables import Span
from eatner.text import languages
from eatner.text.characters import FINAL, is_inside, is_unspaced, is_word
from eatner.text.folding import EXACT, LETTERS, SPACES, Folded, Folding

# Rejected matches are looked at until this many characters have been compared in vain.
_MOST_COMPARED = 200_000
# Under these a single character would be found everywhere.
_LOOSE = (SPACES, LETTERS)


def _joins_before(char: str) -> bool:
    """A mark, or a Hangul vowel or final, that makes one character with the one before it."""
    return bool(unicodedata.combining(char)) or "\u1160" <= char <= "\u11ff"


@lru_cache(maxsize=1)
def korean_particles() -> tuple[str, ...]:
    """The particles that Korean attaches to a noun."""
    return languages.get("ko").suffixes


def attachment(sentence: str, span: Span) -> int:
    """How a span lies in its word: 0 it is the word, 1 it has an affix on one side, 2 on both.

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
    """A sentence under every folding, folded when first needed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded: dict[Folding, Folded] = {}

    def folded(self, folding: Folding) -> Folded:
        """The sentence under a folding."""
        if folding not in self._folded:
            self._folded[folding] = folding(self.text)
        return self._folded[folding]

    def find(self, phrase: str, folding: Folding) -> list[Span]:
        """All places of a phrase, without overlap, those that are whole words where any is."""
        form, wanted = self.folded(folding), folding(phrase).text.strip()
        if not wanted or (folding in _LOOSE and len(wanted) < 2):
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
        if best == 2 and folding is not EXACT:
            return []
        return [span for span, rank in zip(found, ranks, strict=True) if rank == best]

    def _is_apart(self, form: Folded, at: int, after: int) -> bool:
        """Whether a match begins and ends between characters of the sentence, not inside one."""
        if at and (form.origin[at - 1] == form.origin[at] or _joins_before(form.text[at])):
            return False
        if after == len(form.text):
            return True
        return form.origin[after] != form.origin[after - 1] and not _joins_before(form.text[after])

    def _end(self, form: Folded, after: int) -> int:
        """The end of a match, with the marks on its last character that the folding ignores."""
        end = max(form.origin[max(0, after - 4) : after]) + 1
        while end < len(self.text) and unicodedata.category(self.text[end]) in ("Mn", "Me"):
            if after < len(form.text) and form.origin[after] <= end:
                break
            end += 1
        return end


def without_spaces(form: Folded) -> str:
    """A folded text without spaces and final marks."""
    return form.text.replace(" ", "").rstrip(FINAL)


def occurrences(surface: str, sentence: str) -> list[Span]:
    """The places of a phrase, letter by letter, without overlap: whole words where any is."""
    return ComparedSentence(sentence).find(surface, EXACT)
