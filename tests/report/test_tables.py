from __future__ import annotations

from typing import get_args

from places import ROOT

from eatner import tables as library
from eatner.report import tables

MAKE = "python -m eatner.report.tables > docs/reference/tables.md"


def test_the_reference_page_is_that_of_the_code() -> None:
    page = (ROOT / "docs/reference/tables.md").read_text(encoding="utf-8")
    assert page == tables.page(), MAKE


def test_every_table_column_and_word_is_on_the_page() -> None:
    page = tables.page()
    for table in library.TABLES:
        assert f"## {table.__name__}\n" in page
        for column in library.columns(table):
            assert f"| `{column}` |" in page
    for name in ("TranslationStatus", "MentionStatus", "AlignmentStatus", "GoldStatus", "Stage"):
        for word in get_args(getattr(library, name)):
            assert f"`{word}`" in page


def test_every_column_is_described() -> None:
    assert all(
        line.rstrip(" |").count("|") >= 3 for line in tables.page().splitlines() if "| `" in line
    )
