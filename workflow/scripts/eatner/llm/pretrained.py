"""Models with a tokenizer that gives offsets: taggers and encoders, which torch computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from eatner.errors import InputError
from eatner.llm.device import without_cudnn_attention
from eatner.llm.loading import load_weights
from eatner.llm.tokenizer import load_tokenizer

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

Model = TypeVar("Model", bound="PreTrainedModel")
# RoBERTa and its kin count positions from the one after the padding's, which loses two of them.
LOST_POSITIONS = 2


def load_token_classifier(
    folder: Path,
    *,
    dtype: torch.dtype | None = None,
    new_head: bool = False,
    **options: object,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a token classifier, on an encoder or on an LLM, and its tokenizer.

    Args:
        folder: Path of the folder, in the Hugging Face layout.
        dtype: As for `load`.
        new_head: As for `load`.
        options: More for `from_pretrained`.

    Raises:
        InputError: The folder holds no such model, or its tokenizer gives no offsets.
    """
    from transformers import AutoModelForTokenClassification

    from eatner.llm import gemma_classifier

    gemma_classifier.register()
    from_pretrained = AutoModelForTokenClassification.from_pretrained
    return load(folder, from_pretrained, dtype=dtype, new_head=new_head, **options)


def load(
    folder: Path,
    from_pretrained: Callable[..., Model],
    *,
    dtype: torch.dtype | None = None,
    new_head: bool = False,
    **options: object,
) -> tuple[Model, PreTrainedTokenizerBase]:
    """Load a model, onto the GPU if there is one, and its tokenizer.

    Args:
        folder: Path of the folder, in the Hugging Face layout.
        from_pretrained: Loads the model: that of a class such as `AutoModelForSeq2SeqLM`.
        dtype: The number format of the weights; None: bfloat16 on a GPU that has it, else float32.
        new_head: Whether what is outside of the model's body, such as the last layer of a
            classifier, may be missing or of another shape: it is new then, to be trained.
        options: More for `from_pretrained`.

    Raises:
        InputError: The folder holds no model of that class in safetensors, or not all of it, or its
            tokenizer gives no offsets.
    """
    import torch

    cuda = torch.cuda.is_available()
    without_cudnn_attention()
    if dtype is None:
        # T5 overflows in float16; on a CPU these small models gain nothing from fewer digits.
        half = cuda and torch.cuda.is_bf16_supported()
        dtype = torch.bfloat16 if half else torch.float32
    tokenizer = load_tokenizer(folder)
    # What pools a text into one vector is in some files and not in others, and is never used here.
    model = load_weights(
        folder,
        from_pretrained,
        made_anew=lambda name, body: (
            name.removeprefix(body).startswith("pooler.")
            or (new_head and not name.startswith(body))
        ),
        remedy="Check the `kind`, and that the folder holds the model and its tokenizer.",
        dtype=dtype,
        **options,
    )
    if not tokenizer.is_fast:
        raise InputError(
            "the tokenizer gives no offsets",
            path=folder,
            remedy="Put the model's tokenizer.json into the folder.",
        )
    # `to` is wrapped in a way that hides its signature.
    return model.to("cuda" if cuda else "cpu").eval(), tokenizer  # type: ignore[arg-type]


def positions(tokenizer: PreTrainedTokenizerBase, config: PreTrainedConfig) -> int:
    """The number of pieces that a model can read at once, special tokens included."""
    most = getattr(config, "max_position_embeddings", None)
    limit = int(tokenizer.model_max_length)
    return min(limit, most - LOST_POSITIONS) if most else limit
