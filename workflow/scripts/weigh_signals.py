"""Learn on alignment pairs what each signal of a fused aligner counts."""

from pathlib import Path

import job
from eatner import tables
from eatner.align import fused
from eatner.align.weights import learn
from eatner.files import write_json
from eatner.lexicon import load
from eatner.llm.journal import open_journal
from eatner.llm.open import answers_of, open_llm
from eatner.tables import Pair
from eatner.text import languages
from eatner.train.pairs import short, unseen


def main(
    llm: Path,
    pairs: list[Path],
    lexicons: list[Path],
    wikis: list,
    most: int,
    without: list,
    prompt: str,
    engine: dict,
    pace: dict,
    seed: int,
    threads: int,
    weights: Path,
    adapter: Path | None = None,
) -> None:
    rows = [
        (languages.get(language), row)
        for language, path in zip(wikis, pairs, strict=True)
        for row in tables.read(path, Pair)
    ]
    # On pairs that it was tuned on, an LLM would seem better than it is.
    rows = short(rows) if adapter is None else unseen(rows, seed)
    known = [
        (
            languages.get(wiki),
            load(path),
            [row for language, row in rows if language.code == wiki],
        )
        for wiki, path in zip(wikis, lexicons, strict=True)
    ]
    journal = open_journal(weights, answers_of(engine, llm, adapter))
    model = open_llm(engine, pace, llm, adapter, threads=threads)
    examples = fused.examples(model, known, form=prompt, most=most, seed=seed, journal=journal)
    _, record = learn(examples, seed, without)
    write_json(weights, record)
    journal.close()


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
