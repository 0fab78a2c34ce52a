"""Keep an answer inside its sentence: a grammar of substrings, applied at every token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


# Long enough for a name or an idiom to be repeated, short enough to end a loop soon.
LOOP = 8


class AnswerRecorder:
    """Logits processor: keeps every row inside its grammar and notes the greedy log-probability."""

    def __init__(
        self,
        matchers: list[object] | None,
        tokenizer: object,
        beams: int,
        prompt_length: int,
        no_repeat: bool,
    ) -> None:
        from transformers import NoRepeatNGramLogitsProcessor

        self.no_repeat = NoRepeatNGramLogitsProcessor(LOOP) if no_repeat else None
        self.beams, self.prompt_length = beams, prompt_length
        self.best: list[list[float]] = []
        self.matchers = matchers
        if matchers is not None:
            # Its twin llguidance.torch brings in the compiler of torch, which takes two seconds.
            import llguidance.numpy

            self.states = [{(): matcher} for matcher in matchers]
            self.executor = llguidance.LLExecutor()
            self.bitmask = llguidance.numpy.allocate_token_bitmask(
                len(matchers) * beams, tokenizer.vocab_size
            )

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        import torch

        normaliser = torch.logsumexp(scores.float(), dim=-1)
        if self.matchers is not None:
            import llguidance.numpy

            self.bitmask[:] = -1  # a finished or dead beam: its next token does not count
            # All at once, for hundreds of rows take longer than the LLM one by one. Beams that have
            # written the same share a state.
            alike: dict[int, tuple[object, list[int]]] = {}
            for row, tokens in enumerate(input_ids[:, self.prompt_length :].tolist()):
                state = self._state(row // self.beams, tuple(tokens))
                if state is not None:
                    alike.setdefault(id(state), (state, []))[1].append(row)
            asked = [(state, rows[0]) for state, rows in alike.values()]
            if asked:
                llguidance.numpy.fill_next_token_bitmask_par(self.executor, asked, self.bitmask)
            for _, (first, *others) in alike.values():
                self.bitmask[others] = self.bitmask[first]
            allowed = _unpacked(self.bitmask, scores.device)[:, : scores.shape[1]]
            scores = scores.masked_fill(allowed.logical_not_(), -torch.inf)
        if self.no_repeat is not None:
            # The answer alone: what stands in the prompt, such as a name's hint, may be said again.
            scores = self.no_repeat(input_ids[:, self.prompt_length :], scores)
        if self.beams == 1:
            self.best.append((scores.float().max(dim=-1).values - normaliser).tolist())
        return scores

    def _state(self, sentence: int, tokens: tuple[int, ...]) -> object | None:
        states = self.states[sentence]
        if tokens not in states:
            before = self._state(sentence, tokens[:-1])
            state = None
            if before is not None:
                # A row that is alone goes on in its state; beams part.
                state = before if self.beams == 1 else before.deep_copy()
                if state.is_stopped() or not state.try_consume_tokens([tokens[-1]]):
                    state = None
            states[tokens] = state
        return states[tokens]

    def logprob(self, row: int, length: int) -> float:
        return sum(step[row] for step in self.best[:length])


def _unpacked(bitmask: np.ndarray, device: torch.device) -> torch.Tensor:
    """The bits of a mask of 32-bit words, on a device: shape (rows, 32 times the words)."""
    import torch

    packed = bitmask.view(np.uint8)
    if device.type == "cpu":  # numpy is faster there
        return torch.from_numpy(np.unpackbits(packed, axis=1, bitorder="little")).bool()
    words = torch.from_numpy(packed).to(device).unsqueeze(-1)  # an eighth of what is unpacked
    return (words >> torch.arange(8, device=device, dtype=torch.uint8) & 1).flatten(1).bool()


def substring_lark(sentence: str, stop: str | None) -> str:
    """A grammar of a sentence's substrings, each followed by `stop`, in llguidance's dialect.

    Raises:
        ValueError: No stop, or it stands in the sentence.
    """
    if stop is None or stop in sentence:
        raise ValueError(f"the end mark {stop!r} must not stand in {sentence!r}")
    regex = json.dumps({"substring_chars": sentence}, ensure_ascii=False)
    return f"start: SPAN {json.dumps(stop)}\nSPAN: %regex {regex}\n"
