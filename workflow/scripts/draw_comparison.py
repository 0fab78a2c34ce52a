"""Draw the scores of systems on corpora, their errors, their confidence, and what they cost."""

import json
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
from eatner.report.times import seconds


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
    measured = seconds(benchmarks)
    for suffix in (".svg", ".pdf"):
        plot_systems(records, f1.with_suffix(suffix))
        plot_stages(records, stages.with_suffix(suffix))
        plot_calibration(records, calibration.with_suffix(suffix))
        plot_training(tuned, training.with_suffix(suffix))
        plot_times(measured, time.with_suffix(suffix))


def load(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
