"""What the taggers that torch computes share: loading, texts in pieces, token offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from eatner.errors import InputError
from eatner.llm.device import without_cudnn_attention
from eatner.tables import Mention, Span
from eatner.tag.base import Find, tag
from eatner.tag.step import Step

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

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
# Where a long text may be cut: after a sentence, or at least after a word.
_SENTENCE_END = re.compile(r"[.!?…。！？।۔։][\"'”’)\]]*\s+")
_WORD_END = re.compile(r"\s+")


def run_model(step: Step, kind: type, open_model: Callable[[Path], Find]) -> Iterator[Mention]:
    """Tag the texts of a step with a model that torch computes.

    Args:
        step: The step.
        kind: The class of the model, whose code the journal's answers depend on.
        open_model: Loads the model of a folder.
    """
    import torch

    torch.set_num_threads(step.threads)
    journal = step.open_journal(f"{kind.__module__}:{kind.__name__}")
    yield from tag(step.translations, open_model(step.inputs["model"]), journal)
    journal.close()


def check_types(types: Mapping[str, str | None], labels: Iterable[str], model: Path) -> None:
    """Refuse a type map that names labels which the model does not give.

    Args:
        types: The tagger's `types`.
        labels: The labels of the model.
        model: Path of its folder, for the message.

    Raises:
        InputError: The map names a label that the model does not have.
    """
    if unknown := sorted(set(types) - set(labels)):
        raise InputError(
            f"the tagger's `types` name the labels {', '.join(unknown)}, which this model does "
            "not give",
            path=model,
            remedy=f"Its labels are {', '.join(sorted(labels))}.",
        )


def load(
    folder: Path, from_pretrained: Callable[..., Model], *, half: bool = True, **options: object
) -> tuple[Model, PreTrainedTokenizerBase]:
    """Load a model, onto the GPU if there is one, and its tokenizer.

    Args:
        folder: Path of the folder, in the Hugging Face layout.
        from_pretrained: Loads the model: that of a class such as `AutoModelForSeq2SeqLM`.
        half: Whether a GPU may hold the weights in bfloat16, as it may not for training.
        options: More for `from_pretrained`.

    Raises:
        InputError: The folder holds no model of that class, or its tokenizer gives no offsets.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    cuda = torch.cuda.is_available()
    without_cudnn_attention()
    # T5 overflows in float16; on a CPU these small models gain nothing from fewer digits.
    half = half and cuda and torch.cuda.is_bf16_supported()
    dtype = torch.bfloat16 if half else torch.float32
    # Without such a file, transformers would make up an empty tokenizer.
    if not any((folder / name).exists() for name in TOKENIZERS):
        raise InputError(
            "cannot load this tagger: there is no tokenizer",
            path=folder,
            remedy=f"Put one of {', '.join(TOKENIZERS)} into the folder.",
        )
    try:
        model = from_pretrained(folder, dtype=dtype, **options)
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
    # `to` is wrapped in a way that hides its signature.
    return model.to("cuda" if cuda else "cpu").eval(), tokenizer  # type: ignore[arg-type]


def token_offsets(tokenizer: PreTrainedTokenizerBase, text: str) -> list[Span]:
    """The spans of all tokens of a text, without special tokens."""
    encoded = tokenizer(
        text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        verbose=False,  # it would warn of a text that is too long, and that is cut later
    )
    return encoded["offset_mapping"]


def pieces(
    text: str, limit: int, offsets_of: Callable[[str], Sequence[Span]], whole: Sequence[Span] = ()
) -> list[Span]:
    """Cut a text that is too long for a model: after a sentence, else a word, else anywhere.

    Args:
        text: The text.
        limit: Upper limit on the tokens of a piece.
        offsets_of: Gives the spans of a text's tokens, in code points.
        whole: Spans that a cut should not split.

    Returns:
        The spans of the pieces, which cover the text without gaps.
    """
    found, start = [], 0
    while len(offsets := offsets_of(text[start:])) > limit:
        latest = max(start + 1, start + offsets[limit][0])
        # A sentence that ends in the first half would leave a short piece: then after a word.
        half = (start + latest) // 2
        cut = (
            _last_cut(_SENTENCE_END, text, half, latest, whole)
            or _last_cut(_WORD_END, text, start, latest, whole)
            or latest
        )
        found.append((start, cut))
        start = cut
    return [*found, (start, len(text))]


def _last_cut(
    pattern: re.Pattern[str], text: str, after: int, latest: int, whole: Sequence[Span]
) -> int | None:
    """The last end of a match in `after` < end <= `latest` that is inside none of the spans."""
    ends = [match.end() for match in pattern.finditer(text, after, latest)]
    free = [end for end in ends if end > after and not any(a < end < b for a, b in whole)]
    return free[-1] if free else None
