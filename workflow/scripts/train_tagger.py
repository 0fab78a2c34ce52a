"""Train an English tagger on a corpus with gold, and measure it on held-out sentences."""

import os
from pathlib import Path

import job
from eatner.files import write_json
from eatner.train.loop import Recipe
from eatner.train.tagger import forget, read, train


def main(
    sentences: list[Path],
    gold: list[Path],
    held_out_sentences: Path,
    held_out_gold: Path,
    tagger: dict,
    seed: int,
    threads: int,
    model: Path,
    training: Path,
    base: Path | None = None,
) -> None:
    # Otherwise the trainer gives each GPU that it sees a batch, which makes the whole batch larger.
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
    job.use_threads(threads)
    settings = {key: value for key, value in tagger.items() if key not in ("train", "scratch")}
    recipe = tagger["train"]
    record = train(
        tagger["kind"],
        settings,
        [item for pair in zip(sentences, gold, strict=True) for item in read(*pair)],
        read(held_out_sentences, held_out_gold),
        model.parent,
        Recipe(
            learning_rate=recipe["learning_rate"],
            batch_size=recipe["batch_size"],
            epochs=recipe["epochs"],
            evaluation_sentences=recipe["evaluation_sentences"],
            seed=seed,
        ),
        base=base,
        sizes=tagger.get("scratch"),
    )
    write_json(training, record)
    forget(model.parent)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
