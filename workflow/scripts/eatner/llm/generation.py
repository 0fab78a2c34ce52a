"""Greedy and beam search for a batch of prompts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from eatner.llm.base import Completion, Decoding
from eatner.llm.batches import pad_left
from eatner.llm.caches import SharedBeginning, positions
from eatner.llm.local import LocalModel
from eatner.llm.recorder import AnswerRecorder, Matchers

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache, GenerationMixin, PreTrainedTokenizerFast


class Generation:
    """Searches the answers to prompts.

    Args:
        local: The LLM.
        beginning: Cache of the tokens that the prompts of a batch share.
    """

    def __init__(self, local: LocalModel, beginning: SharedBeginning) -> None:
        self.local, self.beginning = local, beginning
        self.matchers = Matchers(cast("PreTrainedTokenizerFast", local.tokenizer), local.vocabulary)
        self._ends: dict[str | None, list[int]] = {}

    def answer(
        self,
        encoded: Sequence[Sequence[int]],
        within: Sequence[str | None],
        shared: int,
        decoding: Decoding,
    ) -> tuple[list[list[Completion]], int]:
        """Answer the prompts of a batch.

        Args:
            encoded: The tokens of each prompt.
            within: For each prompt the sentence that its answer must lie in, or None for all.
            shared: How many first tokens all prompts share.
            decoding: How to search.

        Returns:
            For each prompt its answers, the most probable first, and the number of tokens that
            were written.
        """
        import torch

        local, beams = self.local, decoding.beams
        ends = self._end_tokens(decoding.stop)
        first = encoded[0][:shared]
        ids, mask = pad_left([row[shared:] for row in encoded], first, local.pad, local.device)
        sentences = [sentence for sentence in within if sentence is not None]
        recorder = AnswerRecorder(
            [self.matchers.of(each, decoding.stop) for each in sentences] if sentences else None,
            self.matchers.tokenizer if sentences else None,
            beams,
            ids.shape[1],
            decoding.no_repeat,
        )
        with torch.inference_mode():
            # Prompts are read once and not once a beam; generate() adds their last token.
            cache = self._read(ids[:, :-1], mask[:, :-1], first)
            cache.batch_repeat_interleave(beams)
            out = cast("GenerationMixin", local.model).generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=decoding.max_new_tokens,
                do_sample=False,
                num_beams=beams,
                num_return_sequences=beams,
                **({"length_penalty": 0.0, "output_scores": True} if beams > 1 else {}),
                eos_token_id=ends,
                pad_token_id=local.pad,
                logits_processor=[recorder],
                return_dict_in_generate=True,
                past_key_values=cache,
            )
        rows = out.sequences[:, ids.shape[1] :].tolist()
        answers, written = [], 0
        for prompt in range(len(encoded)):
            # A log-probability and a completion for each distinct text.
            distinct: dict[str, tuple[float, Completion]] = {}
            for row in range(prompt * beams, (prompt + 1) * beams):
                tokens, finished = _until(rows[row], set(ends))
                if beams == 1:
                    logprob = recorder.logprob(row, len(tokens))
                else:
                    logprob = float(out.sequences_scores[row])
                if not math.isfinite(logprob):
                    continue
                text = str(local.tokenizer.decode(tokens, skip_special_tokens=True))
                if decoding.stop is not None:
                    text = text.split(decoding.stop, 1)[0]
                written += len(tokens)
                answer = Completion(text, logprob, len(tokens), finished)
                distinct[text] = _merged(distinct.get(text), (logprob, answer))
            ranked = sorted(distinct.values(), key=lambda pair: (-pair[0], pair[1].text))
            answers.append([replace(answer, logprob=logprob) for logprob, answer in ranked])
        return answers, written

    def _read(self, ids: torch.Tensor, mask: torch.Tensor, first: Sequence[int]) -> DynamicCache:
        """Read prompts that begin with the tokens `first`; gives their cache."""
        import torch

        cache = self.beginning.copy(self.local, first, len(ids))
        if ids.shape[1] > len(first):
            self.local.model(
                ids[:, len(first) :],
                attention_mask=mask,
                position_ids=positions(mask)[:, len(first) :],
                past_key_values=cache,
                logits_to_keep=torch.tensor([-1]),
            )
        return cache

    def _end_tokens(self, stop: str | None) -> list[int]:
        """List the tokens that end an answer: the LLM's end marks, and all that hold `stop`."""
        if stop in self._ends:
            return self._ends[stop]
        tokenizer = self.local.tokenizer
        marks = self.local.model.generation_config.eos_token_id
        ends = set(marks if isinstance(marks, list) else [marks]) | {tokenizer.eos_token_id}
        if stop is not None:
            pieces = tokenizer.batch_decode([[token] for token in range(len(tokenizer))])
            ends |= {token for token, piece in enumerate(pieces) if stop in piece}
        self._ends[stop] = sorted(end for end in ends if end is not None)
        return self._ends[stop]


def _until(tokens: list[int], ends: set[int]) -> tuple[list[int], bool]:
    """Cut tokens behind the first end; and whether there is one."""
    for index, token in enumerate(tokens):
        if token in ends:
            return tokens[: index + 1], True
    return tokens, False


def _merged(
    earlier: tuple[float, Completion] | None, later: tuple[float, Completion]
) -> tuple[float, Completion]:
    """Make one answer of two that are the same text, split into tokens in two ways."""
    if earlier is None:
        return later
    if earlier[1].finished and later[1].finished:
        return _logaddexp(earlier[0], later[0]), earlier[1]
    return max(earlier, later, key=lambda pair: (pair[1].finished, pair[0]))


def _logaddexp(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high))
