"""A name is a reference to the module unless a scope within binds it."""

from __future__ import annotations

import textwrap

import pytest

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
