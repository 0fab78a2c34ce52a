"""Tables that stay on disk: their rows are read again, a sentence at a time, when they are needed.

A row in memory takes kilobytes, so a text of millions of sentences has no room there.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Generic

from eatner import codec, tsv
from eatner.tables import SentenceRow


class Indexed(Generic[SentenceRow]):
    """The rows of a table by sentence, in their order; none of a sentence that it does not have.

    The table is read whole once, so a row that is none is refused before any work.

    Args:
        path: The TSV, or None: a table without rows.
        table: The dataclass of its rows.

    Raises:
        InputError: What `codec.read` raises.
    """

    def __init__(self, path: Path | None, table: type[SentenceRow]) -> None:
        # Of each run of lines of a sentence: the number of its first line, its first byte, and the
        # byte after its last. A sentence has one run, unless somebody has sorted the table.
        self._runs: dict[str, list[tuple[int, int, int]]] = {}
        self._file: BinaryIO | None = None
        if path is None:
            return
        self._path = path
        self._file = open(path, "rb")  # noqa: SIM115  (closed with this object)
        weakref.finalize(self, self._file.close)
        self._header = self._file.readline().decode().rstrip("\n").split("\t")
        self._parse = codec.parser(path, table)
        last = None
        at = self._file.tell()
        rows = codec.read(path, table)
        for number, (line, row) in enumerate(zip(self._file, rows, strict=True), 2):
            runs = self._runs.setdefault(row.sentence_id, [])
            if row.sentence_id == last:
                first, start, _ = runs.pop()
            else:
                first, start = number, at
            at += len(line)
            runs.append((first, start, at))
            last = row.sentence_id

    def __getitem__(self, sentence_id: str) -> list[SentenceRow]:
        return [row for run in self._runs.get(sentence_id, ()) for row in self._read(*run)]

    def _read(self, number: int, start: int, end: int) -> Iterator[SentenceRow]:
        assert self._file is not None
        self._file.seek(start)
        lines = self._file.read(end - start).decode().removesuffix("\n").split("\n")
        for line_number, line in enumerate(lines, number):
            record = tsv.parse(line, self._header, self._path, line_number)
            yield self._parse(record, line_number)

    @property
    def sentence_ids(self) -> list[str]:
        """The sentences that have rows, in the order of their first ones."""
        return list(self._runs)

    def of(self, sentence_ids: Iterable[str]) -> list[SentenceRow]:
        """The rows of some sentences, in the order of these."""
        return [row for sentence_id in sentence_ids for row in self[sentence_id]]
