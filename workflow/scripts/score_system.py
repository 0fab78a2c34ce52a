"""Score the entities of a system against gold, and find the step that made each error."""

import hashlib
from pathlib import Path

import job
from eatner.evaluate.system import evaluate
from eatner.files import write_json
from eatner.lexicon import load
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
    result = evaluate(
        sentences,
        gold,
        english,
        tagged,
        entities,
        errors,
        lexicon=None if lexicon is None else load(lexicon),
        romanise=reading(languages.get(language)),
        oracles={
            ORACLES[settings["kind"]]
            for settings in components.values()
            if settings["kind"] in ORACLES
        },
        seed=seed,
    )
    record = {
        "corpus": corpus_name,
        "language": language,
        "system": system,
        **result,
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
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
