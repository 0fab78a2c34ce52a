from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import tiny
from places import ROOT

from eatner.corpora import gold
from eatner.corpora.gold import AnnotatedSentence, LabelledSpan
from eatner.errors import InputError
from eatner.train.loop import Recipe
from eatner.train.tagger import forget, measure, read, train
from eatner.train.tagger_models import TAGS, Labelled

NAMES = [("Angela Merkel", "PER"), ("Akira Kurosawa", "PER"), ("Tokyo", "LOC"), ("Łódź", "LOC")]
SETTINGS = {"source_tokens": 64, "target_tokens": 24, "beams": 1}
SIZES = {"vocabulary": 400, "width": 64, "layers": 1, "heads": 2}


pytestmark = pytest.mark.usefixtures("one_thread")


def sentences(count: int, mark: str = "") -> list[Labelled]:
    draw = random.Random(0)
    found = []
    for _ in range(count):
        name, kind = draw.choice(NAMES)
        before = draw.choice(["We saw ", "And then ", ""])
        found.append(
            Labelled(f"{before}{name} there.{mark}", ((len(before), len(before + name), kind),))
        )
    return found


HELD = sentences(20, "!")


def recipe(**changes: float) -> Recipe:
    given = {"learning_rate": 3e-3, "batch_size": 16, "epochs": 1, "evaluation_sentences": 10}
    return Recipe(**(given | {"seed": 1} | changes))


@pytest.mark.parametrize(("kind", "epochs"), [("text-to-text", 8), ("token-classification", 3)])
def test_a_tagger_from_scratch_learns(tmp_path: Path, kind: str, epochs: int) -> None:
    data = sentences(128)
    held = [*sentences(128, "!"), data[0]]
    record = train(kind, SETTINGS, data, held, tmp_path, recipe(epochs=epochs), sizes=SIZES)
    assert record["f1"]["after"]["f1"] > record["f1"]["before"]["f1"] + 0.2
    assert record["loss"][-1]["loss"] < record["loss"][0]["loss"] / 2
    assert record["loss"][-1]["step"] == 8 * epochs
    assert record["train"]["examples"] == 128
    assert record["held_out"] == {
        "sentences": 10,
        "entities": 10,
        "left out, for they are trained on": 1,
    }
    assert record["tokens"] > 128 * epochs
    assert record["seconds"] > 0
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {
        path.name for path in tmp_path.iterdir()
    }
    assert (tmp_path / ".checkpoints").is_dir()
    forget(tmp_path)
    assert not (tmp_path / ".checkpoints").exists()


@pytest.mark.parametrize(
    ("kind", "base"), [("text-to-text", "t5"), ("token-classification", "xlm-r")]
)
def test_a_tagger_starts_from_a_folder(tmp_path: Path, kind: str, base: str) -> None:
    data = [*sentences(8), Labelled("x " * 200, ()), Labelled("Łódź 東京", ((0, 4, "LOC"),))]
    record = train(kind, SETTINGS, data, HELD, tmp_path, recipe(), base=tiny.folder(base))
    assert record["base"] == str(tiny.folder(base))
    assert record["train"]["texts cut into pieces"] == 1
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model_type"] == {"t5": "t5", "xlm-r": "xlm-roberta"}[base]
    if kind == "token-classification":
        assert tuple(config["id2label"].values()) == TAGS


RUN = """
    import os, signal, sys
    from pathlib import Path
    from unittest import mock
    import torch
    from transformers import Trainer
    torch.set_num_threads(1)
    sys.path.insert(0, {tests!r})
    from test_tagger import HELD, SETTINGS, SIZES, recipe, sentences
    from eatner.train import loop, tagger

    data, step = sentences(40), Trainer.training_step

    def train(out, die=None):
        def training_step(self, *given):
            if self.state.global_step == die:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(self, *given)

        with mock.patch.object(Trainer, "training_step", training_step):
            return tagger.train(
                "text-to-text", SETTINGS, data, HELD[:4], Path(out), recipe(epochs=4), sizes=SIZES
            )

    loop.SAVE_EVERY = 0.0
    child = os.fork()
    if not child:
        train("broken", die=6)
    print(os.WTERMSIG(os.waitpid(child, 0)[1]), os.path.exists("broken/model.safetensors"))
    # Killed while it wrote: a checkpoint without its last file.
    os.mkdir("broken/.checkpoints/checkpoint-7")
    for out in ("broken", "whole"):
        record = train(out)
        print(record["resumed_at_step"], len(record["loss"]))
"""


def test_a_killed_training_goes_on_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    code = textwrap.dedent(RUN).format(tests=str(ROOT / "tests" / "train"))
    paths = [
        str(ROOT / "workflow" / "scripts"),
        str(ROOT / "tests"),
        *filter(None, [os.environ.get("PYTHONPATH")]),
    ]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{signal.SIGKILL.value} False", "6 10", "0 10"]
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "broken" / name).read_bytes()


def test_a_training_with_other_settings_begins_anew(tmp_path: Path) -> None:
    data = sentences(20)
    first = train("token-classification", {}, data, HELD, tmp_path, recipe(), sizes=SIZES)
    again = train("token-classification", {}, data, HELD, tmp_path, recipe(), sizes=SIZES)
    other = train(
        "token-classification", {}, data, HELD, tmp_path, recipe(learning_rate=1e-3), sizes=SIZES
    )
    assert [r["resumed_at_step"] for r in (first, again, other)] == [0, 2, 0]
    assert again["f1"] == first["f1"]


def test_a_corpus_is_not_measured_on_itself(tmp_path: Path) -> None:
    data = sentences(4)
    with pytest.raises(InputError, match="every held-out sentence is trained on"):
        train("text-to-text", SETTINGS, data, data, tmp_path, recipe(), sizes=SIZES)


def test_gold_is_read_as_it_is_scored(tmp_path: Path) -> None:
    text = "東京 met Łódź in 1994"
    entities = (LabelledSpan(0, 2, "LOC"), LabelledSpan(7, 11, "PSN"), LabelledSpan(15, 19, "DAT"))
    types = {"LOC": "LOC", "PSN": "PER", "DAT": None}
    paths = tmp_path / "sentences.tsv", tmp_path / "gold.tsv"
    gold.write(
        [AnnotatedSentence("a", text, (), entities), AnnotatedSentence("b", "x")], types, *paths
    )
    assert read(*paths) == [
        Labelled(text, ((0, 2, "LOC"), (7, 11, "PER"))),
        Labelled("x", ()),
    ]
    gold.write([AnnotatedSentence("b", "x")], types, *paths)
    with pytest.raises(InputError, match="no gold entity to train on"):
        read(*paths)


def test_measuring_is_strict() -> None:
    from eatner.tag.base import Found

    held = [Labelled("Paris Hilton", ((0, 12, "PER"),)), Labelled("Rome", ((0, 4, "LOC"),))]
    answers = [
        [Found(0, 5, "PER"), Found(None, None, "PER", status="not_found")],
        [Found(0, 4, "LOC")],
    ]
    assert measure(lambda texts, tell: answers, held, "x") == {
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
        "tagged": 2,
    }
