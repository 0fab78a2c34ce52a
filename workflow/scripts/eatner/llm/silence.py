"""Answers that hold nothing: an error where thinking ate them all, else a warning."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from eatner.errors import InputError

if TYPE_CHECKING:
    from eatner.llm.completion import Completion

log = logging.getLogger(__name__)

# Answers without a word, only thoughts, after which a job ends: the rest would be like them, and
# each costs as much time or money as a real one.
FIRST = 8


class Silence:
    """Counts the answers of a step that hold nothing.

    Args:
        total: Number of prompts of the step.
        constrained: Whether an answer must lie in its sentence: then an empty one means that
            nothing there is meant, and only a step without any other answer is odd.
    """

    def __init__(self, total: int, *, constrained: bool) -> None:
        self.total, self.constrained = total, constrained
        self.answered = self.empty = self.thoughts = 0

    def count(self, answers: Iterable[Sequence[Completion]]) -> None:
        """Count the answers of some prompts; a prompt that was too long has none and is left out.

        Raises:
            InputError: `FIRST` answers, and all so far, are only thoughts.
        """
        for completions in answers:
            if completions:
                self.answered += 1
                self.empty += not any(each.text.strip() for each in completions)
                self.thoughts += all(each.only_thought for each in completions)
        if self.thoughts >= FIRST:
            self._refuse_thoughts_alone()

    def report(self) -> None:
        """Warn of empty answers, with their share, at the end of a step.

        Raises:
            InputError: All answers are only thoughts.
        """
        self._refuse_thoughts_alone()
        odd = self.empty == self.answered >= FIRST if self.constrained else self.empty > 0
        if odd:
            share = f"{self.empty} of {self.answered} answers ({self.empty / self.answered:.1%})"
            log.warning("%s are empty", share)
        if self.thoughts:
            log.warning(
                "%d of %d answers are only thoughts: raise the component's `max_new_tokens`, or "
                "turn thinking off",
                self.thoughts,
                self.answered,
            )

    def _refuse_thoughts_alone(self) -> None:
        if 0 < self.thoughts == self.answered:
            raise InputError(
                "thinking used up every answer so far: the LLM reasons until its limit and says "
                "nothing",
                record=f"{self.thoughts} of {self.total} prompts",
                remedy="Turn thinking off, for a server by `request` of the model (vLLM: "
                "{chat_template_kwargs: {enable_thinking: false}}; others: {reasoning_effort: "
                "none}), or raise `max_new_tokens` of the component until thoughts and answer fit.",
            )
