"""Try again what may succeed later: a server that is busy, a connection that broke."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

import tenacity


class PassingError(Exception):
    """An error that another attempt may not meet.

    Args:
        problem: What happened.
        after: Seconds that the server asks to wait.
    """

    def __init__(self, problem: str, after: float = 0.0) -> None:
        super().__init__(problem)
        self.after = after


def attempts(
    may_pass: Callable[[BaseException], bool],
    *,
    tries: int,
    log: logging.Logger | None = None,
    wait: float = 2.0,
    longest: float = 300.0,
    jitter: bool = False,
    progress: Callable[[], int] | None = None,
    stopping: threading.Event | None = None,
) -> tenacity.Retrying:
    """Make a caller that repeats a function until it succeeds: `attempts(...)(function, ...)`.

    The pause doubles from attempt to attempt, and is at least what a `PassingError` asks for.
    After the last attempt the function's own error is raised.

    Args:
        may_pass: Whether another attempt may avoid an error; any other error is raised at once.
        tries: Attempts in a row without progress before giving up.
        log: Gets a warning before each pause; None: nothing does.
        wait: Seconds before the second attempt.
        longest: Maximum length of a pause, in seconds.
        jitter: Whether pauses are random: the doubled ones shorter, those that a server asks for
            up to a second longer. So callers that failed together do not come back together.
        progress: Returns how much has been done, such as bytes on disk. After an attempt that got
            further than all before, the count of attempts and the pauses start again.
        stopping: Ends pauses and attempts at once when it is set.
    """
    failures, most = 0, -1

    def fails(state: tenacity.RetryCallState) -> bool:
        """Count an attempt that failed; False if there is nothing to try again."""
        nonlocal failures, most
        error = state.outcome.exception() if state.outcome else None
        if error is None or not may_pass(error):
            return False
        if state.attempt_number == 1:
            failures, most = 0, -1
        done = progress() if progress else 0
        failures = 1 if 0 <= most < done else failures + 1
        most = max(most, done)
        return True

    def stop(_: tenacity.RetryCallState) -> bool:
        return failures >= tries or (stopping is not None and stopping.is_set())

    def pause(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        doubled, after = wait * 2 ** (failures - 1), getattr(error, "after", 0.0)
        if jitter:
            doubled, after = doubled * random.random(), after and after + random.random()
        return min(max(doubled, after), longest)

    return tenacity.Retrying(
        retry=fails,
        stop=stop,
        wait=pause,
        before_sleep=tenacity.before_sleep_log(log, logging.WARNING) if log else None,
        sleep=tenacity.sleep_using_event(stopping) if stopping else time.sleep,
        reraise=True,
    )
