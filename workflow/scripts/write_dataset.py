"""Write the entities of a system as a dataset of the Hugging Face hub, with its card."""

from pathlib import Path

import job
from eatner.export import dataset, labelled


def main(
    sentences: Path, entities: Path, corpus_name: str, language: str, system: str, folder: Path
) -> None:
    dataset.write(labelled.read(sentences, entities), corpus_name, language, system, folder)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
