"""The rows that every aligner gives."""

from __future__ import annotations

from collections.abc import Sequence

from eatner.tables import Alignment, AlignmentStatus, Mention, Span


def alignment_row(
    mention: Mention,
    status: AlignmentStatus,
    span: Span | None = None,
    surface: str = "",
    *,
    logprob: float | None = None,
    confidence: float | None = None,
    candidates: Sequence[tuple[str, float]] = (),
) -> Alignment:
    """A row of the align table for an English entity.

    Args:
        mention: The entity's row of the tag table.
        status: `aligned`, or why the entity has no span.
        span: The place of its phrase in the sentence.
        surface: The sentence at that place.
        logprob: Natural log-probability of the LLM's answer.
        confidence: Probability that the span is right.
        candidates: The most probable phrases, each with its probability.
    """
    start, end = (None, None) if span is None else span
    return Alignment(
        mention.sentence_id, mention.surface, mention.start, mention.end, mention.type,
        start, end, surface, logprob, confidence, status, tuple(candidates),
    )  # fmt: skip
