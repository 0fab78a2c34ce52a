"""Strategies for hostile inputs: sound files that are damaged, and text that is made of marks."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

# Limit of an input in bytes or characters: enough to show what is quadratic.
LONGEST = 1 << 16
# What formats, encodings and programs treat in a special way.
BYTES = [
    b"\0", b"\n", b"\r", b"\r\n", b"\t", b"\\", b"\\t", b"\\x", b'"', b"'", b"''", b"\\'", b"<",
    b">", b"&", b"&lt;", b"&#x110000;", b"[", b"]", b"{", b"}", b"(", b")", b",", b";", b"|", b":",
    b"-", b"--", b"#", b"_", b"*", b" ", b"0", b"-1", b"1e999", b"NaN", b"null", b"true",
    b"99999999999",
    b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xc2\x85", b"\x1b",
    "\u0301".encode(), "\u200d".encode(), "\u202e".encode(), "👍🏽".encode(), "東京".encode(), b"O",
    b"B-PER", b"I-LOC", b"E-ORG", b"S-PER", b"B_PER", b"(PER*", b"1-2", b"BZh9", b"\x1f\x8b",
    b"PK\x03\x04",
    b"[[", b"]]", b"{{", b"}}", b"<!--", b"-->", b"<page>", b"</page>", b"<text>", b"<!DOCTYPE x [",
    b'<!ENTITY a "b">', b"<![CDATA[", b"]]>", b"INSERT INTO", b"),(", b"../", b"${x}", b"$(id)",
]  # fmt: skip
TOKENS = [
    "(", ")", "[", "]", "{", "}", '"', "'", "“", "”", "「", "」", "*", "**", "`", "```\n", "<", ">",
    "<think>", "</think>", "<|im_end|>", "[INST]", ",", ", ", ";", "；", "、", ":", "：",
    "\n", "\n\n",
    ".", "。", "-", "->", "→", "|", "/", "\\", "(PER, ", "(LOC, ", "(X, ", "PER: ", "LOC: ", "None",
    "なし", "is", "The answer is ", "答案是", "です", "A", "Anna", "Rome", "東京", "日本", "서울",
    "서울에서", "Москва", "Москвы", "القاهرة", "كَتَبَ", "दिल्ली", "ქართული", "İ", "ı", "ß", "ﬁ",
    "e\u0301", "é", "か\u3099", "が", "\u0301", "\u200d", "\u200c", "\u202e", "\ufeff", "\ufffd",
    "\xad", "\u3000", "👍🏽", "𠮷", "\U000e0041", "1", "２", " ", "  ", "\t", "{\"a\": [\"", "\"]}",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, sound: Sequence[bytes]) -> bytes:
    """A sound file after a few edits; one in ten inputs is any bytes."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=400))
    data = draw(st.sampled_from(sound))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 0, 1, 2, 7, 40, 300])))
        kind = draw(st.integers(0, 6))
        if kind == 0:
            piece = b""
        elif kind == 1:
            piece = draw(st.binary(max_size=8))
        elif kind == 2:
            piece = data[start:end] * 2
        elif kind == 3:
            other = draw(st.sampled_from(sound))
            begin = draw(st.integers(0, len(other)))
            piece = other[begin : begin + draw(st.sampled_from([3, 30, 300]))]
        else:
            piece = draw(st.sampled_from(BYTES))
            if kind == 6:  # deep nesting, endless runs
                piece *= draw(st.sampled_from([2, 3, 100, 3000, 20000]))
        data = data[:start] + piece[:LONGEST] + data[end:]
    return data[: 2 * LONGEST]


@st.composite
def marks(draw: st.DrawFn, tokens: Sequence[str] = TOKENS) -> str:
    """A text of marks, words and any characters, some of them repeated many times."""
    pieces = draw(st.lists(st.sampled_from(tokens) | st.text(max_size=3), max_size=24))
    if pieces and draw(st.integers(0, 7)) == 0:
        at = draw(st.integers(0, len(pieces) - 1))
        pieces[at] *= draw(st.sampled_from([10, 300, 3000]))
    return "".join(pieces)
