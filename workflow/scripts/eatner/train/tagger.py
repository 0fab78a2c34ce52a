"""Train a tagger on a corpus with gold entities: text to text, or a token classifier.

Source: the paper trains a Flan-T5-base on WikiANN English (arXiv 2509.01147), text to text, with a
learning rate of 1e-4, batches of 16, 50 epochs, 256 source and 128 target tokens; it does not say
the rest. The loop is transformers' Trainer. A run that is killed goes on from its last checkpoint
and ends with the same weights, because all batches are planned before the first, from the seed
alone.
"""

from __future__ import annotations

import hashlib
import json
import platform
import random
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eatner import tables
from eatner.errors import InputError
from eatner.files import write_json
from eatner.progress import counter
from eatner.tables import GoldEntity, Sentence
from eatner.tag.base import Find
from eatner.train.llm_tagger import LLMTokenClassificationTrainer
from eatner.train.loop import Recipe, run_trainer
from eatner.train.tagger_models import (
    Labelled,
    Task,
    TextToTextTrainer,
    TokenClassificationTrainer,
)


def read(sentences: Path, gold: Path) -> list[Labelled]:
    """Read a corpus with its gold entities, without the ignored ones.

    Args:
        sentences: Path of its sentences.tsv.
        gold: Path of its gold.tsv.

    Raises:
        InputError: The corpus has no gold entities.
    """
    entities_of: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for row in tables.read(gold, GoldEntity):
        if row.status == "scored":
            entities_of[row.sentence_id].append((row.start, row.end, row.type))
    if not entities_of:
        raise InputError(
            "no gold entity to train on",
            path=gold,
            remedy="Name a corpus with gold under the tagger's `train`.",
        )
    return [
        Labelled(row.text, tuple(sorted(entities_of[row.sentence_id])))
        for row in tables.read(sentences, Sentence)
    ]


def train(
    kind: str,
    settings: Mapping[str, Any],
    data: Sequence[Labelled],
    held_out: Sequence[Labelled],
    out: Path,
    recipe: Recipe,
    *,
    base: Path | None = None,
    sizes: Mapping[str, int] | None = None,
) -> dict[str, object]:
    """Train a tagger, and measure it on held-out sentences before and after.

    Args:
        kind: `text-to-text` or `token-classification`.
        settings: The tagger's configuration.
        data: The sentences to train on.
        held_out: The sentences to measure on, of which `recipe` says how many are drawn. Sentences
            that are also trained on (WikiANN has some) are left out.
        out: Path of the folder for the model and its tokenizer. Checkpoints are in
            `out/.checkpoints` until the caller calls `forget`.
        recipe: How to train.
        base: Path of the folder of the model to start from; None for random weights.
        sizes: The sizes of a model with random weights.

    Raises:
        InputError: Every held-out sentence is also trained on; or `base` holds no such model.

    Returns:
        The training record: sentences, entities and what was cut; strict entity `f1` on held-out
        sentences with precision and recall, before and after; `loss`, a list of step, loss and
        rate; seconds, tokens a second, versions.
    """
    from transformers import set_seed

    task = _task(kind, settings)
    trained_on = {item.text for item in data}
    unseen = [item for item in held_out if item.text not in trained_on]
    if not unseen:
        raise InputError(
            "every held-out sentence is trained on, too",
            record="the tagger's `train`",
            remedy="Name another corpus under `held_out`.",
        )
    held = random.Random(recipe.seed).sample(unseen, min(recipe.evaluation_sentences, len(unseen)))
    room = out / ".checkpoints"
    weights = [] if base is None else sorted(base.glob("*.safetensors"))
    stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in weights]
    state = _resume(room, _fingerprint(kind, settings, data, held, recipe, stats, sizes))
    if base is None:
        base = room / "base"
        set_seed(recipe.seed)
        task.make(base, data, sizes or {})
    set_seed(recipe.seed)  # for a new last layer, whether or not weights were drawn before it
    model, tokenizer = task.load(base)
    if task.tags_untrained and "before" not in state:
        untrained = room / "untrained"
        task.save(model, tokenizer, untrained)
        state["before"] = measure(task.tagger(untrained), held, "before")
        shutil.rmtree(untrained)
        write_json(room / "state.json", state)
    examples, counts = task.examples(data, tokenizer, model)
    run = run_trainer(model, tokenizer, examples, room, recipe, half=task.half)
    weights_of_model = sum(weight.numel() for weight in model.parameters())
    task.save(model, tokenizer, out)
    after = measure(task.tagger(out), held, "after")
    return {
        "kind": kind,
        "base": str(base) if sizes is None else {"random weights": dict(sizes)},
        "weights": weights_of_model,
        "train": {
            "sentences": len(data),
            "entities": sum(len(item.entities) for item in data),
            "examples": len(examples),
            **counts,
        },
        "held_out": {
            "sentences": len(held),
            "entities": sum(len(item.entities) for item in held),
            "left out, for they are trained on": len(held_out) - len(unseen),
        },
        "f1": {**({"before": state["before"]} if "before" in state else {}), "after": after},
        "loss": run.losses,
        "seconds": round(run.seconds, 1),
        "tokens": run.tokens,
        "tokens_per_second": round(run.tokens / max(run.seconds, 1e-9), 1),
        "resumed_at_step": run.resumed_at,
        "learning_rate": recipe.learning_rate,
        "batch_size": recipe.batch_size,
        "epochs": recipe.epochs,
        "seed": recipe.seed,
        **_machine(task.half),
    }


def _task(kind: str, settings: Mapping[str, Any]) -> Task:
    """The task of a kind of tagger; an LLM, named by `model`, is trained in another way."""
    if kind == "text-to-text":
        return TextToTextTrainer(settings)
    return LLMTokenClassificationTrainer() if "model" in settings else TokenClassificationTrainer()


def _machine(half: bool) -> dict[str, object]:
    """What a training runs on, for its record."""
    import torch

    return {
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "dtype": "bfloat16" if half else "float32",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "transformers", "tokenizers")},
        },
    }


def forget(out: Path) -> None:
    """Remove the checkpoints of a training that is done."""
    shutil.rmtree(out / ".checkpoints", ignore_errors=True)


def measure(find: Find, held: Sequence[Labelled], when: str) -> dict[str, float]:
    """Measure a tagger on English sentences with gold entities.

    Args:
        find: The tagger.
        held: The sentences.
        when: `before` or `after` the training, for the progress bar.

    Returns:
        Strict entity `precision`, `recall` and `f1`, 0 to 1, and how many entities it `tagged`.
    """
    with counter(f"measuring {when}", "sentence", len(held)) as bar:
        answers = find([item.text for item in held], bar.update)
    correct = tagged = gold = 0
    for item, entities in zip(held, answers, strict=True):
        given = {(e.start, e.end, e.type) for e in entities if e.status == "tagged"}
        correct += len(given & set(item.entities))
        tagged += len(given)
        gold += len(item.entities)
    return {
        "precision": round(correct / tagged, 4) if tagged else 0.0,
        "recall": round(correct / gold, 4) if gold else 0.0,
        "f1": round(2 * correct / (tagged + gold), 4) if tagged + gold else 0.0,
        "tagged": tagged,
    }


def _resume(room: Path, training: str) -> dict[str, Any]:
    """The state that an earlier run of the same training left, or a new one.

    Everything that another training left is removed.

    Args:
        room: Path of the folder of the checkpoints.
        training: The fingerprint of the training.
    """
    try:
        state = json.loads((room / "state.json").read_text(encoding="utf-8"))
        if state.get("training") == training:
            return state
    except (OSError, json.JSONDecodeError):
        pass
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    state = {"training": training}
    write_json(room / "state.json", state)
    return state


def _fingerprint(*what: object) -> str:
    """A hash that is equal for trainings that give the same weights."""
    return hashlib.sha256(repr(what).encode()).hexdigest()
