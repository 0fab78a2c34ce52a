"""Read a corpus, with or without gold entities, in the formats that are about.

Every reader streams `AnnotatedSentence`s: offsets are code points into the sentence's own text,
so that `text[start:end]` is the token or the surface. A file that contradicts itself is refused
with its line; nothing is repaired in silence.

The formats are told and raw text is read here. `eatner.columns` reads a token a line,
`eatner.records` JSON, both with what `eatner.words` has for every reader; `eatner.iob` knows the
tags, and `eatner.gold` writes what is read.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from eatner.corpora import brat, conll, docbin, jsonl, layout, webanno
from eatner.corpora.gold import AnnotatedSentence
from eatner.corpora.iob import SCHEMES, TAG
from eatner.corpora.tokens import Ids, no_sentence, numbered_lines, read_blocks
from eatner.errors import InputError
from eatner.tables import TYPES, Span

log = logging.getLogger(__name__)
FORMATS = ("auto", "conll", "conllu", "jsonl", "text", "prose", "brat", "webanno", "spacy")
Splitter = Callable[[str], Iterable[Span]]
# Raw text, too, has lines that end in what looks like a tag ("U-Bahn"), but not in many.
_FEW = 0.05


def detect(path: str | Path) -> str:
    """Tell a file's format from its content: `conll`, `conllu`, `jsonl` or `text`.

    Columns have a tag in nearly every line, raw text what looks like one in hardly any.

    Raises:
        InputError: The file is missing, empty, not UTF-8, or between two formats.
    """
    path = Path(path)
    named = _of_tool(path)
    if named is not None:
        return named
    lines = [line for block in read_blocks(path, layout.SNIFFED_LINES) for line in block]
    if not lines:
        raise no_sentence(path)
    head = [line for _, line in lines]
    sniffed = layout.sniff(path, layout.Options())
    if sniffed is not None:
        columns, _, share = sniffed
        if share >= layout.NEARLY_ALL:
            return "conllu" if columns.numbers_tokens else "conll"
    elif sum(map(_holds_tag, head)) <= max(1, _FEW * len(head)):
        return "text"
    tagged = [_holds_tag(line) for line in head]
    rarer = 2 * sum(tagged) < len(tagged)
    odd = tagged.index(rarer) if rarer in tagged else 0
    raise InputError(
        f"some lines hold a tag and others do not ({head[odd][:40]!r} "
        f"{'does' if tagged[odd] else 'does not'}), so the format cannot be told",
        path=path,
        line=lines[odd][0],
        remedy="Correct the line; or set the corpus's format: text or prose for raw text, conll "
        "for a token a line with its tag.",
    )


def _of_tool(path: Path) -> str | None:
    """The format of a tool that a file's name or first characters show; None: another."""
    try:
        with open(path, "rb") as handle:
            head = handle.read(1 << 16).decode("utf-8", "replace")
    except OSError:
        return None  # the reader says why
    tools = {"spacy": docbin, "webanno": webanno, "brat": brat, "jsonl": jsonl}
    return next((name for name, tool in tools.items() if tool.looks_like(path, head)), None)


def _holds_tag(line: str) -> bool:
    """Whether a line looks like a token and its tag, be it that it ends in the word "U-Bahn"."""
    words = line.split()
    return len(words) > 1 and any(map(TAG.fullmatch, [words[-1], *line.split("\t")]))


def read(
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
) -> Iterator[AnnotatedSentence]:
    """Stream the sentences of a corpus.

    Args:
        path: The file.
        format: `conll`: a token a line with its tag, a blank line between sentences; columns that
            number tokens or sentences, language prefixes, comments and -DOCSTART- are recognised.
            `conllu`: the same, its tokens numbered (UNER's iob2, WikiANN's, or ten columns with
            `NE=` in MISC). `jsonl`: records with text and spans, or tokens and tag names, or
            spaCy's pairs; a line each, or in one JSON list, which may be the `data` of an object.
            `text`: a sentence a line. `prose`: running text, its paragraphs between blank lines.
            `auto`: `conll` where a separator or a column is given, else see `detect`.
        language_spaces: Whether the language separates words by spaces; how tokens are joined
            where a corpus has no `# text`.
        scheme: One of `SCHEMES`; `auto` tells it from the whole file.
        separator: What separates the columns; None tells tab, comma (as in CSV, with its quotes),
            semicolon, bar and space.
        token_column: The column of the tokens, from 0, or from the right from -1; None takes the
            first that holds neither tags nor numbers.
        tag_column: The column of the tags, counted so too; None takes the one of entity types, and
            of several the leftmost, with a warning.
        splitter: Gives the offsets of the sentences in a paragraph of prose, for which it is
            needed, and of documents without marked sentences.
        text_key: The key of the text in a JSON record, with dots between the keys of nested
            objects (`data.text`); None tries the usual ones.
        spans_key: The key of the spans or tags in a JSON record; the layer of WebAnno TSV, or
            `LAYER|FEATURE`; the group of spans of spaCy's format. None tries the usual ones.

    Returns:
        The sentences in the file's order. Their ids are the file's own where it has any, else the
        number of the sentence in the file in six digits.

    Raises:
        InputError: A missing, empty or contradictory file; for columns and tagged JSON before the
            first sentence, but for order of tags, ids and text, which are checked as they come.
    """
    path = Path(path)
    if format not in FORMATS or scheme not in SCHEMES:
        wrong, known = (format, FORMATS) if format not in FORMATS else (scheme, SCHEMES)
        raise InputError(
            f"{wrong!r} is unknown", path=path, remedy=f"Use one of {', '.join(known)}."
        )
    options = layout.Options(separator, token_column, tag_column)
    if format == "auto":
        format = "conll" if options != layout.Options() else detect(path)
        log.info("%s is read as %s", path, format)
    if format == "jsonl":
        keys = jsonl.Keys(text_key, spans_key)
        return _not_empty(jsonl.read(path, language_spaces, scheme, keys), path)
    if format == "brat":
        return _not_empty(brat.read(path, splitter), path)
    if format == "webanno":
        return _not_empty(webanno.read(path, spans_key), path)
    if format == "spacy":
        return _not_empty(docbin.read(path, splitter, spans_key), path)
    if format == "text":
        return _not_empty(_read_text(path), path)
    if format == "prose":
        if splitter is None:
            raise ValueError("prose needs a splitter")
        return _not_empty(_read_prose(path, language_spaces, splitter), path)
    found = conll.survey(path, options, scheme, numbered=format == "conllu")
    log.info("%s: %s", path, found)
    return conll.read(path, found, language_spaces)


def _read_text(path: Path) -> Iterator[AnnotatedSentence]:
    ids = Ids(path)
    for number, line in numbered_lines(path):
        if line.strip():
            yield AnnotatedSentence(ids.take("", {"line": number}), line)


def _read_prose(path: Path, spaces: bool, splitter: Splitter) -> Iterator[AnnotatedSentence]:
    ids = Ids(path)
    for block in read_blocks(path):
        # Lines of prose are wrapped anywhere: only a blank line ends a paragraph.
        paragraph = (" " if spaces else "").join(line.strip() for _, line in block)
        for start, end in splitter(paragraph):
            yield AnnotatedSentence(ids.take("", {"line": block[0][0]}), paragraph[start:end])


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
            if entity.label not in types:
                raise InputError(
                    f"the label {entity.label!r} is not in the corpus's types, which map "
                    f"{', '.join(types) or 'nothing'}",
                    path=path,
                    line=entity.line,
                    remedy=f"Add {entity.label} to types: PER, LOC, ORG, or null to ignore it.",
                )
        yield sentence
