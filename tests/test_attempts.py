from __future__ import annotations

import logging
import threading

import pytest

from eatner.attempts import PassingError, attempts

log = logging.getLogger("test")


def is_passing(error: BaseException) -> bool:
    return isinstance(error, PassingError)


class Flaky:
    """Fails a number of times, then gives its number of calls."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.failures, self.calls = failures, 0
        self.error = error or PassingError("busy")

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return self.calls


def test_what_passes_is_tried_again_and_a_warning_says_so(caplog):
    with caplog.at_level(logging.WARNING):
        assert attempts(is_passing, tries=3, wait=0, log=log)(Flaky(2)) == 3
    assert len(caplog.records) == 2


def test_the_last_error_is_raised_after_so_many_tries():
    work = Flaky(9)
    with pytest.raises(PassingError, match="busy"):
        attempts(is_passing, tries=3, wait=0, log=log)(work)
    assert work.calls == 3


def test_another_error_is_raised_at_once():
    work = Flaky(9, KeyError("x"))
    with pytest.raises(KeyError):
        attempts(is_passing, tries=3, wait=0, log=log)(work)
    assert work.calls == 1


def test_progress_makes_an_attempt_count_as_the_first():
    done = iter([0, 5, 10, 10, 10, 10])
    work = Flaky(9)
    with pytest.raises(PassingError):
        attempts(is_passing, tries=3, wait=0, log=log, progress=lambda: next(done))(work)
    assert work.calls == 5


def test_a_pause_is_as_long_as_the_server_asks_but_not_for_ever(monkeypatch):
    pauses = []
    monkeypatch.setattr("eatner.attempts.time.sleep", pauses.append)
    again = attempts(is_passing, tries=4, wait=1, longest=30, log=log)
    again(Flaky(3, PassingError("busy", after=7)))
    assert pauses == [7, 7, 7]
    pauses.clear()
    again(Flaky(3, PassingError("busy", after=9000)))
    assert pauses == [30, 30, 30]


def test_pauses_double(monkeypatch):
    pauses = []
    monkeypatch.setattr("eatner.attempts.time.sleep", pauses.append)
    attempts(is_passing, tries=9, wait=1, longest=5, log=log)(Flaky(4))
    assert pauses == [1, 2, 4, 5]


def test_an_event_ends_the_attempts():
    stopping = threading.Event()
    stopping.set()
    work = Flaky(9)
    with pytest.raises(PassingError):
        attempts(is_passing, tries=9, wait=60, log=log, stopping=stopping)(work)
    assert work.calls == 1
