"""Recognise a corpus and read it, with or without gold entities.

Every reader streams `AnnotatedSentence`s: offsets are code points into the sentence's own text, so
that `text[start:end]` is the token or the surface. A file that contradicts itself is refused with
its line; nothing is repaired in silence.

`FORMATS` has a reader for each format. What looks like none of them is raw text only if it
resembles no annotation.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Required, TypedDict, Unpack

from eatner.corpora import (
    brat,
    cells,
    conll,
    docbin,
    encodings,
    jsonl,
    layout,
    pipes,
    text,
    webanno,
)
from eatner.corpora.gold import AnnotatedSentence
from eatner.corpora.iob import SCHEMES, TAG
from eatner.corpora.resemblance import AS_TEXT, holds_tag, remarkable, resembles, tagged_sentences
from eatner.corpora.text import Splitter
from eatner.corpora.tokens import no_sentence, numbered_lines
from eatner.errors import InputError
from eatner.tables import TYPES

log = logging.getLogger(__name__)
# Bytes of a file's beginning that decide its format.
_HEAD = 1 << 16
# Raw text, too, has lines that end in what looks like a tag ("U-Bahn"), but not in many.
_FEW = 0.05


@dataclass(frozen=True, slots=True)
class Request:
    """What the config says of a corpus: how its reader is to read it."""

    spaces: bool
    scheme: str = "auto"
    options: layout.Options = field(default_factory=layout.Options)
    splitter: Splitter | None = None
    keys: jsonl.Keys = field(default_factory=jsonl.Keys)
    # What the reader found out, such as the columns, in words for the summary.
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """A corpus that is being read: how, in words, and its sentences."""

    read_as: str
    sentences: Iterator[AnnotatedSentence]


class Settings(TypedDict, total=False):
    """The keywords of `open_corpus`."""

    language_spaces: Required[bool]
    scheme: str
    separator: str | None
    token_column: int | None
    tag_column: int | None
    splitter: Splitter | None
    text_key: str | None
    spans_key: str | None


LooksLike = Callable[[Path, str], bool]
Read = Callable[[Path, Request], Iterator[AnnotatedSentence]]


def _read_columns(
    path: Path, request: Request, numbered: bool = False
) -> Iterator[AnnotatedSentence]:
    found = conll.survey(path, request.options, request.scheme, numbered)
    request.notes.append(found.describe())
    return conll.read(path, found, request.spaces)


# The formats that are recognised, in order of trust: how each looks, and its reader.
FORMATS: dict[str, tuple[LooksLike, Read]] = {
    "spacy": (docbin.looks_like, lambda path, r: docbin.read(path, r.splitter, r.keys.spans)),
    "webanno": (webanno.looks_like, lambda path, r: webanno.read(path, r.keys.spans)),
    "brat": (brat.looks_like, lambda path, r: brat.read(path, r.splitter)),
    "jsonl": (jsonl.looks_like, lambda path, r: jsonl.read(path, r.spaces, r.scheme, r.keys)),
    "pipes": (pipes.looks_like, lambda path, r: pipes.read(path, r.spaces, r.scheme)),
    "conllu": (conll.numbers_tokens, lambda path, r: _read_columns(path, r, numbered=True)),
    "conll": (conll.looks_like, _read_columns),
}
# Raw text is what looks like none of them.
RAW = ("text", "paragraphs", "prose")


def detect(path: str | Path) -> str:
    """Recognise a file's format by its content: one of `FORMATS`, or `text`.

    Columns have a tag in nearly every line, raw text what looks like one in hardly any. A file is
    text only if it resembles no annotation (`eatner.corpora.resemblance`).

    Raises:
        InputError: The file is missing, empty, not UTF-8, between two formats, or in none.
    """
    path = Path(path)
    head = _head(path)
    if not head.strip("\ufeff \t\r\n"):
        raise no_sentence(path)
    for name, (looks_like, _) in FORMATS.items():
        if looks_like(path, head):
            return name
    first = itertools.islice(numbered_lines(path), layout.SNIFFED_LINES)
    lines = [(number, line) for number, line in first if line.strip()]
    if not lines:
        raise no_sentence(path)
    _check_tags(path, lines)
    known = resembles(lines)
    if known is not None:
        raise InputError(
            f"the format is not recognised: this seems to be {known.kind}"
            f"{_shown(dict(lines)[known.line])}",
            path=path,
            line=known.line,
            remedy=known.remedy + AS_TEXT,
        )
    some = remarkable(lines)
    if some is not None:
        log.warning(
            "%s, line %d: %s in %d line(s) of what is read as text", path, some[1], some[0], some[2]
        )
    return "text"


def _head(path: Path) -> str:
    try:
        with open(path, "rb") as handle:
            return handle.read(_HEAD).decode("utf-8", errors="replace")
    except OSError as error:
        raise encodings.unreadable(path, error) from error


def _shown(line: str) -> str:
    return f" ({line[:40]!r})"


def _check_tags(path: Path, lines: Sequence[tuple[int, str]]) -> None:
    """Refuse a file of which some lines hold a tag and others do not.

    Raises:
        InputError: With the first line that is unlike most.
    """
    sniffed = layout.sniff(path, layout.Options())
    numbered = [(number, line) for number, line in lines if not line.startswith("# ")]
    tagged = [holds_tag(line) for _, line in numbered]
    if sniffed is None and sum(tagged) <= max(1, _FEW * len(tagged)):
        return
    if tagged_sentences(lines) is not None:
        return  # which is refused as what it is
    if sniffed is not None:
        _check_rows(path, lines, sniffed[0])
    rarer = 2 * sum(tagged) < len(tagged)
    odd = tagged.index(rarer) if rarer in tagged else 0
    raise InputError(
        f"some lines hold a tag and others do not ({numbered[odd][1][:40]!r} "
        f"{'does' if tagged[odd] else 'does not'}), so the format cannot be told",
        path=path,
        line=numbered[odd][0],
        remedy="Correct the line; or set the corpus's format: text or prose for raw text, conll "
        "for a token a line with its tag.",
    )


def _check_rows(path: Path, lines: Sequence[tuple[int, str]], columns: layout.Layout) -> None:
    """Refuse the first line that has other columns than most, or no tag where they have one."""
    rows = [pair for pair in lines if not cells.is_comment(pair[1], columns.separator)]
    for number, line in rows[columns.headed :]:
        values = cells.split(line, columns.separator)
        if columns.columns is not None and len(values) != columns.columns:
            problem = f"{len(values)} columns where most lines have {columns.columns}"
        elif len(values) < columns.least:
            problem = f"{len(values)} columns, too few for a token and its tag"
        elif columns.key is None and columns.tags[values[columns.tag]] is None:
            problem = f"{values[columns.tag]!r} is no tag as most lines have"
        else:
            continue
        raise InputError(
            f"{problem}{_shown(line)}, so the format cannot be told",
            path=path,
            line=number,
            remedy="Give each token one line with all columns and a tag such as O or B-PER. "
            + AS_TEXT,
        )


def _warn_of_line_ends(path: Path, inside: bool) -> None:
    """Say where lines may end otherwise than their writer meant.

    Args:
        path: The file.
        inside: Whether to look for characters that end no line here; JSON's texts may hold them.
    """
    ends = encodings.line_ends(path)
    if len(ends) > 1:
        log.warning(
            "%s: lines end in different ways (%s); each of them ends a line here. Check that no "
            "sentence's end is lost.",
            path,
            ", ".join(f"{count} with {kind}" for kind, count in ends.items()),
        )
    hidden = encodings.hidden_ends(path) if inside else None
    if hidden is not None:
        log.warning(
            "%s, line %d: %s, %d in the file, ends no line here. Replace it by a line feed if a "
            "line ends there, or remove it.",
            path,
            hidden[1],
            hidden[0],
            hidden[2],
        )


def open_corpus(
    path: str | Path,
    format: str = "auto",
    *,
    language_spaces: bool,
    scheme: str = "auto",
    separator: str | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    splitter: Splitter | None = None,
    text_key: str | None = None,
    spans_key: str | None = None,
) -> Opened:
    """Recognise a corpus and open it.

    Args:
        path: The file.
        format: `conll`: a token a line with its tag, a blank line between sentences; columns that
            number tokens or sentences, language prefixes, comments and -DOCSTART- are recognised.
            `conllu`: the same, its tokens numbered (UNER's iob2, WikiANN's, or ten columns with
            `NE=` or the like in MISC). `pipes`: a sentence a line, each word with its tag, as in
            `Rome|NNP|B-LOC`. `jsonl`: records with text and spans, or tokens and tag names, or
            what annotation tools write; a line each, or in one JSON list, which may be the `data`
            of an object. `brat`: `NAME.txt` with `NAME.ann`. `webanno`: WebAnno TSV 3. `spacy`: a
            DocBin.
            `text`: a sentence a line. `paragraphs`: lines of one or more sentences. `prose`:
            running text with wrapped lines, its paragraphs between blank lines.
            `auto`: `conll` where a separator or a column is given, else see `detect`.
        language_spaces: Whether the language separates words by spaces; how tokens are joined
            where a corpus has no `# text`.
        scheme: One of `SCHEMES`; `auto` finds it out from the whole file.
        separator: What separates the columns; None recognises tab, comma (as in CSV, with its
            quotes), semicolon, bar and space.
        token_column: The column of the tokens, from 0, or from the right from -1; None takes the
            first that holds neither tags nor numbers.
        tag_column: The column of the tags, counted so too; None takes the one of entity types, and
            of several the leftmost, with a warning.
        splitter: Gives the offsets of the sentences in a paragraph of raw text, for which it is
            needed, and of documents without marked sentences.
        text_key: The key of the text in a JSON record, with dots between the keys of nested
            objects (`data.text`); None tries the usual ones.
        spans_key: The key of the spans or tags in a JSON record; the layer of WebAnno TSV, or
            `LAYER|FEATURE`; the group of spans of spaCy's format. None tries the usual ones.

    Returns:
        How it is read, and its sentences in the file's order. Their ids are the file's own
        where it has any, else the number of the sentence in the file in six digits.

    Raises:
        InputError: A missing, empty or contradictory file; for columns and tagged JSON before the
            first sentence, but for order of tags, ids and text, which are checked as they come.
    """
    path = Path(path)
    formats = ("auto", *FORMATS, *RAW)
    if format not in formats or scheme not in SCHEMES:
        wrong, known = (format, formats) if format not in formats else (scheme, SCHEMES)
        raise InputError(
            f"{wrong!r} is unknown", path=path, remedy=f"Use one of {', '.join(known)}."
        )
    options = layout.Options(separator, token_column, tag_column)
    if format == "auto":
        format = "conll" if options != layout.Options() else detect(path)
        log.info("%s is read as %s", path, format)
    elif format in RAW:
        _warn_of_annotation(path)
    if path.is_file() and format != "spacy":  # which is binary
        _warn_of_line_ends(path, inside=format != "jsonl")
    keys = jsonl.Keys(text_key, spans_key)
    request = Request(language_spaces, scheme, options, splitter, keys)
    if format == "text":
        sentences = text.read(path)
    elif format in RAW:
        if splitter is None:
            raise ValueError(f"{format} needs a splitter")
        if format == "prose":
            sentences = text.read_prose(path, language_spaces, splitter)
        else:
            sentences = text.read_paragraphs(path, splitter)
    else:
        sentences = FORMATS[format][1](path, request)
    return Opened("; ".join([format, *request.notes]), _not_empty(sentences, path))


def read(
    path: str | Path, format: str = "auto", **settings: Unpack[Settings]
) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a corpus; see `open_corpus`."""
    return open_corpus(path, format, **settings).sentences


def _warn_of_annotation(path: Path) -> None:
    """Say what a file that the config calls raw text resembles, if it does."""
    first = itertools.islice(numbered_lines(path), layout.SNIFFED_LINES)
    lines = [(number, line) for number, line in first if line.strip()]
    known = resembles(lines)
    if known is not None:
        log.warning(
            "%s, line %d: read as raw text, as the config says, but it seems to be %s%s.",
            path,
            known.line,
            known.kind,
            _shown(dict(lines)[known.line]),
        )


def _not_empty(sentences: Iterator[AnnotatedSentence], path: Path) -> Iterator[AnnotatedSentence]:
    first = next(sentences, None)
    if first is None:
        raise no_sentence(path)
    return itertools.chain([first], sentences)


def sample(sentences: Iterable[AnnotatedSentence], size: int, seed: int) -> list[AnnotatedSentence]:
    """A fixed sample in the file's order; all sentences where there are no more than `size`.

    Each sentence's rank is a hash of seed and id, so the sample depends on nothing else: not on
    Python's version or hash seed, and a sentence added to the file changes it by one at most.
    """

    def rank(pair: tuple[int, AnnotatedSentence]) -> bytes:
        return hashlib.sha256(f"{seed}\t{pair[1].sentence_id}".encode()).digest()

    chosen = heapq.nsmallest(size, enumerate(sentences), key=rank)
    return [sentence for _, sentence in sorted(chosen, key=lambda pair: pair[0])]


def _parts(label: str) -> list[str]:
    """What follows the first part of a label that has several."""
    return re.split(r"[\s|+,;]+", label)[1:]


def check_labels(
    sentences: Iterable[AnnotatedSentence], types: Mapping[str, str | None], path: str | Path
) -> Iterator[AnnotatedSentence]:
    """Pass the sentences on; refuse a label that the type map does not mention.

    Args:
        sentences: From `read`.
        types: From the corpus's label to PER, LOC or ORG, or to None: ignored on purpose.
        path: The file, for the message.

    Raises:
        InputError: A label that is not in the map, with its line; or a type that is none of ours.
    """
    for label, kind in types.items():
        if kind is not None and kind not in TYPES:
            raise InputError(
                f"the label {label} maps to {kind!r}",
                record="the corpus's types",
                remedy=f"Map it to one of {', '.join(TYPES)} or to null.",
            )
    for sentence in sentences:
        for entity in sentence.entities:
            if entity.label not in types and any(map(TAG.fullmatch, _parts(entity.label))):
                raise InputError(
                    f"the label {entity.label!r} holds another tag",
                    path=path,
                    line=entity.line,
                    remedy="Give each token a line of its own, with one tag.",
                )
            if entity.label not in types:
                raise InputError(
                    f"the label {entity.label!r} is not in the corpus's types, which map "
                    f"{', '.join(types) or 'nothing'}",
                    path=path,
                    line=entity.line,
                    remedy=f"Add {entity.label} to types: PER, LOC, ORG, or null to ignore it.",
                )
        yield sentence
