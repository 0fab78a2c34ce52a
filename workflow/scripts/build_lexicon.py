"""Compile a wiki's titles and aliases into a lexicon, which finds them in sentences."""

import logging
from pathlib import Path

import job
from eatner.text import languages
from eatner.wiki.lexicon import build

log = logging.getLogger("build_lexicon")


def main(titles: Path, language: str, lexicon: Path) -> None:
    log.info("%d names", build(titles, lexicon, languages.get(language)))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
