"""Fetch a corpus's file from the web, checked by its pinned SHA-256."""

from pathlib import Path

import job
from eatner.fetch import web


def main(url: str, sha256: str, file: Path) -> None:
    web.fetch(url, file, "sha256", sha256)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
