from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from reading import check_refused, surfaces

from eatner.corpora import brat, formats
from eatner.corpora.gold import AnnotatedSentence
from eatner.errors import InputError
from eatner.text import languages
from eatner.text import sentences as text_sentences

GERMAN = partial(text_sentences.split, language=languages.get("de"))
TEXT = "Anna wohnt in Bonn. Sie lacht.\n\n👍 Ġgantija ist alt.\n"
ANN = """T1\tPER 0 4\tAnna
T2\tLOC 14 18\tBonn
R1\tlives Arg1:T1 Arg2:T2
#1\tAnnotatorNotes T1\tsure?
A1\tNegated T1
*\tEquiv T1 T2
T3\tLOC 34 42\tĠgantija
"""


@pytest.fixture
def pair(tmp_path: Path):
    """Write a text and its annotation."""

    def pair(text: str | bytes, annotation: str) -> Path:
        path = tmp_path / "doc.ann"
        path.write_bytes(annotation.encode())
        data = text if isinstance(text, bytes) else text.encode()
        path.with_suffix(".txt").write_bytes(data)
        return path

    return pair


def read(path: Path) -> list[AnnotatedSentence]:
    return list(formats.read(path, language_spaces=True, splitter=GERMAN))


def test_either_file_names_the_pair(pair) -> None:
    path = pair(TEXT, ANN)
    assert formats.detect(path) == formats.detect(path.with_suffix(".txt")) == "brat"
    for name in (path, path.with_suffix(".txt")):
        sentences = read(name)
        assert [s.text for s in sentences] == [
            "Anna wohnt in Bonn.",
            "Sie lacht.",
            "👍 Ġgantija ist alt.",
        ]
        assert [surfaces(s) for s in sentences] == [
            [("Anna", "PER"), ("Bonn", "LOC")],
            [],
            [("Ġgantija", "LOC")],
        ]
        assert [e.line for e in sentences[2].entities] == [7]
    without = list(brat.read(path))
    assert without[0].text == "Anna wohnt in Bonn. Sie lacht."


def test_an_unannotated_text_has_an_empty_annotation(pair) -> None:
    path = pair(TEXT, "")
    assert [s.entities for s in read(path.with_suffix(".txt"))] == [()] * 3


@pytest.mark.parametrize(
    ("text", "annotation", "unit"),
    [
        (TEXT, ANN.replace("34 42", "35 43"), "UTF-16 units"),
        (TEXT, ANN.replace("34 42", "37 46"), "bytes"),
        (TEXT.replace("\n", "\r\n"), ANN, "code points, a line end as one"),
    ],
)
def test_offsets_that_count_otherwise_are_read_by_the_texts(
    pair, caplog, text: str, annotation: str, unit: str
) -> None:
    assert surfaces(read(pair(text, annotation))[2]) == [("Ġgantija", "LOC")]
    assert f"read as {unit}, because" in caplog.text


def test_windows_line_ends_count_as_two(pair, caplog) -> None:
    path = pair(TEXT.replace("\n", "\r\n"), ANN.replace("34 42", "36 44"))
    sentences = read(path)
    assert surfaces(sentences[2]) == [("Ġgantija", "LOC")]
    assert all("\r" not in s.text for s in sentences)
    assert not caplog.records


def test_an_entity_over_a_line_end_joins_its_lines(pair, caplog) -> None:
    path = pair("Sie flog nach New\nYork. Dort blieb sie.\n", "T1\tLOC 14 17;18 22\tNew York\n")
    sentences = read(path)
    assert [s.text for s in sentences] == ["Sie flog nach New\nYork.", "Dort blieb sie."]
    assert surfaces(sentences[0]) == [("New\nYork", "LOC")]
    assert "line 1: an entity goes over the end of a line" in caplog.text


def test_a_missing_partner_is_named(tmp_path: Path) -> None:
    path = tmp_path / "doc.ann"
    path.write_text(ANN, encoding="utf-8")
    with pytest.raises(InputError, match=r"its text doc.txt is not beside it"):
        read(path)
    bare = path.rename(tmp_path / "doc.txt")
    with pytest.raises(InputError, match=r"its annotation doc.ann is not beside it"):
        read(bare)
    path.mkdir()
    assert formats.detect(bare) == "brat"
    with pytest.raises(InputError, match=r"its annotation doc.ann is not beside it"):
        read(bare)


@pytest.mark.parametrize(
    ("annotation", "line", "problem"),
    [
        ("T1\tPER 0 4\tAnna\nT2\tLOC 0 3;14 18\tAnn Bonn\n", 2, "'Ann Bonn' has a gap"),
        ("T1\tPER 0 4\tAnna\nT2\tPER 0 10\tAnna wohnt\n", 2, "'Anna wohnt' overlaps another, 0:4"),
        ("T1\tPER 0 4\tAnna\nT2\tLOC 15 19\tBonn\n", 2, r"15 19 LOC is 'onn.' .* not 'Bonn'"),
        ("T1\tPER 0 4\tAnna\nT2\tLOC 90 94\tBonn\n", 2, "90 94 LOC is '' .* not 'Bonn'"),
        ("T1\tPER 0 4\tAnna\nT2\tLOC 14\tBonn\n", 2, "is not a line of brat"),
        ("T1\tPER 0 4\tAnna\nT2 LOC 14 18 Bonn\n", 2, "is not a line of brat"),
    ],
)
def test_contradictions_are_refused_with_their_line(
    pair, annotation: str, line: int, problem: str
) -> None:
    path = pair(TEXT, annotation)
    check_refused(lambda: list(brat.read(path, GERMAN)), line, problem)


def test_a_text_without_annotation_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "doc.txt"
    path.write_text(TEXT, encoding="utf-8")
    assert formats.detect(path) == "text"


@pytest.mark.parametrize("annotation", ["doc.a1", "doc.txt.ann"])
def test_other_names_of_the_annotation(tmp_path: Path, annotation: str) -> None:
    (tmp_path / "doc.txt").write_text("Anna wohnt hier.\n", encoding="utf-8")
    (tmp_path / annotation).write_text("T1\tPER 0 4\tAnna\n", encoding="utf-8")
    for name in ("doc.txt", annotation):
        [sentence] = formats.read(tmp_path / name, language_spaces=True)
        assert surfaces(sentence) == [("Anna", "PER")]
