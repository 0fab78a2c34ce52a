"""Raw text: a sentence a line, or running text that a splitter cuts into sentences."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from eatner.corpora.gold import AnnotatedSentence
from eatner.corpora.tokens import Ids, numbered_lines, read_blocks
from eatner.tables import Span

log = logging.getLogger(__name__)
Splitter = Callable[[str], Iterable[Span]]
# Characters that end a line for some programs and none here; control characters; marks of order.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]")


def read(path: Path) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a text with a sentence a line; blank lines are none."""
    ids = Ids(path)
    hidden: dict[str, list[int]] = {}
    for number, line in numbered_lines(path):
        if line.strip():
            for char in set(_HIDDEN.findall(line)):
                hidden.setdefault(char, []).append(number)
            yield AnnotatedSentence(ids.take("", {"line": number}), line)
    for char, numbers in hidden.items():
        log.warning(
            "%s, line %d: U+%04X stands inside %d line(s) and ends none. Replace it by a line feed "
            "if a sentence ends there, or remove it.",
            path,
            numbers[0],
            ord(char),
            len(numbers),
        )


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
