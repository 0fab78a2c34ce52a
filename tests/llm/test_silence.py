from __future__ import annotations

import pytest

from eatner.errors import InputError
from eatner.llm.base import Completion
from eatner.llm.silence import FIRST, Silence

SAID = [Completion("Tokyo", -1.0, 2, True)]
EMPTY = [Completion(" \n", -1.0, 1, True)]
THOUGHT = [Completion("", None, 512, False, only_thought=True)]
TOO_LONG: list[Completion] = []


def test_thoughts_alone_end_a_job_soon() -> None:
    silence = Silence(1000, constrained=False)
    silence.count([THOUGHT] * (FIRST - 1))
    with pytest.raises(InputError, match=r"8 of 1000 prompts.*enable_thinking.*max_new_tokens"):
        silence.count([THOUGHT])


def test_thoughts_alone_end_a_short_job() -> None:
    silence = Silence(3, constrained=True)
    silence.count([THOUGHT, TOO_LONG, THOUGHT])
    with pytest.raises(InputError, match="2 of 3 prompts"):
        silence.report()


def test_thoughts_beside_an_answer_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    silence = Silence(1000, constrained=False)
    silence.count([SAID])
    silence.count([THOUGHT] * 99)
    silence.report()
    assert "99 of 100 answers (99.0%) are empty" in caplog.text
    assert "99 of 100 answers are only thoughts" in caplog.text


def test_the_share_of_empty_answers_is_told(caplog: pytest.LogCaptureFixture) -> None:
    silence = Silence(500, constrained=False)
    silence.count([SAID] * 498 + [EMPTY] * 2 + [TOO_LONG])
    silence.report()
    assert caplog.messages == ["2 of 500 answers (0.4%) are empty"]


@pytest.mark.parametrize("constrained", [True, False])
def test_nothing_is_told_of_answers(constrained: bool, caplog: pytest.LogCaptureFixture) -> None:
    silence = Silence(9, constrained=constrained)
    silence.count([SAID] * 9)
    silence.report()
    Silence(0, constrained=constrained).report()
    assert not caplog.messages


def test_nowhere_is_an_answer_unless_all_are(caplog: pytest.LogCaptureFixture) -> None:
    some, every = Silence(40, constrained=True), Silence(40, constrained=True)
    some.count([EMPTY] * 39 + [SAID])
    some.report()
    assert not caplog.messages
    every.count([EMPTY] * 40)
    every.report()
    assert caplog.messages == ["40 of 40 answers (100.0%) are empty"]
