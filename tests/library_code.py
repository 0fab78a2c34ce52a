"""A small library in a folder, for the tests of what a step's code means."""

from __future__ import annotations

import textwrap
from pathlib import Path

from eatner.code.fingerprint import Code


class Project:
    """A small library, and the fingerprints of its present state."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")

    def fingerprint(self, *roots: str) -> str:
        return Code(self.root).fingerprint(*roots)

    def reached(self, *roots: str) -> set[str]:
        """The symbols that roots reach, without what belongs to whole modules."""
        return {node for node in Code(self.root).closure(*roots) if node[-1] not in ")*"}

    def changes(self, module: str, before: str, after: str, root: str) -> bool:
        """Whether an edit of a module changes the fingerprint of a root."""
        path = self.root / module
        text = path.read_text(encoding="utf-8")
        assert before in text
        was = self.fingerprint(root)
        path.write_text(text.replace(before, after), encoding="utf-8")
        now = self.fingerprint(root)
        path.write_text(text, encoding="utf-8")
        assert self.fingerprint(root) == was
        return now != was


def module(code: Project, text: str, name: str = "x") -> str:
    """Write one module of the library; returns its fingerprint."""
    code.write({f"eatner/{name}.py": text})
    return code.fingerprint(f"eatner.{name}")
