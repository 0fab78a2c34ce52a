from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from rows import pair

from eatner import prompts
from eatner.errors import InputError
from eatner.files import write_json
from eatner.llm.base import one_line
from eatner.llm.transformers import TransformersLLM
from eatner.text import languages
from eatner.train import lora
from eatner.train.pairs import LONGEST_SENTENCE, split_by_entity

NAMES = (
    ("東京", "Tokyo"),
    ("大阪", "Osaka"),
    ("京都", "Kyoto"),
    ("ソニー", "Sony"),
    ("アンゲラ・メルケル", "Angela Merkel"),
    ("ロンドン", "London"),
    ("ウィーン大学", "University of Vienna"),
    ("ハンガリー", "Hungary"),
    ("マリア・シルバ", "Maria Silva"),
    ("バラク・オバマ", "Barack Obama"),
    ("ワシントン", "Washington"),
    ("奈良", "Nara"),
)
FRAMES = ("{}は有名である。", "月曜日、{}で会談した。", "")
PAIRS = [
    pair(english, surface, frame.format(surface))
    if frame
    else pair(english, "", "名前のない文である。")
    for surface, english in NAMES
    for frame in FRAMES
]
SETTINGS = {
    "form": "few-shot",
    "training_pairs": 16,
    "evaluation_pairs": 3,
    "rank": 4,
    "alpha": 8,
    "learning_rate": 5e-2,
    "epochs": 5,
    "batch_size": 4,
    "seed": 7,
}


# --- plan ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 30), min_size=1, max_size=30), st.sampled_from([0.5, 1, 2.5, 3]))
def test_every_pair_comes_as_often_as_there_are_epochs(lengths: list[int], epochs: float) -> None:
    examples = [([0] * length, [0]) for length in lengths]
    plan = lora._plan(examples, epochs, 4, random.Random(1))
    seen = [i for batch in plan for i in batch]
    assert len(seen) == round(epochs * len(examples))
    assert all(1 <= len(batch) <= 4 for batch in plan)
    counts = [seen.count(i) for i in range(len(examples))]
    assert max(counts) - min(counts) <= 1
    assert plan == lora._plan(examples, epochs, 4, random.Random(1))


# --- loss ---------------------------------------------------------------------------------------


def examples(llm: TransformersLLM, count: int) -> list[tuple[list[int], list[int]]]:
    return [lora._example(llm, p, languages.get("ja")) for p in PAIRS[:count]]


def test_an_example_is_the_question_and_the_answer_with_its_end() -> None:
    llm = tiny.llm("llama")
    question, answer = lora._example(llm, pair("X", 'a"b', 'x a"b'), languages.get("ja"))
    assert question == llm.encode(prompts.alignment('x a"b', "X", languages.get("ja"), "tuned"))
    assert llm.tokenizer.decode(answer) == 'a”b"'
    negative = lora._example(llm, PAIRS[2], languages.get("ja"))[1]
    assert llm.tokenizer.decode(negative) == '"'


@pytest.mark.parametrize("kind", ["gemma", "llama"])
def test_the_loss_is_the_mean_over_the_answers_tokens(kind: str) -> None:
    import torch

    llm = tiny.llm(kind)
    rows = examples(llm, 6)
    assert len({len(q) + len(a) for q, a in rows}) > 2
    losses = []
    with torch.inference_mode():
        for question, answer in rows:
            logits = (
                llm.model(torch.tensor([question + answer], device=llm.device)).logits[0].float()
            )
            predicted = logits[len(question) - 1 : -1].log_softmax(-1)
            losses += [-float(predicted[i, token]) for i, token in enumerate(answer)]
        found = lora._loss(llm, rows)
    assert float(found) == pytest.approx(sum(losses) / len(losses), abs=1e-3)


def test_padding_changes_nothing() -> None:
    import torch

    llm = tiny.llm("gemma")
    short, long = ([5, 6, 7], [8, 9]), (list(range(20, 90)), [10])
    with torch.inference_mode():
        alone = float(lora._loss(llm, [short])), float(lora._loss(llm, [long]))
        together = float(lora._loss(llm, [short, long]))
    assert together == pytest.approx((2 * alone[0] + alone[1]) / 3, abs=1e-4)


def test_the_question_has_no_part_in_the_loss() -> None:
    import torch

    llm = tiny.llm("llama")
    embedding = llm.model.get_input_embeddings().weight
    rows = [([5, 6, 7], [8, 9])]
    logits: list[torch.Tensor] = []
    handle = llm.model.lm_head.register_forward_hook(lambda *a: logits.append(a[2]))
    try:
        lora._loss(llm, rows)
    finally:
        handle.remove()
    assert logits[0].shape == (1, 3, len(embedding))


# --- training -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """An adapter of a tiny LLM and its record."""
    folder = tmp_path_factory.mktemp("adapter")
    return folder, train(folder)


def train(out: Path, **changes: object) -> dict:
    import torch

    japanese = [(languages.get("ja"), p) for p in PAIRS]
    patch = pytest.MonkeyPatch()
    patch.setattr(lora, "fast_dtype", lambda: torch.float32)
    try:
        with tiny.in_float32():
            return lora.finetune(tiny.folder("gemma-wide"), japanese, out, **(SETTINGS | changes))
    finally:
        patch.undo()


def test_the_record_says_what_was_done(trained: tuple[Path, dict], tmp_path: Path) -> None:
    _, record = trained
    assert record["languages"] == ["ja"]
    assert record["train"]["pairs"] == 16
    assert record["held_out"] == {"pairs": 3, "entities": 1}
    assert set(record["exact_match"]) == {"before", "before_bare", "after"}
    for match in record["exact_match"].values():
        assert 0 <= match["all"] <= 1
        assert match["pairs"] == 3
    assert [entry["step"] for entry in record["loss"]] == list(range(1, 21))
    assert record["tokens"] > 0
    assert record["tokens_per_second"] > 0
    assert set(record["seconds"]) == {"training", "evaluation"}
    assert {"python", "torch", "transformers", "peft"} <= set(record["versions"])
    assert record["seed"] == 7
    write_json(tmp_path / "training.json", record)
    assert json.loads((tmp_path / "training.json").read_text(encoding="utf-8")) == record


def test_the_rate_warms_up_and_falls(trained: tuple[Path, dict]) -> None:
    rates = [entry["rate"] for entry in trained[1]["loss"]]
    assert rates[:2] == [0, SETTINGS["learning_rate"] / 2]
    assert max(rates) == rates[2] == SETTINGS["learning_rate"]
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_the_configuration_lists_the_layers_in_one_order(trained: tuple[Path, dict]) -> None:
    """peft has them in a set, so that the same training gave other bytes each time."""
    config = json.loads((trained[0] / "adapter_config.json").read_text(encoding="utf-8"))
    assert len(config["target_modules"]) == 14
    assert config["target_modules"] == sorted(config["target_modules"])


def test_training_lowers_the_loss(trained: tuple[Path, dict]) -> None:
    losses = [entry["loss"] for entry in trained[1]["loss"]]
    assert sum(losses[-3:]) < 0.8 * sum(losses[:3])


def test_the_adapter_is_safetensors_and_gives_the_recorded_answers(
    trained: tuple[Path, dict],
) -> None:
    folder, record = trained
    assert (folder / "adapter_model.safetensors").is_file()
    assert (folder / "adapter_config.json").is_file()
    with tiny.in_float32():
        llm = TransformersLLM(tiny.folder("gemma-wide"), adapter=folder)
    rows = [lora._example(llm, p, languages.get("ja")) for p in PAIRS]
    import torch

    with torch.inference_mode():
        tuned = float(lora._loss(llm, rows))
        base = float(lora._loss(tiny.llm("gemma-wide"), rows))
    assert tuned < 0.8 * base
    _, held = split_by_entity(PAIRS, SETTINGS["seed"])
    asked = [prompts.alignment(p.sentence, p.english, languages.get("ja"), "tuned") for p in held]
    answers = llm.complete(
        asked, max_new_tokens=48, stop=prompts.QUOTE, within=[one_line(p.sentence) for p in held]
    )
    right = [a[0].text == p.surface for a, p in zip(answers, held, strict=True)]
    assert record["exact_match"]["after"]["all"] == round(sum(right) / len(right), 4)


def test_what_the_untuned_llm_computed_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered: list[int] = []
    measure = lora._exact_match

    def spy(llm: TransformersLLM, *rest: object) -> dict[str, float]:
        remembered.append(len(llm.beginning.kept))
        return measure(llm, *rest)

    monkeypatch.setattr(lora, "_exact_match", spy)
    train(tmp_path, epochs=1)
    assert remembered == [0, 1, 0]


def test_the_same_seed_gives_the_same_adapter(trained: tuple[Path, dict], tmp_path: Path) -> None:
    from safetensors.torch import load_file

    again = train(tmp_path)
    assert [e["loss"] for e in again["loss"]] == pytest.approx(
        [e["loss"] for e in trained[1]["loss"]], abs=1e-3
    )
    first = load_file(trained[0] / "adapter_model.safetensors")
    for name, weights in load_file(tmp_path / "adapter_model.safetensors").items():
        assert (weights - first[name]).abs().max() < 1e-3


def test_the_size_of_the_evaluation_does_not_change_the_training(
    trained: tuple[Path, dict], tmp_path: Path
) -> None:
    again = train(tmp_path, evaluation_pairs=1)
    assert [e["loss"] for e in again["loss"]] == pytest.approx(
        [e["loss"] for e in trained[1]["loss"]], abs=1e-3
    )


def test_long_sentences_are_left_out_and_too_few_pairs_are_an_error(tmp_path: Path) -> None:
    long = [
        (languages.get("ja"), pair(english, "", "長" * (LONGEST_SENTENCE + 1)))
        for _, english in NAMES
    ]
    with pytest.raises(InputError, match="0 entities"):
        lora.finetune(tiny.folder("llama"), long, tmp_path, **SETTINGS)


def test_a_killed_training_goes_on_from_its_checkpoint(
    trained: tuple[Path, dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file

    monkeypatch.setattr(lora, "CHECKPOINT_SECONDS", 0)
    steps = len(trained[1]["loss"])
    loss, done = lora._loss, []

    def killed(*rows: object) -> object:
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(rows)
        return loss(*rows)

    monkeypatch.setattr(lora, "_loss", killed)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path)
    assert (tmp_path / lora.CHECKPOINT).exists()
    assert not (tmp_path / "adapter_model.safetensors").exists()
    counted = []
    monkeypatch.setattr(lora, "_loss", lambda *rows: counted.append(rows) or loss(*rows))
    record = train(tmp_path)
    assert len(counted) == steps - 4
    assert [entry["step"] for entry in record["loss"]] == list(range(1, steps + 1))
    assert record["tokens"] == trained[1]["tokens"]
    assert record["exact_match"]["before"] == trained[1]["exact_match"]["before"]
    first = load_file(trained[0] / "adapter_model.safetensors")
    for name, weights in load_file(tmp_path / "adapter_model.safetensors").items():
        assert (weights - first[name]).abs().max() < 1e-3
    assert not (tmp_path / lora.CHECKPOINT).exists()


def test_where_memory_is_short_activations_are_computed_again_to_the_same_adapter(
    trained: tuple[Path, dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import load_file

    loss = lora._loss

    def short(llm: TransformersLLM, rows: list) -> object:
        found = loss(llm, rows)
        if not lora._recomputes(llm.model):
            found.backward()  # what was added to the gradients before the memory ran out
            raise torch.OutOfMemoryError("CUDA out of memory")
        return found

    monkeypatch.setattr(lora, "_loss", short)
    record = train(tmp_path)
    assert record["gradient_checkpointing"]
    assert not trained[1]["gradient_checkpointing"]
    assert record["exact_match"] == trained[1]["exact_match"]
    first = load_file(trained[0] / "adapter_model.safetensors")
    for name, weights in load_file(tmp_path / "adapter_model.safetensors").items():
        assert (weights - first[name]).abs().max() < 1e-7


def test_a_batch_that_no_memory_holds_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def short(*_: object) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(lora, "_loss", short)
    with pytest.raises(InputError, match="Lower `batch_size`"):
        train(tmp_path)
