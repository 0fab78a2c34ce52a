from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import pair

from eatner.errors import InputError
from eatner.text import languages
from eatner.train.pairs import LONGEST_SENTENCE, short, split_by_entity, unseen

CITIES = ("Tokyo", "Osaka", "Kyoto", "Nara", "London", "Washington", "Vienna", "Seoul", "Łódź")
PAIRS = [pair(city, "", sentence) for city in CITIES for sentence in ("雨。", "雪。", "晴れ。")]


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=60), st.integers(0, 5))
def test_no_held_out_entity_is_trained_on(entities: list[str], seed: int) -> None:
    pairs = [pair(entity, "", "", page_id=n) for n, entity in enumerate(entities)]
    if len(set(entities)) < 2:
        with pytest.raises(InputError, match=r"pairs\.rejects\.tsv"):
            split_by_entity(pairs, seed)
        return
    train, held = split_by_entity(pairs, seed)
    learnt, asked = ({p.english for p in part} for part in (train, held))
    assert not learnt & asked
    assert learnt
    assert len(asked) == max(1, round(0.1 * len(set(entities))))
    assert sorted(train + held, key=lambda p: p.page_id) == pairs
    assert [p.page_id for p in train] == sorted(p.page_id for p in train)
    assert split_by_entity(pairs, seed) == (train, held)


def test_the_split_is_of_entities_and_not_of_their_order() -> None:
    _, held = split_by_entity(PAIRS, 3)
    _, turned = split_by_entity(PAIRS[::-1], 3)
    assert {p.english for p in held} == {p.english for p in turned}
    assert any({p.english for p in split_by_entity(PAIRS, s)[1]}
               != {p.english for p in held} for s in range(4, 9))  # fmt: skip


def test_a_sentence_that_is_too_long_is_left_out() -> None:
    japanese = languages.get("ja")
    kept = pair("X", "", "長" * LONGEST_SENTENCE)
    long = pair("X", "", "長" * (LONGEST_SENTENCE + 1))
    assert short([(japanese, long), (japanese, kept)]) == [(japanese, kept)]


def test_what_is_unseen_is_what_the_split_holds_out_each_with_its_language() -> None:
    japanese, german = languages.get("ja"), languages.get("de")
    pairs = [(german if i % 2 else japanese, row) for i, row in enumerate(PAIRS)]
    pairs.append((german, pair("X", "", "lang " * LONGEST_SENTENCE)))
    found = unseen(pairs, 3)
    assert [row for _, row in found] == split_by_entity(PAIRS, 3)[1]
    assert all(item in pairs for item in found)
