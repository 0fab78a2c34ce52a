"""A document with entities, cut into sentences; for readers whose offsets count in the document."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
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
    by_place = sorted(enumerate(entities), key=lambda numbered: numbered[1].start)
    starts = [entity.start for _, entity in by_place]
    words = sorted(tokens)
    joined: list[Span] = []
    for start, end in bounds:
        before = bisect_left(starts, start) - 1
        if joined and before >= 0 and by_place[before][1].end > joined[-1][1]:
            start = joined.pop()[0]
        joined.append((start, end))
    for start, end in joined:
        first, after = bisect_left(starts, start), bisect_left(starts, end)
        # In the order of the file.
        inside = [e for _, e in sorted(by_place[first:after], key=itemgetter(0)) if e.end <= end]
        first, after = bisect_left(words, (start,)), bisect_left(words, (end,))
        yield AnnotatedSentence(
            ids.take("", place),
            text[start:end],
            tuple((a - start, b - start) for a, b in words[first:after] if b <= end),
            tuple(LabelledSpan(e.start - start, e.end - start, e.label, e.line) for e in inside),
        )
