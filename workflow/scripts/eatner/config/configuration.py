"""The configuration: read by its schema, checked, and resolved, once."""

from __future__ import annotations

import copy
import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eatner.config import checks, components, schema
from eatner.config.checks import pick
from eatner.config.components import (
    SECTIONS,
    Aligner,
    Artifacts,
    Corpus,
    Model,
    Settings,
    Tagger,
    Translator,
    Wiki,
)
from eatner.errors import InputError

SCHEMA = Path("workflow", "schemas", "config.schema.yaml")
ARTIFACTS = Path("config", "artifacts.tsv")
TARGET = "target"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A configuration that has passed every check.

    The methods that take names serve the targets of a run: they refuse names that are not
    configured and parts that do not go together.

    Attributes:
        values: As configured, with the schema's defaults.
        artifacts: The rows of config/artifacts.tsv, a row a package file, by artifact.
        warnings: What the user should know, although it is no mistake.
        corpora, wikis, models, translators, taggers, aligners: Each resolved, by name; the wikis
            by language.
    """

    values: Settings
    artifacts: Artifacts
    warnings: list[str]
    corpora: dict[str, Corpus]
    wikis: dict[str, Wiki]
    models: dict[str, Model]
    translators: dict[str, Translator]
    taggers: dict[str, Tagger]
    aligners: dict[str, Aligner]

    @classmethod
    def read(cls, given: Mapping[str, Any], root: Path) -> Configuration:
        """Check a configuration, fill in its defaults and resolve its components.

        Args:
            given: As the configuration's files have it; it is left as it is. Its paths are
                relative to the working directory.
            root: The project's folder, with the schema and the table of artifacts.

        Raises:
            InputError: A key or a value that the schema does not know, a name without a thing, a
                path without a file, or parts that do not go together.
        """
        values = copy.deepcopy(given)
        known = schema.read(root / SCHEMA)
        schema.check(values, known)
        checks.check_engines(values)
        schema.fill(values, known)
        artifacts = read_artifacts(root / ARTIFACTS)
        checks.check_all(values, artifacts)
        models = {name: components.resolve_model(name, values) for name in values["models"]}
        resolved = {
            section: {name: resolve(name, values, models, artifacts) for name in values[section]}
            for section, resolve in (
                ("translators", components.resolve_translator),
                ("taggers", components.resolve_tagger),
                ("aligners", components.resolve_aligner),
            )
        }
        return cls(
            values=values,
            artifacts=artifacts,
            warnings=checks.warnings(values),
            corpora={name: components.resolve_corpus(name, values) for name in values["corpora"]},
            wikis={code: components.resolve_wiki(code, values) for code in values["wikis"]},
            models=models,
            **resolved,
        )

    def corpus(self, name: str) -> Corpus:
        """Return a corpus.

        Raises:
            InputError: There is none of that name.
        """
        return pick(self.corpora, name, "corpus", TARGET)

    def corpus_with_gold(self, name: str) -> Corpus:
        """Return a corpus that can be scored.

        Raises:
            InputError: There is none of that name, or it is raw text.
        """
        corpus = self.corpus(name)
        if corpus.is_raw:
            raise InputError(
                f"the corpus {name!r} is raw text and has no gold to score against",
                record=TARGET,
                remedy=f"Ask for results/{name}/entities.tsv instead.",
            )
        return corpus

    def wiki(self, language: str) -> Wiki:
        """Return the wiki of a language.

        Raises:
            InputError: There is none of that language.
        """
        return pick(self.wikis, language, "wiki", TARGET)

    def adapter(self, name: str) -> Model:
        """Return an LLM that is tuned here.

        Raises:
            InputError: There is no model of that name, or it is not tuned.
        """
        model = pick(self.models, name, "model", TARGET)
        if model.base is None:
            raise InputError(
                f"the model {name!r} has no adapter: it has no base",
                record=TARGET,
                remedy="Name a model with a `base`.",
            )
        return model

    def translator(self, name: str) -> Translator:
        """Return a translator.

        Raises:
            InputError: There is none of that name.
        """
        return pick(self.translators, name, "translator", TARGET)

    def tagger(self, name: str, translator: str | None = None) -> Tagger:
        """Return a tagger, which goes with a translator if one is named.

        Raises:
            InputError: There is none of that name, or it does not go with the translator.
        """
        tagger = pick(self.taggers, name, "tagger", TARGET)
        if translator is not None:
            self.translator(translator)
            checks.check_offsets(self.values, {"translator": translator, "tagger": name}, TARGET)
        return tagger

    def aligner(self, name: str, translator: str | None = None) -> Aligner:
        """Return an aligner, which goes with a translator if one is named.

        Raises:
            InputError: There is none of that name, or it does not go with the translator.
        """
        aligner = pick(self.aligners, name, "aligner", TARGET)
        if translator is not None:
            self.translator(translator)
            checks.check_offsets(self.values, {"translator": translator, "aligner": name}, TARGET)
        return aligner

    def artifact(self, name: str) -> list[dict[str, str]]:
        """Return the rows of an artifact, a row a package file.

        Raises:
            InputError: There is none of that name.
        """
        return pick(self.artifacts, name, "artifact", TARGET)

    def package(self, file: str) -> dict[str, str]:
        """Return the row of a package file.

        Raises:
            InputError: There is none of that name.
        """
        packages = {row["file"]: row for rows in self.artifacts.values() for row in rows}
        return pick(packages, file, "package file", TARGET)

    def pairing(self, translator: str, corpus: str) -> Settings | None:
        """Return how a corpus and its sample were read, for English that exists already.

        Args:
            translator: The name of a translator; the answer is None if it makes its English.
            corpus: The name of the corpus whose sentences are paired with the English.
        """
        named, text = self.translator(translator), self.corpus(corpus)
        if named.kind != "parallel":
            return None
        if named.english_corpus is None:
            return text.reading
        return {"sampled": text.is_sample or self.corpora[named.english_corpus].is_sample}

    def title_lexicon(self, tagger: str, corpus: str) -> str | None:
        """Return the lexicon for a title lookup; None for other taggers.

        Raises:
            InputError: There is no wiki of the corpus's language.
        """
        text = self.corpus(corpus)
        if self.tagger(tagger).kind != "lookup":
            return None
        if text.lexicon is None:
            raise InputError(
                f"the tagger {tagger!r} looks titles up, and there is no wiki of the language "
                f"{text.language!r}",
                record=TARGET,
                remedy="Add one under `wikis`.",
            )
        return text.lexicon

    def record(self, system: Mapping[str, str]) -> Settings:
        """Return the settings of a system's components with their LLMs', for a score's record.

        Args:
            system: The names of a translator, a tagger and an aligner.
        """
        return {
            part: getattr(self, section)[system[part]].record for part, section in SECTIONS.items()
        }

    @property
    def systems(self) -> dict[str, dict[str, str]]:
        """The systems to compare by name: those that `select` names, in its order, or all."""
        systems = self.values["compare"]["systems"]
        return {name: systems[name] for name in self.values["compare"].get("select", systems)}

    @property
    def baseline(self) -> str:
        """The system that the others are tested against.

        If none is named, the system that is `default`; if that is not compared, the first one.
        """
        alike = [name for name, system in self.systems.items() if system == self.values["default"]]
        return self.values["compare"].get("baseline") or next(iter([*alike, *self.systems]))

    def comparison(self) -> tuple[list[str], dict[str, dict[str, str]]]:
        """Return the corpora to compare on, and the systems by name.

        Raises:
            InputError: There are none, or a corpus has no gold.
        """
        corpora = self.values["compare"]["corpora"]
        if not corpora or not self.systems:
            raise InputError(
                "there is nothing to compare",
                record="configuration, compare",
                remedy="Say what: name `corpora` and `systems` to compare.",
            )
        for name in corpora:
            self.corpus_with_gold(name)
        return corpora, self.systems

    @property
    def trained(self) -> dict[str, str]:
        """What is trained for the systems to compare, by name: an "adapter" or a "tagger"."""
        found = {}
        for system in self.systems.values():
            for part, section in SECTIONS.items():
                component = getattr(self, section)[system[part]]
                if component.adapter:
                    found[component.model.name] = "adapter"
                if "train" in component.settings:
                    found[component.name] = "tagger"
        return found


def read_artifacts(path: Path) -> dict[str, list[dict[str, str]]]:
    """Read the table of artifacts into lists of rows by artifact, a row a package file."""
    rows: dict[str, list[dict[str, str]]] = {}
    with open(path, encoding="utf-8") as table:
        for row in csv.DictReader(table, dialect="excel-tab", quoting=csv.QUOTE_NONE):
            rows.setdefault(row["artifact"], []).append(row)
    return rows
