"""Ask an LLM for the persons, places and organisations of each text."""

from functools import partial
from pathlib import Path

import job
from eatner import tables
from eatner.llm.open import open_journal, open_llm
from eatner.tables import Mention, Translation
from eatner.tag.llm import run
from eatner.tag.step import LLMStep
from eatner.text import languages


def main(
    english: Path,
    language: str,
    tagger: dict,
    prompt: str,
    engine: dict,
    pace: dict,
    entities: Path,
    threads: int,
    llm: Path | None = None,
    adapter: Path | None = None,
) -> None:
    step = LLMStep(
        translations=list(tables.read(english, Translation)),
        settings=tagger,
        language=languages.get(language),
        form=prompt,
        open_llm=partial(open_llm, engine, pace, llm, adapter, threads=threads),
        open_journal=partial(open_journal, entities, engine, llm, adapter),
    )
    tables.write(entities, Mention, run(step))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
