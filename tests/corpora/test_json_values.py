from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from reading import check_refused, surfaces

from eatner.corpora import json_values

PAIR = ["Anna lacht", {"entities": [[0, 4, "PER"]]}]


@pytest.mark.parametrize(
    "head",
    [
        '{"text": "a"}',
        '\ufeff{"text": "a"}',
        "\n\n[\n{",
        "[{}]",
        '["a \\"b\\"", {"entities": []}]',
        '["a", [[0, 1, "X"]]]',
        '[[{"id": 1, "text": "Anna"}]]',
        '"{\\"text\\": 1}"',
        "{'text': 'a'}",
        "[('Anna', {'entities': []})]",
        "TRAIN_DATA = [\n",
        'var data = [{"text": "a"}]',
        '// a comment\n[{"text": "a"}]',
        'null\n{"text": "a"}\n',
        '[7, {"text": "a"}]',
    ],
)
def test_json_and_what_was_meant_to_be_json_is_recognised(head: str) -> None:
    assert json_values.looks_like(Path("x"), head)


@pytest.mark.parametrize(
    "head", ["[Rome] is old.", "(He said) no", "x = 3", "東京。", '"Yes", he said', "", "{{stub}}"]
)
def test_text_is_no_json(head: str) -> None:
    assert not json_values.looks_like(Path("x"), head)


@pytest.mark.parametrize(
    "value",
    [
        [PAIR],
        {"classes": ["PER"], "annotations": [PAIR]},
        {"name": "job", "examples": [{"content": PAIR[0], "annotations": [[0, 4, "PER"]]}]},
        [[PAIR[0], [[0, 4, "PER"]]]],
    ],
)
def test_records_in_a_list_in_an_object(load, value: object) -> None:
    for indent in (None, 2):
        [sentence] = load(json.dumps(value, indent=indent))
        assert surfaces(sentence) == [("Anna", "PER")]


def test_a_byte_order_mark_and_windows_line_ends(load) -> None:
    line = json.dumps({"text": "Ġgantija", "spans": [[0, 8, "LOC"]]})
    sentences = load(b"\xef\xbb\xbf" + f"{line}\r\n{line}\r\n".encode())
    assert [surfaces(s) for s in sentences] == [[("Ġgantija", "LOC")]] * 2


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ('{"text": "a"}\n{"text": "b", "text": "c"}', 2, "has the key 'text' twice"),
        ('[{"text": "a"},\n{"x": 1, "x": 2}]', None, "has the key 'x' twice"),
        ('[{"text": "a"},\n{"text": "b"},\n]', 3, "not JSON"),
        ('{"text": "a"}\n{"text": "b",}', 2, "not JSON"),
        ('{\n"text": "a"\n}\n{\n"text": "b"\n}', 4, "not JSON"),
        ("{'text': 'a'}", 1, "notation, not JSON"),
        ('TRAIN_DATA = [\n("Anna", {"entities": [(0, 4, "PER")]})]', 1, "notation, not JSON"),
        ('{"messages": [{"role": "user", "content": "Anna"}]}', 1, "only 'messages'"),
        ('{"text": {"0": "a"}, "spans": {"0": []}}', 1, "a table by columns"),
        ('{"text": NaN}', 1, 'neither a "text"'),
        ('{"text": "a", "spans": NaN}', 1, "not a list"),
        ("[" * 100000, 1, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_with_its_line(
    load, content: str, line: int | None, problem: str
) -> None:
    check_refused(partial(load, content), line, problem)
