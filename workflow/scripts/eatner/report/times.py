"""Where Snakemake writes how long the slow steps of systems took, and what it wrote there."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

# The name of a step in a picture or a table, what does it, and its benchmark file below `logs/`.
LABELLING = (
    ("translate: {translator}", "translator", "translate_sentences/{corpus}.{translator}"),
    ("tag: {tagger}", "tagger", "tag_english/{corpus}.{translator}.{tagger}"),
    ("tag: {tagger}", "tagger", "tag_with_llm/{corpus}.{translator}.{tagger}"),
    ("align: {aligner}", "aligner", "align_entities/{corpus}.{translator}.{tagger}.{aligner}"),
)
TRAINERS = {"adapter": "finetune_model", "tagger": "train_tagger"}


def labelling_files(
    corpora: Iterable[str],
    systems: Iterable[Mapping[str, str]],
    shards: Callable[[str, str, str], int],
    reviewed: Mapping[str, str],
) -> dict[str, list[str]]:
    """The benchmark files of the steps that label corpora, by step, each file once.

    Args:
        corpora: Their names.
        systems: The translator, tagger and aligner of each.
        shards: Gives the number of jobs that share a corpus where a component labels it: called
            with the corpus, `translator`, `tagger` or `aligner`, and the component's name.
        reviewed: From a tagger to the one that it reviews, in a job of its own.
    """
    files_of: dict[str, dict[str, bool]] = {}
    systems = list(systems)
    for corpus in corpora:
        for system in systems:
            jobs = [(system, *each) for each in LABELLING]
            if system["tagger"] in reviewed:
                below = {**system, "tagger": reviewed[system["tagger"]]}
                jobs += [(below, *each) for each in LABELLING if each[1] == "tagger"]
            for names, step, part, job in jobs:
                base = f"logs/{job}".format(corpus=corpus, **names)
                paths = files_of.setdefault(step.format(**names), {})
                for name in job_names(base, shards(corpus, part, names[part])):
                    paths[f"{name}.benchmark.tsv"] = True
    return {step: list(paths) for step, paths in files_of.items()}


def job_names(base: str, shards: int) -> list[str]:
    """The paths of the jobs that make a table, without a suffix: one for each shard, if any."""
    if shards == 1:
        return [base]
    return [f"{base}/{number}-of-{shards}" for number in range(1, shards + 1)]


def training_files(
    systems: Iterable[Mapping[str, str]], trained: Mapping[str, str]
) -> dict[str, list[str]]:
    """The benchmark files of what is learned before corpora are labelled, by step.

    Args:
        systems: The translator, tagger and aligner of each.
        trained: What is trained, by name: an "adapter" or a "tagger".
    """
    weighed = dict.fromkeys(system["aligner"] for system in systems)
    return {
        **{f"weigh: {name}": [f"logs/weigh_signals/{name}.benchmark.tsv"] for name in weighed},
        **{
            f"train: {name}": [f"logs/{TRAINERS[kind]}/{name}.benchmark.tsv"]
            for name, kind in trained.items()
        },
    }


def seconds(files_of: Mapping[str, Iterable[str | Path]]) -> dict[str, float]:
    """The wall-clock seconds of steps, without those of which nothing was measured.

    A file is missing if there is no such step, or if its output came from elsewhere. It has the
    last run of its job: what a stopped run had done before is not counted.
    """
    totals = {step: sum(map(_wall, paths)) for step, paths in files_of.items()}
    return {step: total for step, total in totals.items() if total}


def _wall(path: str | Path) -> float:
    if not Path(path).exists():
        return 0.0
    with open(path, encoding="utf-8") as rows:
        return sum(float(row["s"]) for row in csv.DictReader(rows, dialect="excel-tab"))
