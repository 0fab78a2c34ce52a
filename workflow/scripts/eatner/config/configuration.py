"""The configuration: read by its schema, checked, and resolved, once."""

from __future__ import annotations

import copy
import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eatner.config import checks, components, schema, sources
from eatner.config.checks import pick
from eatner.config.components import (
    SECTIONS,
    Aligner,
    Artifacts,
    Component,
    Model,
    Tagger,
    Translator,
)
from eatner.config.lessons import teacher
from eatner.config.sources import Corpus, Settings, Wiki
from eatner.errors import InputError
from eatner.files import exists

SCHEMA = Path("workflow", "schemas", "config.schema.yaml")
ARTIFACTS = Path("config", "artifacts.tsv")
TARGET = "target"
# The keys of each section whose values are paths.
PATHS = {
    "corpora": {"file", "folder"},
    "wikis": {"dump", "langlinks", "index", "sample"},
    "models": {"folder"},
    "translators": {"file"},
    "taggers": {"folder"},
    "aligners": {"folder"},
}


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A configuration that has passed every check.

    The methods that take names are for the targets of a run. They refuse names that are not
    configured and parts that do not go together.

    Attributes:
        values: The configuration as given, with the schema's defaults.
        artifacts: The rows of config/artifacts.tsv by artifact, one row per package file.
        warnings: What the user should know, although it is no mistake.
        corpora, wikis, models, translators, taggers, aligners: The resolved components by name;
            the wikis by language.
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
            given: The content of the configuration's files, which is not changed. Its paths are
                relative to the working directory, or else to `root`.
            root: The project's folder, with the schema and the table of artifacts.

        Raises:
            InputError: The schema does not know a key or a value, nothing has a name that is used,
                a file does not exist, or parts do not go together.
        """
        schema.refuse_unwritable(given)
        values = copy.deepcopy(dict(given))
        _find_shipped(values, root)
        known = schema.read(root / SCHEMA)
        schema.check(values, known)
        checks.check_engines(values)
        schema.fill(values, known)
        artifacts = read_artifacts(root / ARTIFACTS)
        checks.check_all(values, artifacts)
        models = {name: components.resolve_model(name, values) for name in values["models"]}
        return cls(
            values=values,
            artifacts=artifacts,
            warnings=checks.warnings(values),
            corpora={name: sources.resolve_corpus(name, values) for name in values["corpora"]},
            wikis={code: sources.resolve_wiki(code, values) for code in values["wikis"]},
            models=models,
            translators={
                name: components.resolve_translator(name, values, models, artifacts)
                for name in values["translators"]
            },
            taggers={
                name: components.resolve_tagger(name, values, models, artifacts)
                for name in values["taggers"]
            },
            aligners={
                name: components.resolve_aligner(name, values, models, artifacts)
                for name in values["aligners"]
            },
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

    def artifact(self, name: str) -> Sequence[Mapping[str, str]]:
        """Return the rows of an artifact, one row per package file.

        Raises:
            InputError: There is none of that name.
        """
        return pick(self.artifacts, name, "artifact", TARGET)

    def package(self, file: str) -> Mapping[str, str]:
        """Return the row of a package file.

        Raises:
            InputError: There is none of that name.
        """
        packages = {row["file"]: row for rows in self.artifacts.values() for row in rows}
        return pick(packages, file, "package file", TARGET)

    def pairing(self, translator: str, corpus: str) -> Settings | None:
        """Return how a corpus and its sample were read, to pair it with English that exists.

        Args:
            translator: The name of a translator; the answer is None if it makes its English.
            corpus: The name of the corpus whose sentences are paired with the English.

        Raises:
            InputError: There is no translator or no corpus of that name.
        """
        given, text = self.translator(translator), self.corpus(corpus)
        if given.kind != "parallel":
            return None
        if given.english_corpus is None:
            return text.reading
        return {"sampled": text.is_sample or self.corpora[given.english_corpus].is_sample}

    def shards(self, corpus: str, part: str, name: str) -> int:
        """Return how many jobs share the sentences of a corpus.

        Args:
            corpus: Its name.
            part: What labels them: `translator`, `tagger` or `aligner`.
            name: The name of that component.
        """
        component: Component = getattr(self, SECTIONS[part])[name]
        return self.corpora[corpus].shards if component.has_shards else 1

    def lexicon(self, language: str) -> str | None:
        """Return the lexicon of a language's wiki, if there is one."""
        return sources.lexicon(language, self.values)

    def hint_lexicon(self, translator: str, language: str) -> str | None:
        """Return the lexicon for a translator's hints; None if it gives none, or has no wiki.

        Raises:
            InputError: There is no translator of that name.
        """
        return self.lexicon(language) if self.translator(translator).has_hints else None

    def title_lexicon(self, tagger: str, language: str) -> str | None:
        """Return the lexicon for a title lookup; None for other taggers.

        Raises:
            InputError: There is no tagger of that name, or no wiki of the language.
        """
        if self.tagger(tagger).kind != "lookup":
            return None
        lexicon = self.lexicon(language)
        if lexicon is None:
            raise InputError(
                f"the tagger {tagger!r} looks titles up, and there is no wiki of the language "
                f"{language!r}",
                record=TARGET,
                remedy="Add one under `wikis`.",
            )
        return lexicon

    def aligner_lexicon(self, aligner: str, language: str) -> str | None:
        """Return the lexicon for a fused aligner; None for others, or without a wiki.

        Raises:
            InputError: There is no aligner of that name.
        """
        return self.lexicon(language) if self.aligner(aligner).kind == "fused" else None

    def system(self, name: str) -> dict[str, str]:
        """Return the translator, tagger and aligner of a system under `compare`.

        Raises:
            InputError: There is none of that name.
        """
        return pick(self.values["compare"]["systems"], name, "system", TARGET)

    def record(self, system: Mapping[str, str]) -> Settings:
        """Return the settings of a system's components with their LLMs', for a score's record.

        Args:
            system: The names of a translator, a tagger and an aligner.
        """
        records = [component.record for component in self._components(system)]
        return dict(zip(SECTIONS, records, strict=True))

    @property
    def systems(self) -> dict[str, dict[str, str]]:
        """The systems to compare by name: those that `select` names, in its order, or all."""
        systems = self.values["compare"]["systems"]
        return {name: systems[name] for name in self.values["compare"].get("select", systems)}

    @property
    def baseline(self) -> str:
        """The name of the system that the others are tested against.

        If none is configured, it is the system that `default` describes, or else the first one.
        """
        default = self.values["default"]
        defaults = [name for name, system in self.systems.items() if system == default]
        return self.values["compare"].get("baseline") or [*defaults, *self.systems][0]

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
                remedy="Under `compare`, name `corpora` and `systems`.",
            )
        for name in corpora:
            self.corpus_with_gold(name)
        return corpora, self.systems

    @property
    def reviewed(self) -> dict[str, str]:
        """From each tagger that reviews another one to that one's name."""
        return {name: tagger.reviewed for name, tagger in self.taggers.items() if tagger.reviewed}

    @property
    def trained(self) -> dict[str, str]:
        """What is trained for the systems to compare, by name: an "adapter" or a "tagger"."""
        trained: dict[str, str] = {}
        for system in self.systems.values():
            for component in self._components(system):
                if component.model and component.adapter:
                    trained[component.model.name] = "adapter"
                learner = getattr(component, "asked", None) or component
                if "train" in learner.settings:
                    trained[learner.name] = "tagger"
        return trained

    def fetched(self, corpora: Iterable[str], systems: Iterable[Mapping[str, str]]) -> list[str]:
        """Return what is fetched before systems can label corpora; a model, as it is converted.

        Args:
            corpora: The names of the corpora.
            systems: The names of their translators, taggers and aligners.
        """
        labelled = [self.corpora[name] for name in corpora]
        components: list[Component] = []
        waiting = list(systems)
        while waiting:  # a student needs what its teachers need; teachers never form a loop
            parts = self._components(waiting.pop())
            components += parts
            recipe = (parts[1].asked or parts[1]).settings.get("train", {})
            waiting += [teacher(recipe, name, self.values) for name in recipe.get("labelled", [])]
        read = {name for component in components for name in component.corpora}
        languages = {text.language for text in labelled if text.lexicon}.union(
            *(component.languages for component in components)
        )
        paths = [text.text for text in labelled] + [self.corpora[name].text for name in read]
        paths += [path for component in components for path in component.models]
        for wiki in (self.wikis[language] for language in languages):
            if wiki.source == "date":
                paths += [wiki.dump, wiki.langlinks]
        return sorted({path for path in paths if path.startswith("resources/")})

    def _components(self, system: Mapping[str, str]) -> tuple[Translator, Tagger, Aligner]:
        return (
            self.translators[system["translator"]],
            self.taggers[system["tagger"]],
            self.aligners[system["aligner"]],
        )


def _find_shipped(values: Settings, root: Path) -> None:
    """Complete the paths of files that come with the project, such as its sample wikis.

    In a clone they are in the working directory; an installed project is somewhere else.
    """
    for section, keys in PATHS.items():
        components_of = values.get(section)
        for settings in components_of.values() if isinstance(components_of, dict) else ():
            for key in keys & settings.keys() if isinstance(settings, dict) else ():
                path = settings[key]
                if isinstance(path, str) and not exists(path) and exists(root / path):
                    settings[key] = str(root / path)


def read_artifacts(path: Path) -> dict[str, list[dict[str, str]]]:
    """Read the table of artifacts: lists of rows by artifact, one row per package file."""
    rows: dict[str, list[dict[str, str]]] = {}
    with open(path, encoding="utf-8") as table:
        for row in csv.DictReader(table, dialect="excel-tab", quoting=csv.QUOTE_NONE):
            rows.setdefault(row["artifact"], []).append(row)
    return rows
