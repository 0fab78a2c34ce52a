"""The module that does the step of a kind of translator, tagger or aligner."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any


def kind_run(room: str, kind: str) -> Callable[[Any], Iterator[Any]]:
    """The function that does the step of a kind of component.

    The module of a kind is named after it: `entity-aware` of `translate` is the module
    `eatner.translate.entity_aware`. Only that module is imported, so that a step depends on the
    code of its own kind alone.

    Args:
        room: Its package, which has the type of its step in `step`: translate, tag or align.
        kind: The kind, as the configuration has it.
    """
    return importlib.import_module(f"eatner.{room}.{kind.replace('-', '_')}").run
