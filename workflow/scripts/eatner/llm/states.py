"""Hidden states of a model as embeddings of the subwords of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eatner.errors import InputError
from eatner.llm.loading import refuse_not_finite
from eatner.tables import Span

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Embedded:
    """The subwords of a text.

    Attributes:
        spans: Their places, without white space; none is empty.
        vectors: Their embeddings, of length 1: shape (subwords, width).
    """

    spans: list[Span]
    vectors: np.ndarray


class Embedder:
    """Embeds the subwords of texts, by the hidden states of a layer.

    Args:
        model: An encoder such as BERT, or a causal LLM without its head.
        tokenizer: Its tokenizer, which gives offsets.
        layer: The number of the layer; 0 are the embeddings of the vocabulary.
        limit: Upper limit on the tokens of a text, special ones included.

    Raises:
        InputError: The model has no such layer, or an encoder and a decoder.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        layer: int,
        limit: int,
    ) -> None:
        if model.config.is_encoder_decoder:
            raise InputError(
                "the model has an encoder and a decoder",
                path=model.name_or_path,
                remedy="Name an encoder, such as a multilingual BERT.",
            )
        layers = int(model.config.get_text_config().num_hidden_layers)
        if layer > layers:
            raise InputError(
                f"the model has no layer {layer}",
                path=model.name_or_path,
                remedy=f"Its last `layer` is {layers}.",
            )
        self.model, self.tokenizer = model, tokenizer
        self.layer, self.limit = layer, limit

    def embed(self, texts: Sequence[str]) -> list[Embedded | None]:
        """Embed the subwords of texts, as one batch; None for a text that is too long.

        Raises:
            InputError: The model's hidden states are not finite.
        """
        import torch

        if not texts:
            return []
        encoded = self.tokenizer(
            list(texts),
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            verbose=False,  # it would warn of a text that is too long
        )
        fitting = [i for i, ids in enumerate(encoded["input_ids"]) if 0 < len(ids) <= self.limit]
        embedded: list[Embedded | None] = [
            None if ids else Embedded([], np.zeros((0, 0), np.float32))
            for ids in encoded["input_ids"]
        ]
        if not fitting:
            return embedded
        rows = [encoded["input_ids"][i] for i in fitting]
        shape = (len(rows), max(map(len, rows)))
        # Not the tokenizer's own padding: many LLMs have none, or pad on the left.
        tokens = torch.full(shape, self.tokenizer.pad_token_id or 0)
        mask = torch.zeros(shape, dtype=torch.long)
        for number, row in enumerate(rows):
            tokens[number, : len(row)] = torch.tensor(row)
            mask[number, : len(row)] = 1
        device = self.model.device
        with torch.inference_mode():
            states = self.model(
                input_ids=tokens.to(device),
                attention_mask=mask.to(device),
                output_hidden_states=True,
            ).hidden_states[self.layer]
        vectors = torch.nn.functional.normalize(states.float(), dim=-1).cpu().numpy()
        for number, i in enumerate(fitting):
            spans = [_stripped(texts[i], *span) for span in encoded["offset_mapping"][i]]
            kept = [
                place
                for place, special in enumerate(encoded["special_tokens_mask"][i])
                if not special and spans[place][0] < spans[place][1]
            ]
            refuse_not_finite([float(vectors[number, kept].sum())], self.model.name_or_path)
            embedded[i] = Embedded([spans[place] for place in kept], vectors[number, kept])
        return embedded


def _stripped(text: str, start: int, end: int) -> Span:
    """A span without the white space at its edges."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
