from __future__ import annotations

import importlib.util

import pytest
import tiny
from questions import SENTENCES, ask, questions, same

from eatner.errors import InputError
from eatner.llm.transformers import TransformersLLM


def test_an_adapter_is_merged_in() -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = tiny.llm("gemma-wide")
    with tiny.in_float32():
        tuned = TransformersLLM(tiny.folder("gemma-wide"), adapter=tiny.folder("adapter"))
    unmerged = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny.folder("gemma-wide"), dtype=torch.float32),
        tiny.folder("adapter"),
    )
    unmerged = unmerged.to(base.device).eval()
    ids = torch.tensor([base.encode(SENTENCES[0])], device=base.device)
    with torch.inference_mode():
        expected = unmerged(ids).logits
        torch.testing.assert_close(tuned.model(ids).logits, expected, atol=1e-3, rtol=1e-3)
        assert (base.model(ids).logits - expected).abs().max() > 0.1


def test_a_folder_that_is_no_model_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match=r"config\.json is missing") as error:
        TransformersLLM(tmp_path / "missing")
    assert str(tmp_path / "missing") in str(error.value)


def test_context_is_the_models() -> None:
    assert tiny.llm("llama").context == tiny.CONTEXT
    assert len(tiny.llm("llama").encode_answer("")) == 0


@pytest.mark.parametrize("damage", ["config", "weights", "tokenizer"])
def test_a_folder_that_is_no_model_is_one_clear_error(tmp_path, damage):
    folder = tiny.make_llama(tmp_path / "broken")
    if damage == "config":
        (folder / "config.json").write_text("{}")
    elif damage == "weights":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:5000])
    else:
        (folder / "tokenizer.json").write_text("{")
    with pytest.raises(InputError, match="broken"):
        TransformersLLM(folder)


def test_a_model_spread_over_gpus_answers_as_on_one() -> None:
    # Without a GPU, accelerate puts all layers on the CPU, by the same way.
    with tiny.in_float32():
        spread = TransformersLLM(tiny.folder("llama"), gpus=2)
    asked, within = questions()
    same(ask(spread, asked, within), ask(tiny.llm("llama"), asked, within))
    assert spread.score(asked, ["x"] * len(asked)) == pytest.approx(
        tiny.llm("llama").score(asked, ["x"] * len(asked)), abs=1e-4
    )


def test_four_bits_without_bitsandbytes_say_what_to_install(monkeypatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *package: None if name == "bitsandbytes" else find(name, *package),
    )
    with pytest.raises(InputError, match=r"eatner\[quantisation\]"):
        TransformersLLM(tiny.folder("llama"), quantisation="4bit")


@pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"
)
def test_four_bits_with_an_adapter_beside_them(tmp_path) -> None:
    base = tiny.make_llama(tmp_path / "base", hidden=64)
    adapter = tiny.make_adapter(base, tmp_path / "adapter")
    asked, within = questions()
    texts = ["x"] * len(asked)
    scores = {}
    for name, folder in (("alone", None), ("tuned", adapter)):
        model = TransformersLLM(base, adapter=folder, quantisation="4bit")
        kinds = {type(module).__name__ for module in model.model.modules()}
        assert "Linear4bit" in kinds
        scores[name] = model.score(asked, texts)
        for [answer], sentence in zip(ask(model, asked, within), within, strict=True):
            assert answer.text.rstrip("\ufffd") in sentence
    assert scores["alone"] != pytest.approx(scores["tuned"], rel=0.01)
