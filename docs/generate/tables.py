"""The reference of the tables, made from the classes of `eatner.tables`."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from typing import Any, Literal, get_args, get_origin, get_type_hints

from eatner import tables
from generate.markdown import cell, table

INTRODUCTION = """# Tables

All are TSV: UTF-8, a header, one record a line, no quoting. Tab, newline, carriage return and
backslash in a value are written `\\t \\n \\r \\\\`. Offsets count Unicode code points, the end is
exclusive, and `text[start:end] == surface` always holds. An empty cell of a number means that there
is none. No row is lost: if a step fails on a row, the row stays with a `status` that says why, or
goes to a `.rejects.tsv` with a `reason`. In Python, `eatner.tables.read(path, Table)` gives typed
rows.
"""
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_PASSED_ON = re.compile(r"^The rest is passed on from .*: `(\w+)`\.$", re.MULTILINE)
_WORD = re.compile(r"^([\w ]+): (.*(?:\n {4}.*)*)", re.MULTILINE)


def page() -> str:
    """Write the page: a section for each table with its columns, and one for each type of words."""
    notes = _notes()
    blocks = [INTRODUCTION]
    used: dict[str, None] = {}
    for one in tables.TABLES:
        text = _docstring(one).partition("Attributes:\n")[0].strip()
        said = _said(one)
        hints = get_type_hints(one)
        rows = []
        for column in tables.columns(one):
            shown, words = _shown(hints[column], notes)
            used |= dict.fromkeys(words)
            rows.append([f"`{column}`", shown, cell(said[column])])
        columns = table(["column", "type", "what it holds"], rows)
        blocks.append(f"## {one.__name__}\n\n{text}\n\n{columns}")
    blocks.append("## Words\n\nThe words that columns such as `status` and `kind` hold.\n")
    for name in used:
        heading, meanings = words_of(name)
        rows = [[f"`{word}`", cell(meaning)] for word, meaning in meanings.items()]
        blocks.append(f"### {name}\n\n{heading}\n\n{table(['word', 'meaning'], rows)}")
    return "\n".join(blocks)


def words_of(name: str) -> tuple[str, dict[str, str]]:
    """What a type of words is about, and the meaning of each of its words.

    Args:
        name: The name of a literal type of `eatner.tables`.

    Raises:
        ValueError: The text below the type explains other words than the type has.
    """
    note = _notes()[name]
    heading, _, rest = note.partition("\n")
    explained = dict(_WORD.findall(rest))
    if passed_on := _PASSED_ON.search(rest):
        explained = words_of(passed_on[1])[1] | explained
    words = [word for word in get_args(getattr(tables, name)) if word]
    unknown = set(words) ^ set(explained)
    if unknown and not (passed_on and unknown.isdisjoint(words)):
        raise ValueError(f"eatner/tables.py: the text below {name} and its words differ: {unknown}")
    return heading, {word: explained[word] for word in words}


def _docstring(one: type) -> str:
    return inspect.getdoc(one) or ""


def _said(one: type) -> dict[str, str]:
    """What is said of each column, the inherited ones first."""
    found: dict[str, str] = {}
    for parent in reversed(one.__mro__):
        found |= dict(_ATTRIBUTE.findall(_docstring(parent).partition("Attributes:\n")[2]))
    return found


def _shown(hint: Any, notes: dict[str, str]) -> tuple[str, list[str]]:
    """Write a column's type; also the types of words that it has."""
    for name in notes:
        if hint == getattr(tables, name):
            return f"[{name}](#{name.lower()})", [name]
    if hint == tuple[tables.Span, ...]:
        return "spans", []
    if hint in (tuple[tuple[str, str], ...], tuple[tuple[str, float], ...]):
        return "JSON", []
    if get_origin(hint) is not None and any(get_origin(one) is Literal for one in get_args(hint)):
        return "`PER`, `LOC`, `ORG` or empty", []
    plain = {str: "text", int: "whole number", float: "number", type(None): "empty"}
    return " or ".join(plain[one] for one in get_args(hint) or (hint,)), []


def _notes() -> dict[str, str]:
    """What the module says below each of its types of words."""
    body = ast.parse(inspect.getsource(tables)).body
    found = {}
    for one, following in itertools.pairwise(body):
        if not isinstance(one, ast.Assign) or not isinstance(one.targets[0], ast.Name):
            continue
        name = one.targets[0].id
        if get_origin(getattr(tables, name)) is Literal and name != "EntityType":
            is_note = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            found[name] = inspect.cleandoc(following.value.value) if is_note else ""
    return found


WORDS = tuple(_notes())
"""The names of the types of words."""
