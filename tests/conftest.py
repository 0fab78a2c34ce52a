"""What the tests share, and their order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import smoke
from filelock import FileLock

# Files that run whole DAGs: begun first, so that no worker is left alone with one at the end.
LONGEST = ("test_workflow", "test_experiment", "test_systems")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files (with --no-loadscope-reorder, workers take them in order)."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> smoke.Project:
    """The small project, for the tests of a file; it is made once, whoever comes first."""
    ours = tmp_path_factory.getbasetemp()
    made = (ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours) / "small-project"
    with FileLock(made.with_suffix(".lock")):
        if not made.exists():
            smoke.make(begun := made.with_suffix(".begun"))
            begun.rename(made)
    return smoke.Project(tmp_path_factory.mktemp("project") / "copy", made)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """One thread for torch: in steps of a millisecond a second one costs more than it gives."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def load(tmp_path: Path):
    """Write a file and read it."""
    from eatner.corpora import formats as corpus

    def load(content: str | bytes, format: str = "auto", spaces: bool = True, **options):
        path = tmp_path / "corpus"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(corpus.read(path, format, language_spaces=spaces, **options))

    return load
