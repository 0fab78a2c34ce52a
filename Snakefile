"""Zero-shot cross-lingual NER through entity-aligned translation.

    snakemake --cores 8 results/ja/f1.json

builds alignment pairs from a wiki and tunes an LLM on them. It then translates the sentences of the
corpus `ja` into English, tags the English, finds each English entity in the original sentence, and
scores the result. workflow/rules has the rules, included below in this order.
"""

from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.3")


# Where the workflow is, also if it is a module of another one.
HOME = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
if not HOME.is_dir():
    raise WorkflowError(
        f"{HOME} is no folder: clone the workflow, and give the module's `snakefile` as a path"
    )
# A folder without a configuration of its own has the one that comes with the workflow.
CONFIG = Path("config/config.yaml")
if not CONFIG.is_file():
    CONFIG = HOME / CONFIG


configfile: str(CONFIG)


include: "workflow/rules/config.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/wiki.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/label.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/compare.smk"


wildcard_constraints:
    artifact="[^/]+",
    file="[^/]+",
    language="[^/]+",
    model="[^/]+",
    corpus="(?!(?:wiki|models|compare)/)[^/]+",
    translator="[^/]+",
    tagger="[^/]+",
    aligner="[^/]+",
    shard="(?:/[0-9]+-of-[0-9]+)?",


report: "workflow/report/workflow.rst"


onsuccess:
    if workflow.is_main_process:
        say_what_came_out()


# The others are jobs of a cluster, whose nodes may have no network.
localrules:
    all,
    check_gold,
    draw_comparison,
    fetch,
    fetch_comparison,
    fetch_corpus,
    fetch_dump,
    fetch_file,
    fetch_model,
    fetch_package,
    gather_shards,
    publish_score,
    write_brat,
    write_comparison,
    write_dataset,
    write_entities,
    write_label_studio,
    write_provenance,
    write_spacy,


rule all:
    """Score the configured system on the default corpus."""
    default_target: True
    input:
        "results/ja/f1.json",
