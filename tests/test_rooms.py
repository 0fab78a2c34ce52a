"""The house: what may import what. See docs/architecture.md."""

from __future__ import annotations

import ast

from places import ROOT

LIBRARY = ROOT / "workflow" / "scripts" / "eatner"
# From low to high; rooms of one floor do not import each other.
FLOORS = (
    ("errors",),
    ("progress", "files", "attempts", "foreign", "project", "machine", "keep", "kinds"),
    ("tsv", "trace"),
    ("codec",),
    ("tables", "code"),
    ("text", "indexed"),
    ("corpora", "answers"),
    ("fetch",),
    ("llm",),
    ("prompts", "lexicon", "shards"),
    ("wiki", "evaluate", "facts"),
    ("translate", "tag", "align"),
    ("train",),
    ("report", "config"),
    ("labeller", "export"),
    ("command",),
)
# Folders of tests of the whole workflow.
OF_THE_WHOLE = ("docs", "faults", "slurm")
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def modules() -> dict[str, set[str]]:
    """Each module of the library, and those of the library that it imports, anywhere in it."""
    files = {
        ".".join(path.relative_to(LIBRARY).with_suffix("").parts): path
        for path in sorted(LIBRARY.rglob("*.py"))
        if path.name != "__init__.py"
    }
    found: dict[str, set[str]] = {}
    for name, path in files.items():
        imported = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "eatner":
                module = ".".join(node.module.split(".")[1:])
                imported.add(module)
                imported |= {f"{module}.{alias.name}".strip(".") for alias in node.names}
            elif isinstance(node, ast.Import):
                imported |= {alias.name.removeprefix("eatner.") for alias in node.names}
        found[name] = (imported & files.keys()) - {name}
    return found


def test_every_module_has_a_room() -> None:
    assert {name.split(".")[0] for name in modules()} <= FLOOR_OF.keys()


def test_no_import_from_a_lower_floor_to_a_higher_one() -> None:
    wrong = [
        f"{name} imports {other}"
        for name, imported in modules().items()
        for other in sorted(imported)
        if (room := name.split(".")[0]) != (above := other.split(".")[0])
        and FLOOR_OF[above] >= FLOOR_OF[room]
    ]
    assert not wrong


def test_no_circle() -> None:
    graph, done = modules(), set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path, name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_small_rooms() -> None:
    long = {
        str(path.relative_to(LIBRARY)): lines
        for path in LIBRARY.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long


def test_tests_mirror_the_rooms() -> None:
    for folder in sorted((ROOT / "tests").iterdir()):
        tests_a_room = folder.is_dir() and list(folder.glob("test_*.py"))
        if tests_a_room and folder.name not in OF_THE_WHOLE:
            assert (LIBRARY / folder.name).is_dir(), folder.name


def test_the_architecture_page_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {
        path.stem
        for path in LIBRARY.iterdir()
        if path.stem not in ("__init__", "__pycache__") and path.name != "py.typed"
    }
    assert [
        room for room in sorted(rooms) if f"`{room}/`" not in page and f"`{room}`" not in page
    ] == []
