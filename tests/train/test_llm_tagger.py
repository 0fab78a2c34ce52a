"""A tiny LLM becomes a token classifier: it sees both sides, learns, and goes on after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny
import torch
from transformers import Trainer

from eatner.tag.token_classification import TokenClassifier
from eatner.train import loop
from eatner.train.llm_tagger import LLMTokenClassificationTrainer
from eatner.train.loop import Recipe
from eatner.train.tagger import train
from eatner.train.tagger_models import TAGS, Labelled

pytestmark = pytest.mark.usefixtures("one_thread")
SETTINGS = {"model": "tiny"}
# What a name is, is known only by what follows it.
VERBS = {"sings": "PER", "shines": "LOC"}
DATA = [
    Labelled(f"Mila {verb}{end}", ((0, 4, kind),))
    for verb, kind in VERBS.items()
    for end in (".", "?", "!")
] * 8
HELD = [Labelled("Mila sings", ((0, 4, "PER"),)), Labelled("Mila shines", ((0, 4, "LOC"),))]


def run(out: Path, epochs: float = 8) -> dict:
    recipe = Recipe(learning_rate=1e-2, batch_size=8, epochs=epochs, evaluation_sentences=9, seed=1)
    base = tiny.folder("gemma")
    return train("token-classification", SETTINGS, DATA, HELD, out, recipe, base=base)


@pytest.mark.parametrize("kind", ["gemma", "qwen2"])
def test_a_token_sees_what_follows_it(kind: str) -> None:
    task = LLMTokenClassificationTrainer()
    model, _ = task.load(tiny.folder(kind))
    model.eval()
    one, other = torch.tensor([[5, 6, 7, 8]]), torch.tensor([[5, 6, 7, 99]])
    mask = torch.ones_like(one)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=task.half):
        alone, changed = (model(ids, attention_mask=mask).logits for ids in (one, other))
        # Padding on the right is not seen.
        ids = torch.cat([one, torch.zeros(1, 2, dtype=torch.long)], dim=1)
        padded = model(ids, attention_mask=(torch.arange(6) < 4).long()[None]).logits[:, :4]
    assert (alone - changed).abs().amax(-1).min() > 0.05
    assert torch.allclose(alone, padded, atol=0.1)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert all("lora_" in name or "score" in name for name in trained)


def test_it_learns_and_is_a_tagger_like_any_other(tmp_path: Path) -> None:
    record = run(tmp_path)
    assert record["f1"] == {"after": record["f1"]["after"]}  # nothing before: its head is new
    assert record["f1"]["after"]["f1"] == 1.0
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["model_type"], config["is_causal"]) == ("gemma3_text", False)
    assert tuple(config["id2label"].values()) == TAGS
    tagger = TokenClassifier(tmp_path, {kind: kind for kind in ("PER", "LOC", "ORG")})
    found = tagger.find(["Mila shines", "", "Mila sings"])
    assert [[(e.start, e.end, e.type) for e in entities] for entities in found] == [
        [(0, 4, "LOC")], [], [(0, 4, "PER")],
    ]  # fmt: skip


def test_a_stopped_training_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    step = Trainer.training_step

    def stop(trainer: Trainer, *given: object) -> object:
        if trainer.state.global_step == 5:
            raise KeyboardInterrupt
        return step(trainer, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", stop)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "stopped", epochs=2)
    assert not (tmp_path / "stopped" / "model.safetensors").exists()
    assert run(tmp_path / "stopped", epochs=2)["resumed_at_step"] == 5
    run(tmp_path / "whole", epochs=2)
    weights = [(tmp_path / out / "model.safetensors").read_bytes() for out in ("stopped", "whole")]
    assert weights[0] == weights[1]
