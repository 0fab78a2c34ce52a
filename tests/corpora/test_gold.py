from __future__ import annotations

from pathlib import Path

from reading import TYPES

from eatner import tables
from eatner.corpora import formats, gold
from eatner.corpora.gold import LabelledSpan


def test_entities_are_equal_whatever_their_line() -> None:
    assert LabelledSpan(0, 1, "LOC", line=1) == LabelledSpan(0, 1, "LOC", line=2)


def test_tables_and_counts(load, tmp_path: Path) -> None:
    sentences = load("Rome\tB-LOC\nMay\tB-DATE\n\nx\tO\n")
    paths = tmp_path / "sentences.tsv", tmp_path / "gold.tsv"
    counts = gold.write(formats.check_labels(sentences, TYPES, "x"), TYPES, *paths)
    labels = {"DATE": 1, "LOC": 1}
    assert counts == {"sentences": 2, "scored": 1, "ignored": 1, "labels": labels}
    assert paths[0].read_text() == (
        "sentence_id\ttext\ttokens\n000001\tRome May\t0:4 5:8\n000002\tx\t0:1\n"
    )
    assert paths[1].read_text() == (
        "sentence_id\tstart\tend\tsurface\ttype\tlabel\tstatus\n"
        "000001\t0\t4\tRome\tLOC\tLOC\tscored\n000001\t5\t8\tMay\t\tDATE\tignored\n"
    )
    first = next(tables.read(paths[0], tables.Sentence))
    assert first.tokens == sentences[0].tokens
