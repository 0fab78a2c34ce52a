"""A small library for the tests of code, and one of three modules that use each other."""

from __future__ import annotations

import pytest
from library_code import Project

CHAIN = {
    "{p}/__init__.py": "",
    "{p}/far.py": """
        SCALE = 2
        OTHER = 3

        def far(x):
            return x * SCALE

        def unused(x):
            return x * OTHER
    """,
    "{p}/deep/__init__.py": "",
    "{p}/deep/mid.py": """
        from {p}.far import far, unused

        def mid(x):
            return far(x)

        def beside(x):
            return unused(x)
    """,
    "{p}/deep/near.py": """
        from . import mid as middle

        def near(x):
            return middle.mid(x)
    """,
    "run_it.py": """
        from pathlib import Path

        import {p}.deep.near

        def main(x: Path, y: str = "a") -> None:
            {p}.deep.near.near(x)

        if __name__ == "__main__":
            main()
    """,
}


@pytest.fixture(params=["eatner", "namen"])
def package(request) -> str:
    """The name of the library; it has none of its own in the rules."""
    return request.param


@pytest.fixture
def code(tmp_path) -> Project:
    project = Project(tmp_path)
    project.write({"eatner/__init__.py": ""})
    return project


@pytest.fixture
def chain(tmp_path, package) -> Project:
    project = Project(tmp_path)
    project.write({n.replace("{p}", package): t.replace("{p}", package) for n, t in CHAIN.items()})
    return project
