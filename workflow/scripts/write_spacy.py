"""Write the entities of a system as spaCy's DocBin."""

from pathlib import Path

import job
from eatner.export import docbin as spacy_format
from eatner.export import labelled


def main(sentences: Path, entities: Path, language: str, docbin: Path) -> None:
    spacy_format.write(labelled.read(sentences, entities), language, docbin)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
