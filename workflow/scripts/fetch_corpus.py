"""Fetch a corpus from the Hugging Face hub at its pinned revision, or from a local copy."""

from pathlib import Path

import job
from eatner.fetch import datasets
from eatner.files import write_json


def main(
    split: str,
    sentences: Path,
    record: Path,
    repository: str | None = None,
    revision: str | None = None,
    subset: str | None = None,
    folder: Path | None = None,
) -> None:
    done = datasets.fetch_corpus(
        folder or repository, sentences, revision=revision, subset=subset, split=split
    )
    write_json(record, done)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
