"""Models that stay in memory from one step to the next, where a process does many steps."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakValueDictionary

Thing = TypeVar("Thing")

# What is in memory, as long as anything uses it.
_there: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()
_keepers: ContextVar[tuple[dict[Hashable, Any], ...]] = ContextVar("keepers", default=())


@contextmanager
def keeping(keeper: dict[Hashable, Any]) -> Iterator[None]:
    """Keep what is loaded in this context in a dictionary: it stays as long as that does."""
    token = _keepers.set((*_keepers.get(), keeper))
    try:
        yield
    finally:
        _keepers.reset(token)


def kept(key: Hashable, load: Callable[[], Thing]) -> Thing:
    """Load something, unless this process has it already.

    Args:
        key: What it is: equal for the same thing.
        load: Loads it.
    """
    thing = _there.get(key)
    if thing is None:
        thing = _there[key] = load()
    for keeper in _keepers.get():
        keeper[key] = thing
    return thing
