from __future__ import annotations

from pathlib import Path

import pytest
import tiny
from rows import translations

from eatner.errors import InputError
from eatner.tables import Mention
from eatner.tag.spacy import tag_with_spacy

TYPES = {"PERSON": "PER", "GPE": "LOC", "ORG": "ORG", "DATE": None}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make_spacy(tmp_path_factory.mktemp("spacy") / "en_tiny")


def rows(pipeline: Path, *texts: str, types: dict | None = None) -> list[Mention]:
    given = translations(*texts)
    found = list(tag_with_spacy(given, pipeline, TYPES if types is None else types))
    english = {row.sentence_id: row.english for row in given}
    for row in found:
        if row.status == "tagged":
            assert english[row.sentence_id][row.start : row.end] == row.surface
        else:
            assert (row.start, row.end, row.surface) == (None, None, "")
        assert (row.type in ("PER", "LOC", "ORG")) == (row.status == "tagged")
    # Every sentence has its rows, in order.
    ids = [row.sentence_id for row in found]
    assert list(dict.fromkeys(ids)) == list(english)
    return found


def test_entities_have_types_and_offsets(pipeline: Path) -> None:
    found = rows(pipeline, "in 2010 👩‍👩‍👧 Angela Merkel met Sony in Tokyo.")
    assert [(row.surface, row.type) for row in found] == [
        ("Angela Merkel", "PER"),
        ("Sony", "ORG"),
        ("Tokyo", "LOC"),
    ]
    assert {row.score for row in found} == {None}


def test_articles_and_possessives_are_trimmed_off(pipeline: Path) -> None:
    found = rows(
        pipeline, "he left the United Kingdom for The Hague and Angela Merkel's Bank of France."
    )
    assert [row.surface for row in found] == [
        "United Kingdom",
        "Hague",
        "Angela Merkel",
        "Bank of France",
    ]


def test_a_sentence_without_entities_keeps_a_row(pipeline: Path) -> None:
    found = rows(pipeline, "nothing here", "", "Tokyo", "in 2010")
    assert [(row.sentence_id, row.surface, row.status) for row in found] == [
        ("s0", "", "no_entity"),
        ("s1", "", "no_translation"),
        ("s2", "Tokyo", "tagged"),
        ("s3", "", "no_entity"),
    ]


def test_labels_that_the_map_does_not_know_are_no_entities(pipeline: Path) -> None:
    [row] = rows(pipeline, "Angela Merkel in Tokyo", types={"GPE": "LOC"})
    assert row.surface == "Tokyo"
    assert [r.status for r in rows(pipeline, "Tokyo", types={})] == ["no_entity"]


def test_many_sentences_keep_their_order(pipeline: Path) -> None:
    texts = [f"item {i} of Tokyo" if i % 3 else "" for i in range(150)]
    found = rows(pipeline, *texts)
    assert len(found) == 150


def test_a_missing_pipeline_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no spaCy pipeline") as error:
        list(tag_with_spacy([], tmp_path / "nowhere", TYPES))
    assert str(tmp_path / "nowhere") in str(error.value)


def test_a_folder_that_is_no_pipeline_is_named(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(InputError, match="no spaCy pipeline"):
        list(tag_with_spacy([], tmp_path / "model", TYPES))


def test_a_pipeline_without_entity_recogniser_is_refused(tmp_path: Path) -> None:
    import spacy

    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(InputError, match="no `ner` component"):
        list(tag_with_spacy([], tmp_path / "blank", TYPES))


def test_a_label_that_the_pipeline_does_not_give_is_named(pipeline: Path) -> None:
    with pytest.raises(InputError, match=r"labels PERSN.*Its labels are DATE, GPE, ORG, PERSON"):
        rows(pipeline, "Tokyo", types={"PERSN": "PER", "GPE": "LOC"})
