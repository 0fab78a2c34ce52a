"""Progress bars with a rate and the remaining time, for terminals and for log files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
_options: ContextVar[Mapping[str, object] | None] = ContextVar("options", default=None)


@contextmanager
def inner(*, shown: bool) -> Iterator[None]:
    """Make the bars of this context those of a part of the work: they go when they are full.

    Args:
        shown: Whether there are any.
    """
    token = _options.set({"leave": False, "disable": not shown})
    try:
        yield
    finally:
        _options.reset(token)


def counter(desc: str, unit: str, total: int | None = None, **options: object) -> tqdm:
    """Return a bar that the caller moves with `update(n)`; use it as a context manager.

    Args:
        desc: What is being done, such as "parsing".
        unit: What is counted, in the singular.
        total: Final count, if it is known; the bar then shows the remaining time.
        options: Further options of tqdm, such as `unit_scale` for bytes.
    """
    # A log file gets a line every ten seconds rather than ten a second.
    return tqdm(
        desc=desc,
        unit=f" {unit}",
        total=total,
        mininterval=0.2 if sys.stderr.isatty() else 10,
        dynamic_ncols=True,
        **{**(_options.get() or {}), **options},
    )


def bar(iterable: Iterable[Item], desc: str, unit: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items of an iterable and count them on a bar; see `counter`."""
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    with counter(desc, unit, total) as moved:
        for item in iterable:
            yield item
            moved.update()
