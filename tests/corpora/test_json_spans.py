from __future__ import annotations

from pathlib import Path

import pytest

from eatner.corpora.json_spans import looks_annotated, parse, unread
from eatner.errors import InputError

TEXT = "Anna wohnt in Bonn"


@pytest.mark.parametrize(
    ("value", "surface"),
    [
        ({"start": 0, "end": 4, "label": "PER"}, None),
        ({"start": 0, "end": 4, "label": "PER", "text": "Anna", "id": "x"}, "Anna"),
        ({"start_offset": 0, "end_offset": 4, "label": "PER"}, None),
        ({"startOffset": 0, "endOffset": 4, "displayName": "PER"}, None),
        ({"begin": 0, "end": 4, "entity_type": "PER"}, None),
        ({"start": 0, "end": 4, "entity_group": "PER", "word": "Anna", "score": 0.9}, "Anna"),
        ({"span": [0, 4], "type": "PER", "name": "Anna"}, "Anna"),
        ({"start": 0, "end": 4, "labels": ["PER"], "text": "Anna"}, "Anna"),
        ({"label": ["PER"], "points": [{"start": 0, "end": 4, "text": "Anna"}]}, "Anna"),
        ([0, 4, "PER"], None),
        (["PER", 0, 4], None),
        (["PER", 0, 4, 0.87], None),
    ],
)
def test_the_shapes_of_a_span(value: object, surface: str | None) -> None:
    span = parse(value, Path("x"), {"line": 7})
    assert (span.start, span.end, span.label) == (0, 4, "PER")
    assert (span.surface, span.line) == (surface, 7)


@pytest.mark.parametrize(
    "value",
    [
        {"start": "0", "end": 4, "label": "PER"},
        {"start": 0.0, "end": 4, "label": "PER"},
        {"start": True, "end": 4, "label": "PER"},
        {"start": 0, "end": 4, "label": 5},
        {"start": 0, "end": 4, "label": ""},
        {"start": 0, "end": 4, "labels": ["PER", "LOC"]},
        {"start": 0, "label": "PER"},
        {"spans": [[0, 4], [6, 9]], "label": "PER"},
        {"label": ["PER"], "points": [{"start": 0, "end": 4}, {"start": 6, "end": 9}]},
        {"span": [0, 4, 6], "type": "PER"},
        [0, 4],
        [0, 4, "PER", 1],
        [0, "PER", 4],
        "PER",
        None,
    ],
)
def test_what_is_no_span_is_refused(value: object) -> None:
    with pytest.raises(InputError, match=r"x, record 2: .* is not a span"):
        parse(value, Path("x"), {"record": "record 2"})


@pytest.mark.parametrize(
    ("value", "annotated"),
    [
        ([[0, 4, "PER"]], True),
        ([["Anna", "PER"]], True),
        ([["Otto", "PER"]], False),
        ([{"begin_char": 0, "kind_of_entity": "PER"}], True),
        ([{"mention": "Anna", "type": "PER"}], True),
        ([{"name": "Otto", "type": "author"}], False),
        ([{"start": 0, "end": 18}], False),
        (["B-PER", "O", "O", "B-LOC"], True),
        (["O", "O"], False),
        (["U-Bahn", "Zug"], False),
        ("B-PER O O B-LOC", True),
        ("U-Bahn", False),
        ({"PER": ["Anna"]}, True),
        ({"PER": {"Anna": [[0, 3]]}}, True),
        ({"PER": 3}, False),
        ([], False),
        ({}, False),
        (None, False),
    ],
)
def test_what_looks_annotated(value: object, annotated: bool) -> None:
    assert looks_annotated(value, TEXT) is annotated


def test_keys_of_objects_have_dots_and_links_between_entities_are_passed_over() -> None:
    span = {"start": 0, "end": 4, "label": "PER"}
    record = {"spans": [span], "a": {"b": {"c": [span]}, "d": [span]}, "relations": [span]}
    assert [*unread(record, ["spans"], TEXT)] == ["a.b.c", "a.d"]
