"""Build alignment pairs from a wiki's titles, leads and links."""

import logging
from pathlib import Path

import job
from eatner.text import languages
from eatner.wiki.pairs import build

log = logging.getLogger("build_pairs")


def main(
    titles: Path, language: str, settings: dict, seed: int, pairs: Path, rejects: Path
) -> None:
    counts = build(titles, pairs, rejects, languages.get(language), seed=seed, **settings)
    log.info("%s", ", ".join(f"{reason}: {number}" for reason, number in counts.most_common()))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
