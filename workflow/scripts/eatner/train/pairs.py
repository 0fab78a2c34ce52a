"""Which alignment pairs an LLM is tuned on, and which are held out."""

from __future__ import annotations

import random
from collections.abc import Sequence

from eatner.errors import InputError
from eatner.tables import Pair
from eatner.text.languages import Language

# The share of the entities that is held out.
HELD_OUT = 0.1
# In characters. Few sentences of a wiki are longer, but each would fill half a batch with padding.
LONGEST_SENTENCE = 300


def short(pairs: Sequence[tuple[Language, Pair]]) -> list[tuple[Language, Pair]]:
    """The pairs whose sentence is not too long to train on."""
    return [(language, pair) for language, pair in pairs if len(pair.sentence) <= LONGEST_SENTENCE]


def unseen(pairs: Sequence[tuple[Language, Pair]], seed: int) -> list[tuple[Language, Pair]]:
    """The pairs that `finetune` holds out of the same pairs with the same seed."""
    kept = short(pairs)
    _, held = split_by_entity([pair for _, pair in kept], seed)
    entities = {pair.english for pair in held}
    return [(language, pair) for language, pair in kept if pair.english in entities]


def split_by_entity(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """Hold out a tenth of the entities, so that no held-out entity is trained on.

    Negative pairs (an entity that is not in the sentence) go with their entity.

    Args:
        pairs: Rows of pairs.tsv.
        seed: Seed of the draw.

    Returns:
        The pairs to train on and the held-out pairs, both in the given order.

    Raises:
        InputError: There are fewer than two entities.
    """
    entities = sorted({pair.english for pair in pairs})
    if len(entities) < 2:
        raise InputError(
            f"{len(entities)} entities in the pairs, too few to train and to evaluate on",
            record="fine-tuning",
            remedy="Use a larger wiki, or see pairs.rejects.tsv for what was left out.",
        )
    held = max(1, round(HELD_OUT * len(entities)))
    chosen = set(random.Random(seed).sample(entities, held))
    train = [pair for pair in pairs if pair.english not in chosen]
    return train, [pair for pair in pairs if pair.english in chosen]
