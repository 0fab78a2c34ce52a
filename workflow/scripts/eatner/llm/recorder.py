"""What happens at each step of a generation: grammars forbid tokens, probabilities are noted."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eatner.llm.grammar import LOOP, substring_lark

if TYPE_CHECKING:
    import torch
    from llguidance import LLMatcher, LLTokenizer
    from transformers import PreTrainedTokenizerFast


class Matchers:
    """Makes the state machines that follow an answer through its sentence.

    Args:
        tokenizer: The LLM's tokenizer.
        vocabulary: Number of the LLM's logits at a position.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, vocabulary: int) -> None:
        self._own, self._vocabulary = tokenizer, vocabulary

    @cached_property
    def tokenizer(self) -> LLTokenizer:
        """The tokenizer as llguidance wants it."""
        import llguidance.hf

        return llguidance.hf.from_tokenizer(self._own, n_vocab=self._vocabulary)

    def of(self, sentence: str, stop: str | None, separator: str | None = None) -> LLMatcher:
        """Start at the beginning of an answer inside a sentence; see `substring_lark`.

        Raises:
            ValueError: There is no stop, or the sentence holds it.
        """
        from llguidance import LLMatcher

        grammar = LLMatcher.grammar_from_lark(substring_lark(sentence, stop, separator))
        matcher = LLMatcher(self.tokenizer, grammar)
        if matcher.is_error():
            raise ValueError(f"no grammar for {sentence!r}: {matcher.get_error()}")
        return matcher


class AnswerRecorder:
    """Logits processor: keeps every row inside its grammar and notes the greedy log-probability.

    Args:
        matchers: For each prompt of the batch its state machine; None: answers are free.
        tokenizer: The tokenizer of the state machines.
        beams: Rows of each prompt, one after the other.
        prompt_length: Number of tokens before the answers, padding included.
        no_repeat: Whether no run of `LOOP` tokens may be written twice.
        rows: Number of rows of the batch.

    Attributes:
        rows: Those that are still written. A greedy search may drop rows between two calls.
    """

    def __init__(
        self,
        matchers: list[LLMatcher] | None,
        tokenizer: LLTokenizer | None,
        beams: int,
        prompt_length: int,
        no_repeat: bool,
        rows: int,
    ) -> None:
        from transformers import NoRepeatNGramLogitsProcessor

        self.no_repeat = NoRepeatNGramLogitsProcessor(LOOP) if no_repeat else None
        self.beams, self.prompt_length = beams, prompt_length
        self.rows = list(range(rows))
        self.best: list[list[float]] = [[] for _ in self.rows]
        self.matchers = matchers
        if matchers is not None and tokenizer is not None:
            # Its twin llguidance.torch brings in the compiler of torch, which takes two seconds.
            import llguidance.numpy

            # For each prompt the state after each sequence of tokens; None: out of the grammar.
            self.states: list[dict[tuple[int, ...], LLMatcher | None]]
            self.states = [{(): matcher} for matcher in matchers]
            self.executor = llguidance.LLExecutor()
            self.bitmask = llguidance.numpy.allocate_token_bitmask(
                len(matchers) * beams, tokenizer.vocab_size
            )

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Forbid tokens and note what the best of the others has.

        Args:
            input_ids: The tokens so far, shape (rows, tokens).
            scores: Logits of the next token, shape (rows, vocabulary).

        Returns:
            The logits, minus infinity at forbidden tokens.
        """
        import torch

        # Of all tokens, so that the log-probability is the LLM's own and no share of what a grammar
        # allows.
        normaliser = torch.logsumexp(scores.float(), dim=-1)
        if self.matchers is not None:
            allowed = self._allowed(input_ids, scores.device)[:, : scores.shape[1]]
            scores = scores.masked_fill(allowed.logical_not_(), -torch.inf)
        if self.no_repeat is not None:
            # The answer alone: what the prompt holds, such as a name's hint, may be said again.
            scores = self.no_repeat(input_ids[:, self.prompt_length :], scores)
        if self.beams == 1:
            # A difference of infinities is NaN; an infinite normaliser shall make it so, too.
            values = (scores.float().max(dim=-1).values - normaliser + 0 * normaliser).tolist()
            for row, value in zip(self.rows, values, strict=True):
                self.best[row].append(value)
        return scores

    def _allowed(self, input_ids: torch.Tensor, device: torch.device) -> torch.Tensor:
        """Look up which tokens may follow in each row: shape (rows, vocabulary and padding)."""
        import llguidance.numpy

        bitmask = self.bitmask[: len(input_ids)]
        bitmask[:] = -1  # a finished or dead beam: its next token does not count
        # Beams that have written the same share a state.
        alike: dict[int, tuple[LLMatcher, list[int]]] = {}
        for row, tokens in enumerate(input_ids[:, self.prompt_length :].tolist()):
            state = self._state(self.rows[row] // self.beams, tuple(tokens))
            if state is not None:
                alike.setdefault(id(state), (state, []))[1].append(row)
        # All at once, because hundreds of rows would take longer than the LLM one by one.
        jobs = [(state, rows[0]) for state, rows in alike.values()]
        if jobs:
            llguidance.numpy.fill_next_token_bitmask_par(self.executor, jobs, bitmask)
        for _, (first, *others) in alike.values():
            bitmask[others] = bitmask[first]
        return _unpacked(bitmask, device)

    def _state(self, prompt: int, tokens: tuple[int, ...]) -> LLMatcher | None:
        """Return the state after some tokens; None where the grammar allows nothing more."""
        states = self.states[prompt]
        if tokens not in states:
            before = self._state(prompt, tokens[:-1])
            state = None
            if before is not None:
                # A row that is alone goes on in its state; beams part.
                state = before if self.beams == 1 else before.deep_copy()
                if state.is_stopped() or not state.try_consume_tokens([tokens[-1]]):
                    state = None
            states[tokens] = state
        return states[tokens]

    def logprob(self, row: int, length: int) -> float:
        """Sum the log-probabilities of the first tokens of a row's greedy answer.

        Minus infinity, if its grammar left no token; NaN, if the LLM's logits are not finite.
        """
        return sum(self.best[row][:length])


def _unpacked(bitmask: np.ndarray, device: torch.device) -> torch.Tensor:
    """Unpack the bits of a mask of 32-bit words on a device: shape (rows, 32 times the words)."""
    import torch

    packed = bitmask.view(np.uint8)
    if device.type == "cpu":  # numpy is faster there
        return torch.from_numpy(np.unpackbits(packed, axis=1, bitorder="little")).bool()
    words = torch.from_numpy(packed).to(device).unsqueeze(-1)  # an eighth of what is unpacked
    return (words >> torch.arange(8, device=device, dtype=torch.uint8) & 1).flatten(1).bool()
