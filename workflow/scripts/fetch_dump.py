"""Fetch a wiki's dump, its index and its langlinks of a pinned date, checked by their sums."""

from pathlib import Path

import job
from eatner.fetch import dumps
from eatner.text import languages


def main(language: str, date: str, mirror: str, dump: Path, index: Path, langlinks: Path) -> None:
    files = {"dump": dump, "index": index, "langlinks": langlinks}
    dumps.fetch_wiki(
        mirror,
        languages.get(language).wiki,
        date,
        [(dumps.NAMES[key], path) for key, path in files.items()],
    )


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
