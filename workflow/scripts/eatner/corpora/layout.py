"""The layout of a file of columns: its separator, and which columns hold tokens, tags, numbers.

CoNLL-U is https://universaldependencies.org/format.html; UNER's iob2 Mayhew et al. 2024; WikiANN's
`ja:token<TAB>tag` Rahimi et al. 2019; HIPE's Ehrmann et al. 2022; brackets are CoNLL-2012's
(Pradhan et al. 2012).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from eatner.corpora import headings
from eatner.corpora.cells import EXCEL, INDEX, is_comment, split, whole_lines
from eatner.corpora.iob import TAG
from eatner.corpora.resemblance import tagged_sentences
from eatner.corpora.tags import Spelling, Tags, are_brackets, spelling_of
from eatner.corpora.tokens import read_blocks

# No more digits than Python reads, and no ².
_NUMBER = re.compile(r"\d{1,18}")
# A wider line is a whole text, whose words need not all be tried as tags.
_MOST_COLUMNS = 100
_PREFIXED = re.compile(r"([a-z]{2,}(?:-[a-z]+)*):")
_CHUNKS = {"NP", "VP", "PP", "ADJP", "ADVP", "SBAR", "PRT", "CONJP", "INTJ", "NC", "VC", "PC"}
# Keys of tags in a last column of `key=value` pairs, without case; the earlier ones are preferred.
_KEYS = ("ner", "ne", "name", "tag", "entity", "bio", "iob", "netag", "nertag")
_SEPARATORS = ("\t", ",", ";", "|", " ", "\u00a0")
_SEPARATOR_NAMES = {
    "\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars", " ": "spaces",
    "\u00a0": "no-break spaces",
}  # fmt: skip
# What a column of remarks says: no space follows, or the sentence ends here.
NO_SPACE = {"NoSpaceAfter", "SpaceAfter=No"}
_ENDS = ("EndOfSentence", "PySBDSegment")
_REMARKS = {*NO_SPACE, *_ENDS, "EndOfLine"}
# Such a share of numbers makes a column of numbers, whatever their order; of tags, a tagged file.
NEARLY_ALL = 0.9
# Enough lines to find separator, columns and prefix; the scheme is judged on the whole file.
SNIFFED_LINES = 2000
# A file of more than this many columns carries a morphological analysis. MeCab gives unknown words
# fewer features, so there the number of columns may change from line to line.
_FIXED_COLUMNS = 5
# Rows with a number of columns that fewer than this share of the others have are odd.
_ODD = 0.01
# CoNLL-2012: document, part, number, word, part of speech, parse, ..., entities, coreference.
_ONTONOTES_WORD, _ONTONOTES_ENTITIES = 3, 10

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Options:
    """What the config says of a file's columns; None: to be found out."""

    separator: str | None = None
    token_column: int | None = None
    tag_column: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of one file are to be read; found by `sniff` and `conll.survey`."""

    separator: str
    columns: int | None  # None: they vary
    token: int
    tag: int  # from the left, or negative from the right
    index: int | None  # the column of numbers before the tokens
    step: int  # what they go on by: 1 for a token's number, 0 for a sentence's
    prefix: str
    tags: Tags = field(default_factory=lambda: Tags("usual"))
    key: str | None = None  # of the tags, where `tag` is a column of key=value pairs
    explicit: bool = False  # whether the key stands in nearly every row, with O too
    group: int | None = None  # the column whose value changes with the sentence
    blank: bool = True  # whether the group's value stands on a sentence's first token alone
    remarks: int | None = None  # the column of remarks such as NoSpaceAfter
    end: str | None = None  # the remark that ends a sentence
    widths: frozenset[int] = frozenset()  # the usual numbers of columns
    headed: bool = False  # whether the first line names the columns
    scheme: str = "lenient"
    characters: bool = False
    marked: bool = False  # whether remarks say everywhere which tokens touch

    @property
    def numbers_tokens(self) -> bool:
        """Whether a column of numbers counts the tokens, as in CoNLL-U."""
        return self.index is not None and self.step == 1

    @property
    def least(self) -> int:
        """The number of columns that a row must have."""
        read = [self.token, self.tag, self.index or 0, self.remarks or 0]
        return max(2 + self.token, *(1 + column if column >= 0 else -column for column in read))

    def describe(self) -> str:
        """The layout in words, the columns counted from 0."""
        width = "a varying number of" if self.columns is None else str(self.columns)
        tag = self.tag % self.columns if self.columns else self.tag
        said = [
            f"{width} columns separated by {_SEPARATOR_NAMES.get(self.separator, self.separator)}",
            f"tokens in column {self.token}",
            f"tags in column {tag}" + (f" ({self.key}=)" if self.key else ""),
            f"scheme {self.scheme}",
        ]
        if self.tags.spelling != "usual":
            said.append(repr(self.tags))
        if self.group is not None or self.index is not None:
            number = self.group if self.group is not None else self.index
            what = "tokens" if self.group is None and self.numbers_tokens else "sentences"
            said.append(f"{what} numbered in column {number}")
        if self.end:
            said.append(f"sentences end at {self.end}")
        if self.headed:
            said.append("named by the first line")
        return ", ".join(said)


class _Tagged(NamedTuple):
    """Where the tags of a file are."""

    columns: list[int]  # that could hold them, from the right; the first is taken
    share: float  # of rows with a tag
    spelling: Spelling
    key: str | None = None
    explicit: bool = False


def _usual_tags(rows: Rows, columns: Iterable[int], width: int) -> tuple[_Tagged, bool] | None:
    """The columns that most likely hold the usual tags, and whether theirs are chunks.

    In them most rows hold a tag: rows of the usual `width`, or, in the last column, of any. Entity
    types come before chunks, and labels before O alone. The first column is one of tags only where
    no other is, because tokens may look like tags; O alone is a word there, as in Portuguese. With
    them, the share of the first one's tags.
    """
    found = []
    known = Tags("usual")
    for column in columns:
        tags = [row[column] for row in rows if len(row) == width or column == -1]
        matches = [match for tag in tags if (match := TAG.fullmatch(tag))]
        labels = {match[2] for match in matches if match[2]}
        if 2 * len(matches) > len(rows) and (labels or column != -width):
            rank = column == -width, bool(labels & _CHUNKS), not labels
            found.append((rank, column, sum(known[tag] is not None for tag in tags) / len(rows)))
    if not found:
        return None
    best, _, share = min(found)
    return _Tagged([column for rank, column, _ in found if rank == best], share, "usual"), best[1]


def _keyed_tags(rows: Rows) -> _Tagged | None:
    """Tags in a last column of `key=value` pairs, as in CoNLL-U's MISC."""
    counts: dict[str, Counter[str]] = {}
    pairs = 0
    for row in rows:
        if len(row) < 3:
            continue
        for item in row[-1].split("|"):
            key, equals, value = item.partition("=")
            if equals:
                pairs += 1
                counts.setdefault(key, Counter())[value] += 1
    if not pairs:
        return None

    def rank(key: str) -> tuple[int, int]:
        known = key.casefold() in _KEYS
        return (_KEYS.index(key.casefold()) if known else len(_KEYS)), -counts[key].total()

    for key in sorted(counts, key=rank):
        values = counts[key]
        usual = sum(n for value, n in values.items() if Tags("usual")[value] is not None)
        some = key.casefold() in _KEYS or any((TAG.match(v) or [""])[0] not in "O" for v in values)
        other = spelling_of(values)
        if (some and 2 * usual > values.total()) or other:
            explicit = "O" in values and values.total() >= NEARLY_ALL * len(rows)
            spelling: Spelling = "usual" if 2 * usual > values.total() else other or "usual"
            return _Tagged([-1], 1.0, spelling, key, explicit)
    return None


def _bracketed(rows: Rows, columns: Iterable[int], width: int) -> _Tagged | None:
    """The column of entities in brackets: CoNLL-2012's eleventh, or the only one of its kind."""
    # Rows that are too short for CoNLL-2012 are refused where they are read.
    whole = [row for row in rows if len(row) > _ONTONOTES_ENTITIES]
    if len(whole) < NEARLY_ALL * len(rows):
        whole = list(rows)
    least = min(map(len, whole))
    fitting = [
        column
        for column in columns
        if column % width < least and are_brackets(Counter(row[column % width] for row in whole))
    ]
    if _ONTONOTES_ENTITIES - width in fitting:
        return _Tagged([_ONTONOTES_ENTITIES - width], 1.0, "brackets")
    return _Tagged(fitting, 1.0, "brackets") if len(fitting) == 1 else None


def _find_tags(rows: Rows, width: int, wanted: int | None) -> _Tagged | None:
    """Where the tags are: in a column, in pairs of the last, in brackets, or otherwise spelt."""
    columns = range(-min(width, _MOST_COLUMNS), 0) if wanted is None else [wanted]
    usual = _usual_tags(rows, columns, width)
    if usual is not None and not usual[1]:
        return usual[0]
    if wanted in (None, -1) and (keyed := _keyed_tags(rows)):
        return keyed
    whole = [row for row in rows if len(row) == width]
    for column in columns:
        spelling = spelling_of(Counter(row[column] for row in whole))
        if spelling and column != -width and len(whole) >= NEARLY_ALL * len(rows):
            return _Tagged([column], 1.0, spelling)
    if usual is not None:
        return usual[0]
    return _bracketed(rows, columns, width)


def _step(blocks: Sequence[Rows], column: int) -> int | None:
    """How a column of numbers goes on within a sentence; None where it is not one.

    1: it numbers the tokens (ranges and empty nodes apart); 0: it numbers the sentences. A few
    wrong numbers do not make it another column: they are refused where the words are read.
    """
    steps: Counter[int] = Counter()
    rows = numbers = 0
    for block in blocks:
        matches = [INDEX.fullmatch(row[column].strip()) for row in block if len(row) > column]
        plain = [int(match[1]) for match in matches if match and not match[2]]
        rows += sum(match is None or not match[2] for match in matches)
        numbers += len(plain)
        steps.update(after - before for before, after in itertools.pairwise(plain))
    steady = 2 * (steps[0] + steps[1]) >= steps.total() > 0
    if 2 * numbers <= rows or not (steady or numbers >= NEARLY_ALL * rows):
        return None
    return 0 if steps[0] > steps[1] else 1


def _are_offsets(rows: Rows, start: int, columns: Sequence[int]) -> bool:
    """Whether two columns of numbers are a token's offsets: their difference is its length."""
    later = [column for column in columns if column > start + 1]
    whole = [row for row in rows if len(row) > max([start + 1, *later])]
    if not later or not whole or not all(_NUMBER.fullmatch(row[start]) for row in whole):
        return False
    pairs = [row[start : start + 2] for row in whole if _NUMBER.fullmatch(row[start + 1])]
    lengths = [int(end) - int(begin) for begin, end in pairs]
    return len(lengths) == len(whole) and any(
        sum(n in (len(row[c]), len(row[c]) - 1) for n, row in zip(lengths, whole, strict=True))
        >= NEARLY_ALL * len(whole)
        for c in later
    )


def _is_group(rows: Rows, column: int) -> bool:
    """Whether a column names sentences or documents: its value stays the same for many rows."""
    values = [row[column] for row in rows if len(row) > column + 1]
    after = [row[column + 1] for row in rows if len(row) > column + 1]
    runs, runs_after = (sum(1 for _ in itertools.groupby(v)) for v in (values, after))
    return len(values) >= 8 and 4 * runs <= len(values) and runs_after > 2 * runs


class _Token(NamedTuple):
    column: int
    number: int | None = None
    step: int = 1
    group: int | None = None
    blank: bool = True


def _find_token(blocks: Sequence[Rows], columns: Sequence[int], wanted: int | None) -> _Token:
    """The column of the tokens, and those of numbers and names of sentences before it.

    Where it is not `wanted`, it is the first of `columns` that does not number or name.
    """
    rows = [row for block in blocks for row in block]
    if wanted is not None:
        columns = columns[: columns.index(wanted) + 1]
    index, step, group, blank = None, 1, None, True
    skipped: set[int] = set()
    for column in columns[:-1]:
        if column in skipped:
            continue
        values = [row[column].strip() for row in rows if len(row) > column]
        empty = values.count("")
        goes_on = None if empty else _step(blocks, column)
        if 3 * empty > len(values):
            if empty < len(values) and values[0]:
                group, blank = column, True
        elif goes_on != 0 and column + 1 in columns and _are_offsets(rows, column, columns):
            skipped.add(column + 1)
        elif goes_on is not None:
            index, step = column, goes_on
        elif wanted is None and _is_group(rows, column) and columns[-1] - column > 0:
            group, blank = column, False
        elif wanted is None:
            return _Token(column, index, step, group, blank)
    return _Token(columns[-1], index, step, group, blank)


def _find_remarks(rows: Rows, width: int) -> tuple[int | None, str | None]:
    """The column of remarks, from the right, and the one that ends sentences."""
    for column in range(-1, -width, -1):
        values = [row[column] for row in rows if len(row) >= -column]
        said = {item for value in values for item in value.split("|")} & _REMARKS
        if said:
            return column, next((end for end in _ENDS if end in said), None)
    return None, None


def _widths(rows: Rows) -> frozenset[int]:
    counts = Counter(map(len, rows))
    least = max(_ODD * len(rows), 2 if len(rows) >= 8 else 1)
    return frozenset(width for width, n in counts.items() if n >= least)


def _lines(path: Path) -> list[list[str]]:
    return [[line for _, line in block] for block in read_blocks(path, SNIFFED_LINES)]


def sniff(path: Path, options: Options) -> tuple[Layout, list[int], float] | None:
    """Find the columns in a file's first lines; None where none of them holds tags.

    Returns:
        The layout, every column that could hold the tags, and the share of lines with a tag.
    """
    blocks = _lines(path)
    if tagged_sentences([(0, line) for block in blocks for line in block]) is not None:
        return None
    first = [line for block in blocks[:1] for line in block]
    excel = EXCEL.fullmatch(first[0]) if first else None
    names = next((n for line in first if (n := headings.in_comment(line))), None)
    given = options.separator or (excel[1] if excel else None)
    # The space is last but one: it may stand behind a comma, too.
    for separator in [given] if given else _SEPARATORS:
        found = _sniff_with(separator, blocks, options, names)
        if found is not None:
            return found
    return None


def _sniff_with(
    separator: str, blocks: Sequence[Sequence[str]], options: Options, names: list[str] | None
) -> tuple[Layout, list[int], float] | None:
    """`sniff` with one separator."""
    quotes = separator in (",", ";")
    wholes = [
        [x for _, x in whole_lines([*enumerate(b)], separator)] if quotes else b for b in blocks
    ]
    parts = [[split(x, separator) for x in b if not is_comment(x, separator)] for b in wholes]
    rows_of = [[row for row in block if any(map(str.strip, row))] for block in parts]
    headed = bool(rows_of and rows_of[0]) and headings.is_heading(rows_of[0][0])
    if headed:
        names, rows_of[0] = list(rows_of[0][0]), rows_of[0][1:]
    rows = [row for block in rows_of for row in block]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    wanted = (options.token_column, options.tag_column)
    if width < 2 or any(c is not None and not -width <= c < width for c in wanted):
        return None
    named = headings.roles(names) if names and len(names) == width else {}
    token, tag = (c if c is None else c % width for c in wanted)
    token = named.get("token") if token is None else token
    tagged = None
    if tag is None and "tag" in named and named["tag"] != token:
        tagged = _find_tags(rows, width, named["tag"] - width)
    tagged = tagged or _find_tags(rows, width, None if tag is None else tag - width)
    if tagged is None:
        return None
    columns = [c for c in range(width) if tagged.key or c != tagged.columns[0] + width]
    ontonotes = tagged.spelling == "brackets" and tagged.columns[0] % width == _ONTONOTES_ENTITIES
    if ontonotes and token is None:
        token = _ONTONOTES_WORD
    if token not in (None, *columns):
        return None
    where = _find_token(rows_of, columns, token)
    group, blank = (named["sentence"], False) if "sentence" in named else (where.group, where.blank)
    if group == where.column:
        group = None
    is_index = where.number is not None and where.number == group
    remarks, end = _find_remarks(rows, width)
    forms = [row[where.column] for row in rows if len(row) > where.column]
    prefixes = Counter(match[0] for form in forms if (match := _PREFIXED.match(form)))
    varies = ontonotes or (width > _FIXED_COLUMNS and tagged.columns[0] == -1 and not headed)
    varies = varies and tagged.key is None
    layout = Layout(
        separator=separator,
        columns=None if varies else width,
        token=where.column,
        tag=_ONTONOTES_ENTITIES if ontonotes else tagged.columns[0],
        index=None if is_index else where.number,
        step=where.step,
        # Every token has it, or some were forgotten, which `conll.read` refuses.
        prefix=prefixes.most_common(1)[0][0] if 2 * prefixes.total() > len(forms) else "",
        tags=Tags(tagged.spelling),
        key=tagged.key,
        explicit=tagged.explicit,
        group=group,
        blank=blank,
        remarks=remarks,
        end=end,
        widths=_widths(rows),
        headed=headed,
    )
    return layout, [c % width for c in tagged.columns], tagged.share
