"""Hash what a step's code means, so that an edit reruns the steps that it changes and no others.

A fingerprint covers the symbols that its roots reach: functions, classes and assignments at the top
level of a module, followed from name to name through the library, and the data files that they
read. Each is hashed by its meaning, see `eatner.code.meaning`. In doubt something is included: a
step that is rerun in vain costs time, an outdated result costs trust.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eatner.code.meaning import BODY, ModuleMeaning, analyse, digest
from eatner.code.normal_form import DATA, ESCAPED
from eatner.project import SCRIPTS as SCRIPTS

# A cached analysis holds for the code that made it, and for no other.
ANALYSERS = ("meaning.py", "normal_form.py", "scopes.py")
VERSION = digest(b"".join(Path(__file__).with_name(name).read_bytes() for name in ANALYSERS))
# These modules write to the terminal and to the log, which never changes what a step writes.
IGNORED = frozenset({"eatner.errors", "eatner.progress", "eatner.trace"})
# The rows or entries of these files belong to languages: a rule has those of its language as a
# param.
BY_LANGUAGE = frozenset({"languages.tsv", "scripts.tsv", "prompts.yaml", "phrasing.tsv"})
# They import a module whose name is only known when they run. A rule names that module as a root of
# its own, see `kind_code` in workflow/rules/common.smk.
LOADERS = frozenset({"eatner.kinds:kind_run", "eatner.llm.open:open_llm"})
# Data files that are read as text: their line ends mean nothing.
LINES = (".tsv", ".yaml")
# In place of a symbol: all that a module defines.
WHOLE = "*"
# Number of analyses in a cache beyond which those that are not in use are dropped.
MOST_CACHED = 1000


@dataclass(frozen=True, slots=True)
class _Module:
    """A module of the library, or a script.

    Attributes:
        path: Its file; for a folder without one, the `__init__.py` that it could have.
        meaning: What it says.
    """

    path: Path
    meaning: ModuleMeaning

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


class Code:
    """The code of scripts and of the library beside them, each file as it is when first read.

    The nodes of its graph are symbols (`eatner.align:assign`), the other statements of a module
    (`eatner.align:(module)`), all that it defines (`eatner.align:*`) or can be asked for
    (`eatner.align:**`), and data files (`eatner/pairs.tsv`).

    Args:
        root: The folder of the scripts and of the library's package.
        cache: A file for the analyses of modules. If it is missing, broken or read-only, the
            modules are analysed again.
    """

    def __init__(self, root: Path, cache: Path | None = None) -> None:
        self.root, self.cache = root, cache
        self._cached = _read_cache(cache)
        self._used: dict[str, ModuleMeaning] = {}
        self._unsaved = False
        self._listed: dict[Path, frozenset[str]] = {}
        self._modules: dict[str, _Module | None] = {}
        self._resolved: dict[str, frozenset[str]] = {}
        self._nodes: dict[str, tuple[str, frozenset[str]]] = {}

    def fingerprint(self, *roots: str) -> str:
        """Hash everything that roots reach.

        Args:
            roots: Modules (`eatner.align`: all that it defines), symbols (`eatner.llm:LLM`), or
                scripts (`align_entities.py`, relative to the root folder).

        Returns:
            16 hexadecimal digits: the same for the same meaning on every machine and Python.

        Raises:
            ValueError: A root does not exist.
            InputError: A module is not valid Python.
        """
        nodes = self.closure(*roots)
        # A node without a hash does nothing but lead to others.
        lines = sorted(f"{node} {self._nodes[node][0]}" for node in nodes if self._nodes[node][0])
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def closure(self, *roots: str) -> dict[str, frozenset[str]]:
        """List the nodes that roots reach, each with the nodes that it refers to.

        The nodes of the roots come first, and then the others, the nearest first. Arguments and
        errors are those of `fingerprint`.
        """
        reached: dict[str, frozenset[str]] = {}
        nearest = sorted({node for root in roots for node in self._root(root)})
        while nearest:
            for node in nearest:
                reached[node] = self._node(node)[1]
            referred = {target for node in nearest for target in reached[node]}
            nearest = sorted(referred - reached.keys())
        if self._unsaved:
            self._save()
        return reached

    def _root(self, root: str) -> frozenset[str]:
        if root.endswith(".py"):
            path = self.root / root
            if path.resolve().parent != self.root.resolve():
                raise ValueError(f"root {root!r}: the scripts are in {self.root}.")
            name, symbol = path.stem, ""
        else:
            name, _, symbol = root.partition(":")
        module = self._module(name)
        if module is None:
            raise ValueError(f"root {root!r}: there is no such module in {self.root}.")
        if not symbol:
            return self._resolve(f"{name}.{WHOLE}")
        if symbol not in module.meaning["symbols"] and symbol not in module.meaning["imports"]:
            raise ValueError(f"root {root!r}: {module.path} does not define {symbol}.")
        return self._resolve(f"{name}.{symbol}")

    def _names(self, folder: Path) -> frozenset[str]:
        """List a folder; on some machines, asking for `LLM.py` would find `llm.py`."""
        if folder not in self._listed:
            self._listed[folder] = frozenset()
            with suppress(OSError):
                self._listed[folder] = frozenset(path.name for path in folder.iterdir())
        return self._listed[folder]

    def _file(self, name: str) -> Path | None:
        """Return the file that an import finds; for a bare folder the `__init__.py` it lacks."""
        folder, last = self.root.joinpath(*name.split(".")[:-1]), name.rpartition(".")[2]
        names = self._names(folder)
        within = self._names(folder / last) if last in names else frozenset()
        # A folder may be left over from another version of the library.
        if f"{last}.py" in names and "__init__.py" not in within:
            return folder / f"{last}.py"
        return folder / last / "__init__.py" if within else None

    def _module(self, name: str) -> _Module | None:
        """Return a module, or None where the library has none of that name."""
        if name not in self._modules:
            path = self._file(name)
            self._modules[name] = None if path is None else _Module(path, self._read(name, path))
        return self._modules[name]

    def _module_of(self, node: str) -> _Module:
        """Return the module of a node of the graph."""
        name = node.partition(":")[0]
        module = self._module(name)
        if module is None:
            raise KeyError(name)
        return module

    def _read(self, name: str, path: Path) -> ModuleMeaning:
        is_package = path.name == "__init__.py"
        source = path.read_bytes() if path.name in self._names(path.parent) else b""
        # The name, because relative imports and references within the module depend on it.
        key = f"{name} {is_package} {hashlib.sha256(source).hexdigest()}"
        if key not in self._cached:
            self._cached[key] = analyse(source, name, is_package, path)
            self._unsaved = True
        self._used[key] = self._cached[key]
        return self._used[key]

    def _resolve(self, ref: str) -> frozenset[str]:
        """List the nodes that a dotted path means; none outside the library."""
        if ref not in self._resolved:
            self._resolved[ref] = frozenset(self._walk(ref.split(".")))
        return self._resolved[ref]

    def _walk(self, parts: list[str]) -> set[str]:
        name = parts[0]
        module = self._module(name)
        if module is None:
            return set()
        nodes = {f"{name}:{BODY}"}
        for place, part in enumerate(parts[1:], 1):
            if part in (WHOLE, ESCAPED):
                return nodes | {f"{name}:{part}"}
            if f"{name}.{part}" in IGNORED:
                return nodes
            is_symbol = part in module.meaning["symbols"]
            is_import = part in module.meaning["imports"]
            if is_symbol:
                nodes.add(f"{name}:{part}")
            if is_import:  # with the rest of the path, which belongs to what is imported
                nodes.add(f"{name}:{'.'.join(parts[place:])}")
            submodule = self._module(f"{name}.{part}")
            if submodule is None:
                return nodes if is_symbol or is_import else nodes | {f"{name}:{ESCAPED}"}
            name, module = f"{name}.{part}", submodule
            nodes.add(f"{name}:{BODY}")
        return nodes | {f"{name}:{ESCAPED}"}

    def _node(self, node: str) -> tuple[str, frozenset[str]]:
        """Return the hash of a node and the nodes that it refers to."""
        if node not in self._nodes:
            symbol = node.partition(":")[2]
            if not symbol:
                self._nodes[node] = _hash_file(self.root / node), frozenset()
            elif symbol in (WHOLE, ESCAPED):
                self._nodes[node] = "", self._everything(node)
            else:
                self._nodes[node] = self._symbol(node)
        return self._nodes[node]

    def _everything(self, node: str) -> frozenset[str]:
        """List what a whole module leads to: its symbols, and more where it is a value."""
        name, _, symbol = node.partition(":")
        module = self._module_of(node)
        refs = [f"{name}.{own}" for own in module.meaning["symbols"] if own != BODY]
        if symbol == ESCAPED or module.is_package:
            refs += [f"{name}.{imported}" for imported in module.meaning["imports"]]
        if symbol == ESCAPED and module.is_package:
            within = sorted({file.removesuffix(".py") for file in self._names(module.path.parent)})
            submodules = [f"{name}.{file}" for file in within if file.isidentifier()]
            refs += [f"{each}.{ESCAPED}" for each in submodules if self._file(each) is not None]
        return frozenset[str]().union(*map(self._resolve, [f"{name}.{BODY}", *refs]))

    def _symbol(self, node: str) -> tuple[str, frozenset[str]]:
        name, _, symbol = node.partition(":")
        module = self._module_of(node)
        hashes: list[str] = []
        refs: list[str] = []
        nodes: set[str] = set()
        if (own := module.meaning["symbols"].get(symbol)) is not None:
            hashes.append(own["hash"])
            refs += own["refs"]
            for file in own["files"]:
                nodes |= self._data(name, module.path.parent, file)
        imported, _, rest = symbol.partition(".")
        for target in module.meaning["imports"].get(imported, ()):
            hashes.append(target)
            refs.append(f"{target}.{rest}" if rest else target)
        if node in LOADERS:
            refs = [ref for ref in refs if not ref.endswith(f".{ESCAPED}")]
        nodes = nodes.union(*map(self._resolve, refs))
        return digest(" ".join(hashes)), frozenset(nodes)

    def _data(self, module: str, folder: Path, name: str) -> set[str]:
        """List the data files that a module calls by a name: beside it, or else anywhere."""
        paths = [*folder.glob(name)] if name.endswith(".*") else [folder / name]
        if not any(path.is_file() for path in paths):
            top = self.root / module.partition(".")[0]
            paths = [path for path in top.rglob("*") if path.name == Path(name).name]
        return {
            path.relative_to(self.root).as_posix()
            for path in paths
            if path.name.endswith(DATA) and path.name not in BY_LANGUAGE and path.is_file()
        }

    def _save(self) -> None:
        self._unsaved = False
        if self.cache is None:
            return
        kept = self._used if len(self._cached) > MOST_CACHED else self._cached
        text = json.dumps(kept, separators=(",", ":"))
        with suppress(OSError):
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            # A name of its own: several processes may write the cache at the same time.
            handle, part = tempfile.mkstemp(prefix=f".{self.cache.name}.", dir=self.cache.parent)
            try:
                with open(handle, "w", encoding="utf-8", newline="\n") as file:
                    file.write(f"{_seal(text)}\n{text}")
                os.replace(part, self.cache)
            except OSError:
                Path(part).unlink(missing_ok=True)


def _seal(text: str) -> str:
    """Return the first line of a cache, which shows a broken file and one of another version."""
    return hashlib.sha256(f"{VERSION}\n{text}".encode()).hexdigest()


def _read_cache(cache: Path | None) -> dict[str, ModuleMeaning]:
    analyses: dict[str, ModuleMeaning] = {}
    if cache is not None:
        with suppress(OSError, UnicodeDecodeError):
            seal, _, text = cache.read_text(encoding="utf-8").partition("\n")
            if seal == _seal(text):
                analyses = json.loads(text)
    return analyses


def _hash_file(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix in LINES:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """Write what roots reach, one node a line, each with a node that refers to it."""
    parser = argparse.ArgumentParser(
        prog="python -m eatner.code.fingerprint",
        description="List the symbols and data files that a step's code reaches, one a line, each "
        "with the symbol that leads to it.",
    )
    parser.add_argument(
        "roots",
        nargs="+",
        metavar="ROOT",
        help="a module (eatner.align), a symbol (eatner.llm:LLM) or a script (align_entities.py)",
    )
    try:
        reached = Code(SCRIPTS).closure(*parser.parse_args().roots)
    except ValueError as error:
        parser.error(str(error))
    leads: dict[str, str] = {}
    for node, targets in reached.items():
        for target in sorted(targets):
            leads.setdefault(target, node)
    for node in reached:
        sys.stdout.write(f"{node}\t{leads.get(node, '')}\n")


if __name__ == "__main__":
    main()
