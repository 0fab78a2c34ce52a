"""Functions for the inputs and params of rules. Most look up what the wildcards of a path name.

`configuration` (see config.smk) has a record of each component; `eatner.config.components`
describes the records. An optional input that is not needed is an empty list.
"""

import importlib.util
import json
import re
import sys

from eatner.code.fingerprint import Code
from eatner.facts import facts as language_facts
from eatner.files import digest
from eatner.llm.open import ENGINES
from eatner.report.ending import ending
from eatner.report.times import labelling_files, training_files


def any_of(names):
    """Return a wildcard constraint that matches these names only; without names, nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


def memory(megabytes):
    """Return the memory of a job, in MB: a job that is started again gets that much more each time."""
    return lambda wildcards, attempt: megabytes * attempt


def corpus(wildcards):
    """Return the corpus that the path names."""
    return configuration.corpus(wildcards.corpus)


def corpus_sum(wildcards):
    """Return the sum of the user's own file: its edit counts, whatever the clock says of it."""
    settings = corpus(wildcards).settings
    return digest(Path(settings["file"]), "sha256") if "file" in settings else None


def wiki(wildcards):
    """Return the wiki of the language that the path names."""
    return configuration.wiki(wildcards.language)


def adapter(wildcards):
    """Return the adapter, an LLM to tune, that the path names."""
    return configuration.adapter(wildcards.model)


def translator(wildcards):
    """Return the translator that the path names."""
    return configuration.translator(wildcards.translator)


def tagger(wildcards):
    """Return the tagger that the path names, checked against the path's translator, if any."""
    return configuration.tagger(wildcards.tagger, wildcards.get("translator"))


def aligner(wildcards):
    """Return the aligner that the path names, checked against the path's translator, if any."""
    return configuration.aligner(wildcards.aligner, wildcards.get("translator"))


def on_hub(wildcards):
    """Return the settings of an LLM, a tagger or an aligner's encoder that is on the hub."""
    return FETCHED[wildcards.model]


def local_package(wildcards):
    """Return the path of the user's own copy of a package file, if there is one."""
    return config["artifacts"].get(configuration.package(wildcards.file)["package"], [])


def hints(wildcards):
    """Return the lexicon for a translator with hints, if the language has a wiki."""
    return configuration.hint_lexicon(wildcards.translator, corpus(wildcards).language) or []


def whole_text(wildcards):
    """Return the whole text of a sampled corpus, if its English is given line by line."""
    translation = translator(wildcards)
    by_line = translation.kind == "parallel" and translation.english_corpus is None
    return corpus(wildcards).text if by_line and corpus(wildcards).is_sample else []


def pairing(wildcards):
    """Return how the corpus was read, so that English can be paired with its sentences."""
    return configuration.pairing(wildcards.translator, wildcards.corpus)


def tagger_model(wildcards):
    """Return the model of a tagger, or of the tagger that it asks. Check that GLiNER is installed."""
    configured_tagger = tagger(wildcards)
    neural = configured_tagger.asked or configured_tagger
    has_environments = workflow.deployment_settings.deployment_method
    if (
        neural.kind == "gliner"
        and not has_environments
        and importlib.util.find_spec("gliner") is None
    ):
        raise WorkflowError(
            f"target: the tagger {neural.name!r} needs the package gliner. Install it: "
            "pip install '.[gliner]'."
        )
    return configured_tagger.weights or []


def reviewed_entities(wildcards):
    """Return what another tagger found, for a tagger that reviews it."""
    other = tagger(wildcards).reviewed
    return (
        "results/{corpus}/tag/{translator}/{other}.tsv".format(other=other, **wildcards)
        if other
        else []
    )


def titles(wildcards):
    """Return the lexicon for a tagger that looks up titles."""
    return configuration.title_lexicon(wildcards.tagger, corpus(wildcards).language) or []


def fused_names(wildcards):
    """Return the lexicon for a fused aligner, if the language has a wiki."""
    return configuration.aligner_lexicon(wildcards.aligner, corpus(wildcards).language) or []


def aligned_english(wildcards):
    """Return the translations, for an aligner that reads their words or their hints."""
    english = "results/{corpus}/translate/{translator}.tsv"
    return english.format(**wildcards) if aligner(wildcards).reads_english else []


def shard(wildcards):
    """Return which shard of its table the path names, such as `2-of-4`; nothing for all of it."""
    return wildcards.shard.removeprefix("/")


def shard_tables(wildcards):
    """Return the tables of all shards of a table, in their order."""
    shards = corpus(wildcards).shards
    return [
        f"results/{wildcards.corpus}/{wildcards.table}/{number}-of-{shards}.tsv"
        for number in range(1, shards + 1)
    ]


def tables_in_shards():
    """Return a wildcard constraint for the tables that shards share: those that a model makes."""
    translators, taggers, aligners = (
        any_of(name for name, component in section.items() if component.has_shards)
        for section in (configuration.translators, configuration.taggers, configuration.aligners)
    )
    return f"translate/(?:{translators})|tag/[^/]+/(?:{taggers})|align/[^/]+/[^/]+/(?:{aligners})"


def text_language(wildcards):
    """Return the language that a tagger reads: the corpus's after `identity`, else English."""
    return corpus(wildcards).language if translator(wildcards).keeps_language else "en"


def lessons(wildcards):
    """Return the files on which a tagger is trained and measured."""
    return tagger(wildcards).lessons


def configured(pattern):
    """Return an input function for a path of the corpus's configured system."""
    return lambda wildcards: pattern.format(corpus=wildcards.corpus, **corpus(wildcards).system)


def system_name(wildcards):
    """Return the names of the parts of the corpus's configured system as one."""
    return " + ".join(
        corpus(wildcards).system[part] for part in ("translator", "tagger", "aligner")
    )


def score_file(wildcards):
    """Return the score of the configured system; an error if the corpus can have no gold."""
    configuration.corpus_with_gold(wildcards.corpus)
    return configured("results/{corpus}/score/{translator}/{tagger}/{aligner}.json")(wildcards)


def traced_result(wildcards):
    """Return the score of the configured system, or its entities if the corpus has no gold."""
    if corpus(wildcards).is_raw:
        return configured("results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv")(wildcards)
    return score_file(wildcards)


def compared(pattern):
    """Return an input function for the paths of all compared corpora, with each compared system."""

    def paths(wildcards):
        corpora, systems = configuration.comparison()
        if "{translator}" not in pattern:
            return [pattern.format(corpus=name) for name in corpora]
        return [
            pattern.format(corpus=name, **system) for name in corpora for system in systems.values()
        ]

    return paths


def compared_resources(wildcards):
    """Return what is fetched before the compared systems can label the compared corpora."""
    corpora, systems = configuration.comparison()
    return configuration.fetched(corpora, systems.values())


def benchmarks(wildcards):
    """Return the benchmark files of the slow steps of all compared systems, by step."""
    corpora, systems = configuration.comparison()
    return labelling_files(
        corpora, systems.values(), configuration.shards, configuration.reviewed
    ) | training_files(systems.values(), configuration.trained)


CODE = Code(SCRIPTS, cache=Path(".snakemake") / "eatner" / "code.json")


def code_of(*roots):
    """Return a hash of what code means, as a param: only an edit of the meaning reruns the rule."""
    return CODE.fingerprint(*roots)


def kind_roots(script, component):
    """Name the code of a step: its script, its component's kind, and what runs the kind's LLM."""
    asked = getattr(component, "asked", None)
    # A tagger that is reviewed runs in a job of its own.
    inside = [asked.module] if asked and not component.reviewed else []
    return [script, component.module, *inside, *engine_of(component)]


def engine_of(component):
    """Name the code that runs a component's LLM, if it has one."""
    return [ENGINES[component.model.backend]] if component.model else []


def facts(language, *roots):
    """Return what our tables say of a language, as a param: an edit reruns that language alone."""
    return language_facts(language, CODE.closure(*roots))


def say_what_came_out():
    """Say after a run what its scores are, where its files are, and what to try next."""
    made = {"publish_score", "write_entities", "write_comparison"}
    files = [
        Path(file) for job in workflow.dag.jobs if job.rule.name in made for file in job.output
    ]
    sys.stderr.write(ending(files, Path("results"), command_for))


def command_for(target):
    """Return the command that makes another target of this workflow, configured like this run."""
    here = HOME == Path.cwd()
    command = ["snakemake", "--cores", "all", target] if here else ["eatner", "run", target]
    if workflow.overwrite_configfiles:
        command += ["--configfile", *map(str, workflow.overwrite_configfiles)]
    if settings := workflow.config_settings.config:
        values = (json.dumps(value, ensure_ascii=False) for value in settings.values())
        command += ["--config", *map("=".join, zip(settings, values))]
    return command
