"""The configuration: checked against its schema, and every name and path in it followed."""

import csv
import difflib
import re
import sys
from pathlib import Path

import jsonschema
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import validate

SCRIPTS = Path(workflow.basedir) / "workflow" / "scripts"
sys.path.insert(0, str(SCRIPTS))

from eatner.text import languages
from eatner.errors import InputError

TRAINING = [
    "training_pairs",
    "evaluation_pairs",
    "rank",
    "alpha",
    "learning_rate",
    "epochs",
    "batch_size",
]
# What the answers of an LLM depend on, by backend, and what only their speed does.
ENGINES = {
    "transformers": ["quantisation"],
    "vllm": ["context"],
    "endpoint": ["name", "context", "structured", "logprobs", "request"],
}
PACES = {
    "transformers": ["gpus"],
    "vllm": ["gpus"],
    "endpoint": ["key_variable", "concurrency", "timeout"],
}
READING = [
    "language",
    "format",
    "scheme",
    "separator",
    "token_column",
    "tag_column",
    "text_key",
    "spans_key",
    "types",
    "sample",
]
# Where a wiki comes from: the first that is configured.
WIKI_SOURCES = ["dump", "date", "sample"]
WIKI_FILES = ["dump", "langlinks", "index"]
SECTIONS = {"translator": "translators", "tagger": "taggers", "aligner": "aligners"}
# The library modules of each kind of component: an edited one reruns its own kind alone.
MODULES = {
    "translator": {
        "entity-aware": ["translate.entity_aware", "llm.transformers"],
        "paper": ["translate.paper", "llm.transformers"],
        "parallel": ["translate.parallel", "corpora.formats", "fetch.artifacts", "text.sentences"],
        "identity": ["translate.identity"],
    },
    "tagger": {
        "spacy": ["tag.spacy", "fetch.artifacts"],
        "text-to-text": ["tag.text_to_text"],
        "token-classification": ["tag.token_classification"],
        "gliner": ["tag.gliner"],
        "gold": ["tag.gold"],
        "lookup": ["tag.lookup"],
        "llm": ["tag.llm", "llm.transformers"],
    },
    "aligner": {
        "fused": ["align.fused", "llm.transformers"],
        "constrained": ["align.constrained", "llm.transformers"],
        "paper": ["align.paper", "llm.transformers"],
        "identity": ["align.identity"],
    },
}
# The taggers that torch computes, and the file that tells a local folder of each.
NEURAL_TAGGERS = {
    "text-to-text": "config.json",
    "token-classification": "config.json",
    "gliner": "gliner_config.json",
}
# Taggers that know English by themselves, so that a title lookup can ask them for types.
ENGLISH_TAGGERS = ["spacy", *NEURAL_TAGGERS]


def read_artifacts():
    """Read the table of artifacts into lists of rows by artifact, a row a package file."""
    rows = {}
    with open(Path(workflow.basedir) / "config" / "artifacts.tsv", encoding="utf-8") as table:
        for row in csv.DictReader(table, dialect="excel-tab", quoting=csv.QUOTE_NONE):
            rows.setdefault(row["artifact"], []).append(row)
    return rows


def pick(names, name, what, where):
    """Return names[name], or stop with what was meant and what there is."""
    if name in names:
        return names[name]
    close = difflib.get_close_matches(str(name), names, n=1)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    raise WorkflowError(
        f"{where}: unknown {what} {name!r}.{meant} Known: {', '.join(sorted(names))}."
    )


def read_strings(error):
    """Read what `--config` left as text within a value ("5", "null"), where text is refused.

    Snakemake reads the numbers and nulls of a value of `--config` at its top alone.
    """
    for cause in error.context or ():
        if read_strings(cause):
            return True
    value = error.instance
    if not isinstance(value, str) or not error.absolute_path:
        return False
    meant = yaml.safe_load(value) if re.fullmatch(r"[-+.\w]+", value) else value
    if isinstance(meant, str):
        return False
    *above, last = error.absolute_path
    place = config
    for key in above:
        place = place[key]
    place[last] = meant
    return True


def check_schema():
    """Stop at a key or a value that the schema does not know, in one line."""
    # libyaml's loader where it was built: the schema is long, and every plan and every job reads it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schema = yaml.load(SCHEMA.read_text(encoding="utf-8"), Loader=loader)
    validator = jsonschema.Draft202012Validator(schema)
    for error in list(validator.iter_errors(config)):
        read_strings(error)
    error = jsonschema.exceptions.best_match(validator.iter_errors(config))
    if error is None:
        return
    where = ".".join(["configuration", *map(str, error.absolute_path)])
    message, meant = error.message, ""
    if error.validator in ("oneOf", "anyOf"):
        ways = [
            " and ".join(f"`{key}`" for key in way["required"]) for way in error.validator_value
        ]
        given = ", ".join(f"`{key}`" for key in error.instance)
        number = "exactly one of" if error.validator == "oneOf" else "one of"
        message = f"{number} {', '.join(ways)} must be given, but there are {given}"
        meant = " (A file passed with --configfile adds to config.yaml: choose another name.)"
    elif error.validator == "dependentRequired":
        message = f"{error.message}: give both"
    elif error.validator == "not":
        message = f"the name {error.instance!r} is taken"
    elif error.validator == "additionalProperties" and "properties" in error.schema:
        known = error.schema["properties"]
        for key in set(error.instance) - set(known):
            close = difflib.get_close_matches(key, known, n=1)
            meant += f" Did you mean {close[0]!r}?" if close else ""
        meant += f" Known here: {', '.join(known)}."
    raise WorkflowError(f"{where}: {message}.{meant} Every key is explained in config/README.md.")


def backend(model):
    """Say how an LLM is run: as an endpoint, or by one of our engines."""
    return "endpoint" if "endpoint" in model else model.get("backend", "transformers")


def base_model(name):
    """Return the configuration of an LLM without its adapter."""
    model = config["models"][name]
    return config["models"][model["base"]] if "base" in model else model


def check_engines():
    """Stop at a key that means nothing for the way an LLM is run; before defaults are filled in."""
    every = {"backend", *sum([*ENGINES.values(), *PACES.values()], [])}
    for name, model in config["models"].items():
        where = f"configuration, models.{name}"
        if "base" in model:
            known, what = [], "an adapter, which runs as its base does"
        elif "endpoint" in model:
            known, what = ENGINES["endpoint"] + PACES["endpoint"], "an endpoint"
        else:
            run_by = backend(model)
            known = ["backend", *ENGINES[run_by], *PACES[run_by]]
            what = f"`backend: {run_by}`"
        for key in every - {*known}:
            if key in model:
                raise WorkflowError(f"{where}: `{key}` means nothing for {what}.")


def check_language(code, where):
    """Stop at a language that has no row in the table of languages."""
    try:
        languages.get(code)
    except InputError as error:
        raise WorkflowError(f"{where}: {error}") from error


def check_file(path, where):
    """Stop at a local file that is missing, empty or a folder."""
    if not Path(path).exists():
        raise WorkflowError(f"{where}: {path} does not exist. Correct the path.")
    if not Path(path).is_file():
        raise WorkflowError(f"{where}: {path} is a folder. Name the file.")
    if Path(path).stat().st_size == 0:
        raise WorkflowError(f"{where}: {path} is empty. Put the right file there.")


def check_folder(path, holds, where):
    """Stop at a local folder that does not hold what it should, such as a model's config.json."""
    if not any(Path(path).glob(holds)):
        raise WorkflowError(f"{where}: there is no {holds} in {path}. Correct the path.")


def wiki_source(language):
    """Say where a wiki comes from: a local dump, else a date on a mirror, else the sample."""
    return next(source for source in WIKI_SOURCES if source in config["wikis"][language])


def check_offsets(system, where):
    """Stop where offsets in the original sentence would be taken for offsets in its English."""
    if config["translators"][system["translator"]]["kind"] == "identity":
        return
    for part, kind in (("tagger", "lookup"), ("aligner", "identity")):
        if part in system and config[SECTIONS[part]][system[part]]["kind"] == kind:
            raise WorkflowError(
                f"{where}: the {part} {system[part]!r} works on the sentence itself, and the "
                f"translator {system['translator']!r} gives its English. Use a translator of kind "
                "`identity`."
            )


def check_fused(name, aligner):
    """Stop at a fused aligner without pairs to learn from, or without an LLM that scores phrases."""
    where = f"configuration, aligners.{name}"
    model = config["models"][aligner["model"]]
    if name in config["models"]:
        raise WorkflowError(f"{where}: there is a model of that name. Choose another.")
    if backend(base_model(aligner["model"])) != "transformers":
        raise WorkflowError(
            f"{where}: a fused aligner scores every phrase, which only models run by transformers "
            f"do here. Use `kind: constrained` with {aligner['model']!r}."
        )
    if "wikis" in model and "wikis" in aligner:
        raise WorkflowError(
            f"{where}: {aligner['model']!r} is tuned on wikis of its own, and the weights are "
            "learned on their held-out entities. Leave `wikis` out."
        )
    if "wikis" not in model and "wikis" not in aligner:
        raise WorkflowError(f"{where}: name the `wikis` on whose pairs its weights are learned.")
    for language in aligner.get("wikis", []):
        pick(config["wikis"], language, "wiki", where)


def check_tagger(name, tagger, where):
    """Follow the names and paths of a tagger: its model, its corpora."""
    if "folder" in tagger:
        check_folder(tagger["folder"], NEURAL_TAGGERS.get(tagger["kind"], "meta.json"), where)
    if name in config["models"] and tagger["kind"] in NEURAL_TAGGERS:
        raise WorkflowError(f"{where}: a model has this name, and so its folder. Choose another.")
    sizes = tagger.get("scratch", {})
    if sizes.get("width", 0) % sizes.get("heads", 1):
        raise WorkflowError(f"{where}: the width {sizes['width']} is no multiple of the heads.")
    recipe = tagger.get("train", {"corpora": [], "held_out": None})
    for taught in filter(None, [*recipe["corpora"], recipe["held_out"]]):
        settings = pick(config["corpora"], taught, "corpus", where)
        if settings["format"] in ("text", "prose"):
            raise WorkflowError(
                f"{where}: the corpus {taught!r} is raw text and has no gold to train on."
            )


def compared_systems():
    """Return the systems to compare by name: those that `select` names in its order, or all."""
    systems = config["compare"]["systems"]
    return {name: systems[name] for name in config["compare"].get("select", systems)}


def check_config():
    """Follow every name and path of the configuration before any job starts."""
    for name, model in config["models"].items():
        where = f"configuration, models.{name}"
        if "artifact" in model:
            pick(ARTIFACTS, model["artifact"], "artifact", where)
        if "folder" in model:
            check_folder(model["folder"], "config.json", where)
        if "endpoint" in model:
            from eatner.llm.endpoint import check_address

            try:
                check_address(model["endpoint"], model.get("key_variable"))
            except InputError as error:
                raise WorkflowError(f"{where}: {error}") from error
        if "base" in model:
            base = pick(config["models"], model["base"], "model", where)
            if "base" in base:
                raise WorkflowError(f"{where}: its base {model['base']!r} is an adapter itself.")
            if "endpoint" in base:
                raise WorkflowError(
                    f"{where}: its base {model['base']!r} is an endpoint and cannot be tuned here."
                )
            for language in model["wikis"]:
                pick(config["wikis"], language, "wiki", where)
        elif "prompt" not in model:
            raise WorkflowError(f"{where}: say `prompt: few-shot` or `prompt: chat`.")
    for section in SECTIONS.values():
        for name, component in config[section].items():
            where = f"configuration, {section}.{name}"
            if "model" in component:
                model = pick(config["models"], component["model"], "model", where)
                asked = config["models"][model["base"]] if "base" in model else model
                if component["kind"] == "paper" and asked["prompt"] != "chat":
                    raise WorkflowError(
                        f"{where}: the paper's turns are a chat, and {component['model']!r} has "
                        "`prompt: few-shot`. Name an instruct model, one with `prompt: chat`."
                    )
            if "artifact" in component:
                pick(ARTIFACTS, component["artifact"], "artifact", where)
            if section == "taggers":
                check_tagger(name, component, where)
            if "file" in component:
                check_file(component["file"], where)
            if "corpus" in component:
                english = pick(config["corpora"], component["corpus"], "corpus", where)
                if english["language"] != "en":
                    raise WorkflowError(
                        f"{where}: the corpus {component['corpus']!r} is in "
                        f"{english['language']!r}. Name one in English."
                    )
            if "tagger" in component:
                titles = pick(config["taggers"], component["tagger"], "tagger", where)
                if titles["kind"] not in ENGLISH_TAGGERS:
                    raise WorkflowError(
                        f"{where}: the tagger {component['tagger']!r} cannot tell the types of "
                        f"titles. Name one of the kinds {', '.join(ENGLISH_TAGGERS)}."
                    )
    for name, system in [
        ("default", config["default"]),
        *(
            (f"corpora.{n}.system", c["system"])
            for n, c in config["corpora"].items()
            if "system" in c
        ),
        *((f"compare.systems.{n}", s) for n, s in config["compare"]["systems"].items()),
    ]:
        for part, section in SECTIONS.items():
            pick(config[section], system[part], part, f"configuration, {name}")
        check_offsets(system, f"configuration, {name}")
    for name, aligner in config["aligners"].items():
        if aligner["kind"] == "fused":
            check_fused(name, aligner)
    for name in config["compare"]["corpora"]:
        pick(config["corpora"], name, "corpus", "configuration, compare.corpora")
    for name in config["compare"].get("select", []):
        pick(config["compare"]["systems"], name, "system", "configuration, compare.select")
    if "baseline" in config["compare"]:
        name = config["compare"]["baseline"]
        pick(compared_systems(), name, "system", "configuration, compare.baseline")
    for language, wiki in config["wikis"].items():
        where = f"configuration, wikis.{language}"
        check_language(language, where)
        if wiki_source(language) == "sample":
            check_folder(wiki["sample"], "*.yaml", where)
        for key in WIKI_FILES:
            if key in wiki:
                check_file(wiki[key], where)
    for name, corpus in config["corpora"].items():
        where = f"configuration, corpora.{name}"
        check_language(corpus["language"], where)
        if "artifact" in corpus:
            pick(ARTIFACTS, corpus["artifact"], "artifact", where)
        elif "folder" in corpus:
            check_folder(corpus["folder"], "**/*", where)
        elif "file" in corpus:
            check_file(corpus["file"], where)
    packages = {row["package"]: row for rows in ARTIFACTS.values() for row in rows}
    for package, path in config["artifacts"].items():
        where = f"configuration, artifacts.{package}"
        pick(packages, package, "package", where)
        check_file(path, where)


def warn_of_branches():
    """Say which revisions are no commit: what they name may be another tomorrow."""
    loose = [
        f"{section}.{name}"
        for section in ("corpora", "models", "taggers")
        for name, given in config[section].items()
        if not re.fullmatch("[0-9a-f]{40}", given.get("revision", "0" * 40))
    ]
    if loose and workflow.is_main_process:
        more = f" and {len(loose) - 3} more" if len(loose) > 3 else ""
        logger.warning(
            f"No commit is pinned for {', '.join(loose[:3])}{more}: what is fetched may change. "
            "The commit of a fetched corpus stands in resources/corpora/: make it the `revision`."
        )


SCHEMA = Path(workflow.basedir) / "workflow" / "schemas" / "config.schema.yaml"
check_schema()
check_engines()
validate(config, SCHEMA)
ARTIFACTS = read_artifacts()
PACKAGES = {row["file"]: row for rows in ARTIFACTS.values() for row in rows}
check_config()
warn_of_branches()
