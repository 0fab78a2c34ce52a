"""Ask an LLM for the persons, places and organisations of each text."""

from pathlib import Path

import job
from eatner import tables
from eatner.llm.open import open_journal, open_llm
from eatner.tables import Mention, Translation
from eatner.tag import llm as tag_llm
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
    job.use_threads(threads)
    journal = open_journal(entities, engine, llm, adapter)
    rows = tag_llm.tag_with_llm(
        list(tables.read(english, Translation)),
        open_llm(engine, pace, llm, adapter),
        languages.get(language),
        form=prompt,
        max_new_tokens=tagger["max_new_tokens"],
        journal=journal,
    )
    tables.write(entities, Mention, rows)
    journal.close()


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
