"""How much a phrase in the running text of an answer looks like a name."""

from __future__ import annotations

from collections import Counter

from eatner.answers.likeness import attachment
from eatner.answers.pieces import LONGEST_ESSAY
from eatner.tables import Span
from eatner.text.characters import has_case, is_hiragana, is_unspaced, script_kind, script_of


def is_fragment(text: str, start: int, end: int) -> bool:
    """Whether a phrase begins or ends amid the ideographs, the katakana, the Thai of a text."""
    return any(
        0 < at < len(text)
        and is_unspaced(text[at])
        and not is_hiragana(text[at])
        and script_kind(text[at - 1]) == script_kind(text[at])
        for at in (start, end)
    )


def may_be_name(sentence: str, span: Span) -> bool:
    """Whether a phrase that an answer gives a name's place has a capital, if its script has any."""
    phrase = sentence[span[0] : span[1]]
    if attachment(sentence, span) > 1:
        return False
    return not has_case(phrase) or phrase != phrase.lower() or any(map(str.isdigit, phrase))


def namelike(sentence: str, span: Span, answer: str) -> int:
    """How much a phrase in the running text of an answer looks like more than a common word of it.

    2: it is in a script that the rest of the answer is not in. 1: it has a capital or a digit where
    the script has capitals, or it is more than hiragana. 0: it does not.
    """
    phrase = sentence[span[0] : span[1]]
    attached = attachment(sentence, span)
    around = answer.replace(phrase, " ")[:LONGEST_ESSAY]
    letters = {script_of(char) for char in phrase if char.isalpha()}
    if not letters:
        return 0 if attached or any(map(str.isdigit, around)) else 1
    others = Counter(script_of(char) for char in around if char.isalpha())
    foreign = any(others[script] <= 0.2 * others.total() for script in letters)
    if attached:
        return 2 if foreign and attached == 1 and len(phrase) > 2 else 0
    if foreign:
        return 2
    if has_case(phrase):
        # A Latin word is rare where words are not separated: "twitter".
        strange = any(map(is_unspaced, sentence))
        return int(strange or phrase != phrase.lower() or any(map(str.isdigit, phrase)))
    hiragana = all(map(is_hiragana, phrase))
    return int(any(map(is_unspaced, phrase)) and not hiragana and len(phrase) > 1)
