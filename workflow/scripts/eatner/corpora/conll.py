"""Corpora of a token a line: from rows to words, from words to sentences.

The layout of the columns is found by `eatner.corpora.layout`. A file is read twice: `survey` learns
its layout and scheme from all of it, and finds every error that a line can show; `read` streams
its sentences.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eatner.corpora import doubts
from eatner.corpora.cells import INDEX
from eatner.corpora.gold import AnnotatedSentence
from eatner.corpora.iob import TokenError
from eatner.corpora.layout import NEARLY_ALL, NO_SPACE, Layout, Options, sniff
from eatner.corpora.resemblance import COLUMNS, resembles
from eatner.corpora.rows import Row, sentences
from eatner.corpora.tags import from_brackets
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


class _Counter:
    """The numbers of a sentence's tokens: what is expected next, and what a range goes over."""

    def __init__(self, layout: Layout, path: Path) -> None:
        self.layout, self.path = layout, path
        self.before: int | None = None
        self.surface: tuple[int, str] | None = None
        self.glued, self.end, self.tag = False, -1, ""

    def skips(self, number: int, values: Sequence[str], form: str, glued: bool, tag: str) -> bool:
        """Take a row's number; whether the row is no word: a range's line or an empty node."""
        layout = self.layout
        assert layout.index is not None
        match = INDEX.fullmatch(values[layout.index].strip())
        counts = layout.numbers_tokens
        if counts and match and match[2] == ".":
            return True  # an empty node is not in the text
        if counts and match and match[2] == "-":
            self.surface, self.glued, self.end, self.tag = (number, form), glued, int(match[3]), tag
            return True
        expected = None if self.before is None else self.before + layout.step
        if not match or match[2] or expected not in (None, int(match[1])):
            raise InputError(
                f"{values[layout.index]!r} where the {'token' if counts else 'sentence'}'s "
                f"number{'' if expected is None else f' {expected}'} is expected",
                path=self.path,
                line=number,
                remedy="Correct it, separate sentences by a blank line, or, where this is no "
                "number, set the corpus's token_column.",
            )
        self.before = int(match[1])
        if self.before > self.end:
            self.surface, self.tag = None, ""
        return False


def _keyed(values: Sequence[str], layout: Layout, path: Path, number: int) -> str:
    """The tag in a column of `key=value` pairs; none where the word is in no entity.

    Raises:
        InputError: Another key has a tag where this one is missing.
    """
    pairs = values[layout.tag].split("|")
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key == layout.key:
            return value
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if equals and re.fullmatch(r"[BIES]-\S+", value):
            raise InputError(
                f"{pair!r} where other tokens have {layout.key}=",
                path=path,
                line=number,
                remedy=f"Write {layout.key}={value}, or leave the tag out.",
            )
    return "O"


def _raw_tags(rows: Sequence[Row], layout: Layout, path: Path) -> list[str]:
    """The tags of a sentence's rows as the file has them, those in brackets as B- and I-."""
    if layout.key is not None:
        return [_keyed(values, layout, path, number) for number, values in rows]
    raw = [values[layout.tag] for _, values in rows]
    if layout.tags.spelling != "brackets":
        return raw
    try:
        return from_brackets(raw)
    except TokenError as error:
        raise InputError(
            str(error),
            path=path,
            line=rows[error.token or 0][0],
            remedy="Open and close each entity within its sentence, one after the other.",
        ) from error


def _words(rows: Sequence[Row], layout: Layout, path: Path) -> list[Word]:
    """The words of a sentence.

    Raises:
        InputError: A wrong number, prefix or tag.
    """
    words: list[Word] = []
    counter = None if layout.index is None else _Counter(layout, path)
    remarks = -1 if layout.remarks is None and layout.numbers_tokens else layout.remarks
    ranged: dict[int, str] = {}
    token, prefix, tags = layout.token, layout.prefix, layout.tags
    for (number, values), raw in zip(rows, _raw_tags(rows, layout, path), strict=True):
        form = values[token]
        glued = remarks is not None and not NO_SPACE.isdisjoint(values[remarks].split("|"))
        surface = None
        if counter is not None:
            if counter.skips(number, values, form, glued, raw):
                continue
            surface = counter.surface
            if surface:
                glued = counter.glued
                ranged[len(words)] = counter.tag
        if prefix:
            if not form.startswith(prefix):
                raise InputError(
                    f"the token {form!r} lacks the prefix {prefix!r} of the others",
                    path=path,
                    line=number,
                    remedy="Put the language's prefix before every token or before none.",
                )
            form = form.removeprefix(prefix)
        words.append(Word(number, form.strip() or form, raw, glued, surface))
    if ranged:
        _share_tags(words, ranged, layout, path)
    for word in words:
        tag = tags[word.tag]
        if tag is None:
            check_tag(word.tag, path, {"line": word.line or 0})
        else:
            word.tag = tag
    return words


def _share_tags(words: list[Word], ranged: dict[int, str], layout: Layout, path: Path) -> None:
    """Give the words of a contraction the entity that stands on the contraction's own line.

    Raises:
        InputError: The words have another entity.
    """
    for inside, group in itertools.groupby(ranged, key=lambda at: words[at].inside):
        members = list(group)
        tag = layout.tags[ranged[members[0]]] or "O"
        own = {(layout.tags[words[at].tag] or "O") for at in members} - {"O"}
        if tag == "O":
            continue
        if own:
            if {item[2:] for item in own} != {tag[2:]}:
                raise InputError(
                    f"{tag} on the line of {inside[1] if inside else ''!r}, and "
                    f"{', '.join(sorted(own))} on the lines of its words",
                    path=path,
                    line=inside[0] if inside else None,
                    remedy="Tag the contraction or its words, or both alike.",
                )
            continue
        last = len(members) - 1
        for place, at in enumerate(members):
            prefix = tag[0]
            if last and prefix in "SU":
                prefix = "B" if place == 0 else ("E" if prefix == "S" else "L")
                prefix = "I" if 0 < place < last else prefix
            elif (prefix == "B" and place) or (prefix in "EL" and place < last):
                prefix = "I"
            words[at].tag = f"{prefix}-{tag[2:]}"


def _check_sniffed(
    path: Path, sniffed: tuple[Layout, list[int], float] | None, numbered: bool
) -> Layout:
    """The layout that was found, or the error that says why there is none."""
    first = next(read_blocks(path), None)
    if first is None:
        raise no_sentence(path)
    if sniffed is None:
        line, seems, remedy = first[0][0], "", ""
        known = resembles(first)
        if known is not None:
            line, seems = known.line, f"; the file seems to be {known.kind}"
            remedy = "" if known.remedy == COLUMNS else known.remedy
        raise InputError(
            f"no column of tags (O, B-PER, I-PER ...) found{seems}",
            path=path,
            line=line,
            remedy=f"{remedy}Give each token a line with its tag, or set the corpus's format, "
            "separator, token_column or tag_column.",
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
    return layout


def looks_like(path: Path, head: str) -> bool:
    """Whether nearly every line of a file's beginning holds a tag in a column.

    Args:
        path: The file.
        head: How it begins; not needed, because `sniff` reads the lines.
    """
    return _recognised(path) is not None


def numbers_tokens(path: Path, head: str) -> bool:
    """Whether it looks like columns, and one of them counts the tokens, as in CoNLL-U."""
    found = _recognised(path)
    return found is not None and found.numbers_tokens


def _recognised(path: Path) -> Layout | None:
    try:
        sniffed = sniff(path, Options())
    except InputError:
        return None  # it is not UTF-8, perhaps a format of bytes
    return sniffed[0] if sniffed is not None and sniffed[2] >= NEARLY_ALL else None


def survey(path: Path, options: Options, scheme: str, numbered: bool) -> Layout:
    """Read the whole file once: its layout and scheme, and every error that a line can show.

    Args:
        path: The file.
        options: What is known of its columns.
        scheme: One of `eatner.corpora.iob.SCHEMES`.
        numbered: Whether its tokens must be numbered, as in CoNLL-U.

    Raises:
        InputError: It is empty, holds no column of tags, or a line contradicts the others.
    """
    layout = _check_sniffed(path, sniff(path, options), numbered)
    evidence = Evidence()
    count = known = marks = 0
    marked = False
    marks_spaces = layout.remarks is not None or layout.numbers_tokens
    longest = 0
    judged: list[Word] = []
    empty: list[int] = []
    for block in sentences(path, layout):
        words = _words(block.rows, layout, path)
        if not words:
            continue
        evidence.add(words)
        count += 1
        longest = max(longest, len(words))
        if marks_spaces and not marked:
            marked = any(word.glued for word in words)
        if count == 1:
            marks = sum(word.form in doubts.MARKS for word in words)
        if len(layout.tags) != known:
            doubts.spellings(path, layout, known, words)
            known = len(layout.tags)
        if layout.columns is None:
            doubts.check_widths(path, layout, block)
        empty += [word.line or 0 for word in words if not word.form]
        if len(judged) < doubts.JUDGED:
            judged += words
    if not evidence.count:
        raise no_sentence(path)
    if count == 1:
        doubts.one_sentence(path, longest, marks, evidence.characters)
    doubts.forms(path, layout, [word.form for word in judged], evidence.characters)
    doubts.pieces(path, layout, judged)
    doubts.empty(path, empty)
    if layout.separator in (",", ";"):
        doubts.quotes(path, layout.separator)
    if scheme == "auto":
        scheme = evidence.scheme(path)
    return replace(layout, scheme=scheme, characters=evidence.characters, marked=marked)


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
    for block in sentences(path, layout):
        words = _words(block.rows, layout, path)
        if not words:
            continue
        line, own_id = block.comments.get("sent_id", (words[0].line, ""))
        sentence_id = ids.take(own_id.strip(), {"line": line or 0})
        units = _units(words)
        surfaces = [unit for unit, _ in units]
        text_line, text = block.comments.get("text", (0, ""))
        if text.strip():
            try:
                places = find(surfaces, text)
            except TokenError as error:
                raise InputError(
                    str(error),
                    path=path,
                    line=text_line if error.token is None else surfaces[error.token].line,
                    remedy="Make tokens and text agree, or remove the # text lines.",
                ) from error
        else:
            text, places = join(surfaces, spaces, layout.characters, layout.marked)
        by_word: dict[int, Span] = {}
        for (_, numbers), place in zip(units, places, strict=True):
            by_word.update(dict.fromkeys(numbers, place))
        ordered = [by_word[number] for number in range(len(words))]
        entities = tagged_entities(words, ordered, layout.scheme, path)
        check_entities(entities, text, path, {"line": words[0].line or 0})
        yield AnnotatedSentence(sentence_id, text, tuple(dict.fromkeys(places)), entities)
