from __future__ import annotations

from collections.abc import Iterator

import pytest
import uroman

from eatner.text import languages
from eatner.text.romanise import reading


@pytest.fixture(scope="module", autouse=True)
def one_romaniser() -> Iterator[None]:
    """Load uroman's tables once and not, at two seconds each, once a language."""
    patch, shared = pytest.MonkeyPatch(), uroman.Uroman()
    patch.setattr(uroman, "Uroman", lambda: shared)
    yield
    patch.undo()


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("ja", "東京", "toukyou"),
        ("ja", "ミロシェヴィッチ", "miroshi"),
        ("ja", "ソニーの社長", "soni"),
        ("ko", "서울", "seoul"),
        ("ru", "Москва", "moskva"),
        ("zh", "北京", "beijing"),
        ("ar", "لندن", "lndn"),
        ("hy", "Երեվան", "yerevan"),
        ("ka", "თბილისი", "tbilisi"),
    ],
)
def test_every_script_is_read_in_latin_letters(code: str, text: str, expected: str) -> None:
    read = reading(languages.get(code))(text)
    assert read.isascii()
    assert read.lower().replace(" ", "").startswith(expected)


def test_kanji_are_not_read_as_chinese() -> None:
    assert reading(languages.get("ja"))("東京") != reading(languages.get("zh"))("東京")


@pytest.mark.parametrize("code", ["de", "nl"])
def test_latin_letters_stay(code: str) -> None:
    assert reading(languages.get(code))("Zürich, Ünal") == "Zürich, Ünal"


@pytest.mark.parametrize("code", ["ja", "ko", "de"])
@pytest.mark.parametrize("text", ["", " ", "👩‍👩‍👧", "\n", "\\", "\u202e", "abc"])
def test_any_text_has_a_reading(code: str, text: str) -> None:
    assert isinstance(reading(languages.get(code))(text), str)


def test_it_is_made_once() -> None:
    assert reading(languages.get("ja")) is reading(languages.get("ja"))
