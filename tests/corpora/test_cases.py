"""Inputs that people brought, in columns and as text: read right, or refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import ROOT
from reading import surfaces

from eatner.corpora import formats
from eatner.errors import InputError

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is absent")

Expected = list[tuple[str, list[tuple[int, int, str]]]]
HIPE: Expected = [
    ("Anna Muster kam nach Köln.", [(0, 11, "pers"), (21, 25, "loc")]),
    ("Sie blieb.", []),
    ("Bonn schläft.", [(0, 4, "loc")]),
]
GMB: Expected = [
    ("Anna flew to Lima .", [(0, 4, "per"), (13, 17, "geo")]),
    ("The Senate met , .", [(4, 10, "org")]),
]
RETURNS: Expected = [("Rome loves Anna", [(0, 4, "LOC"), (11, 15, "PER")]), ("She sleeps", [])]
PIPES: Expected = [("Anna lives in Rome .", [(0, 4, "PER"), (14, 18, "LOC")]), ("She sings .", [])]


def gold(path: Path, format: str = "auto") -> Expected:
    return [
        (s.text, [(e.start, e.end, e.label) for e in s.entities])
        for s in formats.read(path, format, language_spaces=True)
    ]


def refusal(path: Path, format: str = "auto") -> InputError:
    with pytest.raises(InputError) as caught:
        gold(path, format)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert caught.value.remedy.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [
        ("01.tsv", "auto", HIPE),
        ("01.tsv", "conll", HIPE),
        ("02.csv", "auto", GMB),
        ("03.conllu", "auto", [("El Banco Central del Ecuador abre.", [(3, 28, "ORG")])]),
        ("04.conllu", "auto", [("Kari bor i Oslo.", [(0, 4, "PER"), (11, 15, "GPE_LOC")])]),
        ("04.conllu", "conllu", [("Kari bor i Oslo.", [(0, 4, "PER"), (11, 15, "GPE_LOC")])]),
        ("18.conll", "auto", RETURNS),
        ("19.iob", "auto", PIPES),
        ("21.conll", "auto", [("Rome fell", [(0, 4, "LOC")]), ("Paris rose", [(0, 5, "LOC")])]),
    ],
)
def test_a_case_is_read_right(name: str, format: str, expected: Expected) -> None:
    assert gold(CASES / name, format) == expected


def test_hipe_without_its_heading(tmp_path: Path) -> None:
    path = tmp_path / "hipe.tsv"
    lines = (CASES / "01.tsv").read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join(lines[1:]), encoding="utf-8")
    assert gold(path) == HIPE


def test_gmb_in_cp1252_is_read_or_names_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "ner.csv"
    text = (CASES / "02.csv").read_text(encoding="utf-8")
    path.write_bytes(text.encode("cp1252"))
    assert gold(path) == GMB  # it has ASCII alone
    path.write_bytes(text.replace("flew", "naïve").encode("cp1252"))
    error = refusal(path)
    assert error.line == 3
    assert "CP1252" in error.problem
    assert "iconv -f CP1252 -t UTF-8" in error.remedy


@pytest.mark.parametrize("format", ["auto", "conll"])
def test_naver(format: str) -> None:
    [first, second] = formats.read(CASES / "16.txt", format, language_spaces=True)
    assert surfaces(first) == [("비토리오", "PER"), ("양일", "DAT"), ("서울에", "LOC")]
    assert surfaces(second) == []


def test_a_lower_case_o(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    [sentence] = formats.read(CASES / "11.txt", language_spaces=True)
    assert surfaces(sentence) == [("एक", "COUNT"), ("दिल्ली", "LOC")]
    assert "'o' is read as O, '0' is read as O" in caplog.text
    path = tmp_path / "every.txt"
    path.write_text("Rome B-LOC\nfell o\nand o\nAnna B-PER\nwept o\n")
    assert gold(path) == [("Rome fell and Anna wept", [(0, 4, "LOC"), (14, 18, "PER")])]


def test_a_file_without_sentence_ends_is_read_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    [sentence] = formats.read(CASES / "22.conll", language_spaces=True)
    assert len(sentence.tokens) == 3001
    assert surfaces(sentence) == [("Rome", "LOC")]
    assert "one sentence of 3001 tokens" in caplog.text
    assert "blank line between sentences" in caplog.text


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("27.txt", 1, "3 columns separated by tabs"),
        ("30.txt", 4, "2 columns where most lines have 3"),
        ("35.txt", 1, "entities marked inline"),
    ],
)
def test_a_case_is_refused_with_its_line(name: str, line: int, problem: str) -> None:
    error = refusal(CASES / name)
    assert error.line == line
    assert problem in error.problem
    assert "format: text" in error.remedy


@pytest.mark.parametrize("name", ["27.txt", "35.txt"])
def test_columns_and_markup_that_the_config_calls_text_are_warned_of(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert gold(CASES / name, "text")
    assert "read as raw text, as the config says, but it seems to be" in caplog.text


@pytest.mark.parametrize("name", ["27.txt", "35.txt", "05.tsv", "31.ann"])
def test_what_has_no_column_of_tags_is_refused_as_columns(name: str) -> None:
    refusal(CASES / name, "conll")
