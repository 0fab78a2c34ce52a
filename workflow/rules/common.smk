"""What the rules' inputs and params call: the parts of the configuration that a path names.

`configuration` (see config.smk) holds a record of each part; `eatner.config.components` says what
is in it. An optional input is an empty list.
"""

import importlib.util
import os
import re
from functools import cache

from eatner import languages


def any_of(names):
    """Write a wildcard constraint: one of some names, or nothing at all."""
    return "|".join(map(re.escape, names)) or "(?!)"


def corpus(wildcards):
    """Return the corpus that a path names."""
    return configuration.corpus(wildcards.corpus)


def wiki(wildcards):
    """Return the wiki of the language that a path names."""
    return configuration.wiki(wildcards.language)


def adapter(wildcards):
    """Return the LLM to tune that a path names."""
    return configuration.adapter(wildcards.model)


def translator(wildcards):
    """Return the translator that a path names."""
    return configuration.translator(wildcards.translator)


def tagger(wildcards):
    """Return the tagger that a path names; it must go with the path's translator, if any."""
    return configuration.tagger(wildcards.tagger, wildcards.get("translator"))


def aligner(wildcards):
    """Return the aligner that a path names; it must go with the path's translator, if any."""
    return configuration.aligner(wildcards.aligner, wildcards.get("translator"))


def on_hub(wildcards):
    """Return the settings of a model on the hub: an LLM's or a tagger's."""
    return config["models"].get(wildcards.model) or config["taggers"][wildcards.model]


def local_package(wildcards):
    """Name the user's own copy of a package file, if there is one."""
    return config["artifacts"].get(configuration.package(wildcards.file)["package"], [])


def hints(wildcards):
    """Name the lexicon for a translator with hints, where the language has a wiki."""
    return (translator(wildcards).has_hints and corpus(wildcards).lexicon) or []


def whole_text(wildcards):
    """Name the text of which a corpus is a sample, for English that is given by its lines."""
    given = translator(wildcards)
    by_line = given.kind == "parallel" and given.english_corpus is None
    return corpus(wildcards).text if by_line and corpus(wildcards).is_sample else []


def pairing(wildcards):
    """Return how a corpus was read, for English that is paired with it."""
    return configuration.pairing(wildcards.translator, wildcards.corpus)


def tagger_model(wildcards):
    """Name the model of a tagger, or of the tagger that it asks; its package must be there."""
    given = tagger(wildcards)
    neural = given.asked or given
    deployed = workflow.deployment_settings.deployment_method
    if neural.kind == "gliner" and not deployed and importlib.util.find_spec("gliner") is None:
        raise WorkflowError(
            f"target: the tagger {neural.name!r} needs the package gliner. Install it: "
            "pip install '.[gliner]'."
        )
    return given.weights or []


def titles(wildcards):
    """Name the lexicon for a tagger that looks titles up."""
    return configuration.title_lexicon(wildcards.tagger, wildcards.corpus) or []


def fused_names(wildcards):
    """Name the lexicon for a fused aligner, where the language has a wiki."""
    return (aligner(wildcards).kind == "fused" and corpus(wildcards).lexicon) or []


def text_language(wildcards):
    """Return the language that a tagger reads: English, or the corpus's own where it is kept."""
    return corpus(wildcards).language if translator(wildcards).keeps_language else "en"


def recipe(wildcards):
    """Return how a tagger is trained."""
    return tagger(wildcards).settings["train"]


def configured(pattern):
    """Make an input function: a path of the configured system of a corpus."""
    return lambda wildcards: pattern.format(corpus=wildcards.corpus, **corpus(wildcards).system)


def score_file(wildcards):
    """Name the score of the configured system, of a corpus that may have gold."""
    configuration.corpus_with_gold(wildcards.corpus)
    return configured("results/{corpus}/score/{translator}/{tagger}/{aligner}.json")(wildcards)


def compared(pattern):
    """Make an input function: a path for every corpus that is compared, and every system on it."""

    def paths(wildcards):
        corpora, systems = configuration.comparison()
        if "{translator}" not in pattern:
            return [pattern.format(corpus=name) for name in corpora]
        return [
            pattern.format(corpus=name, **system) for name in corpora for system in systems.values()
        ]

    return paths


def benchmarks(wildcards):
    """List the benchmark files of the slow steps of the systems that are compared, by step."""
    measured = [
        ("translate: {translator}", "translate_sentences/{corpus}.{translator}"),
        ("tag: {tagger}", "tag_english/{corpus}.{translator}.{tagger}"),
        ("tag: {tagger}", "tag_with_llm/{corpus}.{translator}.{tagger}"),
        ("align: {aligner}", "align_entities/{corpus}.{translator}.{tagger}.{aligner}"),
        ("weigh: {aligner}", "weigh_signals/{aligner}"),
    ]
    corpora, systems = configuration.comparison()
    found = {}
    for name in corpora:
        for system in systems.values():
            for step, job in measured:
                path = f"logs/{job}.benchmark.tsv".format(corpus=name, **system)
                found.setdefault(step.format(**system), {})[path] = True
    makers = {"adapter": "finetune_model", "tagger": "train_tagger"}
    for name, what in configuration.trained.items():
        found[f"train: {name}"] = {f"logs/{makers[what]}/{name}.benchmark.tsv": True}
    return {step: list(paths) for step, paths in found.items()}


# The library modules of each kind of component: an edited one reruns its own kind alone.
MODULES = {
    "translator": {
        "entity-aware": ["translate", "llm"],
        "paper": ["paper", "llm"],
        "parallel": ["parallel", "corpus", "artifacts", "sentences"],
        "identity": ["identity"],
    },
    "tagger": {
        "spacy": ["tag", "artifacts"],
        "text-to-text": ["text2text"],
        "token-classification": ["tokenclass"],
        "gliner": ["gliner_tagger"],
        "gold": ["tag"],
        "lookup": ["lookup"],
        "llm": ["direct", "llm"],
    },
    "aligner": {
        "fused": ["fused", "llm"],
        "constrained": ["align", "llm"],
        "paper": ["paper", "llm"],
        "identity": ["identity"],
    },
}
# By its text: every plan and every job reads all modules, and to parse them takes half a second.
IMPORT = re.compile(r"^ *from eatner(?:\.(\w+) import| import (\([^)]*\)|.*))", re.MULTILINE)


@cache
def imported_by(name):
    """List the library modules that one library module imports, anywhere in it."""
    text = (SCRIPTS / "eatner" / f"{name}.py").read_text(encoding="utf-8")
    found = re.findall(r"\w+", " ".join(map(" ".join, IMPORT.findall(text))))
    return [other for other in found if (SCRIPTS / "eatner" / f"{other}.py").exists()]


@cache
def library(*modules):
    """List the files of library modules, of what they import from the library, and their data.

    As inputs of a rule they make an edited module rerun exactly the steps that use it. The table
    of languages is left out: a rule has its language's row as a param, see `facts`.
    """
    found, todo = set(), ["__init__", *modules]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += imported_by(name)
    return sorted(
        os.path.relpath(path)
        for name in found
        for path in (SCRIPTS / "eatner").glob(f"{name}.*")
        if path.suffix in {".py", ".tsv", ".yaml", ".html", ".css", ".js"}
        and path.name != "languages.tsv"
    )


def kind_code(part):
    """Make an input function: the library files that the kind of a component uses."""

    def files(wildcards):
        component = getattr(configuration, part)(wildcards[part])
        modules = MODULES[part][component.kind]
        if "tagger" in component.settings:
            modules = modules + MODULES[part][component.asked.kind]
        return library(*modules)

    return files


def engine_code(part):
    """Make an input function: the library files of the engine that runs a component's LLM."""
    modules = {"endpoint": "endpoint", "vllm": "vllm_engine"}

    def files(wildcards):
        model = getattr(configuration, part)(wildcards[part]).model
        return library(modules[model.backend]) if model and model.backend in modules else []

    return files


def facts(language):
    """Write a language's row, for params: an edited row reruns its language, a new one nothing."""
    return repr(languages.get(language))
