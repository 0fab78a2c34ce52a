"""A document with entities, cut into sentences; for readers whose offsets count in the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from eatner.corpora.gold import AnnotatedSentence, LabelledSpan
from eatner.corpora.tokens import Ids, Place
from eatner.errors import InputError
from eatner.tables import Span


def overlapping(spans: Iterable[LabelledSpan]) -> tuple[LabelledSpan, LabelledSpan] | None:
    """The first two spans that share a character, None if no two do."""
    before: LabelledSpan | None = None
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if before is not None and span.start < before.end:
            return before, span
        before = span
    return None


def refuse_overlaps(spans: Iterable[LabelledSpan], text: str, path: Path, place: Place) -> None:
    """Refuse nested and overlapping spans.

    Args:
        spans: Spans within the text.
        text: The text.
        path: The file.
        place: Where the text is in it; a span's own line is named if it has one.

    Raises:
        InputError: It names two of them.
    """
    pair = overlapping(spans)
    if pair is None:
        return
    first, second = (f"{s.start}:{s.end} {s.label} {text[s.start : s.end]!r}" for s in pair)
    line = pair[1].line
    where: Place = {"line": line} if line else place
    raise InputError(
        f"the span {second} overlaps another, {first}",
        path=path,
        **where,
        remedy="Entities may not be nested or overlap: leave one of them out.",
    )


def sentences(
    text: str,
    entities: Sequence[LabelledSpan],
    bounds: Iterable[Span],
    ids: Ids,
    place: Place,
    tokens: Sequence[Span] = (),
) -> Iterator[AnnotatedSentence]:
    """The sentences of a document, each with its own entities.

    Args:
        text: The document.
        entities: Its entities, without overlap.
        bounds: Start and end of each sentence, in order. Two sentences that an entity crosses
            become one.
        ids: Gives the ids of the file's sentences.
        place: Where the document is, for messages.
        tokens: The places of its tokens.
    """
    joined: list[Span] = []
    for start, end in bounds:
        if joined and any(e.start < start and e.end > joined[-1][1] for e in entities):
            start = joined.pop()[0]
        joined.append((start, end))
    for start, end in joined:
        inside = [e for e in entities if start <= e.start and e.end <= end]
        yield AnnotatedSentence(
            ids.take("", place),
            text[start:end],
            tuple((a - start, b - start) for a, b in tokens if start <= a and b <= end),
            tuple(LabelledSpan(e.start - start, e.end - start, e.label, e.line) for e in inside),
        )
