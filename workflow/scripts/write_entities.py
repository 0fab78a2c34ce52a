"""Write the entities of a system as TSV, CoNLL and JSONL, and as a page to read."""

from pathlib import Path

import job
from eatner.files import write_text
from eatner.report.entities import write
from eatner.report.page import System, Text, entities_page


def main(
    sentences: Path,
    english: Path,
    tagged: Path,
    entities: Path,
    corpus_name: str,
    language: str,
    system: dict,
    tsv: Path,
    conll: Path,
    jsonl: Path,
    page: Path,
) -> None:
    write(sentences, entities, tsv, conll, jsonl)
    name = " + ".join(system[part] for part in ("translator", "tagger", "aligner"))
    labelled = System(name, english, tagged, entities, None)
    text = Text(corpus_name, language, sentences, None, [labelled])
    write_text(page, entities_page(text))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
