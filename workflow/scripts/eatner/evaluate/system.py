"""Score a system and find its errors, some sentences at a time.

A row in memory takes kilobytes; what stays of a sentence are its counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from eatner import tables
from eatner.errors import InputError
from eatner.evaluate.count import count, total
from eatner.evaluate.score import calibration, figures
from eatner.evaluate.stages import count_errors, find_errors
from eatner.indexed import Indexed, blocks
from eatner.lexicon import Lexicon
from eatner.tables import (
    Alignment,
    Error,
    ErrorKind,
    GoldEntity,
    Mention,
    Sentence,
    Stage,
    Translation,
)


def evaluate(
    sentences: Path,
    gold: Path,
    english: Path,
    tagged: Path,
    entities: Path,
    errors: Path,
    *,
    lexicon: Lexicon | None,
    romanise: Callable[[str], str],
    oracles: Collection[str],
    seed: int,
) -> dict[str, Any]:
    """Score a system and write its errors.

    Args:
        sentences: Path of sentences.tsv.
        gold: Path of gold.tsv.
        english: Path of a translate TSV.
        tagged: Path of a tag TSV.
        entities: Path of an align TSV.
        errors: The errors TSV to write.
        lexicon: Gives English titles of a surface, if there is one.
        romanise: As of `find_errors`.
        oracles: As of `find_errors`.
        seed: As of `figures`.

    Returns:
        What `figures` returns, `calibration`, and `errors_by_stage`, as `count_errors`.

    Raises:
        ValueError: What `count` raises.
        InputError: A table cannot be read, or has rows of another text.
    """
    texts, right = Indexed(sentences, Sentence), Indexed(gold, GoldEntity)
    translations, mentions = Indexed(english, Translation), Indexed(tagged, Mention)
    found = Indexed(entities, Alignment)
    ids = texts.sentence_ids
    if not ids:
        raise ValueError("there is no sentence to score")
    known = set(ids)
    for path, table in ((gold, right), (entities, found)):
        if unknown := next((one for one in table.sentence_ids if one not in known), None):
            raise InputError(
                f"{unknown!r} is no sentence of {sentences}",
                path=path,
                remedy="Delete the file and let Snakemake make it again.",
            )
    parts = []
    stages: Counter[tuple[ErrorKind, Stage]] = Counter()
    with tables.writing(errors, Error) as add:
        for block in blocks(ids):
            rows, golds, predictions = texts.of(block), right.of(block), found.of(block)
            parts.append(count(golds, predictions, rows))
            for error in find_errors(
                rows,
                golds,
                translations.of(block),
                mentions.of(block),
                predictions,
                lexicon=_titles(lexicon, golds),
                romanise=romanise,
                oracles=oracles,
            ):
                stages[error.kind, error.stage] += 1
                add(error)
    counts = total(parts)
    return {
        **figures(counts, seed=seed),
        "calibration": calibration(counts),
        "errors_by_stage": count_errors(stages, correct=int(counts.strict[:, 0].sum())),
    }


def _titles(lexicon: Lexicon | None, gold: Collection[GoldEntity]) -> dict[str, list[str]]:
    """The English titles of gold surfaces, as far as the lexicon has them."""
    if lexicon is None:
        return {}
    titles = {surface: lexicon.english(surface) for surface in {row.surface for row in gold}}
    return {surface: [title] for surface, title in titles.items() if title}
