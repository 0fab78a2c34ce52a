"""An alignment that takes a tagger's offsets as they are, for systems that label the sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eatner.align.rows import alignment_row
from eatner.errors import InputError
from eatner.tables import Alignment, Mention, Sentence, by_sentence


def align(sentences: Sequence[Sentence], tagged: Sequence[Mention]) -> Iterator[Alignment]:
    """Take the tagger's offsets for those in the sentence.

    Args:
        sentences: Rows of sentences.tsv.
        tagged: Rows of a tag TSV of the sentences themselves.

    Yields:
        For every row of `tagged` one row, in the order of the
        sentences. status: `aligned`; `taken` (it overlaps an entity before it); others come from
        the tagger. The confidence is the tagger's score.

    Raises:
        InputError: An entity whose offsets are not those of the sentence: it was tagged in a
            translation.
    """
    mentions_of = by_sentence(tagged)
    for sentence in sentences:
        text, free = sentence.text, 0
        for row in mentions_of[sentence.sentence_id]:
            if row.status != "tagged":
                yield alignment_row(row, row.status)
                continue
            start, end = row.span
            if not 0 <= start < end <= len(text) or text[start:end] != row.surface:
                raise InputError(
                    f"the tagger's entity {row.surface!r} does not stand at {start}:{end} of "
                    "the sentence itself",
                    record=f"sentence {sentence.sentence_id}",
                    remedy="Use this aligner with a translator of kind `identity`.",
                )
            if start < free:
                yield alignment_row(row, "taken")
                continue
            free = end
            yield alignment_row(row, "aligned", (start, end), row.surface, confidence=row.score)
