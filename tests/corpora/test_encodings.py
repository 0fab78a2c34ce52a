from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from reading import check_refused, surfaces

from eatner.corpora import encodings
from eatner.errors import InputError


@pytest.mark.parametrize(
    ("words", "codec", "iconv"),
    [
        ("東京 は 日本 の 首都 です", "shift_jis", "SHIFT_JIS"),
        ("東京 は 日本 の 首都 です", "euc_jp", "EUC-JP"),
        ("서울 에서 비가 왔다", "euc_kr", "EUC-KR"),
        ("北京 是 中国 的 首都", "gb18030", "GB18030"),
        ("Москва это столица России и город", "cp1251", "CP1251"),
        ("Москва это столица России и город", "koi8_r", "KOI8-R"),
        ("München schläft und träumt schön", "latin_1", "CP1252"),
        ("The Senate’s “plan” was naïve", "cp1252", "CP1252"),
    ],
)
@pytest.mark.parametrize("format", ["auto", "conll", "text"])
def test_an_encoding_is_named_with_its_remedy(
    load, words: str, codec: str, iconv: str, format: str
) -> None:
    content = "".join(f"{word}\tO\n" for word in words.split()).encode(codec)
    with pytest.raises(InputError, match=f"not UTF-8.*seems to be {iconv}") as caught:
        load(content, format)
    assert f"iconv -f {iconv} -t UTF-8" in caught.value.remedy
    lines = content.split(b"\n")
    assert caught.value.line == next(n for n, x in enumerate(lines, 1) if not x.isascii())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("Rom\tB-LOC\n".encode("utf-16"), "UTF-16"),
        ("Rom\tB-LOC\n".encode("utf-32"), "UTF-32"),
        ("Rom\tB-LOC\nfiel\tO\n".encode("utf-16-le"), "UTF-16LE without a mark"),
        ("Rom\tB-LOC\nfiel\tO\n".encode("utf-16-be"), "UTF-16BE without a mark"),
        (b"PK\x03\x04 docx", "ZIP archive"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"Rom\tB-LOC\nfiel\tO\0\n", "zero byte"),
    ],
)
def test_another_kind_of_file_is_named(load, content: bytes, problem: str) -> None:
    line = 2 if problem == "zero byte" else 1
    check_refused(partial(load, content), line, problem)


TOKENS = [("Rome", "B-LOC"), ("fell", "O"), None, ("Anna", "B-PER"), ("wept", "O")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_every_line_end_ends_a_line(load, end: str) -> None:
    content = "".join(("\t".join(row) if row else "") + end for row in TOKENS)
    first, second = load(content)
    assert (first.text, second.text) == ("Rome fell", "Anna wept")
    assert surfaces(first) + surfaces(second) == [("Rome", "LOC"), ("Anna", "PER")]


@pytest.mark.parametrize(
    "content",
    [
        "Rome\tB-LOC\nfell\tO\r\n\nAnna\tB-PER\nwept\tO\n",
        "Rome\tB-LOC\nfell\tO\n\rAnna\tB-PER\nwept\tO\n",
        "Rome\tB-LOC\r\nfell\tO\r\n\r\nAnna\tB-PER\rwept\tO\r\n",
    ],
)
def test_mixed_line_ends_are_read_with_a_warning(load, content: str, caplog) -> None:
    assert [s.text for s in load(content)] == ["Rome fell", "Anna wept"]
    assert "lines end in different ways" in caplog.text


@pytest.mark.parametrize("char", ["\u2028", "\x85", "\x0b", "\x0c"])
def test_a_character_that_ends_no_line_here_is_named(load, char: str, caplog) -> None:
    assert len(load(f"Er ging.\nSie blieb.{char}Er kam.\n", "text")) == 2
    assert f"line 2: U+{ord(char):04X}" in caplog.text


def test_marks_of_byte_order_inside_are_dropped(load) -> None:
    content = "\ufeffRome\tB-LOC\nfell\tO\n\ufeff\n\ufeffAnna\tB-PER\nwept\tO\n"
    assert [s.text for s in load(content)] == ["Rome fell", "Anna wept"]


def test_counts_of_line_ends_do_not_hang_on_chunks(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes((b"x" * 1023 + b"\r\n") * 3000 + b"y\n" + "\u2028".encode())
    assert encodings.line_ends(path) == {"CR LF": 3000, "LF": 1}
    assert encodings.hidden_ends(path) == ("U+2028 (line separator)", 3002, 1)
