"""Translate sentences into English with their entities in mind."""

from pathlib import Path

import job
from eatner.llm.open import Source
from eatner.translate.step import translate_sentences


def main(
    sentences: Path,
    language: str,
    translator: dict,
    english: Path,
    threads: int,
    shard: str = "",
    prompt: str | None = None,
    engine: dict | None = None,
    pace: dict | None = None,
    llm: Path | None = None,
    adapter: Path | None = None,
    lexicon: Path | None = None,
    parallel_text: Path | None = None,
    original: Path | None = None,
    pairing: dict | None = None,
) -> None:
    translate_sentences(
        sentences,
        english,
        language=language,
        settings=translator,
        inputs=job.given(lexicon=lexicon, parallel_text=parallel_text, original=original),
        form=prompt or "",
        llm=Source(engine=engine, pace=pace, folder=llm, adapter=adapter, threads=threads),
        shard=shard,
        pairing=pairing,
    )


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
