"""An alignment that keeps a tagger's offsets, for systems that label the sentence directly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eatner.align.rows import alignment_row
from eatner.align.step import Step
from eatner.errors import InputError
from eatner.tables import Alignment, Mention, Sentence, by_sentence


def run(step: Step) -> Iterator[Alignment]:
    """Keep the offsets of the entities of a step."""
    return align(step.sentences, step.mentions)


def align(sentences: Sequence[Sentence], tagged: Sequence[Mention]) -> Iterator[Alignment]:
    """Take the tagger's offsets as those in the sentence.

    Args:
        sentences: Rows of sentences.tsv.
        tagged: Rows of a tag TSV of the sentences themselves.

    Yields:
        One row for every row of `tagged`, in the order of the sentences: `aligned`; `taken`, if it
        overlaps an entity before it; or the tagger's status. The confidence is the tagger's score.

    Raises:
        InputError: The offsets of an entity are not those of the sentence: it was tagged in a
            translation.
    """
    mentions_of = by_sentence(tagged)
    for sentence in sentences:
        text, last_end = sentence.text, 0
        for row in mentions_of[sentence.sentence_id]:
            if row.status != "tagged":
                yield alignment_row(row, row.status)
                continue
            start, end = row.span
            if not 0 <= start < end <= len(text) or text[start:end] != row.surface:
                raise InputError(
                    f"the tagger's entity {row.surface!r} is not at {start}:{end} of the sentence "
                    "itself",
                    record=f"sentence {sentence.sentence_id}",
                    remedy="Use this aligner with a translator of kind `identity`.",
                )
            if start < last_end:
                yield alignment_row(row, "taken")
                continue
            last_end = end
            yield alignment_row(row, "aligned", (start, end), row.surface, confidence=row.score)
