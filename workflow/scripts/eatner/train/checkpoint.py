"""The state of a training, from which a job that was killed goes on."""

from __future__ import annotations

import hashlib
import logging
import pickle
import time
from pathlib import Path
from typing import Any

from eatner.files import atomic

log = logging.getLogger(__name__)


class Checkpoint:
    """The state of a training, in a file beside its adapter.

    The file is not an output of the rule, because Snakemake deletes the outputs of a job that
    fails.

    Args:
        path: Path of the file.
        training: What defines the training. The state of another training is not used.

    Attributes:
        state: The state that an earlier run left; None if there is none.
        saved: When a state was last saved, by the monotonic clock.
    """

    def __init__(self, path: Path, training: str) -> None:
        import torch

        self.path = path
        self.training = hashlib.sha256(training.encode()).hexdigest()
        self.saved = time.monotonic()
        self.state: dict[str, Any] | None = None
        if path.exists():
            try:
                state = torch.load(path, weights_only=True)
            except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
                log.warning("%s cannot be read and is not used: %s", path, error)
                return
            if state["asked"] == self.training:
                self.state = state
                log.info("%s: goes on after step %d", path, state["step"])

    def save(self, **state: object) -> None:
        """Replace the saved state; a kill leaves either the old or the new one."""
        import torch

        with atomic(self.path) as partial:
            torch.save({"asked": self.training, **state}, partial)
        self.saved = time.monotonic()

    def delete(self) -> None:
        """Delete the saved state, because the training is done."""
        self.path.unlink(missing_ok=True)
