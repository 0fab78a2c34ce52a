"""What an LLM has answered so far, so that no job asks it twice.

A journal is a JSON Lines file beside a step's output. Every answer is appended as soon as its batch
is done, so that a killed job goes on where it stopped; and it stays when the output stands, so that
a text that has grown is asked only about what is new.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)


class Journal:
    """Answers by what was asked.

    Args:
        path: The file; it may hold the answers of an earlier run.
        asked_of: What else the answers depend on: the LLM, its adapter, the code.
    """

    def __init__(self, path: Path, asked_of: str) -> None:
        self.path, self.asked_of = path, asked_of
        self.known: dict[str, list[list[object]]] = {}
        self.asked: set[str] = set()
        cut = self._read() if path.exists() else False
        path.parent.mkdir(parents=True, exist_ok=True)
        # Open as long as the job runs; the same line ends wherever it does.
        self.file = open(path, "a", encoding="utf-8", newline="\n")  # noqa: SIM115
        if cut:
            self.file.write("\n")

    def _read(self) -> bool:
        """Read the answers of an earlier run; gives whether its last line has no end.

        In bytes, for a line may be cut within a character, and an answer may hold what ends a line
        for `str.splitlines`.
        """
        line, unreadable = b"", 0
        with open(self.path, "rb") as file:
            for line in file:
                if not line.strip():
                    continue
                record = _record(line)
                if record is None:
                    unreadable += 1
                else:
                    self.known[record[0]] = record[1]
        log.info("%s: %d answers of an earlier run", self.path, len(self.known))
        if unreadable:
            log.warning(
                "%s: %d lines cannot be read, as where a job was killed; what they answered is "
                "asked again",
                self.path,
                unreadable,
            )
        return bool(line) and not line.endswith(b"\n")

    def key(self, *asked: object) -> str:
        """A name for a question: equal for equal questions to the same LLM."""
        said = json.dumps([self.asked_of, *asked], ensure_ascii=False)
        key = hashlib.sha256(said.encode()).hexdigest()
        self.asked.add(key)
        return key

    def add(self, key: str, answers: Sequence[Sequence[object]]) -> None:
        """Keep the answers to a question, on disk at once."""
        self.known[key] = [list(answer) for answer in answers]
        self.file.write(_line(key, self.known[key]))
        self.file.flush()

    def close(self) -> None:
        """Keep the answers that this job asked for, and forget those of earlier ones."""
        self.file.close()
        part = self.path.with_suffix(".part")
        with open(part, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(_line(k, found) for k, found in self.known.items() if k in self.asked)
        part.replace(self.path)


def _record(line: bytes) -> tuple[str, list[list[object]]] | None:
    """The key and the answers of a line; None where it is no whole record."""
    try:
        read = json.loads(line.decode())
    except ValueError:
        return None
    if not isinstance(read, dict):
        return None
    key, answers = read.get("key"), read.get("answers")
    sound = isinstance(answers, list) and all(isinstance(answer, list) for answer in answers)
    return (key, answers) if isinstance(key, str) and sound else None


def _line(key: str, answers: Sequence[Sequence[object]]) -> str:
    return json.dumps({"key": key, "answers": answers}, ensure_ascii=False) + "\n"
