"""A fingerprint changes with the meaning of the code that its roots reach, with nothing else."""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from eatner import fingerprint
from eatner.errors import InputError
from eatner.fingerprint import SCRIPTS, Code

LOUD = {"debug", "info", "warning", "error"}


class Project:
    """A small library, and the fingerprints of its present state."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")

    def fingerprint(self, *roots: str) -> str:
        return Code(self.root).fingerprint(*roots)

    def reached(self, *roots: str) -> set[str]:
        """The symbols that roots reach, without what belongs to whole modules."""
        return {node for node in Code(self.root).closure(*roots) if node[-1] not in ")*"}

    def changes(self, module: str, before: str, after: str, root: str) -> bool:
        """Whether an edit of a module changes the fingerprint of a root."""
        path = self.root / module
        text = path.read_text(encoding="utf-8")
        assert before in text
        was = self.fingerprint(root)
        path.write_text(text.replace(before, after), encoding="utf-8")
        now = self.fingerprint(root)
        path.write_text(text, encoding="utf-8")
        assert self.fingerprint(root) == was
        return now != was


@pytest.fixture(params=["eatner", "namen"])
def package(request) -> str:
    """The name of the library; it has none of its own in the rules."""
    return request.param


@pytest.fixture
def code(tmp_path) -> Project:
    project = Project(tmp_path)
    project.write({"eatner/__init__.py": ""})
    return project


def module(code: Project, text: str, name: str = "x") -> str:
    """Write one module of the library; returns its fingerprint."""
    code.write({f"eatner/{name}.py": text})
    return code.fingerprint(f"eatner.{name}")


STEP = '''
    """Names in sentences."""

    from __future__ import annotations

    import json
    import logging
    import re
    from dataclasses import dataclass
    from functools import cache
    from typing import TYPE_CHECKING

    from eatner.errors import InputError

    if TYPE_CHECKING:
        import torch

    log = logging.getLogger(__name__)
    LIMIT = 10_000
    NAMES = ("東京", "Москва")
    TABLE = {}


    class Base:
        """A base."""


    class Other:
        """Another."""


    @dataclass(frozen=True)
    class Span(Base):
        """A span."""

        start: int
        end: int = 0

        def width(self) -> int:
            """How wide."""
            return self.end - self.start


    @cache
    def find(text: str, limit: int = 3, *, strict: bool = True) -> list[Span]:
        """Find names."""
        # The longest first.
        found: list[Span] = []
        for match in re.finditer(r"\\w+", text):
            if len(match[0]) > limit:
                found.append(Span(match.start(), match.end()))
        log.info("%d names in %s", len(found), text)
        if not found and strict:
            raise InputError(f"no name in {text!r}", remedy="Write one.")
        return found


    TABLE["find"] = find
'''

SAME = {
    "comment": ("# The longest first.", "# Whatever."),
    "comment within": ("limit: int = 3,", "limit: int = 3,  # characters\n   "),
    "module docstring": ('"""Names in sentences."""', '"""Phrases."""'),
    "class docstring": ('    """A span."""', '    """A run of\n    characters.\n    """'),
    "class docstring goes": ('    """A base."""', "    pass"),
    "function docstring": ('"""Find names."""', "'''Look.'''"),
    "string behind an assignment": ("LIMIT = 10_000", 'LIMIT = 10_000\n"""A limit."""'),
    "blank lines": ("found: list", "\n\n\n    found: list"),
    "line breaks": (
        "def find(text: str, limit: int = 3, *, strict: bool = True)",
        "def find(\n    text: str,\n    limit: int = 3,\n    *,\n    strict: bool = True,\n)",
    ),
    "parentheses": ("self.end - self.start", "(self.end - (self.start))"),
    "quotes": ('"東京"', "'東京'"),
    "escapes": ('"東京"', '"\\u6771\\u4eac"'),
    "digits": ("10_000", "0x2710"),
    "annotation of a parameter": ("text: str", "text: bytes | None"),
    "annotation goes": ("text: str", "text"),
    "annotation of a result": ("(self) -> int", "(self)"),
    "annotation of a local": ("found: list[Span] = []", "found = []"),
    "annotation of a constant": ("LIMIT =", "LIMIT: int ="),
    "type of a field": ("start: int", "start: float"),
    "unused import": ("import json", "import csv"),
    "no unused import": ("import json\n", ""),
    "order of imports": ("import logging\nimport re", "import re\nimport logging"),
    "alias": ("import re\n", "import re as r\n", "re.finditer", "r.finditer"),
    "from-import": ("import re\n", "from re import finditer\n", "re.finditer", "finditer"),
    "for type checkers": ("    import torch", "    import jax"),
    "text of a log line": ("%d names in %s", "%d phrases in %s"),
    "arguments of a log line": ("len(found), text)", "len(found), text.upper())"),
    "log line goes": ('log.info("%d names in %s", len(found), text)', "pass"),
    "message": ("no name in {text!r}", "no name here: {NAMES}"),
    "remedy": ("Write one.", "Write two."),
    "statement of nothing": ("    found: list", "    ...\n    found: list"),
}

DIFFERENT = {
    "constant": ("10_000", "10_001"),
    "kind of number": ("10_000", "10_000.0"),
    "text": ("東京", "京都"),
    "order of a tuple": ('"東京", "Москва"', '"Москва", "東京"'),
    "operator": ("self.end - self.start", "self.end + self.start"),
    "comparison": ("> limit", ">= limit"),
    "default": ("limit: int = 3", "limit: int = 4"),
    "keyword's default": ("strict: bool = True", "strict: bool = False"),
    "kind of parameter": ("*, strict", "strict"),
    "name of a parameter": ("text: str", "sentence: str"),
    "decorator": ("@cache\n", ""),
    "decorator's argument": ("frozen=True", "frozen=False"),
    "base": ("Span(Base)", "Span(Other)"),
    "order of fields": ("    start: int\n    end: int = 0", "    end: int = 0\n    start: int"),
    "name of a field": ("start: int", "begin: int"),
    "default of a field": ("end: int = 0", "end: int = 1"),
    "class variable": ("end: int = 0", "end: ClassVar[int] = 0"),
    "quoted class variable": ("end: int = 0", 'end: "ClassVar[int]" = 0'),
    "no parameter of init": ("end: int = 0", "end: dataclasses.InitVar[int] = 0"),
    "keyword fields": ("    start: int", "    _: KW_ONLY\n    start: int"),
    "kept field": ("    end: int = 0", "    end = 0"),
    "method": ("def width", "def length"),
    "async": ("def find", "async def find"),
    "registration": ('TABLE["find"]', 'TABLE["seek"]'),
    "side effect": ("TABLE = {}", "TABLE = {}\nre.purge()"),
    "library's function": ("re.finditer", "re.findall"),
    "no raise": ("raise InputError(", "print("),
    "other error": ("raise InputError(", "raise ValueError("),
    "logger used otherwise": ("log.info(", "log.setLevel("),
    "condition": ("and strict", "or strict"),
    "statement goes": ("found.append(Span(match.start(), match.end()))", "pass"),
    "raw string": ('r"\\w+"', 'r"\\s+"'),
}


def edited(edits: tuple[str, ...]) -> str:
    text = textwrap.dedent(STEP)
    for before, after in zip(edits[::2], edits[1::2], strict=True):
        assert before in text
        text = text.replace(before, after)
    return text


@pytest.mark.parametrize("edits", SAME.values(), ids=SAME.keys())
def test_an_edit_without_meaning_changes_nothing(code, edits):
    assert module(code, STEP) == module(code, edited(edits))


@pytest.mark.parametrize("edits", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_an_edit_of_meaning_changes_the_fingerprint(code, edits):
    assert module(code, STEP) != module(code, edited(edits))


def test_the_order_of_definitions_says_nothing(code):
    lines = ["def f():\n    return g()\n", "def g():\n    return A\n", "A = 1\n", "class C: pass\n"]
    found = {module(code, "".join(random.Random(seed).sample(lines, 4))) for seed in range(6)}
    assert len(found) == 1


def test_the_order_of_two_definitions_of_a_name_counts(code):
    first, second = "def f():\n    return 1\n", "def f():\n    return 2\n"
    assert module(code, first + second) != module(code, second + first)


def test_the_order_of_other_statements_counts(code):
    first, second = "print(1)\n", "print(2)\n"
    assert module(code, first + second) != module(code, second + first)


def test_line_ends_and_a_byte_order_mark_say_nothing(code):
    was = module(code, 'A = """x\ny"""\ndef f(): return A\n')
    path = code.root / "eatner" / "x.py"
    content = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert code.fingerprint("eatner.x") == was


EVERY_KIND = r"""
    SOME = [*NAMES, -1.5e3, 2j, None, ..., b"\x00", "\ud800", f"a{LIMIT!r:>{LIMIT}}b" "c", f"{1:}"]
    async def many(a, /, b, *c, d=1, **e):
        async with a as f, b:
            return [x async for x in c if (y := x)], {k: v for k, v in e.items()}, lambda z=d: z
    def choose(value):
        global SOME
        match value:
            case [1, *rest] | {"a": rest}: del rest[0:1]
            case {"a": 1, **rest}: pass
            case Span(start=0) as found if found: return f"{found=}"
        try:
            with value: yield from value
        except* ValueError as error: raise KeyError from error
        finally: assert not SOME, "none"
"""


def test_a_fingerprint_is_the_same_on_every_machine_and_python(code):
    assert module(code, textwrap.dedent(STEP) + textwrap.dedent(EVERY_KIND)) == "86e540dfd76f014d"


# By symbol


CHAIN = {
    "{p}/__init__.py": "",
    "{p}/far.py": """
        SCALE = 2
        OTHER = 3

        def far(x):
            return x * SCALE

        def unused(x):
            return x * OTHER
    """,
    "{p}/deep/__init__.py": "",
    "{p}/deep/mid.py": """
        from {p}.far import far, unused

        def mid(x):
            return far(x)

        def beside(x):
            return unused(x)
    """,
    "{p}/deep/near.py": """
        from . import mid as middle

        def near(x):
            return middle.mid(x)
    """,
    "run_it.py": """
        from pathlib import Path

        import {p}.deep.near

        def main(x: Path, y: str = "a") -> None:
            {p}.deep.near.near(x)

        if __name__ == "__main__":
            main()
    """,
}


@pytest.fixture
def chain(tmp_path, package) -> Project:
    project = Project(tmp_path)
    project.write({n.replace("{p}", package): t.replace("{p}", package) for n, t in CHAIN.items()})
    return project


def test_a_function_that_is_reached_through_three_modules_counts(chain, package):
    for root in (f"{package}.deep.near", f"{package}.deep.near:near", "run_it.py"):
        for before, after in (("x * SCALE", "x + SCALE"), ("SCALE = 2", "SCALE = 5")):
            assert chain.changes(f"{package}/far.py", before, after, root)


def test_what_is_not_reached_does_not_count(chain, package):
    for root in (f"{package}.deep.near", f"{package}.deep.near:near", "run_it.py"):
        for before, after in (("x * OTHER", "x + OTHER"), ("OTHER = 3", "OTHER = 5")):
            assert not chain.changes(f"{package}/far.py", before, after, root)
        assert not chain.changes(f"{package}/deep/mid.py", "unused(x)", "unused(2)", root)


def test_the_closure_says_what_is_reached_and_from_where(chain, package):
    symbols = {f"{package}.deep.near:near", f"{package}.deep.mid:mid", f"{package}.far:far"}
    assert chain.reached(f"{package}.deep.near:near") == symbols | {f"{package}.far:SCALE"}
    closure = Code(chain.root).closure(f"{package}.deep.near:near")
    assert f"{package}.far:SCALE" in closure[f"{package}.far:far"]


def test_statements_of_a_module_count_as_soon_as_it_is_reached(chain, package):
    root = f"{package}.deep.near:near"
    for effect in ("print(OTHER)", "if OTHER:\n    SCALE = 4", "SCALE += 1", "del OTHER"):
        assert chain.changes(f"{package}/far.py", "OTHER = 3", f"OTHER = 3\n{effect}", root)
    path = chain.root / package / "far.py"
    path.write_text(path.read_text() + "print(OTHER)\n", encoding="utf-8")
    assert chain.changes(f"{package}/far.py", "OTHER = 3", "OTHER = 5", root)


def test_statements_of_the_packages_above_count(chain, package):
    for name in (f"{package}/__init__.py", f"{package}/deep/__init__.py"):
        was = chain.fingerprint("run_it.py")
        (chain.root / name).write_text("print(1)\n", encoding="utf-8")
        assert chain.fingerprint("run_it.py") != was


def test_annotations_of_the_main_of_a_script_count(chain, package):
    assert chain.changes("run_it.py", "x: Path", "x: str", "run_it.py")
    assert chain.changes("run_it.py", "y: str", "y: dict", "run_it.py")
    assert not chain.changes("run_it.py", ") -> None", ")", "run_it.py")
    assert chain.changes("run_it.py", "    main()", "    main(1)", "run_it.py")


def test_a_module_that_is_run_as_a_command_does_nothing_more_when_it_is_imported(code):
    was = module(code, "A = 1\n")
    assert module(code, 'A = 1\nif __name__ == "__main__":\n    print(A)\n') == was
    assert module(code, 'A = 1\nif __name__ != "__main__":\n    print(A)\n') != was


def test_scripts_import_modules_beside_them(code):
    code.write({"job.py": "def run(f):\n    return f\ndef other(): pass\n"})
    code.write({"step.py": "import job\ndef main(): pass\njob.run(main)\n"})
    assert code.changes("job.py", "return f", "return f()", "step.py")
    assert not code.changes("job.py", "pass", "return 1", "step.py")


IMPORTS = {
    "from": ("from eatner.y import f", "f"),
    "from as": ("from eatner.y import f as g", "g"),
    "module": ("from eatner import y", "y.f"),
    "module as": ("from eatner import y as z", "z.f"),
    "dotted": ("import eatner.y", "eatner.y.f"),
    "dotted as": ("import eatner.y as z", "z.f"),
    "relative": ("from .y import f", "f"),
    "relative module": ("from . import y", "y.f"),
    "re-export": ("from eatner.sub import f", "f"),
    "renamed re-export": ("from eatner.sub import g", "g"),
    "re-exported module": ("from eatner.sub import y", "y.f"),
}


@pytest.mark.parametrize("where", ["top", "function", "class", "try"])
@pytest.mark.parametrize(("statement", "name"), IMPORTS.values(), ids=IMPORTS.keys())
def test_every_form_of_import_is_followed(code, statement, name, where):
    code.write(
        {
            "eatner/y.py": "def f():\n    return 1\n\ndef other():\n    return 2\n",
            "eatner/sub/__init__.py": "from .. import y\nfrom ..y import f, f as g\n",
            "eatner/x.py": {
                "top": f"{statement}\ndef use():\n    return {name}()\n",
                "function": f"def use():\n    {statement}\n    return {name}()\n",
                "class": f"class use:\n    {statement}\n    a = {name}()\n",
                "try": f"try:\n    {statement}\nexcept ImportError:\n    pass\n"
                f"def use():\n    return {name}()\n",
            }[where],
        }
    )
    assert code.changes("eatner/y.py", "return 1", "return 3", "eatner.x:use")
    if where != "class":
        assert not code.changes("eatner/y.py", "return 2", "return 3", "eatner.x:use")


def test_an_import_that_may_stand_for_two_things_is_both(code):
    code.write(
        {"eatner/a.py": "def f():\n    return 1\n", "eatner/b.py": "def f():\n    return 2\n"}
    )
    two = "if A:\n    from eatner.a import f\nelse:\n    from eatner.b import f\n"
    code.write({"eatner/x.py": f"A = 1\n{two}def use():\n    return f()\n"})
    code.write(
        {"eatner/w.py": f"A = 1\ndef use():\n{textwrap.indent(two, '    ')}    return f()\n"}
    )
    for root in ("eatner.x:use", "eatner.w:use"):
        assert code.changes("eatner/a.py", "return 1", "return 3", root)
        assert code.changes("eatner/b.py", "return 2", "return 3", root)


def test_a_changed_re_export_counts_even_if_both_are_reached(code):
    code.write(
        {
            "eatner/a.py": "def f():\n    return 1\n",
            "eatner/b.py": "def f():\n    return 2\n",
            "eatner/sub/__init__.py": "from eatner.a import f\n",
            "eatner/x.py": "from eatner import a, b, sub\ndef use():\n    return a.f, b.f, sub.f\n",
        }
    )
    assert code.changes("eatner/sub/__init__.py", "eatner.a", "eatner.b", "eatner.x:use")


def test_a_package_as_a_root_has_what_it_re_exports(code):
    code.write({"eatner/y.py": "def f():\n    return 1\n"})
    code.write({"eatner/sub/__init__.py": "from eatner.y import f\n"})
    assert code.changes("eatner/y.py", "return 1", "return 2", "eatner.sub")


ESCAPES = {
    "value": "from eatner import y\ndef use():\n    return vars(y)\n",
    "getattr": "from eatner import y\ndef use(name):\n    return getattr(y, name)()\n",
    "dotted": "import eatner.y\ndef use():\n    return [eatner.y]\n",
    "package": "import eatner\ndef use(name):\n    return eatner\n",
    "local": "def use(name):\n    from eatner import y\n    return getattr(y, name)()\n",
    "star": "from eatner.y import *\ndef use():\n    return f()\n",
    "importlib": "import importlib\ndef use():\n    return importlib.import_module('eatner.y')\n",
    "computed": "from importlib import import_module\n"
    "def use(n):\n    return import_module('eatner.' + n)\n",
    "passed on": "import importlib\ndef use(n):\n    return map(importlib.import_module, n)\n",
    "builtin": "def use(n):\n    return __import__(n)\n",
    "unknown name": "from eatner import y\ndef use():\n    return y.made()\n",
    "re-exported": "from eatner.sub import y\ndef use():\n    return [y]\n",
}


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES.keys())
def test_a_module_that_is_used_as_a_value_counts_as_a_whole(code, text):
    code.write({"eatner/y.py": "from eatner.z import g\ndef f():\n    return 1\n"})
    code.write({"eatner/z.py": "def g():\n    return 1\n", "eatner/x.py": text})
    code.write({"eatner/sub/__init__.py": "from eatner import y\n"})
    for name in ("y", "z"):
        assert code.changes(f"eatner/{name}.py", "return 1", "return 2", "eatner.x:use")


@pytest.mark.parametrize("use", ["globals()[n]", "eval(n)", "vars()[n]", "sys.modules[n]"])
def test_a_computed_name_is_any_of_the_module(code, use):
    text = f"import sys\ndef use(n):\n    return {use}\ndef f():\n    return 1\n"
    code.write({"eatner/x.py": text})
    assert code.changes("eatner/x.py", "return 1", "return 2", "eatner.x:use")


def test_a_script_may_ask_whether_it_is_a_job(code):
    code.write({"eatner/y.py": "def f():\n    return 1\n"})
    code.write({"step.py": 'from eatner import y\nprint(globals().get("snakemake"))\n'})
    assert not code.changes("eatner/y.py", "return 1", "return 2", "step.py")


SHADOWED = {
    "parameter": "def use(f):\n    return f()",
    "default of another": "def use(*f, **g):\n    return f, g",
    "assignment": "def use():\n    f = 1\n    return f",
    "later assignment": "def use():\n    print(f)\n    f = 1",
    "unpacking": "def use():\n    a, (*f, b) = 1, (2, 3)\n    return f",
    "loop": "def use():\n    for f in []:\n        print(f)",
    "with": "def use():\n    with open(1) as f:\n        return f",
    "except": "def use():\n    try:\n        pass\n    except OSError as f:\n        return f",
    "walrus": "def use():\n    return (f := 1) + f",
    "walrus in a comprehension": "def use():\n    return [1 for _ in [] if (f := 1)], f",
    "comprehension": "def use():\n    return [f for f in []], {f: f for f in []}",
    "nested comprehension": "def use():\n    return [f for g in [] for f in g]",
    "lambda": "def use():\n    return lambda f: f",
    "nested function": "def use():\n    def f(): pass\n    return f()",
    "in a nested function": "def use(f):\n    def g():\n        return f\n    return g",
    "nonlocal": "def use():\n    f = 1\n    def g():\n        nonlocal f\n        f = 2",
    "match": "def use(x):\n    match x:\n        case [f]: return f",
    "match star": "def use(x):\n    match x:\n        case [1, *f]: return f",
    "match rest": "def use(x):\n    match x:\n        case {1: 2, **f}: return f",
    "match as": "def use(x):\n    match x:\n        case int() as f: return f",
    "import": "def use():\n    import json as f\n    return f.dumps",
    "method": "class use:\n    def f(self): return self.f",
    "field": "class use:\n    f: int = 2",
    "keyword": "def use():\n    return dict(f=1)",
    "attribute": "def use(x):\n    return x.f",
    "annotation": "def use(x: f) -> f:\n    y: f = x\n    return y",
    "of a class": "class use:\n    f = 1",
}


@pytest.mark.parametrize("kind", ["function", "import", "module"])
@pytest.mark.parametrize("text", SHADOWED.values(), ids=SHADOWED.keys())
def test_a_local_name_is_no_reference(code, text, kind):
    given = {
        "function": "def f():\n    return 1\n",
        "import": "from eatner.y import f\n",
        "module": "from eatner import y as f\n",
    }[kind]
    code.write({"eatner/y.py": "def f():\n    return 1\n", "eatner/x.py": f"{given}{text}\n"})
    assert code.reached("eatner.x:use") == {"eatner.x:use"}


SEEN = {
    "first iterable": "def use():\n    return [f for f in f]",
    "condition": "def use():\n    return [x for x in [] if f(x)]",
    "default": "def use(f=f):\n    return f",
    "default of a lambda": "def use():\n    return lambda f=f: f",
    "keyword's default": "def use(*, g=f):\n    return g",
    "decorator": "@f\ndef use(): pass",
    "decorator of a method": "class use:\n    @f\n    def g(self): pass",
    "base": "class use(f): pass",
    "metaclass": "class use(metaclass=f): pass",
    "method": "class use:\n    def f(self):\n        return f()",
    "class body": "class use:\n    f = f",
    "default of a field": "class use:\n    x: int = f()",
    "nested": "def use():\n    def g():\n        return lambda: [f for _ in []]\n    return g",
    "beside a lambda": "def use():\n    return (lambda f: f)(f)",
    "beside a nested function": "def use():\n    def g(f): pass\n    return f",
    "beside a comprehension": "def use():\n    return [f for f in []], f",
    "global": "def use():\n    global f\n    f = 1",
    "global within": "def use(f):\n    def g():\n        global f\n        return f\n    return g",
    "f-string": "def use(x):\n    return f'{x:{f}}'",
    "match class": "def use(x):\n    match x:\n        case f(): pass",
    "augmented": "def use():\n    global f\n    f += 1",
    "message of another error": "def use():\n    raise ValueError(f)",
    "slice": "def use(x):\n    return x[f:]",
    "star": "def use(x):\n    return x(*f, **f)",
    "with": "def use():\n    with f: pass",
    "await": "async def use():\n    await f",
    "except": "def use():\n    try: pass\n    except f: pass",
    "delete": "def use():\n    del f.x",
    "store": "def use():\n    f.x = 1",
    "constant": "use = [f]",
    "one of two": "use, other = f, 1",
    "chain": "other = use = f",
    "annotated": "use: int = f",
    "conditional": "if 1:\n    use = f",
}


@pytest.mark.parametrize("kind", ["function", "import"])
@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN.keys())
def test_a_name_of_the_module_is_a_reference(code, text, kind):
    given = "def f():\n    return 1\n" if kind == "function" else "from eatner.y import f\n"
    code.write({"eatner/y.py": "def f():\n    return 1\n", "eatner/x.py": f"{given}{text}\n"})
    where = "eatner/x.py" if kind == "function" else "eatner/y.py"
    assert code.changes(where, "return 1", "return 2", "eatner.x:use")


def test_a_function_that_sets_a_global_counts_for_those_that_read_it(code):
    code.write(
        {"eatner/x.py": "N = 0\ndef use():\n    return N\ndef set_it():\n    global N\n    N = 1\n"}
    )
    assert code.changes("eatner/x.py", "    N = 1", "    N = 2", "eatner.x:use")


REGISTERED = (
    "TABLE = {}\ndef add(f):\n    TABLE[f.__name__] = f\ndef use(n):\n    return TABLE[n]\n"
)


@pytest.mark.parametrize(
    "text",
    [
        "@add\ndef g():\n    return 1\n",
        "class A:\n    @add\n    def g():\n        return 1\n",
        "def g():\n    return 1\nadd(g)\n",
        "def g():\n    return 1\nfor f in [g]:\n    TABLE[1] = f\n",
        "def g():\n    return 1\nTABLE['g'], x = g, 1\n",
        "import other\n@other.register\ndef g():\n    return 1\n",
        "from functools import singledispatch\n@singledispatch\ndef s(x): pass\n"
        "@s.register\ndef g(x: int):\n    return 1\n",
    ],
)
def test_what_is_registered_counts_for_its_module(code, text):
    code.write({"eatner/x.py": REGISTERED + text})
    assert code.changes("eatner/x.py", "return 1", "return 2", "eatner.x:use")
    if "x: int" in text:  # which chooses the function
        assert code.changes("eatner/x.py", "x: int", "x: str", "eatner.x:use")


@pytest.mark.parametrize(
    "name", ["cache", "functools.lru_cache(maxsize=1)", "dataclass", "property"]
)
def test_what_is_only_decorated_does_not(code, name):
    imports = "import functools\nfrom dataclasses import dataclass\nfrom functools import cache\n"
    code.write({"eatner/x.py": f"{imports}{REGISTERED}@{name}\ndef g():\n    return 1\n"})
    assert not code.changes("eatner/x.py", "return 1", "return 2", "eatner.x:use")


def test_a_property_is_no_registration(code):
    text = "@property\ndef a(self): pass\n@a.setter\ndef a(self, v): return 1\n"
    code.write({"eatner/x.py": f"{REGISTERED}class A:\n{textwrap.indent(text, '  ')}"})
    assert not code.changes("eatner/x.py", "return 1", "return 2", "eatner.x:use")


def test_an_import_that_may_fail_counts(code):
    text = "def use():\n    try:\n        import {}\n    except ImportError:\n        return 1\n"
    assert module(code, text.format("gliner")) != module(code, text.format("vllm"))


def test_annotations_count_in_a_module_that_reads_them(code):
    text = "from typing import get_type_hints\ndef f(x: {0}): pass\nclass C:\n    a: {0}\n"
    assert module(code, text.format("int")) != module(code, text.format("str"))


# What is left out


def test_ignored_modules_count_by_name_only(code):
    code.write(
        {
            "eatner/progress.py": "from eatner.y import f\ndef bar(x):\n    return f(x)\n",
            "eatner/y.py": "def f(x):\n    return x\n",
            "eatner/x.py": "from eatner.progress import bar\ndef use(x):\n    return bar(x)\n",
            "eatner/w.py": "from eatner import progress\ndef use(x):\n    return progress.bar(x)\n",
        }
    )
    for root in ("eatner.x:use", "eatner.w:use"):
        assert not code.changes("eatner/progress.py", "f(x)", "f(2)", root)
        assert not code.changes("eatner/y.py", "return x", "return 2", root)
    assert code.changes("eatner/x.py", "return bar", "return next", "eatner.x:use")
    assert code.changes("eatner/x.py", "bar(x)", "bar(x, 1)", "eatner.x:use")


def test_what_only_a_message_or_a_log_line_names_does_not_count(code):
    code.write(
        {
            "eatner/x.py": """
                import logging
                from eatner import errors
                from eatner.errors import InputError as Bad
                log = logging.getLogger(__name__)
                A = 1
                def use(x):
                    log.warning("%s", A)
                    if x:
                        raise errors.InputError(f"{A}") from None
                    return Bad(A)
            """
        }
    )
    assert not code.changes("eatner/x.py", "A = 1", "A = 2", "eatner.x:use")
    assert code.changes("eatner/x.py", "from None", "from x", "eatner.x:use")


@pytest.mark.parametrize(
    "text",
    [
        "def use(log):\n    log.info(A)\n",
        "import logging\nlog = logging.getLogger()\nlog = print\ndef use():\n    log.info(A)\n",
        "import logging\nlog = logging.getLogger()\ndef use(log):\n    log.info(A)\n",
        "import logging\nlog = logging.getLogger()\ndef use():\n    return log.info(A)\n",
        "import logging\nlog = logging.getLogger()\ndef use():\n    log.info(b := A)\n",
        "import logging\nlog = logging.getLogger()\ndef use():\n    log.addHandler(A)\n",
        "class InputError(Exception): pass\ndef use():\n    raise InputError(A)\n",
    ],
)
def test_what_only_looks_like_a_message_counts(code, text):
    code.write({"eatner/x.py": f"A = 1\n{text}"})
    assert code.changes("eatner/x.py", "A = 1", "A = 2", "eatner.x:use")


# Data files


READERS = {
    "with_name": 'TABLE = Path(__file__).with_name("x.tsv")\ndef use():\n    return TABLE.open()\n',
    "with_suffix": 'TABLE = Path(__file__).with_suffix(".tsv")\ndef use():\n    return TABLE\n',
    "local": 'def use():\n    t = Path(__file__).with_suffix(".tsv")\n    return t.open()\n',
    "parent": 'HERE = Path(__file__).parent\ndef use():\n    return HERE / "x.tsv"\n',
    "computed": 'HERE = Path(__file__).parent\ndef use(kind):\n    return HERE / f"x.{kind}"\n',
    "joined": 'TABLE = Path(__file__).parent / "data" / "deep.tsv"\ndef use():\n    return TABLE\n',
    "resources": 'from importlib.resources import files\ndef use():\n    return files("eatner") / '
    '"x.tsv"\n',
}


@pytest.mark.parametrize("text", READERS.values(), ids=READERS.keys())
def test_a_data_file_counts_for_those_who_reach_its_reader(code, text):
    name = "data/deep.tsv" if "deep" in text else "x.tsv"
    code.write(
        {
            "eatner/x.py": f"from pathlib import Path\n{text}def other():\n    return 1\n",
            "eatner/y.py": "from eatner import x\ndef use():\n    return x.use()\n",
            f"eatner/{name}": "a\tb\n",
        }
    )
    assert f"eatner/{name}" in Code(code.root).closure("eatner.y:use")
    assert code.changes(f"eatner/{name}", "a\tb", "a\tc", "eatner.y:use")
    assert not code.changes(f"eatner/{name}", "a\tb", "a\tc", "eatner.x:other")
    was = code.fingerprint("eatner.x")
    (code.root / "eatner" / name).write_bytes(b"a\tb\r\n")
    assert code.fingerprint("eatner.x") == was


def test_a_table_by_language_does_not_count(code):
    code.write(
        {
            "eatner/x.py": "import pathlib\n"
            'TABLE = pathlib.Path(__file__).with_name("languages.tsv")\n',
            "eatner/languages.tsv": "code\tname\n",
        }
    )
    assert not code.changes("eatner/languages.tsv", "name", "names", "eatner.x")


def test_a_file_that_no_code_names_does_not_count(code):
    code.write({"eatner/x.py": "A = 1\n", "eatner/x.tsv": "a\n"})
    assert not code.changes("eatner/x.tsv", "a", "b", "eatner.x")


# Cache, errors, command


def test_a_cache_changes_no_fingerprint_and_spares_the_analysis(chain, package, monkeypatch):
    cache, root = chain.root / "kept" / "code.json", f"{package}.deep.near"
    right = chain.fingerprint(root)
    assert Code(chain.root, cache).fingerprint(root) == right
    monkeypatch.setattr(fingerprint, "analyse", None)
    assert Code(chain.root, cache).fingerprint(root) == right
    assert [path.name for path in cache.parent.iterdir()] == ["code.json"]


def test_a_cache_is_never_trusted_for_changed_code(chain, package):
    cache, root = chain.root / "code.json", f"{package}.deep.near"
    was = Code(chain.root, cache).fingerprint(root)
    path = chain.root / package / "far.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("SCALE = 2", "SCALE = 3"), encoding="utf-8")
    assert Code(chain.root, cache).fingerprint(root) == chain.fingerprint(root) != was
    path.write_text(text, encoding="utf-8")
    assert Code(chain.root, cache).fingerprint(root) == was


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: path.write_bytes(path.read_bytes()[:-10]),
        lambda path: path.write_text(path.read_text().replace("far", "fax"), encoding="utf-8"),
        lambda path: path.write_text(json.dumps({"modules": 3}), encoding="utf-8"),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_a_damaged_cache_is_made_again(chain, package, damage):
    cache, root = chain.root / "code.json", f"{package}.deep.near"
    right = Code(chain.root, cache).fingerprint(root)
    damage(cache)
    assert Code(chain.root, cache).fingerprint(root) == right
    assert [path.name for path in chain.root.iterdir() if path.name.startswith(".")] == []


def test_a_cache_of_another_version_is_not_used(chain, package, monkeypatch):
    cache = chain.root / "code.json"
    Code(chain.root, cache).fingerprint(f"{package}.far")
    monkeypatch.setattr(fingerprint, "VERSION", fingerprint.VERSION[::-1])
    assert fingerprint._read_cache(cache) == {}


def test_a_cache_that_cannot_be_written_is_done_without(chain, package):
    (chain.root / "file").touch()
    right = chain.fingerprint(f"{package}.far")
    assert (
        Code(chain.root, chain.root / "file" / "code.json").fingerprint(f"{package}.far") == right
    )


def test_a_full_cache_keeps_what_is_in_use(chain, package, monkeypatch):
    monkeypatch.setattr(fingerprint, "MOST_CACHED", 5)
    cache = chain.root / "code.json"
    for number in range(9):
        (chain.root / package / "far.py").write_text(f"A = {number}\n", encoding="utf-8")
        Code(chain.root, cache).fingerprint(f"{package}.far")
    assert 2 <= len(fingerprint._read_cache(cache)) <= 5


def test_broken_code_is_named_with_its_line(chain, package):
    (chain.root / package / "far.py").write_text("A = 1\ndef f(:\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"far\.py, line 2: not valid Python"):
        chain.fingerprint("run_it.py")


def test_broken_code_that_is_not_reached_is_no_error(chain, package):
    (chain.root / package / "broken.py").write_text("def f(:\n", encoding="utf-8")
    assert chain.fingerprint(f"{package}.deep.near")


@pytest.mark.parametrize(
    "root",
    ["nope", "eatner.nope", "eatner.x:nope", "nope.py", "deep/x.py", "json", "eatner.x.A", ""],
)
def test_a_root_that_does_not_exist_is_an_error(code, root):
    code.write({"eatner/x.py": "A = 1\n", "deep/x.py": ""})
    with pytest.raises(ValueError, match="root '"):
        code.fingerprint("eatner.x", root)


def test_a_folder_that_another_version_left_hides_no_module(code):
    code.write({"eatner/x.py": "A = 1\n", "eatner/x/__pycache__/y.cpython-311.pyc": ""})
    assert code.changes("eatner/x.py", "1", "2", "eatner.x:A")


def test_a_folder_without_an_init_is_a_package(code):
    code.write(
        {"eatner/deep/y.py": "A = 1\n", "eatner/x.py": "from eatner.deep.y import A\nB = A\n"}
    )
    assert code.changes("eatner/deep/y.py", "1", "2", "eatner.x:B")


def test_modules_that_import_each_other_are_no_trouble(code):
    code.write(
        {
            "eatner/a.py": "from eatner import b\ndef f():\n    return b.g()\n",
            "eatner/b.py": "from eatner import a\ndef g():\n    return a.f()\nA = 1\n",
        }
    )
    assert code.reached("eatner.a:f") == {"eatner.a:f", "eatner.b:g"}


def test_the_command_lists_what_is_reached():
    command = [sys.executable, "-m", "eatner.fingerprint"]
    done = subprocess.run(
        [*command, "eatner.fingerprint:main"],
        capture_output=True,
        text=True,
        check=True,
        cwd=SCRIPTS,
    )
    rows = dict(line.split("\t") for line in done.stdout.splitlines())
    assert rows["eatner.meaning:analyse"] == "eatner.fingerprint:Code"
    assert rows["eatner.fingerprint:main"] == ""
    done = subprocess.run(
        [*command, "--help"], capture_output=True, text=True, check=True, cwd=SCRIPTS
    )
    assert "ROOT" in done.stdout
    done = subprocess.run([*command, "nope"], capture_output=True, text=True, cwd=SCRIPTS)
    assert done.returncode == 2
    assert "root 'nope'" in done.stderr


# The library itself


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
    assert len(remarks) > len(lines) / 10
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
