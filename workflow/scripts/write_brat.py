"""Write the entities of a system as a collection of brat."""

from pathlib import Path

import job
from eatner.export import brat, labelled


def main(sentences: Path, entities: Path, corpus_name: str, folder: Path) -> None:
    brat.write(labelled.read(sentences, entities), corpus_name, folder)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
