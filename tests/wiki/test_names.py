"""Which English titles are names."""

# Wide characters count double for the linter.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from eatner import tsv
from eatner.wiki import names as names_module
from eatner.wiki.names import name_fault

JUDGED = Path(__file__).with_name("judged_pairs.tsv")


@pytest.mark.parametrize(
    "title",
    [
        "Berlin", "Bank of England", "Tokyo Tower", "Georgia (country)", "China", "Turkey",
        "Martin Luther King, Jr.", "al-Qaeda", "eBay", "iPhone", "Rio de Janeiro", "BBC", "NATO",
        "Ludwig van Beethoven", "Ōkuma Shigenobu", "Saint Petersburg", "Shanghai", "Pyrenees",
        "United Nations", "World War II", "Paris, Texas", "Copenhagen", "Volkswagen", "Romania",
    ],
)  # fmt: skip
def test_titles_that_are_names(title):
    assert name_fault(title) == ""


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Dog", "common noun"), ("Solar eclipse", "common noun"), ("Swimming", "common noun"),
        ("Physics", "common noun"), ("Chlorophyll", "common noun"), ("Self-governance", "common noun"),
        ("1984", "number or sign"), ("January 5", "date or number"), ("1990s", "date or number"),
        ("19th century", "date or number"), ("January", "date or number"), ("44 BC", "date or number"),
        ("List of cities in Japan", "list"), ("History of Japan", "topic"),
        ("President of the United States", "topic"), ("Japanese language", "common noun"),
        ("Germans", "people or language"), ("Arabic", "people or language"),
        ("Buddhism", "common noun"), ("Paris (given name)", "common noun"),
        ("Carnivora", "common noun"), ("!!!", "number or sign"), ("", "number or sign"),
    ],
)  # fmt: skip
def test_what_is_no_name(title, reason):
    assert name_fault(title) == reason


def test_precision_on_200_rows_judged_by_hand():
    """Rows of pairs from the real English sample, drawn before the rules saw them.

    A row is right (`name`: yes) where the English side names one person, place, organisation,
    work, event or dynasty, and the surface is that name.
    """
    rows = list(tsv.read(JUDGED, ("english", "surface", "name")))
    assert len(rows) == 200
    kept = [row for row in rows if not name_fault(row["english"])]
    right = sum(row["name"] == "yes" for row in kept)
    assert right >= 0.92 * len(kept)
    assert right == sum(row["name"] == "yes" for row in rows)


def test_the_words_lie_beside_the_module():
    """`library()` in common.smk reruns the pairs where a file of the module's name is edited."""
    assert Path(names_module.__file__).with_suffix(".tsv").is_file()
    assert not Path(names_module.__file__).with_name("english.tsv").exists()
