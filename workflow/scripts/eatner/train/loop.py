"""The loop that trains a tagger: transformers' Trainer, on batches that are planned beforehand."""

from __future__ import annotations

import json
import logging
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from eatner.progress import counter
from eatner.train.tagger_models import IGNORED, Example

if TYPE_CHECKING:
    import torch
    from transformers import (
        PreTrainedModel,
        PreTrainedTokenizerBase,
        TrainerCallback,
        TrainerControl,
        TrainerState,
        TrainingArguments,
    )

log = logging.getLogger(__name__)
# The share of the steps in which the learning rate rises to its peak.
WARM_UP = 0.1
# Seconds between two checkpoints: a kill costs at most so many.
SAVE_EVERY = 120.0
# Number of points in the loss curve.
LOGGED = 200


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a tagger is trained; see `train` in the configuration's schema."""

    learning_rate: float
    batch_size: int
    epochs: float
    evaluation_sentences: int
    seed: int


def order(lengths: Sequence[int], epochs: float, batch_size: int, seed: int) -> list[int]:
    """The examples of the whole training in their order, batch after batch.

    Every epoch has every example once, in batches of about one length (less padding) in random
    order. What does not fill a batch goes into the next epoch, so only the last batch is short.

    Args:
        lengths: The lengths of the examples.
        epochs: Passes over the examples.
        batch_size: Examples a step.
        seed: Seed of the order.

    Returns:
        Indices of examples.
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
        by_length = sorted(pool[:whole], key=lambda i: lengths[i])
        batches = [by_length[i : i + batch_size] for i in range(0, whole, batch_size)]
        draw.shuffle(batches)
        planned += [i for batch in batches for i in batch]
        pool = pool[whole:]
    return planned + pool


class Run(NamedTuple):
    """What a training took and gave: seconds and tokens over all its runs, and the loss curve."""

    seconds: float
    tokens: int
    losses: list[dict[str, float]]
    resumed_at: int


def run_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[Example],
    room: Path,
    recipe: Recipe,
    *,
    half: bool,
) -> Run:
    """Train a model, from the last checkpoint in `room` if there is one.

    Args:
        model: The model.
        tokenizer: Its tokenizer, which pads.
        examples: What it reads, and what it is to answer.
        room: Path of the folder of the checkpoints.
        recipe: How to train.
        half: Whether to compute in bfloat16.
    """
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
        bf16=half,
        use_cpu=not torch.cuda.is_available(),
        logging_steps=max(1, steps // LOGGED),
        save_strategy="no",  # `_watch` decides when
        save_total_limit=1,
        label_names=["labels"],
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
            return torch.utils.data.SequentialSampler(planned)

    trainer = Planned(
        model=model,
        args=arguments,
        train_dataset=[examples[i] for i in planned],
        # It also pads the labels, with what the loss leaves out.
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
    tokens = sum(lengths[i] + len(examples[i]["labels"]) for i in planned)
    return Run(_seconds(history), tokens, losses, resumed)


def _seconds(history: Sequence[Mapping[str, Any]]) -> float:
    """The seconds of a training over all its runs, by the history that the trainer keeps."""
    return max((entry.get("seconds", 0.0) for entry in history), default=0.0)


def _watch(save_every: float) -> TrainerCallback:
    """A callback that counts the steps and the seconds, and saves checkpoints by the clock.

    By the clock, because a step may take milliseconds or seconds.

    Args:
        save_every: Seconds between two checkpoints.
    """
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def on_train_begin(
            self,
            args: TrainingArguments,
            state: TrainerState,
            control: TrainerControl,
            **_: object,
        ) -> None:
            self.earlier_seconds = _seconds(state.log_history)
            self.began = self.saved = time.monotonic()
            self.bar = counter("training", "step", state.max_steps, initial=state.global_step)

        def on_step_end(
            self,
            args: TrainingArguments,
            state: TrainerState,
            control: TrainerControl,
            **_: object,
        ) -> None:
            self.bar.update()
            now = time.monotonic()
            if now - self.saved >= save_every or state.global_step == state.max_steps:
                self.saved = now
                control.should_log = control.should_save = True

        def on_log(
            self,
            args: TrainingArguments,
            state: TrainerState,
            control: TrainerControl,
            **_: object,
        ) -> None:
            entry = state.log_history[-1]
            entry["seconds"] = self.earlier_seconds + time.monotonic() - self.began
            if "loss" in entry:
                self.bar.set_postfix(loss=f"{entry['loss']:.3f}", refresh=False)

        def on_train_end(
            self,
            args: TrainingArguments,
            state: TrainerState,
            control: TrainerControl,
            **_: object,
        ) -> None:
            self.bar.close()

    return Watch()


def _last_checkpoint(room: Path) -> Path | None:
    """The newest whole checkpoint; newer ones, which a kill cut short, are removed."""
    paths = sorted(room.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
    while paths:
        try:
            json.loads((paths[-1] / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):  # the trainer writes this file last
            shutil.rmtree(paths.pop())
            continue
        return paths[-1]
    return None
