"""Hash what a step's code means, so that an edit reruns the steps that it changes and no others.

A fingerprint covers the symbols that its roots reach: functions, classes and assignments at the top
level of a module, followed from name to name through the library, and the data files that they
read. Each is hashed by its meaning, see `eatner.meaning`. In doubt something is included: a step
that is rerun in vain costs time, an outdated result costs trust.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from eatner.meaning import BODY, DATA, ESCAPED, analyse, digest

# An analysis in a cache is as good as the code that made it.
VERSION = digest(
    b"".join(Path(__file__).with_name(n).read_bytes() for n in ("meaning.py", "scopes.py"))
)
# They write to the terminal and to the log, which never changes what a step writes.
IGNORED = frozenset({"eatner.errors", "eatner.progress"})
# Their rows or entries belong to languages: a rule has those of its language as a param.
BY_LANGUAGE = frozenset({"languages.tsv", "prompts.yaml", "phrasing.tsv"})
# Data files that are read as text, whatever their line ends.
LINES = (".tsv", ".yaml")
# In place of a symbol: all that a module defines.
WHOLE = "*"
# Analyses in the cache; beyond this number, those that are not in use are dropped.
MOST_CACHED = 1000
SCRIPTS = Path(__file__).resolve().parents[1]


class Code:
    """The code of scripts and of the library beside them, as it is when it is first asked about.

    The nodes of its graph are symbols (`eatner.align:assign`), the other statements of a module
    (`eatner.align:(module)`), all that it defines (`eatner.align:*`) or can be asked for
    (`eatner.align:**`), and data files (`eatner/pairs.tsv`).

    Args:
        root: The folder of the scripts and of the library's package.
        cache: A file for the analyses of modules. It may be missing, broken or read-only: then the
            modules are analysed again.
    """

    def __init__(self, root: Path, cache: Path | None = None) -> None:
        self.root, self.cache = root, cache
        self._cached = _read_cache(cache)
        self._used: dict[str, Any] = {}
        self._unsaved = False
        self._listed: dict[Path, frozenset[str]] = {}
        self._modules: dict[str, dict[str, Any] | None] = {}
        self._resolved: dict[str, frozenset[str]] = {}
        self._nodes: dict[str, tuple[str, frozenset[str]]] = {}

    def fingerprint(self, *roots: str) -> str:
        """Hash all that roots reach.

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
        # A node without a hash only leads to others.
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
            further = {other for node in nearest for other in reached[node]}
            nearest = sorted(further - reached.keys())
        if self._unsaved:
            self._save()
        return reached

    def _root(self, root: str) -> frozenset[str]:
        if root.endswith(".py"):
            path = self.root / root
            if path.resolve().parent != self.root.resolve():
                raise ValueError(f"root {root!r}: the scripts are in {self.root}.")
            module, symbol = path.stem, ""
        else:
            module, _, symbol = root.partition(":")
        found = self._module(module)
        if found is None:
            raise ValueError(f"root {root!r}: there is no such module in {self.root}.")
        if not symbol:
            return self._resolve(f"{module}.{WHOLE}")
        if symbol not in found["symbols"] and symbol not in found["imports"]:
            raise ValueError(f"root {root!r}: {self._file(module)} does not define {symbol}.")
        return self._resolve(f"{module}.{symbol}")

    def _names(self, folder: Path) -> frozenset[str]:
        """List a folder; some machines would find `llm.py` under the name `LLM.py`."""
        if folder not in self._listed:
            self._listed[folder] = frozenset()
            with suppress(OSError):
                self._listed[folder] = frozenset(path.name for path in folder.iterdir())
        return self._listed[folder]

    def _file(self, module: str) -> Path | None:
        """Return the file that an import finds; for a bare folder the `__init__.py` it lacks."""
        folder, name = self.root.joinpath(*module.split(".")[:-1]), module.rpartition(".")[2]
        names = self._names(folder)
        within = self._names(folder / name) if name in names else frozenset()
        # A folder may be left over from another version of the library.
        if f"{name}.py" in names and "__init__.py" not in within:
            return folder / f"{name}.py"
        return folder / name / "__init__.py" if within else None

    def _module(self, module: str) -> dict[str, Any] | None:
        """Return the analysis of a module, or None where the library has none of that name."""
        if module not in self._modules:
            path = self._file(module)
            self._modules[module] = None if path is None else self._analysis(module, path)
        return self._modules[module]

    def _analysis(self, module: str, path: Path) -> dict[str, Any]:
        is_package = path.name == "__init__.py"
        source = path.read_bytes() if path.name in self._names(path.parent) else b""
        # The name, because relative imports and references within the module depend on it.
        key = f"{module} {is_package} {hashlib.sha256(source).hexdigest()}"
        if key not in self._cached:
            self._cached[key] = analyse(source, module, is_package, path)
            self._unsaved = True
        self._used[key] = self._cached[key]
        return self._used[key]

    def _resolve(self, ref: str) -> frozenset[str]:
        """List the nodes that a dotted path stands for; none outside the library."""
        if ref not in self._resolved:
            self._resolved[ref] = frozenset(self._walk(ref.split(".")))
        return self._resolved[ref]

    def _walk(self, parts: list[str]) -> set[str]:
        module = parts[0]
        if self._module(module) is None:
            return set()
        nodes = {f"{module}:{BODY}"}
        for place, part in enumerate(parts[1:], 1):
            if part in (WHOLE, ESCAPED):
                return nodes | {f"{module}:{part}"}
            if f"{module}.{part}" in IGNORED:
                return nodes
            found = self._module(module)
            if part in found["symbols"]:
                nodes.add(f"{module}:{part}")
            if part in found["imports"]:  # with the rest, to be asked of what it stands for
                nodes.add(f"{module}:{'.'.join(parts[place:])}")
            if self._file(f"{module}.{part}") is None:
                known = part in found["symbols"] or part in found["imports"]
                return nodes if known else nodes | {f"{module}:{ESCAPED}"}
            module = f"{module}.{part}"
            nodes.add(f"{module}:{BODY}")
        return nodes | {f"{module}:{ESCAPED}"}

    def _node(self, node: str) -> tuple[str, frozenset[str]]:
        """Return the hash of a node and the nodes that it refers to."""
        if node not in self._nodes:
            module, _, symbol = node.partition(":")
            if not symbol:
                self._nodes[node] = _hash_file(self.root / node), frozenset()
            elif symbol in (WHOLE, ESCAPED):
                self._nodes[node] = "", self._everything(module, symbol == ESCAPED)
            else:
                self._nodes[node] = self._symbol(module, symbol)
        return self._nodes[node]

    def _everything(self, module: str, escaped: bool) -> frozenset[str]:
        path, found = self._file(module), self._module(module)
        is_package = path.name == "__init__.py"
        refs = [f"{module}.{name}" for name in found["symbols"] if name != BODY]
        if escaped or is_package:
            refs += [f"{module}.{name}" for name in found["imports"]]
        if escaped and is_package:
            within = sorted({name.removesuffix(".py") for name in self._names(path.parent)})
            others = [f"{module}.{name}" for name in within if name.isidentifier()]
            refs += [f"{other}.{ESCAPED}" for other in others if self._file(other) is not None]
        return frozenset().union(*map(self._resolve, [f"{module}.{BODY}", *refs]))

    def _symbol(self, module: str, symbol: str) -> tuple[str, frozenset[str]]:
        found = self._module(module)
        hashes, refs, files = [], [], []
        if symbol in found["symbols"]:
            own, refs, files = found["symbols"][symbol]
            hashes = [own]
        name, _, rest = symbol.partition(".")
        if name in found["imports"]:
            targets = found["imports"][name]
            hashes += targets
            refs = [*refs, *(f"{target}.{rest}" if rest else target for target in targets)]
        nodes = set().union(*map(self._resolve, refs))
        for file in files:
            nodes |= self._data(module, file)
        return digest(" ".join(hashes)), frozenset(nodes)

    def _data(self, module: str, name: str) -> set[str]:
        """List the data files that a module calls by a name: beside it, or else anywhere."""
        folder = self._file(module).parent
        found = [*folder.glob(name)] if name.endswith(".*") else [folder / name]
        if not any(path.is_file() for path in found):
            top = self.root / module.partition(".")[0]
            found = [path for path in top.rglob("*") if path.name == Path(name).name]
        return {
            path.relative_to(self.root).as_posix()
            for path in found
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
            handle, part = tempfile.mkstemp(prefix=f".{self.cache.name}.", dir=self.cache.parent)
            try:
                with open(handle, "w", encoding="utf-8", newline="\n") as file:
                    file.write(f"{_seal(text)}\n{text}")
                os.replace(part, self.cache)
            except OSError:
                Path(part).unlink(missing_ok=True)


def _seal(text: str) -> str:
    """Return the first line of a cache: it tells a broken file, and one of another version."""
    return hashlib.sha256(f"{VERSION}\n{text}".encode()).hexdigest()


def _read_cache(cache: Path | None) -> dict[str, Any]:
    if cache is not None:
        with suppress(OSError, UnicodeDecodeError):
            seal, _, text = cache.read_text(encoding="utf-8").partition("\n")
            if seal == _seal(text):
                return json.loads(text)
    return {}


def _hash_file(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix in LINES:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """List what roots reach, one a line: each after a symbol that refers to it."""
    parser = argparse.ArgumentParser(
        prog="python -m eatner.fingerprint",
        description="List the symbols and data files that a step's code reaches, one a line, each "
        "with the symbol that led to it.",
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
    led: dict[str, str] = {}
    for node, others in reached.items():
        for other in sorted(others):
            led.setdefault(other, node)
    for node in reached:
        sys.stdout.write(f"{node}\t{led.get(node, '')}\n")


if __name__ == "__main__":
    main()
