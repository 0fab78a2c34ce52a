from __future__ import annotations

from pathlib import Path

import pytest
import tiny
from rows import lexicon, mention, translations

from eatner.fetch import artifacts
from eatner.lexicon import Lexicon
from eatner.tables import Mention, MentionStatus, Translation
from eatner.tag import lookup
from eatner.tag.spacy import tag_with_spacy
from eatner.text import languages

JA = languages.get("ja")
TITLES = {
    "東京": "Tokyo",
    "東京タワー": "Tokyo Tower",
    "黒澤明": "Akira Kurosawa",
    "ソニー": "Sony",
    "経済": "economy",
}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    return lexicon(tmp_path_factory.mktemp("lexicon"), JA, TITLES)


def test_every_name_is_framed_once_and_common_nouns_are_not(names: Lexicon) -> None:
    framed = lookup.frame_titles(translations("東京タワーは東京。", "黒澤明の経済と東京。"), names)
    assert framed == [
        Translation(title, f"I have heard of {title}.")
        for title in ("Tokyo Tower", "Tokyo", "Akira Kurosawa")
    ]


def test_the_type_is_that_of_the_longest_entity_in_the_title() -> None:
    frame = lookup.FRAME

    def row(title: str, surface: str, kind: str, status: MentionStatus = "tagged") -> Mention:
        start = frame.format(title).find(surface)
        return mention(title, surface, kind, start=start, status=status)

    found = lookup.title_types(
        [
            row("University of Vienna", "Vienna", "LOC"),
            row("University of Vienna", "University of Vienna", "ORG"),
            row("Sony", "I have", "PER"),  # of the frame, not of the title
            row("Kyoto", "", "", "no_entity"),
            row("Ōe", "Ōe.", "PER"),
        ]
    )
    assert found == {"University of Vienna": "ORG", "Ōe": "PER"}


def test_names_keep_their_places_and_untyped_ones_their_rows(names: Lexicon) -> None:
    rows = translations("👩‍👩‍👧東京タワーと黒澤明と東京。", "ソニーの経済。", "雨。", "")
    types = {"Tokyo Tower": "LOC", "Tokyo": "LOC", "Akira Kurosawa": "PER"}
    found = list(lookup.tag_with_titles(rows, names, types))
    assert [(row.sentence_id, row.surface, row.type, row.status) for row in found] == [
        ("s0", "東京タワー", "LOC", "tagged"),
        ("s0", "黒澤明", "PER", "tagged"),
        ("s0", "東京", "LOC", "tagged"),
        ("s1", "ソニー", "", "untyped"),
        ("s2", "", "", "no_entity"),
        ("s3", "", "", "no_translation"),
    ]
    for row in found[:3]:
        assert rows[0].english[row.start : row.end] == row.surface


def test_a_spacy_pipeline_gives_the_types(names: Lexicon, tmp_path: Path) -> None:
    pipeline = artifacts.content(tiny.make_spacy(tmp_path / "toy"))
    rows = translations("黒澤明と東京とソニー。")
    types = {"PERSON": "PER", "GPE": "LOC", "ORG": "ORG"}
    framed = lookup.frame_titles(rows, names)
    typed = lookup.title_types(tag_with_spacy(framed, pipeline, types))
    assert typed == {"Akira Kurosawa": "PER", "Tokyo": "LOC", "Sony": "ORG"}
    found = [row.type for row in lookup.tag_with_titles(rows, names, typed)]
    assert found == ["PER", "LOC", "ORG"]
