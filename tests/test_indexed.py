from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner import tables
from eatner.errors import InputError
from eatner.indexed import Indexed
from eatner.tables import GoldEntity, Sentence

TEXTS = ["東京は\t晴れ。", "", "a\nb\r\\t", "👩‍👩‍👧 e\u0301\u2028x"]


def test_rows_of_a_sentence_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "sentences.tsv"
    rows = [Sentence(str(number), text, ((0, 1),)) for number, text in enumerate(TEXTS)]
    tables.write(path, Sentence, rows)
    table = Indexed(path, Sentence)
    assert table.sentence_ids == ["0", "1", "2", "3"]
    for row in reversed(rows):
        assert table[row.sentence_id] == [row]
    assert table.of(["3", "gone", "1"]) == [rows[3], rows[1]]
    assert table["gone"] == []


def test_no_file_has_no_rows() -> None:
    assert Indexed(None, Sentence).sentence_ids == Indexed(None, Sentence).of(["a"]) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(TEXTS[:3]))))
def test_it_has_the_rows_of_the_table_in_any_order(tmp_path_factory, pairs) -> None:
    path = tmp_path_factory.mktemp("table") / "gold.tsv"
    rows = [
        GoldEntity(name, at, at + 1, text, "PER", "PSN") for at, (name, text) in enumerate(pairs)
    ]
    tables.write(path, GoldEntity, rows)
    table, by_sentence = Indexed(path, GoldEntity), tables.by_sentence(rows)
    assert table.sentence_ids == list(by_sentence)
    for name in "abc":
        assert table[name] == by_sentence[name]


def test_a_row_that_is_none_is_refused_before_any_is_used(tmp_path: Path) -> None:
    path = tmp_path / "gold.tsv"
    tables.write(path, GoldEntity, [GoldEntity("a", 0, 1, "x", "PER", "PSN")])
    with open(path, "a", encoding="utf-8") as lines:
        lines.write("b\tzero\t1\tx\tPER\tPSN\tscored\n")
    with pytest.raises(InputError, match=r"gold.tsv, line 3: 'zero' is no value of .* 'start'"):
        Indexed(path, GoldEntity)


def test_ids_with_the_same_hash_are_told_apart(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("eatner.indexed.hash", lambda _: 1, raising=False)
    path = tmp_path / "sentences.tsv"
    rows = [Sentence(name, f"text {name}") for name in "bac"]
    tables.write(path, Sentence, rows)
    table = Indexed(path, Sentence)
    assert table.sentence_ids == ["b", "a", "c"]
    assert table.of("abc") == sorted(rows, key=lambda row: row.sentence_id)
