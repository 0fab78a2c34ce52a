"""How long labelling takes: by what was recorded here, else by what was recorded elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eatner import tsv
from eatner.machine import THREADS

# The core-seconds of a run of the default system, on two cores of an AMD EPYC (2026, bfloat16);
# what the 0.5B does, on two of an Intel Xeon.
RECORDED = Path(__file__).with_name("recorded.tsv")
# Jobs of each step, by their log folders; the component's name is the last part of the log's.
JOBS = {
    "translate": ("translate_sentences",),
    "tag": ("tag_english", "tag_with_llm"),
    "align": ("align_entities",),
}
# Of fewer sentences, the start of a job is most of its time.
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """The time of a sentence in seconds, and where it comes from, in words."""

    seconds: float
    source: str


def of_sentence(
    system: Mapping[str, str], directory: Path, cores: int, reviewed: str | None = None
) -> Estimate | None:
    """Estimate how long a system takes for a sentence; None where nothing was recorded.

    Args:
        system: The names of its translator, tagger and aligner.
        directory: The folder with `logs/` and `results/`.
        cores: Number of cores that are used.
        reviewed: The tagger that its tagger reviews, if it does.
    """
    components = list(zip(JOBS, system.values(), strict=True))
    if reviewed:
        components.append(("tag", reviewed))
    here = [_here(step, name, directory) for step, name in components]
    known = [found for found in here if found is not None]
    if len(known) == len(components):
        fewest = min(sentences for _, sentences in known)
        seconds = sum(spent / sentences for spent, sentences in known)
        return Estimate(seconds, f"as in earlier runs in this folder, on {fewest} sentences")
    rows = {(row["step"], row["component"]): row for row in _recorded()}
    found = [rows.get(component) for component in components]
    each = [float(row["core_seconds"]) / int(row["sentences"]) for row in found if row]
    if len(each) < len(components):
        return None
    used = min(cores, THREADS)
    source = f"{sum(each):.1f} core-seconds, recorded elsewhere, on {used} core(s) here"
    return Estimate(sum(each) / used, source)


def of_making(missing: Iterable[str], cores: int) -> float:
    """Estimate how long it takes to make the files that a system lacks, without downloads.

    Args:
        missing: Their paths. Those of which nothing was recorded count as nothing.
        cores: Number of cores that are used.

    Returns:
        Seconds.
    """
    rows = {row["component"]: float(row["core_seconds"]) for row in _recorded()}
    return sum(rows.get(path, 0.0) for path in missing) / min(cores, THREADS)


def written(seconds: float) -> str:
    """Write a time for people, in two digits: 0.5 s, 12 s, 3.5 min, 2.1 h."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{_two_digits(seconds / size)} {unit}"
    return f"{_two_digits(seconds)} s"


def _two_digits(number: float) -> str:
    return f"{number:.0f}" if number >= 9.95 else f"{number:.1f}"


def _recorded() -> Iterator[dict[str, str]]:
    return tsv.read(RECORDED, ["step", "component", "sentences", "core_seconds"])


def _here(step: str, component: str, directory: Path) -> tuple[float, int] | None:
    """The seconds that a component took in a folder, and for how many sentences."""
    spent, sentences = 0.0, 0
    for job in JOBS[step]:
        for log in sorted((directory / "logs" / job).glob(f"*.{component}.benchmark.tsv")):
            count = _sentences(directory, log.name.removesuffix(f".{component}.benchmark.tsv"))
            if count < FEWEST:
                continue
            with open(log, encoding="utf-8") as rows:
                spent += sum(float(row["s"]) for row in csv.DictReader(rows, delimiter="\t"))
            sentences += count
    return (spent, sentences) if sentences else None


def _sentences(directory: Path, log: str) -> int:
    """The number of sentences of the corpus that a log's name begins with; 0 if it has none."""
    for path in (directory / "results").glob("*/sentences.tsv"):
        if log == path.parent.name or log.startswith(f"{path.parent.name}."):
            with open(path, encoding="utf-8") as lines:
                return sum(1 for _ in lines) - 1
    return 0
