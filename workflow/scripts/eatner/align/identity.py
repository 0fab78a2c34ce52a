"""An alignment that takes a tagger's offsets as they are, for systems that label the sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from eatner.align.rows import alignment_row
from eatner.errors import InputError


def align(
    sentences: Sequence[Mapping[str, str]], tagged: Sequence[Mapping[str, str]]
) -> Iterator[dict[str, object]]:
    """Take the tagger's offsets for those in the sentence.

    Args:
        sentences: Rows of sentences.tsv.
        tagged: Rows of a tag TSV of the sentences themselves.

    Yields:
        For every row of `tagged` one row with the columns of `eatner.align`, in the order of the
        sentences. status: `aligned`; `taken` (it overlaps an entity before it); others come from
        the tagger. The confidence is the tagger's score.

    Raises:
        InputError: An entity whose offsets are not those of the sentence: it was tagged in a
            translation.
    """
    by_sentence: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in tagged:
        by_sentence[row["sentence_id"]].append(row)
    for sentence in sentences:
        text, free = sentence["text"], 0
        for row in by_sentence[sentence["sentence_id"]]:
            if row["status"] != "tagged":
                yield alignment_row(row, row["status"])
                continue
            start, end = int(row["start"]), int(row["end"])
            if not 0 <= start < end <= len(text) or text[start:end] != row["surface"]:
                raise InputError(
                    f"the tagger's entity {row['surface']!r} does not stand at {start}:{end} of "
                    "the sentence itself",
                    record=f"sentence {sentence['sentence_id']}",
                    remedy="Use this aligner with a translator of kind `identity`.",
                )
            if start < free:
                yield alignment_row(row, "taken")
                continue
            free = end
            score = float(row["score"]) if row["score"] else None
            yield alignment_row(row, "aligned", (start, end), row["surface"], confidence=score)
