from __future__ import annotations

from rows import mention

from eatner.align.rows import alignment_row
from eatner.tables import Alignment


def test_a_row_names_the_entity_and_its_phrase() -> None:
    tokyo = mention("s1", "Tokyo", "LOC", start=7, score=0.9)
    row = alignment_row(tokyo, "aligned", (0, 2), "東京", logprob=-1.0, confidence=0.5)
    assert row == Alignment("s1", "Tokyo", 7, 12, "LOC", 0, 2, "東京", -1.0, 0.5, "aligned")


def test_an_entity_without_a_phrase_keeps_its_row() -> None:
    lost = mention("s1", "the rain", "MISC", status="other_type")
    assert alignment_row(lost, "other_type") == Alignment(
        "s1", "the rain", None, None, "MISC", None, None, "", None, None, "other_type"
    )
