"""The rows that every aligner gives."""

from __future__ import annotations

from collections.abc import Mapping

from eatner.text.characters import Span

ALIGNMENT_COLUMNS = (
    "sentence_id",
    "english",
    "english_start",
    "english_end",
    "type",
    "start",
    "end",
    "surface",
    "logprob",
    "confidence",
    "status",
)


def alignment_row(
    tagged: Mapping[str, str],
    status: str,
    span: Span | None = None,
    surface: str | None = None,
    *,
    logprob: float | None = None,
    confidence: float | None = None,
) -> dict[str, object]:
    """A row with the `ALIGNMENT_COLUMNS` for an English entity.

    Args:
        tagged: Its row of a tag TSV.
        status: `aligned`, or why it has no span.
        span: Where it stands in the sentence.
        surface: The sentence there.
        logprob: Natural log-probability of the LLM's answer.
        confidence: Probability that the span is right.
    """
    return {
        "sentence_id": tagged["sentence_id"],
        "english": tagged["surface"],
        "english_start": tagged["start"],
        "english_end": tagged["end"],
        "type": tagged["type"],
        "start": None if span is None else span[0],
        "end": None if span is None else span[1],
        "surface": surface,
        "logprob": _rounded(logprob),
        "confidence": _rounded(confidence),
        "status": status,
    }


def _rounded(number: float | None) -> str | None:
    return None if number is None else f"{number:.3f}"
