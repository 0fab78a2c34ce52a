"""The one exception for what a user can mend."""

from __future__ import annotations

from functools import partial
from pathlib import Path


class InputError(Exception):
    """Bad input: says what is wrong, where it stands, and what to do about it.

    Args:
        problem: What is wrong, as half a sentence.
        path: The file it was found in.
        line: Its line, counted from 1.
        record: An identifier where a line means little: a sentence_id, a title, a byte offset.
        remedy: What the user can do.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        record: str | None = None,
        remedy: str,
    ) -> None:
        self.problem, self.path, self.line = problem, path, line
        self.record, self.remedy = record, remedy
        where = "" if path is None else str(path)
        if line is not None:
            where += f", line {line}"
        if record is not None:
            where += f", {record}" if where else record
        super().__init__(f"{where}: {problem}. {remedy}" if where else f"{problem}. {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        # A keyword-only argument would not survive the way back from another process.
        return partial(
            InputError,
            self.problem,
            path=self.path,
            line=self.line,
            record=self.record,
            remedy=self.remedy,
        ), ()
