"""The lexicon of titles: what it holds and what it finds."""

# Wide characters count double for the linter.

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eatner import lexicon as lexicon_module
from eatner import tables
from eatner.errors import InputError
from eatner.tables import Title
from eatner.text import languages
from eatner.wiki import lexicon as wiki_lexicon


def compiled(
    folder, code: str, titles: dict[str, str], redirects=(), other=()
) -> lexicon_module.Lexicon:
    rows = [(title, "article", "", english) for title, english in titles.items()]
    rows += [(title, "redirect", target, "") for title, target in redirects]
    rows += [(title, "disambiguation", "", "") for title in other]
    path = folder / "titles.tsv"
    tables.write(
        path,
        Title,
        (
            Title(number, title, kind, to, english, "", "[]")
            for number, (title, kind, to, english) in enumerate(rows, 1)
        ),
    )
    out = folder / "lexicon.marisa"
    wiki_lexicon.build(path, out, languages.get(code))
    return lexicon_module.load(out)


def found(lexicon: lexicon_module.Lexicon, sentence: str) -> list[tuple[str, str]]:
    matches = lexicon.matches(sentence)
    for match in matches:
        assert sentence[match.start : match.end] == match.surface
    return [(match.surface, match.english) for match in matches]


def test_the_longest_name_wins_without_overlap(tmp_path):
    book = compiled(
        tmp_path, "ja", {"東京": "Tokyo", "東京大学": "University of Tokyo", "大学生": "X"}
    )
    assert found(book, "東京大学生は東京にいる。") == [
        ("東京大学", "University of Tokyo"), ("東京", "Tokyo"),
    ]  # fmt: skip


def test_aliases_and_disambiguators(tmp_path):
    book = compiled(
        tmp_path,
        "ja",
        {
            "日本": "Japan",
            "さくら (歌)": "Sakura (song)",
            "A町 (北)": "A North",
            "A町 (南)": "A South",
        },
        redirects=[
            ("日本国", "日本"),
            ("Nippon", "日本"),
            ("環", "日本国"),
            ("輪1", "輪2"),
            ("輪2", "輪1"),
        ],
    )
    assert book.english("日本国") == "Japan"
    assert book.english("さくら") == "Sakura"
    assert book.english("A町") is None
    assert book.english("環") is None
    assert found(book, "Nipponと日本国") == [("Nippon", "Japan"), ("日本国", "Japan")]
    assert found(book, "Nippons") == []


def test_words_begin_and_end_in_languages_with_spaces(tmp_path):
    book = compiled(
        tmp_path, "ru", {"Рим": "Rome", "Берлин": "Berlin", "Нью-Йорк": "New York City"}
    )
    assert found(book, "В Риме и Берлине, в Нью-Йорке; Римский Крым") == [
        ("Рим", "Rome"), ("Берлин", "Berlin"), ("Нью-Йорк", "New York City"),
    ]  # fmt: skip


def test_particles_and_prefixes(tmp_path):
    assert found(compiled(tmp_path, "ko", {"서울": "Seoul"}), "서울에서 서울은 서울역") == [
        ("서울", "Seoul"), ("서울", "Seoul"),
    ]  # fmt: skip
    assert found(compiled(tmp_path, "ko", {"서울": "Seoul"}), "서울로부터 서울에게는 서울산") == [
        ("서울", "Seoul"), ("서울", "Seoul"),
    ]  # fmt: skip
    assert found(compiled(tmp_path, "he", {"ברלין": "Berlin"}), "גר בברלין ומברלין") == [
        ("ברלין", "Berlin"), ("ברלין", "Berlin"),
    ]  # fmt: skip
    assert found(compiled(tmp_path, "fr", {"Albi": "Albi"}), "la ville d'Albi") == [
        ("Albi", "Albi")
    ]


def test_endings_that_give_way_to_suffixes(tmp_path):
    """The match is the whole word; a stem of two names, a short one and a noun's are left out."""
    book = compiled(
        tmp_path,
        "ka",
        {"თბილისი": "Tbilisi", "ქალაქი": "City", "ომსკი": "Omsk", "ომსკ": "Omsk, Poland"},
    )
    assert len(book) == 4
    assert found(book, "თბილისი, თბილისის ქუჩა თბილისში; თბილისელი, ქალაქში, ომსკში") == [
        ("თბილისი", "Tbilisi"), ("თბილისი", "Tbilisi"), ("თბილისში", "Tbilisi"),
        ("ომსკ", "Omsk, Poland"),
    ]  # fmt: skip
    book = compiled(
        tmp_path,
        "ru",
        {"Москва": "Moscow", "Казань": "Kazan", "Россия": "Russia", "Ява": "Java",
         "Валерия": "Valeria", "Валерий": "Valery", "Москва-Сити": "Moscow City"},
    )  # fmt: skip
    assert found(book, "В Москве и Казани, из России, на Яве; Валерии, Москвич, Москвы-реки") == [
        ("Москве", "Moscow"), ("Казани", "Kazan"), ("России", "Russia"), ("Москвы", "Moscow"),
    ]  # fmt: skip
    assert found(book, "Москва-Сити в Москве") == [
        ("Москва-Сити", "Moscow City"), ("Москве", "Moscow"),
    ]  # fmt: skip


def test_a_vowel_sign_does_not_end_a_word(tmp_path):
    book = compiled(tmp_path, "hi", {"भारत": "India", "रत": "X"})
    assert found(book, "भारतीय लोग भारत में, भारत।") == [("भारत", "India"), ("भारत", "India")]


def test_common_nouns_are_marked(tmp_path):
    book = compiled(tmp_path, "ja", {"東京": "Tokyo", "都市": "City"})
    assert [match.named for match in book.matches("東京は都市")] == [True, False]


def test_what_is_no_lexicon(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"hello")
    with pytest.raises(InputError, match="no lexicon"):
        lexicon_module.load(path)
    with pytest.raises(InputError, match="no lexicon"):
        lexicon_module.load(tmp_path / "absent")


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("東京大学AB a-。Рим'한국은"), max_size=40),
    st.sampled_from(["ja", "ru", "ko"]),
)
def test_matches_are_sound_in_any_text(tmp_path_factory, text, code):
    names = {
        "東京": "Tokyo",
        "東京大学": "UT",
        "大学": "U",
        "AB": "AB",
        "Рим": "Rome",
        "한국": "Korea",
    }
    book = compiled(tmp_path_factory.mktemp("lexicon"), code, names)
    at = 0
    for match in book.matches(text):
        assert at <= match.start < match.end
        assert text[match.start : match.end] == match.surface
        assert names[match.surface] == match.english
        at = match.end
