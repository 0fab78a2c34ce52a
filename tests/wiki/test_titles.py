"""Titles and the English names that a text has."""

from __future__ import annotations

import pytest

from eatner.wiki.titles import english_name


@pytest.mark.parametrize(
    ("title", "surface", "name"),
    [
        ("Georgia (country)", "ジョージア", "Georgia"),
        ("Springfield, Illinois", "スプリングフィールド", "Springfield"),
        ("Springfield, Illinois", "Springfield, Illinois", "Springfield, Illinois"),
        ("Crosby, Stills & Nash", "クロスビー", "Crosby, Stills & Nash"),
        ("Washington, D.C.", "ワシントンD.C.", "Washington, D.C."),
        ("NASA", "NASA", "NASA"),
    ],
)
def test_english_names_lose_what_tells_titles_apart(title, surface, name):
    assert english_name(title, surface) == name
