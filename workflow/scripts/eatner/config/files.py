"""The files of a configuration, merged as Snakemake merges them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from eatner.errors import InputError, quoted

DEFAULT = Path("config", "config.yaml")


def default(root: Path) -> Path:
    """Return the file that all others add to: the working directory's own, or the project's.

    Args:
        root: The project's folder.
    """
    return DEFAULT if DEFAULT.is_file() else root / DEFAULT


def read(paths: Iterable[Path]) -> dict[str, Any]:
    """Read files; a later one adds to the earlier ones, and its values win.

    Raises:
        InputError: A file cannot be read, is no YAML, or holds no sections.
    """
    values: dict[str, Any] = {}
    for path in paths:
        add(values, _read(path))
    return values


def add(values: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add values to others, in place; sections that both have are merged, at every depth."""
    for key, value in more.items():
        known = values.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            add(known, value)
        else:
            values[key] = value


def _read(path: Path) -> dict[str, Any]:
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        problem = f"cannot be read ({quoted(error)})"
        raise InputError(problem, path=path, remedy="Correct the path or the file.") from error
    if not isinstance(values, dict):
        raise InputError(
            "holds no sections",
            path=path,
            remedy="Write sections such as `corpora:`; config/README.md explains them.",
        )
    return values
