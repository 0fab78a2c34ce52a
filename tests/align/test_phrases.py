from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meeting import AR, HI, JA, KO, NAMES, RU, TEXTS

from eatner.align.phrases import phrases
from eatner.align.proposals import most_pieces
from eatner.text import languages


@pytest.mark.parametrize("language", TEXTS, ids=lambda language: language.code)
def test_names_are_phrases_without_their_particles(language: languages.Language) -> None:
    text = TEXTS[language]
    found = {text[start:end] for start, end in phrases(text, language, 12)}
    assert set(NAMES[language]) <= found


def test_phrases_do_not_cut_runs_nor_cross_a_comma() -> None:
    text = TEXTS[JA]
    found = {text[start:end] for start, end in phrases(text, JA, 12)}
    assert not {"ワシン", "メル", "日、アンゲラ"} & found
    text = "ミケランジェロ・ブオナローティはワシントンD.C.にいた。"
    found = {text[start:end] for start, end in phrases(text, JA, 8)}
    assert {"ミケランジェロ", "ミケランジェロ・ブオナローティ", "ワシントンD.C."} <= found
    text = "Лондон, Париж и Нью-Йорк."
    found = {text[start:end] for start, end in phrases(text, RU, 3)}
    assert {"Лондон", "Париж", "Нью-Йорк", "Париж и Нью-Йорк"} <= found
    assert "Лондон, Париж" not in found


@given(st.text(), st.sampled_from([RU, JA, KO, AR, HI, languages.get("th")]), st.integers(1, 9))
def test_phrases_lie_in_the_sentence_each_once(text: str, language: object, most: int) -> None:
    found = phrases(text, language, most)
    assert len(set(found)) == len(found)
    for start, end in found:
        assert 0 <= start < end <= len(text)
        assert any(char.isalnum() for char in text[start:end])


@pytest.mark.parametrize(
    ("code", "text", "names", "others"),
    [
        ("ru", "Шквырин , Игорь", {"Шквырин , Игорь", "Игорь"}, set()),
        ("ru", "# ПЕРЕНАПРАВЛЕНИЕ Брукинг , Тревор", {"Брукинг , Тревор"}, set()),
        ("ru", "Млечник ( род грибов )", {"Млечник ( род грибов )", "Млечник"}, {"Млечник ( род"}),
        ("ja", "東京（曖昧さ回避）", {"東京（曖昧さ回避）", "東京"}, {"東京（曖昧"}),
        # In a sentence a comma parts names.
        ("ru", "Он видел Париж, Москву.", {"Париж", "Москву"}, {"Париж, Москву"}),
        ("ru", ") Париж (", {"Париж"}, {") Париж ("}),
    ],
)
def test_a_title_may_be_a_name_as_a_whole(
    code: str, text: str, names: set[str], others: set[str]
) -> None:
    found = {text[start:end] for start, end in phrases(text, languages.get(code), 20)}
    assert names <= found
    assert not others & found


@pytest.mark.parametrize(
    ("code", "text", "names"),
    [
        ("ko", "김정은 위원장은 뉴욕에서 심청이를 만났다.", ["김정은", "뉴욕", "심청이"]),
        (
            "ar",
            "وصل إلى والقاهرة ثم بالرياض وشرم الشيخ.",
            ["القاهرة", "والقاهرة", "الرياض", "شرم الشيخ"],
        ),
        ("he", "הוא נסע לירושלים עם צה״ל.", ["ירושלים", "צה״ל"]),
        ("hi", "महात्मा गांधी और राजा हरिश्चन्द्र", ["महात्मा गांधी", "राजा हरिश्चन्द्र", "गांधी"]),
        ("zh", "居里夫人與王昭君", ["居里夫人", "居里", "王昭君"]),
        ("th", "เขาอยู่ที่กรุงเทพมหานคร", ["กรุงเทพมหานคร"]),
        ("de", "Er las Don Quijote und King Kong.", ["Don Quijote", "King Kong"]),
    ],
)
def test_what_names_begin_or_end_with_is_taken_both_ways(
    code: str, text: str, names: list[str]
) -> None:
    language = languages.get(code)
    most = most_pieces(["Bangkok Metropolis"], language)
    found = {text[start:end] for start, end in phrases(text, language, most)}
    assert set(names) <= found


@pytest.mark.parametrize(
    ("code", "tokens", "names", "others"),
    [
        (
            "zh",
            ["大樹", "站", "在", "桃園市", "，", "奧斯本", "先生"],
            ["桃園市", "奧斯本"],
            {"桃園", "樹站"},
        ),
        ("ja", list("東京タワー"), ["東京", "タワー"], {"タワ", "ワー"}),
        ("ja", ["東京", "都内"], ["東京", "東京都内"], {"東京都"}),
        ("ja", ["東京", "タワー", "ホテル"], ["タワー", "タワーホテル"], {"東", "京"}),
        ("ar", ["و", "القاهرة"], ["القاهرة"], set()),
    ],
)
def test_phrases_keep_to_the_corpuss_tokens(
    code: str, tokens: list[str], names: list[str], others: set[str]
) -> None:
    text = "".join(tokens)
    ends = np.cumsum([len(token) for token in tokens]).tolist()
    places = list(zip([0, *ends], ends, strict=False))
    found = {text[start:end] for start, end in phrases(text, languages.get(code), 12, places)}
    assert set(names) <= found
    assert not others & found


@pytest.mark.parametrize(
    ("code", "text", "names", "most"),
    [
        ("ko", "라가디아 공항은 사고가 일어난 밤", {"라가디아 공항", "라가디아"}, 2),
        ("ko", "도라에몽과 로스앤젤레스 다저스에서", {"도라에몽", "로스앤젤레스 다저스"}, 2),
        # What is written together and no particle is cut off anywhere: a title, a number, a typo.
        ("ko", "최석근경장이 왔다", {"최석근", "최석근경장"}, 1),
        ("ru", "Он в Санкт-Петербурге", {"Санкт-Петербурге"}, 1),
        ("am", "በለንደን አዲስ", {"በለንደን", "በለንደን አዲስ"}, 2),
    ],
)
def test_where_each_character_is_a_token_a_phrase_has_as_many_words(
    code: str, text: str, names: set[str], most: int
) -> None:
    tokens = [(place, place + 1) for place in range(len(text))]
    language = languages.get(code)
    spans = phrases(text, language, most, tokens)
    found = {text[start:end] for start, end in spans}
    assert names <= found
    # As many words as without tokens, and no phrase begins within one, except behind a prefix.
    assert found >= {text[a:b] for a, b in phrases(text, language, most)}
    assert all(len(phrase.split()) <= most for phrase in found)
    if not language.prefixes:
        assert all(start == 0 or not text[start - 1].isalnum() for start, _ in spans)


def test_tokens_that_part_words_do_not_make_phrases_shorter() -> None:
    text = "L'université de l'Ohio à Saint-Étienne"
    tokens = [(0, 2), (2, 12), (13, 15), (16, 18), (18, 22), (23, 24), (25, 30), (30, 31), (31, 38)]
    found = {text[a:b] for a, b in phrases(text, languages.get("fr"), 3, tokens)}
    assert {"université de l'Ohio", "Ohio", "Saint-Étienne", "Étienne"} <= found
