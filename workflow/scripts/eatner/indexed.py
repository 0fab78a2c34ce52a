"""Tables that stay on disk: their rows are read again, a sentence at a time, when they are needed.

A row in memory takes kilobytes, so a text of millions of sentences has no room there; its place in
the file takes 32 bytes, once all are known.
"""

from __future__ import annotations

import weakref
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Generic

from eatner import codec, tsv
from eatner.tables import SentenceRow

# Sentences whose rows are in memory at a time.
BLOCK = 1000


def blocks(sentence_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Sentences in their order, as many as there is room for at a time."""
    for begin in range(0, len(sentence_ids), BLOCK):
        yield sentence_ids[begin : begin + BLOCK]


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
        # Of each run of lines of a sentence: the hash of the sentence's id, the number of the first
        # line, its first byte, and the byte after the last line. A sentence has one run, unless
        # somebody has sorted the table.
        columns = hashes, _, _, ends = tuple(array("q") for _ in range(4))
        self._file: BinaryIO | None = None
        if path is not None:
            self._path = path
            self._file = open(path, "rb")  # noqa: SIM115  (closed with this object)
            weakref.finalize(self, self._file.close)
            self._header = self._file.readline().decode().rstrip("\n").split("\t")
            self._parse = codec.parser(path, table)
            last = None
            at = self._file.tell()
            rows = codec.read(path, table)
            for number, (line, row) in enumerate(zip(self._file, rows, strict=True), 2):
                if row.sentence_id != last:
                    last = row.sentence_id
                    for column, value in zip(columns, (hash(last), number, at, at), strict=True):
                        column.append(value)
                at += len(line)
                ends[-1] = at
        order = sorted(range(len(hashes)), key=hashes.__getitem__)
        self._hashes, *self._runs = (array("q", (column[at] for at in order)) for column in columns)

    def __getitem__(self, sentence_id: str) -> list[SentenceRow]:
        key = hash(sentence_id)
        rows: list[SentenceRow] = []
        for at in range(bisect_left(self._hashes, key), len(self._hashes)):
            if self._hashes[at] != key:
                break
            rows += self._read(*(column[at] for column in self._runs))
        # Two ids may have the same hash.
        return [row for row in rows if row.sentence_id == sentence_id]

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
        if self._file is None:
            return []
        records = tsv.read(self._path, ["sentence_id"])
        return list(dict.fromkeys(record["sentence_id"] for record in records))

    def of(self, sentence_ids: Iterable[str]) -> list[SentenceRow]:
        """The rows of some sentences, in the order of these."""
        return [row for sentence_id in sentence_ids for row in self[sentence_id]]
