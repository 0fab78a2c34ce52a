"""Draw the scores of systems on corpora, their errors, their confidence, and what they cost."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import job
from eatner.evaluate.compare import by_corpus
from eatner.report.plot import (
    plot_calibration,
    plot_stages,
    plot_systems,
    plot_times,
    plot_training,
)


def main(
    scores: list[Path],
    trainings: list[Path],
    corpora: list,
    systems: list,
    benchmarks: dict,
    f1: Path,
    stages: Path,
    calibration: Path,
    training: Path,
    time: Path,
) -> None:
    records = by_corpus(map(load, scores), corpora, systems)
    tuned = {path.parent.name: load(path) for path in trainings}
    seconds = {step: sum(map(float, wall(paths))) for step, paths in benchmarks.items()}
    measured = {step: value for step, value in seconds.items() if value}
    for suffix in (".svg", ".pdf"):
        plot_systems(records, f1.with_suffix(suffix))
        plot_stages(records, stages.with_suffix(suffix))
        plot_calibration(records, calibration.with_suffix(suffix))
        plot_training(tuned, training.with_suffix(suffix))
        plot_times(measured, time.with_suffix(suffix))


def load(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def wall(paths: list[str]) -> Iterator[str]:
    """Yield the seconds of jobs; the file is missing if the step's output came from elsewhere."""
    for path in map(Path, paths):
        if path.exists():
            with path.open(encoding="utf-8") as rows:
                yield from (row["s"] for row in csv.DictReader(rows, dialect="excel-tab"))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
