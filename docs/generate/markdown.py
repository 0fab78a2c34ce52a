"""Markdown that several pages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """A text on one line, as a cell of a table may have it."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown, of cells that are on one line already.

    Args:
        heading: The names of the columns.
        rows: A cell for each column.
    """
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
