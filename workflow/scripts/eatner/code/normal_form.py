"""The normal form of a module's statements, in which only what has a meaning is written.

It leaves out layout, comments, docstrings, annotations, unused imports, log lines and messages to
the user. It is the same in every Python. In doubt something is written, or is a reference.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable

from eatner.code.scopes import (
    Comprehension,
    Function,
    Scope,
    arguments_of,
    imported,
    in_order,
    is_lookup,
    is_type_checking,
    scope_of,
)

# Its arguments are text for the user; that it is raised, and where, counts.
MESSAGE = "eatner.errors.InputError"
# What their functions are given as text is a label for the user; everything else counts.
BARS = "eatner.progress."
# What a log line may call to show a value; anything else may do something besides.
SHOWING = frozenset({"bool", "float", "int", "len", "list", "map", "max", "min", "range", "repr"})
SHOWING |= {"reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip"}
SHOWING |= {"format", "get", "items", "join", "keys", "lower", "most_common", "strip", "title"}
SHOWING |= {"total", "upper", "values"}
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
# Endings of the data files that a module may read beside itself.
DATA = (".tsv", ".yaml", ".html", ".css", ".js")
# Decorators of these modules register nothing. Any other might register what it decorates, which
# then counts for everything in its module.
PURE = frozenset({"abc", "contextlib", "dataclasses", "enum", "functools", "typing"})
# Through a computed name, these reach any symbol of their own module, or any module of the library.
OWN_MODULE = frozenset({"eval", "exec", "globals", "sys.modules"})
ANY_MODULE = frozenset({"__import__", "importlib.import_module", "runpy.run_module"})
RESOURCES = frozenset({"importlib.resources.files", "pkgutil.get_data"})
# Annotations that change what a dataclass makes of a field.
MARKERS = ("ClassVar", "InitVar", "KW_ONLY")
# In place of a symbol: everything that a module can be asked for, because the module itself is
# used as a value.
ESCAPED = "**"


class Writer:
    """Writes the normal form of a module's statements, and collects what they refer to.

    Args:
        module: The module's dotted name.
        package: The package from which its relative imports start.
        top: The names that the module binds.

    Attributes:
        loggers: The names of the module's loggers.
        typed: Whether the module reads annotations.
        out: The normal form of the present statement, in pieces.
        refs: Dotted paths that the statement refers to.
        strings: Strings in the statement that end like the name of a data file.
        beside: Whether the statement looks for files beside the module.
        registers: Whether one of its decorators may register what it decorates.
    """

    def __init__(self, module: str, package: str, top: Scope) -> None:
        self.module, self.package, self.top = module, package, top
        self.loggers: set[str] = set()
        self.typed = False
        self.scopes: list[Scope] = []
        self.attempts = 0  # number of `try` and `with` statements around, where an import may fail
        self.reset()

    def reset(self) -> None:
        """Begin a statement."""
        self.out: list[str] = []
        self.refs: set[str] = set()
        self.strings: set[str] = set()
        self.beside = self.registers = False

    def write(self, value: object) -> None:
        """Write a node, a list of nodes, or a plain value of a field."""
        if isinstance(value, ast.AST):
            self._write_node(value)
        elif isinstance(value, list):
            self.out.append("[")
            for item in value:
                self.write(item)
            self.out.append("]")
        else:
            self.out.append("~" if value is None else json.dumps(value))

    def _write_node(self, node: ast.AST) -> None:
        match node:
            case ast.Name():
                self._name(node)
            case ast.Attribute():
                self._attribute(node)
            case ast.Call():
                self._call(node)
            case ast.Constant():
                self._constant(node)
            case ast.JoinedStr():
                self._joined(node)
            case ast.If():
                # Of an `if` for type checkers, only the other branch is run.
                self._fields(node, ("orelse",) if is_type_checking(node) else None)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.Lambda():
                self._lambda(node)
            case ast.ClassDef():
                self._class(node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node)
            case ast.AnnAssign():
                self._annotated(node)
            case ast.Try() | ast.TryStar() | ast.With() | ast.AsyncWith():
                self._attempt(node)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case _:
                self._fields(node)

    def _fields(self, node: ast.AST, names: Iterable[str] | None = None) -> None:
        """Write a node by its fields, or by those of the given names, without the empty ones."""
        self.out.append(f"({type(node).__name__}")
        for name in in_order(node._fields) if names is None else names:
            value = getattr(node, name, None)
            if isinstance(value, list):
                value = [item for item in value if not self.is_silent(item)]
            if value is not None and value != []:
                self.out.append(name)
                self.write(value)
        self.out.append(")")

    def is_silent(self, node: object) -> bool:
        """Whether a node is a statement without a meaning."""
        if isinstance(node, ast.Expr):
            if self._is_logging(node.value):
                return not any(map(_may_act, ast.walk(node.value)))
            return isinstance(node.value, ast.Constant)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return not self.attempts and not self._in_class()
        if isinstance(node, ast.AnnAssign):
            return node.value is None and not self._in_class()
        if isinstance(node, ast.If):
            return is_type_checking(node) and not node.orelse
        return isinstance(node, ast.Pass)

    def _is_logging(self, call: ast.expr) -> bool:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            return False
        base = call.func.value
        return (
            isinstance(base, ast.Name)
            and base.id in self.loggers
            and call.func.attr in LEVELS
            and self._find(base.id) is None
        )

    def _in_class(self) -> bool:
        return bool(self.scopes) and self.scopes[-1].is_class

    def _find(self, name: str) -> Scope | None:
        """Return the function's or the comprehension's scope that binds a name; else None."""
        for scope in reversed(self.scopes):
            if scope.is_class:
                continue
            if name in scope.shared:
                return None
            if name in scope.names or name in scope.imports:
                return scope
        return None

    def path(self, node: ast.expr) -> str | None:
        """Return the dotted path of an imported name, or of an attribute of one; else None."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        target = (self._find(node.id) or self.top).target(node.id)
        return target and ".".join([target, *reversed(attributes)])

    def _reach(self, path: str) -> None:
        self.out.append(f"<{path}>")
        self.refs.add(path)
        self._note(path)

    def _note(self, path: str) -> None:
        """Note a path that reaches more than it names."""
        if path in OWN_MODULE:
            self.refs.add(f"{self.module}.{ESCAPED}")
        elif path in ANY_MODULE:
            self.refs.add(f"{self.module.partition('.')[0]}.{ESCAPED}")
        elif path.endswith("__file__") or path in RESOURCES:
            self.beside = True

    def _name(self, node: ast.Name) -> None:
        """Write a name; one that an import binds as the path that it means."""
        name = node.id
        if self._in_class() and not isinstance(node.ctx, ast.Load):
            self.out.append(name)
            return
        scope = self._find(name) or self.top
        if (path := scope.target(name)) is not None:
            self._reach(path)
            return
        self.out.append(name)
        if scope is not self.top:
            self.refs.update(scope.imports.get(name, ()))
        elif name in scope.names or name in scope.imports:
            self.refs.add(f"{self.module}.{name}")
        else:
            self._note(name)

    def _attribute(self, node: ast.Attribute) -> None:
        """Write an attribute; one of an imported module as its whole path."""
        path = self.path(node)
        if path is None:
            self._fields(node)
        else:
            self._reach(path)

    def _call(self, node: ast.Call) -> None:
        """Write a call: no message to the user; an import by a constant name as what it imports."""
        path = self.path(node.func)
        if path is None and isinstance(node.func, ast.Name) and not self._find(node.func.id):
            path = node.func.id
        if path == MESSAGE:
            self._reach(path)
            return
        first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if isinstance(first, str) and not first.startswith("."):
            if path in ANY_MODULE:
                self.out.append("(import")
                self._reach(f"{first}.{ESCAPED}")
                self.out.append(")")
                return
            if path in RESOURCES and first.partition(".")[0] != self.module.partition(".")[0]:
                beside = self.beside
                self._fields(node)
                self.beside = beside  # the files of another package
                return
        if isinstance(first, str) and is_lookup(node):
            self.out.append(f"(global {first})")
            if first in self.top.names or first in self.top.imports:
                self.refs.add(f"{self.module}.{first}")
            return
        if path == "vars" and not node.args:
            self._note("globals")
        if (path or "").startswith(BARS) or self._is_logging(node):
            self._labelled(node)
        else:
            self._fields(node)

    def _labelled(self, node: ast.Call) -> None:
        """Write a call whose texts are for the user, without them."""
        self.out.append("(Call func")
        self.write(node.func)
        self.write([each for each in node.args if not _is_text(each)])
        self.write([each for each in node.keywords if not _is_text(each.value)])
        self.out.append(")")

    def _constant(self, node: ast.Constant) -> None:
        """Write a constant by its value."""
        value = node.value
        if isinstance(value, str):
            self._string(value)
        elif isinstance(value, bool) or not isinstance(value, (int, bytes)):
            self.out.append(repr(value))
        else:
            self.out.append(f"b{value.hex()}" if isinstance(value, bytes) else hex(value))

    def _string(self, text: str) -> None:
        if text.endswith(DATA):
            self.strings.add(text)
        self.out.append(json.dumps(text))

    def _joined(self, node: ast.JoinedStr) -> None:
        """Write an f-string; Pythons differ in how they divide its constant parts."""
        self.out.append("(f")
        text = ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += str(part.value)
                continue
            self._constant_part(text)
            text = ""
            self.write(part)
        self._constant_part(text)
        self.out.append(")")

    def _constant_part(self, text: str) -> None:
        if text:
            self._string(text)

    def _function(self, node: Function) -> None:
        """Write a function, with annotations only where a decorator or `job.run` may read them."""
        is_pure = self._decorators(node)
        is_main = node.name == "main" and not self.scopes and "." not in self.module
        self.out.append(f"({type(node).__name__} {node.name}")
        self._arguments(node.args, annotated=is_main or self.typed or not is_pure)
        within = scope_of(node.body, self.package)
        within.names |= {argument.arg for argument in arguments_of(node.args)}
        self._within(within, node, ("body",))
        if type_params := getattr(node, "type_params", None):  # from Python 3.12 on
            self.write(type_params)
        self.out.append(")")

    def _lambda(self, node: ast.Lambda) -> None:
        """Write a lambda."""
        self.out.append("(")
        self._arguments(node.args, annotated=False)
        within = scope_of([node.body], self.package)
        within.names |= {argument.arg for argument in arguments_of(node.args)}
        self._within(within, node, ("body",))
        self.out.append(")")

    def _arguments(self, node: ast.arguments, annotated: bool) -> None:
        self._fields(node)
        for argument in arguments_of(node) if annotated else ():
            self.write(argument.annotation)

    def _within(self, scope: Scope, node: ast.AST, names: Iterable[str]) -> None:
        # In a function, an import within a `try` around the function cannot fail there.
        attempts, self.attempts = self.attempts, 0
        self.scopes.append(scope)
        self._fields(node, names)
        self.scopes.pop()
        self.attempts = attempts

    def _decorators(self, node: Function | ast.ClassDef) -> bool:
        """Write decorators, and return whether none of them can register what it decorates."""
        is_pure = all(map(self._is_pure, node.decorator_list))
        if all(scope.is_class for scope in self.scopes):
            self.registers |= not is_pure
        self.write(node.decorator_list)
        return is_pure

    def _is_pure(self, decorator: ast.expr) -> bool:
        if isinstance(decorator, ast.Call):
            decorator = decorator.func
        path = self.path(decorator)
        if path is not None:
            return path.partition(".")[0] in PURE
        if isinstance(decorator, ast.Attribute):
            return decorator.attr in ("getter", "setter", "deleter")
        return isinstance(decorator, ast.Name) and decorator.id not in self.top.names  # a builtin

    def _class(self, node: ast.ClassDef) -> None:
        """Write a class."""
        self._decorators(node)
        self._fields(node, ("name", "bases", "keywords", "type_params"))
        self._within(Scope(is_class=True), node, ("body",))

    def _comprehension(self, node: Comprehension) -> None:
        """Write a comprehension; its first iterable belongs to the scope around it."""
        first, *others = node.generators
        self.out.append(f"({type(node).__name__}")
        self.write(first.iter)
        targets = [part for loop in node.generators for part in ast.walk(loop.target)]
        names = {part.id for part in targets if isinstance(part, ast.Name)}
        self.scopes.append(Scope(names))
        self._fields(first, ("ifs", "is_async", "target"))
        self.write(others)
        self._fields(node, ("elt", "key", "value"))
        self.scopes.pop()
        self.out.append(")")

    def _annotated(self, node: ast.AnnAssign) -> None:
        """Write an annotated assignment: as a plain one, except a field of a class."""
        if self._in_class():
            if self.typed:
                self.write(node.annotation)
            self.out.append(f"(field {' '.join(_markers(node.annotation))}")
            self.write([node.target, node.value])
            self.out.append(")")
        elif node.value is not None:
            self._fields(ast.Assign([node.target], node.value))

    def _attempt(self, node: ast.Try | ast.TryStar | ast.With | ast.AsyncWith) -> None:
        """Write a `try` or a `with`, within which imports count because they may fail."""
        self.attempts += 1
        self._fields(node)
        self.attempts -= 1

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Write an import that counts by itself."""
        for name, path in imported(node, self.package):
            self.out.append(f"(import {path} {name})")
            if self._in_class():
                self.refs.add(path)


def _markers(annotation: ast.expr) -> list[str]:
    """Find the markers in an annotation, which may be quoted."""
    words: list[str] = []
    for part in ast.walk(annotation):
        match part:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                words.append(word)
    said = " ".join(words)
    return [marker for marker in MARKERS if marker in said]


def _is_text(node: ast.expr) -> bool:
    """Whether an argument is a string, or an f-string that does nothing but show values."""
    if isinstance(node, ast.JoinedStr):
        return not any(map(_may_act, ast.walk(node)))
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _may_act(node: ast.AST) -> bool:
    """Whether a part of a log call may do more than show a value."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        return name not in SHOWING and name not in LEVELS
    return isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom))
