"""An LLM run by vLLM: for thousands of sentences on a GPU.

vLLM is an optional extra (`pip install 'eatner[vllm]'`) and is imported when a model asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from pathlib import Path

from eatner.errors import InputError
from eatner.llm.base import Completion, Prompt, first_line
from eatner.llm.grammar import substring_lark
from eatner.llm.journal import Journal
from eatner.llm.tokenizer import Tokenized, load_tokenizer

# vLLM makes its own batches; this is how many prompts a killed job may have to ask again.
JOURNALED = 512
# The ranks that vLLM reserves room for (vllm.config.lora.MaxLoRARanks).
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)


class VllmLLM(Tokenized):
    """A causal LLM in the Hugging Face folder layout, run by vLLM; see `TransformersLLM`.

    Its answers do not come from a beam search, which vLLM does not have under a grammar: the first
    is the greedy one, the others are drawn with the seed. `no_repeat` has no counterpart there.
    Log-probabilities that vLLM gives under a grammar are shares of what the grammar allows, so that
    its answers are read once more without one.

    Args:
        folder: Local folder with config, tokenizer and safetensors.
        adapter: Folder of a LoRA adapter, if any.
        gpus: Over how many GPUs each layer is split (tensor parallelism).
        context: Tokens of a prompt and its answer that memory is reserved for; None: the model's.
        seed: Of what is drawn.

    Raises:
        InputError: vLLM is missing, or cannot load the folder.
    """

    scores = True

    def __init__(
        self,
        folder: str | Path,
        *,
        adapter: str | Path | None = None,
        gpus: int = 1,
        context: int | None = None,
        seed: int = 0,
    ) -> None:
        try:
            from vllm import LLM
            from vllm.lora.request import LoRARequest
        except ImportError as error:
            raise InputError(
                f"`backend: vllm` needs vLLM, which cannot be imported ({first_line(error)})",
                path=folder,
                remedy="pip install 'eatner[vllm]' (Linux, a GPU), or `backend: transformers`.",
            ) from error
        self.tokenizer = load_tokenizer(folder)
        self.seed = seed
        self._lora, lora = None, {}
        if adapter is not None:
            self._lora = LoRARequest("adapter", 1, str(Path(adapter).resolve()))
            lora = {"enable_lora": True, "max_lora_rank": _room(_rank(Path(adapter)))}
        try:
            self._engine = LLM(
                model=str(folder),
                tensor_parallel_size=gpus,
                max_model_len=context,
                seed=seed,
                # The one of its grammar engines that knows a sentence's substrings.
                structured_outputs_config={"backend": "guidance"},
                **lora,
            )
        except (ValueError, RuntimeError, OSError) as error:
            raise InputError(
                f"vLLM cannot load this model ({first_line(error)})",
                path=folder,
                remedy="Read vLLM's own message above. Where memory is short, lower `context` or "
                "raise `gpus`; a model that vLLM does not know needs `backend: transformers`.",
            ) from error
        self.calls = 0
        self.generated = 0

    @property
    def context(self) -> int:
        """The most tokens that a prompt and its answer may have together."""
        return int(self._engine.model_config.max_model_len)

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
        """Complete every prompt; see `TransformersLLM.complete`."""
        spans = [None] * len(prompts) if within is None else within
        asked = (max_new_tokens, stop, beams)
        answers: list[list[Completion]] = [[] for _ in prompts]
        for start in range(0, len(prompts), JOURNALED):
            places = range(start, min(start + JOURNALED, len(prompts)))
            keys = {i: journal.key(prompts[i], spans[i], *asked) for i in places} if journal else {}
            known = {i: journal.known[key] for i, key in keys.items() if key in journal.known}
            for place, several in known.items():
                answers[place] = [Completion(*answer) for answer in several]
            rest = [place for place in places if place not in known]
            found = self._complete([(prompts[i], spans[i]) for i in rest], *asked)
            for place, several in zip(rest, found, strict=True):
                answers[place] = several
                if journal:
                    journal.add(keys[place], [astuple(answer) for answer in several])
            if progress is not None:
                progress(len(places))
        return answers

    def _complete(
        self,
        asked: Sequence[tuple[Prompt, str | None]],
        max_new_tokens: int,
        stop: str | None,
        beams: int,
    ) -> list[list[Completion]]:
        """Complete prompts, each inside its sentence if there is one."""
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        if not asked:
            return []
        inputs, params = [], []
        for prompt, sentence in asked:
            limits = {
                "max_tokens": max_new_tokens,
                "stop": None if stop is None else [stop],
                "logprobs": 0,  # of the tokens that were chosen, and of no others
                "seed": self.seed,
            }
            if sentence is not None:
                grammar = substring_lark(sentence, stop)
                limits["structured_outputs"] = StructuredOutputsParams(grammar=grammar)
            ways = [{"temperature": 0.0}]
            if beams > 1:
                ways.append({"temperature": 1.0, "n": beams - 1})
            inputs += [{"prompt_token_ids": self.encode(prompt)}] * len(ways)
            params += [SamplingParams(**limits, **way) for way in ways]
        outputs = self._engine.generate(inputs, params, use_tqdm=False, lora_request=self._lora)
        self.calls += len(asked)
        each = len(outputs) // len(asked)
        found: list[dict[str, Completion]] = [{} for _ in asked]
        tokens: dict[tuple[int, str], Sequence[int]] = {}
        for number, output in enumerate(outputs):
            place = number // each
            for one in output.outputs:
                self.generated += len(one.token_ids)
                finished = one.finish_reason != "length"
                # What is drawn again, perhaps in other tokens, is no further answer.
                if one.text not in found[place] or (
                    finished and not found[place][one.text].finished
                ):
                    answer = Completion(
                        one.text, one.cumulative_logprob, len(one.token_ids), finished
                    )
                    found[place][one.text] = answer
                    tokens[place, one.text] = one.token_ids
        constrained = [key for key in tokens if asked[key[0]][1] is not None]
        scores = self._read(
            [
                (inputs[place * each]["prompt_token_ids"], tokens[place, text])
                for place, text in constrained
            ]
        )
        for (place, text), logprob in zip(constrained, scores, strict=True):
            found[place][text] = replace(found[place][text], logprob=logprob)
        return [sorted(one.values(), key=lambda c: (-c.logprob, c.text)) for one in found]

    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        """Natural log-probability of each text after its prompt; see `TransformersLLM.score`."""
        self.calls += len(prompts)
        return self._read(
            [
                (self.encode(prompt), self.encode_answer(text))
                for prompt, text in zip(prompts, texts, strict=True)
            ]
        )

    def _read(self, rows: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[float]:
        """Log-probabilities of tokens after others.

        Each token is asked for as the next one of what stands before it, which vLLM has in its
        cache: `prompt_logprobs` would read the prompt anew, and is wrong with an adapter.
        """
        from vllm import SamplingParams

        inputs, params = [], []
        for before, tokens in rows:
            for place, token in enumerate(tokens):
                inputs.append({"prompt_token_ids": [*before, *tokens[:place]]})
                params.append(
                    SamplingParams(
                        max_tokens=1, temperature=0.0, logprob_token_ids=[token], detokenize=False
                    )
                )
        if not inputs:
            return []
        outputs = iter(
            self._engine.generate(inputs, params, use_tqdm=False, lora_request=self._lora)
        )
        return [
            sum(next(outputs).outputs[0].logprobs[0][token].logprob for token in tokens)
            for _, tokens in rows
        ]


def _rank(adapter: Path) -> int:
    """The rank of a LoRA adapter."""
    path = adapter / "adapter_config.json"
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["r"])
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"no LoRA adapter's configuration ({first_line(error)})",
            path=path,
            remedy="Delete the adapter's folder: it is trained again.",
        ) from error


def _room(rank: int) -> int:
    return next((room for room in RANKS if room >= rank), rank)
