"""Corpora of a token a line: tell the columns, take the words from them, read the sentences.

CoNLL-U is https://universaldependencies.org/format.html; UNER's iob2 Mayhew et al. 2024; WikiANN's
`ja:token<TAB>tag` Rahimi et al. 2019. A file is read twice: `survey` learns its layout and scheme
from all of it, and finds every error that stands in a line; `read` streams its sentences.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eatner.corpora.gold import AnnotatedSentence
from eatner.corpora.iob import TAG, TokenError
from eatner.corpora.tokens import (
    Evidence,
    Ids,
    Word,
    check_entities,
    check_tag,
    find,
    join,
    no_sentence,
    read_blocks,
    tagged_entities,
)
from eatner.errors import InputError
from eatner.tables import Span

log = logging.getLogger(__name__)
_COMMENT = re.compile(r"#[ ]?[A-Za-z_][\w:.-]*(?: [\w:.-]+)* ?= ?")
_PREFIXED = re.compile(r"([a-z]{2,}(?:-[a-z]+)*):")
_INDEX = re.compile(r"(\d+)(?:([-.])(\d+))?")
_MISC_TAG = re.compile(r"(?:^|\|)NER?=([^|]+)", re.IGNORECASE)
# What stands over the column of tags in a file whose first line names its columns.
_HEADINGS = {"tag", "tags", "ner", "ner_tag", "ner_tags", "label", "labels", "entity", "iob", "bio"}
_CHUNKS = {"NP", "VP", "PP", "ADJP", "ADVP", "SBAR", "PRT", "CONJP", "INTJ", "NC", "VC", "PC"}
# In place of a tag's column counted from the right: the last column's NE=.
_IN_MISC = 0
# Such a share of numbers makes a column of numbers, whatever their order; of tags, a tagged file.
NEARLY_ALL = 0.9
# Enough lines to tell separator, columns and prefix; the scheme is judged on the whole file.
SNIFFED_LINES = 2000
# A file of more than this many columns carries a morphological analysis. MeCab gives unknown words
# fewer features, so there the number of columns may change from line to line.
_FIXED_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Options:
    """What the config says of a file's columns; None: to be found out."""

    separator: str | None = None
    token_column: int | None = None
    tag_column: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of one file are to be read; found by `sniff` and `survey`."""

    separator: str
    columns: int | None  # None: they vary
    token: int
    tag: int  # counted from the right, or _IN_MISC
    index: int | None  # the column of numbers before the tokens
    step: int  # what they go on by: 1 for a token's number, 0 for a sentence's
    prefix: str
    scheme: str = "lenient"
    characters: bool = False

    @property
    def numbers_tokens(self) -> bool:
        """Whether a column of numbers counts the tokens, as in CoNLL-U."""
        return self.index is not None and self.step == 1


def _split(line: str, separator: str) -> list[str]:
    if separator == " ":
        values = re.split(r"[ \t]+", line.rstrip(" \t"))
        if values[0] or len(values) < 2:
            return values
        # Numbers are set flush right; a token that is itself one space stands before another.
        if len(values) > 3 and _INDEX.fullmatch(values[1]):
            return values[1:]
        return [" ", *values[1:]] if line.startswith("  ") else values
    values = line.split(separator)
    if separator == "," and '"' in line:
        with contextlib.suppress(csv.Error):  # the token ", in a file that quotes nothing
            values = next(csv.reader([line], strict=True))
    if separator != "\t":
        values = [value.strip() or value for value in values]
    # The token that is the separator itself: ",,O".
    return [separator, values[-1]] if values[:-1] == ["", ""] else values


def _is_comment(line: str, separator: str) -> bool:
    """A `# key = value` or `# remark`, and not the token `#` with its tag."""
    if not line.startswith("#"):
        return False
    values = _split(line, separator)
    if len(values) == 1 or (_COMMENT.match(line) and separator != "\t"):
        return True
    is_remark = values[0] == "#" or values[0].startswith("# ")
    return is_remark and not any(TAG.fullmatch(value) for value in values[1:])


def _is_heading(values: Sequence[str]) -> bool:
    """Whether the first line of a file names its columns."""
    named = {value.strip().casefold() for value in values}
    return not named.isdisjoint(_HEADINGS) and not any(map(TAG.fullmatch, values))


def _tag(values: Sequence[str], column: int) -> str:
    if column != _IN_MISC:
        return values[column]
    named = _MISC_TAG.search(values[-1])
    return named[1] if named else "O"


def _tag_columns(
    rows: Sequence[Sequence[str]], width: int, wanted: int | None
) -> tuple[list[int], float]:
    """The columns, counted from the right, that most likely hold the tags; the leftmost first.

    In them most rows hold a tag: rows of the usual `width`, or, in the last column, of any. Entity
    types come before chunks, and labels before O alone. The first column is one of tags only where
    no other is, for tokens may look like tags. With them, the share of the first one's tags.
    """
    found = []
    for column in range(-width, 0) if wanted is None else [wanted]:
        tags = [row[column] for row in rows if len(row) == width or column == -1]
        matches = [match for tag in tags if (match := TAG.fullmatch(tag))]
        labels = {match[2] for match in matches if match[2]}
        if 2 * len(matches) > len(rows):
            rank = column == -width, bool(labels & _CHUNKS), not labels
            found.append((rank, column, len(matches) / len(rows)))
    if found:
        best, _, share = min(found)
        return [column for rank, column, _ in found if rank == best], share
    # CoNLL-U leaves NE= out where the word is in no entity, so a few are enough.
    named = any(len(row) == 10 and _MISC_TAG.search(row[-1]) for row in rows)
    return [_IN_MISC] * (named and wanted is None), 1.0


def _step(blocks: Sequence[Sequence[Sequence[str]]], column: int) -> int | None:
    """How a column of numbers goes on within a sentence; None where it is not one.

    1: it numbers the tokens (ranges and empty nodes apart); 0: it numbers the sentences. A few
    wrong numbers do not make it a column of tokens: `_words` refuses them.
    """
    steps: Counter[int] = Counter()
    rows = numbers = 0
    for block in blocks:
        found = [_INDEX.fullmatch(row[column].strip()) for row in block if len(row) > column]
        plain = [int(match[1]) for match in found if match and not match[2]]
        rows += sum(match is None or not match[2] for match in found)
        numbers += len(plain)
        steps.update(after - before for before, after in itertools.pairwise(plain))
    steady = 2 * (steps[0] + steps[1]) >= steps.total() > 0
    if 2 * numbers <= rows or not (steady or numbers >= NEARLY_ALL * rows):
        return None
    return 0 if steps[0] > steps[1] else 1


def _token_column(
    blocks: Sequence[Sequence[Sequence[str]]], columns: Sequence[int], wanted: int | None
) -> tuple[int, int | None, int]:
    """The column of the tokens, that of the numbers before it, and how these go on.

    Where it is not `wanted`, it is the first of `columns` that does not number.
    """
    if wanted is not None:
        columns = columns[: columns.index(wanted) + 1]
    index, step = None, 1
    for column in columns[:-1]:
        goes_on = _step(blocks, column)
        if goes_on is not None:
            index, step = column, goes_on
        elif wanted is None:
            return column, index, step
    return columns[-1], index, step


def sniff(path: Path, options: Options) -> tuple[Layout, list[int], float] | None:
    """Tell the columns from a file's first lines; None where none of them holds tags.

    Returns:
        The layout, every column that could hold the tags, and the share of lines with a tag.
    """
    blocks = [[line for _, line in block] for block in read_blocks(path, SNIFFED_LINES)]
    # The space is last: it may stand behind a comma, too.
    for sep in [options.separator] if options.separator else ["\t", ",", ";", "|", " "]:
        split = [[_split(x, sep) for x in block if not _is_comment(x, sep)] for block in blocks]
        if split and split[0]:
            split[0] = split[0][_is_heading(split[0][0]) :]
        rows = [row for block in split for row in block]
        width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
        given = [options.token_column, options.tag_column]
        if width < 2 or any(c is not None and not -width <= c < width for c in given):
            continue
        token, tag = (c if c is None else c % width for c in given)
        tags, share = _tag_columns(rows, width, None if tag is None else tag - width)
        columns = [column for column in range(width) if not tags or column != tags[0] + width]
        if not tags or token not in (None, *columns):
            continue
        token, index, step = _token_column(split, columns, token)
        forms = [row[token] for row in rows if len(row) > token]
        prefixes = Counter(match[0] for form in forms if (match := _PREFIXED.match(form)))
        layout = Layout(
            separator=sep,
            # MeCab gives unknown words fewer features.
            columns=None if width > _FIXED_COLUMNS and tags[0] == -1 else width,
            token=token,
            tag=tags[0],
            index=index,
            step=step,
            # Every token has it, or some were forgotten, which `_words` refuses.
            prefix=prefixes.most_common(1)[0][0] if 2 * prefixes.total() > len(forms) else "",
        )
        return layout, [column + width for column in tags], share
    return None


def _parted(path: Path, layout: Layout) -> Iterator[Sequence[tuple[int, str]]]:
    """The sentences' lines: in a file without a blank line those with one sentence's number.

    Raises:
        InputError: A sentence goes on after another.
    """
    blocks = read_blocks(path)
    first = list(itertools.islice(blocks, 2))
    if len(first) != 1 or layout.index is None or layout.numbers_tokens:
        yield from itertools.chain(first, blocks)
        return

    def sentence(line: tuple[int, str]) -> str:
        values = _split(line[1], layout.separator)
        return values[layout.index].strip() if len(values) > layout.index else ""

    seen = set()
    for name, lines in itertools.groupby(first[0], sentence):
        block = list(lines)
        if name in seen:
            raise InputError(
                f"sentence {name} goes on here, after another",
                path=path,
                line=block[0][0],
                remedy="Let the tokens of a sentence follow each other.",
            )
        seen.add(name)
        yield block


def _words(
    block: Sequence[tuple[int, str]], layout: Layout, path: Path
) -> tuple[list[Word], dict[str, tuple[int, str]]]:
    """The words of a block and its `# key = value` comments with their lines."""
    words: list[Word] = []
    comments: dict[str, tuple[int, str]] = {}
    range_form: tuple[int, str] | None = None
    range_glued, range_end = False, -1
    before: int | None = None
    for number, line in block:
        if _is_comment(line, layout.separator):
            key, equals, value = line[1:].partition("=")
            if equals:
                comments.setdefault(key.strip(), (number, value.removeprefix(" ")))
            continue
        values = _split(line, layout.separator)
        if number == 1 and layout.tag != _IN_MISC and _is_heading(values):
            continue
        if len(values) != layout.columns and (layout.columns or len(values) < 2 + layout.token):
            raise InputError(
                f"{len(values)} columns where the file has {layout.columns or 'more'}",
                path=path,
                line=number,
                remedy="Give each token one line with all columns, and a blank line between "
                "sentences.",
            )
        form = values[layout.token]
        counts = layout.numbers_tokens
        glued = counts and "SpaceAfter=No" in values[-1].split("|")
        if layout.index is not None:
            match = _INDEX.fullmatch(values[layout.index].strip())
            if counts and match and match[2] == ".":
                continue  # an empty node is not in the text
            if counts and match and match[2] == "-":
                range_form, range_glued, range_end = (number, form), glued, int(match[3])
                continue
            expected = None if before is None else before + layout.step
            if not match or match[2] or expected not in (None, int(match[1])):
                raise InputError(
                    f"{values[layout.index]!r} where the {'token' if counts else 'sentence'}'s "
                    f"number{'' if expected is None else f' {expected}'} is expected",
                    path=path,
                    line=number,
                    remedy="Correct it, part sentences by a blank line, or, where this is no "
                    "number, set the corpus's token_column.",
                )
            before = int(match[1])
            if before > range_end:
                range_form = None
        if not form.startswith(layout.prefix):
            raise InputError(
                f"the token {form!r} lacks the prefix {layout.prefix!r} of the others",
                path=path,
                line=number,
                remedy="Put the language's prefix before every token or before none.",
            )
        form = form.removeprefix(layout.prefix)
        tag = _tag(values, layout.tag)
        check_tag(tag, path, {"line": number})
        words.append(Word(number, form, tag, range_glued if range_form else glued, range_form))
    return words, comments


def survey(path: Path, options: Options, scheme: str, numbered: bool) -> Layout:
    """Read the whole file once: its layout and scheme, and every error that stands in a line.

    Args:
        path: The file.
        options: What is known of its columns.
        scheme: One of `eatner.iob.SCHEMES`.
        numbered: Whether its tokens must be numbered, as in CoNLL-U.

    Raises:
        InputError: It is empty, holds no column of tags, or a line contradicts the others.
    """
    first = next(read_blocks(path), None)
    if first is None:
        raise no_sentence(path)
    sniffed = sniff(path, options)
    if sniffed is None:
        raise InputError(
            "no column of tags (O, B-PER, I-PER ...) found",
            path=path,
            line=first[0][0],
            remedy="Give each token a line with its tag, or set the corpus's format, separator, "
            "token_column or tag_column.",
        )
    layout, tags, _ = sniffed
    if len(tags) > 1:
        log.warning(
            "%s: the columns %s hold tags, and column %d is read. Set the corpus's tag_column.",
            path,
            " and ".join(map(str, tags)),
            tags[0],
        )
    if numbered and not layout.numbers_tokens:
        raise InputError(
            "no leading column that numbers the tokens, as CoNLL-U has",
            path=path,
            line=first[0][0],
            remedy="Number the tokens, or set the corpus's format to conll.",
        )
    evidence = Evidence()
    for block in _parted(path, layout):
        evidence.add(_words(block, layout, path)[0])
    if not evidence.count:
        raise no_sentence(path)
    if scheme == "auto":
        scheme = evidence.scheme(path)
    return replace(layout, scheme=scheme, characters=evidence.characters)


def _units(words: Sequence[Word]) -> list[tuple[Word, list[int]]]:
    """The surface tokens of a sentence and the words that each stands for (contractions: several).

    A contraction whose words spell it ("don't" = "do" + "n't") is not merged.
    """
    units: list[tuple[Word, list[int]]] = []
    for inside, group in itertools.groupby(enumerate(words), key=lambda pair: pair[1].inside):
        members = list(group)
        if inside is None or "".join(word.form for _, word in members) == inside[1]:
            for position, (number, word) in enumerate(members):
                glued = word.glued or (inside is not None and position < len(members) - 1)
                units.append((Word(word.line, word.form, word.tag, glued), [number]))
        else:
            surface = Word(inside[0], inside[1], "O", members[-1][1].glued)
            units.append((surface, [number for number, _ in members]))
    return units


def read(path: Path, layout: Layout, spaces: bool) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a file whose layout `survey` found.

    Args:
        path: The file.
        layout: How to read it.
        spaces: Whether words without a `# text` are joined by spaces.

    Raises:
        InputError: The order of tags, an id or the text contradicts what was read before.
    """
    ids = Ids(path)
    for block in _parted(path, layout):
        words, comments = _words(block, layout, path)
        if not words:
            continue
        line, own_id = comments.get("sent_id", (words[0].line, ""))
        sentence_id = ids.take(own_id.strip(), {"line": line})
        units = _units(words)
        surfaces = [unit for unit, _ in units]
        line, text = comments.get("text", (0, ""))
        if text.strip():
            try:
                places = find(surfaces, text)
            except TokenError as error:
                raise InputError(
                    str(error),
                    path=path,
                    line=line if error.token is None else surfaces[error.token].line,
                    remedy="Make tokens and text agree, or remove the # text lines.",
                ) from error
        else:
            text, places = join(surfaces, spaces, layout.characters)
        by_word: dict[int, Span] = {}
        for (_, numbers), place in zip(units, places, strict=True):
            by_word.update(dict.fromkeys(numbers, place))
        ordered = [by_word[number] for number in range(len(words))]
        entities = tagged_entities(words, ordered, layout.scheme, path)
        check_entities(entities, text, path, {"line": words[0].line})
        yield AnnotatedSentence(sentence_id, text, tuple(dict.fromkeys(places)), entities)
