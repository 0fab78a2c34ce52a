"""Score the entities of a system against gold, and find the step that made each error."""

from pathlib import Path

import job
from eatner.evaluate.system import evaluate
from eatner.files import digest, write_json
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
            "sha256": {path.name: digest(path, "sha256") for path in (sentences, gold)}
            | {
                "translate": digest(english, "sha256"),
                "tag": digest(tagged, "sha256"),
                "align": digest(entities, "sha256"),
            },
            "versions": versions(),
        },
    }
    write_json(score, record)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
