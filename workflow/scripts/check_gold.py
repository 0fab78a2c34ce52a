"""Stop if a corpus has no gold entity to score against, before any long job starts."""

from pathlib import Path

import job
from eatner import tables
from eatner.errors import InputError
from eatner.tables import GoldEntity


def main(gold: Path, corpus_name: str, checked: Path) -> None:
    if not any(row.status == "scored" for row in tables.read(gold, GoldEntity)):
        raise InputError(
            "no gold entity to score against",
            path=gold,
            remedy=f"Ask for results/{corpus_name}/entities.tsv instead, which needs no gold; or, "
            "if the file has entities, map their labels under `types` or take a larger `sample`.",
        )
    checked.touch()


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
