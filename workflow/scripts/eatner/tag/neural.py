"""What taggers share that torch computes: loading, long texts in pieces, token offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eatner.errors import InputError
from eatner.llm.device import without_cudnn_attention
from eatner.tables import Span

# The files of a tokenizer, of which a model's folder has one.
TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.txt",
    "vocab.json",
)
# Where a long text may be cut: behind a sentence, or at least behind a word.
_SENTENCE_END = re.compile(r"[.!?…。！？।۔։][\"'”’)\]]*\s+")
_WORD_END = re.compile(r"\s+")


def check_types(types: Mapping[str, str | None], labels: Iterable[str], model: Path) -> None:
    """Refuse a type map that names labels which the model does not give.

    Args:
        types: The tagger's `types`.
        labels: What the model can say.
        model: Its folder, for the message.

    Raises:
        InputError: A label of the map is not among the model's.
    """
    if unknown := sorted(set(types) - set(labels)):
        raise InputError(
            f"the tagger's `types` name the labels {', '.join(unknown)}, which this model does "
            "not give",
            path=model,
            remedy=f"Its labels are {', '.join(sorted(labels))}.",
        )


def load(folder: Path, kind: Any, *, half: bool = True, **options: object) -> tuple[Any, Any]:
    """A model on the GPU, if there is one, and its tokenizer.

    Args:
        folder: In the Hugging Face layout.
        kind: The class of `transformers` that it is to be loaded as.
        half: Whether a GPU may hold it in bfloat16: not for training.
        options: More for `from_pretrained`.

    Raises:
        InputError: No model of that class there, or a tokenizer without offsets.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    cuda = torch.cuda.is_available()
    without_cudnn_attention()
    # T5 overflows in float16; on a CPU these small models gain nothing from fewer digits.
    half = half and cuda and torch.cuda.is_bf16_supported()
    dtype = torch.bfloat16 if half else torch.float32
    # Without its file, transformers would make up an empty tokenizer.
    if not any((folder / name).exists() for name in TOKENIZERS):
        raise InputError(
            "cannot load this tagger: there is no tokenizer",
            path=folder,
            remedy=f"Put one of {', '.join(TOKENIZERS)} into the folder.",
        )
    try:
        model = kind.from_pretrained(folder, dtype=dtype, **options)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (ValueError, KeyError, OSError, SafetensorError) as error:
        raise InputError(
            f"transformers cannot load this tagger ({str(error).splitlines()[0][:300]})",
            path=folder,
            remedy="Check the tagger's `kind`, and that the folder holds the model and its "
            "tokenizer.",
        ) from error
    if not tokenizer.is_fast:
        raise InputError(
            "the tokenizer gives no offsets",
            path=folder,
            remedy="Put the model's tokenizer.json into the folder.",
        )
    return model.to("cuda" if cuda else "cpu").eval(), tokenizer


def token_offsets(tokenizer: Any, text: str) -> list[Span]:
    """The spans of a text's tokens, without marks, as many as there are."""
    encoded = tokenizer(
        text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        verbose=False,  # or it warns of what is about to be cut
    )
    return encoded["offset_mapping"]


def pieces(
    text: str, limit: int, offsets_of: Callable[[str], Sequence[Span]], whole: Sequence[Span] = ()
) -> list[Span]:
    """Cut a text that is too long for a model: behind a sentence, else a word, else anywhere.

    Args:
        text: The text.
        limit: Most tokens of a piece.
        offsets_of: The tokens of a text, as code points.
        whole: Spans that a cut should not part.

    Returns:
        The pieces' spans, which join up to the whole text.
    """
    found, start = [], 0
    while len(offsets := offsets_of(text[start:])) > limit:
        most = max(start + 1, start + offsets[limit][0])
        half = (start + most) // 2
        cut = (
            _last_cut(_SENTENCE_END, text, half, most, whole)
            or _last_cut(_WORD_END, text, start, most, whole)
            or most
        )
        found.append((start, cut))
        start = cut
    return [*found, (start, len(text))]


def _last_cut(
    pattern: re.Pattern[str], text: str, after: int, most: int, whole: Sequence[Span]
) -> int | None:
    """The last end of a match in `after` < end <= `most` that is inside none of the spans."""
    ends = [match.end() for match in pattern.finditer(text, after, most)]
    free = [e for e in ends if e > after and not any(a < e < b for a, b in whole)]
    return free[-1] if free else None
