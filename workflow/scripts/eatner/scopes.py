"""The names that the scopes of a module's syntax tree bind."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

# Fields of syntax nodes that have no meaning, or are written where they have one.
SKIPPED = frozenset({"ctx", "kind", "type_comment", "annotation", "returns", "str"})
_BINDERS = {
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ClassDef: "name",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Scope:
    """The names that a function, a lambda, a comprehension, a class or a module binds.

    Attributes:
        names: Names that are bound other than by an import.
        imports: Names that imports bind, each with the dotted paths that it may stand for.
        shared: Names that are declared global.
        is_class: Whether it is a class body, whose names its functions do not see.
    """

    names: set[str] = field(default_factory=set)
    imports: dict[str, set[str]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    is_class: bool = False

    def target(self, name: str) -> str | None:
        """Return the dotted path of a name that an import binds and nothing else does."""
        targets = self.imports.get(name, ())
        return next(iter(targets)) if len(targets) == 1 and name not in self.names else None


def imported(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, str]]:
    """List the names that an import binds, each with its absolute dotted path."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
        return
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *base.split(".")] if base else above)
    for alias in node.names:
        yield alias.asname or alias.name, f"{base}.{alias.name}"


def is_type_checking(node: ast.AST) -> bool:
    """Whether a statement is an `if` for type checkers, whose body never runs."""
    if not isinstance(node, ast.If):
        return False
    test = node.test
    named = test.id if isinstance(test, ast.Name) else getattr(test, "attr", None)
    return named == "TYPE_CHECKING"


def scope_of(nodes: Iterable[ast.AST], package: str) -> Scope:
    """Collect the names that nodes bind in their own scope, not those of scopes within them."""
    scope = Scope()
    names, todo = scope.names, [(node, False) for node in nodes]
    while todo:
        node, inner = todo.pop()  # inner: in a comprehension, which has its own variables
        kind = type(node)
        if kind is ast.Name:
            if not inner and type(node.ctx) is not ast.Load:
                names.add(node.id)
            continue
        if kind in (ast.Constant, ast.Pass):
            continue
        if kind in (ast.Import, ast.ImportFrom):
            for name, target in imported(node, package):
                scope.imports.setdefault(name, set()).add(target)
            continue
        if kind is ast.Global:
            scope.shared.update(node.names)
            continue
        children: Iterable[ast.AST]
        if kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda):
            children = _outside(node)
        elif is_type_checking(node):
            children = node.orelse
        else:
            children = _children(node)
        if kind in _BINDERS:
            names.update(filter(None, [getattr(node, _BINDERS[kind])]))
        elif kind is ast.NamedExpr:
            names.add(node.target.id)
        inner = inner or kind in COMPREHENSIONS
        todo += [(child, inner) for child in children]
    return scope


def _outside(node: ast.AST) -> list[ast.AST]:
    """List the expressions of a definition that are evaluated in the scope around it."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *(given.value for given in node.keywords)]
    given = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
    return given + getattr(node, "decorator_list", [])


def _children(node: ast.AST) -> list[ast.AST]:
    found = []
    for name in fields_of(type(node)):
        value = getattr(node, name, None)
        if type(value) is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


@cache
def fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """List the fields of a kind of node in an order that is the same in every Python."""
    return tuple(sorted(set(kind._fields) - SKIPPED))


def arguments_of(node: ast.arguments) -> list[ast.arg]:
    """List all parameters of a function."""
    every = [*node.posonlyargs, *node.args, node.vararg, *node.kwonlyargs, node.kwarg]
    return [each for each in every if each is not None]


def declared_global(tree: ast.AST) -> set[str]:
    """List the names that functions in a tree declare global."""
    nodes = ast.walk(tree)
    return {name for node in nodes if isinstance(node, ast.Global) for name in node.names}


def is_main_guard(statement: ast.stmt) -> bool:
    """Whether a statement is an `if` for a module that is run as a command."""
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    return ast.unparse(statement.test) == "__name__ == '__main__'"


def defined(statement: ast.stmt) -> set[str]:
    """Name what a definition or an assignment to names binds; nothing for other statements."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return set()
    parts = [part for target in targets for part in ast.walk(target)]
    plain = (ast.Name, ast.Tuple, ast.List, ast.Starred, ast.expr_context)
    if not all(isinstance(part, plain) for part in parts):
        return set()
    return scope_of([statement], "").names


def is_lookup(call: ast.Call) -> bool:
    """Whether a call is `globals().get(name)`, as scripts ask whether they are a job's."""
    func = call.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr == "get"
        and isinstance(func.value, ast.Call)
        and getattr(func.value.func, "id", "") == "globals"
        and len(call.args) == 1
    )
