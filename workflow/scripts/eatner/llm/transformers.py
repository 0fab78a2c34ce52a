"""A causal LLM run by transformers.

torch, transformers, peft and llguidance are imported where they are needed, so that everything
else runs without them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.errors import InputError
from eatner.llm.base import Completion, Prompt, first_line
from eatner.llm.batches import (
    TokenTree,
    common_prefix,
    log_normaliser,
    make_batches,
    make_forests,
    pad_left,
    repeat_cache,
    tree_size,
)
from eatner.llm.device import (
    fast_dtype,
    four_bit_settings,
    merged,
    run_in_halves,
    without_cudnn_attention,
)
from eatner.llm.grammar import AnswerRecorder, substring_lark
from eatner.llm.journal import Journal
from eatner.llm.tokenizer import Tokenized, load_tokenizer

if TYPE_CHECKING:
    import torch


# On a CPU: a prompt's tokens times its beams, summed over a batch, at the 262k vocabulary of Gemma
# 3 (more at a smaller one): about 1 GiB of activations and logits, and rows to keep a matrix unit
# busy.
BATCH_TOKENS = 3072
BATCH_VOCABULARY = 262_144
MAX_ROWS = 48
# Prompt tokens that are read as one tree; its answers are about as many again.
FOREST_TOKENS = 512
# On a GPU, where a step takes as long for one row as for hundreds: as many tokens as this share of
# the free memory holds, so many rows and tree tokens at most. What a token takes is measured on
# PROBE tokens; a logit is there in bfloat16, in float32 and as a log-probability.
GPU_SHARE = 0.6
GPU_ROWS = 512
GPU_FOREST_TOKENS = 1024
PROBE = 1024
LOGIT_BYTES = 10


class TransformersLLM(Tokenized):
    """A causal LLM in the Hugging Face folder layout, run by transformers.

    Args:
        folder: Local folder with config, tokenizer and safetensors.
        adapter: Folder of a LoRA adapter, if any.
        gpus: Over how many GPUs its layers are spread, where there are any.
        quantisation: `4bit` to load the weights in four bits (NF4, by bitsandbytes), or `none`.

    Raises:
        InputError: The folder is not a model in the Hugging Face layout; bitsandbytes is missing.
    """

    scores = True

    def __init__(
        self,
        folder: str | Path,
        *,
        adapter: str | Path | None = None,
        gpus: int = 1,
        quantisation: str = "none",
    ) -> None:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM

        self.tokenizer = load_tokenizer(folder)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        without_cudnn_attention()
        try:
            self.model = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=fast_dtype(),
                # Weights go where they belong piece by piece: main memory need not hold them all.
                device_map="auto" if gpus > 1 else self.device,
                quantization_config=None if quantisation == "none" else four_bit_settings(),
            )
        except (ValueError, KeyError, OSError, SafetensorError) as error:
            raise InputError(
                f"transformers cannot load this model ({first_line(error)})",
                path=folder,
                remedy="Fetch or convert it again; delete the folder first.",
            ) from error
        if (spread := getattr(self.model, "_hf_hook", None)) is not None:
            # accelerate takes what a model is called with to its first GPU; which positions are to
            # have logits is asked on its last one, and may be said from the CPU.
            spread.skip_keys = ["past_key_values", "logits_to_keep"]
        if adapter is not None:
            from peft import PeftModel

            self.model = merged(PeftModel.from_pretrained(self.model, adapter), quantisation)
        self.model = self.model.eval()
        self.calls = 0
        self.generated = 0
        self._prefixes: dict[tuple[int, ...], object] = {}
        self._trunks: dict[tuple[int, ...], object] = {}
        self._ends: dict[str | None, list[int]] = {}

    @property
    def context(self) -> int:
        """The most tokens that a prompt and its answer may have together."""
        return int(self.model.config.max_position_embeddings)

    def forget(self) -> None:
        """Drop what was computed with earlier weights; call it after changing the model."""
        self._prefixes.clear()
        self._trunks.clear()

    def complete(
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
    ) -> list[list[Completion]]:
        """Complete every prompt, by greedy or beam search.

        Args:
            prompts: Texts to go on with, or conversations to answer; the first tokens that all of
                them share are computed once.
            max_new_tokens: Most tokens of an answer.
            stop: A character that ends an answer and is not part of it; the model's own end mark
                always does.
            within: One sentence a prompt: the answer must be one of its substrings (the empty one
                is one of them), followed by `stop`. Neither may hold the other: see `one_line`.
            beams: Width of the beam search; as many different answers come back at most.
            no_repeat: Never write a run of `LOOP` tokens twice: a small LLM would loop.
            journal: Keeps the answers of every batch, and gives those of an earlier run.
            progress: Called with the number of prompts that were finished since the last call.

        Returns:
            For every prompt its answers, the most probable first: at least one.
        """
        if not prompts:
            return []
        encoded = [self.encode(prompt) for prompt in prompts]
        shared = self._shareable(encoded, max_new_tokens)
        answers: dict[int, list[Completion]] = {}
        spans = [None] * len(prompts) if within is None else within
        asked = (max_new_tokens, stop, beams, no_repeat)

        def complete(batch: Sequence[int]) -> list[list[Completion]]:
            return self._complete_batch(
                [encoded[i] for i in batch], [spans[i] for i in batch], shared, asked
            )

        sizes = (beams, max_new_tokens)
        # A beam search keeps the scores of every step.
        for batch in self._batches(list(map(len, encoded)), shared, *sizes, logits=beams > 1):
            keys = {i: journal.key(prompts[i], spans[i], *asked) for i in batch} if journal else {}
            new = [i for i in batch if not journal or keys[i] not in journal.known]
            if new:
                answers.update(zip(new, run_in_halves(complete, new), strict=True))
            for index, key in keys.items():
                if index in answers:
                    journal.add(key, [astuple(answer) for answer in answers[index]])
                else:
                    answers[index] = [Completion(*answer) for answer in journal.known[key]]
            if progress is not None:
                progress(len(batch))
        return [answers[index] for index in range(len(prompts))]

    def _complete_batch(
        self,
        encoded: Sequence[Sequence[int]],
        within: Sequence[str | None],
        shared: int,
        asked: tuple[int, str | None, int, bool],
    ) -> list[list[Completion]]:
        """Complete the prompts of one batch, whose first `shared` tokens are the same."""
        import torch

        max_new_tokens, stop, beams, no_repeat = asked
        first = encoded[0][:shared]
        prefix = self._prefix_cache(tuple(first)) if shared else None
        ends = self._end_tokens(stop)
        ids, mask = pad_left([row[shared:] for row in encoded], first, self._pad, self.device)
        grammars = within[0] is not None
        recorder = AnswerRecorder(
            [self._matcher(sentence, stop) for sentence in within] if grammars else None,
            self._grammar_tokenizer if grammars else None,
            beams,
            ids.shape[1],
            no_repeat,
        )
        with torch.inference_mode():
            # Prompts are read once and not once a beam; generate() adds their last token.
            cache = self._read(ids[:, :-1], mask[:, :-1], prefix, shared)
            cache.batch_repeat_interleave(beams)
            out = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=max_new_tokens,
                do_sample=False,
                num_beams=beams,
                num_return_sequences=beams,
                **({"length_penalty": 0.0, "output_scores": True} if beams > 1 else {}),
                eos_token_id=ends,
                pad_token_id=self._pad,
                logits_processor=[recorder],
                return_dict_in_generate=True,
                past_key_values=cache,
            )
        self.calls += len(encoded)
        rows = out.sequences[:, ids.shape[1] :].tolist()
        answers = []
        for place in range(len(encoded)):
            found: dict[str, Completion] = {}
            for row in range(place * beams, (place + 1) * beams):
                tokens, finished = _until(rows[row], set(ends))
                if beams == 1:
                    logprob = recorder.logprob(row, len(tokens))
                else:
                    logprob = float(out.sequences_scores[row])
                if not math.isfinite(logprob):
                    continue
                text = self.tokenizer.decode(tokens, skip_special_tokens=True)
                if stop is not None:
                    text = text.split(stop, 1)[0]
                self.generated += len(tokens)
                answer = Completion(text, logprob, len(tokens), finished)
                found[text] = _merged(found.get(text), answer)
            answers.append(sorted(found.values(), key=lambda c: (-c.logprob, c.text)))
        return answers

    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        """Natural log-probability of each text after its prompt.

        Args:
            prompts: As for `complete`.
            texts: One a prompt, not empty, end mark included where it counts.

        Returns:
            One number a prompt, in their order.
        """
        import torch

        if not prompts:
            return []
        encoded = [self.encode(prompt) for prompt in prompts]
        answers = self.encode_answers(texts)
        shared = self._shareable(encoded, max(map(len, answers)))
        prefix = self._prefix_cache(tuple(encoded[0][:shared])) if shared else None
        rows = [ids[shared:] + answer for ids, answer in zip(encoded, answers, strict=True)]
        scores = [0.0] * len(prompts)

        def score(batch: Sequence[int]) -> list[float]:
            ids, mask = pad_left(
                [rows[i] for i in batch], encoded[0][:shared], self._pad, self.device
            )
            longest = max(len(answers[i]) for i in batch)
            with torch.inference_mode():
                logits = self.model(
                    ids[:, shared:],
                    attention_mask=mask,
                    position_ids=(mask.cumsum(-1) - 1).clamp(min=0)[:, shared:],
                    past_key_values=None if prefix is None else repeat_cache(prefix, len(batch)),
                    # A tensor, for a slice would leave strides that torch multiplies slowly.
                    logits_to_keep=torch.arange(-longest - 1, 0),
                ).logits.float()
                logprobs = logits[:, :-1].log_softmax(-1)
                targets = ids[:, -longest:].unsqueeze(-1)
                picked = logprobs.gather(-1, targets).squeeze(-1).tolist()
            self.calls += len(batch)
            return [
                sum(row[-len(answers[index]) :]) for index, row in zip(batch, picked, strict=True)
            ]

        lengths = [shared + len(row) for row in rows]
        for batch in self._batches(lengths, shared, 1, 0, logits=True):
            for index, logprob in zip(batch, run_in_halves(score, batch), strict=True):
                scores[index] = logprob
        return scores

    def score_answers(
        self,
        groups: Sequence[Sequence[Prompt]],
        propose: Callable[[int, torch.Tensor], Sequence[Sequence[str]]],
        *,
        asked: Sequence[object] | None = None,
        journal: Journal | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[list[dict[str, float]]]:
        """Log-probabilities of many answers to each of many prompts that share their beginnings.

        The prompts and the answers of several groups make one tree of tokens, and the LLM reads
        every branch once, in one row with an attention mask of ancestors: what the prompts share,
        a sentence or a few-shot prefix, is not read again for each of them, nor for each answer.

        Args:
            groups: Prompts, grouped by what they share, such as the entities of a sentence.
            propose: Called once a group with its index and the log-probabilities of the first
                token after each of its prompts, of shape (prompts, vocabulary); gives the answers
                to score, for each prompt, end mark included where it counts.
            asked: Of each group what `propose` goes by besides its prompts, for the journal.
            journal: Keeps the scores of every group, and gives those of an earlier run.
            progress: Called with the number of groups that were finished since the last call.

        Returns:
            For every group and prompt the natural log-probability of each of its answers.
        """
        encoded = [[self.encode(prompt) for prompt in group] for group in groups]
        every = [row for rows in encoded for row in rows]
        shared = common_prefix(every) if len(groups) > 1 else 0
        found: dict[int, list[dict[str, float]]] = {}

        def score(places: Sequence[int]) -> list[list[dict[str, float]]]:
            return self._score_forest(
                [encoded[i] for i in places],
                shared,
                lambda place, first: propose(places[place], first),
            )

        for forest in make_forests(
            [tree_size(rows) - shared for rows in encoded], self._forest_room
        ):
            keys = {}
            if journal:
                more = {i: [asked[i]] if asked and asked[i] else [] for i in forest}
                keys = {i: journal.key("answers", groups[i], *more[i]) for i in forest}
            new = [i for i in forest if not journal or keys[i] not in journal.known]
            if new:
                found.update(zip(new, run_in_halves(score, new), strict=True))
            for index, key in keys.items():
                if index in found:
                    journal.add(key, [list(answers.items()) for answers in found[index]])
                else:
                    found[index] = [dict(answers) for answers in journal.known[key]]
            if progress is not None:
                progress(len(forest))
        return [found[index] for index in range(len(groups))]

    def _score_forest(
        self,
        groups: Sequence[Sequence[Sequence[int]]],
        shared: int,
        propose: Callable[[int, torch.Tensor], Sequence[Sequence[str]]],
    ) -> list[list[dict[str, float]]]:
        """Score the answers to the prompts of some groups, whose first `shared` tokens are one."""
        tree = TokenTree()
        ends = [[tree.insert(row[shared:]) for row in rows] for rows in groups]
        cache = self._tree_cache(tuple(groups[0][0][:shared]))
        flat = [end for group in ends for end in group]
        first = self._read_tree(tree, 0, cache, shared, flat).log_softmax(-1)
        answers = []
        place = 0
        for number, group in enumerate(ends):
            answers.append(propose(number, first[place : place + len(group)]))
            place += len(group)
        read = len(tree.tokens)
        texts = list({text for group in answers for several in group for text in several})
        encoded = dict(zip(texts, self.encode_answers(texts), strict=True))
        # Every answer as the chain of its nodes; the first hangs on its prompt's end.
        chains: list[list[dict[str, list[int]]]] = []
        for group, proposed in zip(ends, answers, strict=True):
            chains.append(
                [
                    {text: tree.chain(encoded[text], end) for text in several}
                    for end, several in zip(group, proposed, strict=True)
                ]
            )
        logprob = [0.0] * len(tree.tokens)

        rows, nodes = tree.below(flat, read)
        for node, one in zip(nodes, first[rows, tree.tokens_of(nodes)].tolist(), strict=True):
            logprob[node] = one
        del first
        inner = sorted({tree.parents[n] for n in range(read, len(tree.tokens))} - set(flat))
        if inner:
            logits = self._read_tree(tree, read, cache, shared, inner)
            rows, nodes = tree.below(inner, read)
            picked = logits[rows, tree.tokens_of(nodes)].float() - log_normaliser(logits)[rows]
            for node, one in zip(nodes, picked.tolist(), strict=True):
                logprob[node] = one
        self.calls += 2
        return [
            [
                {text: sum(logprob[n] for n in chain) for text, chain in answers.items()}
                for answers in group
            ]
            for group in chains
        ]

    def _tree_cache(self, ids: tuple[int, ...]) -> object:
        """A copy of the KV cache of the first tokens, whole also where a layer slides."""
        import torch
        from transformers import DynamicCache

        if ids not in self._trunks:
            cache = DynamicCache()
            if ids:
                with torch.inference_mode():
                    self.model(
                        torch.tensor([ids], device=self.device),
                        past_key_values=cache,
                        logits_to_keep=1,
                    )
            self._trunks = {ids: cache}
        return copy.deepcopy(self._trunks[ids])

    def _read_tree(
        self, tree: TokenTree, begin: int, cache: object, shared: int, ends: Sequence[int]
    ) -> torch.Tensor:
        """Read a tree's nodes from `begin` on; the logits after the nodes `ends`."""
        import torch

        depths = torch.tensor(tree.depths)
        position = torch.cat([torch.arange(shared), depths + shared])
        sees = torch.cat(
            [
                torch.ones(len(tree.tokens) - begin, shared, dtype=torch.bool),
                torch.from_numpy(tree.ancestors()[begin:]),
            ],
            dim=1,
        )
        mask = {"full_attention": sees}
        window = getattr(self.model.config.get_text_config(), "sliding_window", None)
        if self._slides:
            near = position[shared + begin :, None] - position[None, :] < window
            mask["sliding_attention"] = sees & near
        mask = {kind: one[None, None].to(self.device) for kind, one in mask.items()}
        keep = torch.tensor([end - begin for end in ends])
        with torch.inference_mode():
            return self.model(
                torch.tensor([tree.tokens[begin:]], device=self.device),
                attention_mask=mask if self._slides else mask["full_attention"],
                position_ids=position[None, shared + begin :].to(self.device),
                past_key_values=cache,
                logits_to_keep=keep,
            ).logits[0]

    @property
    def _pad(self) -> int:
        pad = self.tokenizer.pad_token_id
        return self.tokenizer.eos_token_id if pad is None else pad

    def _shareable(self, encoded: Sequence[Sequence[int]], more: int) -> int:
        """How many first tokens the prompts can share.

        None, where a layer's sliding window could close over them: the padding between them and
        the rest of a prompt would take up room in it.
        """
        window = getattr(self.model.config.get_text_config(), "sliding_window", None)
        if self._slides and max(map(len, encoded)) + more > window:
            return 0
        return common_prefix(encoded)

    def _batches(
        self,
        lengths: Sequence[int],
        shared: int,
        beams: int,
        new_tokens: int,
        *,
        logits: bool = False,
    ) -> Iterator[list[int]]:
        """Prompts in batches, the longest first; `logits`: whether those of many tokens are kept,
        which a GPU's batches are made for (at every token, to be safe)."""
        if self.device == "cuda":
            return make_batches(lengths, beams, new_tokens, self._gpu_room(logits), GPU_ROWS)
        room = BATCH_TOKENS * max(1, BATCH_VOCABULARY // self._vocabulary)
        return make_batches([n - shared for n in lengths], beams, new_tokens, room, MAX_ROWS)

    @property
    def _forest_room(self) -> int:
        if self.device == "cuda":
            return min(GPU_FOREST_TOKENS, self._gpu_room(logits=True))
        return FOREST_TOKENS

    def _gpu_room(self, logits: bool) -> int:
        """How many tokens the free memory of each of the model's GPUs has room for.

        A power of two: a little more or less of free memory seldom makes other batches, whose
        rounding might turn a tie.
        """
        import torch

        each = self._token_bytes + (LOGIT_BYTES * self._vocabulary if logits else 0)
        free = []
        for gpu in {weight.device for weight in self.model.parameters() if weight.is_cuda}:
            kept = torch.cuda.memory_reserved(gpu) - torch.cuda.memory_allocated(gpu)
            free.append(torch.cuda.mem_get_info(gpu)[0] + kept)
        return 1 << int(max(1.0, GPU_SHARE * min(free) / each)).bit_length() - 1

    @cached_property
    def _token_bytes(self) -> float:
        """Bytes of a GPU's memory for a token that is read, its keys and values among them."""
        import torch
        from transformers import DynamicCache

        probe = torch.full((1, min(PROBE, self.context)), self._pad, device=self.device)
        for _ in range(2):  # what the first call allocates for all later ones does not count
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            with torch.inference_mode():
                self.model(
                    probe,
                    past_key_values=DynamicCache(config=self.model.config),
                    logits_to_keep=1,
                )
        return (torch.cuda.max_memory_allocated() - before) / probe.numel()

    @property
    def _vocabulary(self) -> int:
        return int(self.model.config.get_text_config().vocab_size)

    @property
    def _slides(self) -> bool:
        text = self.model.config.get_text_config()
        return "sliding_attention" in (getattr(text, "layer_types", None) or ())

    def _prefix_cache(self, ids: tuple[int, ...]) -> object:
        import torch
        from transformers import DynamicCache

        if ids in self._prefixes:
            return self._prefixes[ids]
        cache = DynamicCache(config=self.model.config)
        with torch.inference_mode():
            self.model(
                torch.tensor([ids], device=self.device), past_key_values=cache, logits_to_keep=1
            )
        self._prefixes = {ids: cache}
        return cache

    def _read(
        self, ids: torch.Tensor, mask: torch.Tensor, prefix: object | None, shared: int
    ) -> object:
        """The KV cache of the first tokens of a batch of prompts."""
        import torch
        from transformers import DynamicCache

        if prefix is None:
            cache = DynamicCache(config=self.model.config)
        else:
            cache = repeat_cache(prefix, len(ids))
        if ids.shape[1] > shared:
            self.model(
                ids[:, shared:],
                attention_mask=mask,
                position_ids=(mask.cumsum(-1) - 1).clamp(min=0)[:, shared:],
                past_key_values=cache,
                logits_to_keep=torch.tensor([-1]),
            )
        return cache

    def _end_tokens(self, stop: str | None) -> list[int]:
        if stop in self._ends:
            return self._ends[stop]
        ends = self.model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends]) | {self.tokenizer.eos_token_id}
        if stop is not None:
            pieces = self.tokenizer.batch_decode([[i] for i in range(len(self.tokenizer))])
            ends |= {i for i, piece in enumerate(pieces) if stop in piece}
        self._ends[stop] = sorted(end for end in ends if end is not None)
        return self._ends[stop]

    @cached_property
    def _grammar_tokenizer(self) -> object:
        import llguidance.hf

        return llguidance.hf.from_tokenizer(self.tokenizer, n_vocab=self._vocabulary)

    def _matcher(self, sentence: str, stop: str | None) -> object:
        from llguidance import LLMatcher

        grammar = LLMatcher.grammar_from_lark(substring_lark(sentence, stop))
        matcher = LLMatcher(self._grammar_tokenizer, grammar)
        if matcher.is_error():
            raise ValueError(f"no grammar for {sentence!r}: {matcher.get_error()}")
        return matcher


def _until(tokens: list[int], ends: set[int]) -> tuple[list[int], bool]:
    for place, token in enumerate(tokens):
        if token in ends:
            return tokens[: place + 1], True
    return tokens, False


def _merged(earlier: Completion | None, later: Completion) -> Completion:
    """One answer of two that are the same text, cut into tokens in two ways."""
    if earlier is None:
        return later
    if earlier.finished and later.finished:
        return replace(earlier, logprob=_logaddexp(earlier.logprob, later.logprob))
    return max(earlier, later, key=lambda answer: (answer.finished, answer.logprob))


def _logaddexp(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high))
