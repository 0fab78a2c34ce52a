"""A translation that exists already: the English half of a parallel corpus, an oracle.

It tells what the translator costs: with it, and with the gold of that English for a tagger, what
remains are the aligner's errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from eatner.corpora.tokens import read_lines
from eatner.errors import InputError
from eatner.tables import Sentence, Translation
from eatner.translate.base import translation_row


def from_file(
    sentences: Sequence[Sentence], path: Path, sentence_ids: Sequence[str]
) -> Iterator[Translation]:
    """Translate by a text file that has the English of each sentence on its line.

    Args:
        sentences: Rows of sentences.tsv, all of the corpus or a sample of it.
        path: The file; empty lines count.
        sentence_ids: Those of all sentences of the corpus, in its order.

    Yields:
        A row a sentence with the columns of `eatner.translate`. status: `translated`, `not_english`
        as there, or `blank` (the line is empty).

    Raises:
        InputError: Another number of lines than the corpus has sentences.
    """
    lines = read_lines(path)
    if len(lines) != len(sentence_ids):
        first = min(len(lines), len(sentence_ids))
        problem = f"{len(lines)} lines of English for the corpus's {len(sentence_ids)} sentences"
        if first < len(sentence_ids):
            problem += f": none for {sentence_ids[first]} and what follows"
        raise InputError(
            problem,
            path=path,
            line=first + 1,
            remedy="Give each sentence of the corpus its line, before `sample`; empty lines of a "
            "raw text are no sentences.",
        )
    return _rows(sentences, dict(zip(sentence_ids, lines, strict=True)))


def from_corpus(
    sentences: Sequence[Sentence],
    english: Sequence[Sentence],
    name: str,
    *,
    sampled: bool,
) -> Iterator[Translation]:
    """Translate by an English corpus that is parallel to this one.

    Args:
        sentences: Rows of sentences.tsv.
        english: Rows of the English corpus's sentences.tsv. They are matched by sentence_id where
            the sentences' are all among them, and else line by line.
        name: Of the English corpus, for messages.
        sampled: Whether one of the two is a sample: then a line says nothing.

    Yields:
        Rows as of `from_file`.

    Raises:
        InputError: A sentence without its English.
    """
    by_id = {row.sentence_id: row.text for row in english}
    missing = [row.sentence_id for row in sentences if row.sentence_id not in by_id]
    if not sampled and len(english) != len(sentences):
        raise InputError(
            f"it has {len(english)} sentences and this corpus {len(sentences)}",
            record=f"the English corpus {name}",
            remedy="Name a corpus that is parallel to this one.",
        )
    if not missing:
        return _rows(sentences, by_id)
    if sampled:
        raise InputError(
            f"it lacks {len(missing)} of {len(sentences)} sentences, the first {missing[0]}",
            record=f"the English corpus {name}",
            remedy="Samples are paired by sentence id, and these corpora have other ids or other "
            "samples: leave `sample` out of the English one, or of both.",
        )
    ids = (row.sentence_id for row in sentences)
    texts = (row.text for row in english)
    return _rows(sentences, dict(zip(ids, texts, strict=True)))


def _rows(sentences: Iterable[Sentence], english: Mapping[str, str]) -> Iterator[Translation]:
    for row in sentences:
        text = english[row.sentence_id]
        status = "translated" if text.strip() else "blank"
        yield translation_row(row.sentence_id, text, status)
