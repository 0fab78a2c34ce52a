"""What each folding of texts ignores."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.text.folding import (
    ACCENTS,
    CASED_SPELLING,
    CASED_WIDTH,
    EXACT,
    LETTERS,
    SPACES,
    SPELLING,
    WIDTH,
    CasedFolding,
    Folding,
    fold_letters,
    fold_name,
    fold_word,
    fold_words,
    has_stress,
    without_stress,
)

FOLDINGS = {
    "EXACT": EXACT, "WIDTH": WIDTH, "SPELLING": SPELLING, "SPACES": SPACES, "LETTERS": LETTERS,
    "ACCENTS": ACCENTS,
}  # fmt: skip


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Hà Nội", nfd("Hà Nội"), "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("서울", nfd("서울"), "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("Paris", "PARIS", "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("Straße", "STRASSE", "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("ＵＮ", "UN", "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("ﾄﾖﾀ", "トヨタ", "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("㈱日立", "(株)日立", "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("O’Brien", "O'Brien", "WIDTH SPELLING SPACES LETTERS"),
        ("Jean‐Luc", "Jean-Luc", "WIDTH SPELLING SPACES LETTERS"),
        ("New  York", "New York", "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("\u200bRom\u00ad", "Rom", "WIDTH SPELLING SPACES LETTERS ACCENTS"),
        ("Москва́", "Москва", "SPELLING SPACES LETTERS ACCENTS"),
        ("José", "Jose", "SPELLING SPACES LETTERS ACCENTS"),
        ("كرمان", "کرمان", "SPELLING SPACES LETTERS"),
        ("القـــاهرة", "القاهرة", "SPELLING SPACES LETTERS"),
        ("أحمد", "احمد", "SPELLING SPACES LETTERS ACCENTS"),
        ("مُحَمَّد", "محمد", "SPELLING SPACES LETTERS"),
        ("ज़ाकिर", "जाकिर", "SPELLING SPACES LETTERS"),
        ("गाँधी", "गांधी", "SPELLING SPACES LETTERS"),
        ("ığdır", "iğdir", "SPELLING SPACES LETTERS"),
        ("Ёлка", "Елка", "SPELLING SPACES LETTERS ACCENTS"),
        ("९५", "95", "SPELLING SPACES LETTERS"),
        ("東 京", "東京", "SPELLING SPACES LETTERS"),
        ("New York", "NewYork", "SPACES LETTERS"),
        ("Müller", "Muller", "LETTERS ACCENTS"),
        ("U.N.", "UN", "LETTERS"),
        ("Ärzte, die", "Arzte die", "LETTERS"),
        ("習近平", "习近平", ""),
        ("がこう", "かこう", ""),
        ("Łódź", "Lodz", ""),
    ],
)
def test_what_a_folding_ignores(one: str, other: str, equal: str) -> None:
    found = [name for name, fold in FOLDINGS.items() if fold(one).text == fold(other).text]
    assert found == equal.split()


@pytest.mark.parametrize(
    ("text", "name", "words", "word"),
    [
        ("Jean-Luc O’Brien", "jeanlucobrien", "jean luc o brien", "jeanlucobrien"),
        ("José Müller", "josémüller", "jose muller", "josémüller"),
        (nfd("José Müller"), "josémüller", "jose muller", "josémüller"),
        ("ジョン・レノン", "ジョンレノン", "ション レノン", "ジョンレノン"),
        ("Ｕ.Ｎ. (２)", "u.n.(2)", "u n 2", "un2"),
        ("Straße", "strasse", "strasse", "strasse"),
        ("יְרוּשָׁלַיִם", "ירושלים", "ירושלים", "ירושלים"),
        ("서울", "서울", nfd("서울"), "서울"),
        ("ĳs_½", "ijs_1⁄2", "ijs 1 2", "ijs12"),
    ],
)
def test_keys_to_compare(text: str, name: str, words: str, word: str) -> None:
    assert (fold_name(text), fold_words(text), fold_word(text)) == (name, words, word)
    assert fold_letters(text) == words.replace(" ", "")


def test_stress_marks_alone_are_taken_off() -> None:
    assert without_stress("Москва́ й Müller José") == "Москва й Müller Jose"
    assert has_stress("José")
    assert not has_stress("Müller й")


TEXT = st.text("aÀ가á́̈ ञ़أـﾞ㌔½ß’\u200b東 京.9९", max_size=30)


@pytest.mark.parametrize("fold", FOLDINGS.values(), ids=FOLDINGS)
@given(text=TEXT)
def test_origins_are_places_of_the_text_in_order(fold: Folding, text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.origin)
    assert all(0 <= at < len(text) for at in folded.origin)
    # Marks may change places within one character, so only what is no mark is in order.
    bases = [
        at
        for char, at in zip(folded.text, folded.origin, strict=True)
        if not unicodedata.combining(char)
    ]
    assert bases == sorted(bases)


CASED = {"CASED_WIDTH": CASED_WIDTH, "CASED_SPELLING": CASED_SPELLING}


@pytest.mark.parametrize("fold", CASED.values(), ids=CASED)
@given(text=TEXT)
def test_names_to_look_up_are_folded_alike_in_every_normal_form(
    fold: CasedFolding, text: str
) -> None:
    expected = fold(unicodedata.normalize("NFC", text)).text
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        other = unicodedata.normalize(form, text)
        folded = fold(other)
        assert folded.text == expected or form.startswith("NFK")
        assert len(folded.text) == len(folded.starts) == len(folded.ends)
        pairs = list(zip(folded.starts, folded.ends, strict=True))
        assert pairs == sorted(pairs)
        assert all(0 <= start < end <= len(other) for start, end in pairs)
        assert all(one == two or one[1] <= two[0] for one, two in pairwise(pairs))


@pytest.mark.parametrize(
    ("text", "width", "spelling"),
    [
        ("ＵＮ", "UN", "UN"),
        (nfd("Hà Nội"), "Hà Nội", "Ha Nội"),
        (nfd("서울"), "서울", "서울"),
        ("O’Brien", "O'Brien", "O'Brien"),
        ("Москва́", "Москва́", "Москва"),
        ("Ёлка", "Ёлка", "Елка"),
        (nfd("Ёлка"), "Ёлка", "Елка"),
        ("القـــاهرة", "القـــاهرة", "القاهره"),
        ("ज़", "ज़", "ज"),
        ("ﾊﾞﾝﾄﾞ", "バンド", "バンド"),
        ("A \u3000B", "A B", "A B"),
    ],
)
def test_names_to_look_up_keep_their_case_and_are_composed(
    text: str, width: str, spelling: str
) -> None:
    assert (CASED_WIDTH(text).text, CASED_SPELLING(text).text) == (width, spelling)


@given(TEXT, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_all_but_the_exact_one_ignore_composition(text: str, form: str) -> None:
    other = unicodedata.normalize(form, text)
    for fold in (WIDTH, SPELLING, SPACES, LETTERS, ACCENTS):
        assert fold(text).text == fold(other).text
    for key in (fold_name, fold_words, fold_letters, fold_word):
        assert key(text) == key(other)
