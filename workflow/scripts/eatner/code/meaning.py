"""The meaning of a module's code: a hash and the references of each of its top-level symbols.

A symbol is hashed as the normal form of the statements that bind its name, see
`eatner.code.normal_form`. In doubt something counts, or is a reference; see
`eatner.code.fingerprint`.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from eatner.code.normal_form import ESCAPED, Writer
from eatner.code.scopes import declared_global, defined, is_main_guard, scope_of
from eatner.errors import InputError

# In place of a symbol: the statements of a module that belong to all of its symbols.
BODY = "(module)"


class SymbolMeaning(TypedDict):
    """What a module says under one name, as a cache keeps it.

    Attributes:
        hash: The digest of the normal form of the statements that bind the name.
        refs: Dotted paths that they refer to, sorted.
        files: Data files that they read, sorted; see `Symbol`.
    """

    hash: str
    refs: list[str]
    files: list[str]


class ModuleMeaning(TypedDict):
    """What a module says, as a cache keeps it.

    Attributes:
        symbols: The symbols by their names, and under `BODY` the statements without one.
        imports: For each name that imports bind, the dotted paths that it may mean, sorted.
    """

    symbols: dict[str, SymbolMeaning]
    imports: dict[str, list[str]]


@dataclass(slots=True)
class Symbol:
    """What the statements of a module that have been read say under one name.

    Attributes:
        texts: Normal forms of the statements that bind the name, in their order.
        refs: Dotted paths that they refer to.
        files: Data files that they read, as paths from the module's folder; `page.*` means any
            data file of that stem.
    """

    texts: list[str] = field(default_factory=list)
    refs: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def meaning(self) -> SymbolMeaning:
        """Return the symbol as a cache keeps it."""
        return {
            "hash": digest("\n".join(self.texts)),
            "refs": sorted(self.refs),
            "files": sorted(self.files),
        }


def digest(content: str | bytes) -> str:
    """Hash a content to 32 hexadecimal digits; an empty one to an empty string."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:32] if data else ""


def analyse(source: bytes, module: str, is_package: bool, path: Path) -> ModuleMeaning:
    """Find the symbols of a module.

    Args:
        source: The content of the module's file.
        module: The module's dotted name.
        is_package: Whether the file is the `__init__.py` of a package.
        path: The file's path, for errors.

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
    writer = Writer(module, package, top)
    writer.loggers = _loggers(tree.body, writer)
    writer.typed = b"get_type_hints" in source or b"__annotations__" in source
    symbols = {BODY: Symbol()}
    symbols[BODY].refs |= {target.replace("*", ESCAPED) for target in top.imports.pop("*", set())}
    stem = "__init__" if is_package else module.rpartition(".")[2]
    strings: set[str] = set()
    unnamed: list[Symbol] = []  # they look for a file beside the module, and do not name it
    for statement in tree.body:
        if writer.is_silent(statement) or ("." in module and is_main_guard(statement)):
            continue
        writer.reset()
        writer.write(statement)
        names = defined(statement)
        if not names:
            for name in scope_of([statement], package).names:
                symbols.setdefault(name, Symbol())
        if not names or writer.registers:
            names = names | {BODY}
        if declares:
            names = names | declared_global(statement)
        strings |= writer.strings
        for name in names:
            symbol = symbols.setdefault(name, Symbol())
            symbol.texts.append(" ".join(writer.out))
            symbol.refs |= writer.refs
            if writer.beside:
                symbol.files |= _files(writer.strings, stem)
                unnamed += [] if writer.strings else [symbol]
    for symbol in unnamed:
        symbol.files |= {f"{stem}.*"} | _files(strings, stem)
    return {
        "symbols": {name: symbol.meaning() for name, symbol in symbols.items()},
        "imports": {name: sorted(targets) for name, targets in top.imports.items()},
    }


def _files(strings: Iterable[str], stem: str) -> set[str]:
    """Name the files that strings may mean: `.tsv` is the suffix of the module's own file."""
    return {stem + text if text.startswith(".") else text.lstrip("/") for text in strings}


def _loggers(statements: Iterable[ast.stmt], writer: Writer) -> set[str]:
    """Find the loggers of a module: names that are bound once, to `logging.getLogger(...)`."""
    loggers: set[str] = set()
    bound: list[str] = []
    for statement in statements:
        bound += scope_of([statement], "").names
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call) and writer.path(value.func) == "logging.getLogger":
            loggers |= defined(statement)
    return {name for name in loggers if bound.count(name) == 1}
