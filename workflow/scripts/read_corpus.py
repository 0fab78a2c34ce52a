"""Read the sentences and the gold entities of a corpus, whatever its format."""

import logging
from functools import partial
from pathlib import Path

import job
from eatner.corpora.formats import check_labels, open_corpus, sample
from eatner.corpora.gold import write
from eatner.corpora.summary import Summary
from eatner.fetch import artifacts
from eatner.text import languages
from eatner.text import sentences as text_sentences

log = logging.getLogger("read_corpus")


def main(corpus: Path, settings: dict, seed: int, sentences: Path, gold: Path) -> None:
    path = artifacts.content(corpus)
    language = languages.get(settings["language"])
    opened = open_corpus(
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
    summary = Summary(settings["types"])
    checked = summary.watch(check_labels(opened.sentences, settings["types"], path))
    drawn = checked if settings["sample"] is None else sample(checked, settings["sample"], seed)
    written = write(drawn, settings["types"], sentences, gold)
    log.info("%s: %s", path, summary.describe(opened.read_as))
    log.info("written: %s", written)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
