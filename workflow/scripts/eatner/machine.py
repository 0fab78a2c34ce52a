"""What the machine offers to a process."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Count the cores that this process may use, or all where the system does not limit it."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
