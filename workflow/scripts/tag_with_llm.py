"""Ask an LLM for the persons, places and organisations of each text, or to review a tagger's."""

from pathlib import Path

import job
from eatner.llm.open import Source
from eatner.tag.step import tag_with_llm


def main(
    english: Path,
    language: str,
    tagger: dict,
    prompt: str,
    engine: dict,
    pace: dict,
    entities: Path,
    threads: int,
    shard: str = "",
    llm: Path | None = None,
    adapter: Path | None = None,
    tagged: Path | None = None,
) -> None:
    tag_with_llm(
        english,
        entities,
        language=language,
        settings=tagger,
        form=prompt,
        llm=Source(engine=engine, pace=pace, folder=llm, adapter=adapter, threads=threads),
        tagged=tagged,
        shard=shard,
    )


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
