"""Measure a student beside its teacher, and write a page of what came out.

    python bench/bench_student.py --out docs/benchmarks/student.md [--page]

The experiment is `config/student.yaml`: the default system labels text, a tagger learns from it,
and both label the same other sentences. A stopped run goes on where it stopped. Speed is measured
in CPU seconds of the jobs, which other work on the machine changes little, and in wall-clock
seconds. Both include the start of a job and the loading of its models.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from eatner import tables
from eatner.config.configuration import Configuration
from eatner.files import write_text
from eatner.report import times
from eatner.report.results import markdown_table
from eatner.tables import Sentence
from eatner.text import languages

CONFIG = Path("config/student.yaml")
COMPARISON = "results/compare/table.tsv"
SCORE = "results/{corpus}/score/{translator}/{tagger}/{aligner}.json"
ENTITIES = "results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"
TRAINING = Path("results/models/student/training.json")
TEACHER, STUDENT = "default", "student"
# The student is so fast that 60 sentences measure the start of its job: it labels these, too.
WHOLE = {"zh-gsd": "zh-all", "ja": "ja-all"}
# How many times as fast the student is to be.
GOAL = 50


@dataclass(frozen=True)
class Pace:
    """Sentences a second, over all steps of a system: of the clock, and of the CPU."""

    wall: float
    cpu: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="path of the page to write")
    parser.add_argument("--page", action="store_true", help="run nothing, only write the page")
    options = parser.parse_args()
    out = options.out.resolve()
    os.chdir(ROOT)
    configuration = configured()
    failed = 0
    if not options.page:
        student = configuration.systems[STUDENT]
        targets = [COMPARISON, *(ENTITIES.format(corpus=c, **student) for c in WHOLE.values())]
        command = [sys.executable, "-m", "snakemake", "--cores", "8", "--rerun-incomplete"]
        command += ["--keep-going", "--configfile", str(CONFIG), "--", *targets]
        failed = subprocess.run(command, check=False).returncode
    write_text(out, page(configuration))
    return failed


def configured() -> Configuration:
    config = load_configfile("config/config.yaml")
    update_config(config, load_configfile(CONFIG))
    return Configuration.read(config, ROOT)


def score(corpus: str, system: Mapping[str, str]) -> dict | None:
    """Read the score of a system; None if it has not run."""
    path = Path(SCORE.format(corpus=corpus, **system))
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def pace(corpus: str, system: Mapping[str, str], reviewed: Mapping[str, str]) -> Pace | None:
    """Measure how fast a system labelled a corpus; None if a step was not measured."""
    files_of = times.labelling_files([corpus], [system], lambda *_: 1, reviewed)
    files = [Path(path) for paths in files_of.values() for path in paths]
    rows = [row for path in files if path.exists() for row in read_benchmark(path)]
    if len(rows) < 3:  # translate, tag, align
        return None
    count = sum(1 for _ in tables.read(Path("results", corpus, "sentences.tsv"), Sentence))
    wall, cpu = (sum(float(row[key]) for row in rows) for key in ("s", "cpu_time"))
    return Pace(count / wall, count / cpu)


def read_benchmark(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file, dialect="excel-tab"))


# --- the page -----------------------------------------------------------------------------------


def page(configuration: Configuration) -> str:
    """Write the page in Markdown."""
    corpora = configuration.values["compare"]["corpora"]
    systems = {name: configuration.systems[name] for name in (TEACHER, STUDENT)}
    blocks = [
        "# A student beside its teacher",
        "The default system labels text without gold. A token classifier on the same LLM (Gemma 3 "
        "270M, LoRA) learns from it, and labels other sentences by itself: "
        "[config/student.yaml](../../config/student.yaml), [how to](../how-to/student.md).",
        f"Written by `make bench-student` on {date.today()}. Machine: {machine()}.",
        training(),
        "## F1",
        "Strict, in per cent, with its 95% interval.",
        f1_table(corpora, systems, configuration),
        "## Speed",
        "Sentences a CPU second and a wall-clock second, over all steps of a system, with the "
        "start of each job and the loading of its models. Other work on the machine changes the "
        "wall-clock seconds much and the CPU seconds little. The teacher labels the 60 sentences "
        "of the sample, the student all 500 that they are drawn from.",
        speed_table(corpora, systems, configuration),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} cores ({[*models, platform.machine()][0]})"


def training() -> str:
    """Say what the student has learned from, and how well it repeats its teacher."""
    if not TRAINING.exists():
        return "**The student has not been trained yet.**"
    record = json.loads(TRAINING.read_text(encoding="utf-8"))
    labelled = record["labelled"].values()
    texts = sum(counts["sentences"] for counts in labelled)
    unsure = sum(counts["unsure entities"] for counts in labelled)
    train, held = record["train"], record["held_out"]
    return (
        f"The teacher labelled {texts} sentences; {unsure} of its entities are not sure enough, "
        "and nothing was learned of their words. The student learned from "
        f"{train['sentences']} sentences with {train['entities']} entities in "
        f"{record['seconds']:,.0f} s, and repeats its teacher on {held['sentences']} others with "
        f"F1 {100 * record['f1']['after']['f1']:.1f}."
    )


def f1_table(
    corpora: Sequence[str],
    systems: Mapping[str, Mapping[str, str]],
    configuration: Configuration,
) -> str:
    rows = []
    for corpus in corpora:
        cells = [language(configuration, corpus)]
        for system in systems.values():
            record = score(corpus, system)
            if record is None:
                cells.append("not run yet")
                continue
            found = record["overall"]
            low, high = (100 * bound for bound in found["f1_ci95"])
            cells.append(f"{100 * found['f1']:.1f} [{low:.1f}, {high:.1f}]")
        rows.append(cells)
    return markdown_table(["corpus", *names(systems)], rows, words=1)


def speed_table(
    corpora: Sequence[str],
    systems: Mapping[str, Mapping[str, str]],
    configuration: Configuration,
) -> str:
    rows = []
    for corpus in corpora:
        teacher = pace(corpus, systems[TEACHER], configuration.reviewed)
        student = pace(WHOLE[corpus], systems[STUDENT], configuration.reviewed)
        cells = [language(configuration, corpus)]
        for found in (teacher, student):
            cells += [f"{found.cpu:.2f}", f"{found.wall:.2f}"] if found else ["not run yet"] * 2
        ratio = f"{student.cpu / teacher.cpu:.1f}" if teacher and student else "not run yet"
        rows.append([*cells, ratio])
    head = [f"{name}, {clock}" for name in names(systems) for clock in ("CPU", "wall")]
    return markdown_table(["corpus", *head, f"times as fast, CPU (goal {GOAL})"], rows, words=1)


def names(systems: Mapping[str, Mapping[str, str]]) -> list[str]:
    return ["teacher" if name == TEACHER else name for name in systems]


def language(configuration: Configuration, corpus: str) -> str:
    code = configuration.corpora[corpus].language
    return f"{languages.get(code).name} (`{corpus}`)"


if __name__ == "__main__":
    sys.exit(main())
