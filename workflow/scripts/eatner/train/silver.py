"""Silver data: what a system labelled, as training data for a tagger (teacher and student).

Source of the idea: FiNERweb (Golde et al. 2025, arXiv 2512.13884), whose teacher is an LLM that is
asked for entities. Here the teacher is any system of this project.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from eatner import tables
from eatner.errors import InputError
from eatner.tables import FOUND, Alignment, Sentence, by_sentence
from eatner.train.tagger_models import Labelled

log = logging.getLogger(__name__)
# The part of the sentences that is held out if no corpus with gold is named.
HELD_OUT = 0.1


class Silver(NamedTuple):
    """Sentences that a system labelled, and what is unsure of them."""

    sentences: list[Labelled]
    counts: dict[str, int]


def read(sentences: Path, aligned: Path, least_confidence: float) -> Silver:
    """Read a corpus with the entities that a system found in it.

    An entity that is less sure than asked is `unsure`: nothing is taught of its words, neither that
    they are an entity nor that they are none. The rest of its sentence is kept.

    Args:
        sentences: Path of its sentences.tsv.
        aligned: Path of an align TSV.
        least_confidence: The lowest confidence of an entity. One without a confidence counts as
            sure.

    Raises:
        InputError: No entity is sure enough.
    """
    rows_of = by_sentence(tables.read(aligned, Alignment))
    kept: list[Labelled] = []
    counts = Counter({"sentences": 0, "unsure entities": 0, "entities without a confidence": 0})
    for sentence in tables.read(sentences, Sentence):
        found = [row for row in rows_of[sentence.sentence_id] if row.status in FOUND]
        sure = [
            row for row in found if row.confidence is None or row.confidence >= least_confidence
        ]
        counts["sentences"] += 1
        counts["unsure entities"] += len(found) - len(sure)
        counts["entities without a confidence"] += sum(row.confidence is None for row in found)
        kept.append(
            Labelled(
                sentence.text,
                tuple(sorted((*row.span, row.type) for row in sure)),
                tuple(sorted(row.span for row in found if row not in sure)),
            )
        )
    if not any(item.entities for item in kept):
        raise InputError(
            f"no entity to train on has a confidence of {least_confidence} or more",
            path=aligned,
            remedy="Lower `least_confidence`, or label more text.",
        )
    if counts["entities without a confidence"] and least_confidence > 0:
        log.warning(
            "%s: %d entities have no confidence and count as sure",
            aligned,
            counts["entities without a confidence"],
        )
    return Silver(kept, dict(counts))


def hold_out(data: Sequence[Labelled], seed: int) -> tuple[list[Labelled], list[Labelled]]:
    """Draw a tenth of the sentences, all sure, to measure the student against its teacher.

    Returns:
        The sentences to train on, and those that are held out.

    Raises:
        InputError: There are too few sentences.
    """
    sure = [number for number, item in enumerate(data) if not item.unsure]
    size = min(int(HELD_OUT * len(data)), len(sure) - 1)
    drawn = set(random.Random(seed).sample(sure, max(0, size)))
    if not drawn:
        raise InputError(
            f"only {len(sure)} labelled sentences are sure enough to train on",
            record="the tagger's `train`",
            remedy="Label more text, or lower `least_confidence`.",
        )
    rest = [item for number, item in enumerate(data) if number not in drawn]
    return rest, [data[number] for number in sorted(drawn)]
