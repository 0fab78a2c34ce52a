from __future__ import annotations

import itertools

import pytest

from eatner.evaluate.calibration import expected_error, reliability


def error(confidences: list[float], hits: list[bool]) -> float:
    return expected_error(reliability(confidences, hits))


def test_the_calibration_error() -> None:
    assert error([0.95] * 20, [True] * 19 + [False]) == pytest.approx(0)
    assert error([0.95] * 20, [False] * 20) == pytest.approx(0.95)
    mixed = list(itertools.chain([0.15] * 10, [0.85] * 10))
    assert error(mixed, [False] * 10 + [True] * 10) == pytest.approx(0.15)
