"""Entities as spaCy's DocBin: https://spacy.io/api/docbin. spaCy itself writes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eatner.export.labelled import LabelledSentence
from eatner.files import atomic

# The group of spans that also holds what an entity of spaCy cannot: see `write`.
GROUP = "eatner"


def write(sentences: Iterable[LabelledSentence], language: str, out: Path) -> None:
    """Write a document for each sentence.

    Its entities are `doc.ents`. The group of spans `doc.spans["eatner"]` has the same spans, and
    its `attrs` the lists `english` and `confidence` (None where there is none), in their order.
    `doc.user_data` has the `sentence_id` and the `language`.

    Args:
        sentences: The sentences.
        language: Code of their language.
        out: Path of the file; spaCy's commands expect the suffix .spacy.
    """
    from spacy.tokens import Doc, DocBin, Span, SpanGroup
    from spacy.util import get_words_and_spaces
    from spacy.vocab import Vocab

    vocab = Vocab()
    documents = DocBin(store_user_data=True)
    for sentence in sentences:
        forms = [sentence.text[start:end] for start, end in sentence.tokens]
        words, spaces = get_words_and_spaces(forms, sentence.text)
        doc = Doc(vocab, words, spaces)
        spans: list[Span] = []
        for row in sentence.entities:
            span = doc.char_span(*row.span, label=row.type)
            if span is None:  # it is cut into tokens at the edges of its entities
                raise ValueError(f"no token ends at {row.span} of {sentence.text!r}")
            spans.append(span)
        doc.set_ents(spans, default="outside")
        attributes = {
            "english": [row.english for row in sentence.entities],
            "confidence": [row.confidence for row in sentence.entities],
        }
        doc.spans[GROUP] = SpanGroup(doc, name=GROUP, spans=spans, attrs=attributes)
        doc.user_data.update(sentence_id=sentence.sentence_id, language=language)
        documents.add(doc)
    with atomic(out) as partial:
        documents.to_disk(partial)
