from __future__ import annotations

from pathlib import Path

from eatner.corpora.notes import Notes


def test_a_problem_is_one_line_with_its_first_place_and_its_count(caplog) -> None:
    notes = Notes(Path("x.jsonl"), "spans")
    notes.log()
    assert not caplog.records
    for line in (3, 5, 8):
        notes.add("cuts a word", {"line": line}, f"'{line}'")
    notes.add("is empty", {"record": "record 2"})
    notes.log()
    assert [record.getMessage() for record in caplog.records] == [
        "x.jsonl, line 3, '3': cuts a word (3 spans)",
        "x.jsonl, record 2: is empty (1 spans)",
    ]
