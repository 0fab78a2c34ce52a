from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
import tiny

from eatner.errors import InputError
from eatner.llm.identity import BLOCK, BLOCKS, HEAD, adapter_identity, model_identity


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny.folder("llama"), tmp_path / "model"))


def test_a_copy_is_the_same_model(model: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(model, tmp_path / "elsewhere" / "copy"))
    for path in copy.iterdir():
        os.utime(path, (1, 1))
    (copy / "README.md").write_text("what it is")
    assert model_identity(copy) == model_identity(model)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "chat_template.jinja"])
def test_what_answers_depend_on_counts(model: Path, file: str) -> None:
    before = model_identity(model)
    with open(model / file, "ab") as changed:
        changed.write(b"\n")
    assert model_identity(model) != before


@pytest.mark.parametrize("kind", ["llama", "gemma", "gemma-wide", "gemma-tied"])
def test_models_differ(kind: str) -> None:
    others = {"llama", "gemma", "gemma-wide", "gemma-tied"} - {kind}
    for other in others:
        assert model_identity(tiny.folder(kind)) != model_identity(tiny.folder(other))


def test_trained_weights_of_the_same_size_differ(tmp_path: Path) -> None:
    folders = [tiny.make_llama(tmp_path / str(seed), seed=seed) for seed in (0, 1, 0)]
    first, second, again = map(model_identity, folders)
    assert first != second
    assert first == again
    sizes = [(folder / "model.safetensors").stat().st_size for folder in folders]
    assert len(set(sizes)) == 1


@pytest.mark.parametrize("place", [0, HEAD - 1, 10_000_000, -1])
def test_large_weights_are_sampled(tmp_path: Path, place: int) -> None:
    weights = tmp_path / "model.safetensors"
    with open(weights, "wb") as file:
        file.truncate((BLOCKS - 1) * 10_000_000 + BLOCK)
    before = model_identity(tmp_path)
    size = weights.stat().st_size
    with open(weights, "r+b") as file:
        file.seek(place % size)
        file.write(b"x")
    assert weights.stat().st_size == size
    assert model_identity(tmp_path) != before


def test_gigabytes_take_milliseconds(tmp_path: Path) -> None:
    with open(tmp_path / "model.safetensors", "wb") as file:
        file.truncate(3 << 30)
    model_identity(tmp_path)
    started = time.process_time()
    model_identity(tmp_path)
    assert time.process_time() - started < 0.5


def test_an_adapter_is_its_weights_and_its_settings(tmp_path: Path) -> None:
    adapter = Path(shutil.copytree(tiny.folder("adapter"), tmp_path / "adapter"))
    weights, settings = adapter / "adapter_model.safetensors", adapter / "adapter_config.json"
    before = adapter_identity(weights)
    # The order of a set, and where its base was, say nothing.
    read = json.loads(settings.read_text())
    turned = {**read, "target_modules": read["target_modules"][::-1]}
    settings.write_text(json.dumps({**turned, "base_model_name_or_path": "/elsewhere"}))
    assert adapter_identity(weights) == before
    settings.write_text(json.dumps({**read, "lora_alpha": 99}))
    assert adapter_identity(weights) != before
    settings.write_text(json.dumps(read))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert adapter_identity(weights) != before


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        model_identity(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"adapter_model\.safetensors"):
        adapter_identity(tmp_path / "adapter_model.safetensors")
