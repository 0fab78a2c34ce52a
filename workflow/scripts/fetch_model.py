"""Fetch an LLM, a tagger or an encoder from the Hugging Face hub at its pinned revision."""

from pathlib import Path

import job
from eatner.fetch import models


def main(repository: str, revision: str, folder: Path) -> None:
    models.fetch_model(repository, revision, folder)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"), asks_hub=True)
