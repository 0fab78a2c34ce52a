"""Rows of a table as frozen dataclasses: parse cells by the types of the fields, and write them."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from eatner import tsv
from eatner.errors import InputError

Span = tuple[int, int]
"""Start and end (exclusive) in a text, in code points."""
Row = TypeVar("Row")


def columns(table: type) -> tuple[str, ...]:
    """The names of a table's columns, in their order."""
    return tuple(one.name for one in fields(table))


def read(path: str | Path, table: type[Row]) -> Iterator[Row]:
    """Stream the rows of a table.

    Args:
        path: The TSV; columns that the table does not have are passed over.
        table: The dataclass of its rows; the fields are the columns.

    Raises:
        InputError: What `tsv.read` raises; a value that is none of its column.
    """
    parse = parser(path, table)
    for line, record in enumerate(tsv.read(path, columns(table)), 2):
        yield parse(record, line)


def parser(path: str | Path, table: type[Row]) -> Callable[[Mapping[str, str], int], Row]:
    """Make the function from a record of a TSV and the number of its line to its row.

    Args:
        path: The TSV, for the message of its `InputError`.
        table: As for `read`.
    """
    parsers = _parsers(table)

    def parse(record: Mapping[str, str], line: int) -> Row:
        try:
            return table(*[parse(record[name]) for name, parse in parsers])
        except ValueError:
            wrong = next(one for one in parsers if not _is_sound(one[1], record[one[0]]))
            raise InputError(
                f"{record[wrong[0]]!r} is no value of the column {wrong[0]!r}",
                path=path,
                line=line,
                remedy="Delete the file and let Snakemake make it again.",
            ) from None

    return parse


def write(path: str | Path, table: type[Row], rows: Iterable[Row]) -> int:
    """Write a table, or nothing: see `tsv.write`.

    Returns:
        The number of rows.
    """
    writers = _writers(table)
    return tsv.write(
        path,
        columns(table),
        ({name: show(getattr(row, name)) for name, show in writers} for row in rows),
    )


@contextmanager
def writing(path: str | Path, table: type[Row]) -> Iterator[Callable[[Row], None]]:
    """Write a table row by row, or nothing: see `tsv.writing`; it yields what takes a row."""
    writers = _writers(table)
    with tsv.writing(path, columns(table)) as add:
        yield lambda row: add({name: show(getattr(row, name)) for name, show in writers})


def cells(row: object) -> dict[str, str]:
    """The values of a row as its TSV shows them, by column."""
    kind = type(row)
    if kind not in _WRITERS:
        _WRITERS[kind] = _writers(kind)
    return {name: show(getattr(row, name)) for name, show in _WRITERS[kind]}


_WRITERS: dict[type, tuple[tuple[str, Callable[[Any], str]], ...]] = {}


def _is_sound(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True


def _parsers(table: type) -> tuple[tuple[str, Callable[[str], Any]], ...]:
    hints = get_type_hints(table)
    return tuple((one.name, _parser(hints[one.name])) for one in fields(table))


def _writers(table: type) -> tuple[tuple[str, Callable[[Any], str]], ...]:
    hints = get_type_hints(table)
    return tuple(
        (one.name, _writer(hints[one.name], one.metadata.get("digits"))) for one in fields(table)
    )


def _parser(kind: Any) -> Callable[[str], Any]:
    """From a cell to a value of a type; it raises ValueError."""
    if kind == tuple[Span, ...]:
        return _parse_spans
    if kind == tuple[tuple[str, str], ...]:
        return _parse_names
    if kind == tuple[tuple[str, float], ...]:
        return _parse_shares
    if allowed := _words(kind):
        return partial(_one_of, {word: word for word in allowed})
    if get_origin(kind) in (Union, types.UnionType):
        [inner] = [one for one in get_args(kind) if one is not type(None)]
        return partial(_optional, inner)
    return kind


def _writer(kind: Any, digits: int | None) -> Callable[[Any], str]:
    """From a value of a type to a cell."""
    if kind == tuple[Span, ...]:
        return lambda spans: " ".join(f"{start}:{end}" for start, end in spans)
    if kind == tuple[tuple[str, str], ...]:
        return lambda names: json.dumps(names, ensure_ascii=False)
    if kind == tuple[tuple[str, float], ...]:
        return lambda shares: json.dumps(
            [(text, round(share, digits)) for text, share in shares], ensure_ascii=False
        )
    if digits is not None:
        return lambda number: "" if number is None else f"{number:.{digits}f}"
    return lambda value: "" if value is None else str(value)


def _words(kind: Any) -> frozenset[str]:
    """The words that a type allows, if it is made of words; none for other types."""
    if get_origin(kind) is Literal:
        return frozenset(get_args(kind))
    parts = [_words(one) for one in get_args(kind)]
    union = get_origin(kind) in (Union, types.UnionType)
    return frozenset().union(*parts) if union and all(parts) else frozenset()


def _one_of(allowed: Mapping[str, str], value: str) -> str:
    """The word itself, one string for all rows: a table may have millions."""
    if value not in allowed:
        raise ValueError(value)
    return allowed[value]


def _optional(parse: Callable[[str], Any], value: str) -> Any:
    return parse(value) if value else None


def _parse_spans(value: str) -> tuple[Span, ...]:
    found = []
    for token in value.split():
        start, end = token.split(":")
        found.append((int(start), int(end)))
    return tuple(found)


def _parse_shares(value: str) -> tuple[tuple[str, float], ...]:
    return tuple((str(text), float(share)) for text, share in _pairs(value))


def _parse_names(value: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(surface), str(english)) for surface, english in _pairs(value))


def _pairs(value: str) -> list[Any]:
    """The pairs of a JSON list.

    Raises:
        ValueError: It is no list of pairs.
    """
    try:
        pairs = json.loads(value)
    except RecursionError:
        pairs = None
    if not isinstance(pairs, list) or any(not isinstance(pair, list) for pair in pairs):
        raise ValueError(value)
    return pairs
