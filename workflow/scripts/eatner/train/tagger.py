"""Train a tagger on a corpus with gold entities: text to text, or a token classifier.

Source: the paper trains a Flan-T5-base on WikiANN English (arXiv 2509.01147), text to text, with a
learning rate of 1e-4, batches of 16, 50 epochs, 256 source and 128 target tokens; it is silent on
the rest. The loop is transformers' Trainer. A killed run goes on from its last checkpoint and ends
with the same weights: all batches are planned before the first, from the seed alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eatner import tables
from eatner.errors import InputError
from eatner.progress import counter
from eatner.tables import GoldEntity, Sentence
from eatner.tag.base import Found
from eatner.train.tagger_models import (
    IGNORED,
    Example,
    Labelled,
    TextToTextTrainer,
    TokenClassificationTrainer,
)

if TYPE_CHECKING:
    import torch


log = logging.getLogger(__name__)
WARM_UP = 0.1
# Seconds between two checkpoints: what a kill costs at most.
SAVE_EVERY = 120.0
# So many points has the loss curve.
LOGGED = 200


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a tagger is trained; see `train` in the configuration's schema."""

    learning_rate: float
    batch_size: int
    epochs: float
    evaluation_sentences: int
    seed: int


def read(sentences: Path, gold: Path) -> list[Labelled]:
    """Read a corpus with its gold entities; those that it ignores are none.

    Args:
        sentences: Its sentences.tsv.
        gold: Its gold.tsv.

    Raises:
        InputError: It has no gold entities.
    """
    found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for row in tables.read(gold, GoldEntity):
        if row.status == "scored":
            found[row.sentence_id].append((row.start, row.end, row.type))
    if not found:
        raise InputError(
            "no gold entity to train on",
            path=gold,
            remedy="Name a corpus with gold under the tagger's `train`.",
        )
    return [
        Labelled(row.text, tuple(sorted(found[row.sentence_id])))
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
        data: What to train on.
        held_out: What to measure on; `recipe` says how many of them. Sentences that are trained
            on, too (WikiANN has some), are left out.
        out: Folder for the model and its tokenizer. Checkpoints lie in `out/.checkpoints` until
            the caller calls `forget`.
        recipe: How to train.
        base: Folder of the model to start from.
        sizes: In place of it, the sizes of a model with random weights.

    Raises:
        InputError: Every held-out sentence is trained on, too; or no such model at `base`.

    Returns:
        The training record: sentences, entities and what was cut; strict entity `f1` on held-out
        sentences with precision and recall, before and after; `loss`, a list of step, loss and
        rate; seconds and tokens a second; versions.
    """
    import torch
    from transformers import set_seed

    task = TextToTextTrainer(settings) if kind == "text-to-text" else TokenClassificationTrainer()
    taught = {item.text for item in data}
    unseen = [item for item in held_out if item.text not in taught]
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
    if "before" not in state:
        untrained = room / "untrained"
        model.save_pretrained(untrained)
        tokenizer.save_pretrained(untrained)
        state["before"] = measure(task.tagger(untrained).find, held, "before")
        shutil.rmtree(untrained)
        write_json(room / "state.json", state)
    examples, counts = task.examples(data, tokenizer, model)
    seconds, tokens, losses, resumed = _run(model, tokenizer, examples, room, recipe)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    after = measure(task.tagger(out).find, held, "after")
    return {
        "kind": kind,
        "base": str(base) if sizes is None else {"random weights": dict(sizes)},
        "weights": sum(weight.numel() for weight in model.parameters()),
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
        "f1": {"before": state["before"], "after": after},
        "loss": losses,
        "seconds": round(seconds, 1),
        "tokens": tokens,
        "tokens_per_second": round(tokens / max(seconds, 1e-9), 1),
        "resumed_at_step": resumed,
        "learning_rate": recipe.learning_rate,
        "batch_size": recipe.batch_size,
        "epochs": recipe.epochs,
        "seed": recipe.seed,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "dtype": "bfloat16" if _bfloat16() else "float32",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "transformers", "tokenizers")},
        },
    }


def forget(out: Path) -> None:
    """Remove the checkpoints of a training whose results stand."""
    shutil.rmtree(out / ".checkpoints", ignore_errors=True)


def measure(
    find: Callable[[Sequence[str], Callable[[int], object]], list[list[Found]]],
    held: Sequence[Labelled],
    when: str,
) -> dict[str, float]:
    """Strict entity precision, recall and F1 of a tagger on English sentences with gold."""
    with counter(f"measuring {when}", "sentence", len(held)) as moved:
        answers = find([item.text for item in held], moved.update)
    hits = given = gold = 0
    for item, found in zip(held, answers, strict=True):
        said = {(e.start, e.end, e.type) for e in found if e.status == "tagged"}
        hits += len(said & set(item.entities))
        given += len(said)
        gold += len(item.entities)
    return {
        "precision": round(hits / given, 4) if given else 0.0,
        "recall": round(hits / gold, 4) if gold else 0.0,
        "f1": round(2 * hits / (given + gold), 4) if given + gold else 0.0,
        "tagged": given,
    }


def order(lengths: Sequence[int], epochs: float, batch_size: int, seed: int) -> list[int]:
    """The examples of the whole training in their order, batch after batch.

    Every epoch has every example once, in batches of about one length (less padding) that come in
    random order; what is left over of an epoch begins the next, so only the last batch is short.

    Args:
        lengths: Of the examples.
        epochs: Passes over them.
        batch_size: Examples a step.
        seed: Of the order.
    """
    draw = random.Random(seed)
    planned: list[int] = []
    pool: list[int] = []
    left = round(epochs * len(lengths))
    while left > 0:
        epoch = draw.sample(range(len(lengths)), min(left, len(lengths)))
        left -= len(epoch)
        pool += epoch
        whole = len(pool) // batch_size * batch_size
        now = sorted(pool[:whole], key=lambda i: lengths[i])
        batches = [now[i : i + batch_size] for i in range(0, whole, batch_size)]
        draw.shuffle(batches)
        planned += [i for batch in batches for i in batch]
        pool = pool[whole:]
    return planned + pool


def _run(
    model: torch.nn.Module, tokenizer: Any, examples: Sequence[Example], room: Path, recipe: Recipe
) -> tuple[float, int, list[dict[str, float]], int]:
    """Run the trainer; returns seconds, tokens, the loss curve, and the step it went on from."""
    import torch
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments
    from transformers.trainer_callback import PrinterCallback

    lengths = [len(example["input_ids"]) for example in examples]
    planned = order(lengths, recipe.epochs, recipe.batch_size, recipe.seed)
    steps = -(-len(planned) // recipe.batch_size)
    arguments = TrainingArguments(
        output_dir=str(room),
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        warmup_steps=round(WARM_UP * steps),
        num_train_epochs=1,  # `planned` holds all epochs
        bf16=_bfloat16(),
        logging_steps=max(1, steps // LOGGED),
        save_strategy="no",  # `_Watch` says when
        save_total_limit=1,
        seed=recipe.seed,
        data_seed=recipe.seed,
        disable_tqdm=True,
        report_to=[],
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )

    class Planned(Trainer):
        """The trainer, with the examples in their given order."""

        def _get_train_sampler(self, *_: object) -> torch.utils.data.Sampler:
            return torch.utils.data.SequentialSampler(self.train_dataset)

    trainer = Planned(
        model=model,
        args=arguments,
        train_dataset=[examples[i] for i in planned],
        # Pads the labels, too, with what the loss leaves out; those of pieces as the pieces.
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_watch(SAVE_EVERY))
    last = _last_checkpoint(room)
    resumed = int(last.name.partition("-")[2]) if last else 0
    log.info("%d steps, from step %d", steps, resumed)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    history = trainer.state.log_history
    losses = [
        {"step": entry["step"], "loss": round(entry["loss"], 4), "rate": entry["learning_rate"]}
        for entry in history
        if "loss" in entry
    ]
    seconds = max((entry.get("seconds", 0.0) for entry in history), default=0.0)
    tokens = sum(lengths[i] + len(examples[i]["labels"]) for i in planned)
    return seconds, tokens, losses, resumed


def _watch(save_every: float) -> Any:
    """What looks after a training: its bar, its seconds over all runs, its checkpoints."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        """Counts the steps; saves by the clock, for a step takes milliseconds or seconds."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:
            self.before = max((e.get("seconds", 0.0) for e in state.log_history), default=0.0)
            self.began = self.saved = time.monotonic()
            self.bar = counter("training", "step", state.max_steps, initial=state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: object) -> None:
            self.bar.update()
            now = time.monotonic()
            if now - self.saved >= save_every or state.global_step == state.max_steps:
                self.saved = now
                control.should_log = control.should_save = True

        def on_log(self, args: Any, state: Any, control: Any, **_: object) -> None:
            entry = state.log_history[-1]
            entry["seconds"] = self.before + time.monotonic() - self.began
            if "loss" in entry:
                self.bar.set_postfix(loss=f"{entry['loss']:.3f}", refresh=False)

        def on_train_end(self, args: Any, state: Any, control: Any, **_: object) -> None:
            self.bar.close()

    return Watch()


def _bfloat16() -> bool:
    import torch

    return torch.cuda.is_available() and torch.cuda.is_bf16_supported()


def _last_checkpoint(room: Path) -> Path | None:
    """The newest checkpoint that is whole; one that a kill cut short is removed."""
    found = sorted(room.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
    while found:
        try:
            json.loads((found[-1] / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):  # the trainer writes it last
            shutil.rmtree(found.pop())
            continue
        return found[-1]
    return None


def _resume(room: Path, told: str) -> dict[str, Any]:
    """What an earlier run of the same training left; what another one left is removed."""
    try:
        state = json.loads((room / "state.json").read_text(encoding="utf-8"))
        if state["told"] == told:
            return state
    except (OSError, json.JSONDecodeError):
        pass
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    state = {"told": told}
    write_json(room / "state.json", state)
    return state


def _fingerprint(*what: object) -> str:
    """A name for a training: equal where it would give the same weights."""
    return hashlib.sha256(repr(what).encode()).hexdigest()


def write_json(path: Path, value: object) -> None:
    """Write a record as JSON, or nothing: a kill leaves the old file."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
