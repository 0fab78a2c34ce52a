"""Tag persons, places and organisations in the English translations."""

from pathlib import Path

import job
from eatner.tag.step import tag_english


def main(
    english: Path,
    tagger: dict,
    entities: Path,
    threads: int,
    model: Path | None = None,
    sentences: Path | None = None,
    gold: Path | None = None,
    lexicon: Path | None = None,
) -> None:
    tag_english(
        english,
        entities,
        settings=tagger,
        inputs=job.given(model=model, sentences=sentences, gold=gold, lexicon=lexicon),
        threads=threads,
    )


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
