"""What a file resembles that no reader takes: columns, markup, another tool's format; or nothing.

Raw text is what resembles none of them. The tests look for what prose, poems, lists of names and
chats do not have: the same number of columns in nearly every line, a column of codes, tags of
entities, pairs of markup around names.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from eatner.corpora.headings import is_heading, roles
from eatner.corpora.iob import TAG


class Known(NamedTuple):
    """What a file seems to be, the line that shows it, and what its user can do."""

    line: int
    kind: str
    remedy: str


Lines = Sequence[tuple[int, str]]
AS_TEXT = "If it is raw text all the same, set the corpus's format: text."
_CONVERT = "Convert it to JSON Lines with text and spans, or to a token a line with its tag. "
COLUMNS = "Set the corpus's format: conll, with separator, token_column and tag_column. "
_IN_BRACKETS = "CoNLL-U whose entities are in brackets (Entity=, as in GUM and CorefUD)"
# Such a share of the lines must look alike, since every file has its odd lines.
_NEARLY_ALL = 0.9
_SOME = 0.2
# Annotation is in more lines than this; a text about annotation may have some.
_RARE = 0.02
# Fewer lines than this prove nothing about columns without a tab between them.
_FEW_LINES = 3
# Columns of different numbers are told from prose by many of them in many lines.
_MANY_COLUMNS, _MANY_LINES = 6, 8
# A row of columns without tags has no more words than this.
_SHORT = 4
# Raw text, too, has lines that end in what looks like a tag ("U-Bahn"), but not in many.
_FEW_TAGS = 0.05

_TYPES = (
    r"(?:PER|PERS|PERSON|PSN|LOC|LOCATION|ORG|ORGANI[SZ]ATION|GPE|NORP|FAC|MISC|DATE|TIME|MONEY|"
    r"PERCENT|EVENT|PRODUCT|WORK_OF_ART|LANGUAGE|CARDINAL|ORDINAL|QUANTITY)"
)
# In XML, of TEI and others, too, where the closing tag shows what is meant.
_ELEMENTS = (
    rf"(?:(?:b_)?{_TYPES}|TIMEX\d?|NUMEX|ENAMEX|persName|placeName|orgName|geogName|NE|NAME|"
    r"ENTITY|MENTION|ANNOTATION)"
)
_TAGGED = re.compile(
    rf"<({_ELEMENTS})\b[^<>]*>[^<>]+</\1>|<START(?::\w+)?> |<[be]_\w+\b|<(?:\w+:)?(\w+) [^<>]*"
    r"\b(?:type|ner|entity|label|class)=[^<>]*>[^<>]+</(?:\w+:)?\2>",
    re.IGNORECASE,
)
_PAIR = re.compile(r"<(\w[\w:.-]*)(?: [^<>]*)?>[^<>]*</\1>")
_PAGE = {"b", "i", "u", "em", "strong", "br", "p", "a", "span", "sup", "sub", "small", "code", "s"}
_DOCUMENT = re.compile(
    r"\s*<(?:\?xml|!DOCTYPE|html|TEI|[A-Za-z][\w:.-]*(?: [\w:.-]+=[^<>]*)?>\s*$)"
)
_MARKED = re.compile(
    rf"\[[^\[\]\n]+\]\((?:(?i:{_TYPES})|\{{[^)]*entity[^)]*)\)|"  # [Anna](PER)
    rf"\[{_TYPES} [^\[\]]+\]|\[[^\[\]]+[ |:/_]{_TYPES}\]|\[[^\[\]]+\]_?/?{_TYPES}\b|"  # [PER Anna]
    rf"<[^<>:|]+[:|]{_TYPES}>|<{_TYPES}[:|][^<>]+>|\[@[^\[\]]+#[^\[\]]+\*\]|"  # <Anna:PER>
    rf"\{{\{{?[^{{}}]+[|:]{_TYPES}\}}|\{{\{{?{_TYPES}[|:][^{{}}]+\}}|\\{_TYPES}\{{[^{{}}]+\}}"
    rf"|\w[\[({{]{_TYPES}[\])}}]|\w[_/#@|:]+(?<![A-Z][/_]){_TYPES}(?!\w)"  # Anna_PER
)
_KLUE = re.compile(r"<[^<>:]+:[A-Z]{2,}>")
_BEFORE_TAGS = re.compile(r"\t| \|\|\| ")
_RASA_MARK = re.compile(r"\[[^\[\]]+\]\([A-Za-z_]+\)")  # a link has a dot or a slash
# Marks that plain text has, too, though in few lines.
_FREQUENT = (
    _KLUE,
    _RASA_MARK,
    re.compile(r"\{\{\w+:[^{}]+\}\}|【[^【】/|]+[/|][^【】]+】|@@[^@#]+##"),
    re.compile(r"\w\*{0,2} [\[(<](?:PERS?|PERSON|LOC|LOCATION|ORG|ORGANI[SZ]ATION|GPE|MISC)[\])>]"),
)
_ENTITY_TAG = re.compile(rf"(?<![\w-])[BIESLU][-_]{_TYPES}(?![\w-])|(?<![\w-]){_TYPES}_[BIESLU]\b")
_ITEM = re.compile(
    r"\S+?[/|_#\\￨]([A-Z$]{1,6}\d?|[BIESLU]-\S+|O|[a-z]{1,2}|[.,:]|``|'')"
    r"(?:[/|_#\\￨]\S+|\]/?[A-Za-z]+)?"  # [Bonn/ns Verein/n]nt
)
_LITERAL = re.compile(
    r"\s*(?:\w+\s*=\s*)?[\[(]*\s*\(?\s*u?['\"].*['\"],\s*[\[({]|\s*\{\s*'\w+'\s*:"
)
_CELL_OF_LIST = re.compile(r"\"?\[\s*'[^']*'(?:,?\s|\])")
_COMMENT = re.compile(r"#\s?(?:sent_id|newdoc|newpar|text|global\.columns)\b[^=]*=|#begin document")
_BRAT = re.compile(r"(?:T\d+\t\S+ \d+ \d+|[REAMN]\d+\t\S+[ :]|\*\t\S+ T\d+|#\d+\tAnnotatorNotes)")
_TREE = re.compile(r"\s*\(\s*(?:[A-Z]+)?\s*\([A-Z-]+ ")
_XMI = re.compile(r"<(?:\?xml[^<>]*\?><)?xmi:XMI\b")
_ENTITY_BRACKETS = re.compile(r"(?:\d+(?:-\d+)?\t.*[\t|])Entity=\(")
_LFS = re.compile(r"version https://git-lfs\.")
_RASA = re.compile(r"\s*(?:##? ?|- )(?:intent|lookup|synonym|regex): ?\w|nlu:\s*$")
# `1 loc_name 0 4`, `PER 0 4`, `0 4 PER`, and spans of tokens of nested entities: `0,1 PER|3,4 LOC`.
# As many characters of a line say what it is.
LINE = 2000
_STANDOFF = re.compile(
    r"[A-Z]?\d+[\t ]+(?:[A-Z]{3,}|[a-z]+_\w+)[\t ]+\d+[\t ]+\d+\b|"
    rf"{_TYPES}[\t ]+\d+[\t ]+\d+\b|\d+[\t ]+\d+[\t ]+{_TYPES}\b|"
    r"\d+,\d+ [A-Z]\S*(?:\|\d+,\d+ [^\s|]+)*$"
)
_CODE_OF_DATA = re.compile(r"@prefix \w*:|INSERT INTO \S+")
_PUBTATOR = re.compile(r"\d+\|[ta]\|")
_SUBTITLES = re.compile(r"\d\d:\d\d[.,]\d{3} --> \d")
_CODE = re.compile(
    r"[-_*]|[A-Z](?:[A-Z0-9_$.:/-]{0,13}[A-Z0-9_$:/-])?|[a-z]{1,4}(?:[-_][a-z]{2,6})?|0|[.,:]"
)
_CAPITAL_CODE = re.compile(r"[-_*0]|[A-Z][A-Z0-9_$./-]*[A-Z$]|[OXo]")
_NUMBER = re.compile(r"\s*(\d{1,18})\s+\S")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]+)*:\S*")
_PUNCTUATION = re.compile(r"[^\w\s]+")


def resembles(lines: Lines) -> Known | None:
    """What the lines of a file seem to be; None for raw text.

    Args:
        lines: The first lines that are not blank, with their numbers.
    """
    lines = _cut(lines)
    known: Iterator[Known | None] = (test(lines) for test in _TESTS if lines)
    return next(filter(None, known), None)


def remarkable(lines: Lines) -> tuple[str, int, int] | None:
    """What stands in some lines of a raw text and may be annotation, the first, and how many."""
    lines = _cut(lines)
    for what, matches in (
        ("a tab", lambda line: "\t" in line.strip()),
        ("entities marked inline", lambda line: _TAGGED.search(line) or _MARKED.search(line)),
        ("tags of entities", _ENTITY_TAG.search),
        ("markup", _PAIR.search),
    ):
        numbers = [number for number, line in lines if matches(line)]
        if numbers:
            return what, numbers[0], len(numbers)
    return None


def _cut(lines: Lines) -> Lines:
    """Cut the lines: some patterns take a time that grows with the square of a line's length."""
    return [(number, line[:LINE]) for number, line in lines]


def _first(lines: Lines, matches: Callable[[str], object]) -> int | None:
    return next((number for number, line in lines if matches(line)), None)


def _share(lines: Lines, matches: Callable[[str], object]) -> float:
    return sum(bool(matches(line)) for _, line in lines) / len(lines)


def _of_a_tool(lines: Lines) -> Known | None:
    """Lines that only one tool or format writes."""
    for matches, kind, remedy in (
        (re.compile(r"#FORMAT=WebAnno").match, "WebAnno TSV", "Set the corpus's format: webanno. "),
        (_BRAT.match, "brat's standoff annotations", "Set the corpus's format: brat. "),
        (re.compile(r"-DOCSTART-").match, "a token a line without a column of tags", COLUMNS),
        (_XMI.match, "a UIMA CAS in XML (XMI)", "Export it as WebAnno TSV 3. "),
        (_LFS.match, "a pointer of Git LFS, not the file", "Fetch the file: git lfs pull. "),
        (_RASA.match, "Rasa's training data", _CONVERT),
        (_PUBTATOR.match, "PubTator's annotations", _CONVERT),
        (_STANDOFF.match, "standoff annotations", _CONVERT),
        (_CODE_OF_DATA.match, "RDF or SQL", _CONVERT),
        (_ENTITY_BRACKETS.match, _IN_BRACKETS, _CONVERT),
        (_COMMENT.match, "a treebank (CoNLL-U or another) without tags of entities", COLUMNS),
        (_LITERAL.match, "Python or JSON data", _CONVERT + "JSON needs double quotes. "),
        (_SUBTITLES.search, "subtitles (SRT or VTT)", "Keep the spoken lines only. "),
        (_TREE.match, "syntax trees in brackets", _CONVERT),
    ):
        line = _first(lines, matches)
        begins = line in [number for number, _ in lines[:2]]  # or its version is before it
        if line is not None and (begins or _share(lines, matches) >= _SOME):
            return Known(line, kind, remedy)
    return None


def _markup(lines: Lines) -> Known | None:
    """XML, SGML and brackets around names."""
    line = _first(lines, _TAGGED.search)
    if line is not None and _share(lines, _TAGGED.search) >= _RARE:
        return Known(line, "text with entities marked inline (XML or SGML)", _CONVERT)
    line = _first(lines, _MARKED.search)
    if line is not None and _share(lines, _MARKED.search) < _RARE:
        line = None
    for mark in _FREQUENT:
        if line is None and _share(lines, mark.search) >= _SOME:
            line = _first(lines, mark.search)
    if line is not None:
        return Known(line, "text with entities marked inline (brackets)", _CONVERT)
    if _DOCUMENT.match(lines[0][1]):
        return Known(lines[0][0], "XML or HTML", _CONVERT)

    def paired(line: str) -> bool:
        return any(match[1].casefold() not in _PAGE for match in _PAIR.finditer(line))

    line = _first(lines, paired)
    if line is not None and _share(lines, paired) >= _SOME:
        return Known(line, "text with markup (XML or SGML)", _CONVERT)
    return None


def _tagged_words(lines: Lines) -> Known | None:
    """A sentence a line, every word with its tag: `Rome/NNP fell/VBD`."""

    def tagged(line: str) -> bool:
        items = line.split()
        return sum(map(bool, map(_ITEM.fullmatch, items))) >= 0.8 * len(items)

    words = sum(len(line.split()) for _, line in lines)
    if words >= _FEW_LINES and _share(lines, tagged) >= 0.8:
        line = _first(lines, tagged) or lines[0][0]
        return Known(line, "a sentence a line whose words carry tags (word/tag)", _CONVERT)
    return None


def tagged_sentences(lines: Lines) -> Known | None:
    """A sentence a line, all its words and then all their tags: `Rome fell<TAB>B-LOC O`."""
    counts = []
    for _, line in lines:
        words, *tags = (field.split() for field in _BEFORE_TAGS.split(line))
        fit = len(tags) == 1 and len(tags[0]) == len(words) and all(map(TAG.fullmatch, tags[0]))
        counts.append(len(words) if fit else 0)
    several = sum(count > 1 for count in counts)
    if 2 * several <= len(counts) or counts.count(0) > (1 - _NEARLY_ALL) * len(counts) + 1:
        return None
    at = next(at for at, count in enumerate(counts) if count)
    return Known(lines[at][0], "a sentence a line, its words before their tags", _CONVERT)


def _fields(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    if separator == ",":  # but not in numbers, nor before a space
        return re.split(r"(?<!\d),(?! )|,(?!\d| )", line)
    return line.strip().split(separator) if separator == "\t" else line.split(separator)


def _separated(lines: Lines) -> Known | None:
    """Columns: a heading, or the same number of fields in nearly every line."""
    number, head = lines[0]
    for separator, name in (("\t", "tabs"), (",", "commas"), (";", "semicolons"), ("|", "bars")):
        if head.casefold().startswith("sep="):
            return Known(number, "a table that Excel wrote", COLUMNS)
        names = [field.strip(' "') for field in head.split(separator)]
        if len(names) > 1 and (is_heading(names) or len(roles(names)) > 1):
            if any(_CELL_OF_LIST.search(line) for _, line in lines[1:]):
                return Known(
                    number,
                    f"a table whose cells hold lists, separated by {name}",
                    "Write it as JSON Lines: pandas.read_csv with ast.literal_eval as converter, "
                    'then to_json(orient="records", lines=True). ',
                )
            return Known(number, f"a table with a heading, separated by {name}", COLUMNS)
        widths = [len(_fields(line, separator)) for _, line in lines]
        if separator == "," and not any(", " in line for _, line in lines):
            plain = [line.count(",") + 1 for _, line in lines]
            # Several in every line part columns, even between numbers.
            widths = plain if min(plain) > 2 and len({*plain}) == 1 else widths
        width, count = Counter(widths).most_common(1)[0]
        several = sum(other > 1 for other in widths)
        if separator == "\t" and several:
            alone = len(lines) == 1 and width == 2 and not head.strip()[:1].isdigit()
            if not alone and 2 * several >= len(lines):
                return _columns_by_tabs(lines, widths, width if width > 1 else max(widths))
        elif width > 1 and count >= _NEARLY_ALL * len(lines) and len(lines) >= _FEW_LINES:
            if separator == "," and any(", " in line for _, line in lines):
                continue
            line = next(n for (n, _), w in zip(lines, widths, strict=True) if w == width)
            return Known(line, f"{width} columns separated by {name}", COLUMNS)
    return None


def _columns_by_tabs(lines: Lines, widths: Sequence[int], width: int) -> Known:
    line = next(n for (n, _), w in zip(lines, widths, strict=True) if w > 1)
    kind = f"{width} columns separated by tabs"
    if width == 10 and any(re.match(r"\d+(?:-\d+)?\t", line) for _, line in lines):
        kind = "CoNLL-U without entities: ten columns, and no NE= or the like in the last"
    return Known(line, kind, COLUMNS)


def _codes(lines: Lines) -> Known | None:
    """Columns between spaces: lines of as many words, the last of them (or two others) codes."""
    rows = [line.split() for _, line in lines]
    width, count = Counter(map(len, rows)).most_common(1)[0]
    varied = count < _NEARLY_ALL * len(lines)
    if varied:  # as CoNLL-2012's, whose first columns are the same for all
        width = sorted(map(len, rows))[len(rows) // 10]
        if width < _MANY_COLUMNS or len(lines) < _MANY_LINES:
            return None
        rows = [row[:width] for row in rows]
    if width < 2 or len(lines) < _FEW_LINES:
        return None
    whole = [row for row in rows if len(row) == width]

    def coded(column: int) -> bool:
        values = Counter(row[column] for row in whole)
        few = len(values) <= max(3, len(whole) // 5) and len(values) < len(whole)
        # The same word in every line is of sentences that are made alike.
        pattern = _CAPITAL_CODE if width == 2 or len(values) == 1 else _CODE
        return few and all(map(pattern.fullmatch, values))

    codes = [column for column in range(width) if coded(column)]
    # The tokens differ, but not in lines that are all the same.
    differ = any(len({row[at] for row in whole}) > len(whole) // 5 + 1 for at in range(width))
    if differ and (width - 1 in codes or len(codes) > 1):
        at = next(at for at, row in enumerate(rows) if len(row) == width)
        several = "at least " * varied
        return Known(lines[at][0], f"{several}{width} columns separated by spaces", COLUMNS)
    return None


def _numbered(lines: Lines) -> Known | None:
    """Numbers before words that begin anew: those of tokens in their sentences."""
    numbers = [int(match[1]) for _, line in lines if (match := _NUMBER.match(line))]
    pairs = [*itertools.pairwise(numbers)]
    again = sum(after <= before for before, after in pairs)
    # They count, and begin at 0 or 1; quantities of a recipe do not.
    counted = sum(after - before in (0, 1) or after in (0, 1) for before, after in pairs)
    if counted < _NEARLY_ALL * len(pairs):
        return None
    short = _share(lines, lambda line: len(line.split()) <= _SHORT)
    if again and short >= _NEARLY_ALL and len(numbers) >= _NEARLY_ALL * len(lines):
        return Known(lines[0][0], "numbered tokens without tags", COLUMNS)
    return None


def _prefixed(lines: Lines) -> Known | None:
    """WikiANN's tokens, each with its language, and nothing else."""
    if len(lines) >= _FEW_LINES and _share(lines, _LANGUAGE.fullmatch) >= _NEARLY_ALL:
        return Known(lines[0][0], "tokens with their language and without tags", COLUMNS)
    return None


def _vertical(lines: Lines) -> Known | None:
    """A token a line without a tag: nearly all lines are one word, many of them marks."""
    single = _share(lines, lambda line: len(line.split()) == 1)
    marks = _share(lines, lambda line: _PUNCTUATION.fullmatch(line.strip()))
    if len(lines) >= 8 and single >= _NEARLY_ALL and marks >= 0.04:
        line = _first(lines, lambda line: _PUNCTUATION.fullmatch(line.strip())) or lines[0][0]
        return Known(line, "a token a line without tags", "Join the tokens to sentences. ")
    return None


def holds_tag(line: str) -> bool:
    """Whether a line looks like a token and its tag, be it that it ends in the word "U-Bahn"."""
    words = line.split()
    return len(words) > 1 and any(map(TAG.fullmatch, [words[-1], *line.split("\t")]))


def _tags(lines: Lines) -> Known | None:
    """Tags of entities in more lines than chance puts there."""
    count = sum(_ENTITY_TAG.search(line) is not None for _, line in lines)
    if count > max(1, _FEW_TAGS * len(lines)) or (count and len(lines) < 10):
        line = _first(lines, _ENTITY_TAG.search) or lines[0][0]
        return Known(line, "text with tags of entities", _CONVERT)
    return None


def _no_words(lines: Lines) -> Known | None:
    """Numbers and marks alone."""
    if not any(char.isalpha() for _, line in lines for char in line):
        return Known(lines[0][0], "no text: no line has a letter", "")
    return None


_TESTS: tuple[Callable[[Lines], Known | None], ...] = (
    _of_a_tool,
    tagged_sentences,
    _markup,
    _separated,
    _tagged_words,
    _tags,
    _codes,
    _numbered,
    _prefixed,
    _vertical,
    _no_words,
)
