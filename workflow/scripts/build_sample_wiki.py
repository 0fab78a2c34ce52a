"""Write a small wiki from its YAML sources in the formats of the real dumps."""

from pathlib import Path

import job
from eatner.wiki import sample


def main(sources: list[Path], language: str, dump: Path, index: Path, langlinks: Path) -> None:
    sample.build(sources, language, dump, index, langlinks)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
