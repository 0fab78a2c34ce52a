"""Strangers' models: numbers are read, code is refused before anything is loaded."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest
import tiny

from eatner.errors import InputError
from eatner.fetch.artifacts import content
from eatner.foreign import check_adapter, check_model, refuse_code
from eatner.llm.local import LocalModel
from eatner.llm.pretrained import load


class Bomb:
    """A pickle that leaves a file when it is read."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make_llama(tmp_path_factory.mktemp("foreign") / "tiny")


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "model"))


def edit(path: Path, **more: object) -> None:
    settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(settings | more), encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pt", "weights.pkl", "last.ckpt", "pytorch_model-00001.bin"]
)
def test_pickled_weights_are_refused_and_not_read(folder: Path, name: str) -> None:
    (folder / "model.safetensors").unlink()
    trace = folder.parent / "trace"
    (folder / name).write_bytes(pickle.dumps(Bomb(trace)))
    with pytest.raises(InputError, match=r"no safetensors.*can run code.*save_pretrained"):
        LocalModel(folder, None, 1, "none")
    assert not trace.exists()


def test_a_pickle_beside_safetensors_is_not_read(folder: Path) -> None:
    trace = folder.parent / "trace"
    for name in ("pytorch_model.bin", "training_args.bin", "rng_state.pth"):
        (folder / name).write_bytes(pickle.dumps(Bomb(trace)))
    LocalModel(folder, None, 1, "none")
    assert not trace.exists()


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"there is no model\.safetensors"):
        check_model(folder)


@pytest.mark.parametrize(
    "shard", ["pytorch_model.bin", "../other.safetensors", "/x.safetensors", 3]
)
def test_an_index_names_safetensors_of_its_folder_only(folder: Path, shard: object) -> None:
    edit(folder / "model.safetensors.index.json", weight_map={"a": shard})
    with pytest.raises(InputError, match=r"names .* as a file of weights"):
        check_model(folder)


def test_code_that_a_model_brings_is_never_run(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trace = folder.parent / "trace"
    for name in ("configuration_x", "modeling_x", "tokenization_x"):
        (folder / f"{name}.py").write_text(f"open({str(trace)!r}, 'w')\n", encoding="utf-8")
    edit(
        folder / "config.json",
        auto_map={
            "AutoConfig": "configuration_x.X",
            "AutoModelForCausalLM": "modeling_x.X",
        },
    )
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["tokenization_x.X", None]})
    LocalModel(folder, None, 1, "none")  # transformers knows a Llama by itself
    assert "never run" in caplog.text
    edit(folder / "config.json", model_type="x-of-its-own")
    with pytest.raises(InputError, match=r"cannot load"):
        LocalModel(folder, None, 1, "none")
    assert not trace.exists()
    with pytest.raises(InputError, match=r"code of the model's own \(auto_map\)"):
        refuse_code(folder)


def test_code_in_a_nested_configuration_is_found(folder: Path) -> None:
    edit(folder / "gliner_config.json", encoder_config={"auto_map": {"AutoModel": "a/b--x.X"}})
    with pytest.raises(InputError, match=r"gliner_config\.json.*auto_map"):
        refuse_code(folder)


def test_a_kernel_of_the_hub_is_refused(folder: Path) -> None:
    edit(folder / "config.json", attn_implementation="someone/kernel")
    with pytest.raises(InputError, match=r"kernel of the hub.*Delete the key"):
        check_model(folder)


def test_an_encoder_or_a_tagger_is_checked_too(folder: Path) -> None:
    from transformers import AutoModel

    (folder / "model.safetensors").rename(folder / "model.bin")
    with pytest.raises(InputError, match="can run code"):
        load(folder, AutoModel.from_pretrained)


@pytest.mark.parametrize("settings", ["[]", "{", "[" * 100_000, '"a"'])
def test_settings_that_are_no_json_object_are_refused(folder: Path, settings: str) -> None:
    (folder / "config.json").write_text(settings, encoding="utf-8")
    with pytest.raises(InputError, match=r"config\.json.*JSON"):
        check_model(folder)


def test_an_adapter_is_lora_in_safetensors(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(Bomb(trace)))
    edit(adapter / "adapter_config.json", peft_type="LORA")
    with pytest.raises(InputError, match=r"adapter_model\.bin is not read"):
        check_adapter(adapter)
    (adapter / "adapter_model.safetensors").touch()
    check_adapter(adapter)
    for more in ({"megatron_config": {}, "megatron_core": "antigravity"}, {"peft_type": "IA3"}):
        edit(adapter / "adapter_config.json", **({"peft_type": "LORA"} | more))
        with pytest.raises(InputError, match="no plain LoRA adapter"):
            check_adapter(adapter)
    assert not trace.exists()


def test_a_pipeline_of_spacy_runs_none_of_its_files(tmp_path: Path) -> None:
    import spacy

    trace = tmp_path / "trace"
    pipeline = tiny.make_spacy(tmp_path / "en_tiny")
    (pipeline / "__init__.py").write_text(f"open({str(trace)!r}, 'w')\n", encoding="utf-8")
    (pipeline / "functions.py").write_text(f"open({str(trace)!r}, 'w')\n", encoding="utf-8")
    (pipeline / "vocab" / "lookups.pkl").write_bytes(pickle.dumps(Bomb(trace)))
    spacy.load(content(pipeline))
    assert not trace.exists()
