"""The names that the scopes of a module's syntax tree bind."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

# Fields of syntax nodes without a meaning; annotations are written where they have one.
SKIPPED = frozenset({"ctx", "kind", "type_comment", "annotation", "returns", "str"})
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Scope:
    """The names that a function, a lambda, a comprehension, a class or a module binds.

    Attributes:
        names: Names that are bound other than by an import.
        imports: Names that imports bind, each with the dotted paths that it may mean.
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


def is_type_checking(statement: ast.If) -> bool:
    """Whether an `if` is for type checkers, so that its body never runs."""
    match statement.test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
    return False


def scope_of(nodes: Iterable[ast.AST], package: str) -> Scope:
    """Collect the names that nodes bind in their own scope, not those of scopes within them.

    Args:
        nodes: Statements or expressions.
        package: The package from which their relative imports start.
    """
    scope = Scope()
    # With each node, whether it is in a comprehension, which has variables of its own.
    pending: list[tuple[ast.AST, bool]] = [(node, False) for node in nodes]
    while pending:
        node, is_inner = pending.pop()
        if isinstance(node, ast.Name):  # most nodes are names
            if not is_inner and not isinstance(node.ctx, ast.Load):
                scope.names.add(node.id)
            continue
        _bind(node, scope, package)
        is_inner = is_inner or isinstance(node, Comprehension)
        pending += [(child, is_inner) for child in _children(node)]
    return scope


def _bind(node: ast.AST, scope: Scope, package: str) -> None:
    """Add the names that a node other than a plain name binds."""
    match node:
        case ast.Import() | ast.ImportFrom():
            for name, path in imported(node, package):
                scope.imports.setdefault(name, set()).add(path)
        case ast.Global():
            scope.shared.update(node.names)
        case ast.NamedExpr(target=ast.Name(id=name)):  # also out of a comprehension
            scope.names.add(name)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            scope.names.add(node.name)
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            scope.names.add(name)


def _children(node: ast.AST) -> Sequence[ast.AST]:
    """List the nodes below a node that are evaluated in its scope."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*_defaults(node.args), *node.decorator_list]
        case ast.Lambda():
            return _defaults(node.args)
        case ast.ClassDef():
            keywords = [keyword.value for keyword in node.keywords]
            return [*node.decorator_list, *node.bases, *keywords]
        case ast.If() if is_type_checking(node):
            return node.orelse
    children: list[ast.AST] = []
    for name in in_order(node._fields):
        value = getattr(node, name, None)
        if isinstance(value, list):
            children += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            children.append(value)
    return children


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *filter(None, arguments.kw_defaults)]


@cache
def in_order(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the fields of a node that mean something, in the same order in every Python."""
    return tuple(sorted(set(fields) - SKIPPED))


def arguments_of(node: ast.arguments) -> list[ast.arg]:
    """List all parameters of a function."""
    every = [*node.posonlyargs, *node.args, node.vararg, *node.kwonlyargs, node.kwarg]
    return [argument for argument in every if argument is not None]


def declared_global(tree: ast.AST) -> set[str]:
    """List the names that functions in a tree declare global."""
    nodes = ast.walk(tree)
    return {name for node in nodes if isinstance(node, ast.Global) for name in node.names}


def is_main_guard(statement: ast.stmt) -> bool:
    """Whether a statement is the `if` whose body runs only if the module is run as a command."""
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    return ast.unparse(statement.test) == "__name__ == '__main__'"


def defined(statement: ast.stmt) -> set[str]:
    """Return the names that a definition or an assignment to names binds; else none."""
    targets: Sequence[ast.expr]
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Assign():
            targets = statement.targets
        case ast.AnnAssign():
            targets = [statement.target]
        case _:
            return set()
    parts = [part for target in targets for part in ast.walk(target)]
    plain = (ast.Name, ast.Tuple, ast.List, ast.Starred, ast.expr_context)
    if not all(isinstance(part, plain) for part in parts):
        return set()
    return scope_of([statement], "").names


def is_lookup(call: ast.Call) -> bool:
    """Whether a call is `globals().get(name)`, by which a script asks whether it runs in a job."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="globals")), attr="get"), args=[_]
        ):
            return True
    return False
