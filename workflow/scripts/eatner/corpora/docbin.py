"""Corpora of spaCy's binary format: https://spacy.io/api/docbin. spaCy itself reads them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.corpora import encodings
from eatner.corpora.gold import AnnotatedSentence, LabelledSpan
from eatner.corpora.notes import Notes
from eatner.corpora.standoff import refuse_overlaps, sentences
from eatner.corpora.tokens import Ids, Place
from eatner.errors import InputError
from eatner.tables import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc

# Texts with their annotation become 3 to 20 times as large; what is under 64 MiB is no danger.
_RATIO, _ALWAYS = 200, 64 << 20


def looks_like(path: Path, head: str) -> bool:
    """Whether a file is spaCy's: by its name, because it is compressed and begins like others."""
    return path.suffix == ".spacy"


def read(
    path: Path,
    splitter: Callable[[str], Iterable[Span]] | None = None,
    spans_key: str | None = None,
) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a file.

    Args:
        path: The file.
        splitter: Gives the offsets of the sentences in a document that marks none; None: it is one
            sentence.
        spans_key: The group of spans to read in place of the entities.

    Raises:
        InputError: It is not spaCy's, or its spans overlap or are in a group that is not named.
    """
    ids, notes = Ids(path), Notes(path, "documents")
    documents = _documents(path)
    marked = any(doc.has_annotation("ENT_IOB") or doc.spans for doc in documents)
    if spans_key is not None and not any(spans_key in doc.spans for doc in documents):
        raise InputError(
            f"no document has a group of spans {spans_key!r}",
            path=path,
            remedy="Correct the corpus's spans_key.",
        )
    for number, doc in enumerate(documents, 1):
        place: Place = {"record": f"document {number}"}
        if marked and not doc.has_annotation("ENT_IOB") and not doc.spans:
            notes.add("left out: its entities are not marked", place)
            continue
        bounds: Iterable[Span] | None = None
        with _damage_refused(path, place):
            entities = _entities(doc, spans_key, path, place)
            tokens = [(token.idx, token.idx + len(token)) for token in doc if token.text.strip()]
            if doc.has_annotation("SENT_START"):
                bounds = [(sent.start_char, sent.end_char) for sent in doc.sents]
        refuse_overlaps(entities, doc.text, path, place)
        if bounds is None:
            bounds = [(0, len(doc.text))] if splitter is None else splitter(doc.text)
        yield from sentences(doc.text, entities, _stripped(doc.text, bounds), ids, place, tokens)
    notes.log()


def _documents(path: Path) -> list[Doc]:
    """The documents of a file."""
    try:
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab
    except ImportError as error:
        raise InputError(
            "spaCy's format needs spaCy, which is not installed here",
            path=path,
            remedy="Install spacy, or write the documents as JSON Lines (Doc.to_json).",
        ) from error
    try:
        data = path.read_bytes()
    except OSError as error:
        raise encodings.unreadable(path, error) from error
    with _damage_refused(path, {}):
        _refuse_bomb(data, path)
        return [*DocBin().from_bytes(data).get_docs(Vocab())]


@contextmanager
def _damage_refused(path: Path, place: Place) -> Iterator[None]:
    """Refuse what spaCy stumbles over, much of it only where a part of a document is asked for."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # of zlib, msgpack or spaCy
        raise InputError(
            f"not what spaCy's DocBin wrote ({type(error).__name__})",
            path=path,
            **place,
            remedy="Write the file with DocBin.to_disk of spaCy 3.",
        ) from error


def _refuse_bomb(data: bytes, path: Path) -> None:
    """Refuse a file that would fill the memory when spaCy decompresses it in one go.

    Raises:
        InputError: It is `_RATIO` times as large decompressed, and more than `_ALWAYS` bytes.
    """
    inflated, decompressor, rest = 0, zlib.decompressobj(), data
    while rest and not decompressor.eof:
        inflated += len(decompressor.decompress(rest, 1 << 20))
        rest = decompressor.unconsumed_tail
        if inflated > max(_ALWAYS, _RATIO * len(data)):
            raise InputError(
                f"{len(data)} bytes become more than {inflated} when they are decompressed",
                path=path,
                remedy="No corpus is like that. Write it again with DocBin.to_disk of spaCy 3.",
            )


def _entities(doc: Doc, spans_key: str | None, path: Path, place: Place) -> list[LabelledSpan]:
    """The entities of a document, or the spans of a group."""
    groups = {key: group for key, group in doc.spans.items() if len(group) > 0}
    if spans_key is not None:
        spans = groups.get(spans_key, [])
    elif doc.ents or not groups:
        spans = doc.ents
    else:
        raise InputError(
            f"no entities, but groups of spans: {', '.join(map(repr, groups))}",
            path=path,
            **place,
            remedy="Set the corpus's spans_key to one of them.",
        )
    return [LabelledSpan(span.start_char, span.end_char, span.label_) for span in spans]


def _stripped(text: str, bounds: Iterable[Span]) -> Iterator[Span]:
    """The sentences without the white space around them; blank ones are left out."""
    for start, end in bounds:
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip())
        if piece.strip():
            yield start, start + len(piece.strip())
