from __future__ import annotations

import re
from pathlib import Path

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from rows import gold_entity, translations

from eatner.errors import InputError
from eatner.tables import Mention, Sentence, Translation
from eatner.tag.base import POSSESSIVES, trim
from eatner.tag.gold import tag_with_gold
from eatner.tag.neural import pieces
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


ENGLISH = [
    Sentence("a", "👩‍👩‍👧 Mr Ōe met  Sony in 1994."),
    Sentence("b", "It rained."),
]
GOLD = [
    gold_entity(ENGLISH[0], "Sony", "ORG"),
    gold_entity(ENGLISH[0], "Ōe", "PER"),
    gold_entity(ENGLISH[0], "1994", ""),
]


@pytest.mark.parametrize("ids", [("a", "b"), ("000001", "000002")], ids=["by id", "by line"])
def test_gold_entities_keep_their_words_where_white_space_differs(ids: tuple[str, str]) -> None:
    texts = ["👩‍👩‍👧 Mr Ōe met Sony in 1994.", "It rained. "]
    given = [Translation(name, text) for name, text in zip(ids, texts, strict=True)]
    found = list(tag_with_gold(given, ENGLISH, GOLD))
    assert [(row.surface, row.type, row.status) for row in found] == [
        ("Ōe", "PER", "tagged"),
        ("Sony", "ORG", "tagged"),
        ("", "", "no_entity"),
    ]
    for row in found[:2]:
        assert texts[0][row.start : row.end] == row.surface
        assert row.score == 1


def test_a_sample_of_the_sentences_finds_its_gold_by_id() -> None:
    [row] = tag_with_gold([Translation("b", "It rained.")], ENGLISH, GOLD)
    assert (row.sentence_id, row.status) == ("b", "no_entity")


def test_gold_of_another_number_of_sentences_is_refused() -> None:
    rows = [Translation("000001", "It rained.")]
    with pytest.raises(InputError, match=r"1 sentences are to be tagged .* corpus has 2"):
        list(tag_with_gold(rows, ENGLISH, GOLD))


@pytest.mark.parametrize("english", ["It snowed.", ""])
def test_gold_of_another_text_is_refused(english: str) -> None:
    rows = [Translation("b", english)]
    with pytest.raises(InputError, match=r"sentence b: .*'It rained.'.*kind `parallel`"):
        list(tag_with_gold(rows, ENGLISH, GOLD))


def word_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S", text)]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 3, [""]),
        ("ab c", 3, ["ab c"]),
        ("ab. cd ef", 4, ["ab. ", "cd ef"]),
        ("ab. cd ef", 3, ["ab. ", "cd ", "ef"]),
        ("a bc de fg", 4, ["a bc ", "de fg"]),
        # The end of a sentence is too far back to be worth it.
        ("a. bc d efghi", 8, ["a. bc d ", "efghi"]),
        ("東京は晴れ。大阪は雨。", 7, ["東京は晴れ。大", "阪は雨。"]),
    ],
)
def test_long_texts_are_cut_where_they_may_be(text: str, limit: int, expected: list[str]) -> None:
    assert [text[a:b] for a, b in pieces(text, limit, word_spans)] == expected


def test_a_cut_keeps_off_what_is_to_stay_whole() -> None:
    text = "we saw New York there"
    cuts = pieces(text, 8, word_spans, [(7, 15)])
    assert [text[a:b] for a, b in cuts] == ["we saw ", "New York ", "there"]


@given(st.text(st.sampled_from("ab .東"), max_size=30), st.integers(1, 5))
def test_pieces_join_up_and_are_short(text: str, limit: int) -> None:
    cuts = pieces(text, limit, word_spans)
    assert "".join(text[a:b] for a, b in cuts) == text
    assert all(len(word_spans(text[a:b])) <= limit for a, b in cuts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the United States", "United States"),
        ("The Hague's", "Hague"),
        ("  a Sony’s  ", "Sony"),
        ("an Osaka", "Osaka"),
        ("Theodore's", "Theodore"),
        ("Anna", "Anna"),
        ("Ba'ath", "Ba'ath"),
        ("the the Band", "the Band"),
        ("the 's", ""),
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
    assert text[a:b] == text[a:b].rstrip() or text[b : b + 2] in POSSESSIVES


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
