"""The one exception for what a user can mend."""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path

# What the system refuses, and what the user can do about it.
_WRITABLE = "Make `results` and `resources` writable, or links to where you may write."
_ROOM = "Free some space, or make `resources` and `results` links to a larger disk."
_PERMISSION = "Change its permissions, or run as a user who has them."
_GONE = "It has vanished since the run began: put it back."
_MEMORY = "End other programs, or give the job more memory (`mem_mb` in the profile)."
REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: _WRITABLE,
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.ENOENT: _GONE,
    errno.ESTALE: _GONE,
    errno.EIO: "The disk has an error: check it, or use another one.",
    errno.ENOMEM: _MEMORY,
}


# What torch says in a RuntimeError where main memory runs out.
SHORTAGES = ("not enough memory", "can't allocate memory", "bad_alloc")
# Limit of the characters of what is wrong, where, and what to do: each may quote a megabyte.
LONGEST = 1000
# Limit of what an error quotes of another's message, which may quote a file in turn.
LONGEST_QUOTE = 240


# What would end a line, hide in it, or (half of a character) not be written at all.
_NO_TEXT = (*range(32), *range(127, 160), 0x2028, 0x2029, *range(0xD800, 0xE000))
_CONTROL = {code: repr(chr(code))[1:-1] for code in _NO_TEXT}


def on_a_line(text: str) -> str:
    """A text for an error's line: control characters escaped, without the middle if too long."""
    return shortened(text).translate(_CONTROL)


def shortened(text: str, longest: int = LONGEST) -> str:
    """Leave out the middle of a text that is too long for an error's line."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}"


def quoted(error: BaseException) -> str:
    """Return what another's error says as a part of one line: short, and printable in UTF-8."""
    said = " ".join(str(error).split()) or type(error).__name__
    # What comes from a file may hold half a character, or a sequence for the terminal.
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in said)
    return shortened(safe, LONGEST_QUOTE)


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
        problem, remedy = on_a_line(problem), on_a_line(remedy)
        record = None if record is None else on_a_line(record)
        self.problem, self.path, self.line = problem, path, line
        self.record, self.remedy = record, remedy
        where = "" if path is None else on_a_line(str(path))
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


def refused(error: OSError | MemoryError, where: str) -> InputError | None:
    """Say what the system refused: room on a disk, a permission, a file that is gone, memory.

    Args:
        error: What was raised.
        where: What was being done, for an error that names no file.

    Returns:
        The error with its remedy; None where the system is not at fault.
    """
    code = errno.ENOMEM if isinstance(error, MemoryError) else error.errno
    if code not in REMEDIES:
        return None
    file = getattr(error, "filename", None)
    return InputError(
        os.strerror(code),
        record=where if file is None else str(file),
        remedy=f"{REMEDIES[code]} Then run the same command again: what is finished stays.",
    )


def is_shortage(error: BaseException) -> bool:
    """Whether an error says that memory ran out: a GPU's or the machine's."""
    # torch's own error is a RuntimeError, too; it is told by its name, for torch may be missing.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in SHORTAGES)
