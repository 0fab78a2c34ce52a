"""The reference page of our tables: made of the classes in `eatner.tables`, so that both agree."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Literal, get_args, get_origin, get_type_hints

from eatner import tables

INTRODUCTION = """# Tables

Made by `python -m eatner.report.tables` from `eatner/tables.py`; a test holds it against the code.

All are TSV: UTF-8, a header, one record a line, no quoting. Tab, newline, carriage return and
backslash in a value are written `\\t \\n \\r \\\\`. Offsets count Unicode code points, the end is
exclusive, and `text[start:end] == surface`. An empty cell of a number means that there is none. In
Python, `eatner.tables.read(path, Table)` gives typed rows.
"""
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def page() -> str:
    """Write the page: a section a table with its columns, and one a type of words."""
    blocks = [INTRODUCTION]
    used: dict[str, str] = {}
    for table in tables.TABLES:
        text, _, attributes = (inspect.getdoc(table) or "").partition("Attributes:\n")
        said = dict(_ATTRIBUTE.findall(attributes))
        rows = ["| column | type | what it holds |", "|---|---|---|"]
        hints = get_type_hints(table)
        inherited = table.__mro__[1]
        if inherited in tables.TABLES:
            _, _, more = (inspect.getdoc(inherited) or "").partition("Attributes:\n")
            said = dict(_ATTRIBUTE.findall(more)) | said
        for column in tables.columns(table):
            shown = _shown(hints[column], used)
            rows.append(f"| `{column}` | {shown} | {' '.join(said[column].split())} |")
        blocks.append(f"## {table.__name__}\n\n{text.strip()}\n\n" + "\n".join(rows) + "\n")
    blocks.append("# Words\n\n" + "\n".join(_words(name) for name in used))
    return "\n".join(blocks)


def _shown(hint: object, used: dict[str, str]) -> str:
    """Write a column's type; types made of words are named and noted in `used`."""
    for name in WORDS:
        if hint == getattr(tables, name):
            used[name] = name
            return f"[{name}](#{name.lower()})"
    if hint == tuple[tables.Span, ...]:
        return "spans"
    if hint in (tuple[tuple[str, str], ...], tuple[tuple[str, float], ...]):
        return "JSON"
    names = [one.__name__ for one in (get_args(hint) or (hint,)) if isinstance(one, type)]
    if get_origin(hint) is not None and any(get_origin(one) is Literal for one in get_args(hint)):
        return "PER, LOC, ORG or empty"
    plain = {"str": "text", "int": "whole number", "float": "number", "NoneType": "empty"}
    return " or ".join(plain[name] for name in names)


def _words(name: str) -> str:
    words = ", ".join(f"`{word}`" for word in get_args(getattr(tables, name)) if word)
    return f"## {name}\n\n{words}\n\n{WORDS[name]}\n"


def _notes() -> dict[str, str]:
    """What the module says below each of its types of words."""
    body = ast.parse(inspect.getsource(tables)).body
    found = {}
    for one, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(one, ast.Assign) or not isinstance(one.targets[0], ast.Name):
            continue
        name = one.targets[0].id
        if get_origin(getattr(tables, name)) is Literal and name != "EntityType":
            note = ""
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                note = " ".join(str(following.value.value).split())
            found[name] = note
    return found


WORDS = _notes()


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
