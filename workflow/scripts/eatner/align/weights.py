"""The weights of a fused aligner's signals: a conditional logit, learned on alignment pairs.

The utility of a candidate is the sum of its signals, each times its weight; the probability of a
candidate is its share of exp(utility), summed over the entity's candidates and the answer "nothing"
(McFadden 1974). The weights are those that make the right answers of the examples most probable,
with a ridge penalty for leaving `PRIOR`. They are learned on pairs from Wikipedia, never on a test
set.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from eatner.align.candidates import Candidate, candidate_spans
from eatner.errors import InputError
from eatner.evaluate.calibration import expected_error, reliability
from eatner.llm.base import one_line

# The signals of a candidate. The answer "nothing" has `llm`, `contrast` and `nothing` alone.
SIGNALS = (
    "llm",  # its log-probability as the LLM's answer, end mark included
    "contrast",  # the same less its log-probability under a neutral word in the entity's place
    "back",  # log-probability of the English as its translation, normalised over the candidates
    "back_gain",  # the same less that of the entity's median candidate
    "reading",  # likeness of its reading and the English, 0 to 1
    "close_reading",  # how far that is above CLOSE
    "lexicon",  # 1: the lexicon has this English name for it; -1: another one
    "hint",  # the same by the names that the translator was given; 0 where the lexicon votes
    "length",  # |log ratio| of the lengths of its reading and of the English
    "capitals",  # share of its words that begin with a capital, in scripts with capitals
    "cut_name",  # number of words with a capital right beside it, which it leaves out
    "digits",  # 1: it has a number that the English lacks
    "nothing",  # 1 for the answer "nothing"
)
# Groups of signals that the configuration can leave out.
PARTS = {
    "llm": ("llm",),
    "contrast": ("contrast",),
    "back": ("back", "back_gain"),
    "reading": ("reading", "close_reading"),
    "lexicon": ("lexicon",),
    "hint": ("hint",),
    "shape": ("length", "capitals", "cut_name", "digits"),
}
# The weights without any example, for users with few pairs of their own: about those of Gemma 3
# 270M on pairs of the three sample wikis.
PRIOR = {
    "llm": 0.3,
    "contrast": 0.05,
    "back": 0.2,
    "back_gain": 0.2,
    "reading": 2.5,
    "close_reading": 0.8,
    "lexicon": 2.0,
    "hint": 2.0,
    "length": -0.4,
    "capitals": 0.8,
    "cut_name": -0.8,
    "digits": -0.6,
    "nothing": 1.5,
}
# The penalty for leaving them: half of it times the squared distance, in nats.
RIDGE = 2.0


@dataclass(frozen=True, slots=True)
class Scored:
    """The candidates of an entity in a sentence, with their signals.

    Attributes:
        english: The entity.
        surfaces: The candidates, and an empty one for "nothing" at the end.
        signals: Shape (surfaces, signals), in the order of `SIGNALS`.
    """

    english: str
    surfaces: tuple[str, ...]
    signals: np.ndarray

    def of(self, *indices: int) -> Scored:
        """Some of the candidates, by index."""
        return replace(
            self,
            surfaces=tuple(self.surfaces[index] for index in indices),
            signals=self.signals[list(indices)],
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each signal: shape (signals,), in the order of `SIGNALS`."""

    values: np.ndarray

    def probabilities(self, scored: Scored) -> np.ndarray:
        """The probability of every candidate of an entity, and of nothing; they sum to one."""
        utility = scored.signals @ self.values
        odds = np.exp(utility - utility.max())  # the maximum cancels out and avoids an overflow
        return odds / odds.sum()


def weighed(scored: Scored, weights: Weights, text: str) -> list[Candidate]:
    """The candidates of an entity with their gain over no answer, the best first.

    Args:
        scored: The candidates.
        weights: The weights of their signals.
        text: The sentence.
    """
    utility = scored.signals @ weights.values
    line = one_line(text)
    return [
        Candidate(
            scored.surfaces[index],
            candidate_spans(scored.surfaces[index], line),
            float(scored.signals[index, SIGNALS.index("llm")]),
            float(utility[index] - utility[-1]),
        )
        for index in np.argsort(-utility[:-1], kind="stable")
    ]


def fit(examples: Sequence[tuple[Scored, str]], without: Collection[str] = ()) -> Weights:
    """Learn the weight of each signal.

    Args:
        examples: The candidates of an entity, each time with the right surface, which is empty if
            the sentence does not name the entity. An example whose right surface is no candidate
            teaches nothing.
        without: Names of `PARTS` whose signals have the weight 0.

    Returns:
        The weights that make the right candidates most probable, with a ridge penalty for leaving
        `PRIOR`. A hundred examples outweigh the penalty.
    """
    usable = [
        (scored.signals, scored.surfaces.index(right))
        for scored, right in examples
        if right in scored.surfaces
    ]
    left_out = {signal for part in without for signal in PARTS[part]}
    kept = np.array([signal not in left_out for signal in SIGNALS], dtype=float)
    prior = kept * np.array([PRIOR[signal] for signal in SIGNALS])

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        """The negative log-probability of the right answers with the penalty, and its gradient.

        The loss is convex, so its minimum does not depend on the start. The gradient of an example
        is the mean of the signals under the probabilities less those of the right answer.
        """
        distance = values - prior
        total, gradient = RIDGE * distance @ distance / 2, RIDGE * distance
        for signals, right in usable:
            utility = signals @ values
            top = utility.max()
            odds = np.exp(utility - top)
            total += top + np.log(odds.sum()) - utility[right]
            gradient = gradient + (odds / odds.sum()) @ signals - signals[right]
        return total, gradient * kept

    return Weights(minimize(loss, prior, jac=True, method="L-BFGS-B").x)


def learn(
    examples: Sequence[tuple[Scored, str]], seed: int, without: Collection[str] = ()
) -> tuple[Weights, dict[str, object]]:
    """Learn the weights of an aligner, and measure them.

    Args:
        examples: As for `fit`.
        seed: Seed of the draw of the cross-validation's parts.
        without: Names of `PARTS` whose signals have the weight 0.

    Returns:
        The weights, and a record of how they were learned: `pairs`, the number of examples;
        `reachable`, the share of examples whose right surface was a candidate; `accuracy`, the
        share whose most probable answer was right, and `calibration_error` (expected, 10 bins),
        both cross-validated over five parts of the entities.
    """
    chances, hits = _cross_validated(examples, random.Random(seed), without)
    weights = fit(examples, without)
    return weights, {
        "weights": dict(zip(SIGNALS, weights.values.round(4).tolist(), strict=True)),
        "pairs": len(examples),
        "reachable": round(float(np.mean([r in s.surfaces for s, r in examples])), 4),
        "accuracy": round(float(np.mean(hits)), 4),
        "calibration_error": round(expected_error(reliability(chances, hits)), 4),
    }


def read_weights(path: Path) -> Weights:
    """Read the weights of a record that `learn` made.

    Raises:
        InputError: The file holds no weights, or those of other signals.
    """
    record = json.loads(path.read_text(encoding="utf-8"))
    if tuple(record.get("weights", ())) != SIGNALS:
        raise InputError(
            "no weights of the signals that this version uses",
            path=path,
            remedy="Delete it and let Snakemake make it again.",
        )
    return Weights(np.array(list(record["weights"].values())))


def _cross_validated(
    examples: Sequence[tuple[Scored, str]],
    draw: random.Random,
    without: Collection[str],
    parts: int = 5,
) -> tuple[list[float], list[bool]]:
    """The probability of each example's best answer, and whether that answer is right.

    Each part of the entities is predicted with weights that were learned on the other parts.
    """
    names = sorted({scored.english for scored, _ in examples})
    draw.shuffle(names)
    part_of = {name: number % parts for number, name in enumerate(names)}
    chances, hits = [], []
    for part in range(parts):
        weights = fit([e for e in examples if part_of[e[0].english] != part], without)
        for scored, right in examples:
            if part_of[scored.english] == part:
                probabilities = weights.probabilities(scored)
                best = int(probabilities.argmax())
                chances.append(float(probabilities[best]))
                hits.append(scored.surfaces[best] == right)
    return chances, hits
