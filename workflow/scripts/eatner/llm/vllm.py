"""An LLM run by vLLM: for thousands of sentences on a GPU.

vLLM is an optional extra (`pip install 'eatner[vllm]'`) and is imported when a model asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.errors import InputError
from eatner.foreign import check_adapter, check_model
from eatner.llm.base import Completion, Decoding, Prompt, first_line
from eatner.llm.grammar import substring_lark
from eatner.llm.loading import refuse_not_finite
from eatner.llm.replies import tidied
from eatner.llm.tokenizer import TokenizedLLM, load_tokenizer

if TYPE_CHECKING:
    from vllm import SamplingParams

# Prompts that vLLM is given at once, and that a killed job may have to ask again.
JOURNALED = 512
# The ranks that vLLM reserves room for (vllm.config.lora.MaxLoRARanks).
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)


class VllmLLM(TokenizedLLM):
    """A causal LLM in the Hugging Face folder layout, run by vLLM.

    Its answers do not come from a beam search, which vLLM does not have under a grammar: the first
    is the greedy one, the others are drawn with the seed. `no_repeat` has no counterpart there.
    Log-probabilities that vLLM gives under a grammar are shares of what the grammar allows;
    therefore its answers are read once more without one.

    Args:
        folder: Local folder with config, tokenizer and safetensors.
        adapter: Folder of a LoRA adapter, if any.
        gpus: Number of GPUs over which each layer is split (tensor parallelism).
        context: Tokens of a prompt and its answer that memory is reserved for; None: the model's.
        seed: Seed of the answers that are drawn.

    Raises:
        InputError: vLLM is missing, or cannot load the folder.
    """

    scores = True
    keeps_lists = True

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
        check_model(Path(folder))
        self.seed, self.folder = seed, folder
        self._lora, lora = None, {}
        if adapter is not None:
            check_adapter(Path(adapter))
            self._lora = LoRARequest("adapter", 1, str(Path(adapter).resolve()))
            lora = {"enable_lora": True, "max_lora_rank": _room(_rank(Path(adapter)))}
        try:
            self._engine = LLM(
                model=str(folder),
                tensor_parallel_size=gpus,
                max_model_len=context,
                seed=seed,
                load_format="safetensors",
                trust_remote_code=False,
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
        """Limit of the tokens of a prompt and its answer together."""
        return int(self._engine.model_config.max_model_len)

    def _question(self, prompt: Prompt, span: str | None, decoding: Decoding) -> list[object]:
        """List what an answer depends on; `no_repeat` is not part of it."""
        limits = [decoding.max_new_tokens, decoding.stop, decoding.beams, decoding.separator]
        return [prompt, span, *limits]

    def _answers(
        self,
        prompts: Sequence[Prompt],
        spans: Sequence[str | None],
        decoding: Decoding,
        known: frozenset[int],
    ) -> Generator[dict[int, list[Completion]]]:
        """Answer prompts, `JOURNALED` at a time; of these vLLM makes its own batches."""
        for start in range(0, len(prompts), JOURNALED):
            batch = range(start, min(start + JOURNALED, len(prompts)))
            new = [index for index in batch if index not in known]
            if new:
                yield dict(
                    zip(
                        new,
                        self._complete([(prompts[i], spans[i]) for i in new], decoding),
                        strict=True,
                    )
                )

    def _complete(
        self, questions: Sequence[tuple[Prompt, str | None]], decoding: Decoding
    ) -> list[list[Completion]]:
        """Complete prompts, each inside its sentence if there is one."""
        inputs, params = [], []
        for prompt, sentence in questions:
            ways = self._ways(sentence, decoding)
            inputs += [{"prompt_token_ids": self.encode(prompt)}] * len(ways)
            params += ways
        outputs = self._engine.generate(inputs, params, use_tqdm=False, lora_request=self._lora)
        self.calls += len(questions)
        each = len(outputs) // len(questions)
        distinct: list[dict[str, Completion]] = [{} for _ in questions]
        tokens: dict[tuple[int, str], Sequence[int]] = {}
        for number, output in enumerate(outputs):
            index = number // each
            for written in output.outputs:
                self.generated += len(written.token_ids)
                refuse_not_finite([written.cumulative_logprob or 0.0], self.folder)
                answer = Completion(
                    written.text,
                    written.cumulative_logprob,
                    len(written.token_ids),
                    written.finish_reason != "length",
                )
                earlier = distinct[index].get(answer.text)
                # What is drawn again, perhaps in other tokens, is no further answer.
                if earlier is None or (answer.finished and not earlier.finished):
                    distinct[index][answer.text] = answer
                    tokens[index, answer.text] = written.token_ids
        constrained = [key for key in tokens if questions[key[0]][1] is not None]
        scores = self._read(
            [
                (inputs[index * each]["prompt_token_ids"], tokens[index, text])
                for index, text in constrained
            ]
        )
        for (index, text), logprob in zip(constrained, scores, strict=True):
            distinct[index][text] = replace(distinct[index][text], logprob=logprob)
        ranked = [
            sorted(answers.values(), key=lambda c: (-(c.logprob or 0.0), c.text))
            for answers in distinct
        ]
        return [
            tidied(prompt, answers) if sentence is None else answers
            for (prompt, sentence), answers in zip(questions, ranked, strict=True)
        ]

    def _ways(self, sentence: str | None, decoding: Decoding) -> list[SamplingParams]:
        """Say how a prompt is answered: once by the best tokens, and more often by drawn ones."""
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        limits = {
            "max_tokens": decoding.max_new_tokens,
            "stop": None if decoding.stop is None else [decoding.stop],
            "logprobs": 0,  # of the tokens that were chosen, and of no others
            "seed": self.seed,
        }
        if sentence is not None:
            grammar = substring_lark(sentence, decoding.stop, decoding.separator)
            limits["structured_outputs"] = StructuredOutputsParams(grammar=grammar)
        ways = [SamplingParams(**limits, temperature=0.0)]
        if decoding.beams > 1:
            ways.append(SamplingParams(**limits, temperature=1.0, n=decoding.beams - 1))
        return ways

    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        """Score each text as the answer to its prompt; see `LLM.score`."""
        self.calls += len(prompts)
        return self._read(
            [
                (self.encode(prompt), self.encode_answer(text))
                for prompt, text in zip(prompts, texts, strict=True)
            ]
        )

    def _read(self, rows: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[float]:
        """Sum the log-probabilities of tokens after others.

        Each token is asked for as the next one after those before it, which vLLM has in its cache:
        `prompt_logprobs` would read the prompt anew, and is wrong with an adapter.
        """
        from vllm import SamplingParams

        inputs, params = [], []
        for before, tokens in rows:
            for index, token in enumerate(tokens):
                inputs.append({"prompt_token_ids": [*before, *tokens[:index]]})
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
        scores = [
            sum(next(outputs).outputs[0].logprobs[0][token].logprob for token in tokens)
            for _, tokens in rows
        ]
        refuse_not_finite(scores, self.folder)
        return scores


def _rank(adapter: Path) -> int:
    """Read the rank of a LoRA adapter."""
    path = adapter / "adapter_config.json"
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["r"])
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"the adapter's configuration cannot be read ({first_line(error)})",
            path=path,
            remedy="Delete the adapter's folder: it is trained again.",
        ) from error


def _room(rank: int) -> int:
    return next((room for room in RANKS if room >= rank), rank)
