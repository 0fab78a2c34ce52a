"""Take each English entity back to its phrase in the original sentence."""

from functools import partial
from pathlib import Path

import job
from eatner import tables
from eatner.align.step import Step
from eatner.llm.open import open_journal, open_llm
from eatner.tables import Alignment, Mention, Sentence
from eatner.text import languages


def main(
    sentences: Path,
    english: Path,
    language: str,
    aligner: dict,
    entities: Path,
    threads: int,
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
    step = Step(
        sentences=list(tables.read(sentences, Sentence)),
        mentions=list(tables.read(english, Mention)),
        language=languages.get(language),
        settings=aligner,
        inputs=job.given(
            weights=weights, lexicon=lexicon, translation=translation, encoder=encoder
        ),
        threads=threads,
        form=prompt or "",
        open_llm=partial(open_llm, engine, pace, llm, adapter, threads=threads),
        open_journal=partial(open_journal, entities, engine, llm, adapter),
    )
    run = job.kind_run("align", aligner["kind"])
    tables.write(entities, Alignment, run(step))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
