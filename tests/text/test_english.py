from __future__ import annotations

import pytest

from eatner.text.english import has_name, same_name


@pytest.mark.parametrize(
    ("title", "name", "same"),
    [
        ("The United Kingdom", "United Kingdom", True),
        ("Hague", "The Hague", True),
        ("Akira Kurosawa", "Kurosawa Akira", True),
        ("Saint Petersburg", "St. Petersburg", True),
        # Abbreviations
        ("United States", "US", True),
        ("the United States", "U.S.A.", True),
        ("United Kingdom", "UK", True),
        ("London", "LA", False),
        ("China", "CA", False),
        ("Kingdom", "United Kingdom", False),
        ("Thebes", "bes", False),
        # Numbers and initials have to agree.
        ("Elizabeth II", "Elizabeth I", False),
        ("World War I", "World War II", False),
        ("Louis XIV", "Louis XV", False),
        ("Apollo 11", "Apollo 12", False),
        ("George W. Bush", "George H. W. Bush", False),
        ("", "", True),
    ],
)
def test_which_names_are_one(title: str, name: str, same: bool) -> None:
    assert same_name(title, name) is same


@pytest.mark.parametrize(
    ("text", "name", "has"),
    [
        ("He left Zürich.", "Zurich", True),
        ("He left Zürichs.", "Zurich", False),
        ("The U.S. and the UK left.", "United Kingdom", True),
        ("The US left.", "United States", True),
        ("The USSR left.", "United States", False),
        ("in Washington DC", "Washington, D.C.", True),
        ("in St Petersburg", "Saint Petersburg", True),
        ("the Netherlands", "The Netherlands", True),
        ("", "Paris", False),
    ],
)
def test_which_names_a_text_has(text: str, name: str, has: bool) -> None:
    assert has_name(text, name) is has
