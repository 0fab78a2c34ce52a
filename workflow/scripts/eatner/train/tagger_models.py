"""Taggers to be trained: their architectures, tokenizers, examples and losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eatner.corpora.iob import encode
from eatner.tables import TYPES, Span
from eatner.tag import text_to_text, token_classification
from eatner.tag.neural import load, pieces, token_offsets

TAGS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))
PAD, END, BEGIN = "<pad>", "</s>", "<s>"
IGNORED = -100
Example = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its gold entities: start, end (exclusive) and type of each, in their order."""

    text: str
    entities: tuple[tuple[int, int, str], ...]


def make_tokenizer(texts: Sequence[str], size: int, *, begin: bool) -> Any:
    """A tokenizer of bytes and their most frequent joints (BPE): it knows every character.

    Args:
        texts: To count in.
        size: Most tokens.
        begin: Whether a text begins with a mark, as BERT's do, and does not only end with one.
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
    marks = {"cls_token": BEGIN, "sep_token": END} if begin else {"eos_token": END}
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token=PAD,
        model_max_length=token_classification.WINDOW,
        model_input_names=["input_ids", "attention_mask"],
        **marks,
    )


def make_t5(folder: Path, texts: Sequence[str], sizes: Mapping[str, int]) -> None:
    """Write a T5 with random weights and a tokenizer made from the texts.

    Args:
        folder: To make.
        texts: Sources and answers.
        sizes: `vocabulary`, `width`, `layers` (of encoder and decoder each) and `heads`.
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
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_bert(folder: Path, texts: Sequence[str], sizes: Mapping[str, int]) -> None:
    """Write a BERT with random weights and a tokenizer made from the texts.

    Args:
        folder: To make.
        texts: To make the tokenizer from.
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
        max_position_embeddings=token_classification.WINDOW + token_classification.LOST_POSITIONS,
        pad_token_id=tokenizer.pad_token_id,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


class TextToTextTrainer:
    """How a text-to-text tagger is made, taught and asked."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.source_tokens = settings["source_tokens"]
        self.target_tokens = settings["target_tokens"]
        self.beams = settings["beams"]

    def make(self, folder: Path, data: Sequence[Labelled], sizes: Mapping[str, int]) -> None:
        texts = [text for item in data for text in (item.text, _answer(item.text, item.entities))]
        make_t5(folder, texts, sizes)

    def load(self, folder: Path) -> tuple[Any, Any]:
        from transformers import AutoModelForSeq2SeqLM

        return load(folder, AutoModelForSeq2SeqLM.from_pretrained, half=False)

    def examples(
        self, data: Sequence[Labelled], tokenizer: Any, model: Any
    ) -> tuple[list[Example], dict[str, int]]:
        def offsets(text: str) -> list[Span]:
            return token_offsets(tokenizer, text)

        found: list[Example] = []
        counts = {"texts cut into pieces": 0, "entities parted by a cut": 0, "answers cut short": 0}
        for item in data:
            spans = [entity[:2] for entity in item.entities]
            parts = pieces(item.text, self.source_tokens - 1, offsets, spans)
            counts["texts cut into pieces"] += len(parts) > 1
            kept = 0
            for start, end in parts:
                inside = [e for e in item.entities if start <= e[0] and e[1] <= end]
                kept += len(inside)
                answer = tokenizer(_answer(item.text, inside))["input_ids"]
                counts["answers cut short"] += len(answer) > self.target_tokens
                asked = tokenizer(item.text[start:end])["input_ids"]
                found.append({"input_ids": asked, "labels": answer[: self.target_tokens]})
            counts["entities parted by a cut"] += len(item.entities) - kept
        return found, counts

    def tagger(self, folder: Path) -> Any:
        return text_to_text.TextToText(
            folder,
            {kind: kind for kind in TYPES},
            source_tokens=self.source_tokens,
            target_tokens=self.target_tokens,
            beams=self.beams,
        )


class TokenClassificationTrainer:
    """How a token classifier is made, taught and asked."""

    def make(self, folder: Path, data: Sequence[Labelled], sizes: Mapping[str, int]) -> None:
        make_bert(folder, [item.text for item in data], sizes)

    def load(self, folder: Path) -> tuple[Any, Any]:
        from transformers import AutoModelForTokenClassification

        return load(
            folder,
            AutoModelForTokenClassification.from_pretrained,
            half=False,
            id2label=dict(enumerate(TAGS)),
            label2id={tag: i for i, tag in enumerate(TAGS)},
            ignore_mismatched_sizes=True,  # a new last layer, where the old one had other labels
        )

    def examples(
        self, data: Sequence[Labelled], tokenizer: Any, model: Any
    ) -> tuple[list[Example], dict[str, int]]:
        most = token_classification.window(tokenizer, model.config)
        found: list[Example] = []
        counts = {"texts cut into pieces": 0, "entities within a word": 0}
        for item in data:
            encoded = tokenizer(
                item.text,
                truncation=True,
                max_length=most,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
            )
            counts["texts cut into pieces"] += len(encoded["input_ids"]) > 1
            for row, ids in enumerate(encoded["input_ids"]):
                offsets = [
                    (0, 0) if mark else tuple(span)
                    for span, mark in zip(
                        encoded["offset_mapping"][row],
                        encoded["special_tokens_mask"][row],
                        strict=True,
                    )
                ]
                labels, lost = _labels(item, offsets)
                counts["entities within a word"] += lost
                found.append({"input_ids": ids, "labels": labels})
        return found, counts

    def tagger(self, folder: Path) -> Any:
        return token_classification.TokenClassifier(folder, {kind: kind for kind in TYPES})


def _answer(text: str, entities: Sequence[tuple[int, int, str]]) -> str:
    return text_to_text.write_answer([(kind, text[start:end]) for start, end, kind in entities])


def _labels(item: Labelled, offsets: Sequence[Span]) -> tuple[list[int], int]:
    """The label of each piece (only a word's first has one), and how many entities have no word.

    A word belongs to the entity that it overlaps.
    """
    firsts, spans = token_classification.words(item.text, offsets)
    labels = [IGNORED] * len(offsets)
    found, lost, taken = [], 0, 0
    here = (spans[0][0], spans[-1][1]) if spans else (0, 0)
    for start, end, kind in item.entities:
        inside = [i for i, (a, b) in enumerate(spans) if a < end and start < b and i >= taken]
        if inside:
            found.append((inside[0], inside[-1] + 1, kind))
            taken = inside[-1] + 1
        else:
            lost += here[0] <= start and end <= here[1]
    for first, tag in zip(firsts, encode(found, len(spans)), strict=True):
        labels[first] = TAGS.index(tag)
    return labels, lost
