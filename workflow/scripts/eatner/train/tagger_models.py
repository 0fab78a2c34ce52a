"""Taggers that are trained here: their architectures, tokenizers and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from eatner.corpora.iob import encode
from eatner.llm.pretrained import LOST_POSITIONS, load, load_token_classifier
from eatner.tables import TAGS, TYPES, Span
from eatner.tag import text_to_text, token_classification
from eatner.tag.base import Find
from eatner.tag.neural import pieces, token_offsets

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# The labels of a token classifier, as transformers' configurations have them.
LABELS = {"id2label": dict(enumerate(TAGS)), "label2id": {tag: i for i, tag in enumerate(TAGS)}}
PAD, END, BEGIN = "<pad>", "</s>", "<s>"
# The label of what the loss leaves out.
IGNORED = -100

Example = dict[str, list[int]]
"""What the model reads (`input_ids`) and what it is to answer (`labels`)."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its gold entities from left to right: start, end (exclusive) and type of each.

    Attributes:
        text: The text.
        entities: Its entities.
        unsure: Spans of which it is not known whether they are entities.
    """

    text: str
    entities: tuple[tuple[int, int, str], ...]
    unsure: tuple[Span, ...] = ()


class Task(Protocol):
    """A kind of tagger that is trained here: how it is made, taught and asked.

    Attributes:
        tags_untrained: Whether it can tag before it is trained, so that it is measured then.
    """

    tags_untrained: bool

    @property
    def half(self) -> bool:
        """Whether the training computes in bfloat16."""

    def make(self, folder: Path, data: Sequence[Labelled], sizes: Mapping[str, int]) -> None:
        """Write a model with random weights and a tokenizer that is made from the data.

        Args:
            folder: Path of the folder to make.
            data: Texts with their gold entities.
            sizes: The sizes of the model, as `make_t5` has them.
        """

    def load(self, folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """Load a model that is to be trained, and its tokenizer."""

    def examples(
        self,
        data: Sequence[Labelled],
        tokenizer: PreTrainedTokenizerBase,
        model: PreTrainedModel,
    ) -> tuple[list[Example], dict[str, int]]:
        """Make examples of texts with gold entities; also count what was cut or lost."""

    def save(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path
    ) -> None:
        """Write a model that is or was trained; an LLM is not fit for more training then."""

    def tagger(self, folder: Path) -> Find:
        """Load a model that was saved, as a tagger."""


def make_tokenizer(texts: Sequence[str], size: int, *, begin: bool) -> PreTrainedTokenizerBase:
    """Make a tokenizer of bytes and their most frequent pairs (BPE), which knows every character.

    Args:
        texts: The texts to count pairs in.
        size: Upper limit on the number of tokens.
        begin: Whether a special token begins a text, as BERT's do, besides the one that ends it.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PAD, END, BEGIN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    raw.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}" if begin else f"$A {END}",
        special_tokens=[(mark, raw.token_to_id(mark)) for mark in (BEGIN, END)],
    )
    special = {"cls_token": BEGIN, "sep_token": END} if begin else {"eos_token": END}
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token=PAD,
        model_max_length=token_classification.WINDOW,
        model_input_names=["input_ids", "attention_mask"],
        **special,
    )


def make_t5(folder: Path, texts: Sequence[str], sizes: Mapping[str, int]) -> None:
    """Write a T5 with random weights, and a tokenizer that is made from texts.

    Args:
        folder: Path of the folder to make.
        texts: Sources and answers.
        sizes: `vocabulary`, `width`, `layers` (of the encoder, and of the decoder) and `heads`.
    """
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = make_tokenizer(texts, sizes["vocabulary"], begin=False)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=sizes["width"],
        d_kv=sizes["width"] // sizes["heads"],
        d_ff=4 * sizes["width"],
        num_layers=sizes["layers"],
        num_heads=sizes["heads"],
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        **{"decoder_start_token_id": tokenizer.pad_token_id},  # T5Config does not declare it
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_bert(folder: Path, texts: Sequence[str], sizes: Mapping[str, int]) -> None:
    """Write a BERT with random weights, and a tokenizer that is made from texts.

    Args:
        folder: Path of the folder to make.
        texts: The texts to make the tokenizer from.
        sizes: `vocabulary`, `width`, `layers` and `heads`.
    """
    from transformers import BertConfig, BertModel

    tokenizer = make_tokenizer(texts, sizes["vocabulary"], begin=True)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes["width"],
        intermediate_size=4 * sizes["width"],
        num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"],
        max_position_embeddings=token_classification.WINDOW + LOST_POSITIONS,
        pad_token_id=tokenizer.pad_token_id,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


class _WholeModel:
    """What tasks have in common that train all weights of a model."""

    tags_untrained = True

    @property
    def half(self) -> bool:
        """Whether the training computes in bfloat16: on a GPU that has it."""
        import torch

        return torch.cuda.is_available() and torch.cuda.is_bf16_supported()

    def save(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path
    ) -> None:
        """Write the model and its tokenizer."""
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


class TextToTextTrainer(_WholeModel):
    """The text-to-text tagger.

    Args:
        settings: The tagger's configuration.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.source_tokens = settings["source_tokens"]
        self.target_tokens = settings["target_tokens"]
        self.beams = settings["beams"]

    def make(self, folder: Path, data: Sequence[Labelled], sizes: Mapping[str, int]) -> None:
        """Write a T5 with random weights."""
        texts = [text for item in data for text in (item.text, _answer(item.text, item.entities))]
        make_t5(folder, texts, sizes)

    def load(self, folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """Load a sequence-to-sequence model."""
        import torch
        from transformers import AutoModelForSeq2SeqLM

        return load(folder, AutoModelForSeq2SeqLM.from_pretrained, dtype=torch.float32)

    def examples(
        self,
        data: Sequence[Labelled],
        tokenizer: PreTrainedTokenizerBase,
        model: PreTrainedModel,
    ) -> tuple[list[Example], dict[str, int]]:
        """Make an example of each piece of a text: the piece, and the answer for its entities.

        A text of which something is unsure is left out: an answer says all or nothing of it.
        """

        def offsets(text: str) -> list[Span]:
            return token_offsets(tokenizer, text)

        examples: list[Example] = []
        sure = [item for item in data if not item.unsure]
        counts = {
            "unsure texts left out": len(data) - len(sure),
            "texts cut into pieces": 0,
            "entities parted by a cut": 0,
            "answers cut short": 0,
        }
        for item in sure:
            spans = [entity[:2] for entity in item.entities]
            parts = pieces(item.text, self.source_tokens - 1, offsets, spans)
            counts["texts cut into pieces"] += len(parts) > 1
            kept = 0
            for start, end in parts:
                inside = [e for e in item.entities if start <= e[0] and e[1] <= end]
                kept += len(inside)
                answer = tokenizer(_answer(item.text, inside))["input_ids"]
                counts["answers cut short"] += len(answer) > self.target_tokens
                piece = tokenizer(item.text[start:end])["input_ids"]
                examples.append({"input_ids": piece, "labels": answer[: self.target_tokens]})
            counts["entities parted by a cut"] += len(item.entities) - kept
        return examples, counts

    def tagger(self, folder: Path) -> Find:
        """Load a text-to-text tagger."""
        return text_to_text.TextToText(
            folder,
            {kind: kind for kind in TYPES},
            source_tokens=self.source_tokens,
            target_tokens=self.target_tokens,
            beams=self.beams,
        ).find


class TokenClassificationTrainer(_WholeModel):
    """The token classifier."""

    def make(self, folder: Path, data: Sequence[Labelled], sizes: Mapping[str, int]) -> None:
        """Write a BERT with random weights."""
        make_bert(folder, [item.text for item in data], sizes)

    def load(self, folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """Load a model with a last layer for our tags, which is new if it had other labels."""
        import torch

        return load_token_classifier(folder, dtype=torch.float32, new_head=True, **LABELS)

    def examples(
        self,
        data: Sequence[Labelled],
        tokenizer: PreTrainedTokenizerBase,
        model: PreTrainedModel,
    ) -> tuple[list[Example], dict[str, int]]:
        """Make an example of each window of a text: its pieces, and their tags."""
        window = token_classification.window(tokenizer, model.config)
        examples: list[Example] = []
        counts = {"texts cut into pieces": 0, "entities within a word": 0}
        for item in data:
            encoded = tokenizer(
                item.text,
                truncation=True,
                max_length=window,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
            )
            counts["texts cut into pieces"] += len(encoded["input_ids"]) > 1
            for row, ids in enumerate(encoded["input_ids"]):
                offsets = [
                    (0, 0) if is_special else tuple(span)
                    for span, is_special in zip(
                        encoded["offset_mapping"][row],
                        encoded["special_tokens_mask"][row],
                        strict=True,
                    )
                ]
                labels, lost = _labels(item, offsets)
                counts["entities within a word"] += lost
                examples.append({"input_ids": ids, "labels": labels})
        return examples, counts

    def tagger(self, folder: Path) -> Find:
        """Load a token classifier."""
        return token_classification.TokenClassifier(folder, {kind: kind for kind in TYPES}).find


def _answer(text: str, entities: Sequence[tuple[int, int, str]]) -> str:
    """The answer that names the entities of a text."""
    return text_to_text.write_answer([(kind, text[start:end]) for start, end, kind in entities])


def _labels(item: Labelled, offsets: Sequence[Span]) -> tuple[list[int], int]:
    """Label the pieces of a window with the tags of their words; only first pieces count.

    A word belongs to the entity that it overlaps. An unsure word has no label, so that nothing is
    taught of it.

    Args:
        item: The text with its entities.
        offsets: The spans of the pieces; special tokens have empty ones.

    Returns:
        The label of each piece, and how many entities have no word of their own.
    """
    firsts, spans = token_classification.words(item.text, offsets)
    labels = [IGNORED] * len(offsets)
    runs: list[tuple[int, int, str]] = []  # first word, word after the last, type
    lost, next_word = 0, 0
    begin, stop = (spans[0][0], spans[-1][1]) if spans else (0, 0)
    for start, end, kind in item.entities:
        overlapping = [
            word
            for word, (word_start, word_end) in enumerate(spans)
            if word_start < end and start < word_end and word >= next_word
        ]
        if overlapping:
            next_word = overlapping[-1] + 1
            runs.append((overlapping[0], next_word, kind))
        else:
            lost += begin <= start and end <= stop
    for first, tag, (start, end) in zip(firsts, encode(runs, len(spans)), spans, strict=True):
        if tag != "O" or not any(start < after and before < end for before, after in item.unsure):
            labels[first] = TAGS.index(tag)
    return labels, lost
