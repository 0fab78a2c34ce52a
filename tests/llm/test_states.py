from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from transformers import AutoModel, AutoModelForSeq2SeqLM

from eatner.errors import InputError
from eatner.llm.pretrained import load, positions
from eatner.llm.states import Embedded, Embedder

pytestmark = pytest.mark.usefixtures("one_thread")
TEXTS = [
    "東京タワーはソニーの隣だ。",
    "नई दिल्ली में",
    " Angela  Merkel\tmet Łódź",
    "",
    "👩‍👩‍👧 서울에서",
]


def encoder(layer: int) -> Embedder:
    model, tokenizer = load(tiny.folder("bert"), AutoModel.from_pretrained)
    return Embedder(model, tokenizer, layer, positions(tokenizer, model.config))


def decoder(layer: int) -> Embedder:
    local = tiny.llm("gemma-wide").local
    return Embedder(local.model.base_model, local.tokenizer, layer, local.context)


@pytest.mark.parametrize("make", [encoder, decoder])
def test_subwords_have_places_and_embeddings(make) -> None:
    for text, embedded in zip(TEXTS, make(1).embed(TEXTS), strict=True):
        covered = set()
        for start, end in embedded.spans:
            assert text[start:end] == text[start:end].strip() != ""
            covered |= {*range(start, end)}
        assert covered == {place for place, char in enumerate(text) if not char.isspace()}
        assert embedded.vectors.shape[0] == len(embedded.spans)
        assert np.linalg.norm(embedded.vectors, axis=-1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("make", [encoder, decoder])
def test_a_text_has_the_same_embeddings_in_every_batch(make) -> None:
    embedder = make(1)
    for text, embedded in zip(TEXTS, embedder.embed(TEXTS), strict=True):
        [alone] = embedder.embed([text])
        assert alone.spans == embedded.spans
        assert alone.vectors == pytest.approx(embedded.vectors, abs=1e-4)


def test_the_embeddings_are_those_of_the_layer() -> None:
    text = "Sony met Sony"
    [below], [above] = encoder(0).embed([text]), encoder(2).embed([text])
    # Position and context make them differ.
    assert not np.allclose(below.vectors, above.vectors, atol=1e-3)
    last = encoder(2)
    encoded = last.tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
    visible = [bool(text[start:end].strip()) for start, end in encoded.pop("offset_mapping")[0]]
    with torch.inference_mode():
        states = last.model(**encoded).last_hidden_state[0][visible]
    expected = torch.nn.functional.normalize(states, dim=-1).numpy()
    assert above.vectors == pytest.approx(expected, abs=1e-5)


def test_a_text_that_is_too_long_has_none() -> None:
    embedder = encoder(1)
    assert embedder.limit == 62
    none, short = embedder.embed(["a " * 62, "Sony"])
    assert none is None
    assert short.spans
    assert embedder.embed(["a " * 62]) == [None]
    # Two of its tokens are special.
    most = next(n for n in range(62) if len(embedder.tokenizer("a " * n)["input_ids"]) > 62) - 1
    assert embedder.embed(["a " * most])[0] is not None
    assert embedder.embed(["a " * (most + 1)]) == [None]


def test_no_text_has_no_embeddings() -> None:
    assert encoder(1).embed([]) == []
    [empty] = decoder(1).embed([" "])
    assert isinstance(empty, Embedded)
    assert empty.spans == []


def test_a_layer_that_a_model_lacks_is_refused() -> None:
    with pytest.raises(InputError, match=r"no layer 3.*Its last `layer` is 2"):
        encoder(3)


def test_a_model_with_an_encoder_and_a_decoder_is_refused() -> None:
    model, tokenizer = load(tiny.folder("t5"), AutoModelForSeq2SeqLM.from_pretrained)
    with pytest.raises(InputError, match="an encoder and a decoder"):
        Embedder(model, tokenizer, 1, 512)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="there is no tokenizer"):
        load(tmp_path, AutoModel.from_pretrained)
