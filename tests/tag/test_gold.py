from __future__ import annotations

import pytest
from rows import gold_entity

from eatner.errors import InputError
from eatner.tables import Sentence, Translation
from eatner.tag.gold import tag_with_gold

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
