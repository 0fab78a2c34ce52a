"""An answer of an LLM."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Completion:
    """What an LLM wrote after a prompt.

    Attributes:
        text: The text, without the end mark.
        logprob: Natural log-probability of the text and its end mark, given the prompt; None where
            it is not known, as behind some endpoints.
        tokens: How many tokens were generated, the end mark included.
        finished: Whether the LLM ended by itself (False: it met the limit of new tokens).
        only_thought: Whether the LLM reasoned and never came to an answer. The text is empty then.
    """

    text: str
    logprob: float | None
    tokens: int
    finished: bool
    only_thought: bool = field(default=False, compare=False)
