"""What the machine offers to a process."""

from __future__ import annotations

import os

THREADS = 8
"""Upper limit on the threads of a step; that of the rules in workflow/rules/label.smk."""


def let_threads_sleep() -> None:
    """Let threads that wait for work sleep rather than spin; call it before torch is imported.

    On a shared machine, spinning made the LLM up to 28 times slower. torch reads this once.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def step_threads() -> int:
    """Return the number of threads that a step uses here."""
    return min(usable_cores(), THREADS)


def usable_cores() -> int:
    """Count the cores that this process may use, or all where the system does not limit it."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
