"""Write the entities of a system as tasks of Label Studio, and the interface to correct them."""

from pathlib import Path

import job
from eatner.export import label_studio, labelled


def main(sentences: Path, entities: Path, system: str, tasks: Path, interface: Path) -> None:
    label_studio.write(labelled.read(sentences, entities), system, tasks, interface)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
