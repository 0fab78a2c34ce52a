"""Tag English with a spaCy pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eatner.errors import InputError
from eatner.progress import bar
from eatner.tables import Mention, Translation
from eatner.tag.base import Found, mention_rows, trim
from eatner.tag.neural import check_types


def tag_with_spacy(
    translations: Sequence[Translation], pipeline: Path, types: Mapping[str, str | None]
) -> Iterator[Mention]:
    """Tag English texts with a spaCy pipeline.

    Args:
        translations: Rows of a translate TSV.
        pipeline: Folder of the pipeline (with its meta.json), loaded from there.
        types: The pipeline's labels to PER, LOC or ORG; other labels are no entities.

    Yields:
        A row an entity, as of `mention_rows`: articles and a final possessive are trimmed off;
        the score is empty, for spaCy gives none.

    Raises:
        InputError: No spaCy pipeline at that place, one without an entity recogniser, or a label
            that it does not know.
    """
    import spacy

    try:
        nlp = spacy.load(pipeline, exclude=["parser", "tagger", "lemmatizer", "attribute_ruler"])
    except OSError as error:
        raise InputError(
            f"no spaCy pipeline ({error})", path=pipeline, remedy="Correct the tagger's artifact."
        ) from error
    if "ner" not in nlp.pipe_names:
        raise InputError(
            "this spaCy pipeline has no `ner` component",
            path=pipeline,
            remedy="Use one that has.",
        )
    check_types(types, nlp.get_pipe("ner").labels, pipeline)
    docs = nlp.pipe((row.english for row in translations), batch_size=64)
    for row, doc in bar(zip(translations, docs, strict=True), "tagging", "sentence"):
        found = []
        for entity in doc.ents:
            kind = types.get(entity.label_)
            start, end = trim(row.english, entity.start_char, entity.end_char)
            if kind is not None and start < end:
                found.append(Found(start, end, kind))
        yield from mention_rows(row, found)
