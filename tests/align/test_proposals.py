from __future__ import annotations

import pytest
import tiny
from meeting import JA

from eatner.align import fused
from eatner.align.candidates import Question
from eatner.align.proposals import STARTS, most_pieces
from eatner.text import languages


def test_a_name_that_stands_often_leaves_room_for_others() -> None:
    text = "東京と" * 30 + "大阪と京都で会談した。"
    [[scored]] = fused.score([Question(text, ["x"])], tiny.llm("llama"), JA, None, form="tuned")
    assert len({surface[:2] for surface in scored.surfaces if surface}) >= STARTS


@pytest.mark.parametrize(
    ("code", "names", "most"),
    [
        ("de", ["Sony"], 3),
        ("de", ["Sony", "Bank of France"], 5),
        ("de", ["NATO"], 4),  # an acronym may stand for as many words as half its letters
        ("ja", ["Sony"], 10),
        ("zh", ["Bank of France"], 20),
        ("th", ["Sony"], 24),
    ],
)
def test_a_phrase_may_be_longer_than_its_english(code: str, names: list[str], most: int) -> None:
    assert most_pieces(names, languages.get(code)) == most
