"""A causal LLM run by transformers.

torch, transformers, peft and llguidance are imported where they are needed, so that everything
else runs without them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from eatner.llm.base import AnswerScorer, Completion, Decoding, Progress, Prompt
from eatner.llm.batches import common_prefix, make_forests
from eatner.llm.caches import KeptRows, SharedBeginning, shareable
from eatner.llm.device import run_in_halves
from eatner.llm.generation import Generation
from eatner.llm.local import LocalModel
from eatner.llm.replies import tidied
from eatner.llm.room import Room
from eatner.llm.scoring import score_batch
from eatner.llm.tokenizer import TokenizedLLM
from eatner.llm.trees import first_logprobs, first_tokens, score_forest, tree_size

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedModel

    from eatner.llm.journal import Journal

# Numbers of characters of an opening that its first token may have.
BEGINNINGS = (1, 2, 3, 4, 6, 8, 12, 24)


class TransformersLLM(TokenizedLLM, AnswerScorer):
    """A causal LLM in the Hugging Face folder layout, run by transformers.

    Args:
        folder: Local folder with config, tokenizer and safetensors.
        adapter: Folder of a LoRA adapter, if any.
        gpus: Number of GPUs over which its layers are spread, where there are any.
        quantisation: `4bit` to load the weights in four bits (NF4, by bitsandbytes), or `none`.
        trainable: Leave the weights as training needs them, which is slower on a CPU.

    Raises:
        InputError: The folder is not a model in the Hugging Face layout; bitsandbytes is missing.
    """

    scores = True
    keeps_lists = True

    def __init__(
        self,
        folder: str | Path,
        *,
        adapter: str | Path | None = None,
        gpus: int = 1,
        quantisation: str = "none",
        trainable: bool = False,
    ) -> None:
        self.local = LocalModel(folder, adapter, gpus, quantisation, trainable=trainable)
        self.tokenizer = self.local.tokenizer
        self.device = self.local.device
        self.room = Room(self.local)
        # What the prompts of a call share; a tree needs all of it where a row needs a window.
        self.beginning = SharedBeginning()
        self.trunk = SharedBeginning(whole=True)
        self.generation = Generation(self.local, self.beginning)
        self.calls = 0
        self.generated = 0

    @property
    def model(self) -> PreTrainedModel:
        """The model itself, to train it; call `forget` after changing or exchanging it."""
        return self.local.model

    @model.setter
    def model(self, model: PreTrainedModel | PeftModel) -> None:
        self.local.model = cast("PreTrainedModel", model)

    @property
    def context(self) -> int:
        """Limit of the tokens of a prompt and its answer together."""
        return self.local.context

    def forget(self) -> None:
        """Drop what was computed with earlier weights."""
        self.beginning.forget()
        self.trunk.forget()

    def groups(self, lengths: Sequence[int], new_tokens: int) -> Iterator[list[int]]:
        """Put conversations into groups by memory, the longest first; see `LLM.groups`."""
        # What was read is there twice: in the batch and as it is kept.
        yield from self.room.batches([2 * length for length in lengths], 1, 2 * new_tokens)

    @contextmanager
    def conversation(self, journal: Journal | None) -> Generator[None]:
        """Keep what each conversation has read until the end, and answers all or none.

        A killed job holds the whole group again: its answers are then those of a job that was not
        killed. If it went on in the middle, other sums of floats might turn a tie.
        """
        # A sliding layer drops what it sees no more.
        self.generation.kept = KeptRows() if self.local.window is None else None
        try:
            with nullcontext() if journal is None else journal.together():
                yield
        finally:
            self.generation.kept = None

    def _answers(
        self,
        prompts: Sequence[Prompt],
        spans: Sequence[str | None],
        decoding: Decoding,
        known: frozenset[int],
    ) -> Generator[dict[int, list[Completion]]]:
        """Answer prompts in batches, the longest first; the beginning of all is read once."""
        if not prompts:
            return
        encoded = [self.encode(prompt) for prompt in prompts]
        shared = shareable(self.local, encoded, decoding.max_new_tokens)
        if self.generation.kept is not None:
            self.generation.kept.turn()

        def answer(batch: Sequence[int]) -> list[list[Completion]]:
            answers, written = self.generation.answer(
                [encoded[i] for i in batch], [spans[i] for i in batch], shared, decoding
            )
            self.calls += len(batch)
            self.generated += written
            return answers

        batches = self.room.batches(
            list(map(len, encoded)),
            decoding.beams,
            decoding.max_new_tokens,
            # A beam search keeps the scores of every step.
            logits=decoding.max_new_tokens if decoding.beams > 1 else 1,
        )
        for batch in batches:
            new = [i for i in batch if i not in known]
            if new:
                answers = dict(zip(new, run_in_halves(answer, new), strict=True))
                yield {
                    i: several if spans[i] is not None else tidied(prompts[i], several)
                    for i, several in answers.items()
                }

    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        """Score each text as the answer to its prompt; see `LLM.score`."""
        if not prompts:
            return []
        encoded = [self.encode(prompt) for prompt in prompts]
        answers = self.encode_answers(texts)
        shared = shareable(self.local, encoded, max(map(len, answers)))
        scores = [0.0] * len(prompts)

        def score(batch: Sequence[int]) -> list[float]:
            self.calls += len(batch)
            return score_batch(
                self.local,
                [encoded[i] for i in batch],
                [answers[i] for i in batch],
                shared,
                self.beginning,
            )

        lengths = [len(ids) + len(answer) for ids, answer in zip(encoded, answers, strict=True)]
        kept = max(map(len, answers)) + 1
        for batch in self.room.batches(lengths, 1, 0, logits=kept):
            for index, logprob in zip(batch, run_in_halves(score, batch), strict=True):
                scores[index] = logprob
        return scores

    def score_answers(
        self,
        groups: Sequence[Sequence[Prompt]],
        propose: Callable[[int, np.ndarray], Sequence[Sequence[str]]],
        *,
        openings: Callable[[int], Sequence[str]] | None = None,
        journal: Journal | None = None,
        progress: Progress | None = None,
    ) -> list[list[dict[str, float]]]:
        """Score many answers to each of many prompts; see `AnswerScorer.score_answers`.

        The prompts and the answers of several groups make one tree of tokens, see `trees`.
        """
        encoded = [[self.encode(prompt) for prompt in group] for group in groups]
        every = [row for rows in encoded for row in rows]
        shared = common_prefix(every) if len(groups) > 1 else 0
        scored: dict[int, list[dict[str, float]]] = {}

        def score(batch: Sequence[int]) -> list[list[dict[str, float]]]:
            def from_logits(index: int, first: torch.Tensor) -> Sequence[Sequence[str]]:
                group = batch[index]
                texts = [] if openings is None else openings(group)
                tokens = first_tokens(texts, BEGINNINGS, self.encode_answers)
                table = first_logprobs(first, tokens)
                if journal is not None and texts:
                    journal.add(journal.key("openings", groups[group], texts), table.tolist())
                return propose(group, table)

            self.calls += 2
            return score_forest(
                self.local,
                [encoded[i] for i in batch],
                shared,
                self.trunk,
                from_logits,
                self.encode_answers,
            )

        sizes = [tree_size(rows) - shared for rows in encoded]
        for forest in make_forests(sizes, self.room.forest):
            if journal is not None:
                for index in forest:
                    texts = [] if openings is None else openings(index)
                    kept = _kept(journal, groups[index], texts, index, propose)
                    if kept is not None:
                        scored[index] = kept
            new = [index for index in forest if index not in scored]
            if new:
                scored.update(zip(new, run_in_halves(score, new), strict=True))
            if journal is not None:
                for index in new:
                    proposed = [list(answers) for answers in scored[index]]
                    values = [list(answers.values()) for answers in scored[index]]
                    journal.add(journal.key("answers", groups[index], proposed), values)
            if progress is not None:
                progress(len(forest))
        return [scored[index] for index in range(len(groups))]


def _kept(
    journal: Journal,
    group: Sequence[Prompt],
    openings: Sequence[str],
    index: int,
    propose: Callable[[int, np.ndarray], Sequence[Sequence[str]]],
) -> list[dict[str, float]] | None:
    """Return the scores of a group of an earlier run; None where it must be asked.

    What is scored depends on the openings' log-probabilities, so these are looked up first.
    """
    table = np.zeros((len(group), 0), dtype=np.float32)
    if openings:
        key = journal.key("openings", group, openings)
        if key not in journal.known:
            return None
        table = np.array(journal.known[key], dtype=np.float32)
    proposed = [list(dict.fromkeys(answers)) for answers in propose(index, table)]
    key = journal.key("answers", group, proposed)
    if key not in journal.known:
        return None
    return [
        dict(zip(answers, values, strict=True))
        for answers, values in zip(proposed, journal.known[key], strict=True)
    ]
