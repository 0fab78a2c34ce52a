"""Tag persons, places and organisations in the English translations."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import job
from eatner import tables
from eatner.fetch import artifacts
from eatner.lexicon import load
from eatner.llm.journal import Journal, open_journal
from eatner.tables import GoldEntity, Mention, Sentence, Translation
from eatner.tag import gliner, lookup, text_to_text, token_classification
from eatner.tag.base import tag
from eatner.tag.gold import tag_with_gold
from eatner.tag.spacy import tag_with_spacy

# The code that finds entities in a text, by the kind of a neural tagger.
CODE = {
    "text-to-text": "eatner.tag.text_to_text:TextToText",
    "token-classification": "eatner.tag.token_classification:TokenClassifier",
    "gliner": "eatner.tag.gliner:Gliner",
}


def main(
    english: Path,
    tagger: dict,
    entities: Path,
    threads: int,
    model: Path | None = None,
    sentences: Path | None = None,
    gold: Path | None = None,
    lexicon: Path | None = None,
) -> None:
    def tagged(rows: Sequence[Translation], tagger: dict) -> Iterable[Mention]:
        if tagger["kind"] == "spacy":
            return tag_with_spacy(rows, artifacts.content(model), tagger["types"])
        job.use_threads(threads)
        folder = model.parent if model.is_file() else model
        journal = open_journal(entities, CODE[tagger["kind"]], tagger, folder)
        return tag_with_model(rows, tagger, folder, journal)

    rows = list(tables.read(english, Translation))
    match tagger["kind"]:
        case "gold":
            texts = list(tables.read(sentences, Sentence))
            found = tag_with_gold(rows, texts, list(tables.read(gold, GoldEntity)))
        case "lookup":
            names = load(lexicon)
            titles = tagged(lookup.frame_titles(rows, names), tagger["tagger"])
            found = lookup.tag_with_titles(rows, names, lookup.title_types(titles))
        case _:
            found = tagged(rows, tagger)
    tables.write(entities, Mention, found)


def tag_with_model(
    rows: Sequence[Translation], tagger: dict, folder: Path, journal: Journal
) -> Iterator[Mention]:
    """Tag with a neural tagger, which knows what it found in an earlier run."""
    types = tagger["types"]
    match tagger["kind"]:
        case "text-to-text":
            loaded = text_to_text.TextToText(
                folder,
                types,
                source_tokens=tagger["source_tokens"],
                target_tokens=tagger["target_tokens"],
                beams=tagger["beams"],
            )
        case "token-classification":
            loaded = token_classification.TokenClassifier(folder, types)
        case "gliner":
            loaded = gliner.Gliner(folder, types, threshold=tagger["threshold"])
    yield from tag(rows, loaded.find, journal)
    journal.close()


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
