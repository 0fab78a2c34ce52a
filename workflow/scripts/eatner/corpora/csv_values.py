"""The records of a CSV file whose cells are lists written as text, as pandas writes them."""

from __future__ import annotations

import ast
import csv
import io
import itertools
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from eatner.corpora.tokens import Place, numbered_lines
from eatner.errors import InputError

# Lines in which the first row ends.
_PEEKED = 100
_SEPARATORS = (",", "\t", ";")
# Columns whose cells are texts, even if one begins with a bracket.
_TEXTS = {"text", "sentence", "content", "data"}
_LIST = re.compile(r"\[\s*(['\"\[({]|\]$)")


def looks_like(path: Path, head: str) -> bool:
    """Whether a file has a heading of columns, and a list in a cell of its second line."""
    return _separator(head) is not None


def is_csv(path: Path) -> bool:
    """Whether a file that was given as JSON is such a CSV file."""
    return _separator(_head(path)) is not None


def _head(path: Path) -> str:
    """The first lines of a file: enough for its heading and a row, which may have several."""
    return "\n".join(line for _, line in itertools.islice(numbered_lines(path), _PEEKED))


def _separator(head: str) -> str | None:
    """What separates the columns of a table with lists in its cells; None for any other file."""
    for separator in _SEPARATORS:
        rows = csv.reader(io.StringIO(head.removeprefix("\ufeff")), delimiter=separator)
        try:
            heading, row = (next((row for row in rows if row), []) for _ in range(2))
        except csv.Error:
            continue
        lists = any(map(_LIST.match, row)) and not any(map(_LIST.match, heading))
        if len(row) == len(heading) > 1 and lists:
            return separator
    return None


def records(path: Path) -> Iterator[tuple[Place, object]]:
    """Place and value of each row: an object of its cells, their lists read.

    Raises:
        InputError: A row has more or fewer cells than the heading, or a list cannot be read.
    """
    separator = _separator(_head(path)) or ","
    lines = (f"{line}\n" for _, line in numbered_lines(path))
    rows = csv.reader(lines, delimiter=separator, strict=True)
    heading: list[str] | None = None
    while True:
        place: Place = {"line": rows.line_num + 1}
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise InputError(
                f"not CSV ({error})", path=path, **place, remedy="Correct its quotes."
            ) from error
        if row is None:
            return
        if not row:
            continue
        if heading is None:
            heading = row
            continue
        if len(row) != len(heading):
            raise InputError(
                f"{len(row)} cells under a heading of {len(heading)}",
                path=path,
                **place,
                remedy="Put quotes around cells with commas.",
            )
        yield (
            place,
            {
                name: cell if name in _TEXTS else _value(cell, path, place)
                for name, cell in zip(heading, row, strict=True)
            },
        )


def _value(cell: str, path: Path, place: Place) -> object:
    """A cell's list or its text; None if it is empty."""
    if not cell:
        return None
    if not cell.startswith("["):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    try:
        value = ast.literal_eval(cell)
        parts = tokenize.generate_tokens(io.StringIO(cell).readline)
        if sum(part.type == tokenize.STRING for part in parts) != _count(
            value
        ):  # ['a' 'b'], as numpy writes it, is ['ab']
            raise ValueError("its items have no commas between them")
        return json.loads(json.dumps(value))  # tuples become lists
    except (
        *(ValueError, SyntaxError, TypeError, tokenize.TokenError),
        *(RecursionError, MemoryError),  # the latter of a parser whose stack is full
    ) as error:
        raise InputError(
            f"{cell[:40]!r} is not a list ({' '.join(str(error).split()) or 'nested too deeply'})",
            path=path,
            **place,
            remedy="Write lists as JSON; or write JSON Lines: to_json(orient='records', "
            "lines=True).",
        ) from error


def _count(value: object) -> int:
    """The number of strings in a value."""
    if isinstance(value, dict):
        return sum(_count(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return sum(map(_count, value))
    return isinstance(value, str)
