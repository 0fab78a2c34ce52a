"""Warnings of what is doubtful in a file of columns that can be read, with line and remedy."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from eatner.corpora.cells import whole_lines
from eatner.corpora.layout import NEARLY_ALL, Layout
from eatner.corpora.rows import Block
from eatner.corpora.tokens import Word, read_blocks
from eatner.errors import InputError

log = logging.getLogger(__name__)
# A whole file in one sentence of more tokens than this has lost its sentence ends.
_ONE_SENTENCE = 150
# So many sentences' final marks inside one sentence that is the whole file say the same.
MARKS = {".", "。", "!", "?", "।", "؟", "።", "۔"}
_MANY_MARKS = 3
# The tokens of a file are judged by so many. Words are rarely without a letter, and rarely repeat.
JUDGED = 500
_WORDLESS, _MARKS_AT_LEAST = 0.7, 8
_REPEATED, _CODES_AT_LEAST = 4, 12
# What tokenizers write among the words: the ends of sentences, pieces of words, and, in Weibo's
# corpus, the place of a character in its word.
_MARK = re.compile(
    r"</?s>|<(?:eos|bos|sep|cls|pad)>|\[(?:CLS|SEP|PAD)\]|##\w+|▁\w*|(?-i:EOS)", re.IGNORECASE
)
_SEGMENTED = re.compile(r"[^\W\da-zA-Z]\d")


def one_sentence(path: Path, length: int, marks: int, characters: bool) -> None:
    """Say so if the only sentence of a file is as long as many.

    Args:
        path: The file.
        length: The number of its tokens.
        marks: How many of them end a sentence.
        characters: Whether the tokens are characters, of which a sentence has more.
    """
    most = _ONE_SENTENCE * (2 if characters else 1)
    if length > most or marks >= _MANY_MARKS:
        log.warning(
            "%s: the whole file is one sentence of %d tokens, because no blank line ends another. "
            "Put a blank line between sentences, or a column with the sentence's number.",
            path,
            length,
        )


def spellings(path: Path, layout: Layout, known: int, words: Sequence[Word]) -> None:
    """Say once which tags of another spelling are read as which usual one."""
    if layout.key is None and layout.tags.spelling == "brackets":
        return
    fresh = [tag for tag in list(layout.tags)[known:] if tag in set(layout.tags.respelt())]
    if fresh:
        log.warning(
            "%s: in the sentence of line %s %s. Set the corpus's tag_column if that is no tag.",
            path,
            words[0].line,
            ", ".join(f"{tag!r} is read as {layout.tags[tag]}" for tag in fresh[:8]),
        )


def check_widths(path: Path, layout: Layout, block: Block) -> None:
    """Warn of rows with another number of columns than the file's others; refuse one in brackets.

    Raises:
        InputError: The rows of a sentence of CoNLL-2012 have different numbers of columns.
    """
    usual = len(block.rows[0][1])
    for number, values in block.rows:
        if layout.tags.spelling == "brackets" and layout.key is None and len(values) != usual:
            raise InputError(
                f"{len(values)} columns where the sentence's first row has {usual}",
                path=path,
                line=number,
                remedy="Give all tokens of a sentence the same columns.",
            )
        if len(values) not in layout.widths and layout.tags.spelling != "brackets":
            log.warning(
                "%s, line %d: %d columns where other rows have %s. Check that none is missing.",
                path,
                number,
                len(values),
                " or ".join(map(str, sorted(layout.widths))),
            )


def forms(path: Path, layout: Layout, forms: Sequence[str], characters: bool) -> None:
    """Say so if the column of tokens holds numbers, marks or parts of speech."""
    wordless = sum(not any(map(str.isalpha, form)) for form in forms)
    what = ""
    if wordless > _WORDLESS * len(forms) and len(forms) >= _MARKS_AT_LEAST:
        what = "numbers or marks"
    elif (
        not characters
        and (len(forms) >= _CODES_AT_LEAST or len(set(forms)) == 1)
        and _REPEATED * len(set(forms)) <= len(forms)
    ):
        what = "a few codes"
    if what:
        log.warning(
            "%s: column %d is read as the tokens, and holds %s (%s ...). Set the corpus's "
            "token_column if the words are in another.",
            path,
            layout.token,
            what,
            " ".join(forms[:5]),
        )


def empty(path: Path, lines: Sequence[int]) -> None:
    """Say so if rows have a tag and no token, because its word is lost."""
    if lines:
        log.warning(
            "%s, line %d: an empty token (%d in the file) is left out of its sentence's text. "
            "Write the token, or remove the line.",
            path,
            lines[0],
            len(lines),
        )


def pieces(path: Path, layout: Layout, words: Sequence[Word]) -> None:
    """Say so if a tokenizer's marks are among the tokens: of its sentences, pieces or segments."""
    marked = [word for word in words if _MARK.fullmatch(word.form)]
    segmented = [word for word in words if _SEGMENTED.fullmatch(word.form)]
    what = "a mark of a tokenizer or of a sentence's end"
    remedy = "Remove such marks, join the pieces of words, and put a blank line between sentences"
    if not marked and len(segmented) >= NEARLY_ALL * len(words):
        marked, what = segmented, "a character with its place in a word"
        remedy = "Remove the digits"
    if marked:
        log.warning(
            "%s, line %d: %r (column %d) is %s, and is read as a token. %s.",
            path,
            marked[0].line,
            marked[0].form,
            layout.token,
            what,
            remedy,
        )


def quotes(path: Path, separator: str) -> None:
    """Say so if a quote in a CSV is not closed: it may be a token, or half a quoted value."""
    opened = [
        number
        for block in read_blocks(path)
        for number, line in whole_lines(block, separator)
        if line.count('"') % 2
    ]
    if opened:
        log.warning(
            "%s, line %d: a quote is not closed, and is read as part of its token. Double a quote "
            "that stands for itself, and quote its value.",
            path,
            opened[0],
        )
