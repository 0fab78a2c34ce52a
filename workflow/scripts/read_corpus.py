"""Read the sentences and the gold entities of a corpus, whatever its format."""

import logging
from functools import partial
from pathlib import Path

import job
from eatner.corpora.formats import check_labels, sample
from eatner.corpora.formats import read as formats_read
from eatner.corpora.gold import write
from eatner.fetch import artifacts
from eatner.text import languages
from eatner.text import sentences as text_sentences

log = logging.getLogger("read_corpus")


def main(corpus: Path, settings: dict, seed: int, sentences: Path, gold: Path) -> None:
    path = artifacts.content(corpus)
    language = languages.get(settings["language"])
    read = formats_read(
        path,
        settings["format"],
        language_spaces=language.spaces,
        scheme=settings["scheme"],
        separator=settings["separator"],
        token_column=settings["token_column"],
        tag_column=settings["tag_column"],
        text_key=settings["text_key"],
        spans_key=settings["spans_key"],
        splitter=partial(text_sentences.split, language=language),
    )
    checked = check_labels(read, settings["types"], path)
    if settings["sample"] is not None:
        checked = sample(checked, settings["sample"], seed)
    log.info("%s: %s", path, write(checked, settings["types"], sentences, gold))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
