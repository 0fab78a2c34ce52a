"""Warnings about a file, one line for each kind of problem, however many records have it."""

from __future__ import annotations

import logging
from pathlib import Path

from eatner.corpora.tokens import Place

log = logging.getLogger(__name__)


class Notes:
    """Problems of a file that its reader does not refuse: each with its count and first place.

    Args:
        path: The file.
        unit: What is counted, in the plural.
    """

    def __init__(self, path: Path, unit: str = "records") -> None:
        self.path, self.unit = path, unit
        self._first: dict[str, tuple[Place, str]] = {}
        self._count: dict[str, int] = {}

    def add(self, problem: str, place: Place, example: str = "") -> None:
        """Count a problem.

        Args:
            problem: What is wrong and what was done about it; the same for all records that have
                it.
            place: Line or record.
            example: What this record has, shown for the first alone.
        """
        self._first.setdefault(problem, (place, example))
        self._count[problem] = self._count.get(problem, 0) + 1

    def log(self) -> None:
        """Write one warning for each problem."""
        for problem, (place, example) in self._first.items():
            where = f"line {place['line']}" if "line" in place else str(place["record"])
            log.warning(
                "%s, %s%s: %s (%d %s)",
                self.path,
                where,
                f", {example}" if example else "",
                problem,
                self._count[problem],
                self.unit,
            )
