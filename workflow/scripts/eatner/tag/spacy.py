"""Tag English with a spaCy pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.errors import InputError
from eatner.fetch import artifacts
from eatner.keep import kept
from eatner.progress import bar
from eatner.tables import Mention, Translation
from eatner.tag.base import Found, mention_rows, trim
from eatner.tag.neural import check_types
from eatner.tag.step import Step

if TYPE_CHECKING:
    from spacy import Language


def run(step: Step) -> Iterator[Mention]:
    """Tag the texts of a step."""
    pipeline = artifacts.content(step.inputs["model"])
    return tag_with_spacy(step.translations, pipeline, step.settings["types"])


def tag_with_spacy(
    translations: Sequence[Translation], pipeline: Path, types: Mapping[str, str | None]
) -> Iterator[Mention]:
    """Tag English texts with a spaCy pipeline.

    Args:
        translations: Rows of a translate TSV.
        pipeline: Path of the pipeline's folder, which holds its meta.json.
        types: From the pipeline's labels to PER, LOC or ORG; what has another label is no entity.

    Yields:
        Rows as of `mention_rows`, without scores, because spaCy gives none. An article before an
        entity and a possessive at its end are trimmed off.

    Raises:
        InputError: There is no spaCy pipeline at that path, or it has no entity recogniser, or
            `types` names a label that it does not know.
    """
    nlp = kept(("spacy", pipeline), lambda: _load(pipeline))
    if "ner" not in nlp.pipe_names:
        raise InputError(
            "this spaCy pipeline has no `ner` component",
            path=pipeline,
            remedy="Use a pipeline with an entity recogniser.",
        )
    check_types(types, nlp.pipe_labels["ner"], pipeline)
    docs = nlp.pipe((row.english for row in translations), batch_size=64)
    for row, doc in bar(zip(translations, docs, strict=True), "tagging", "sentence"):
        entities = []
        for entity in doc.ents:
            kind = types.get(entity.label_)
            start, end = trim(row.english, entity.start_char, entity.end_char)
            if kind is not None and start < end:
                entities.append(Found(start, end, kind))
        yield from mention_rows(row, entities)


def _load(pipeline: Path) -> Language:
    """Load a pipeline without what finds no entities."""
    import spacy

    try:
        return spacy.load(pipeline, exclude=["parser", "tagger", "lemmatizer", "attribute_ruler"])
    except OSError as error:
        raise InputError(
            f"no spaCy pipeline ({error})", path=pipeline, remedy="Correct the tagger's artifact."
        ) from error
