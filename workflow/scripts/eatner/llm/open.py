"""Open the LLM that a configuration describes, and say what its answers depend on."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eatner.keep import kept
from eatner.llm import journal
from eatner.llm.base import LLM

# The code of each backend, as a fingerprint names it.
ENGINES = {
    "transformers": "eatner.llm.transformers:TransformersLLM",
    "vllm": "eatner.llm.vllm:VllmLLM",
    "endpoint": "eatner.llm.endpoint:EndpointLLM",
}


def open_llm(
    engine: Mapping[str, Any],
    pace: Mapping[str, Any],
    folder: Path | None,
    adapter: Path | None,
    *,
    threads: int | None = None,
) -> LLM:
    """Open the LLM of a step.

    Only the module of its backend is imported, so that a step depends on no other.

    Args:
        engine: The part of the model's configuration that its answers depend on: its `backend`, and
            arguments of the backend's class.
        pace: The part that only its speed depends on: more arguments.
        folder: Folder of the LLM, unless it is an endpoint's.
        adapter: The weights of its LoRA adapter, if any.
        threads: Upper limit on the threads of torch, for an LLM that runs here.

    Raises:
        InputError: The LLM cannot be opened; see the backend's class.
    """
    module, _, name = ENGINES[engine["backend"]].partition(":")
    backend = getattr(importlib.import_module(module), name)
    options = {key: value for key, value in engine.items() if key != "backend"} | dict(pace)
    if engine["backend"] == "endpoint":
        return backend(**options)
    if folder is None:
        raise TypeError(f"the backend {engine['backend']} needs the folder of a model")
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    return backend(folder, adapter=None if adapter is None else adapter.parent, **options)


def answers_of(engine: Mapping[str, Any], folder: Path | None, adapter: Path | None) -> str:
    """Describe what the answers of an LLM depend on, beside the question, for its journals.

    Args:
        engine: As for `open_llm`.
        folder: As for `open_llm`.
        adapter: As for `open_llm`.

    Raises:
        InputError: The folder or the adapter cannot be read.
    """
    return journal.answers_of(ENGINES[engine["backend"]], engine, folder, adapter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the LLM of a step is, and how it is run; the fields are empty without an LLM.

    Attributes:
        engine: As for `open_llm`.
        pace: As for `open_llm`.
        folder: As for `open_llm`.
        adapter: As for `open_llm`.
        threads: As for `open_llm`.
    """

    engine: Mapping[str, Any] | None
    pace: Mapping[str, Any] | None
    folder: Path | None
    adapter: Path | None
    threads: int

    def open(self) -> LLM:
        """Open the LLM; see `open_llm`. A process that does many steps opens each LLM once."""
        engine, pace = self._engine, self.pace or {}
        key = ("llm", json.dumps([engine, pace], sort_keys=True), self.folder, self.adapter)
        return kept(
            key, lambda: open_llm(engine, pace, self.folder, self.adapter, threads=self.threads)
        )

    def answers_of(self) -> str:
        """Describe what the LLM's answers depend on; see `answers_of`."""
        return answers_of(self._engine, self.folder, self.adapter)

    @property
    def _engine(self) -> Mapping[str, Any]:
        if self.engine is None:
            raise TypeError("this step has no LLM")
        return self.engine
