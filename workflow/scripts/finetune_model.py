"""Fine-tune an LLM on alignment pairs with LoRA, and measure it on held-out entities."""

from pathlib import Path

import job
from eatner import tables
from eatner.files import write_json
from eatner.tables import Pair
from eatner.text import languages
from eatner.train import lora


def main(
    llm: Path,
    pairs: list[Path],
    wikis: list,
    prompt: str,
    settings: dict,
    seed: int,
    threads: int,
    adapter: Path,
    training: Path,
    quantisation: str = "none",
    gpus: int = 1,
) -> None:
    job.use_threads(threads)
    rows = [
        (languages.get(language), row)
        for language, path in zip(wikis, pairs, strict=True)
        for row in tables.read(path, Pair)
    ]
    record = lora.finetune(
        llm,
        rows,
        adapter.parent,
        form=prompt,
        quantisation=quantisation,
        gpus=gpus,
        seed=seed,
        **settings,
    )
    write_json(training, record)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
