"""Copy the score of a corpus's configured system, and draw it."""

import json
from pathlib import Path

import job
from eatner.files import write_text
from eatner.report.plot import plot_f1


def main(score: Path, f1: Path, plot: Path) -> None:
    plot_f1(json.loads(score.read_text(encoding="utf-8")), plot)
    write_text(f1, score.read_text(encoding="utf-8"))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
