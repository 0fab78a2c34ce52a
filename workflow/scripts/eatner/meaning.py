"""The meaning of a module's code: a hash and the references of each of its top-level symbols.

A symbol is hashed as a normal form of its syntax tree, without what has no meaning: layout,
comments, docstrings, annotations, unused imports, log lines, messages to the user. The normal form
is the same in every Python. In doubt something counts, or is a reference; see `eatner.fingerprint`.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eatner.errors import InputError
from eatner.scopes import (
    COMPREHENSIONS,
    Scope,
    arguments_of,
    declared_global,
    defined,
    fields_of,
    imported,
    is_lookup,
    is_main_guard,
    is_type_checking,
    scope_of,
)

# Its arguments are text for the user; that it is raised, and where, counts.
MESSAGE = "eatner.errors.InputError"
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
# Endings of the data files that a module may read beside itself.
DATA = (".tsv", ".yaml", ".html", ".css", ".js")
# Decorators of these modules register nothing. Others might, so that what they decorate counts for
# everything in its module.
PURE = frozenset({"abc", "contextlib", "dataclasses", "enum", "functools", "typing"})
# By a computed name they reach any symbol of their own module, or any module of the library.
OWN_MODULE = frozenset({"eval", "exec", "globals", "sys.modules"})
ANY_MODULE = frozenset({"__import__", "importlib.import_module", "runpy.run_module"})
RESOURCES = frozenset({"importlib.resources.files", "pkgutil.get_data"})
# Annotations that change what a dataclass makes of a field.
MARKERS = ("ClassVar", "InitVar", "KW_ONLY")
# In place of a symbol: the statements of a module that belong to all of its symbols; everything in
# a module that is used as a value, which may be asked for any name.
BODY, ESCAPED = "(module)", "**"


@dataclass(slots=True)
class Symbol:
    """What a module says under one name.

    Attributes:
        texts: Normal forms of the statements that bind the name, in their order.
        refs: Dotted paths that they refer to.
        files: Data files that they read, as paths from the module's folder; `page.*` is any data
            file of that stem.
    """

    texts: list[str] = field(default_factory=list)
    refs: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def record(self) -> list[Any]:
        """Return the hash, the references and the files, as JSON has them."""
        return [digest("\n".join(self.texts)), sorted(self.refs), sorted(self.files)]


def digest(content: str | bytes) -> str:
    """Hash a content; none of an empty one."""
    content = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(content).hexdigest()[:32] if content else ""


def analyse(source: bytes, module: str, is_package: bool, path: Path) -> dict[str, Any]:
    """Find the symbols of a module.

    Args:
        source: The module's file.
        module: Its dotted name.
        is_package: Whether the file is the `__init__.py` of a package.
        path: The file's path, for errors.

    Returns:
        `symbols`: for each name, and for `BODY`, the record of a `Symbol`. `imports`: for each name
        that imports bind, the dotted paths that it may stand for.

    Raises:
        InputError: The file is not valid Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise InputError(
            f"not valid Python ({getattr(error, 'msg', error)})",
            path=path,
            line=getattr(error, "lineno", None),
            remedy="Correct the file.",
        ) from error
    package = module if is_package else module.rpartition(".")[0]
    top = scope_of(tree.body, package)
    declares = b"global" in source  # rare, and a walk through the tree takes long
    if declares:
        top.names |= declared_global(tree)
    meaning = _Meaning(module, package, top)
    meaning.loggers = _loggers(tree.body, meaning)
    meaning.typed = b"get_type_hints" in source or b"__annotations__" in source
    symbols = {BODY: Symbol()}
    symbols[BODY].refs |= {target.replace("*", ESCAPED) for target in top.imports.pop("*", set())}
    stem = "__init__" if is_package else module.rpartition(".")[2]
    strings, unnamed = set(), []
    for statement in tree.body:
        if meaning.is_silent(statement) or ("." in module and is_main_guard(statement)):
            continue
        meaning.reset()
        meaning.write(statement)
        names = defined(statement)
        if not names:
            for name in scope_of([statement], package).names:
                symbols.setdefault(name, Symbol())
        if not names or meaning.registers:
            names = names | {BODY}
        if declares:
            names = names | declared_global(statement)
        strings |= meaning.strings
        for name in names:
            symbol = symbols.setdefault(name, Symbol())
            symbol.texts.append(" ".join(meaning.out))
            symbol.refs |= meaning.refs
            if meaning.beside:
                symbol.files |= _files(meaning.strings, stem)
                unnamed += [] if meaning.strings else [symbol]
    for symbol in unnamed:
        symbol.files |= {f"{stem}.*"} | _files(strings, stem)
    return {
        "symbols": {name: symbol.record() for name, symbol in symbols.items()},
        "imports": {name: sorted(targets) for name, targets in top.imports.items()},
    }


def _files(strings: Iterable[str], stem: str) -> set[str]:
    """Name the files that strings may stand for: `.tsv` is the suffix of the module's own."""
    return {stem + text if text.startswith(".") else text.lstrip("/") for text in strings}


def _loggers(statements: Iterable[ast.stmt], meaning: _Meaning) -> set[str]:
    """Name the loggers of a module: names that are bound once, to `logging.getLogger(...)`."""
    found, bound = set(), []
    for statement in statements:
        bound += scope_of([statement], "").names
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call) and meaning.path(value.func) == "logging.getLogger":
            found |= defined(statement)
    return {name for name in found if bound.count(name) == 1}


class _Meaning:
    """Writes the normal form of a module's statements, and notes what they refer to.

    Args:
        module: The module's dotted name.
        package: The package that its relative imports start from.
        top: What the module binds.

    Attributes:
        loggers: Names of its loggers.
        typed: Whether it reads annotations.
        refs: Dotted paths that the statement refers to.
        strings: Strings of the statement that end like the name of a data file.
        beside: Whether the statement looks for files beside the module.
        registers: Whether one of its decorators may register what it decorates.
    """

    def __init__(self, module: str, package: str, top: Scope) -> None:
        self.module, self.package, self.top = module, package, top
        self.loggers: set[str] = set()
        self.typed = False
        self.scopes: list[Scope] = []
        self.attempts = 0  # in how many `try` and `with` statements an import may fail
        self.reset()

    def reset(self) -> None:
        """Begin a statement."""
        self.out: list[str] = []
        self.refs: set[str] = set()
        self.strings: set[str] = set()
        self.beside = self.registers = False

    def write(self, value: Any) -> None:
        """Write a node, a list of nodes, or a plain value of a field."""
        if isinstance(value, ast.AST):
            handler = _HANDLERS.get(type(value))
            if handler:
                handler(self, value)
            else:
                self.node(value)
        elif type(value) is list:
            self.out.append("[")
            for item in value:
                self.write(item)
            self.out.append("]")
        else:
            self.out.append("~" if value is None else json.dumps(value))

    def node(self, node: ast.AST, names: Iterable[str] | None = None) -> None:
        """Write a node by its fields, without those that are empty."""
        kind = type(node)
        self.out.append(f"({kind.__name__}")
        for name in fields_of(kind) if names is None else names:
            value = getattr(node, name, None)
            if type(value) is list:
                value = [item for item in value if not self.is_silent(item)]
            if value is not None and value != []:
                self.out.append(name)
                self.write(value)
        self.out.append(")")

    def is_silent(self, node: Any) -> bool:
        """Whether a statement has no meaning."""
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant) or self._is_logging(node.value)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return not self.attempts and not self._in_class()
        if isinstance(node, ast.AnnAssign):
            return node.value is None and not self._in_class()
        return isinstance(node, ast.Pass) or (is_type_checking(node) and not node.orelse)

    def _is_logging(self, call: ast.expr) -> bool:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            return False
        base = call.func.value
        return (
            isinstance(base, ast.Name)
            and base.id in self.loggers
            and call.func.attr in LEVELS
            and self._find(base.id) is None
            and not any(isinstance(part, ast.NamedExpr) for part in ast.walk(call))
        )

    def _in_class(self) -> bool:
        return bool(self.scopes) and self.scopes[-1].is_class

    def _find(self, name: str) -> Scope | None:
        """Return the function's scope, or the comprehension's, that binds a name; else None."""
        for scope in reversed(self.scopes):
            if scope.is_class:
                continue
            if name in scope.shared:
                return None
            if name in scope.names or name in scope.imports:
                return scope
        return None

    def path(self, node: ast.AST) -> str | None:
        """Return the dotted path of an imported name, or of an attribute of one."""
        attributes = []
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
        """Note names that reach more than they say."""
        if path in OWN_MODULE:
            self.refs.add(f"{self.module}.{ESCAPED}")
        elif path in ANY_MODULE:
            self.refs.add(f"{self.module.partition('.')[0]}.{ESCAPED}")
        elif path.endswith("__file__") or path in RESOURCES:
            self.beside = True

    def name(self, node: ast.Name) -> None:
        """Write a name: an import by what it stands for."""
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

    def attribute(self, node: ast.Attribute) -> None:
        """Write an attribute: one of an imported module by its whole path."""
        path = self.path(node)
        if path is None:
            self.node(node)
        else:
            self._reach(path)

    def call(self, node: ast.Call) -> None:
        """Write a call: no message to the user; imports by a constant name as what they import."""
        path = self.path(node.func)
        if path is None and isinstance(node.func, ast.Name) and not self._find(node.func.id):
            path = node.func.id
        if path == MESSAGE:
            self._reach(path)
            return
        given = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if isinstance(given, str) and not given.startswith("."):
            if path in ANY_MODULE:
                self.out.append("(import")
                self._reach(f"{given}.{ESCAPED}")
                self.out.append(")")
                return
            if path in RESOURCES and given.partition(".")[0] != self.module.partition(".")[0]:
                beside = self.beside
                self.node(node)
                self.beside = beside  # the files of another package
                return
        if isinstance(given, str) and is_lookup(node):
            self.out.append(f"(global {given})")
            if given in self.top.names or given in self.top.imports:
                self.refs.add(f"{self.module}.{given}")
            return
        if path == "vars" and not node.args:
            self._note("globals")
        self.node(node)

    def constant(self, node: ast.Constant) -> None:
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

    def joined(self, node: ast.JoinedStr) -> None:
        """Write an f-string; Pythons differ in how they cut its constant parts."""
        texts = [""]
        self.out.append("(f")
        for part in [*node.values, None]:
            if isinstance(part, ast.Constant):
                texts.append(part.value)
                continue
            if text := "".join(texts):
                self._string(text)
            texts = []
            if part is not None:
                self.write(part)
        self.out.append(")")

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Write a function; annotations only where a decorator, or `job.run`, may read them."""
        is_pure = self._decorators(node)
        is_main = node.name == "main" and not self.scopes and "." not in self.module
        self.out.append(f"({type(node).__name__} {node.name}")
        self._arguments(node.args, annotated=is_main or self.typed or not is_pure)
        within = scope_of(node.body, self.package)
        within.names |= {each.arg for each in arguments_of(node.args)}
        self._within(within, node, ("body",))
        if getattr(node, "type_params", None):
            self.write(node.type_params)
        self.out.append(")")

    def function_like(self, node: ast.Lambda) -> None:
        """Write a lambda."""
        self.out.append("(")
        self._arguments(node.args, annotated=False)
        within = scope_of([node.body], self.package)
        within.names |= {each.arg for each in arguments_of(node.args)}
        self._within(within, node, ("body",))
        self.out.append(")")

    def _arguments(self, node: ast.arguments, annotated: bool) -> None:
        self.node(node)
        for each in arguments_of(node) if annotated else ():
            self.write(each.annotation)

    def _within(self, scope: Scope, node: ast.AST, names: Iterable[str]) -> None:
        # In a function, an import within a `try` around the function cannot fail there.
        attempts, self.attempts = self.attempts, 0
        self.scopes.append(scope)
        self.node(node, names)
        self.scopes.pop()
        self.attempts = attempts

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
        """Write decorators; returns whether none may do more than decorate."""
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

    def klass(self, node: ast.ClassDef) -> None:
        """Write a class."""
        self._decorators(node)
        self.node(node, ("name", "bases", "keywords", "type_params"))
        self._within(Scope(is_class=True), node, ("body",))

    def comprehension(self, node: ast.AST) -> None:
        """Write a comprehension; its first iterable belongs to the scope around it."""
        first, *others = node.generators
        self.out.append(f"({type(node).__name__}")
        self.write(first.iter)
        targets = [part for each in node.generators for part in ast.walk(each.target)]
        names = {part.id for part in targets if isinstance(part, ast.Name)}
        self.scopes.append(Scope(names))
        self.node(first, ("ifs", "is_async", "target"))
        self.write(others)
        self.node(node, ("elt", "key", "value"))
        self.scopes.pop()
        self.out.append(")")

    def annotated(self, node: ast.AnnAssign) -> None:
        """Write an annotated assignment: as a plain one, except a field of a class."""
        if self._in_class():
            if self.typed:
                self.write(node.annotation)
            said = ast.walk(node.annotation)
            words = " ".join(
                str(getattr(part, "id", getattr(part, "attr", getattr(part, "value", ""))))
                for part in said
            )
            self.out.append(f"(field {' '.join(mark for mark in MARKERS if mark in words)}")
            self.write([node.target, node.value])
            self.out.append(")")
        else:
            self.node(ast.Assign([node.target], node.value))

    def when(self, node: ast.If) -> None:
        """Write an `if`; of one for type checkers only the other branch."""
        self.node(node, ("orelse",) if is_type_checking(node) else None)

    def attempt(self, node: ast.AST) -> None:
        """Write a `try` or a `with`, in which it counts that an import may fail."""
        self.attempts += 1
        self.node(node)
        self.attempts -= 1

    def imports(self, node: ast.Import | ast.ImportFrom) -> None:
        """Write an import that counts by itself."""
        for name, path in imported(node, self.package):
            self.out.append(f"(import {path} {name})")
            if self._in_class():
                self.refs.add(path)


_HANDLERS = {
    ast.Name: _Meaning.name,
    ast.Attribute: _Meaning.attribute,
    ast.Call: _Meaning.call,
    ast.Constant: _Meaning.constant,
    ast.JoinedStr: _Meaning.joined,
    ast.FunctionDef: _Meaning.function,
    ast.AsyncFunctionDef: _Meaning.function,
    ast.Lambda: _Meaning.function_like,
    ast.ClassDef: _Meaning.klass,
    ast.AnnAssign: _Meaning.annotated,
    ast.If: _Meaning.when,
    ast.Import: _Meaning.imports,
    ast.ImportFrom: _Meaning.imports,
} | dict.fromkeys(COMPREHENSIONS, _Meaning.comprehension)
_HANDLERS |= dict.fromkeys((ast.Try, ast.TryStar, ast.With, ast.AsyncWith), _Meaning.attempt)
