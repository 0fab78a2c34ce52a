"""The rows of a file of columns, a sentence at a time.

A blank line ends a sentence; so does a row without values, a remark such as EndOfSentence, or
another name in a column of sentences' names.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eatner.corpora.cells import is_comment, split, whole_lines
from eatner.corpora.layout import Layout
from eatner.corpora.tokens import read_blocks
from eatner.errors import InputError

Row = tuple[int, list[str]]
# No name, or what pandas writes for none.
_NAMELESS = {"", "nan", "none", "null"}
# Comments of a sentence that stand there once.
_ONCE = ("text", "sent_id")


@dataclass(slots=True)
class Block:
    """The rows of one sentence with their lines, and its `# key = value` comments."""

    rows: list[Row] = field(default_factory=list)
    comments: dict[str, tuple[int, str]] = field(default_factory=dict)


def _take_comment(block: Block, number: int, line: str, path: Path) -> None:
    key, equals, value = line[1:].partition("=")
    if not equals:
        return
    key, value = key.strip(), value.removeprefix(" ")
    _, first = block.comments.setdefault(key, (number, value))
    if key in _ONCE and value.strip() != first.strip():
        raise InputError(
            f"a second `# {key}` in one sentence",
            path=path,
            line=number,
            remedy="Put a blank line between sentences, or remove one of the two.",
        )


def _row(number: int, line: str, layout: Layout, path: Path) -> list[str] | None:
    """The values of a line that is no comment; None for the heading and for a row of nothing.

    Raises:
        InputError: Its number of columns is not that of the file.
    """
    values = split(line, layout.separator)
    width = len(values)
    if width == layout.columns and values[layout.token]:
        return values
    if not any(map(str.strip, values)):
        return None
    if layout.columns and width > layout.columns and not any(values[layout.columns :]):
        return values[: layout.columns]  # trailing separators
    if width != layout.columns and (layout.columns or width < layout.least):
        raise InputError(
            f"{width} columns where the file has {layout.columns or 'more'}",
            path=path,
            line=number,
            remedy="Give each token one line with all columns, and a blank line between sentences.",
        )
    return values


def _blocks(path: Path, layout: Layout) -> Iterator[Block]:
    """The rows between blank lines, parsed; a sentence's comments stand before its rows."""
    headed = layout.headed
    tabs = layout.separator == "\t"  # the usual case, without a call
    quoting, end = layout.separator in (",", ";"), layout.end
    for lines in read_blocks(path):
        block = Block()
        for number, line in whole_lines(lines, layout.separator) if quoting else lines:
            if (line[0] == "#" or number == 1) and is_comment(line, layout.separator):
                if block.rows and layout.end and "document_id" in line:
                    yield block  # of HIPE: the next document
                    block = Block()
                _take_comment(block, number, line, path)
                continue
            if line[0] == "#" and line.startswith(("# text = ", "# sent_id = ")):
                raise InputError(
                    "a remark and a token on one line",
                    path=path,
                    line=number,
                    remedy="Put the token on a line of its own.",
                )
            if headed:
                headed = False
                continue
            values: list[str] | None = line.split("\t") if tabs else []
            if not values or len(values) != layout.columns or not values[layout.token]:
                values = _row(number, line, layout, path)
            if values is None:
                yield block
                block = Block()
                continue
            block.rows.append((number, values))
            if end and end in values[layout.remarks or -1].split("|"):
                yield block
                block = Block()
        yield block


def sentences(path: Path, layout: Layout) -> Iterator[Block]:
    """The sentences: blocks, or where a column names the sentences, the rows of one name.

    Raises:
        InputError: A sentence goes on after another.
    """
    blocks = (block for block in _blocks(path, layout) if block.rows)
    first = list(itertools.islice(blocks, 2))
    single = len(first) == 1
    column = layout.group
    if single and column is None and not layout.numbers_tokens:
        column = layout.index
    # Names of documents look like those of sentences where blank lines separate these.
    if column is None or not (single or layout.blank or layout.headed):
        yield from itertools.chain(first, blocks)
        return
    for block in itertools.chain(first, blocks):
        yield from _by_name(block, column, path)


def _by_name(block: Block, column: int, path: Path) -> Iterator[Block]:
    """The rows of each sentence that a column names; an empty name is the one before."""
    seen: set[str] = set()
    name, part = "", Block(comments=block.comments)
    for number, values in block.rows:
        said = values[column].strip() if len(values) > column else ""
        if said.casefold() not in _NAMELESS and said != name:
            if said in seen:
                raise InputError(
                    f"sentence {said} goes on here, after another",
                    path=path,
                    line=number,
                    remedy="Let the tokens of a sentence follow each other.",
                )
            if part.rows:
                yield part
                part = Block()
            seen.add(said)
            name = said
        part.rows.append((number, values))
    yield part
