"""Models with a tokenizer that gives offsets: taggers and encoders, which torch computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from eatner.errors import InputError
from eatner.foreign import check_model
from eatner.llm.device import without_cudnn_attention

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

Model = TypeVar("Model", bound="PreTrainedModel")
# A model's folder has at least one of these files of a tokenizer.
TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.txt",
    "vocab.json",
)
# RoBERTa and its kin count positions from the one after the padding's, which loses two of them.
LOST_POSITIONS = 2


def load_token_classifier(
    folder: Path, *, dtype: torch.dtype | None = None, **options: object
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a token classifier, on an encoder or on an LLM, and its tokenizer.

    Args:
        folder: Path of the folder, in the Hugging Face layout.
        dtype: As for `load`.
        options: More for `from_pretrained`.

    Raises:
        InputError: The folder holds no such model, or its tokenizer gives no offsets.
    """
    from transformers import AutoModelForTokenClassification

    from eatner.llm import gemma_classifier

    gemma_classifier.register()
    from_pretrained = AutoModelForTokenClassification.from_pretrained
    return load(folder, from_pretrained, dtype=dtype, **options)


def load(
    folder: Path,
    from_pretrained: Callable[..., Model],
    *,
    dtype: torch.dtype | None = None,
    **options: object,
) -> tuple[Model, PreTrainedTokenizerBase]:
    """Load a model, onto the GPU if there is one, and its tokenizer.

    Args:
        folder: Path of the folder, in the Hugging Face layout.
        from_pretrained: Loads the model: that of a class such as `AutoModelForSeq2SeqLM`.
        dtype: The number format of the weights; None: bfloat16 on a GPU that has it, else float32.
        options: More for `from_pretrained`.

    Raises:
        InputError: The folder holds no model of that class in safetensors, or its tokenizer gives
            no offsets.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    cuda = torch.cuda.is_available()
    without_cudnn_attention()
    if dtype is None:
        # T5 overflows in float16; on a CPU these small models gain nothing from fewer digits.
        half = cuda and torch.cuda.is_bf16_supported()
        dtype = torch.bfloat16 if half else torch.float32
    # Without such a file, transformers would make up an empty tokenizer.
    if not any((folder / name).exists() for name in TOKENIZERS):
        raise InputError(
            "cannot load this model: there is no tokenizer",
            path=folder,
            remedy=f"Put one of {', '.join(TOKENIZERS)} into the folder.",
        )
    check_model(folder)
    try:
        model = from_pretrained(
            folder, dtype=dtype, use_safetensors=True, trust_remote_code=False, **options
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (ValueError, KeyError, OSError, SafetensorError) as error:
        raise InputError(
            f"transformers cannot load this model ({str(error).splitlines()[0][:300]})",
            path=folder,
            remedy="Check the `kind`, and that the folder holds the model and its tokenizer.",
        ) from error
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
