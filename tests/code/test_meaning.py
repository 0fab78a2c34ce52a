"""What a module says under each of its names: statements, references and data files."""

from __future__ import annotations

import random
import textwrap

import pytest
from library_code import module

from eatner.code.fingerprint import Code


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


def test_annotations_of_the_main_of_a_script_count(chain, package):
    assert chain.changes("run_it.py", "x: Path", "x: str", "run_it.py")
    assert chain.changes("run_it.py", "y: str", "y: dict", "run_it.py")
    assert not chain.changes("run_it.py", ") -> None", ")", "run_it.py")
    assert chain.changes("run_it.py", "    main()", "    main(1)", "run_it.py")


def test_a_module_that_is_run_as_a_command_does_nothing_more_when_it_is_imported(code):
    was = module(code, "A = 1\n")
    assert module(code, 'A = 1\nif __name__ == "__main__":\n    print(A)\n') == was
    assert module(code, 'A = 1\nif __name__ != "__main__":\n    print(A)\n') != was


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


@pytest.mark.parametrize("use", ["globals()[n]", "eval(n)", "vars()[n]", "sys.modules[n]"])
def test_a_computed_name_is_any_of_the_module(code, use):
    text = f"import sys\ndef use(n):\n    return {use}\ndef f():\n    return 1\n"
    code.write({"eatner/x.py": text})
    assert code.changes("eatner/x.py", "return 1", "return 2", "eatner.x:use")


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


def test_a_file_that_no_code_names_does_not_count(code):
    code.write({"eatner/x.py": "A = 1\n", "eatner/x.tsv": "a\n"})
    assert not code.changes("eatner/x.tsv", "a", "b", "eatner.x")
