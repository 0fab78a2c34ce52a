"""The fingerprints of this library's own code."""

from __future__ import annotations

import ast
import random
import shutil
from pathlib import Path

import pytest
from library_code import Project

from eatner.code import fingerprint
from eatner.code.fingerprint import SCRIPTS, Code

LOUD = {"debug", "info", "warning", "error"}


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Project:
    """A copy of the library and its scripts."""
    root = tmp_path_factory.mktemp("library") / "scripts"
    shutil.copytree(SCRIPTS, root, ignore=shutil.ignore_patterns("__pycache__"))
    return Project(root)


def modules(root: Path) -> dict[str, Path]:
    """The modules of a library, and its scripts, by their roots."""
    found = {path.name: path for path in sorted(root.glob("*.py"))}
    for path in sorted((root / "eatner").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def fingerprints(root: Path, cache: Path | None = None) -> dict[str, str]:
    code = Code(root, cache)
    return {name: code.fingerprint(name) for name in modules(root)}


def test_comments_docstrings_and_layout_change_no_fingerprint_of_the_library(library, tmp_path):
    root = tmp_path / "scripts"
    shutil.copytree(library.root, root)
    for path in modules(root).values():
        path.write_text(with_remarks(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert fingerprints(root) == (right := fingerprints(library.root))
    for path in modules(root).values():
        # Other quotes, breaks and brackets everywhere.
        path.write_text(ast.unparse(ast.parse(path.read_bytes())), encoding="utf-8")
    assert fingerprints(root) == right


def with_remarks(text: str) -> str:
    """Put a comment before every statement, and a docstring into every function and class."""
    lines, remarks = text.splitlines(keepends=True), {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            line = lines[node.lineno - 1]
            indent = line[: len(line) - len(line.lstrip())]
            if len(indent.encode()) == node.col_offset:
                remarks.setdefault(node.lineno, f"{indent}# A remark.\n\n")
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = node.body[0]
            is_alone = not lines[first.lineno - 1][: first.col_offset].strip()
            if is_alone and not getattr(first, "decorator_list", None):
                remarks[first.lineno] = f'{" " * first.col_offset}"""A docstring."""\n'
    for number in sorted(remarks, reverse=True):
        lines.insert(number - 1, remarks[number])
    assert len(remarks) > len(lines) / 10 or not lines
    return "".join(lines)


def calls(tree: ast.AST) -> set[tuple[str, ...]]:
    """What a function surely calls: names, and attributes of names, outside messages and logs."""
    found, todo = set(), [tree]
    while todo:
        node = todo.pop()
        func = getattr(node, "func", None)
        if isinstance(node, ast.Raise) or getattr(func, "attr", "") in LOUD:
            continue
        if isinstance(func, ast.Name) and func.id == "InputError":
            continue
        if isinstance(func, ast.Name):
            found.add((func.id,))
        elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            found.add((func.value.id, func.attr))
        todo += ast.iter_child_nodes(node)
    local = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    local |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store}
    return {call for call in found if call[0] not in local}


def call_graph(files: dict[str, Path]) -> dict[str, set[str]]:
    """The symbols that surely use a symbol of the library, directly or through others."""
    users: dict[str, set[str]] = {}
    for name, path in files.items():
        tree = ast.parse(path.read_bytes())
        stands_for = {
            (node.name,): f"{name}:{node.name}" for node in tree.body if hasattr(node, "name")
        }
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    own = alias.asname or alias.name
                    stands_for[(own,)] = f"{node.module}:{alias.name}"
                    if f"{node.module}.{alias.name}" in files:
                        stands_for[(own, "")] = f"{node.module}.{alias.name}"
        for node in tree.body:
            for call in calls(node) if hasattr(node, "name") else ():
                used = stands_for.get(call)
                if len(call) == 2 and (call[0], "") in stands_for:
                    used = f"{stands_for[call[0], '']}:{call[1]}"
                if used:
                    users.setdefault(used, set()).add(f"{name}:{node.name}")
    while True:
        more = {
            used: by | {user for each in by for user in users.get(each, ())}
            for used, by in users.items()
        }
        if more == users:
            return users
        users = more


class Mutation(ast.NodeTransformer):
    """Changes the n-th number or comparison of a function."""

    def __init__(self, place: int) -> None:
        self.left, self.done = place, False

    def visit_Raise(self, node):
        return node

    def visit_arg(self, node):
        return node

    def visit_AnnAssign(self, node):
        return node

    def visit_Call(self, node):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return node if name == "InputError" or name in LOUD else self.generic_visit(node)

    def visit_Constant(self, node):
        if type(node.value) is int and self.hit():
            return ast.Constant(node.value + 1)
        return node

    def visit_Compare(self, node):
        if self.hit():
            node.ops[0] = ast.IsNot() if isinstance(node.ops[0], ast.Is) else ast.Is()
            return node
        return self.generic_visit(node)

    def visit_Return(self, node):
        if self.hit():
            return ast.Return(None if node.value else ast.Constant(value=1))
        return self.generic_visit(node)

    def hit(self) -> bool:
        self.left -= 1
        self.done |= self.left == -1
        return self.left == -1


def test_a_change_anywhere_in_the_library_changes_all_that_surely_use_it(library, tmp_path):
    files = {n: p for n, p in modules(library.root).items() if not n.endswith(".py")}
    users, cache = call_graph(files), tmp_path / "code.json"
    assert len(users) > 200
    chance, tried, checked = random.Random(7), 0, 0
    code = Code(library.root, cache)
    for name in files:  # before any is changed
        code.fingerprint(name)
    while tried < 60:
        name, path = chance.choice(
            [(n, p) for n, p in files.items() if n not in fingerprint.IGNORED]
        )
        source = path.read_bytes()
        tree = ast.parse(source)
        functions = [
            node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        ]
        if not functions:
            continue
        function, mutation = chance.choice(functions), Mutation(chance.randrange(12))
        mutation.visit(function)
        if not mutation.done:
            continue
        tried += 1
        roots = sorted(users.get(f"{name}:{function.name}", ()))
        roots = [f"{name}:{function.name}", name, *chance.sample(roots, min(5, len(roots)))]
        checked += len(roots)
        path.write_text(ast.unparse(tree), encoding="utf-8")
        changed = Code(library.root, cache)
        for root in roots:
            assert code.fingerprint(root) != changed.fingerprint(root), (root, name, function.name)
        path.write_bytes(source)
    assert checked > 200


def test_all_code_of_the_library_is_read_without_a_guess():
    """No module escapes: each step depends on the symbols that it names."""
    code = Code(SCRIPTS)
    for name in modules(SCRIPTS):
        assert not [node for node in code.closure(name) if node.endswith(":**")], name
