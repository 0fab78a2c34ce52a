from __future__ import annotations

from dataclasses import astuple, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eatner import tables
from eatner.errors import InputError
from eatner.tables import Alignment, GoldEntity, Mention, Pair, RejectedPair, Sentence, Translation

TEXT = st.text(max_size=8) | st.sampled_from(["東京\tと\n", "C:\\x", "", "é", "\u2028", "서울"])
OFFSET = st.integers(0, 10**6)
MAYBE = st.none() | OFFSET
SCORE = st.none() | st.floats(-50, 1).map(lambda number: round(number, 3))
ROWS = {
    Sentence: st.builds(Sentence, TEXT, TEXT, st.lists(st.tuples(OFFSET, OFFSET)).map(tuple)),
    GoldEntity: st.builds(
        GoldEntity, TEXT, OFFSET, OFFSET, TEXT, st.sampled_from(["PER", ""]), TEXT,
        st.sampled_from(["scored", "ignored"]),
    ),
    Translation: st.builds(
        Translation, TEXT, TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple), SCORE,
        st.sampled_from(["translated", "too_long"]),
    ),
    Mention: st.builds(Mention, TEXT, MAYBE, MAYBE, TEXT, TEXT, SCORE, st.just("tagged")),
    Alignment: st.builds(
        Alignment, TEXT, TEXT, MAYBE, MAYBE, TEXT, MAYBE, MAYBE, TEXT, SCORE, SCORE,
        st.sampled_from(["aligned", "abstained"]),
        st.lists(st.tuples(TEXT, st.sampled_from([0.0, 0.125, 1.0])), max_size=2).map(tuple),
    ),
    Pair: st.builds(Pair, TEXT, TEXT, TEXT, OFFSET, OFFSET, st.just("anchor"), OFFSET),
}  # fmt: skip


@pytest.mark.parametrize("table", ROWS, ids=lambda table: table.__name__)
def test_rows_are_read_back_as_they_were_written(table, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("tables") / "x.tsv"

    @settings(max_examples=60, deadline=None)
    @given(st.lists(ROWS[table], max_size=4))
    def check(rows: list) -> None:
        assert tables.write(path, table, rows) == len(rows)
        assert list(tables.read(path, table)) == rows

    check()


def test_cells_are_what_the_file_shows() -> None:
    row = Alignment("a", "Tokyo", 0, 5, "LOC", None, None, "", -1.23456, None, "abstained")
    assert list(tables.cells(row).values()) == [
        "a", "Tokyo", "0", "5", "LOC", "", "", "", "-1.235", "", "abstained", "[]",
    ]  # fmt: skip
    mention = Mention("a", 0, 5, "Tokyo", "LOC", 0.123456)
    assert tables.cells(mention)["score"] == "0.1235"
    assert tables.cells(Sentence("a", "東京", ((0, 1), (1, 2))))["tokens"] == "0:1 1:2"
    assert (
        tables.cells(Translation("a", "x", (("日本", "Japan"),)))["hints"] == '[["日本", "Japan"]]'
    )


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (Sentence, "tokens", "0-2"),
        (Sentence, "tokens", "0:2 x:3"),
        (GoldEntity, "start", "first"),
        (GoldEntity, "start", ""),
        (GoldEntity, "status", "Scored"),
        (GoldEntity, "type", "GPE"),
        (Translation, "hints", "[[1, 2, 3]]"),
        (Translation, "hints", "[["),
        (Translation, "status", "lost"),
        (Mention, "score", "high"),
        (Alignment, "status", "found"),
        (Alignment, "candidates", ""),
        (Alignment, "candidates", '[["東京", "sure"]]'),
        (Pair, "kind", "link"),
    ],
)
def test_a_value_that_is_none_of_its_column_is_named(table, column, value, tmp_path) -> None:
    sound = {
        "start": "0", "end": "1", "tokens": "0:1", "hints": "[]", "kind": "anchor", "page_id": "1",
        "type": "PER", "candidates": "[]",
    }  # fmt: skip
    status = {GoldEntity: "scored", Translation: "blank", Mention: "tagged", Alignment: "aligned"}
    cells = {name: sound.get(name, "") for name in tables.columns(table)}
    cells |= {"status": status[table]} if table in status else {}
    path = tmp_path / "x.tsv"

    def put(row: dict[str, str]) -> None:
        lines = ["\t".join(cells), "\t".join(cells.values()), "\t".join(row.values())]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    put(cells)
    assert len(list(tables.read(path, table))) == 2
    put(cells | {column: value})
    with pytest.raises(InputError) as caught:
        list(tables.read(path, table))
    assert caught.value.line == 3
    assert f"{value!r} is no value of the column {column!r}" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_row_without_a_place_has_no_span() -> None:
    lost = Mention("a", None, None, "", "", status="no_entity")
    with pytest.raises(ValueError, match="status"):
        _ = lost.span
    assert Mention("a", 1, 2, "x", "PER").span == (1, 2)


def test_rows_by_sentence_keep_their_order() -> None:
    rows = [Mention(name, 0, 1, "x", "PER") for name in "abab"]
    found = tables.by_sentence(rows)
    assert [len(found[name]) for name in "abc"] == [2, 2, 0]


def test_a_rejected_pair_is_a_pair_with_its_reason() -> None:
    assert tables.columns(RejectedPair) == (*tables.columns(Pair), "reason")
    row = RejectedPair(*astuple(Pair("", "x", "x", 0, 1, "anchor", 1)), "no English title")
    assert row.reason == "no English title"


def test_tables_are_frozen() -> None:
    for table in tables.TABLES:
        assert table.__dataclass_params__.frozen
        assert fields(table)
