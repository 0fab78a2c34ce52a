"""Brackets without an end, and the state that the writer keeps."""

from __future__ import annotations

import pytest
from dumps import EN, JA, lead, surfaces


@pytest.mark.parametrize(
    ("source", "text", "holes", "links"),
    [
        ("A [[Bonn is [[Rhein]].", "A Bonn is Rhein.", [2], [("Rhein", "Rhein")]),
        ("A [[Bonn|town is [[Rhein]].", "A town is Rhein.", [2], [("Rhein", "Rhein")]),
        ("A [[Bonn|town\n\nB [[Rhein]].", "A town\nB Rhein.", [2], [("Rhein", "Rhein")]),
        ("A [[Bonn|x] is [[Rhein]].", "A x] is Rhein.", [2], [("Rhein", "Rhein")]),
        ("A [http://x.org name is [[Rhein]].", "A name is Rhein.", [2], [("Rhein", "Rhein")]),
        ("A [[Bonn|[http://x y]].", "A y.", [2], [("y", "Bonn")]),
        ("A is [[File:a.png|thumb|b\nC [[Rhein]].", "A is", [4], []),
        ("[[File:a.png|thumb|b\n\nC [[Rhein]].", "C Rhein.", [], [("Rhein", "Rhein")]),
        ("A is [[File:a.png|thumb|b\n\nC [[Rhein]].", "A is\nC Rhein.", [4], [("Rhein", "Rhein")]),
        ("[[File:a.png|b [[c d]] e [f]]A [[Rhein]].", "A Rhein.", [], [("Rhein", "Rhein")]),
        ("[[File:a.png|b [http://c d]]A [[Rhein]].", "A Rhein.", [], [("Rhein", "Rhein")]),
    ],
)
def test_a_bracket_without_an_end_leaves_a_hole(source, text, holes, links):
    clean = lead(source, language=EN)
    assert (clean.text, clean.holes, surfaces(clean)) == (text, holes, links)


def test_bold_ends_with_its_line():
    clean = lead("'''Bonn is\na '''town''' here", "Bonn", EN)
    assert [clean.text[start:end] for start, end, _, bold in clean.spans if bold] == [
        "Bonn is",
        "town",
    ]


@pytest.mark.parametrize(
    ("quotes", "text"),
    [("''", "X"), ("'''", "X"), ("''''", "'X'"), ("'''''", "X"), ("''''''", "'X'")],
)
def test_apostrophes_beyond_bold_and_italics_are_text(quotes, text):
    assert lead(f"{quotes}X{quotes}").text == text


def test_a_name_in_bold_is_no_longer_than_a_name():
    name = "長" * 121
    assert not lead(f"'''{name}'''は", language=JA).spans
    assert lead(f"'''{name[:120]}'''は", language=JA).spans
