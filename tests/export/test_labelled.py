from __future__ import annotations

from pathlib import Path

import hostile
import pytest

from eatner import tables
from eatner.export import labelled
from eatner.tables import Alignment, Sentence


@pytest.mark.parametrize("case", hostile.CASES)
def test_no_token_crosses_an_entity(tmp_path: Path, case: str) -> None:
    [sentence] = [s for s in hostile.read(tmp_path) if s.sentence_id == case]
    assert [(*row.span, row.type) for row in sentence.entities] == hostile.spans(case)
    edges = {edge for row in sentence.entities for edge in row.span}
    for start, end in sentence.tokens:
        assert not any(start < edge < end for edge in edges)
    starts, ends = ({span[side] for span in sentence.tokens} for side in (0, 1))
    assert all(row.span[0] in starts and row.span[1] in ends for row in sentence.entities)


def test_of_two_that_overlap_the_surer_one_stays(tmp_path: Path) -> None:
    text = "New York City Hall"
    places = [(0, 8, 0.6), (0, 13, 0.9), (9, 18, 0.8), (14, 18, None)]
    rows = [
        Alignment("a", "X", 0, 1, "LOC", start, end, text[start:end], None, sure, "repeat")
        for start, end, sure in places
    ]
    tables.write(tmp_path / "s.tsv", Sentence, [Sentence("a", text)])
    tables.write(tmp_path / "a.tsv", Alignment, rows)
    [sentence] = labelled.read(tmp_path / "s.tsv", tmp_path / "a.tsv")
    assert [row.span for row in sentence.entities] == [(0, 13), (14, 18)]
