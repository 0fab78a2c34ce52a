"""Models whose weights are damaged: no answer is made of numbers that are none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
from questions import STOP
from safetensors.torch import load_file, save_file

from eatner.errors import InputError
from eatner.llm.loading import refuse_not_finite
from eatner.llm.pretrained import load
from eatner.llm.states import Embedder
from eatner.llm.transformers import TransformersLLM
from eatner.tag.text_to_text import TextToText
from eatner.tag.token_classification import TokenClassifier

TYPES = {"PER": "PER", "LOC": "LOC", "ORG": "ORG"}
PROMPTS = ["東京は", "Rome is"]


def damaged(kind: str, folder: Path, factor: float) -> Path:
    """A tiny model all of whose weights are multiplied."""
    shutil.copytree(tiny.folder(kind), folder)
    path = folder / "model.safetensors"
    found = {name: weight * factor for name, weight in load_file(path).items()}
    save_file(found, path, metadata={"format": "pt"})
    return folder


ASKED: dict[str, Callable[[TransformersLLM], object]] = {
    "greedy": lambda llm: llm.complete(PROMPTS, max_new_tokens=3),
    "beams": lambda llm: llm.complete(PROMPTS, max_new_tokens=3, beams=2),
    "greedy, within": lambda llm: llm.complete(
        PROMPTS, max_new_tokens=3, within=PROMPTS, stop=STOP
    ),
    "beams, within": lambda llm: llm.complete(
        PROMPTS, max_new_tokens=3, within=PROMPTS, stop=STOP, beams=2
    ),
    "score": lambda llm: llm.score(PROMPTS, ["a", "b"]),
    "answers": lambda llm: llm.score_answers([PROMPTS], lambda index, table: [[], ["ab"]]),
}


@pytest.fixture(scope="module", params=[float("nan"), float("inf")], ids=str)
def broken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> object:
    with tiny.in_float32():
        folder = damaged("llama", tmp_path_factory.mktemp("broken") / "llama", request.param)
        return TransformersLLM(folder)


@pytest.mark.parametrize("way", ASKED)
def test_an_llm_that_computes_no_numbers_is_refused(broken: TransformersLLM, way: str) -> None:
    with pytest.raises(InputError, match=r"computes (nan|-?inf) .* damaged") as error:
        ASKED[way](broken)
    assert str(error.value).startswith(str(broken.local.folder))


def test_taggers_and_encoders_that_compute_no_numbers_are_refused(tmp_path: Path) -> None:
    from transformers import AutoModel

    def embed(folder: Path) -> object:
        model, tokenizer = load(folder, AutoModel.from_pretrained)
        return Embedder(model, tokenizer, 1, 60).embed(PROMPTS)

    def name(folder: Path) -> object:
        return TextToText(folder, TYPES, source_tokens=9, target_tokens=4, beams=1).find(PROMPTS)

    def classify(folder: Path) -> object:
        return TokenClassifier(folder, TYPES).find(PROMPTS)

    for kind, read in {"bert": embed, "t5": name, "xlm-r": classify}.items():
        folder = damaged(kind, tmp_path / kind, float("nan"))
        with pytest.raises(InputError, match="computes nan") as error:
            read(folder)
        assert str(error.value).startswith(str(folder))


def test_finite_numbers_pass() -> None:
    refuse_not_finite([0.0, -1e300], "a")
