"""What each signal of a fused aligner counts: a conditional logit, learned on alignment pairs."""

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

# Signals of a candidate; the answer "nothing" has the first two and `nothing` itself.
SIGNALS = (
    "llm",  # its log-probability as the LLM's answer, with the end mark
    "contrast",  # the same less its log-probability under a neutral word in the entity's place
    "back",  # log-probability of the English as its translation, as a share of all candidates'
    "back_gain",  # the same less what it is for the entity's median candidate
    "reading",  # how like its reading is to the English, 0 to 1
    "close_reading",  # how far that is above CLOSE
    "lexicon",  # 1: the lexicon has it as the English; -1: as something else
    "length",  # how much longer or shorter than the English its reading is, as |log ratio|
    "capitals",  # share of its words that begin with a capital, in scripts that have them
    "cut_name",  # words with a capital on either side that it leaves out
    "digits",  # 1: it has a number that the English has not
    "nothing",  # 1 for the answer "nothing"
)
# The parts of them that can be left out.
PARTS = {
    "llm": ("llm",),
    "contrast": ("contrast",),
    "back": ("back", "back_gain"),
    "reading": ("reading", "close_reading"),
    "lexicon": ("lexicon",),
    "shape": ("length", "capitals", "cut_name", "digits"),
}
# What the signals count before any example: about the weights of Gemma 3 270M on pairs of the three
# sample wikis, for those who have few pairs of their own; and the penalty for leaving them.
PRIOR = {
    "llm": 0.3,
    "contrast": 0.05,
    "back": 0.2,
    "back_gain": 0.2,
    "reading": 2.5,
    "close_reading": 0.8,
    "lexicon": 2.0,
    "length": -0.4,
    "capitals": 0.8,
    "cut_name": -0.8,
    "digits": -0.6,
    "nothing": 1.5,
}
RIDGE = 2.0


@dataclass(frozen=True, slots=True)
class Scored:
    """The candidates of an entity in a sentence, with their signals.

    Attributes:
        english: The entity.
        surfaces: The candidates; the last is empty and stands for "nothing".
        signals: Shape (candidates, signals), in the order of `SIGNALS`.
    """

    english: str
    surfaces: tuple[str, ...]
    signals: np.ndarray

    def of(self, *places: int) -> Scored:
        """Those at some places."""
        return replace(
            self,
            surfaces=tuple(self.surfaces[place] for place in places),
            signals=self.signals[list(places)],
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts: shape (signals,), in the order of `SIGNALS`."""

    values: np.ndarray

    def probabilities(self, scored: Scored) -> np.ndarray:
        """The probability of every candidate of an entity, and of nothing; they sum to one."""
        utility = scored.signals @ self.values
        odds = np.exp(utility - utility.max())
        return odds / odds.sum()


def weighed(scored: Scored, weights: Weights, text: str) -> list[Candidate]:
    """The candidates of an entity with what they gain over no answer, the best first.

    Args:
        scored: The candidates.
        weights: What their signals count.
        text: The sentence.
    """
    utility = scored.signals @ weights.values
    line = one_line(text)
    return [
        Candidate(
            scored.surfaces[place],
            candidate_spans(scored.surfaces[place], line),
            float(scored.signals[place, 0]),
            float(utility[place] - utility[-1]),
        )
        for place in np.argsort(-utility[:-1], kind="stable")
    ]


def fit(examples: Sequence[tuple[Scored, str]], without: Collection[str] = ()) -> Weights:
    """Learn what each signal counts.

    Args:
        examples: Candidates, each with the right surface: empty where the sentence does not have
            the entity. An example whose right surface is no candidate teaches nothing.
        without: Names of `PARTS` whose signals count nothing.

    Returns:
        The weights that make the right candidates most probable, with a ridge penalty for leaving
        `PRIOR`, which a hundred examples outweigh.
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
        apart = values - prior
        total, slope = RIDGE * apart @ apart / 2, RIDGE * apart
        for signals, right in usable:
            utility = signals @ values
            top = utility.max()
            odds = np.exp(utility - top)
            total += top + np.log(odds.sum()) - utility[right]
            slope = slope + (odds / odds.sum()) @ signals - signals[right]
        return total, slope * kept

    return Weights(minimize(loss, prior, jac=True, method="L-BFGS-B").x)


def learn(
    learned_on: Sequence[tuple[Scored, str]], seed: int, without: Collection[str] = ()
) -> tuple[Weights, dict[str, object]]:
    """Learn the weights of an aligner, and measure them.

    Args:
        learned_on: What `examples` gave.
        seed: Of the parts of the cross-validation.
        without: Names of `PARTS` whose signals count nothing.

    Returns:
        The weights and a record of how they were learned: `pairs`; `reachable`, the share of them
        whose right surface was a candidate; `accuracy`, the share whose most probable candidate (or
        nothing) was right, and `calibration_error` (expected, 10 bins), both cross-validated over
        five parts of the entities.
    """
    chances, hits = _cross_validated(learned_on, random.Random(seed), without)
    weights = fit(learned_on, without)
    return weights, {
        "weights": dict(zip(SIGNALS, weights.values.round(4).tolist(), strict=True)),
        "pairs": len(learned_on),
        "reachable": round(float(np.mean([r in s.surfaces for s, r in learned_on])), 4),
        "accuracy": round(float(np.mean(hits)), 4),
        "calibration_error": round(expected_error(reliability(chances, hits)), 4),
    }


def read_weights(path: Path) -> Weights:
    """Read the weights of a record that `learn` made.

    Raises:
        InputError: The file has no weights, or those of other signals.
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
    drawn: random.Random,
    without: Collection[str],
    parts: int = 5,
) -> tuple[list[float], list[bool]]:
    """The probability of each best candidate by the weights of the other parts; is it right?"""
    names = sorted({scored.english for scored, _ in examples})
    drawn.shuffle(names)
    part = {name: place % parts for place, name in enumerate(names)}
    chances, hits = [], []
    for number in range(parts):
        weights = fit([e for e in examples if part[e[0].english] != number], without)
        for scored, right in examples:
            if part[scored.english] == number:
                chance = weights.probabilities(scored)
                best = int(chance.argmax())
                chances.append(float(chance[best]))
                hits.append(scored.surfaces[best] == right)
    return chances, hits
