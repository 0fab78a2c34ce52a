"""Take each English entity back to its phrase in the original sentence."""

from pathlib import Path

import job
from eatner.align.step import align_entities
from eatner.llm.open import Source


def main(
    sentences: Path,
    english: Path,
    language: str,
    aligner: dict,
    entities: Path,
    threads: int,
    shard: str = "",
    prompt: str | None = None,
    engine: dict | None = None,
    pace: dict | None = None,
    llm: Path | None = None,
    adapter: Path | None = None,
    weights: Path | None = None,
    lexicon: Path | None = None,
    translation: Path | None = None,
    encoder: Path | None = None,
) -> None:
    align_entities(
        sentences,
        english,
        entities,
        language=language,
        settings=aligner,
        inputs=job.given(weights=weights, lexicon=lexicon, encoder=encoder),
        translation=translation,
        threads=threads,
        form=prompt or "",
        llm=Source(engine=engine, pace=pace, folder=llm, adapter=adapter, threads=threads),
        shard=shard,
    )


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
