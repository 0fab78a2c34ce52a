"""Take the score of the configured system of a corpus, and draw it."""

import json
import shutil
from pathlib import Path

import job
from eatner.report.plot import plot_f1


def main(score: Path, f1: Path, plot: Path) -> None:
    plot_f1(json.loads(score.read_text(encoding="utf-8")), plot)
    shutil.copyfile(score, f1)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
