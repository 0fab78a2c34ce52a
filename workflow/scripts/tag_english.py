"""Tag persons, places and organisations in the English translations."""

from functools import partial
from pathlib import Path

import job
from eatner import tables
from eatner.llm.journal import open_journal
from eatner.tables import Mention, Translation
from eatner.tag.step import Step


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
    if model is not None and model.is_file():  # the weights of a tagger that was trained here
        model = model.parent
    asked = tagger.get("tagger")
    step = Step(
        translations=list(tables.read(english, Translation)),
        settings=tagger,
        inputs=job.given(model=model, sentences=sentences, gold=gold, lexicon=lexicon),
        threads=threads,
        open_journal=partial(open_journal, entities, settings=asked or tagger, model=model),
        run_asked=asked and job.kind_run("tag", asked["kind"]),
    )
    run = job.kind_run("tag", tagger["kind"])
    tables.write(entities, Mention, run(step))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
