"""Translate sentences into English with their entities in mind."""

from functools import partial
from pathlib import Path

import job
from eatner import tables
from eatner.llm.open import open_journal, open_llm
from eatner.tables import Sentence, Translation
from eatner.text import languages
from eatner.translate.step import Step


def main(
    sentences: Path,
    language: str,
    translator: dict,
    english: Path,
    threads: int,
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
    step = Step(
        sentences=list(tables.read(sentences, Sentence)),
        language=languages.get(language),
        settings=translator,
        pairing=pairing or {},
        inputs=job.given(lexicon=lexicon, parallel_text=parallel_text, original=original),
        form=prompt or "",
        open_llm=partial(open_llm, engine, pace, llm, adapter, threads=threads),
        open_journal=partial(open_journal, english, engine, llm, adapter),
    )
    run = job.kind_run("translate", translator["kind"])
    tables.write(english, Translation, run(step))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
