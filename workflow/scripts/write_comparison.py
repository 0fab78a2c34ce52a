"""Write the page of a comparison: tables, pictures and a reader of sentences."""

import json
from pathlib import Path

import job
from eatner import tables
from eatner.evaluate.compare import by_corpus
from eatner.files import write_text
from eatner.report.page import System, Text, comparison_page
from eatner.tables import Comparison


def main(
    table: Path,
    scores: list[Path],
    sentences: list[Path],
    gold: list[Path],
    english: list[Path],
    tagged: list[Path],
    entities: list[Path],
    errors: list[Path],
    corpora: list,
    systems: list,
    f1: Path,
    stages: Path,
    calibration: Path,
    training: Path,
    time: Path,
    page: Path,
) -> None:
    captions = {
        "F1 by language and system, with 95% intervals": f1,
        "Errors by the step that made them": stages,
        "Calibration: how often entities of a confidence are right": calibration,
        "Training of the models": training,
        "Time by step": time,
    }
    records = by_corpus(
        (json.loads(path.read_text(encoding="utf-8")) for path in scores), corpora, systems
    )
    files = by_corpus(zip(english, tagged, entities, errors, strict=True), corpora, systems)
    texts = [
        Text(
            name,
            records[name][systems[0]]["language"],
            sentences[place],
            gold[place],
            [System(system, *paths) for system, paths in files[name].items()],
        )
        for place, name in enumerate(corpora)
    ]
    pictures = {caption: path.read_text(encoding="utf-8") for caption, path in captions.items()}
    rows = list(tables.read(table, Comparison))
    write_text(page, comparison_page(rows, records, pictures, texts))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
