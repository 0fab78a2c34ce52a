"""A fingerprint covers what its roots reach, through every form of import, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from eatner.code import fingerprint
from eatner.code.fingerprint import SCRIPTS, Code
from eatner.errors import InputError


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


def test_a_script_may_ask_whether_it_is_a_job(code):
    code.write({"eatner/y.py": "def f():\n    return 1\n"})
    code.write({"step.py": 'from eatner import y\nprint(globals().get("snakemake"))\n'})
    assert not code.changes("eatner/y.py", "return 1", "return 2", "step.py")


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


def test_a_table_by_language_does_not_count(code):
    code.write(
        {
            "eatner/x.py": "import pathlib\n"
            'TABLE = pathlib.Path(__file__).with_name("languages.tsv")\n',
            "eatner/languages.tsv": "code\tname\n",
        }
    )
    assert not code.changes("eatner/languages.tsv", "name", "names", "eatner.x")


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
    command = [sys.executable, "-m", "eatner.code.fingerprint"]
    done = subprocess.run(
        [*command, "eatner.code.fingerprint:main"],
        capture_output=True,
        text=True,
        check=True,
        cwd=SCRIPTS,
    )
    rows = dict(line.split("\t") for line in done.stdout.splitlines())
    assert rows["eatner.code.meaning:analyse"] == "eatner.code.fingerprint:Code"
    assert rows["eatner.code.fingerprint:main"] == ""
    done = subprocess.run(
        [*command, "--help"], capture_output=True, text=True, check=True, cwd=SCRIPTS
    )
    assert "ROOT" in done.stdout
    done = subprocess.run([*command, "nope"], capture_output=True, text=True, cwd=SCRIPTS)
    assert done.returncode == 2
    assert "root 'nope'" in done.stderr
