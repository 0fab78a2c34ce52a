"""Score the entities of a system against gold, and find the step that made each error."""

import hashlib
from pathlib import Path

import job
from eatner import tables
from eatner.evaluate.score import calibration
from eatner.evaluate.score import score as score_entities
from eatner.evaluate.stages import errors_by_stage
from eatner.files import write_json
from eatner.lexicon import load
from eatner.tables import Alignment, Error, GoldEntity, Mention, Sentence, Translation
from eatner.text import languages
from eatner.text.romanise import reading
from eatner.trace import versions

# Kinds of components that are right by construction, each with the step that it replaces.
ORACLES = {"parallel": "translation", "gold": "tagger"}


def main(
    sentences: Path,
    gold: Path,
    english: Path,
    tagged: Path,
    entities: Path,
    components: dict,
    system: dict,
    corpus_name: str,
    language: str,
    seed: int,
    score: Path,
    errors: Path,
    lexicon: Path | None = None,
) -> None:
    texts = list(tables.read(sentences, Sentence))
    right = list(tables.read(gold, GoldEntity))
    found = list(tables.read(entities, Alignment))
    names: dict[str, list[str]] = {}
    if lexicon is not None:
        titles = load(lexicon)
        for surface in {row.surface for row in right}:
            if english_name := titles.english(surface):
                names[surface] = [english_name]
    figures = score_entities(right, found, texts, seed=seed)
    stages = errors_by_stage(
        texts,
        right,
        list(tables.read(english, Translation)),
        list(tables.read(tagged, Mention)),
        found,
        lexicon=names,
        romanise=reading(languages.get(language)),
        oracles={
            ORACLES[settings["kind"]]
            for settings in components.values()
            if settings["kind"] in ORACLES
        },
    )
    tables.write(errors, Error, stages.pop("errors"))
    record = {
        "corpus": corpus_name,
        "language": language,
        "system": system,
        **figures,
        "calibration": calibration(right, found, texts),
        "errors_by_stage": stages,
        "provenance": {
            "components": components,
            "seed": seed,
            "sha256": {path.name: sha256(path) for path in (sentences, gold)}
            | {
                "translate": sha256(english),
                "tag": sha256(tagged),
                "align": sha256(entities),
            },
            "versions": versions(),
        },
    }
    write_json(score, record)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
