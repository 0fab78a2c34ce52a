"""Fetch a corpus from the Hugging Face hub at its pinned revision, or from a local copy."""

from pathlib import Path

import job
from eatner.errors import InputError
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
    source = folder or repository
    if source is None:
        raise InputError(
            "there is no corpus to fetch", remedy="Name its `repository` on the hub or a `folder`."
        )
    write_json(
        record,
        datasets.fetch_corpus(source, sentences, revision=revision, subset=subset, split=split),
    )


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"), asks_hub=True)
