"""The normal form of code changes with its meaning, and with nothing else."""

from __future__ import annotations

import textwrap

import pytest
from library_code import module

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


def test_an_import_that_may_fail_counts(code):
    text = "def use():\n    try:\n        import {}\n    except ImportError:\n        return 1\n"
    assert module(code, text.format("gliner")) != module(code, text.format("vllm"))


def test_annotations_count_in_a_module_that_reads_them(code):
    text = "from typing import get_type_hints\ndef f(x: {0}): pass\nclass C:\n    a: {0}\n"
    assert module(code, text.format("int")) != module(code, text.format("str"))


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


LABELS = """
import logging
from eatner import progress
from eatner.progress import counter
log = logging.getLogger(__name__)
def use(x, build):
    log.info("%d names", build(x))
    with counter("reading", "line", len(x)) as bar:
        bar.update(progress.bar(x, desc=f"names {x}", unit="name"))
"""


@pytest.mark.parametrize("label", ["%d names", "reading", '"line"', "names {x}", '"name"'])
def test_labels_of_bars_and_of_log_lines_that_act_do_not_count(code, label):
    code.write({"eatner/progress.py": "def counter(): pass\n", "eatner/x.py": LABELS})
    assert not code.changes("eatner/x.py", label, label.replace("n", "nn"), "eatner.x:use")


@pytest.mark.parametrize(
    ("before", "after"),
    [("build(x)", "build(x, 1)"), ("len(x)", "len(x) + 1"), ("names {x}", "names {x.pop()}")],
)
def test_what_else_labelled_calls_do_counts(code, before, after):
    code.write({"eatner/progress.py": "def counter(): pass\n", "eatner/x.py": LABELS})
    assert code.changes("eatner/x.py", before, after, "eatner.x:use")


@pytest.mark.parametrize(
    "text",
    [
        "def use(log):\n    log.info(A)\n",
        "import logging\nlog = logging.getLogger()\nlog = print\ndef use():\n    log.info(A)\n",
        "import logging\nlog = logging.getLogger()\ndef use(log):\n    log.info(A)\n",
        "import logging\nlog = logging.getLogger()\ndef use():\n    return log.info(A)\n",
        "import logging\nlog = logging.getLogger()\ndef use():\n    log.info(b := A)\n",
        "import logging\nlog = logging.getLogger()\ndef use(x):\n    log.info('%d', x(A))\n",
        "import logging\nlog = logging.getLogger()\ndef use(x):\n    log.info(x.pop(A))\n",
        "import logging\nlog = logging.getLogger()\ndef use():\n    log.addHandler(A)\n",
        "class InputError(Exception): pass\ndef use():\n    raise InputError(A)\n",
    ],
)
def test_what_only_looks_like_a_message_counts(code, text):
    code.write({"eatner/x.py": f"A = 1\n{text}"})
    assert code.changes("eatner/x.py", "A = 1", "A = 2", "eatner.x:use")
