"""Tag a text with a token classifier (BERT, XLM-R and others), from the hub or trained here.

On English it is a tagger like any other. A multilingual one on the original sentence is *model
transfer*, the method that translation competes with.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.corpora.iob import decode
from eatner.llm.loading import refuse_not_finite
from eatner.llm.pretrained import load_token_classifier, positions
from eatner.tables import Mention, Span
from eatner.tag.base import Found
from eatner.tag.neural import check_types, run_model
from eatner.tag.step import Step
from eatner.text.characters import is_unspaced, is_word

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

BATCH = 16
# Upper limit on the pieces of a window, special tokens included: BERT and XLM-R have so many
# positions.
WINDOW = 512


def run(step: Step) -> Iterator[Mention]:
    """Tag the texts of a step."""
    types = step.settings["types"]
    return run_model(step, TokenClassifier, lambda folder: TokenClassifier(folder, types).find)


class TokenClassifier:
    """A token classifier with tags such as B-PER, I-PER, O, in IOB1, IOB2, BIOES or bare types.

    Args:
        folder: Path of the folder of the model and its tokenizer, in the Hugging Face layout.
        types: From its labels, without their prefix, to PER, LOC or ORG, or to None: ignored.

    Raises:
        InputError: The folder holds no such model, or `types` names a label that it does not have.
    """

    def __init__(self, folder: Path, types: Mapping[str, str | None]) -> None:
        self.model: PreTrainedModel
        self.model, self.tokenizer = load_token_classifier(folder)
        # Pieces and windows are counted from the left, and an LLM's tokenizer may pad or cut there.
        self.tokenizer.padding_side = self.tokenizer.truncation_side = "right"
        config = self.model.config
        label_of = {int(number): label for number, label in (config.id2label or {}).items()}
        self.tags = [_tag(label_of[number]) for number in sorted(label_of)]
        check_types(types, {tag[2:] for tag in self.tags if tag != "O"}, folder)
        self.types = types
        self.window = window(self.tokenizer, config)

    def find(
        self, texts: Sequence[str], progress: Callable[[int], object] = lambda done: None
    ) -> list[list[Found]]:
        """Find the entities of each text; their score is the mean probability of their words' tags.

        A word has the tag of its first piece, as such models are trained; in scripts without
        spaces every piece is a word. An I- that continues nothing begins an entity.

        Args:
            texts: Any number of texts of any length. A long text is read in windows that overlap,
                and each piece has its tag from the window in which it has the most context.
            progress: Called with the number of texts that were done since the last call.
        """
        found: list[list[Found]] = [[] for _ in texts]
        longest_first = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        for begin in range(0, len(longest_first), BATCH):
            batch = longest_first[begin : begin + BATCH]
            filled = [index for index in batch if texts[index].strip()]
            rated = self._rate([texts[index] for index in filled]) if filled else []
            for index, (offsets, probabilities) in zip(filled, rated, strict=True):
                found[index] = self._entities(texts[index], offsets, probabilities)
            progress(len(batch))
        return found

    def _rate(self, texts: Sequence[str]) -> list[tuple[list[Span], np.ndarray]]:
        """The pieces of each text, and the probabilities of their labels: (pieces, labels)."""
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
        probabilities: list[np.ndarray] = []
        for begin in range(0, len(rows), BATCH):
            batch = {
                name: encoded[name][begin : begin + BATCH]
                for name in self.tokenizer.model_input_names
                if name in encoded
            }
            padded = self.tokenizer.pad(batch, return_tensors="pt").to(self.model.device)
            with torch.inference_mode():
                logits = self.model(**padded).logits.float()
            of_batch = logits.softmax(-1).cpu().numpy()
            refuse_not_finite([float(of_batch.sum())], self.model.name_or_path)
            probabilities += list(of_batch)
        windows: list[list[tuple[list[Span], np.ndarray]]] = [[] for _ in texts]
        for row in rows:
            own = [
                i for i, special in enumerate(encoded["special_tokens_mask"][row]) if not special
            ]
            offsets = [tuple(encoded["offset_mapping"][row][i]) for i in own]
            text = encoded["overflow_to_sample_mapping"][row]
            windows[text].append((offsets, probabilities[row][own]))
        step = self.window - self.tokenizer.num_special_tokens_to_add() - stride
        return [joined(of_text, step) for of_text in windows]

    def _entities(
        self, text: str, offsets: Sequence[Span], probabilities: np.ndarray
    ) -> list[Found]:
        """The entities of a text, from the tags of its words' first pieces."""
        firsts, spans = words(text, offsets)
        best = [int(probabilities[first].argmax()) for first in firsts]
        entities = []
        for first, after, label in decode([self.tags[tag] for tag in best], "lenient"):
            kind = self.types.get(label)
            if kind is not None:
                chances = [float(probabilities[firsts[i]][best[i]]) for i in range(first, after)]
                score = sum(chances) / len(chances)
                entities.append(Found(spans[first][0], spans[after - 1][1], kind, score))
        return entities


def joined(
    windows: Sequence[tuple[Sequence[Span], np.ndarray]], step: int
) -> tuple[list[Span], np.ndarray]:
    """Join the windows of a text: each piece counts where it has the most context.

    Args:
        windows: The spans of each window's pieces, and the probabilities of their labels, with the
            shape (pieces, labels).
        step: The number of pieces from the start of a window to the start of the next.

    Returns:
        Spans and probabilities of all pieces of the text.
    """
    import numpy as np

    offsets: list[Span] = []
    context: list[int] = []  # the smaller number of pieces on either side of it, in its window
    probabilities: list[np.ndarray] = []
    for order, (own_offsets, own_probabilities) in enumerate(windows):
        for place, span in enumerate(own_offsets):
            around = min(place, len(own_offsets) - 1 - place)
            index = order * step + place
            if index == len(offsets):
                offsets.append(span)
                context.append(around)
                probabilities.append(own_probabilities[place])
            elif around > context[index]:
                context[index], probabilities[index] = around, own_probabilities[place]
    return offsets, np.array(probabilities).reshape(len(offsets), windows[0][1].shape[1])


def words(text: str, offsets: Sequence[Span]) -> tuple[list[int], list[Span]]:
    """Group a text's pieces into words.

    A word is a run of letters, digits and combining marks, or one other character; in scripts
    without spaces it is a piece. A piece of several words ("'s") keeps them together.

    Args:
        text: The text.
        offsets: The spans of its pieces, as the tokenizer gives them: some with white space, some
            empty.

    Returns:
        The index of each word's first piece, and the span of each word.
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
    """Whether the character at `start` belongs to the word that ends at `before`."""
    if start != before:
        return False
    if unicodedata.category(text[start]).startswith("M") or text[start] == "\u200d":
        return True
    return is_word(text[start]) and is_word(text[start - 1]) and not is_unspaced(text[start])


def window(tokenizer: PreTrainedTokenizerBase, config: PreTrainedConfig) -> int:
    """The number of pieces that a model reads at once, special tokens included."""
    return min(WINDOW, positions(tokenizer, config))


def _tag(label: str) -> str:
    """A model's label as a tag: some models have bare types, or O in lower case."""
    if label in ("O", "o"):
        return "O"
    return label if label[1:2] == "-" and label[0] in "BIESLUM" else f"I-{label}"
