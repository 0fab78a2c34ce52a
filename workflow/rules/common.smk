"""What the rules' inputs and params call: the parts of the configuration that a path names.

`configuration` (see config.smk) holds a record of each part; `eatner.config.components` says what
is in it. An optional input is an empty list.
"""

import importlib.util
import re

from eatner.code.fingerprint import Code
from eatner.text import languages


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


# The module of each kind of component, and what runs an LLM, by backend.
KINDS = {
    "entity-aware": "eatner.translate.entity_aware",
    "parallel": "eatner.translate.parallel",
    "spacy": "eatner.tag.spacy",
    "text-to-text": "eatner.tag.text_to_text",
    "token-classification": "eatner.tag.token_classification",
    "gliner": "eatner.tag.gliner",
    "gold": "eatner.tag.gold",
    "lookup": "eatner.tag.lookup",
    "llm": "eatner.tag.llm",
    "fused": "eatner.align.fused",
    "constrained": "eatner.align.constrained",
}
ENGINES = {
    "transformers": "eatner.llm.transformers:TransformersLLM",
    "vllm": "eatner.llm.vllm:VllmLLM",
    "endpoint": "eatner.llm.endpoint:EndpointLLM",
}
CODE = Code(SCRIPTS, cache=Path(".snakemake") / "eatner" / "code.json")


def code_of(*roots):
    """Hash what code means, as a param: an edit that changes it reruns the rule, others do not."""
    return CODE.fingerprint(*roots)


def kind_code(component, *scripts):
    """Hash the code of a component's kind: its module, and what runs its LLM."""
    package = {"Translator": "translate", "Tagger": "tag", "Aligner": "align"}
    own = f"eatner.{package[type(component).__name__]}.{component.kind}"
    roots = [*scripts, KINDS.get(component.kind, own)]
    if component.model:
        roots.append(ENGINES[component.model.backend])
    if getattr(component, "asked", None):
        roots.append(KINDS[component.asked.kind])
    return code_of(*roots)


def facts(language):
    """Write a language's row, for params: an edited row reruns its language, a new one nothing."""
    return repr(languages.get(language))
