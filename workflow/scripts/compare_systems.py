"""Compare systems on corpora: a long table as TSV, wide ones in Markdown and LaTeX."""

import json
from pathlib import Path

import job
from eatner import tables
from eatner.evaluate.compare import by_corpus, latex, markdown
from eatner.evaluate.compare import rows as compare_rows
from eatner.evaluate.significance import compare_counts, count_tables
from eatner.files import write_text
from eatner.tables import Comparison


def main(
    sentences: list[Path],
    gold: list[Path],
    scores: list[Path],
    entities: list[Path],
    corpora: list,
    systems: list,
    baseline: str,
    seed: int,
    tsv: Path,
    md: Path,
    tex: Path,
) -> None:
    texts = (path.read_text(encoding="utf-8") for path in scores)
    records = by_corpus(map(json.loads, texts), corpora, systems)
    paths = by_corpus(entities, corpora, systems)
    tests = {}
    for corpus, gold_path, sentences_path in zip(corpora, gold, sentences, strict=True):
        counts = count_tables(gold_path, paths[corpus], sentences_path)
        tests[corpus] = compare_counts(counts.pop(baseline), counts, seed=seed)
    rows = list(compare_rows(records, tests, baseline))
    tables.write(tsv, Comparison, rows)
    write_text(md, markdown(rows))
    write_text(tex, latex(rows))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
