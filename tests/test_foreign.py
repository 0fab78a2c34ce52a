"""Strangers' models: numbers are read, code is refused before anything is loaded."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForSeq2SeqLM

from eatner.errors import InputError
from eatner.fetch.artifacts import content
from eatner.foreign import check_adapter, check_model, one_error, refuse_code
from eatner.llm.local import LocalModel
from eatner.llm.pretrained import load, load_token_classifier


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
    "shard", ["pytorch_model.bin", "../other.safetensors", "/x.safetensors", 3, None, ["a"], {}]
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
    (folder / "model.safetensors").rename(folder / "model.bin")
    with pytest.raises(InputError, match="can run code"):
        load(folder, AutoModel.from_pretrained)


@pytest.mark.parametrize("settings", ["[]", "{", "[" * 100_000, '"a"'])
def test_settings_that_are_no_json_object_are_refused(folder: Path, settings: str) -> None:
    (folder / "config.json").write_text(settings, encoding="utf-8")
    with pytest.raises(InputError, match=r"config\.json.*JSON"):
        check_model(folder)


def weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict]) -> None:
    """Change the weights of a folder: a dictionary from names to tensors."""
    path = next(folder.glob("*.safetensors"))
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def without(part: str) -> Callable[[dict[str, torch.Tensor]], dict]:
    return lambda found: {name: value for name, value in found.items() if part not in name}


def shorter(part: str) -> Callable[[dict[str, torch.Tensor]], dict]:
    return lambda found: {
        name: value[:-1].contiguous() if part in name else value for name, value in found.items()
    }


def llm(folder: Path) -> object:
    return LocalModel(folder, None, 1, "none")


def tagger(folder: Path) -> object:
    return load_token_classifier(folder)


def t5(folder: Path) -> object:
    return load(folder, AutoModelForSeq2SeqLM.from_pretrained)


def encoder(folder: Path) -> object:
    return load(folder, AutoModel.from_pretrained)


KINDS = {
    "llama": (llm, "layers.0.mlp"),
    "gemma-tied": (llm, "embed_tokens"),
    "xlm-r": (tagger, "classifier"),
    "t5": (t5, "decoder.block.0.layer.0"),
    "bert": (encoder, "layer.1.output"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_without_some_of_its_weights_is_refused(tmp_path: Path, kind: str) -> None:
    read, part = KINDS[kind]
    folder = Path(shutil.copytree(tiny.folder(kind), tmp_path / "model"))
    read(folder)  # what is tied, or pools, may be missing
    weights(folder, without(part))
    with pytest.raises(InputError, match=r"weights '.* missing, and would be random") as error:
        read(folder)
    assert str(folder) in str(error.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_with_weights_of_other_shapes_is_refused(tmp_path: Path, kind: str) -> None:
    read, part = KINDS[kind]
    folder = Path(shutil.copytree(tiny.folder(kind), tmp_path / "model"))
    weights(folder, shorter(part))
    with pytest.raises(InputError, match=rf"{part}.* other shapes than config.json says: \("):
        read(folder)


def test_weights_that_are_not_used_are_named(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weights(folder, lambda found: found | {"extra": found["lm_head.weight"].clone()})
    llm(folder)
    assert "no place for the weights 'extra'" in caplog.text


def test_only_a_new_head_may_be_missing(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny.folder("bert"), tmp_path / "bert"))
    with pytest.raises(InputError, match=r"'classifier\.bias' and 1 more are missing"):
        load_token_classifier(folder)
    load_token_classifier(folder, new_head=True)
    weights(folder, without("layer.1.output"))
    with pytest.raises(InputError, match=r"layer\.1\.output"):
        load_token_classifier(folder, new_head=True)


def test_a_head_for_other_labels_is_made_anew_to_be_trained() -> None:
    labels = {"id2label": {0: "O", 1: "B-X"}, "label2id": {"O": 0, "B-X": 1}}
    model, _ = load_token_classifier(tiny.folder("xlm-r"), new_head=True, **labels)
    assert model.classifier.out_features == 2
    with pytest.raises(InputError, match="other shapes"):
        load_token_classifier(tiny.folder("xlm-r"), **labels)


def test_an_adapter_with_other_weights_is_refused(tmp_path: Path) -> None:
    base = tiny.folder("gemma-wide")
    adapter = Path(shutil.copytree(tiny.folder("adapter"), tmp_path / "adapter"))
    weights(adapter, without("lora_B"))
    with pytest.raises(InputError, match=r"adapter: 14 weights of the adapter are missing"):
        LocalModel(base, adapter, 1, "none")
    shutil.copytree(tiny.folder("adapter"), adapter, dirs_exist_ok=True)
    weights(adapter, shorter("lora_A"))
    with pytest.raises(InputError, match=r"peft cannot load this adapter") as error:
        LocalModel(base, adapter, 1, "none")
    assert "\n" not in str(error.value)


def test_a_folder_without_a_tokenizer_is_refused(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()
    for read in (llm, encoder):
        with pytest.raises(InputError, match="there is no tokenizer"):
            read(folder)


def test_a_tokenizer_that_knows_nothing_is_refused(folder: Path) -> None:
    edit(folder / "tokenizer.json", added_tokens=[], post_processor=None)
    edit(folder / "tokenizer.json", model={"type": "BPE", "vocab": {}, "merges": []})
    with pytest.raises(InputError, match="makes no token of a word"):
        llm(folder)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_attention_heads": 0},
        {"vocab_size": -1},
        {"hidden_size": "x"},
        {"dtype": "os.system"},
        {"model_type": ["llama"]},
        {"rope_parameters": 5},
        {"eos_token_id": {}},
    ],
)
def test_a_wrong_value_of_a_configuration_is_one_clear_error(
    folder: Path, wrong: dict[str, object]
) -> None:
    edit(folder / "config.json", **wrong)
    for read in (llm, encoder):
        with pytest.raises(InputError, match="cannot load") as error:
            read(folder)
        said = str(error.value)
        assert said.startswith(str(folder))
        assert "\n" not in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_new_tokens", "x"),
        ("max_new_tokens", 0),
        ("eos_token_id", "a"),
        ("eos_token_id", [1, None, "a"]),
        ("repetition_penalty", -1),
        ("no_repeat_ngram_size", [3]),
        ("suppress_tokens", "abc"),
    ],
)
def test_a_wrong_setting_of_a_generation_is_named(folder: Path, key: str, value: object) -> None:
    edit(folder / "generation_config.json", **{key: value})
    with pytest.raises(InputError, match=rf"generation_config\.json: `{key}` is"):
        check_model(folder)


def test_too_little_memory_is_not_the_model_s_fault(tmp_path: Path) -> None:
    for shortage in (MemoryError(), RuntimeError("can't allocate memory: 9 bytes")):
        said = pytest.raises(InputError, match=r"memory is too small for it.*mem_mb")
        with said, one_error(tmp_path, "cannot load"):
            raise shortage


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
