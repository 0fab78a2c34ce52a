"""What the hardware offers: number formats, attention kernels, memory that runs out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from eatner.errors import InputError, is_shortage
from eatner.llm.base import first_line

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import BitsAndBytesConfig, PreTrainedModel

log = logging.getLogger(__name__)
Result = TypeVar("Result")


def merged(tuned: PeftModel, quantisation: str) -> PreTrainedModel:
    """Make one model of a tuned LLM and its adapter.

    Args:
        tuned: The LLM with its adapter.
        quantisation: As for `TransformersLLM`. Merged into weights of four bits, what was learnt
            would be rounded away: the adapter's layers stay beside the model's own then.
    """
    whole = tuned.merge_and_unload() if quantisation == "none" else tuned.get_base_model()
    return cast("PreTrainedModel", whole)


def four_bit_settings() -> BitsAndBytesConfig:
    """Return the settings of QLoRA's four-bit NormalFloat (Dettmers et al. 2023, arXiv 2305.14314).

    Raises:
        InputError: bitsandbytes is not installed.
    """
    from importlib.util import find_spec

    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise InputError(
            "`quantisation: 4bit` needs bitsandbytes, which is not installed",
            remedy="pip install 'eatner[quantisation]', or leave `quantisation` out.",
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=fast_dtype(),
    )


def without_cudnn_attention() -> None:
    """Leave attention on a GPU to torch's own kernels, in this process.

    cuDNN's kernel makes a plan for every new length, so that each step of a generation waits for
    one, and its gradients are NaN at padding (both seen with torch 2.11 on an H200).
    """
    import torch

    torch.backends.cuda.enable_cudnn_sdp(False)


def fast_dtype() -> torch.dtype:
    """Choose bfloat16 where the hardware multiplies it natively, else float16 or float32."""
    import torch

    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32


def run_in_halves(
    run: Callable[[Sequence[int]], list[Result]], batch: Sequence[int]
) -> list[Result]:
    """Run a batch, or two halves of it where it is too large for the memory.

    Args:
        run: Gives a result for each member of a batch.
        batch: The members: prompts, or groups of prompts.

    Raises:
        InputError: One member is too large by itself.
    """
    import torch

    try:
        return run(batch)
    except (RuntimeError, MemoryError) as error:
        if not is_shortage(error):
            raise
        if len(batch) == 1:
            on_gpu = isinstance(error, torch.OutOfMemoryError)
            raise InputError(
                f"one sentence is too large for the {'GPU' if on_gpu else 'machine'}'s memory "
                f"({first_line(error)})",
                record="LLM",
                remedy="Spread the model over more `gpus`, or set `quantisation: 4bit` for it."
                if on_gpu
                else "End other programs, or give the job more memory (`mem_mb` in the profile).",
            ) from error
        log.warning("the memory is short: a batch of %d is halved", len(batch))
    torch.cuda.empty_cache()
    half = len(batch) // 2
    return [*run_in_halves(run, batch[:half]), *run_in_halves(run, batch[half:])]
