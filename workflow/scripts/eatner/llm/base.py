"""The contract of every large language model here: complete prompts, score texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from eatner.llm.journal import Journal

# What an LLM is asked: a text to go on with, or a conversation in the form of its chat template. A
# last message of the assistant is the opening of the answer, which goes on from there.
Message = dict[str, str]  # role: system, user or assistant; content
Prompt = str | Sequence[Message]


@dataclass(frozen=True, slots=True)
class Completion:
    """What an LLM wrote after a prompt.

    Attributes:
        text: The text, without the end mark.
        logprob: Natural log-probability of the text and its end mark, given the prompt; None where
            it is not known, as behind some endpoints.
        tokens: How many tokens were generated, the end mark included.
        finished: Whether the LLM ended by itself (False: it met the limit of new tokens).
    """

    text: str
    logprob: float | None
    tokens: int
    finished: bool


def one_line(text: str) -> str:
    """Make a text safe to stand in a prompt, character for character (offsets stay valid).

    Straight double quotes close an answer in our prompts and line breaks close an example, so the
    former become curly and the latter, like all control characters, spaces.
    """
    return "".join(
        "”" if c == '"' else " " if c in "\u0085\u2028\u2029" or ord(c) < 32 or ord(c) == 127 else c
        for c in text
    )


class LLM(Protocol):
    """What every way to run an LLM offers; see `TransformersLLM` for the methods.

    Attributes:
        context: The most tokens that a prompt and its answer may have together.
        scores: Whether it can score texts; else `score` raises InputError.
        calls: How many prompts it was asked.
        generated: How many tokens it wrote.
    """

    context: int
    scores: bool
    calls: int
    generated: int

    def encode(self, prompt: Prompt) -> list[int]: ...  # noqa: D102

    def complete(  # noqa: D102
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        stop: str | None = None,
        within: Sequence[str] | None = None,
        beams: int = 1,
        no_repeat: bool = False,
        journal: Journal | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[list[Completion]]: ...

    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]: ...  # noqa: D102


def scored(
    llm: LLM, prompts: Sequence[Prompt], texts: Sequence[str], journal: Journal | None
) -> list[float]:
    """Natural log-probability of each text after its prompt, as `score`; none is asked twice.

    Args:
        llm: An LLM that scores.
        prompts: As for `complete`.
        texts: One a prompt, not empty, end mark included where it counts.
        journal: Keeps the scores, and gives those of an earlier run.
    """
    if journal is None:
        return llm.score(prompts, texts)
    keys = [journal.key("score", *asked) for asked in zip(prompts, texts, strict=True)]
    new = [place for place, key in enumerate(keys) if key not in journal.known]
    found = llm.score([prompts[place] for place in new], [texts[place] for place in new])
    for place, score in zip(new, found, strict=True):
        journal.add(keys[place], [[score]])
    return [journal.known[key][0][0] for key in keys]


def first_line(error: Exception) -> str:
    """What an error says, without what a library adds below."""
    return (str(error) or type(error).__name__).splitlines()[0]
