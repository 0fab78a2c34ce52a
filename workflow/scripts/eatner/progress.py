"""Progress bars with a rate and the remaining time, for terminals and for log files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sized
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def counter(desc: str, unit: str, total: int | None = None, **options: object) -> tqdm:
    """A bar that the caller moves with `update(n)`; use it as a context manager.

    Args:
        desc: What is being done.
        unit: What is counted, in the singular.
        total: How many there will be, where known: then the remaining time is shown.
        options: More of tqdm's, such as `unit_scale` for bytes.
    """
    # A log file gets a line every ten seconds rather than ten a second.
    return tqdm(
        desc=desc,
        unit=f" {unit}",
        total=total,
        mininterval=0.2 if sys.stderr.isatty() else 10,
        dynamic_ncols=True,
        **options,
    )


def bar(iterable: Iterable[Item], desc: str, unit: str, total: int | None = None) -> Iterable[Item]:
    """Pass the items of `iterable` on and count them on a bar; see `counter`."""
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    with counter(desc, unit, total) as moved:
        for item in iterable:
            yield item
            moved.update()
