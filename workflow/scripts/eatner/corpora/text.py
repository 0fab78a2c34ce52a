"""Raw text: a sentence or a paragraph a line, or running text with wrapped lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from eatner.corpora.gold import AnnotatedSentence
from eatner.corpora.tokens import Ids, numbered_lines, read_blocks
from eatner.tables import Span

Splitter = Callable[[str], Iterable[Span]]


def read(path: Path) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a text with a sentence a line; blank lines are none."""
    ids = Ids(path)
    for number, line in numbered_lines(path):
        if line.strip():
            yield AnnotatedSentence(ids.take("", {"line": number}), line)


def read_paragraphs(path: Path, splitter: Splitter) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a text whose lines are paragraphs, or sentences.

    Args:
        path: The file.
        splitter: Gives the offsets of the sentences in a paragraph.
    """
    ids = Ids(path)
    for number, line in numbered_lines(path):
        for start, end in splitter(line):
            yield AnnotatedSentence(ids.take("", {"line": number}), line[start:end])


def read_prose(path: Path, spaces: bool, splitter: Splitter) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of running text, whose paragraphs end at blank lines.

    Args:
        path: The file.
        spaces: Whether the lines of a paragraph are joined by a space.
        splitter: Gives the offsets of the sentences in a paragraph.
    """
    ids = Ids(path)
    for block in read_blocks(path):
        # Lines of prose are wrapped anywhere: only a blank line ends a paragraph.
        paragraph = (" " if spaces else "").join(line.strip() for _, line in block)
        for start, end in splitter(paragraph):
            yield AnnotatedSentence(ids.take("", {"line": block[0][0]}), paragraph[start:end])
