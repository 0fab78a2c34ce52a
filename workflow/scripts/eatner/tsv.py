r"""Tab-separated tables: UTF-8, a header, one record a line, no quoting.

Tab, newline, carriage return and backslash inside a value are written ``\t``, ``\n``, ``\r`` and
``\\``, so every line is one record for `cut`, `awk`, `grep` and pandas alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from eatner.errors import InputError
from eatner.files import atomic

_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_SPECIAL = re.compile(r"[\\\n\r]")
_PLAIN = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def escape(value: str) -> str:
    r"""Write tab, newline, carriage return and backslash as ``\t``, ``\n``, ``\r``, ``\\``."""
    # Several times as fast as `str.translate`; the backslash comes first.
    value = value.replace("\\", "\\\\").replace("\t", "\\t")
    return value.replace("\n", "\\n").replace("\r", "\\r")


def unescape(value: str) -> str:
    """Undo `escape`.

    Raises:
        ValueError: A backslash stands before another character than t, n, r or a backslash.
    """
    if "\\" not in value:
        return value

    def plain(match: re.Match[str]) -> str:
        if match[1] not in _PLAIN:
            raise ValueError(f"unknown escape {match[0]!r}")
        return _PLAIN[match[1]]

    return _ESCAPED.sub(plain, value)


def read(path: str | Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Stream the records of a table.

    Args:
        path: The table.
        columns: Names that its header must hold, in any order; others are read too.

    Yields:
        One dictionary a record, from column name to value.

    Raises:
        InputError: No header, a column missing, a line with another number of values, text that
            is not UTF-8, an unknown escape.
    """
    try:
        # newline="\n": a stray \r or U+2028 in a value must not break the line.
        with open(path, encoding="utf-8", newline="\n") as lines:
            header = next(lines, "").rstrip("\n").split("\t")
            missing = [name for name in columns if name not in header]
            if missing:
                raise InputError(
                    f"the header lacks the columns {', '.join(missing)}",
                    path=path,
                    line=1,
                    remedy="Delete the file and let Snakemake make it again.",
                )
            for number, line in enumerate(lines, 2):
                yield parse(line, header, path, number)
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 ({error.reason} at byte {error.start})",
            path=path,
            remedy="Convert the file to UTF-8.",
        ) from error


def parse(line: str, header: Sequence[str], path: str | Path, number: int) -> dict[str, str]:
    """Parse the line of a record.

    Args:
        line: The line.
        header: The names of the columns.
        path: The table, for the message of an error.
        number: The number of the line, likewise.

    Raises:
        InputError: Another number of values than columns, an unknown escape.
    """
    values = line.rstrip("\n").split("\t")
    if len(values) != len(header):
        raise InputError(
            f"{len(values)} values where the header names {len(header)}",
            path=path,
            line=number,
            remedy="Delete the file and let Snakemake make it again.",
        )
    try:
        return dict(zip(header, map(unescape, values), strict=True))
    except ValueError as error:
        raise InputError(
            str(error), path=path, line=number, remedy=r"Write a backslash as \\ in a TSV."
        ) from error


def write(path: str | Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> int:
    """Write a table, or nothing: a run that dies midway leaves no half file under the name.

    Args:
        path: The table to make; its folder is made too.
        columns: The header.
        rows: Records with exactly these columns; values are written with `str`, None as empty.

    Returns:
        The number of records.

    Raises:
        ValueError: A record has other columns than the header.
    """
    count = 0
    with writing(path, columns) as add:
        for row in rows:
            add(row)
            count += 1
    return count


@contextmanager
def writing(
    path: str | Path, columns: Sequence[str]
) -> Iterator[Callable[[Mapping[str, object]], None]]:
    """Write a table record by record, or nothing, for what writes two tables at once.

    Args:
        path: The table to make; its folder is made too.
        columns: The header.

    Yields:
        A function that writes a record; see `write`.
    """
    with atomic(path) as partial, open(partial, "w", encoding="utf-8", newline="\n") as out:
        out.write("\t".join(columns) + "\n")

        def add(row: Mapping[str, object]) -> None:
            if len(row) != len(columns):
                raise ValueError(f"a record has the columns {list(row)}, not {list(columns)}")
            values = ["" if row[name] is None else str(row[name]) for name in columns]
            line = "\t".join(values)
            # One look at the line is faster than one at each value.
            if line.count("\t") >= len(values) or _SPECIAL.search(line):
                line = "\t".join(map(escape, values))
            out.write(line + "\n")

        yield add
