"""Take each English entity back to its phrase in the original sentence."""

from functools import partial
from pathlib import Path

import job
from eatner import tables
from eatner.align import fused, identity, paper
from eatner.align.base import align
from eatner.align.constrained import constrained
from eatner.align.weights import read_weights
from eatner.lexicon import load
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
) -> None:
    texts = list(tables.read(sentences, Sentence))
    tagged = list(tables.read(english, Mention))
    if aligner["kind"] == "identity":
        tables.write(entities, Alignment, identity.align(texts, tagged))
        return
    job.use_threads(threads)
    journal = open_journal(entities, engine, llm, adapter)
    model = open_llm(engine, pace, llm, adapter)
    if aligner["kind"] == "paper":
        rows = paper.align(
            texts,
            tagged,
            model,
            languages.get(language),
            max_new_tokens=aligner["max_new_tokens"],
            journal=journal,
        )
    elif aligner["kind"] == "fused":
        propose = partial(
            fused.candidates,
            llm=model,
            language=languages.get(language),
            lexicon=lexicon and load(lexicon),
            weights=read_weights(weights),
            form=prompt,
            journal=journal,
        )
    else:
        propose = partial(
            constrained,
            llm=model,
            language=languages.get(language),
            form=prompt,
            beams=aligner["beams"],
            journal=journal,
        )
    if aligner["kind"] != "paper":
        choice = {
            "repeats": aligner["repeats"],
            "threshold": aligner["threshold"],
            "jointly": aligner.get("assignment", "joint") == "joint",
        }
        rows = align(texts, tagged, propose, **choice)
    tables.write(entities, Alignment, rows)
    journal.close()


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
