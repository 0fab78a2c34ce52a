"""Fetch one package file with pip, or take a local copy, and check its SHA-256."""

from pathlib import Path

import job
from eatner.fetch import artifacts


def main(pinned: dict, package: Path, local: Path | None = None) -> None:
    artifacts.fetch(
        pinned["package"],
        pinned["version"],
        pinned["file"],
        pinned["sha256"],
        int(pinned["bytes"]),
        package,
        local=local,
    )


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
