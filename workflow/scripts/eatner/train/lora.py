"""Fine-tune an LLM with LoRA, so that it finds in a sentence the phrase an English entity means.

Source: the paper's fine-tuning on Wikipedia pairs (arXiv 2509.01147); it states neither rank nor
rate. LoRA: Hu et al. 2022, arXiv 2106.09685, by peft; on a base in four bits, QLoRA: Dettmers et
al. 2023, arXiv 2305.14314.
"""

from __future__ import annotations

import hashlib
import json
import logging
import pickle
import platform
import random
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from eatner import prompts
from eatner.errors import InputError
from eatner.llm.base import first_line, one_line
from eatner.llm.device import fast_dtype, merged
from eatner.llm.transformers import TransformersLLM
from eatner.progress import counter
from eatner.tables import Pair
from eatner.text.languages import Language

if TYPE_CHECKING:
    import torch


log = logging.getLogger(__name__)
HELD_OUT = 0.1
# Characters: a longer sentence is half of a batch's padding and few of a wiki's are longer.
LONGEST_SENTENCE = 300
WARM_UP = 0.1
# Beside the adapter, with a state that a killed job goes on from, so often at most.
CHECKPOINT = ".checkpoint.pt"
CHECKPOINT_SECONDS = 60.0


def short(pairs: Sequence[tuple[Language, Pair]]) -> list[tuple[Language, Pair]]:
    """The pairs whose sentence is not too long to train on."""
    return [(own, pair) for own, pair in pairs if len(pair.sentence) <= LONGEST_SENTENCE]


def split_by_entity(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """Hold out a tenth of the entities, so that no held-out entity is trained on.

    Negative rows (an entity that is not in the sentence) go with their entity.

    Args:
        pairs: Rows of pairs.tsv.
        seed: Of the draw.

    Returns:
        The pairs to train on and the held-out pairs, each in the given order.

    Raises:
        InputError: Fewer than two entities.
    """
    entities = sorted({pair.english for pair in pairs})
    if len(entities) < 2:
        raise InputError(
            f"{len(entities)} entities in the pairs, too few to train and to evaluate on",
            record="fine-tuning",
            remedy="Use a larger wiki, or see pairs.rejects.tsv for what was left out.",
        )
    held = max(1, round(HELD_OUT * len(entities)))
    chosen = set(random.Random(seed).sample(entities, held))
    train = [pair for pair in pairs if pair.english not in chosen]
    return train, [pair for pair in pairs if pair.english in chosen]


def finetune(
    folder: Path,
    pairs: Sequence[tuple[Language, Pair]],
    out: Path,
    *,
    form: str,
    training_pairs: int,
    evaluation_pairs: int,
    rank: int,
    alpha: int,
    learning_rate: float,
    epochs: float,
    batch_size: int,
    seed: int,
    quantisation: str = "none",
    gpus: int = 1,
) -> dict[str, object]:
    """Train a LoRA adapter on alignment pairs, on the answers' tokens only.

    Args:
        folder: The LLM.
        pairs: Rows of pairs.tsv, each with its language.
        out: Folder for the adapter (safetensors); a killed run leaves a checkpoint there, and the
            same call goes on from it.
        form: How the LLM is asked before it is tuned: `few-shot` or `chat`.
        training_pairs: So many pairs are drawn for training.
        evaluation_pairs: So many held-out pairs are drawn for the evaluation.
        rank: Of the LoRA matrices, on all linear layers.
        alpha: Their scale is alpha / rank.
        learning_rate: Peak; it falls to 0 along a cosine after a warm-up.
        epochs: Passes over the training pairs.
        batch_size: Pairs a step.
        seed: Of every draw.
        quantisation: How the LLM's own weights are held, which stay as they are: `none` (bfloat16
            where the machine computes it fast) or `4bit`.
        gpus: Over how many GPUs its layers are spread, where there are any.

    Returns:
        The training record: pairs and entities on both sides; `exact_match` on held-out entities,
        before (asked as an untuned LLM is, with examples), `before_bare` (asked as the tuned one)
        and after; `loss`, a list of step, loss and rate; seconds and tokens a second; versions.

    Raises:
        InputError: Too few pairs.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import set_seed

    set_seed(seed)
    language_of = {id(pair): language for language, pair in pairs}
    train, held = split_by_entity([pair for _, pair in short(pairs)], seed)
    # A source of its own for each draw: how much is evaluated must not change what is trained.
    train = random.Random(seed).sample(train, min(training_pairs, len(train)))
    held = random.Random(seed).sample(held, min(evaluation_pairs, len(held)))
    llm = TransformersLLM(folder, gpus=gpus, quantisation=quantisation)

    def exact_match(asked: str) -> dict[str, float]:
        return _exact_match(llm, held, language_of, asked)

    asked = (str(folder), form, rank, alpha, learning_rate, epochs, batch_size, seed, train, held)
    checkpoint = _Checkpoint(out / CHECKPOINT, repr((*asked, quantisation)))
    started = time.monotonic()
    if checkpoint.state is None:
        evaluation = {"before": exact_match(form), "before_bare": exact_match("tuned")}
    else:
        evaluation = checkpoint.state["evaluation"]
    evaluated = time.monotonic() - started
    if quantisation == "4bit":
        from peft import prepare_model_for_kbit_training

        # Norms and embeddings in float32, as in QLoRA.
        llm.model = prepare_model_for_kbit_training(llm.model, use_gradient_checkpointing=False)
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        target_modules="all-linear",
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
    )
    llm.model = get_peft_model(llm.model, config)
    examples = [_example(llm, pair, language_of[id(pair)]) for pair in train]
    started = time.monotonic()
    losses, tokens, earlier = _train(
        llm, examples, learning_rate, epochs, batch_size, seed, checkpoint, evaluation
    )
    seconds = earlier + time.monotonic() - started
    llm.model.save_pretrained(out)
    recomputed = _recomputes(llm.model)
    if recomputed:
        llm.model.gradient_checkpointing_disable()
    llm.model = merged(llm.model, quantisation).eval()
    llm.forget()
    started = time.monotonic()
    after = exact_match("tuned")
    evaluated += time.monotonic() - started
    checkpoint.delete()
    return {
        "base": str(folder),
        "languages": sorted({language.code for language, _ in pairs}),
        "left_out": {
            f"sentences over {LONGEST_SENTENCE} characters": len(pairs) - len(short(pairs))
        },
        "train": {"pairs": len(train), "entities": len({pair.english for pair in train})},
        "held_out": {"pairs": len(held), "entities": len({pair.english for pair in held})},
        "exact_match": {**evaluation, "after": after},
        "loss": losses,
        "seconds": {"training": round(seconds, 1), "evaluation": round(evaluated, 1)},
        "tokens": tokens,
        "tokens_per_second": round(tokens / seconds, 1),
        "lora": {"rank": rank, "alpha": alpha, "learning_rate": learning_rate, "epochs": epochs},
        "batch_size": batch_size,
        "seed": seed,
        "gradient_checkpointing": recomputed,
        "device": torch.cuda.get_device_name() if llm.device == "cuda" else platform.machine(),
        "dtype": str(fast_dtype()).removeprefix("torch."),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "transformers", "peft", "llguidance")},
        },
    }


def _example(llm: TransformersLLM, pair: Pair, language: Language) -> tuple[list[int], list[int]]:
    """The tokens of a question and of its answer."""
    prompt = prompts.alignment(pair.sentence, pair.english, language, "tuned")
    answer = one_line(pair.surface) + prompts.QUOTE
    return llm.encode(prompt), llm.encode_answer(answer)


class _Checkpoint:
    """Where the training of a killed job stood: a file beside the adapter, and no output of a rule,
    for Snakemake deletes those of a job that fails."""

    def __init__(self, path: Path, asked: str) -> None:
        import torch

        self.path, self.asked = path, hashlib.sha256(asked.encode()).hexdigest()
        self.saved = time.monotonic()
        self.state = None
        if path.exists():
            try:
                state = torch.load(path, weights_only=True)
            except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
                log.warning("%s cannot be read and is not used: %s", path, error)
                return
            if state["asked"] == self.asked:
                self.state = state
                log.info("%s: goes on after step %d", path, state["step"])

    def save(self, **state: object) -> None:
        """Keep a state, atomically; of what was kept before nothing is left."""
        import torch

        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        torch.save({"asked": self.asked, **state}, part)
        part.replace(self.path)
        self.saved = time.monotonic()

    def delete(self) -> None:
        """Forget it: the training is done."""
        self.path.unlink(missing_ok=True)


def _train(
    llm: TransformersLLM,
    examples: Sequence[tuple[list[int], list[int]]],
    learning_rate: float,
    epochs: float,
    batch_size: int,
    seed: int,
    checkpoint: _Checkpoint,
    evaluation: dict[str, object],
) -> tuple[list[dict[str, float]], int, float]:
    """Run the optimiser, from where a killed run stood if one did.

    Returns:
        The loss curve, how many tokens went through the LLM, and the seconds of the earlier run.
    """
    import torch
    from transformers import get_cosine_schedule_with_warmup

    model = llm.model.train()
    named = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    weights = list(named.values())
    optimiser = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=0.0)
    batches = _plan(examples, epochs, batch_size, random.Random(seed))
    schedule = get_cosine_schedule_with_warmup(
        optimiser, max(1, round(WARM_UP * len(batches))), len(batches)
    )
    losses, tokens, done, earlier = [], 0, 0, 0.0
    if (state := checkpoint.state) is not None:
        with torch.no_grad():
            for name, weight in named.items():
                weight.copy_(state["weights"][name])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        losses, tokens, done = state["losses"], state["tokens"], state["step"]
        earlier = state["seconds"]
    started = time.monotonic()
    with counter("fine-tuning", "step", len(batches)) as bar:
        bar.update(done)
        for step, batch in enumerate(batches[done:], done + 1):
            rows = [examples[i] for i in batch]
            tokens += sum(len(question) + len(answer) for question, answer in rows)
            loss = _backward(llm, rows)
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            rate = schedule.get_last_lr()[0]
            schedule.step()
            losses.append({"step": step, "loss": round(loss, 4), "rate": rate})
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update()
            if time.monotonic() - checkpoint.saved >= CHECKPOINT_SECONDS:
                checkpoint.save(
                    step=step,
                    weights={name: weight.detach().cpu() for name, weight in named.items()},
                    optimiser=optimiser.state_dict(),
                    schedule=schedule.state_dict(),
                    losses=losses,
                    tokens=tokens,
                    seconds=earlier + time.monotonic() - started,
                    evaluation=evaluation,
                )
    return losses, tokens, earlier


def _plan(
    examples: Sequence[tuple[list[int], list[int]]],
    epochs: float,
    batch_size: int,
    draw: random.Random,
) -> list[list[int]]:
    """Batches of examples of about one length (less padding), in random order."""
    batches: list[list[int]] = []
    left = round(epochs * len(examples))
    while left > 0:
        order = draw.sample(range(len(examples)), min(left, len(examples)))
        left -= len(order)
        order.sort(key=lambda i: len(examples[i][0]) + len(examples[i][1]))
        epoch = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
        draw.shuffle(epoch)
        batches += epoch
    return batches


def _backward(llm: TransformersLLM, rows: Sequence[tuple[list[int], list[int]]]) -> float:
    """Add the gradients of some rows to the weights'; their loss.

    What is computed on the way to the loss is kept for the way back. Where a GPU's memory is too
    short for that, it is computed again there, for these rows and all later ones, which takes a
    half longer (gradient checkpointing).

    Raises:
        InputError: The rows are too many for the memory even so.
    """
    import torch

    def run() -> float:
        with torch.autocast(llm.device, dtype=fast_dtype()):
            loss = _loss(llm, rows)
        loss.backward()
        return loss.item()

    try:
        return run()
    except torch.OutOfMemoryError as error:
        if _recomputes(llm.model):
            raise InputError(
                f"a batch of {len(rows)} pairs is too large for the GPU's memory "
                f"({first_line(error)})",
                record="fine-tuning",
                remedy="Lower `batch_size`, set `quantisation: 4bit`, or give it more `gpus`.",
            ) from error
    log.info("the GPU's memory is short: activations are computed again on the way back")
    llm.model.zero_grad()
    torch.cuda.empty_cache()
    # Re-entrant checkpoints need an input with a gradient, which a frozen embedding has not.
    kept = {"use_reentrant": False}
    llm.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=kept)
    return _backward(llm, rows)


def _recomputes(model: torch.nn.Module) -> bool:
    """Whether activations are computed again on the way back."""
    return any(getattr(module, "gradient_checkpointing", False) for module in model.modules())


def _loss(llm: TransformersLLM, rows: Sequence[tuple[list[int], list[int]]]) -> torch.Tensor:
    """Mean cross-entropy of the answers' tokens.

    Padding stands on the left, so that all answers end together: logits are computed only for
    these last positions, and not, at a vocabulary of 262k, for whole questions.
    """
    import torch

    width = max(len(question) + len(answer) for question, answer in rows)
    longest = max(len(answer) for _, answer in rows)
    pads = [width - len(question) - len(answer) for question, answer in rows]
    ids = torch.tensor(
        [[0] * pad + question + answer for pad, (question, answer) in zip(pads, rows, strict=True)],
        device=llm.device,
    )
    mask = torch.tensor([[0] * pad + [1] * (width - pad) for pad in pads], device=llm.device)
    targets = torch.tensor(
        [[-100] * (longest - len(answer)) + answer for _, answer in rows], device=llm.device
    )
    logits = llm.model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
        # As a tensor, for a slice would leave the hidden states strided, and torch then multiplies
        # with one copy of the output layer a row: fifty times slower. On the CPU, for the last
        # layer may be on another GPU than the first.
        logits_to_keep=torch.arange(width - longest - 1, width),
        use_cache=False,
    ).logits[:, :-1]
    return torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=-100
    )


def _exact_match(
    llm: TransformersLLM, held: Sequence[Pair], language_of: Mapping[int, Language], form: str
) -> dict[str, float]:
    """How often the LLM's answer is the surface, under the grammar of the aligner."""
    questions = [
        prompts.alignment(pair.sentence, pair.english, language_of[id(pair)], form) for pair in held
    ]
    with counter(f"exact match, {form}", "pair", len(held)) as bar:
        answers = llm.complete(
            questions,
            max_new_tokens=prompts.ANSWER_TOKENS,
            stop=prompts.QUOTE,
            within=[one_line(pair.sentence) for pair in held],
            progress=bar.update,
        )
    right = [
        answer[0].text == one_line(pair.surface) for pair, answer in zip(held, answers, strict=True)
    ]
    present = [ok for ok, pair in zip(right, held, strict=True) if pair.surface]
    return {
        "all": round(sum(right) / len(right), 4),
        "present": round(sum(present) / len(present), 4) if present else 0.0,
        "pairs": len(right),
    }


def write_record(record: Mapping[str, object], path: Path) -> None:
    """Write the training record as JSON."""
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
