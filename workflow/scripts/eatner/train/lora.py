"""Fine-tune an LLM with LoRA, so that it finds in a sentence the phrase an English entity means.

Source: the paper's fine-tuning on Wikipedia pairs (arXiv 2509.01147); it states neither rank nor
rate. LoRA: Hu et al. 2022, arXiv 2106.09685, by peft; on a base in four bits, QLoRA: Dettmers et
al. 2023, arXiv 2305.14314.
"""

from __future__ import annotations

import logging
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
from eatner.train.checkpoint import Checkpoint
from eatner.train.pairs import LONGEST_SENTENCE, short, split_by_entity

if TYPE_CHECKING:
    import torch
    from peft import PeftModel

log = logging.getLogger(__name__)
# The share of the steps in which the learning rate rises to its peak.
WARM_UP = 0.1
# The file of the checkpoint, beside the adapter, and the seconds between two of them.
CHECKPOINT = ".checkpoint.pt"
CHECKPOINT_SECONDS = 60.0
# What the loss leaves out.
IGNORED = -100

Example = tuple[list[int], list[int]]
"""The tokens of a question and of its answer."""


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
        folder: Path of the LLM's folder.
        pairs: Rows of pairs.tsv, each with its language.
        out: Path of the folder for the adapter (safetensors). A run that is killed leaves a
            checkpoint there, and the same call goes on from it.
        form: How the LLM is asked before it is tuned: `few-shot` or `chat`.
        training_pairs: Upper limit on the pairs that are drawn for training.
        evaluation_pairs: Upper limit on the held-out pairs that are drawn for the evaluation.
        rank: Rank of the LoRA matrices, which are on all linear layers.
        alpha: Their scale is alpha / rank.
        learning_rate: Peak of the rate, which falls to 0 along a cosine after a warm-up.
        epochs: Passes over the training pairs.
        batch_size: Pairs a step.
        seed: Seed of every draw.
        quantisation: How the LLM's own weights, which stay as they are, are held: `none`
            (bfloat16 if the machine computes it fast) or `4bit`.
        gpus: Over how many GPUs its layers are spread, if there are any.

    Returns:
        The training record: pairs and entities on both sides; `exact_match` on held-out entities,
        `before` (asked as an untuned LLM is, with examples), `before_bare` (asked as the tuned one
        is) and `after`; `loss`, a list of step, loss and rate; seconds, tokens a second, versions.

    Raises:
        InputError: There are too few pairs, or a batch is too large for the memory.
    """
    from peft import LoraConfig, get_peft_model
    from transformers import set_seed

    set_seed(seed)
    language_of = {id(pair): language for language, pair in pairs}
    train, held = split_by_entity([pair for _, pair in short(pairs)], seed)
    # A source of randomness for each draw: how much is evaluated must not change what is trained.
    train = random.Random(seed).sample(train, min(training_pairs, len(train)))
    held = random.Random(seed).sample(held, min(evaluation_pairs, len(held)))
    llm = TransformersLLM(folder, gpus=gpus, quantisation=quantisation, trainable=True)

    def exact_match(asked_form: str) -> dict[str, float]:
        return _exact_match(llm, held, language_of, asked_form)

    what = (str(folder), form, rank, alpha, learning_rate, epochs, batch_size, seed, train, held)
    checkpoint = Checkpoint(out / CHECKPOINT, repr((*what, quantisation)))
    started = time.monotonic()
    evaluation: dict[str, dict[str, float]]
    if checkpoint.state is None:
        evaluation = {"before": exact_match(form), "before_bare": exact_match("tuned")}
    else:
        evaluation = checkpoint.state["evaluation"]
    evaluation_seconds = time.monotonic() - started
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
    tuned = get_peft_model(llm.model, config)
    llm.model = tuned
    examples = [_example(llm, pair, language_of[id(pair)]) for pair in train]
    started = time.monotonic()
    losses, tokens, earlier_seconds = _train(
        llm, examples, learning_rate, epochs, batch_size, seed, checkpoint, evaluation
    )
    training_seconds = earlier_seconds + time.monotonic() - started
    save_adapter(tuned, out)
    recomputes = _recomputes(tuned)
    if recomputes:
        tuned.gradient_checkpointing_disable()
    llm.model = merged(tuned, quantisation).eval()
    llm.forget()
    started = time.monotonic()
    after = exact_match("tuned")
    evaluation_seconds += time.monotonic() - started
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
        "seconds": {
            "training": round(training_seconds, 1),
            "evaluation": round(evaluation_seconds, 1),
        },
        "tokens": tokens,
        "tokens_per_second": round(tokens / training_seconds, 1),
        "lora": {"rank": rank, "alpha": alpha, "learning_rate": learning_rate, "epochs": epochs},
        "batch_size": batch_size,
        "seed": seed,
        "gradient_checkpointing": recomputes,
        **_machine(llm.device),
    }


def save_adapter(tuned: PeftModel, out: Path) -> None:
    """Write an adapter and its configuration: the same bytes for the same training.

    Args:
        tuned: The LLM with its adapter.
        out: Path of the folder.
    """
    from peft import LoraConfig

    for config in tuned.peft_config.values():
        # peft keeps the names of the layers in a set, whose order differs from run to run.
        if isinstance(config, LoraConfig) and isinstance(config.target_modules, set):
            config.target_modules = sorted(config.target_modules)
    tuned.save_pretrained(str(out))


def _machine(device: str) -> dict[str, object]:
    """What a training ran on, for its record."""
    import torch

    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.machine(),
        "dtype": str(fast_dtype()).removeprefix("torch."),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "transformers", "peft", "llguidance")},
        },
    }


def _example(llm: TransformersLLM, pair: Pair, language: Language) -> Example:
    """The question of a pair, and its answer with the quote that ends it."""
    prompt = prompts.alignment(pair.sentence, pair.english, language, "tuned")
    answer = one_line(pair.surface) + prompts.QUOTE
    return llm.encode(prompt), llm.encode_answer(answer)


def _train(
    llm: TransformersLLM,
    examples: Sequence[Example],
    learning_rate: float,
    epochs: float,
    batch_size: int,
    seed: int,
    checkpoint: Checkpoint,
    evaluation: Mapping[str, object],
) -> tuple[list[dict[str, float]], int, float]:
    """Run the optimiser, from where a run that was killed left off.

    Returns:
        The loss curve, the number of tokens that the LLM has read, and the seconds of the earlier
        run.
    """
    import torch
    from transformers import get_cosine_schedule_with_warmup

    model = llm.model.train()
    trainable = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    weights = list(trainable.values())
    optimiser = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=0.0)
    batches = _plan(examples, epochs, batch_size, random.Random(seed))
    schedule = get_cosine_schedule_with_warmup(
        optimiser, max(1, round(WARM_UP * len(batches))), len(batches)
    )
    losses: list[dict[str, float]] = []
    tokens, done, earlier_seconds = 0, 0, 0.0
    if (state := checkpoint.state) is not None:
        with torch.no_grad():
            for name, weight in trainable.items():
                weight.copy_(state["weights"][name])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        losses, tokens, done = state["losses"], state["tokens"], state["step"]
        earlier_seconds = state["seconds"]
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
                    weights={name: weight.detach().cpu() for name, weight in trainable.items()},
                    optimiser=optimiser.state_dict(),
                    schedule=schedule.state_dict(),
                    losses=losses,
                    tokens=tokens,
                    seconds=earlier_seconds + time.monotonic() - started,
                    evaluation=evaluation,
                )
    return losses, tokens, earlier_seconds


def _plan(
    examples: Sequence[Example], epochs: float, batch_size: int, draw: random.Random
) -> list[list[int]]:
    """The batches, as indices of examples of about one length (less padding), in random order."""
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


def _backward(llm: TransformersLLM, rows: Sequence[Example]) -> float:
    """Add the gradients of some examples to those of the weights; return their loss.

    The forward pass keeps its activations for the backward pass. If a GPU's memory is too short for
    that, they are recomputed in the backward pass, for these examples and all later ones, which
    makes a step half as long again (gradient checkpointing).

    Raises:
        InputError: The examples are too many for the memory even so.
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
    log.info("the GPU's memory is short: activations are recomputed in the backward pass")
    llm.model.zero_grad()
    torch.cuda.empty_cache()
    # Re-entrant checkpoints need an input with a gradient, which a frozen embedding does not have.
    kept = {"use_reentrant": False}
    llm.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=kept)
    return _backward(llm, rows)


def _recomputes(model: torch.nn.Module) -> bool:
    """Whether activations are recomputed in the backward pass."""
    return any(getattr(module, "gradient_checkpointing", False) for module in model.modules())


def _loss(llm: TransformersLLM, rows: Sequence[Example]) -> torch.Tensor:
    """Mean cross-entropy of the answers' tokens.

    Padding is on the left, so that all answers end at the same position. So logits are computed for
    these last positions only, which at a vocabulary of 262k saves more than half of the work.
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
        [[IGNORED] * (longest - len(answer)) + answer for _, answer in rows], device=llm.device
    )
    logits = llm.model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
        # A tensor, because a slice would leave the hidden states strided, and torch would then copy
        # the output layer for each row, which is fifty times slower. On the CPU, because the last
        # layer may be on another GPU than the first.
        logits_to_keep=torch.arange(width - longest - 1, width),
        use_cache=False,
    ).logits[:, :-1]
    return torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORED
    )


def _exact_match(
    llm: TransformersLLM, held: Sequence[Pair], language_of: Mapping[int, Language], form: str
) -> dict[str, float]:
    """How often the LLM's answer is the right surface, under the grammar of the aligner.

    Returns:
        The share of `all` pairs, the share of those whose sentence has the entity (`present`), and
        the number of `pairs`.
    """
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
        completions[0].text == one_line(pair.surface)
        for pair, completions in zip(held, answers, strict=True)
    ]
    present = [is_right for is_right, pair in zip(right, held, strict=True) if pair.surface]
    return {
        "all": round(sum(right) / len(right), 4),
        "present": round(sum(present) / len(present), 4) if present else 0.0,
        "pairs": len(right),
    }
