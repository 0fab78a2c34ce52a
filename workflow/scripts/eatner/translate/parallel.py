"""A translation that exists already: the English half of a parallel corpus, an oracle.

It shows what the translator costs: with it, and with a tagger that gives the gold of that English,
only the aligner's errors remain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from eatner import tables
from eatner.corpora import formats
from eatner.corpora.tokens import read_lines
from eatner.errors import InputError
from eatner.fetch import artifacts
from eatner.tables import Sentence, Translation
from eatner.text.sentences import split
from eatner.translate.base import translation_row
from eatner.translate.step import Step


def run(step: Step) -> Iterator[Translation]:
    """Pair the sentences of a step with an English corpus, or with the lines of a file."""
    english, original = step.inputs["parallel_text"], step.inputs.get("original")
    if "corpus" in step.settings:
        return from_corpus(
            step.sentences,
            list(tables.read(english, Sentence)),
            step.settings["corpus"],
            sampled=step.pairing["sampled"],
        )
    if original is None:
        sentence_ids = [row.sentence_id for row in step.sentences]
    else:
        corpus = formats.read(
            artifacts.content(original),
            step.pairing["format"],
            language_spaces=step.language.spaces,
            scheme=step.pairing["scheme"],
            separator=step.pairing["separator"],
            token_column=step.pairing["token_column"],
            tag_column=step.pairing["tag_column"],
            splitter=partial(split, language=step.language),
        )
        sentence_ids = [sentence.sentence_id for sentence in corpus]
    return from_file(step.sentences, english, sentence_ids)


def from_file(
    sentences: Sequence[Sentence], path: Path, sentence_ids: Sequence[str]
) -> Iterator[Translation]:
    """Translate by a text file that has the English of each sentence on its line.

    Args:
        sentences: Rows of sentences.tsv, all of the corpus or a sample of it.
        path: Path of the text file; empty lines count.
        sentence_ids: The ids of all sentences of the corpus, in its order.

    Returns:
        One row a sentence: `translated`, `not_english`, or `blank` if its line is empty.

    Raises:
        InputError: The file has more or fewer lines than the corpus has sentences.
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
        english: Rows of the English corpus's sentences.tsv. They are matched by sentence_id if
            they have all ids of the sentences, and otherwise line by line.
        name: Name of the English corpus, for messages.
        sampled: Whether one of the two is a sample, so that equal line numbers mean nothing.

    Returns:
        Rows as of `from_file`.

    Raises:
        InputError: A sentence has no English.
    """
    english_of = {row.sentence_id: row.text for row in english}
    missing = [row.sentence_id for row in sentences if row.sentence_id not in english_of]
    if not sampled and len(english) != len(sentences):
        raise InputError(
            f"it has {len(english)} sentences and this corpus {len(sentences)}",
            record=f"the English corpus {name}",
            remedy="Name a corpus that is parallel to this one.",
        )
    if not missing:
        return _rows(sentences, english_of)
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


def _rows(sentences: Sequence[Sentence], english: Mapping[str, str]) -> Iterator[Translation]:
    for row in sentences:
        text = english[row.sentence_id]
        yield translation_row(row.sentence_id, text, "translated" if text.strip() else "blank")
