"""Greedy and beam search for a batch of prompts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from eatner.llm.base import Completion, Decoding
from eatner.llm.batches import pad_left
from eatner.llm.caches import KeptRows, SharedBeginning, positions
from eatner.llm.loading import refuse_not_finite
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

    Attributes:
        kept: Keeps what the rows of a greedy search have read, while conversations are held.
    """

    def __init__(self, local: LocalModel, beginning: SharedBeginning) -> None:
        self.local, self.beginning = local, beginning
        self.matchers = Matchers(cast("PreTrainedTokenizerFast", local.tokenizer), local.vocabulary)
        self._ends: dict[str | None, list[int]] = {}
        self.kept: KeptRows | None = None

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

        Raises:
            InputError: The LLM's logits are not finite.
        """
        import torch

        local, beams = self.local, decoding.beams
        ends = self._end_tokens(decoding.stop)
        is_end = set(ends)
        ids, mask, cache, read = self._known(encoded, shared)
        sentences = [sentence for sentence in within if sentence is not None]
        recorder = AnswerRecorder(
            [self.matchers.of(each, decoding.stop, decoding.separator) for each in sentences]
            if sentences
            else None,
            self.matchers.tokenizer if sentences else None,
            beams,
            ids.shape[1],
            decoding.no_repeat,
            len(ids) * beams,
        )
        with torch.inference_mode():
            # Prompts are read once and not once a beam; generate() adds their last token.
            self._read(ids[:, :-1], mask[:, :-1], cache, read)
            cache.batch_repeat_interleave(beams)
            search = partial(
                cast("GenerationMixin", local.model).generate,
                do_sample=False,
                num_beams=beams,
                eos_token_id=ends,
                pad_token_id=local.pad,
                logits_processor=[recorder],
                return_dict_in_generate=True,
            )
            if beams == 1:
                rows = _greedy(
                    search, ids, mask, cache, ends, recorder, decoding.max_new_tokens, self.kept
                )
                scores = None
            else:
                out = search(
                    input_ids=ids,
                    attention_mask=mask,
                    past_key_values=cache,
                    max_new_tokens=decoding.max_new_tokens,
                    num_return_sequences=beams,
                    length_penalty=0.0,
                    output_scores=True,
                )
                rows, scores = out.sequences[:, ids.shape[1] :].tolist(), out.sequences_scores
        answers, written = [], 0
        for prompt in range(len(encoded)):
            # A log-probability and a completion for each distinct text.
            distinct: dict[str, tuple[float, Completion]] = {}
            for row in range(prompt * beams, (prompt + 1) * beams):
                tokens, finished = _until(rows[row], is_end)
                if scores is None:
                    logprob = recorder.logprob(row, len(tokens))
                else:
                    logprob = float(scores[row])
                if logprob == -math.inf:  # out of its grammar
                    continue
                refuse_not_finite([logprob], local.folder)
                text = str(local.tokenizer.decode(tokens, skip_special_tokens=True))
                if decoding.stop is not None:
                    text = text.split(decoding.stop, 1)[0]
                written += len(tokens)
                answer = Completion(text, logprob, len(tokens), finished)
                distinct[text] = _merged(distinct.get(text), (logprob, answer))
            ranked = sorted(distinct.values(), key=lambda pair: (-pair[0], pair[1].text))
            answers.append([replace(answer, logprob=logprob) for logprob, answer in ranked])
        return answers, written

    def _known(
        self, encoded: Sequence[Sequence[int]], shared: int
    ) -> tuple[torch.Tensor, torch.Tensor, DynamicCache, int]:
        """Put prompts into a batch, with what is known of them.

        Returns:
            Tokens and mask as of `pad_left`, a cache that has read the first of their columns, and
            the number of these.
        """
        local = self.local
        if self.kept is not None:
            going_on = self.kept.go_on(encoded, local.pad, local.device)
            if going_on is not None:
                return *going_on, going_on[2].get_seq_length()
        first = encoded[0][:shared]
        ids, mask = pad_left([row[shared:] for row in encoded], first, local.pad, local.device)
        return ids, mask, self.beginning.copy(local, first, len(ids)), shared

    def _read(self, ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache, read: int) -> None:
        """Read prompts, whose first `read` columns the cache has read."""
        import torch

        if ids.shape[1] > read:
            self.local.model(
                ids[:, read:],
                attention_mask=mask,
                position_ids=positions(mask)[:, read:],
                past_key_values=cache,
                logits_to_keep=torch.tensor([-1]),
            )

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


def _greedy(
    search: Callable[..., Any],
    ids: torch.Tensor,
    mask: torch.Tensor,
    cache: DynamicCache,
    ends: Sequence[int],
    recorder: AnswerRecorder,
    most: int,
    kept: KeptRows | None,
) -> list[list[int]]:
    """Write the most probable token again and again.

    Answers differ in length. When half of the rows are finished they leave the batch, so that the
    long answers do not take the time of all.

    Args:
        search: The model's generate() with what stays the same in all calls.
        ids: The prompts, shape (rows, tokens).
        mask: 1 for a token and 0 for padding, of the same shape.
        cache: What the model has read: all but the last token of each row.
        ends: The tokens that end an answer.
        recorder: Follows the rows that are still written.
        most: Limit of an answer's tokens.
        kept: Is given each row that is finished.

    Returns:
        For each row the tokens that were written; those behind an end mean nothing.
    """
    import torch

    width = ids.shape[1]
    written: list[list[int]] = [[] for _ in ids]
    while recorder.rows:
        criterion = HalfFinished(ends, len(ids), ids.device)
        out = search(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            max_new_tokens=most - (ids.shape[1] - width),
            stopping_criteria=[criterion],
        )
        ids, cache = out.sequences, out.past_key_values
        for row, tokens in zip(recorder.rows, ids[:, width:].tolist(), strict=True):
            written[row] = tokens
        mask = torch.cat([mask, mask.new_ones(len(ids), ids.shape[1] - mask.shape[1])], dim=1)
        full = ids.shape[1] - width >= most
        if kept is not None:
            for index, row in enumerate(recorder.rows):
                if full or criterion.finished[index]:
                    size = width + len(_until(written[row], set(ends))[0])
                    columns = mask[index, :size].nonzero().flatten()
                    kept.keep(index, ids[index, columns].tolist(), columns.tolist(), cache)
        if full:
            break
        going = criterion.finished.logical_not().nonzero().flatten()
        ids, mask = ids[going], mask[going]
        cache.batch_select_indices(going)
        recorder.rows = [recorder.rows[index] for index in going.tolist()]
    return written


class HalfFinished:
    """Stopping criterion: at least half of the rows of a batch have written an end.

    Args:
        ends: The tokens that end an answer.
        rows: Number of rows.
        device: Where they are.

    Attributes:
        finished: Which rows have, shape (rows,).
    """

    def __init__(self, ends: Sequence[int], rows: int, device: torch.device) -> None:
        import torch

        self._ends = torch.tensor(ends, device=device)
        self.finished = torch.zeros(rows, dtype=torch.bool, device=device)

    def __call__(self, input_ids: torch.Tensor, scores: object, **options: object) -> torch.Tensor:
        """Look at the last token of every row; the answer is the same for all of them."""
        import torch

        self.finished |= torch.isin(input_ids[:, -1], self._ends)
        return torch.full_like(self.finished, bool(2 * self.finished.sum() >= len(input_ids)))


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
