"""The checks of a configuration: every name and every path is followed before any job starts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from eatner.config.components import (
    ENGINE_KEYS,
    ENGINES,
    NEURAL_TAGGERS,
    PACES,
    SECTIONS,
    Artifacts,
    backend,
    base_model,
)
from eatner.config.lessons import teacher
from eatner.config.sources import RAW_FORMATS, WIKI_FILES, Settings, wiki_source
from eatner.errors import InputError
from eatner.files import exists
from eatner.foreign import refuse_pickle
from eatner.text import languages

# Taggers that know English by themselves, so that others can ask them.
ENGLISH_TAGGERS = ["spacy", *NEURAL_TAGGERS]

T = TypeVar("T")


def pick(names: Mapping[str, T], name: str, what: str, where: str) -> T:
    """Return `names[name]`.

    Args:
        names: The things that are configured, by name.
        name: The name that is used.
        what: The kind of thing, for the message.
        where: The place where the name is used, for the message.

    Raises:
        InputError: Nothing has that name.
    """
    if name in names:
        return names[name]
    close = difflib.get_close_matches(str(name), names, n=1)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    raise InputError(
        f"unknown {what} {name!r}",
        record=where,
        remedy=f"{meant}Known: {', '.join(sorted(names))}.",
    )


def check_engines(values: Settings) -> None:
    """Check that each model has only the keys of its engine, before defaults are filled in.

    Args:
        values: A configuration that fits the schema.

    Raises:
        InputError: A key has no meaning for the engine that runs an LLM.
    """
    for name, model in values["models"].items():
        if "base" in model:
            known, what = set(), "an adapter, which runs as its base does"
        elif "endpoint" in model:
            known, what = {*ENGINES["endpoint"], *PACES["endpoint"]}, "an endpoint"
        else:
            run_by = backend(model)
            known = {"backend", *ENGINES[run_by], *PACES[run_by]}
            what = f"`backend: {run_by}`"
        for key in model:
            if key in ENGINE_KEYS - known:
                raise InputError(
                    f"`{key}` means nothing for {what}",
                    record=f"configuration, models.{name}",
                    remedy="Leave it out.",
                )


def check_all(values: Settings, artifacts: Artifacts) -> None:
    """Follow every name and every path of a configuration.

    Args:
        values: A configuration that fits the schema, with its defaults.
        artifacts: The rows of config/artifacts.tsv by artifact.

    Raises:
        InputError: Nothing has a name that is used, a file does not exist, or parts do not go
            together.
    """
    _check_models(values, artifacts)
    for section in SECTIONS.values():
        for name, component in values[section].items():
            _check_component(component, values, artifacts, f"configuration, {section}.{name}")
    for name, tagger in values["taggers"].items():
        _check_tagger(name, tagger, values)
    for place, system in _systems(values):
        for part, section in SECTIONS.items():
            pick(values[section], system[part], part, f"configuration, {place}")
        check_offsets(values, system, f"configuration, {place}")
    for name, aligner in values["aligners"].items():
        if aligner["kind"] == "fused":
            _check_fused(name, aligner, values)
        elif aligner["kind"] == "word-alignment":
            _check_word_alignment(name, aligner, values)
    _check_comparison(values)
    _check_wikis(values)
    _check_corpora(values, artifacts)
    packages = {row["package"]: row for rows in artifacts.values() for row in rows}
    for package, path in values["artifacts"].items():
        where = f"configuration, artifacts.{package}"
        pick(packages, package, "package", where)
        _check_file(path, where)


def check_offsets(values: Settings, system: Mapping[str, str], where: str) -> None:
    """Check that offsets in a sentence are not taken for offsets in its English.

    Args:
        values: A configuration that fits the schema.
        system: The names of a translator, and of a tagger, an aligner or both.
        where: The place of the system, for the message.

    Raises:
        InputError: A tagger or an aligner works on the sentence itself, and gets a translation.
    """
    if values["translators"][system["translator"]]["kind"] == "identity":
        return
    for part, kind in (("tagger", "lookup"), ("aligner", "identity")):
        if part in system and values[SECTIONS[part]][system[part]]["kind"] == kind:
            raise InputError(
                f"the {part} {system[part]!r} works on the sentence itself, and the translator "
                f"{system['translator']!r} gives its English",
                record=where,
                remedy="Use a translator of kind `identity`.",
            )


def warnings(values: Settings) -> list[str]:
    """Return what the user should know, although it is no mistake.

    Args:
        values: A configuration that fits the schema.
    """
    loose = [
        f"{section}.{name}"
        for section in ("corpora", "models", "taggers", "aligners")
        for name, given in values[section].items()
        if not re.fullmatch("[0-9a-f]{40}", given.get("revision", "0" * 40))
    ]
    if not loose:
        return []
    more = f" and {len(loose) - 3} more" if len(loose) > 3 else ""
    return [
        f"No commit is pinned for {', '.join(loose[:3])}{more}: what is fetched may change. "
        "The commit of a fetched corpus is in resources/corpora/: make it the `revision`."
    ]


def _systems(values: Settings) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every system with its place in the configuration."""
    yield "default", values["default"]
    for name, corpus in values["corpora"].items():
        if "system" in corpus:
            yield f"corpora.{name}.system", corpus["system"]
    for name, system in values["compare"]["systems"].items():
        yield f"compare.systems.{name}", system


def _check_models(values: Settings, artifacts: Artifacts) -> None:
    for name, model in values["models"].items():
        where = f"configuration, models.{name}"
        if "artifact" in model:
            pick(artifacts, model["artifact"], "artifact", where)
        if "folder" in model:
            _check_folder(model["folder"], "config.json", where)
        if "endpoint" in model:
            _check_endpoint(model, where)
        if "base" in model:
            _check_adapter(model, values, where)
        elif "prompt" not in model:
            raise InputError(
                "it has no `prompt`",
                record=where,
                remedy="Add `prompt: few-shot` or `prompt: chat`.",
            )


def _check_endpoint(model: Settings, where: str) -> None:
    # Imported where it is needed: it brings a client for HTTP.
    from eatner.llm.endpoint import check_address

    try:
        check_address(model["endpoint"], model.get("key_variable"))
    except InputError as error:
        raise InputError(error.problem, record=where, remedy=error.remedy) from error


def _check_adapter(model: Settings, values: Settings, where: str) -> None:
    base = pick(values["models"], model["base"], "model", where)
    if "base" in base:
        raise InputError(
            f"its base {model['base']!r} is an adapter itself",
            record=where,
            remedy=f"Name the base of that one, {base['base']!r}.",
        )
    if "endpoint" in base:
        raise InputError(
            f"its base {model['base']!r} is an endpoint and cannot be tuned here",
            record=where,
            remedy="Name a model whose weights are here: of a folder, the hub or an artifact.",
        )
    for language in model["wikis"]:
        pick(values["wikis"], language, "wiki", where)


def _check_component(
    component: Settings, values: Settings, artifacts: Artifacts, where: str
) -> None:
    """Follow the names and paths of a translator, a tagger or an aligner."""
    if "model" in component:
        name = component["model"]
        pick(values["models"], name, "model", where)
        _, model = base_model(name, values["models"])
        if component["kind"] == "paper" and model["prompt"] != "chat":
            raise InputError(
                f"the paper's turns are a chat, and {name!r} has `prompt: few-shot`",
                record=where,
                remedy="Name an instruct model, one with `prompt: chat`.",
            )
    if "artifact" in component:
        pick(artifacts, component["artifact"], "artifact", where)
    if "file" in component:
        _check_file(component["file"], where)
    if "corpus" in component:
        name = component["corpus"]
        english = pick(values["corpora"], name, "corpus", where)
        if english["language"] != "en":
            raise InputError(
                f"the corpus {name!r} is in {english['language']!r}",
                record=where,
                remedy="Name one in English.",
            )


def _check_tagger(name: str, tagger: Settings, values: Settings) -> None:
    """Check a tagger's folder, name, sizes and corpora, and the tagger that it asks for types."""
    where = f"configuration, taggers.{name}"
    if "folder" in tagger:
        _check_folder(tagger["folder"], NEURAL_TAGGERS.get(tagger["kind"], "meta.json"), where)
    if name in values["models"] and tagger["kind"] in NEURAL_TAGGERS:
        raise InputError(
            "a model has this name, and so its folder", record=where, remedy="Choose another."
        )
    sizes = tagger.get("scratch", {})
    if sizes.get("width", 0) % sizes.get("heads", 1):
        raise InputError(
            f"the width {sizes['width']} is no multiple of the heads",
            record=where,
            remedy=f"Choose a multiple of {sizes['heads']}.",
        )
    if "train" in tagger:
        _check_training(name, tagger, values, where)
    if "tagger" in tagger:
        asked = pick(values["taggers"], tagger["tagger"], "tagger", where)
        if asked["kind"] not in ENGLISH_TAGGERS:
            cannot = "be reviewed" if "model" in tagger else "find the types of titles"
            raise InputError(
                f"the tagger {tagger['tagger']!r} cannot {cannot}",
                record=where,
                remedy=f"Name one of the kinds {', '.join(ENGLISH_TAGGERS)}.",
            )

    if tagger["kind"] == "reviewed":
        _check_scoring(
            tagger["model"],
            values,
            where,
            what="a reviewed tagger scores the types of every name",
            instead="Name another model than",
        )


def _check_scoring(model: str, values: Settings, where: str, *, what: str, instead: str) -> None:
    """Check that the engine of an LLM scores many answers in one go."""
    if backend(base_model(model, values["models"])[1]) != "transformers":
        raise InputError(
            f"{what}, which only models that transformers runs can do",
            record=where,
            remedy=f"{instead} {model!r}.",
        )


def _check_training(name: str, tagger: Settings, values: Settings, where: str) -> None:
    """Check the corpora, the teacher and the LLM of a tagger that is trained."""
    recipe = tagger["train"]
    for corpus in [*recipe.get("corpora", []), *filter(None, [recipe.get("held_out")])]:
        if pick(values["corpora"], corpus, "corpus", where)["format"] in RAW_FORMATS:
            raise InputError(
                f"the corpus {corpus!r} is raw text and has no gold to train on",
                record=where,
                remedy="Name one with gold, or label it by a system: `labelled`.",
            )
    for corpus in recipe.get("labelled", []):
        pick(values["corpora"], corpus, "corpus", where)
        if corpus == recipe.get("held_out"):
            raise InputError(
                f"the corpus {corpus!r} is trained on and held out",
                record=where,
                remedy="Name another corpus under `held_out`, or none.",
            )
        system = teacher(recipe, corpus, values)
        for part, section in SECTIONS.items():
            pick(values[section], system[part], part, where)
        check_offsets(values, system, where)
    if name in _teachers(name, values):
        raise InputError(
            "it would have to label the text that it learns from",
            record=where,
            remedy="Name the system that labels it under `system`.",
        )
    if "model" in tagger:
        model = values["models"][tagger["model"]]
        if {"base", "endpoint"} & model.keys() or model["quantisation"] != "none":
            raise InputError(
                f"{tagger['model']!r} is an adapter, an endpoint or in four bits, and cannot "
                "become a token classifier",
                record=where,
                remedy="Name an LLM whose weights are here as they are.",
            )


def _teachers(name: str, values: Settings) -> set[str]:
    """Return the taggers that label what a tagger learns from, and those that these need."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        tagger = values["taggers"].get(waiting.pop(), {})
        recipe = tagger.get("train", {})
        needed = {
            teacher(recipe, corpus, values)["tagger"]
            for corpus in recipe.get("labelled", [])
            if corpus in values["corpora"]
        }
        if "tagger" in tagger:
            needed.add(tagger["tagger"])
        waiting += needed - found
        found |= needed
    return found


def _check_fused(name: str, aligner: Settings, values: Settings) -> None:
    """Check that a fused aligner has pairs to learn from, and an LLM that scores phrases."""
    where = f"configuration, aligners.{name}"
    model = values["models"][aligner["model"]]
    if name in values["models"]:
        raise InputError("there is a model of that name", record=where, remedy="Choose another.")
    _check_scoring(
        aligner["model"],
        values,
        where,
        what="a fused aligner scores every phrase",
        instead="Use `kind: constrained` with",
    )
    if "wikis" in model and "wikis" in aligner:
        raise InputError(
            f"{aligner['model']!r} is tuned on wikis of its own, and the aligner's weights are "
            "learned on their held-out entities",
            record=where,
            remedy="Leave `wikis` out.",
        )
    if "wikis" not in model and "wikis" not in aligner:
        raise InputError(
            "its weights are learned on pairs, and no wiki is named for them",
            record=where,
            remedy="List languages under `wikis`: name the `wikis` whose pairs it learns on.",
        )
    for language in aligner.get("wikis", []):
        pick(values["wikis"], language, "wiki", where)


def _check_word_alignment(name: str, aligner: Settings, values: Settings) -> None:
    """Check a word aligner's folder and name, and that its LLM runs here."""
    where = f"configuration, aligners.{name}"
    if "folder" in aligner:
        _check_folder(aligner["folder"], "config.json", where)
    if "hub" in aligner and name in {**values["models"], **values["taggers"]}:
        raise InputError(
            "a model or a tagger has this name, and so its folder",
            record=where,
            remedy="Choose another.",
        )
    if "model" in aligner:
        run_by = backend(base_model(aligner["model"], values["models"])[1])
        if run_by != "transformers":
            raise InputError(
                "word alignment reads hidden states, which only models that transformers runs give",
                record=where,
                remedy="Name such a model, or an encoder by `hub` or `folder`.",
            )


def _check_comparison(values: Settings) -> None:
    compare = values["compare"]
    for name in compare["corpora"]:
        pick(values["corpora"], name, "corpus", "configuration, compare.corpora")
    for name in compare.get("select", []):
        pick(compare["systems"], name, "system", "configuration, compare.select")
    if "baseline" in compare:
        selected = dict.fromkeys(compare.get("select", compare["systems"]))
        pick(selected, compare["baseline"], "system", "configuration, compare.baseline")


def _check_wikis(values: Settings) -> None:
    for language, wiki in values["wikis"].items():
        where = f"configuration, wikis.{language}"
        _check_language(language, where)
        if wiki_source(wiki) == "sample":
            _check_folder(wiki["sample"], "*.yaml", where)
        for key in WIKI_FILES:
            if key in wiki:
                _check_file(wiki[key], where)


def _check_corpora(values: Settings, artifacts: Artifacts) -> None:
    for name, corpus in values["corpora"].items():
        where = f"configuration, corpora.{name}"
        _check_language(corpus["language"], where)
        if "artifact" in corpus:
            pick(artifacts, corpus["artifact"], "artifact", where)
        elif "folder" in corpus:
            _check_folder(corpus["folder"], "**/*", where)
        elif "file" in corpus:
            _check_file(corpus["file"], where)


def _check_language(code: str, where: str) -> None:
    try:
        languages.get(code)
    except InputError as error:
        raise InputError(error.problem, record=where, remedy=error.remedy) from error


def _check_file(path: str, where: str) -> None:
    check_name(path, where)
    if not exists(path):
        raise InputError(f"{path} does not exist", record=where, remedy="Correct the path.")
    if Path(path).is_dir():
        raise InputError(f"{path} is a folder", record=where, remedy="Name the file.")
    if not Path(path).is_file():
        raise InputError(
            f"{path} is a device or a pipe, which can be read once or never",
            record=where,
            remedy="Write its content to a file, and name that.",
        )
    if Path(path).stat().st_size == 0:
        raise InputError(f"{path} is empty", record=where, remedy="Put the right file there.")


def check_name(path: str, where: str) -> None:
    """Refuse the name of a file that Snakemake cannot have, or no line can show.

    Raises:
        InputError: It has a brace or a control character.
    """
    if re.search(r"[{}\x00-\x1f\x7f]", path):
        raise InputError(
            f"{path!r} has a brace or a control character: Snakemake takes {{}} for wildcards",
            record=where,
            remedy="Rename it, or name a link to it.",
        )


def _check_folder(path: str, holds: str, where: str) -> None:
    """Check that a local folder holds a file, such as a model's config.json, and no pickle alone.

    Its weights are checked again when it is loaded; this is before the hours until then.
    """
    check_name(path, where)
    if not exists(path) or not any(Path(path).glob(holds)):
        raise InputError(f"there is no {holds} in {path}", record=where, remedy="Correct the path.")
    try:
        refuse_pickle(Path(path))
    except InputError as error:
        raise InputError(f"{error.problem} in {path}", record=where, remedy=error.remedy) from error
