"""What an LLM has answered so far, so that no job asks it twice.

A journal is a JSON Lines file beside a step's output; a step that works block by block has one for
each block, see `eatner.shards`. Every answer is appended as soon as its batch
is done, so that a killed job goes on where it stopped; and it stays when the output is complete, so
that a text that has grown is asked only about what is new.

An answer is found again by its question: what was asked, how the answer was searched, the model and
its adapter, and the meaning of the engine's code. Nothing else counts: an edited comment, a changed
step or lexicon, other sentences of the text leave it in place.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from eatner.code.fingerprint import SCRIPTS, Code
from eatner.files import atomic
from eatner.llm.identity import adapter_identity, model_identity

log = logging.getLogger(__name__)

# Settings of a model that change no answer: a limit of what is asked, and where the model is.
IGNORED = ("context", "folder")


class Journal:
    """Answers by what was asked.

    Args:
        path: The file; it may hold the answers of an earlier run.
        answers_of: What else the answers depend on, such as the LLM and its adapter.
        earlier: Files whose answers are taken as well, and which stay as they are.

    Attributes:
        known: The answers to a question by its key, as JSON values.
    """

    def __init__(self, path: Path, answers_of: str, earlier: Iterable[Path] = ()) -> None:
        self.path, self.answers_of = path, answers_of
        self.known: dict[str, list[Any]] = {}
        self.asked: set[str] = set()
        self._held: list[str] | None = None
        for other in earlier:
            self._read(other)
        cut = self._read(path) if path.exists() else False
        path.parent.mkdir(parents=True, exist_ok=True)
        # Open as long as the job runs; the same line ends wherever it does.
        self.file = open(path, "a", encoding="utf-8", newline="\n")  # noqa: SIM115
        if cut:
            self.file.write("\n")

    def _read(self, path: Path) -> bool:
        """Read the answers of an earlier run; gives whether its last line has no end.

        In bytes, because a line may be cut within a character, and an answer may hold what ends a
        line for `str.splitlines`.
        """
        line, answers, unreadable, outdated = b"", 0, 0, 0
        with open(path, "rb") as file:
            for line in file:
                if not line.strip():
                    continue
                record = _record(line)
                if record is None:
                    unreadable += 1
                elif "key" in record:  # the format before this one
                    outdated += 1
                else:
                    self.known[record["question"]] = record["answers"]
                    answers += 1
        log.info("%s: %d answers of an earlier run", path, answers)
        if outdated:
            log.info("%s: %d answers of another version are asked again", path, outdated)
        if unreadable:
            log.warning(
                "%s: %d lines cannot be read, as where a job was killed; what they answered is "
                "asked again",
                path,
                unreadable,
            )
        return bool(line) and not line.endswith(b"\n")

    def key(self, *question: object) -> str:
        """Return a name for a question: equal for equal questions to the same LLM.

        Args:
            question: JSON values.
        """
        text = json.dumps([self.answers_of, *question], ensure_ascii=False)
        key = hashlib.sha256(text.encode()).hexdigest()
        self.asked.add(key)
        return key

    def add(self, key: str, answers: Sequence[Any]) -> None:
        """Keep the answers to a question, on disk at once unless within `together`.

        Args:
            key: The question's name.
            answers: JSON values.
        """
        self.known[key] = json.loads(line := _line(key, answers))["answers"]
        if self._held is not None:
            self._held.append(line)
            return
        self.file.write(line)
        self.file.flush()

    @contextmanager
    def together(self) -> Generator[None]:
        """Put the answers of a block on disk at its end, or none of them if it fails."""
        held: list[str] = []
        self._held = held
        try:
            yield
        finally:
            self._held = None
        self.file.writelines(held)
        self.file.flush()

    def close(self) -> None:
        """Keep the answers that this job asked for, and forget those of earlier ones."""
        self.file.close()
        with (
            atomic(self.path) as partial,
            open(partial, "w", encoding="utf-8", newline="\n") as file,
        ):
            file.writelines(_line(k, kept) for k, kept in self.known.items() if k in self.asked)


def open_journal(output: Path, answers_of: str) -> Journal:
    """Open the journal of a step that does not work block by block, beside the step's output.

    Args:
        output: The step's output.
        answers_of: What the answers depend on; see `answers_of`.
    """
    return Journal(output.with_name(f".{output.stem}.journal.jsonl"), answers_of)


def answers_of(
    engine: str,
    settings: Mapping[str, object],
    model: Path | None = None,
    adapter: Path | None = None,
) -> str:
    """Describe what answers depend on, beside the question.

    Args:
        engine: The code that turns a question into an answer, named as in
            `eatner.code.fingerprint`: `eatner.llm.transformers:TransformersLLM`.
        settings: What the engine was configured with, as JSON values.
        model: Folder of the model, unless it is elsewhere.
        adapter: The weights of its adapter, if it is tuned.

    Raises:
        InputError: The folder or the adapter cannot be read.
    """
    depends_on = {
        "engine": engine,
        "code": _fingerprint(engine, SCRIPTS),
        "settings": {key: value for key, value in settings.items() if key not in IGNORED},
        "model": None if model is None else model_identity(model),
        "adapter": None if adapter is None else adapter_identity(adapter),
    }
    return json.dumps(depends_on, sort_keys=True, ensure_ascii=False)


@cache
def _fingerprint(engine: str, scripts: Path) -> str:
    """Hash an engine's code, which stays as it is while a process runs."""
    return Code(scripts).fingerprint(engine)


def _record(line: bytes) -> dict[str, Any] | None:
    """Read a line; None where it is no whole record of this format or the one before."""
    try:
        record = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("answers"), list):
        return None
    key = record.get("question", record.get("key"))
    return record if isinstance(key, str) else None


def _line(key: str, answers: Sequence[Any]) -> str:
    return json.dumps({"question": key, "answers": answers}, ensure_ascii=False) + "\n"
