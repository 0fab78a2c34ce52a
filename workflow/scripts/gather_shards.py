"""Join the shards of a table in their order."""

from pathlib import Path

import job
from eatner import shards as table_shards
from eatner import tables
from eatner.tables import Sentence


def main(sentences: Path, shards: list[Path], table: Path) -> None:
    ids = [row.sentence_id for row in tables.read(sentences, Sentence)]
    table_shards.gather(shards, ids, table)
    table_shards.forget(table, len(ids))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
