from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eatner.align.weights import SIGNALS, Scored, fit, learn, read_weights, weighed
from eatner.errors import InputError


def test_few_examples_do_not_outweigh_what_is_known() -> None:
    names = ("東京", "大阪", "")
    signals = np.zeros((3, len(SIGNALS)))
    signals[0, SIGNALS.index("reading")], signals[1, SIGNALS.index("length")] = 1, 1
    weights = fit([(Scored("Tokyo", names, signals), "大阪")])
    assert weights.values[SIGNALS.index("reading")] > 0
    many = fit([(Scored("Tokyo", names, signals), "大阪")] * 300)
    assert many.values[SIGNALS.index("length")] > 0
    left_out = fit([(Scored("Tokyo", names, signals), "大阪")] * 300, ["shape", "back"])
    assert not left_out.values[[SIGNALS.index(s) for s in ("length", "digits", "back")]].any()


def example(right: int, likeness: list[float], noise: list[float]) -> tuple[Scored, str]:
    signals = np.zeros((len(likeness) + 1, len(SIGNALS)))
    signals[:-1, SIGNALS.index("reading")] = likeness
    signals[:-1, SIGNALS.index("llm")] = noise
    signals[-1, SIGNALS.index("nothing")] = 1
    surfaces = (*"abcdefgh"[: len(likeness)], "")
    return Scored("x", surfaces, signals), surfaces[right]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_tells_right_from_wrong_counts_and_what_does_not_does_not(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    examples = []
    for number in range(60):
        likeness = drawn.uniform(0, 0.4, 4)
        right = int(drawn.integers(4)) if number % 5 else 4
        if right < 4:
            likeness[right] = drawn.uniform(0.6, 1)
        examples.append(example(right, list(likeness), list(drawn.normal(size=4))))
    weights = fit(examples)
    values = dict(zip(SIGNALS, weights.values, strict=True))
    assert values["reading"] > 3 * abs(values["llm"])
    hits = 0
    for scored, right in examples:
        chances = weights.probabilities(scored)
        assert chances.sum() == pytest.approx(1)
        hits += scored.surfaces[int(chances.argmax())] == right
    assert hits >= 50


def test_an_unreachable_example_teaches_nothing() -> None:
    usable = example(0, [0.9, 0.1], [0, 0])
    lost = (usable[0], "not a candidate")
    assert np.array_equal(fit([usable, lost]).values, fit([usable]).values)


def test_candidates_gain_over_nothing_and_the_best_comes_first() -> None:
    scored, _ = example(0, [0.2, 0.9], [-3.0, -4.0])
    weights = fit([example(1, [0.2, 0.9], [0, 0])] * 50)
    best, other = weighed(scored, weights, "b\na")
    assert (best.surface, best.spans, best.logprob) == ("b", ((0, 1),), -4.0)
    assert (other.surface, other.spans, other.logprob) == ("a", ((2, 3),), -3.0)
    odds = np.exp([best.gain, other.gain, 0.0])
    # In the order of the surfaces: a, b, nothing.
    assert weights.probabilities(scored) == pytest.approx((odds / odds.sum())[[1, 0, 2]])


def test_weights_are_read_again_and_those_of_other_signals_are_refused(tmp_path: Path) -> None:
    weights, record = learn([example(0, [0.9, 0.1], [0, 0])] * 20, 1)
    assert (record["pairs"], record["reachable"], record["accuracy"]) == (20, 1.0, 1.0)
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert read_weights(path).values == pytest.approx(weights.values, abs=1e-4)
    path.write_text('{"weights": {"llm": 1.0}}', encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(str(path))):
        read_weights(path)
