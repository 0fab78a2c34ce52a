"""Train a tagger on gold or on what a system labelled, and measure it on held-out sentences."""

import os
from pathlib import Path

import job
from eatner.files import write_json
from eatner.train import silver
from eatner.train.loop import Recipe
from eatner.train.tagger import forget, read, train


def main(
    sentences: list[Path],
    labels: list[Path],
    tagger: dict,
    seed: int,
    threads: int,
    model: Path,
    training: Path,
    held_out_sentences: Path | None = None,
    held_out_gold: Path | None = None,
    base: Path | None = None,
) -> None:
    # Otherwise the trainer gives each GPU that it sees a batch, which makes the whole batch larger.
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
    job.use_threads(threads)
    settings = {key: value for key, value in tagger.items() if key not in ("train", "scratch")}
    recipe = tagger["train"]
    corpora = zip(sentences, labels, strict=True)
    labelled: dict[str, object] = {}
    if "labelled" in recipe:
        parts = [silver.read(*pair, recipe["least_confidence"]) for pair in corpora]
        data = [item for part in parts for item in part.sentences]
        names = zip(recipe["labelled"], parts, strict=True)
        labelled = {"labelled": {name: part.counts for name, part in names}}
    else:
        data = [item for pair in corpora for item in read(*pair)]
    if held_out_sentences and held_out_gold:
        held = read(held_out_sentences, held_out_gold)
    else:
        data, held = silver.hold_out(data, seed)
    record = train(
        tagger["kind"],
        settings,
        data,
        held,
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
    write_json(training, record | labelled)
    forget(model.parent)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
