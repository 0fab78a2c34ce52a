from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from eatner.errors import InputError
from eatner.fetch import artifacts, models
from eatner.llm.transformers import TransformersLLM


def write_gguf(path: Path, *, coarse: str = "") -> Path:
    """The tiny Llama as a GGUF in float32, with its byte-level tokenizer.

    Args:
        path: To write.
        coarse: Of the tensors `token_embd` and `output` the one that is the other in 16 bits, for
            a model whose output layer is its embedding; none if they are two.
    """
    import gguf
    import numpy as np
    import torch

    with tiny.in_float32():
        llm = TransformersLLM(tiny.folder("llama"), trainable=True)
    config, weights = llm.model.config, llm.model.state_dict()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    tokenizer = llm.tokenizer
    vocabulary = tokenizer.get_vocab()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(sorted(vocabulary, key=vocabulary.get))
    special = set(tokenizer.all_special_ids)
    writer.add_token_types([3 if i in special else 1 for i in range(len(vocabulary))])
    import json

    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)

    def halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
        """llama.cpp interleaves the halves that rotary embeddings turn."""
        rows, columns = weight.shape
        split = weight.reshape(heads, 2, rows // heads // 2, columns)
        return split.swapaxes(1, 2).reshape(rows, columns)

    parts = {
        "input_layernorm": "attn_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }
    named = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
    for layer in range(config.num_hidden_layers):
        for own, theirs in parts.items():
            named[f"blk.{layer}.{theirs}"] = f"model.layers.{layer}.{own}"
    for theirs, own in named.items():
        weight = weights[f"{own}.weight"]
        if theirs.endswith("attn_q"):
            weight = halves(weight, config.num_attention_heads)
        if theirs.endswith("attn_k"):
            weight = halves(weight, config.num_key_value_heads)
        if coarse and theirs in ("token_embd", "output"):
            weight = weights["lm_head.weight"]
        values = weight.numpy()
        writer.add_tensor(
            f"{theirs}.weight", values.astype(np.float16) if theirs == coarse else values
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def gguf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def test_a_gguf_becomes_a_folder_that_loads_with_the_same_weights(
    gguf_file: Path, tmp_path: Path
) -> None:
    import torch

    out = tmp_path / "model"
    models.convert_gguf(gguf_file, out)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {p.name for p in out.iterdir()}
    with tiny.in_float32():
        converted = TransformersLLM(out, trainable=True)
    with tiny.in_float32():
        original = TransformersLLM(tiny.folder("llama"), trainable=True)
    text = "東京は日本の首都である。 Sony"
    assert converted.encode_answer(text) == original.encode_answer(text)
    for name, weight in original.model.state_dict().items():
        # The folder is in bfloat16.
        torch.testing.assert_close(
            converted.model.state_dict()[name], weight.bfloat16().float(), atol=0, rtol=0
        )


@pytest.mark.parametrize("coarse", ["token_embd", "output"])
def test_weights_that_a_gguf_has_twice_are_stored_once_the_finer_ones(
    tmp_path: Path, coarse: str
) -> None:
    import torch
    from safetensors.torch import load_file

    out = tmp_path / "model"
    models.convert_gguf(write_gguf(tmp_path / "tiny.gguf", coarse=coarse), out)
    stored = load_file(out / "model.safetensors")
    assert "lm_head.weight" not in stored
    with tiny.in_float32():
        original = TransformersLLM(tiny.folder("llama"), trainable=True)
    expected = original.model.state_dict()["lm_head.weight"]
    assert torch.equal(stored["model.embed_tokens.weight"], expected.bfloat16())
    model = TransformersLLM(out, trainable=True).model
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


def test_the_folder_can_be_converted_no_more_and_tuned(gguf_file: Path, tmp_path: Path) -> None:
    import json

    models.convert_gguf(gguf_file, tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))
    assert "quantization_config" not in config
    assert config["dtype"] == "bfloat16"
    tiny.make_adapter(tmp_path / "model", tmp_path / "adapter")


def test_a_conversion_that_fails_leaves_no_half_model(
    gguf_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers

    def fail(tokenizer: object, folder: Path, **_: object) -> None:
        assert (folder / "model.safetensors").exists()
        raise OSError("disk full")

    monkeypatch.setattr(transformers.PreTrainedTokenizerBase, "save_pretrained", fail)
    with pytest.raises(OSError, match="disk full"):
        models.convert_gguf(gguf_file, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_gguf_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"<html>404</html>")
    with pytest.raises(InputError, match="not a GGUF file") as error:
        models.convert_gguf(path, tmp_path / "out")
    assert str(path) in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_seen_before_the_model_is_read(
    gguf_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_free(_: Path):
        class Usage:
            free = 0

        return Usage

    monkeypatch.setattr(artifacts.shutil, "disk_usage", none_free)
    with pytest.raises(InputError, match="the converted model needs"):
        models.convert_gguf(gguf_file, tmp_path / "out")


@pytest.mark.parametrize("cut", [8, 200, 0.5, 0.98])
def test_a_cut_gguf_is_one_clear_error(gguf_file: Path, tmp_path: Path, cut: float) -> None:
    data = gguf_file.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(data[: cut if cut > 1 else int(cut * len(data))])
    with pytest.raises(InputError, match=r"cut\.gguf"):
        models.convert_gguf(path, tmp_path / "out")


# --- the hub ------------------------------------------------------------------------------------


def test_a_model_is_fetched_at_its_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    seen: dict[str, object] = {}

    def download(name: str, **options: object) -> None:
        seen.update(options, name=name)
        write(options["local_dir"], "config.json")
        write(options["local_dir"], "model.safetensors")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    models.fetch_model("Qwen/Qwen2.5-7B-Instruct", "a" * 40, tmp_path / "out")
    assert seen["name"] == "Qwen/Qwen2.5-7B-Instruct"
    assert seen["revision"] == "a" * 40
    fetched = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert fetched == ["config.json", "model.safetensors"]
    assert "*.safetensors" in seen["allow_patterns"]
    assert not any(pattern.endswith((".bin", ".py")) for pattern in seen["allow_patterns"])


def write(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("{}")


@pytest.mark.parametrize("revision", ["refs/pr/1", "../../../x"])
def test_a_model_without_safetensors_is_refused_once_it_is_fetched(
    revision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda _, **given: write(given["local_dir"], "a.json")
    )
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(InputError, match=r"there is no model\.safetensors.*save_pretrained"):
        models.fetch_model("a/b", revision, inner / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]
    assert not (inner / "out").exists()


def test_a_broken_download_has_no_final_name_and_is_resumed_at_the_same_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    files = iter(["model.safetensors", "config.json", "tokenizer.json"])

    def download(name: str, revision: str, local_dir: Path, **_: object) -> None:
        write(local_dir, next(files))
        if not (local_dir / "tokenizer.json").exists():
            raise OSError("connection lost")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    out = tmp_path / "out"
    write(out, "of-another-revision.bin")
    for revision in ("a" * 40, "b" * 40):
        with pytest.raises(InputError, match="connection lost"):
            models.fetch_model("a/b", revision, out)
    assert [path.name for path in out.iterdir()] == ["of-another-revision.bin"]
    models.fetch_model("a/b", "a" * 40, out)
    assert sorted(path.name for path in out.iterdir()) == ["model.safetensors", "tokenizer.json"]


def test_a_hub_that_does_not_answer_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="could not be fetched from the hub") as error:
        models.fetch_model("eatner/none", "a" * 40, tmp_path / "out")
    message = str(error.value)
    assert f"eatner/none@{'a' * 40}" in message
    assert "network" in message
    assert len(message.splitlines()) == 1


def test_an_error_without_a_text_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(InputError, match="could not be fetched"):
        models.fetch_model("a/b", "c", tmp_path)
