"""Tag a text with a token classifier (BERT, XLM-R and their like), from the hub or trained here.

On the English it is a tagger as any other; a multilingual one on the original sentence is *model
transfer*, the method that translation competes with.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.corpora.iob import decode
from eatner.tables import Span
from eatner.tag.base import Found
from eatner.tag.neural import check_types, load
from eatner.text.characters import is_unspaced, is_word

if TYPE_CHECKING:
    import numpy as np


BATCH = 16
# Most pieces of a window, marks included: what BERT and XLM-R have positions for.
WINDOW = 512
# RoBERTa's kin count positions from behind that of the padding, so two of them are lost.
LOST_POSITIONS = 2


class TokenClassifier:
    """A token classifier with tags such as B-PER, I-PER, O, in IOB1, IOB2, BIOES or bare types.

    Args:
        folder: The model and its tokenizer, in the Hugging Face layout.
        types: Its labels, without their prefix, to PER, LOC, ORG, or None: ignored.

    Raises:
        InputError: No such model there, or one that does not know a label of `types`.
    """

    def __init__(self, folder: Path, types: Mapping[str, str | None]) -> None:
        from transformers import AutoModelForTokenClassification

        self.model, self.tokenizer = load(folder, AutoModelForTokenClassification)
        config = self.model.config
        self.tags = [_tag(str(config.id2label[i])) for i in range(config.num_labels)]
        check_types(types, {tag[2:] for tag in self.tags if tag != "O"}, folder)
        self.types = types
        self.window = window(self.tokenizer, config)

    def find(
        self, texts: Sequence[str], progress: Callable[[int], object] = lambda done: None
    ) -> list[list[Found]]:
        """The entities of each text, with the mean probability of their words' labels.

        A word has the tag of its first piece, as such models are trained; in scripts without
        spaces every piece is a word. An I- that continues nothing begins an entity.

        Args:
            texts: Any number, of any length: a long one is read in windows that overlap, and each
                piece taken from where it has the most context.
            progress: Is told how many texts more are done.
        """
        found: list[list[Found]] = [[] for _ in texts]
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for begin in range(0, len(order), BATCH):
            batch = order[begin : begin + BATCH]
            filled = [i for i in batch if texts[i].strip()]
            rated = self._rate([texts[i] for i in filled]) if filled else []
            for i, (offsets, chances) in zip(filled, rated, strict=True):
                found[i] = self._entities(texts[i], offsets, chances)
            progress(len(batch))
        return found

    def _rate(self, texts: Sequence[str]) -> list[tuple[list[Span], np.ndarray]]:
        """The pieces of each text, and the probability of each label for each, [pieces, labels]."""
        import numpy as np
        import torch

        stride = self.window // 4
        encoded = self.tokenizer(
            list(texts),
            truncation=True,
            max_length=self.window,
            stride=stride,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        rows = range(len(encoded["input_ids"]))
        logits = []
        for begin in range(0, len(rows), BATCH):
            part = {
                name: encoded[name][begin : begin + BATCH]
                for name in self.tokenizer.model_input_names
                if name in encoded
            }
            padded = self.tokenizer.pad(part, return_tensors="pt").to(self.model.device)
            with torch.inference_mode():
                logits += list(self.model(**padded).logits.float().softmax(-1).cpu().numpy())
        step = self.window - self.tokenizer.num_special_tokens_to_add() - stride
        result: list[tuple[list[Span], np.ndarray]] = []
        for text in range(len(texts)):
            offsets: list[Span] = []
            context: list[int] = []
            chances: list[np.ndarray] = []
            windows = [row for row in rows if encoded["overflow_to_sample_mapping"][row] == text]
            for order, row in enumerate(windows):
                own = [i for i, mark in enumerate(encoded["special_tokens_mask"][row]) if not mark]
                for place, i in enumerate(own):
                    rate = logits[row][i]
                    around = min(place, len(own) - 1 - place)
                    at = order * step + place
                    if at == len(offsets):
                        offsets.append(tuple(encoded["offset_mapping"][row][i]))
                        context.append(around)
                        chances.append(rate)
                    elif around > context[at]:
                        context[at], chances[at] = around, rate
            result.append((offsets, np.array(chances).reshape(len(offsets), len(self.tags))))
        return result

    def _entities(self, text: str, offsets: Sequence[Span], chances: np.ndarray) -> list[Found]:
        firsts, spans = words(text, offsets)
        best = [int(chances[first].argmax()) for first in firsts]
        found = []
        for first, after, label in decode([self.tags[i] for i in best], "lenient"):
            kind = self.types.get(label)
            if kind is not None:
                sure = [float(chances[firsts[i]][best[i]]) for i in range(first, after)]
                score = sum(sure) / len(sure)
                found.append(Found(spans[first][0], spans[after - 1][1], kind, score))
        return found


def words(text: str, offsets: Sequence[Span]) -> tuple[list[int], list[Span]]:
    """Group a text's pieces into words.

    A word is a run of letters, digits and marks, or one other character; in scripts without spaces,
    a piece. A piece that spans several ("'s") keeps them together.

    Args:
        text: The text.
        offsets: Its pieces, as the tokenizer gives them: some with white space, some empty.

    Returns:
        Of each word its first piece, and its span.
    """
    firsts: list[int] = []
    spans: list[Span] = []
    for number, (start, end) in enumerate(offsets):
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start == end:
            continue
        if spans and (start < spans[-1][1] or _continues(text, start, spans[-1][1])):
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            firsts.append(number)
            spans.append((start, end))
    return firsts, spans


def _continues(text: str, start: int, before: int) -> bool:
    """Whether the character at `start` is of the same word as the one that ends at `before`."""
    if start != before:
        return False
    if unicodedata.category(text[start]).startswith("M") or text[start] == "\u200d":
        return True
    return is_word(text[start]) and is_word(text[start - 1]) and not is_unspaced(text[start])


def window(tokenizer: object, config: object) -> int:
    """Most pieces that a model reads at once, its marks included."""
    positions = getattr(config, "max_position_embeddings", WINDOW) or WINDOW
    return min(WINDOW, tokenizer.model_max_length, positions - LOST_POSITIONS)


def _tag(label: str) -> str:
    """A model's label as a tag: some have bare types, some are lower case O."""
    if label in ("O", "o"):
        return "O"
    return label if label[1:2] == "-" and label[0] in "BIESLUM" else f"I-{label}"
