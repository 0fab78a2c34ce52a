"""A file's bytes: what a file that is not UTF-8 text seems to be, and how to convert it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from eatner.errors import InputError

# How files of other kinds begin, and what to do with them.
_SIGNATURES = [
    (b"\xff\xfe\0\0", "UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8."),
    (b"\0\0\xfe\xff", "UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8."),
    (b"\xff\xfe", "UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8."),
    (b"\xfe\xff", "UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8."),
    (b"PK\x03\x04", "a ZIP archive or a document of an office", "Unpack or export it as text."),
    (b"\xd0\xcf\x11\xe0", "a document of an older office", "Export it as tab-separated UTF-8."),
    (b"\x1f\x8b", "a gzip file", "Unpack it: gunzip FILE."),
    (b"BZh", "a bzip2 file", "Unpack it: bunzip2 FILE."),
    (b"\xfd7zXZ", "an xz file", "Unpack it: unxz FILE."),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "Unpack it: unzstd FILE."),
    (b"%PDF-", "a PDF", "Extract its text first."),
    (b"{\\rtf", "a document in RTF", "Save it as plain text in UTF-8."),
    (b"PAR1", "a Parquet file", "Use the `folder` of a dataset, or write it as JSON Lines."),
    (b"ARROW1", "an Arrow file", "Use the `folder` of a dataset, or write it as JSON Lines."),
    (b"SQLite format 3", "an SQLite database", "Export the table as JSON Lines."),
]
# One byte a character: charset-normalizer chooses among them.
_SINGLE = ["cp1252", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp874"]
# Several bytes a character: Python's name, iconv's name, characters that its texts consist of, and
# their least share among the characters that are not ASCII.
_MULTIPLE = [
    ("iso2022_jp", "ISO-2022-JP", re.compile("[\u3040-\u30ff]"), 0.2),
    ("shift_jis", "SHIFT_JIS", re.compile("[\u3040-\u30ff]"), 0.2),
    ("euc_jp", "EUC-JP", re.compile("[\u3040-\u30ff]"), 0.2),
    ("euc_kr", "EUC-KR", re.compile("[\uac00-\ud7a3]"), 0.9),
    ("cp949", "CP949", re.compile("[\uac00-\ud7a3]"), 0.95),
]
# Chinese last: nearly all bytes are some Chinese character.
_HAN = [
    ("gb18030", "GB18030", re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"), 0.95),
    ("big5", "BIG5", re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"), 0.95),
]
# Alphabets in one byte a character: small letters are most of a text.
_ALPHABETS = [
    ("cp1251", re.compile("[а-яё]"), 0.7),
    ("koi8_r", re.compile("[а-яё]"), 0.7),
    ("cp1253", re.compile("[ά-ώ]"), 0.7),
    ("cp1255", re.compile("[א-ת]"), 0.7),
    ("cp1256", re.compile("[ء-ي]"), 0.7),
]
# Fewer accented letters than this share of the others are those of a Western language.
_ACCENTS = 0.5
_HIDDEN = {
    "U+000B (a vertical tab)": b"\x0b",
    "U+000C (a form feed)": b"\x0c",
    "U+0085 (next line)": b"\xc2\x85",
    "U+2028 (line separator)": b"\xe2\x80\xa8",
    "U+2029 (paragraph separator)": b"\xe2\x80\xa9",
}
# Enough bytes to recognise an encoding.
_SAMPLED = 1 << 18


def check_signature(head: bytes, path: Path) -> None:
    """Refuse a file that begins as one of another kind.

    Raises:
        InputError: It is UTF-16, an archive, an office document, a PDF ...
    """
    for signature, kind, remedy in _SIGNATURES:
        if head.startswith(signature):
            raise InputError(f"this is {kind}, not text in UTF-8", path=path, line=1, remedy=remedy)


def guess(path: Path) -> str | None:
    """The encoding that a file that is not UTF-8 seems to have, by iconv's name; None: unknown.

    Only lines with other characters than ASCII are looked at: tags would hide the language.
    charset-normalizer comes with requests, which the project depends on.
    """
    from charset_normalizer import from_bytes

    with open(path, "rb") as handle:
        sample = handle.read(_SAMPLED)
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    telling = b"\n".join(lines[:-1] or lines)  # the last may be cut
    letters = sum(chr(byte).isalpha() for byte in telling if byte < 0x80)
    if sum(byte > 0x7F for byte in telling) < _ACCENTS * letters:
        return "CP1252"  # Latin letters with some accents
    for name, iconv, telltale, share in _MULTIPLE:
        if _fits(telling, name, telltale, share):
            return iconv
    alphabets = [
        name for name, telltale, share in _ALPHABETS if _fits(telling, name, telltale, share)
    ]
    if alphabets:
        found = from_bytes(telling, cp_isolation=_SINGLE).best()
        encoding = found.encoding if found is not None else alphabets[0]
        return encoding.upper().replace("KOI8_R", "KOI8-R")
    return next(
        (iconv for name, iconv, look, share in _HAN if _fits(telling, name, look, share)), None
    )


def _fits(data: bytes, name: str, telltale: re.Pattern[str], share: float) -> bool:
    """Whether bytes can be decoded, and such a share of what is not ASCII then looks right."""
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        return False
    foreign = [char for char in text if not char.isascii()]
    fitting = sum(map(bool, map(telltale.match, foreign)))
    return len(foreign) > 1 and fitting >= share * len(foreign)


def unreadable(path: Path, error: OSError) -> InputError:
    """The error of a file that cannot be opened or read."""
    return InputError(
        f"cannot be read ({error.strerror})",
        path=path,
        remedy="Check the corpus's path in the config.",
    )


def not_utf8(path: Path, line: int, error: UnicodeDecodeError) -> InputError:
    """The error of a line that is not UTF-8, with the likely encoding and the way out."""
    encoding = guess(path)
    seems = f"; it seems to be {encoding}" if encoding else ""
    return InputError(
        f"not UTF-8 ({error.reason} at byte {error.start} of the line){seems}",
        path=path,
        line=line,
        remedy=f"Convert it: iconv -f {encoding} -t UTF-8, and look at the result."
        if encoding
        else "Convert the file to UTF-8.",
    )


def zero_byte(path: Path, line: int) -> InputError:
    """The error of a line with a zero byte: UTF-16 without a mark, or no text."""
    with open(path, "rb") as handle:
        sample = handle.read(_SAMPLED)
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if 4 * max(even, odd) > len(sample) // 2 and min(even, odd) * 4 < max(even, odd):
        encoding = "UTF-16LE" if odd > even else "UTF-16BE"
        return InputError(
            f"a zero byte: this is {encoding} without a mark",
            path=path,
            line=line,
            remedy=f"Convert it: iconv -f {encoding} -t UTF-8.",
        )
    return InputError(
        "a zero byte: this is UTF-16 without a mark, or not a text",
        path=path,
        line=line,
        remedy="Convert the file to UTF-8, or remove the byte.",
    )


def line_ends(path: Path) -> dict[str, int]:
    """How many line ends of each kind a file has, the frequent ones first; kinds it lacks: none.

    A carriage return, a line feed, both; `CR CR LF` is what a text mode makes of `CR LF`.
    """
    counts = {"CR LF": 0, "LF": 0, "CR": 0, "CR CR LF": 0}
    for data in _chunks(path):
        feeds, returns = data.count(b"\n"), data.count(b"\r")
        both, doubled = (data.count(b"\r\n"), data.count(b"\r\r\n")) if returns else (0, 0)
        counts["CR CR LF"] += doubled
        counts["CR LF"] += both - doubled
        counts["LF"] += feeds - both
        counts["CR"] += returns - both - doubled
    return dict(sorted(((k, n) for k, n in counts.items() if n), key=lambda pair: -pair[1]))


def hidden_ends(path: Path) -> tuple[str, int, int] | None:
    """A character that ends a line for some programs and none here: its name, line and number.

    The line is the first that has it; the number, how many of them the file has.
    """
    line = 1
    first: tuple[str, int] | None = None
    counts: dict[str, int] = {}
    for data in _chunks(path):
        for name, code in _HIDDEN.items():
            count = data.count(code)
            counts[name] = counts.get(name, 0) + count
            if count and first is None:
                first = name, line + data[: data.index(code)].count(b"\n")
        line += data.count(b"\n")
    return None if first is None else (*first, counts[first[0]])


def _chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes in pieces that cut no line end and no character."""
    with open(path, "rb") as handle:
        rest = b""
        while chunk := handle.read(1 << 20):
            data = rest + chunk
            cut = len(data.rstrip(b"\r\n\xc2\xe2\x80"))
            yield data[:cut]
            rest = data[cut:]
        yield rest
