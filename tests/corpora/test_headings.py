from __future__ import annotations

import pytest
from reading import surfaces

from eatner.corpora import headings


@pytest.mark.parametrize(
    ("heading", "roles"),
    [
        ("Sentence #,Word,POS,Tag", {"sentence": 0, "token": 1, "tag": 3}),
        ("TOKEN,NE-COARSE-LIT,NE-COARSE-METO,MISC", {"token": 0, "tag": 1}),
        ("id,tag,ner_tag,form", {"token": 3, "tag": 2}),
        ("sentence_idx,word,pos,tag", {"sentence": 0, "token": 1, "tag": 3}),
        ("Token,Lemma,NerTag,SentenceID", {"token": 0, "tag": 2, "sentence": 3}),
    ],
)
def test_the_names_say_what_a_column_holds(heading: str, roles: dict[str, int]) -> None:
    values = heading.split(",")
    assert headings.is_heading(values)
    assert headings.roles(values) == roles


@pytest.mark.parametrize("row", ["label,O", "Rome,B-LOC", "Rome,Italy", "tag,B-LOC"])
def test_a_row_is_no_heading(row: str) -> None:
    assert not headings.is_heading(row.split(","))


@pytest.mark.parametrize(
    "content",
    [
        # The names decide where the content does not: tokens last, other columns of tags first.
        "pos\tchunk\tner\tword\nNNP\tB-NP\tB-LOC\tRome\nVBD\tO\tO\tfell\n",
        "nested,ner,token\nB-ORG,B-LOC,Rome\nI-ORG,O,fell\n",
        "# global.columns = ID FORM UPOS NER MISC\n1\tRome\tX\tB-LOC\t_\n2\tfell\tX\tO\t_\n",
        "sep=;\r\nToken;Tag;;\r\nRome;B-LOC;;\r\nfell;O;;\r\n",
        ",Sentence #,Word,POS,Tag\n0,Sentence: 1,Rome,NNP,B-LOC\n1,,fell,VBD,O\n",
        "sentence_idx,word,pos,tag\n1.0,Rome,NNP,B-LOC\n1.0,fell,VBD,O\n",
    ],
)
def test_named_columns_are_read(load, content: str) -> None:
    [sentence] = load(content)
    assert sentence.text == "Rome fell"
    assert surfaces(sentence) == [("Rome", "LOC")]


def test_a_sentence_number_that_pandas_left_out(load) -> None:
    rows = "1,Rome,B-LOC\nNaN,fell,O\nNaN,.,O\n2,Anna,B-PER\nNaN,wept,O\n"
    sentences = load("Sentence #,Word,Tag\n" + rows)
    assert [s.text for s in sentences] == ["Rome fell .", "Anna wept"]
