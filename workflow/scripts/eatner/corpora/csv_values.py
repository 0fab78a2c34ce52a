"""The records of a CSV file whose cells are lists written as text, as pandas writes them."""

from __future__ import annotations

import ast
import csv
import io
import itertools
import json
import tokenize
from collections.abc import Iterator
from pathlib import Path

from eatner.corpora.tokens import Place, numbered_lines
from eatner.errors import InputError

_SEPARATORS = (",", "\t", ";")
# A heading names the tokens or the text, and what is known of them.
_TEXTS = {"text", "sentence", "content"}
_NAMES = {*_TEXTS, "tokens", "words", "tokenized_text"}


def looks_like(path: Path, head: str) -> bool:
    """Whether a file has a heading of columns, and a list in a cell of its second line."""
    return _separator(head) is not None


def is_csv(path: Path) -> bool:
    """Whether a file that was given as JSON is such a CSV file."""
    return _separator("\n".join(_first_lines(path))) is not None


def _first_lines(path: Path) -> list[str]:
    lines = (line for _, line in numbered_lines(path) if line.strip())
    return [*itertools.islice(lines, 2)]


def _separator(head: str) -> str | None:
    lines = [line for line in head.removeprefix("\ufeff").splitlines() if line.strip()][:2]
    if len(lines) < 2 or "[" not in lines[1]:
        return None
    for separator in _SEPARATORS:
        heading, row = csv.reader(lines, delimiter=separator)
        lists = [cell for cell in row if cell.startswith("[")]
        if len(heading) > 1 and _NAMES & {*heading} and lists:
            return separator
    return None


def records(path: Path) -> Iterator[tuple[Place, object]]:
    """Place and value of each row: an object of its cells, their lists read.

    Raises:
        InputError: A row has more or fewer cells than the heading, or a list cannot be read.
    """
    separator = _separator("\n".join(_first_lines(path))) or ","
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
    except json.JSONDecodeError:
        pass
    try:
        value = ast.literal_eval(cell)
        parts = tokenize.generate_tokens(io.StringIO(cell).readline)
        if sum(part.type == tokenize.STRING for part in parts) != _count(
            value
        ):  # ['a' 'b'], as numpy writes it, is ['ab']
            raise ValueError("its items have no commas between them")
        return json.loads(json.dumps(value))  # tuples become lists
    except (ValueError, SyntaxError, TypeError, tokenize.TokenError, RecursionError) as error:
        raise InputError(
            f"{cell[:40]!r} is not a list ({error})",
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
