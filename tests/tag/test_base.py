from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import mention, translations

from eatner.llm.journal import Journal
from eatner.tables import Mention, Translation
from eatner.tag import base
from eatner.tag.base import Found, mention_rows, tag, trim


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the United States", "United States"),
        ("The Hague's", "Hague"),
        ("  a Sony’s  ", "Sony"),
        ("Tennessee Williams'", "Tennessee Williams"),
        ("an Osaka", "Osaka"),
        ("Theodore's", "Theodore"),
        ("Anna", "Anna"),
        ("Ba'ath", "Ba'ath"),
        ("the the Band", "the Band"),
        ("the 's", ""),
        ("the  Band", "Band"),
        ("Anna 's", "Anna"),
        ("", ""),
        (" ", ""),
    ],
)
def test_trim(text: str, expected: str) -> None:
    start, end = trim(f"x{text}y", 1, 1 + len(text))
    assert f"x{text}y"[start:end] == expected


@given(st.text(st.sampled_from(" \tthTHea'’sx東"), max_size=14), st.data())
def test_trim_stays_inside(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    a, b = trim(text, start, end)
    assert start <= a <= b <= end
    assert text[a:b] in text[start:end]
    assert text[a:b] == text[a:b].strip()


def test_what_was_placed_comes_from_left_to_right_and_then_the_rest() -> None:
    text = Translation("s0", "Sony in Tokyo")
    lost = Found(None, None, "MISC", 0.5, "other_type", "rain")
    found = [lost, Found(8, 13, "LOC", 0.25), Found(0, 4, "ORG")]
    assert list(mention_rows(text, found)) == [
        mention("s0", "Sony", "ORG"),
        mention("s0", "Tokyo", "LOC", start=8, score=0.25),
        Mention("s0", None, None, "rain", "MISC", 0.5, "other_type"),
    ]
    with pytest.raises(ValueError, match="status"):
        lost.span  # noqa: B018


def test_a_text_without_entities_keeps_a_row() -> None:
    found = [row.status for text in ("x", "") for row in mention_rows(Translation("s", text), [])]
    assert found == ["no_entity", "no_translation"]


def test_what_was_found_is_kept_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "BLOCK", 2)
    blocks: list[list[str]] = []

    def find(texts: list[str], progress: object) -> list[list[Found]]:
        blocks.append(texts)
        return [[Found(0, len(text), "LOC", 0.5)] if text else [] for text in texts]

    rows = translations("Tokyo", "", "東京")
    first = list(tag(rows, find, Journal(tmp_path / "j", "")))
    assert blocks == [["Tokyo", ""], ["東京"]]
    assert [row.surface for row in first] == ["Tokyo", "", "東京"]
    longer = [*rows, Translation("s3", "Łódź")]
    again = list(tag(longer, find, Journal(tmp_path / "j", "")))
    assert blocks[2:] == [["Łódź"]]
    assert again[:3] == first
