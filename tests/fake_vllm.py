"""The part of vLLM that we call, with vLLM's own names and defaults, computed by transformers.

vLLM needs Linux and, but for its CPU builds, a GPU; the tests need neither. The signatures are
those of vLLM 0.32 and 0.33 (vllm/entrypoints/llm.py, vllm/sampling_params.py, vllm/outputs.py,
vllm/lora/request.py); what they promise is checked against the real one, where it is installed, by
the last test of test_vllm.py.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import tiny
from llguidance import LLMatcher

from eatner.llm.base import Decoding
from eatner.llm.recorder import Matchers
from eatner.llm.transformers import TransformersLLM


@dataclass
class StructuredOutputsParams:
    grammar: str | None = None


@dataclass
class SamplingParams:
    n: int = 1
    temperature: float = 1.0
    seed: int | None = None
    stop: str | list[str] | None = None
    max_tokens: int | None = 16
    logprobs: int | None = None
    logprob_token_ids: list[int] | None = None
    detokenize: bool = True
    structured_outputs: StructuredOutputsParams | None = None


@dataclass
class LoRARequest:
    lora_name: str
    lora_int_id: int
    lora_path: str = ""


@dataclass
class Call:
    """One call of `generate`."""

    prompts: list[dict[str, list[int]]]
    params: list[SamplingParams]
    lora_request: LoRARequest | None


@dataclass
class Record:
    """What was asked of the fake."""

    options: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)


class _Grammars(Matchers):
    def of(self, sentence: str, stop: str | None, separator: str | None = None) -> LLMatcher:
        return LLMatcher(self.tokenizer, LLMatcher.grammar_from_lark(sentence))


def _grammatical(folder: str, adapter: str | None = None) -> TransformersLLM:
    with tiny.in_float32():
        llm = TransformersLLM(folder, adapter=adapter)
    llm.generation.matchers = _Grammars(llm.tokenizer, llm.local.vocabulary)
    return llm


def install(patch: pytest.MonkeyPatch) -> Record:
    """Put the fake in the place of vLLM, as long as the patch lasts."""
    record = Record()

    class LLM:
        def __init__(
            self,
            model: str,
            *,
            tensor_parallel_size: int = 1,
            seed: int = 0,
            max_model_len: int | None = None,
            structured_outputs_config: dict[str, Any] | None = None,
            enable_lora: bool = False,
            max_lora_rank: int = 16,
            trust_remote_code: bool = True,
            load_format: str = "auto",
        ) -> None:
            assert not trust_remote_code
            assert load_format == "safetensors"
            record.options = {
                "gpus": tensor_parallel_size,
                "seed": seed,
                "structured": structured_outputs_config,
                "lora": max_lora_rank if enable_lora else None,
            }
            self.plain = _grammatical(model)
            self.folder, self.tuned = model, None
            self.model_config = SimpleNamespace(max_model_len=max_model_len or self.plain.context)

        def generate(
            self,
            prompts: Sequence[dict[str, list[int]]],
            sampling_params: SamplingParams | Sequence[SamplingParams] | None = None,
            *,
            use_tqdm: bool = True,
            lora_request: LoRARequest | None = None,
        ) -> list[SimpleNamespace]:
            several = isinstance(sampling_params, Sequence)
            params = list(sampling_params) if several else [sampling_params] * len(prompts)
            assert len(params) == len(prompts)
            record.calls.append(Call(list(prompts), params, lora_request))
            if lora_request is not None and self.tuned is None:
                assert record.options["lora"]
                self.tuned = _grammatical(self.folder, lora_request.lora_path)
            llm = self.plain if lora_request is None else self.tuned
            return [
                _outputs(llm, prompt["prompt_token_ids"], one)
                for prompt, one in zip(prompts, params, strict=True)
            ]

    module, params = ModuleType("vllm"), ModuleType("vllm.sampling_params")
    lora, request = ModuleType("vllm.lora"), ModuleType("vllm.lora.request")
    module.LLM, module.SamplingParams = LLM, SamplingParams
    params.StructuredOutputsParams, request.LoRARequest = StructuredOutputsParams, LoRARequest
    for one in (module, params, lora, request):
        patch.setitem(sys.modules, one.__name__, one)
    return record


def _outputs(llm: TransformersLLM, ids: list[int], params: SamplingParams) -> SimpleNamespace:
    """One RequestOutput."""
    if params.logprob_token_ids is not None:
        import torch

        with torch.inference_mode():
            last = (
                llm.model(torch.tensor([ids], device=llm.device))
                .logits[0, -1]
                .float()
                .log_softmax(-1)
            )
        table = {i: SimpleNamespace(logprob=float(last[i])) for i in params.logprob_token_ids}
        return SimpleNamespace(outputs=[SimpleNamespace(logprobs=[table])])
    grammar = params.structured_outputs and params.structured_outputs.grammar
    [stop] = params.stop or [None]
    written: list[list[int]] = []
    generate = llm.model.generate

    def spy(**options: object) -> object:
        out = generate(**options)
        written.extend(out.sequences[:, options["input_ids"].shape[1] :].tolist())
        return out

    with mock.patch.object(llm.model, "generate", spy):
        [[answer]], _ = llm.generation.answer(
            [ids], [grammar], 0, Decoding(params.max_tokens, stop)
        )
    output = SimpleNamespace(
        text=answer.text,
        token_ids=written[0][: answer.tokens],
        # Under a grammar, log-probabilities are shares of what it allows.
        cumulative_logprob=answer.logprob if grammar is None else -0.5,
        finish_reason="stop" if answer.finished else "length",
    )
    return SimpleNamespace(outputs=[output] * params.n)
