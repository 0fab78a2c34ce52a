"""Refresh the table of results in README.md from docs/results.md: `python -m generate.readme`."""

from __future__ import annotations

import re
from pathlib import Path

from generate.markdown import table

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = ("ours", "small", "paper", "words", "direct", "lookup")
_MARKED = re.compile(r"(<!-- results -->\n).*?(<!-- /results -->)", re.DOTALL)
_F1 = re.compile(r"^\| system \|.*?\n\n", re.MULTILINE | re.DOTALL)


def results_table(page: str) -> str:
    """The F1 of the main systems, as in the first table of the page, without intervals.

    Args:
        page: The text of docs/results.md.

    Raises:
        ValueError: The page has no table of systems, or lacks ours.
    """
    found = _F1.search(page)
    if found is None:
        raise ValueError("docs/results.md: no table of systems")
    heading, _, *lines = found[0].strip().splitlines()
    rows = {cells[0]: cells for cells in map(_cells, lines)}
    # What has not run anywhere is not in the table, and has no place on one screen.
    ran = [rows[name] for name in SYSTEMS if name in rows and any(map(_is_figure, rows[name]))]
    if not ran or ran[0][0] != SYSTEMS[0]:
        raise ValueError(f"docs/results.md: its table of systems lacks {SYSTEMS[0]}")
    columns = [
        number
        for number in range(len(ran[0]))
        if number == 0 or any(_is_figure(cells[number]) for cells in ran)
    ]
    shown = [[cells[number] for number in columns] for cells in (_cells(heading), *ran)]
    return table(shown[0], shown[1:])


def _is_figure(cell: str) -> bool:
    return re.match(r"\**\d", cell) is not None


def _cells(line: str) -> list[str]:
    return [re.sub(r" \[.*?\]|, \d+ gold|[†‡]", "", cell).strip() for cell in line.split("|")[1:-1]]


def refreshed(readme: str, page: str) -> str:
    """The README with the table of a results page between its two marks."""
    return _MARKED.sub(
        lambda found: found[1] + "\n" + results_table(page) + "\n" + found[2], readme
    )


if __name__ == "__main__":
    path = ROOT / "README.md"
    page = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    path.write_text(refreshed(path.read_text(encoding="utf-8"), page), encoding="utf-8")
