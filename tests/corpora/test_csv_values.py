from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from reading import check_refused, surfaces

from eatner.corpora import csv_values

ROWS = "id,tokens,ner_tags\n7,\"['Anna', 'lacht']\",\"['B-PER', 'O']\"\n"


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        "id,data,label\n7,Anna lacht,\"[[0, 4, 'PER']]\"\n",
        ROWS.replace("\n", "\r\n"),
        ROWS.replace(",tokens,", "\ttokens\t").replace('7,"', '7\t"').replace(']","[', ']"\t"['),
        'id;tokens;ner_tags\n7;"[""Anna"", ""lacht""]";"[""B-PER"", ""O""]"\n',
        "id,text,entities\n7,Anna lacht,\"[(0, 4, 'PER')]\"\n",
        "text,spans,id\n\"Anna lacht\",\"[{'start': 0, 'end': 4, 'label': 'PER'}]\",7\n",
    ],
)
def test_lists_in_cells_are_read(load, content: str) -> None:
    [sentence] = load(content)
    assert (sentence.sentence_id, sentence.text) == ("7", "Anna lacht")
    assert surfaces(sentence) == [("Anna", "PER")]


def test_a_text_over_two_lines_and_one_that_begins_with_a_bracket(load) -> None:
    rows = 'text,spans\n"Anna\nlacht","[[0, 4, \'PER\']]"\n[Musik] Bonn,[]\n'
    sentences = load(rows)
    assert [s.text for s in sentences] == ["Anna\nlacht", "[Musik] Bonn"]
    assert surfaces(sentences[0]) == [("Anna", "PER")]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (ROWS.replace("', '", "' '"), 2, "no commas between them"),
        (ROWS.replace("'B-PER', 'O'", "1, 0"), 2, "names, not numbers"),
        (ROWS + "8,x\n", 3, "2 cells under a heading of 3"),
        (ROWS + '8,"[\'a","[\'O\']"\n', 3, "is not a list"),
        (ROWS + '8,"[1]"x,3\n', 3, "not CSV"),
    ],
)
def test_contradictions_are_refused_with_their_line(
    load, content: str, line: int, problem: str
) -> None:
    check_refused(partial(load, content), line, problem)


@pytest.mark.parametrize(
    "head", ["Sentence #,Word,Tag\nSentence: 1,Anna,B-PER\n", "a,b\n", "text [1]\n[x], y\n", ""]
)
def test_other_tables_are_none(head: str) -> None:
    assert not csv_values.looks_like(Path("x.csv"), head)
