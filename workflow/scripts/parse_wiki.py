"""Parse a Wikipedia dump into titles, leads, links and the English title of each page."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import job
from eatner import progress, tables
from eatner.tables import Title
from eatner.text import languages
from eatner.wiki import langlinks as wiki_langlinks
from eatner.wiki.dump import parse_dump

log = logging.getLogger("parse_wiki")


def main(
    dump: Path,
    langlinks: Path,
    language: str,
    paragraphs: int,
    titles: Path,
    threads: int,
    index: Path | None = None,
) -> None:
    english = wiki_langlinks.read(langlinks)
    log.info("%s: %d English titles", langlinks, len(english))
    kinds: Counter[str] = Counter()
    with progress.counter("parsing", "B", dump.stat().st_size, unit_scale=True) as bar:
        rows = parse_dump(
            dump,
            languages.get(language),
            english,
            index=index,
            threads=threads,
            paragraphs=paragraphs,
            progress=bar.update,
        )
        tables.write(titles, Title, count(rows, kinds))
    log.info("%s: %s", dump, ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()))


def count(rows: Iterable[Title], kinds: Counter[str]) -> Iterator[Title]:
    for row in rows:
        kinds[row.kind] += 1
        yield row


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
