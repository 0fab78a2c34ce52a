"""Files rebuilt from public reports, in the shapes of annotation tools, with their right values."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from places import DATA
from reading import surfaces

from eatner.corpora import formats
from eatner.corpora.gold import AnnotatedSentence
from eatner.errors import InputError
from eatner.text import languages
from eatner.text import sentences as text_sentences

CASES = DATA.parent / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is absent")


def read(path: Path) -> list[AnnotatedSentence]:
    splitter = partial(text_sentences.split, language=languages.get("de"))
    return list(formats.read(path, language_spaces=True, splitter=splitter))


@pytest.mark.parametrize(
    ("name", "texts", "entities"),
    [
        (
            "05.tsv",
            ["Anna wohnt in Bonn.", "Sie arbeitet."],
            [[(0, 4, "PER"), (14, 18, "LOC")], []],
        ),
        ("15.jsonl", ["Anna wohnt in Bonn"], [[(0, 4, "PER"), (14, 18, "LOC")]]),
        ("28.csv", ["Anna lives", "Rome fell"], [[(0, 4, "PER")], [(0, 4, "LOC")]]),
        ("33.jsonl", ["Anna wohnt in Bonn"], [[(0, 4, "PER"), (14, 18, "LOC")]]),
        ("33b.jsonl", ["Anna wohnt in Bonn"], [[(0, 4, "PER")]]),
    ],
)
def test_read(name: str, texts: list[str], entities: list[list[tuple[int, int, str]]]) -> None:
    sentences = read(CASES / name)
    assert [s.text for s in sentences] == texts
    assert [[(e.start, e.end, e.label) for e in s.entities] for s in sentences] == entities


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("08c.json", "record 1: spans begin or end inside words; counted in UTF-16 units"),
        ("09.json", "record 1: a result of the type 'hypertextlabels' is not read"),
        ("31.ann", "this is brat's, and its text 31.txt is not beside it"),
    ],
)
def test_refused(name: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        read(CASES / name)
    assert str(CASES / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rejected_examples_are_named(caplog) -> None:
    read(CASES / "15.jsonl")
    assert "line 2: left out: its answer is 'reject'" in caplog.text
    assert "line 3: left out: its answer is 'ignore'" in caplog.text


def test_standoff_with_its_text(tmp_path: Path) -> None:
    path = tmp_path / "31.ann"
    path.write_bytes((CASES / "31.ann").read_bytes())
    path.with_suffix(".txt").write_text("Anna wohnt in Bonn. Sie lacht.\n", encoding="utf-8")
    for name in (path, path.with_suffix(".txt")):
        sentences = read(name)
        assert [s.text for s in sentences] == ["Anna wohnt in Bonn.", "Sie lacht."]
        assert surfaces(sentences[0]) == [("Anna", "PER"), ("Bonn", "LOC")]
