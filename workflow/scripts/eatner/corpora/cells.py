"""Lines of columns cut into their values; comments; values of CSV that go over several lines."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator, Sequence

from eatner.corpora.iob import TAG

_COMMENT = re.compile(r"#[ ]?[A-Za-z_][\w:.-]*(?: [\w:.-]+)* ?= ?")
_DOCUMENT = re.compile(r"#(?:begin|end) document\b[^;]*(?:; part \d+)?\s*")
EXCEL = re.compile(r'"?sep=(.)"?[,;\t]*', re.IGNORECASE)
INDEX = re.compile(r"(\d{1,18})(?:([-.])(\d{1,18}))?")
# A quoted value of CSV may hold so many line ends.
_LONGEST_QUOTE = 10


def split(line: str, separator: str) -> list[str]:
    """The values of a line."""
    if separator == "\t":
        values = line.split("\t")
        return ["\t", values[2]] if values[:2] == ["", ""] and len(values) == 3 else values
    if separator == " ":
        values = re.split(r"[ \t]+", line.rstrip(" \t"))
        if values[0] or len(values) < 2:
            return values
        # Numbers are set flush right; a token that is itself one space stands before another.
        if len(values) > 3 and INDEX.fullmatch(values[1]):
            return values[1:]
        return [" ", *values[1:]] if line.startswith("  ") else values
    if separator == "\u00a0":
        return line.split()
    values = line.split(separator)
    if separator in ",;" and '"' in line:
        with contextlib.suppress(csv.Error):  # the token ", in a file that quotes nothing
            rows = csv.reader(line.splitlines(keepends=True), delimiter=separator, strict=True)
            values = next(rows)
    values = [value.strip() or value for value in values]
    # The token that is the separator itself: ",,O".
    is_mark = len(values) == 3 and values[:2] == ["", ""] and values[2]
    return [separator, values[2]] if is_mark else values


def whole_lines(lines: Sequence[tuple[int, str]], separator: str) -> Iterator[tuple[int, str]]:
    """The lines of CSV; those that a quoted value with line ends goes over are one.

    A quote that is never closed, or whose value would hold a row of its own, is a token.
    """
    at = 0
    while at < len(lines):
        number, line = lines[at]
        at += 1
        if '"' in line and is_open(line, separator):
            for until in range(at, min(at + _LONGEST_QUOTE, len(lines))):
                longer = "\n".join(text for _, text in lines[at - 1 : until + 1])
                if not is_open(longer, separator):
                    values = split(longer, separator)
                    rows = any("\n" in value and separator in value for value in values)
                    if len(values) > 1 and not rows:
                        line, at = longer, until + 1
                    break
        yield number, line


def is_open(text: str, separator: str) -> bool:
    """Whether a quote in a row of CSV is not closed."""
    try:
        list(csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def is_comment(line: str, separator: str) -> bool:
    """A `# key = value` or `# remark`, and not the token `#` with its tag; Excel's `sep=;`."""
    if not line.startswith("#"):
        return line[:5].casefold().lstrip('"').startswith("sep=") and bool(EXCEL.fullmatch(line))
    values = split(line, separator)
    if (
        len(values) == 1
        or (_COMMENT.match(line) and separator != "\t")
        or _DOCUMENT.fullmatch(line)
    ):
        return True
    is_remark = values[0] == "#" or values[0].lstrip("#").startswith(" ")
    return is_remark and not any(TAG.fullmatch(value) for value in values[1:])
