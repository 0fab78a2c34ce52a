"""Score the entities of a system against gold, and find the step that made each error."""

import hashlib
import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import job
from eatner import __version__, tables
from eatner.evaluate.score import calibration
from eatner.evaluate.score import score as score_entities
from eatner.evaluate.stages import errors_by_stage
from eatner.files import write_json
from eatner.lexicon import load
from eatner.tables import Alignment, Error, GoldEntity, Mention, Sentence, Translation
from eatner.text import languages
from eatner.text.romanise import reading

# Kinds of components that are right by construction, each with the step that it replaces.
ORACLES = {"parallel": "translation", "gold": "tagger"}
PACKAGES = ("snakemake", "torch", "transformers", "peft", "spacy", "llguidance", "seqeval")


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
            "versions": {
                "eatner": __version__,
                "python": platform.python_version(),
                **installed(PACKAGES),
            },
        },
    }
    write_json(score, record)


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of packages, without those that this rule's environment lacks."""
    versions = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
