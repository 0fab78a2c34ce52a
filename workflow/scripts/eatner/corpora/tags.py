"""The spellings of tags that files use for the usual `B-PER`, `I-PER` and `O`.

`PER_B` and `b-per` say the same as `B-PER`; `-`, `_`, `0` or a lower-case `o` the same as `O`.
Brackets are CoNLL-2012's: `(PERSON*`, `*`, `*)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from eatner.corpora.iob import TAG, TokenError

# `usual`: B-PER and O; `before`: B_PER, b-per; `after`: PER_B, PER-B; `brackets`: (PER*, *, *).
Spelling = Literal["usual", "before", "after", "brackets"]
_OTHER_SPELLINGS: tuple[Spelling, ...] = ("before", "after")
# What stands for O in one file or another, without case.
_OUTSIDE = {"o", "0", "_", "-", "–", "—", "*", "", "other", "out", "outside", "none", "null"}
# What a typist makes of an O in a file that has it elsewhere.
_SLIPS = {"o", "0"}
_LABEL = r"[^\W\d_][\w.&/-]+"
_BEFORE = re.compile(rf"([BIESLUMWbieslumw])[-_:]({_LABEL})")
_AFTER = re.compile(rf"({_LABEL})[-_:]([BIESLUMWbieslumw])")
_BRACKETS = re.compile(r"(?:\(([^\W\d][\w.&-]*))?\*?(\))?")
# Brackets of CoNLL-2012 that are no entities: syntax and the arguments of verbs.
_NO_ENTITY = re.compile(
    r"(?:[RC]-)?(?:ARG\w*|A\d|AM)(?:-\w+)?|V|TOP|S|SBARQ?|SINV|SQ|NML|FRAG|UCP|INTJ|X|PRN|PRT|"
    r"(?:N|V|P|ADJ|ADV|Q|WHN|WHP|WHADV|WHADJ|CONJ)P"
)
# In the other spellings a column is one of tags where so many of its values are.
NEARLY_ALL = 0.9


class Tags(dict[str, str | None]):
    """From each tag of a file to the usual spelling; None for what is no tag.

    A dictionary that fills itself: a file has few tags and many tokens.
    """

    def __init__(self, spelling: Spelling) -> None:
        super().__init__()
        self.spelling = spelling

    def __missing__(self, tag: str) -> str | None:
        usual = self[tag] = _usual(tag.strip(), self.spelling)
        return usual

    def __repr__(self) -> str:
        return f"tags as in {'(PER*' if self.spelling == 'brackets' else _EXAMPLES[self.spelling]}"

    def respelt(self) -> list[str]:
        """The tags met so far that are not spelt as usual."""
        return [tag for tag, usual in self.items() if usual is not None and tag.strip() != usual]


_EXAMPLES = {"usual": "B-PER", "before": "B_PER", "after": "PER_B"}


def _usual(tag: str, spelling: Spelling) -> str | None:
    if TAG.fullmatch(tag) and spelling != "after":
        return tag
    if spelling == "usual":
        match = _BEFORE.fullmatch(tag)
        if match and match[1].islower() and tag[1] == "-" and match[1] != "w":
            return f"{match[1].upper()}-{match[2]}"
        return "O" if tag in _SLIPS else None
    if tag.casefold() in _OUTSIDE:
        return "O"
    match = (_BEFORE if spelling == "before" else _AFTER).fullmatch(tag)
    if match is None:
        return None
    prefix, label = (match[1], match[2]) if spelling == "before" else (match[2], match[1])
    prefix = prefix.upper()
    return f"{'S' if prefix == 'W' else prefix}-{label}"


def spelling_of(counts: Mapping[str, int]) -> Spelling | None:
    """The unusual spelling in which a column's values are tags; None where they are none.

    Args:
        counts: How many rows hold each value. One label at least must be among them.
    """
    total = sum(counts.values())
    for spelling in _OTHER_SPELLINGS:
        tags = Tags(spelling)
        labelled = sum(n for value, n in counts.items() if (tags[value] or "O") != "O")
        matched = sum(n for value, n in counts.items() if tags[value] is not None)
        if labelled and matched >= NEARLY_ALL * total:
            return spelling
    return None


def are_brackets(counts: Mapping[str, int]) -> bool:
    """Whether a column's values are the entities of CoNLL-2012: brackets and stars."""
    total = sum(counts.values())
    matches = [(_BRACKETS.fullmatch(value.strip()), n) for value, n in counts.items()]
    labels = {match[1] for match, _ in matches if match and match[1]}
    return (
        total > 1
        and sum(n for match, n in matches if match and match[0]) >= NEARLY_ALL * total
        and any("*" in value for value in counts)  # not every word in brackets is an entity
        and not any(map(_NO_ENTITY.fullmatch, labels))
    )


def from_brackets(values: Sequence[str]) -> list[str]:
    """The tags of a sentence whose entities are in brackets: `(PERSON*`, `*)`, `(GPE)`, `*`.

    Raises:
        TokenError: A bracket that opens within another, closes nothing, or is never closed.
    """
    tags: list[str] = []
    label = ""
    for token, value in enumerate(values):
        value = value.strip()
        match = _BRACKETS.fullmatch(value)
        if value in ("-", "_", "O"):
            match = _BRACKETS.fullmatch("*")
        if match is None or not match[0]:
            raise TokenError(f"{value!r} is no entity in brackets as in (PERSON* or *)", token)
        if match[1] and label:
            raise TokenError(f"{value!r} opens an entity within {label}", token)
        if match[2] and not (label or match[1]):
            raise TokenError(f"{value!r} closes no entity", token)
        tags.append(f"B-{match[1]}" if match[1] else f"I-{label}" if label else "O")
        label = "" if match[2] else match[1] or label
    if label:
        raise TokenError(f"the entity {label} is not closed at the sentence's end", len(values) - 1)
    return tags
