from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from eatner import lexicon as lexicon_module
from eatner import tsv
from eatner.fetch import artifacts
from eatner.lexicon import Lexicon
from eatner.tag import lookup
from eatner.tag.spacy import tag_with_spacy
from eatner.text import languages
from eatner.wiki import lexicon

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
    folder: Path = tmp_path_factory.mktemp("lexicon")
    columns = ("page_id", "title", "kind", "redirect", "english", "lead", "links")
    rows = [
        (i, title, "article", "", english, f"{title}は。", "[]")
        for i, (title, english) in enumerate(TITLES.items())
    ]
    tsv.write(folder / "titles.tsv", columns, (dict(zip(columns, r, strict=True)) for r in rows))
    lexicon.build(folder / "titles.tsv", folder / "names", JA)
    return lexicon_module.load(folder / "names")


def texts(*sentences: str) -> list[dict[str, str]]:
    return [{"sentence_id": f"s{i}", "english": text} for i, text in enumerate(sentences)]


def test_every_name_is_framed_once_and_common_nouns_are_not(names: Lexicon) -> None:
    framed = lookup.frame_titles(texts("東京タワーは東京。", "黒澤明の経済と東京。"), names)
    assert framed == [
        {"sentence_id": title, "english": f"I have heard of {title}."}
        for title in ("Tokyo Tower", "Tokyo", "Akira Kurosawa")
    ]


def test_the_type_is_that_of_the_longest_entity_in_the_title() -> None:
    frame = lookup.FRAME

    def row(title: str, surface: str, kind: str, status: str = "tagged"):
        start = frame.format(title).find(surface)
        values = (title, start, start + len(surface), surface, kind, "", status)
        return dict(zip(MENTION_COLUMNS, values, strict=True))

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
    rows = texts("👩‍👩‍👧東京タワーと黒澤明と東京。", "ソニーの経済。", "雨。", "")
    types = {"Tokyo Tower": "LOC", "Tokyo": "LOC", "Akira Kurosawa": "PER"}
    found = list(lookup.tag_with_titles(rows, names, types))
    assert all(tuple(row) == MENTION_COLUMNS for row in found)
    assert [(row["sentence_id"], row["surface"], row["type"], row["status"]) for row in found] == [
        ("s0", "東京タワー", "LOC", "tagged"),
        ("s0", "黒澤明", "PER", "tagged"),
        ("s0", "東京", "LOC", "tagged"),
        ("s1", "ソニー", "", "untyped"),
        ("s2", "", "", "no_entity"),
        ("s3", "", "", "no_translation"),
    ]
    for row in found[:3]:
        assert rows[0]["english"][row["start"] : row["end"]] == row["surface"]


def test_a_spacy_pipeline_gives_the_types(names: Lexicon, tmp_path: Path) -> None:
    pipeline = artifacts.content(tiny.make_spacy(tmp_path / "toy"))
    rows = texts("黒澤明と東京とソニー。")
    types = {"PERSON": "PER", "GPE": "LOC", "ORG": "ORG"}
    framed = lookup.frame_titles(rows, names)
    typed = lookup.title_types(tag_with_spacy(framed, pipeline, types))
    assert typed == {"Akira Kurosawa": "PER", "Tokyo": "LOC", "Sony": "ORG"}
    found = [row["type"] for row in lookup.tag_with_titles(rows, names, typed)]
    assert found == ["PER", "LOC", "ORG"]
