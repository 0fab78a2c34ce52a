"""Punctuation, honorifics and particles at the edges of a span."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.align.phrases import phrases
from eatner.text import languages
from eatner.text.trim import trim, variants


@pytest.mark.parametrize(
    ("code", "surface", "expected"),
    [
        ("ja", "「安倍晋三首相」", "安倍晋三"),
        ("ja", "東京、", "東京"),
        ("ja", "。。", "。。"),
        ("ko", "서울에서", "서울"),
        ("ko", "서울의", "서울"),
        ("ko", "김가은", "김가은"),
        ("ko", "김가은이", "김가은"),
        ("ko", "김가은 씨가", "김가은"),
        ("ru", "Москве.", "Москве"),
        ("ru", "господин Путин,", "Путин"),
        ("ru", "«Вега»", "Вега"),
        ("en", "Mr. Obama's", "Obama"),
        ("en", "(Apple Inc.)", "Apple Inc."),
        ("en", "Washington, D.C.", "Washington, D.C."),
        ("en", "Georgia (country)", "Georgia (country)"),
        ("fr", "l'Italie", "Italie"),
        ("ar", "السيد محمد،", "محمد"),
        ("hi", "श्रीमती गांधी", "गांधी"),
        ("hi", "मोदी जी", "मोदी"),
        ("am", "አቶ አብይ።", "አብይ"),
        ("th", "ดร.ชวน", "ชวน"),
        ("hy", "Երևանում", "Երևանում"),
        ("ko", "문재인 대통령은", "문재인"),
        ("ru", "ООО «Вега»", "ООО «Вега»"),
        ("zh", "蔡英文總統", "蔡英文"),
        ("zh", "王老師", "王老師"),
    ],
)
def test_trim(code: str, surface: str, expected: str) -> None:
    for before, after in [("", ""), ("ab ", " cd")]:
        sentence = before + surface + after
        span = len(before), len(before) + len(surface)
        start, end = trim(span, sentence, languages.get(code))
        assert sentence[start:end] == expected


@pytest.mark.parametrize(
    ("code", "name", "shorter"),
    [
        *(("ko", name, name[:-1]) for name in ("우크라이나", "바르셀로나", "아르헨티나", "경기도")),
        *(("ko", name, name[:-1]) for name in ("태평양", "문재인", "페르시아만", "을지로")),
        ("ko", "소말리아", "소말리아"),
        ("es", "San Francisco", "San Francisco"),
        ("es", "Santa Fe", "Santa Fe"),
        ("fr", "L'Oréal", "Oréal"),
        ("hi", "श्री लंका", "लंका"),
        ("ja", "昭和天皇", "昭和"),
        ("th", "นางาซากิ", "าซากิ"),
        ("zh", "總統府", "府"),
    ],
)
def test_what_names_end_with_too_is_left_or_doubted(code: str, name: str, shorter: str) -> None:
    span, language = (0, len(name)), languages.get(code)
    assert trim(span, name, language) == span
    start, end = trim(span, name, language, doubtful=True)
    assert name[start:end] == shorter
    rest = " " if language.spaces else ""
    found = phrases(f"{name}{rest}X", language, 12)
    assert span in found
    assert (start, end) in found


def test_a_particle_inside_a_word_is_none() -> None:
    """A span that ends within a word has its end there for a reason."""
    assert trim((0, 3), "서울에서", languages.get("ko")) == (0, 3)


@given(st.text("東京さん。(「」) 의서울Mr.'s", max_size=20), st.data())
def test_trim_stays_within(sentence: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(sentence)))
    end = data.draw(st.integers(start, len(sentence)))
    for code in ("ja", "ko", "en", "ar"):
        left, right = trim((start, end), sentence, languages.get(code))
        assert start <= left <= right <= end
        assert left < right or (left, right) == (start, end)


def test_variants_are_with_and_without_what_is_trimmed() -> None:
    text = "في والقاهرة."
    found = variants((3, len(text)), text, languages.get("ar"))
    assert [text[start:end] for start, end in found] == ["والقاهرة", "القاهرة", "قاهرة"]
