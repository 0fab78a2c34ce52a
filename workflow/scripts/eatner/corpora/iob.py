"""Tags of entities, a prefix and a label a token: from tags to spans and back.

IOB1 is Ramshaw and Marcus 1995; IOB2 Tjong Kim Sang and Veenstra 1999; BIOES and BILOU Ratinov and
Roth 2009.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SCHEMES = ("auto", "iob1", "iob2", "bioes", "bilou", "lenient")
# A tag: its prefix, none for O, and its label.
TAG = re.compile(r"O|([BIESLUM])-(\S[^\r\n]*)")
_PREFIXES = {"iob1": "BI", "iob2": "BI", "bioes": "BIESM", "bilou": "BILU", "lenient": "BIESLUM"}


class TokenError(ValueError):
    """What is wrong at a token: `token` is its position, or None for behind the last."""

    def __init__(self, problem: str, token: int | None) -> None:
        super().__init__(problem)
        self.token = token


def decode(tags: Sequence[str], scheme: str) -> list[tuple[int, int, str]]:
    """The entities of a tag sequence, as (first token, token after the last, label).

    `iob1` lets `I-` open an entity anywhere and `iob2` only where none is open: there an `I-` of
    another type inside an entity contradicts its `B-`. `bioes` and `bilou` are redundant, so any
    order that breaks them is refused. `lenient` takes every prefix in every order, as seqeval's
    default mode does.

    Raises:
        TokenError: A malformed tag, or an order that the scheme forbids.
    """
    found: list[tuple[int, int, str]] = []
    opened, label = -1, ""
    closing = scheme in ("bioes", "bilou")

    def close(token: int, *, complete: bool) -> None:
        nonlocal opened
        if opened >= 0:
            if closing and not complete:
                raise TokenError(f"the entity {label} that began before is not ended", token)
            found.append((opened, token, label))
            opened = -1

    for token, tag in enumerate(tags):
        match = TAG.fullmatch(tag)
        if match is None or (match[1] and match[1] not in _PREFIXES[scheme]):
            raise TokenError(f"{tag!r} is not a tag of {scheme.upper()}", token)
        prefix, kind = match[1], match[2]
        if prefix is None:
            close(token, complete=False)
            continue
        goes_on = opened >= 0 and kind == label and prefix in "IMEL"
        if not goes_on:
            if prefix in "IMEL" and (closing or (scheme == "iob2" and opened >= 0)):
                raise TokenError(f"{tag} continues no {kind}", token)
            close(token, complete=False)
            opened, label = token, kind
        if prefix in "ESLU":
            close(token + 1, complete=True)
    close(len(tags), complete=False)
    return found


def encode(spans: Iterable[tuple[int, int, str]], length: int, scheme: str = "iob2") -> list[str]:
    """The tags of `length` units for entities given as (first, after the last, label).

    The inverse of `decode`; the units are tokens, or code points for scoring.

    Args:
        spans: Entities without overlap, in any order.
        length: The number of units.
        scheme: `iob1`, `iob2`, `bioes` or `bilou`.

    Raises:
        ValueError: A span is empty, out of range, or overlaps another.
    """
    tags = ["O"] * length
    last, single = {"bioes": ("E", "S"), "bilou": ("L", "U")}.get(scheme, ("I", "B"))
    before, label_before = 0, ""
    for start, end, label in sorted(spans):
        if not before <= start < end <= length:
            raise ValueError(f"the span {start}:{end} {label} overlaps another or is out of range")
        tags[start:end] = [f"I-{label}"] * (end - start)
        tags[end - 1] = f"{last}-{label}"
        if scheme != "iob1":
            tags[start] = f"{single if end - start == 1 else 'B'}-{label}"
        elif start == before and label == label_before:
            tags[start] = f"B-{label}"
        else:
            tags[start] = f"I-{label}"
        before, label_before = end, label
    return tags
