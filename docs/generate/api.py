"""The reference of the library: a page for each room, which mkdocstrings fills from docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

from generate.markdown import table

INTRODUCTION = """# Library

The package `eatner`, by module. [Architecture](../../architecture.md) shows how the rooms build on
each other.

"""


def pages(library: Path) -> dict[str, str]:
    """The pages by path: `reference/library/ROOM.md`, and an index.

    Args:
        library: The folder of the package.
    """
    rooms = sorted(path.parent for path in library.glob("*/__init__.py"))
    modules = {room.name: _modules(room, library) for room in rooms}
    modules = {"eatner": _modules(library, library)} | {k: v for k, v in modules.items() if v}
    rows = [
        [f"[`{module}`]({name}.md#{module})", _first_line(path)]
        for name, paths in modules.items()
        for module, path in paths.items()
    ]
    index = INTRODUCTION + table(["module", "what it does"], rows)
    made = {"reference/library/index.md": index}
    for name, paths in modules.items():
        title = "eatner" if name == "eatner" else f"eatner.{name}"
        blocks = [f"# {title}\n"]
        blocks += [f"## {module} {{ #{module} }}\n\n::: {module}\n" for module in paths]
        made[f"reference/library/{name}.md"] = "\n".join(blocks)
    return made


def _modules(room: Path, library: Path) -> dict[str, Path]:
    """The modules of a folder by their dotted names."""
    found = {}
    for path in sorted(room.glob("*.py")):
        parts = path.relative_to(library.parent).with_suffix("").parts
        if parts[-1] == "__init__":
            if room != library:
                continue
            parts = parts[:-1]
        found[".".join(parts)] = path
    return found


def _first_line(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].replace("|", "\\|")
