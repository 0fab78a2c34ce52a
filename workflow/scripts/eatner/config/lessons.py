"""What a tagger learns from: corpora with gold, or what a system, its teacher, labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """The files that a tagger is trained and measured on.

    Attributes:
        sentences: The sentences of each corpus.
        labels: Their entities: gold.tsv, or what a system aligned.
        held_out_sentences: The sentences to measure on; None if some of `sentences` are held out.
        held_out_gold: Their gold entities.
    """

    sentences: list[str]
    labels: list[str]
    held_out_sentences: str | None
    held_out_gold: str | None


def teacher(recipe: Mapping[str, Any], corpus: str, values: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the system that labels a corpus from which a tagger learns.

    Args:
        recipe: The tagger's `train`.
        corpus: The name of the corpus.
        values: A configuration that fits the schema, with its defaults.
    """
    system: Mapping[str, str] = recipe.get("system") or values["corpora"][corpus].get(
        "system", values["default"]
    )
    return system


def resolve_lessons(recipe: Mapping[str, Any], values: Mapping[str, Any]) -> Lessons:
    """Return the files of a tagger's training.

    Args:
        recipe: The tagger's `train`.
        values: A configuration that fits the schema, with its defaults.
    """
    labels = [f"results/{corpus}/gold.tsv" for corpus in recipe.get("corpora", [])]
    labels += [
        "results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv".format(
            corpus=corpus, **teacher(recipe, corpus, values)
        )
        for corpus in recipe.get("labelled", [])
    ]
    corpora = [*recipe.get("corpora", []), *recipe.get("labelled", [])]
    held_out = recipe.get("held_out")
    return Lessons(
        sentences=[f"results/{corpus}/sentences.tsv" for corpus in corpora],
        labels=labels,
        held_out_sentences=f"results/{held_out}/sentences.tsv" if held_out else None,
        held_out_gold=f"results/{held_out}/gold.tsv" if held_out else None,
    )
