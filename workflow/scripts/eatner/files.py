"""Write files whole or not at all: a job that is killed leaves no half file under a name."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path to write to; it becomes `path` when the block ends without an error.

    The temporary file or folder is beside `path` and always has the same name, so that killed jobs
    leave at most one behind. It is deleted if the block fails.

    Args:
        path: The file or folder to make. One that exists is replaced as a whole, and the parent
            folder is made if it does not exist.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    _delete(partial)
    try:
        yield partial
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(partial, path)
    except BaseException:
        _delete(partial)
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write a text in UTF-8, with line feeds, as a whole or not at all."""
    with atomic(path) as partial, open(partial, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def write_json(path: str | Path, value: object) -> None:
    """Write a value as indented JSON, as a whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def exists(path: str | Path) -> bool:
    """Whether there is such a file or folder; not where its name is too long for the system."""
    try:
        return Path(path).exists()
    except OSError:
        return False


def digest(path: Path, algorithm: str) -> str:
    """The sum of a file, in hexadecimal.

    Args:
        path: The file.
        algorithm: sha1 or sha256.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
