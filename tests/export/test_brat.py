"""brat's rules, by hand, and our reader hold what was written. brat has no library to ask."""

from __future__ import annotations

from pathlib import Path

import hostile
import pytest

from eatner.corpora import formats
from eatner.export import brat
from eatner.export.labelled import ONE_LINE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("brat")
    brat.write(hostile.read(folder), "news", folder / "entities.brat")
    return folder / "entities.brat"


def test_the_files_of_a_collection(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "annotation.conf", "news.ann", "news.txt",
    ]  # fmt: skip
    configuration = (folder / "annotation.conf").read_text(encoding="utf-8")
    assert configuration.startswith("[entities]\nPER\nLOC\nORG\n")
    for section in ("relations", "events", "attributes"):
        assert f"[{section}]\n" in configuration


def test_offsets_count_code_points_of_the_text(folder: Path) -> None:
    text = (folder / "news.txt").read_bytes().decode()
    assert text.split("\n")[:-1] == [t.translate(ONE_LINE) for t, _ in hostile.CASES.values()]
    lines = (folder / "news.ann").read_bytes().decode().split("\n")
    entities = [line.split("\t") for line in lines if line.startswith("T")]
    assert len({name for name, _, _ in entities}) == len(entities) == 21
    for _, place, surface in entities:
        kind, start, end = place.split(" ")
        assert text[int(start) : int(end)] == surface
        assert kind in ("PER", "LOC", "ORG")
    notes = [line for line in lines if line.startswith("#")]
    assert notes[0] == "#1\tAnnotatorNotes T1\tEnglish 0 (0.9)"
    assert "AnnotatorNotes T18\tEnglish 0" in "\n".join(notes)


def test_it_is_a_corpus(folder: Path) -> None:
    read = [*formats.read(folder / "news.txt", language_spaces=False)]
    expected = [
        (text.translate(ONE_LINE), [(s.translate(ONE_LINE), kind) for s, kind in entities])
        for text, entities in hostile.CASES.values()
    ]
    assert [
        (s.text, [(s.text[e.start : e.end], e.label) for e in s.entities]) for s in read
    ] == expected
