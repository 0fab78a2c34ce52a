"""Measure generation, alignment and fine-tuning on a GPU, and write a page of figures.

    python bench/bench_gpu.py --out docs/benchmarks/gpu.md [--only generation vllm ...]

Without `--model` the LLM has the shape of the paper's smaller one (Qwen2.5-7B) and random weights,
so no hub is needed: the speed does not depend on the weights. The tokenizer is that of an embedded
model. The sentences are those of NTREX-128 in `../shared/data` (see docs/benchmarks/data.md), the
pairs those of a sample wiki. Every part is kept in `results/bench/gpu.json`; the page shows all
parts that exist.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from eatner import prompts, tables
from eatner.align import fused
from eatner.align.candidates import Question
from eatner.llm import base, room
from eatner.llm.base import LLM, one_line
from eatner.llm.room import FOREST_TOKENS, MAX_ROWS
from eatner.llm.tokenizer import load_tokenizer
from eatner.llm.transformers import TransformersLLM
from eatner.tables import Pair
from eatner.text import languages
from eatner.train import lora as train_lora

NTREX = ROOT.parent / "shared/data/ntrex128"
PAIRS = ROOT / "results/wiki/ru/pairs.tsv"
TOKENIZER = ROOT / "resources/models/qwen2.5-coder-0.5b-instruct"
RECORD = ROOT / "results/bench/gpu.json"
# Arguments of a Qwen2Config.
SHAPE = {
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152_064,
    "tie_word_embeddings": False,
    "max_position_embeddings": 8192,
}
GERMAN = languages.get("de")
NEW_TOKENS = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="path of the page to write")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run"
    )
    parser.add_argument("--model", type=Path, help="folder of a real LLM to measure")
    parser.add_argument(
        "--sentences", type=int, default=512, help="number of sentences of each part"
    )
    parser.add_argument(
        "--room",
        type=Path,
        default=Path("/dev/shm/eatner-bench"),
        help="folder with room for 15 GB",
    )
    options = parser.parse_args()
    folder = options.model or random_llm(options.room / "qwen2.5-7b-random")
    for part in options.only:
        sys.stdout.write(f"{part} ...\n")
        sys.stdout.flush()
        figures = PARTS[part](folder, options.sentences)
        figures["ran"] = {"date": str(date.today()), "device": device(), "model": folder.name}
        sys.stdout.write(json.dumps(figures) + "\n")
        known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        known |= {f"{folder.name} {part}": figures}
        RECORD.write_text(json.dumps(known, indent=1))
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(page(known), encoding="utf-8")


# --- helpers of the parts ------------------------------------------------------------------------


def random_llm(folder: Path) -> Path:
    """Return a folder of an LLM with random weights in `SHAPE`; make it if it does not exist."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config

    done = folder / "done"
    if not done.exists():
        tokenizer = load_tokenizer(TOKENIZER)
        config = Qwen2Config(
            **SHAPE, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id
        )
        torch.manual_seed(0)
        with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
            model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
        done.touch()
    return folder


def texts(language: str, most: int) -> list[str]:
    name = {"de": "ref.deu", "en": "src.eng"}[language]
    return (NTREX / f"newstest2019-{name}.txt").read_text(encoding="utf-8").splitlines()[:most]


def parallel(most: int) -> list[tuple[str, str]]:
    """Return sentences in German, each with its English."""
    return list(zip(texts("de", most), texts("en", most), strict=True))


def translations(sentences: int) -> list[base.Prompt]:
    return [prompts.translation(text, GERMAN, [], "few-shot") for text in texts("de", sentences)]


def alignments(sentences: int) -> tuple[list[base.Prompt], list[str]]:
    """Return a prompt for one name of each English sentence, and the German sentences."""
    asked, within = [], []
    for text, english in parallel(sentences):
        asked.append(prompts.alignment(text, names(english)[0], GERMAN, "few-shot"))
        within.append(one_line(text))
    return asked, within


def names(english: str) -> list[str]:
    """Return the last two capitalised words of a sentence, as a tagger might find them."""
    words = [word.strip(".,:;\"'()") for word in english.split()]
    return ([word for word in words if word[:1].isupper()] or words)[-2:]


def synchronise() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(run: Callable[[], object]) -> float:
    synchronise()
    started = time.perf_counter()
    run()
    synchronise()
    return time.perf_counter() - started


def device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()


@contextmanager
def as_on_a_cpu():
    """Make batches of the size for a CPU."""
    with (
        patch.object(room, "GPU_ROWS", MAX_ROWS),
        patch.object(room, "GPU_FOREST_TOKENS", FOREST_TOKENS),
    ):
        yield


# --- the parts ----------------------------------------------------------------------------------


def ceilings(folder: Path, sentences: int) -> dict[str, object]:
    """Measure the bytes a second of a copy and the operations a second of a matrix product."""
    import torch

    where = "cuda" if torch.cuda.is_available() else "cpu"
    size = 8192 if where == "cuda" else 512
    # Random numbers: a product of zeros runs faster than one of data.
    left, right = (torch.randn(size, size, device=where, dtype=torch.bfloat16) for _ in range(2))
    source = torch.randn(2**30 if where == "cuda" else 2**22, device=where)
    target = torch.empty_like(source)

    def best(run: Callable[[], object]) -> float:
        return min(seconds(run) for _ in range(10))

    return {
        "bandwidth": 2 * source.nbytes / best(lambda: target.copy_(source)),
        "operations": 2 * size**3 / best(lambda: left @ right),
    }


def generation(folder: Path, sentences: int) -> dict[str, object]:
    """Measure free completions in batches as large as fit, and in batches as on a CPU."""
    model = TransformersLLM(folder)
    asked = translations(sentences)
    few = asked[: 2 * MAX_ROWS]
    limits = {"max_new_tokens": NEW_TOKENS, "no_repeat": True}
    model.complete(few[:4], max_new_tokens=4)
    figures = generated(model, asked, limits)
    weights = sum(weight.nbytes for weight in model.model.parameters())
    lengths = [len(model.encode(one)) for one in asked]
    config = model.model.config
    figures |= {
        "rows": len(next(model.room.batches(lengths, 0, 1, NEW_TOKENS))),
        "prompt_tokens": sum(lengths) / len(lengths),
        "weights_bytes": weights,
        "kv_bytes_per_token": 2
        * config.num_hidden_layers
        * config.num_key_value_heads
        * (config.hidden_size // config.num_attention_heads)
        * 2,
    }
    with as_on_a_cpu():
        figures["as_on_a_cpu"] = generated(model, few, limits)
    return figures | {"peak_bytes": peak()}


def generated(model: LLM, asked: list[base.Prompt], limits: dict) -> dict[str, float]:
    """Measure the seconds and tokens of completions, and the seconds for the prompts alone."""
    reading = seconds(lambda: model.complete(asked, **limits | {"max_new_tokens": 1}))
    model.generated = 0
    answers: list = []
    took = seconds(lambda: answers.extend(model.complete(asked, **limits)))
    return {
        "prompts": len(asked),
        "seconds": took,
        "reading_seconds": reading,
        "tokens": model.generated,
        "tokens_per_second": model.generated / took,
        "steps": max(answers_of_prompt[0].tokens for answers_of_prompt in answers),
    }


def grammar(folder: Path, sentences: int) -> dict[str, object]:
    """Measure completions inside a sentence beside free ones."""
    model = TransformersLLM(folder)
    return in_grammar(model, sentences)


def in_grammar(model: LLM, sentences: int) -> dict[str, object]:
    asked, within = alignments(sentences)
    limits = {"max_new_tokens": prompts.ANSWER_TOKENS, "stop": prompts.QUOTE}
    model.complete(asked[:4], within=within[:4], **limits)
    free = generated(model, asked, limits)
    bound = generated(model, asked, limits | {"within": within})
    return {"free": free, "grammar": bound}


def alignment(folder: Path, sentences: int) -> dict[str, object]:
    """Measure all signals of `fused` for two names a sentence, in trees for a GPU and a CPU."""
    model = TransformersLLM(folder)
    groups = [Question(text, names(english)) for text, english in parallel(sentences // 4)]
    few = groups[: max(1, len(groups) // 4)]

    def score(some: list[Question]) -> None:
        fused.score(some, model, GERMAN, None, form="few-shot")

    score(groups)  # caches phrases and readings, so that no timed run computes them
    figures = {"sentences": len(groups), "seconds": seconds(lambda: score(groups))}
    with as_on_a_cpu():
        figures["as_on_a_cpu"] = {"sentences": len(few), "seconds": seconds(lambda: score(few))}
    return figures | {"peak_bytes": peak()}


def lora(folder: Path, sentences: int) -> dict[str, object]:
    """Measure the training of an adapter on the pairs of a sample wiki."""
    import torch

    language = languages.get("ru")
    rows = [(language, row) for row in tables.read(PAIRS, Pair)]
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    record = train_lora.finetune(
        folder,
        rows,
        folder.parent / "adapter",
        form="few-shot",
        training_pairs=2 * sentences,
        evaluation_pairs=sentences // 8,
        rank=16,
        alpha=32,
        learning_rate=1e-4,
        epochs=1,
        batch_size=16,
        seed=1,
    )
    kept = (
        "train",
        "seconds",
        "tokens",
        "tokens_per_second",
        "batch_size",
        "gradient_checkpointing",
    )
    return {
        **{key: record[key] for key in kept},
        "loss": [record["loss"][place]["loss"] for place in (0, -1)],
        "weights_bytes": sum(file.stat().st_size for file in folder.glob("*.safetensors")),
        "peak_bytes": peak(),
    }


def vllm(folder: Path, sentences: int) -> dict[str, object]:
    """Measure the same completions with vLLM, free and inside a sentence."""
    from importlib.metadata import version

    import torch

    from eatner.llm.vllm import VllmLLM

    torch.cuda.empty_cache()  # frees the memory of earlier parts
    model = VllmLLM(folder, context=2048)
    asked = translations(sentences)
    model.complete(asked[:4], max_new_tokens=4)
    free = generated(model, asked, {"max_new_tokens": NEW_TOKENS})
    within = in_grammar(model, sentences)
    return {"version": version("vllm"), "generation": free, "grammar": within}


def peak() -> int:
    import torch

    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0


PARTS = {
    "ceilings": ceilings,
    "generation": generation,
    "grammar": grammar,
    "alignment": alignment,
    "lora": lora,
    "vllm": vllm,
}


# --- the page -----------------------------------------------------------------------------------


def page(known: dict[str, dict]) -> str:
    """Write the page with all parts that were run, one section for each model."""
    lines = [
        "# On a GPU: figures",
        "",
        "Written by `bench/bench_gpu.py`, one section for each model. A model called random has "
        "the shape of Qwen2.5-7B and random weights in bfloat16: the speed does not depend on the "
        "weights. The sentences are German ones of NTREX-128.",
        "",
    ]
    for name in dict.fromkeys(key.rsplit(" ", 1)[0] for key in known):
        parts = {part: known[f"{name} {part}"] for part in WRITERS if f"{name} {part}" in known}
        ran = dict.fromkeys((one["ran"]["device"], one["ran"]["date"]) for one in parts.values())
        lines += [f"## {name}", "", f"Run on {', '.join(map(' of '.join, ran))}.", ""]
        for part, figures in parts.items():
            lines += [*WRITERS[part](figures, parts), ""]
    return "\n".join(lines)


def write_ceilings(figures: dict, parts: dict[str, dict]) -> list[str]:
    return [
        f"**Measured ceilings.** A copy moves {figures['bandwidth'] / 1e12:.2f} TB/s, reading and "
        "writing. A matrix product in bfloat16 reaches "
        f"{figures['operations'] / 1e12:.0f} TFLOP/s.",
    ]


def write_generation(figures: dict, parts: dict[str, dict]) -> list[str]:
    few = figures["as_on_a_cpu"]
    batches = -(-figures["prompts"] // figures["rows"])
    step = step_seconds(figures) / batches
    lines = [
        f"**Generation** (transformers). {figures['prompts']} translations of up to {NEW_TOKENS} "
        f"tokens, {figures['rows']} in a batch, take {figures['seconds']:.1f} s, of which "
        f"{figures['reading_seconds']:.1f} s are for the prompts (of "
        f"{figures['prompt_tokens']:.0f} tokens): "
        f"**{figures['tokens_per_second']:.0f} tokens a second**, {1000 * step:.0f} ms a step. "
        f"Batches of {MAX_ROWS}, as on a CPU, give {few['tokens_per_second']:.0f} tokens a second, "
        "so large batches are "
        f"**{figures['tokens_per_second'] / few['tokens_per_second']:.1f} times** as fast. Peak "
        f"{figures['peak_bytes'] / 2**30:.0f} GiB.",
    ]
    if "ceilings" in parts:
        lines += [
            "",
            f"A step has to read the weights, keys and values: {moved(figures) / 1e9:.1f} GB, "
            f"which take {1000 * least(parts):.1f} ms at the measured bandwidth. So "
            f"**{percent(least(parts) / step)}% of it is used**. The rest of a step is Python and "
            "kernel launches, which take as long for one row as for hundreds.",
        ]
    return lines


def step_seconds(generated: dict) -> float:
    """Return the seconds of a step after the prompts are read, summed over the batches."""
    return (generated["seconds"] - generated["reading_seconds"]) / (generated["steps"] - 1)


def moved(generation: dict) -> float:
    """Return the bytes that a step has to read, halfway through a generation."""
    length = generation["prompt_tokens"] + NEW_TOKENS / 2
    cached = generation["rows"] * length * generation["kv_bytes_per_token"]
    return generation["weights_bytes"] + cached


def least(parts: dict[str, dict]) -> float:
    """Return the seconds of a step at the measured bandwidth."""
    return moved(parts["generation"]) / parts["ceilings"]["bandwidth"]


def write_grammar(figures: dict, parts: dict[str, dict]) -> list[str]:
    free, bound = figures["free"], figures["grammar"]
    return [
        f"**Inside a sentence** (transformers). {free['prompts']} alignment answers: "
        f"{bound['seconds']:.1f} s with the grammar for {bound['tokens']} tokens (it ends answers "
        f"early), {free['seconds']:.1f} s without it for {free['tokens']}.",
    ]


def write_alignment(figures: dict, parts: dict[str, dict]) -> list[str]:
    few = figures["as_on_a_cpu"]
    rate, slow = (one["sentences"] / one["seconds"] for one in (figures, few))
    return [
        f"**Aligning** (`fused`, two names a sentence): {rate:.1f} sentences a second; {slow:.1f} "
        f"with trees of {FOREST_TOKENS} tokens, as on a CPU.",
    ]


def write_lora(figures: dict, parts: dict[str, dict]) -> list[str]:
    recomputed = figures["gradient_checkpointing"]
    line = (
        f"**Fine-tuning** (LoRA, rank 16, {figures['train']['pairs']} pairs, "
        f"{figures['batch_size']} a step): **{figures['tokens_per_second']:.0f} tokens a "
        f"second**, peak {figures['peak_bytes'] / 2**30:.0f} GiB, activations "
        f"{'recomputed' if recomputed else 'kept'}; the loss fell from "
        f"{figures['loss'][0]:.2f} to {figures['loss'][1]:.2f}."
    )
    if "ceilings" in parts:
        # Products with the weights in the forward pass and for the gradients of the activations;
        # frozen weights have no gradients.
        passes = 3 if recomputed else 2
        rate = 2 * passes * figures["weights_bytes"] / 2 * figures["tokens_per_second"]
        line += (
            f" That is {rate / 1e12:.0f} TFLOP/s, "
            f"{percent(rate / parts['ceilings']['operations'])}% of what a matrix product reaches."
        )
    return [line]


def write_vllm(figures: dict, parts: dict[str, dict]) -> list[str]:
    one, bound = figures["generation"], figures["grammar"]
    step = step_seconds(one)
    known = "ceilings" in parts and "generation" in parts
    share = f" ({percent(least(parts) / step)}% of the bandwidth)" if known else ""
    return [
        f"**vLLM {figures['version']}**, the same prompts: "
        f"**{one['tokens_per_second']:.0f} tokens a second**, a step in {1000 * step:.0f} "
        f"ms{share}. {bound['free']['prompts']} alignment answers: "
        f"{bound['grammar']['seconds']:.1f} s with the grammar, where each answer is then read "
        f"once more without it; {bound['free']['seconds']:.1f} s without.",
    ]


WRITERS = {
    "ceilings": write_ceilings,
    "generation": write_generation,
    "grammar": write_grammar,
    "alignment": write_alignment,
    "lora": write_lora,
    "vllm": write_vllm,
}


def percent(share: float) -> str:
    return f"{100 * share:.0f}"


if __name__ == "__main__":
    main()
