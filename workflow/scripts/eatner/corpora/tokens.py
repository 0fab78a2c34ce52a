"""What the readers share: a file's lines and ids; tagged words and their places in a text.

From the top: lines and blocks of lines; the ids of sentences; tagged words and what they say of a
file's scheme; words joined to a text, or found in it; their entities.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from rapidfuzz import fuzz

from eatner.corpora import encodings
from eatner.corpora.gold import LabelledSpan
from eatner.corpora.iob import TAG, TokenError, decode
from eatner.errors import InputError
from eatner.tables import Span
from eatner.text.folding import fold_word


class Place(TypedDict, total=False):
    """Where something is in a file: `{"line": 3}`, or `{"record": "record 2"}` of a JSON list."""

    line: int | None
    record: str


# Likeness in per cent, as rapidfuzz counts it: of a token to a word that it stands for, and of
# tokens to their contraction ("zu" + "dem" and "zum" have 75, "de" + "il" and "del" 57).
_ALIKE, _CONTRACTED = 80, 50
# Enough bytes to see how lines end.
_PEEKED = 1 << 16
# So many tokens, all of one character, are those of a corpus with a character a line.
_ENOUGH_CHARACTERS = 20


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Number and text of each line, without its end.

    Line feed, carriage return and both end a line; `\r\r\n` is one end in a file that has no other.
    A byte-order mark before a line is dropped: files that were joined have some inside.

    Raises:
        InputError: It cannot be read, or is not UTF-8.
    """
    try:
        with open(path, "rb") as handle:
            head = handle.read(_PEEKED)
            encodings.check_signature(head, path)
            doubled = head.count(b"\r\r\n") == head.count(b"\n") > 0
            handle.seek(0)
            number = 0
            for raw in handle:
                if b"\r" not in raw:
                    pieces = [raw.removesuffix(b"\n")]
                else:
                    pieces = _at_returns(raw, doubled)
                for piece in pieces:
                    number += 1
                    try:
                        line = piece.decode("utf-8")
                    except UnicodeDecodeError as error:
                        raise encodings.not_utf8(path, number, error) from error
                    if "\0" in line:
                        raise encodings.zero_byte(path, number)
                    yield number, line.lstrip("\ufeff") if line[:1] == "\ufeff" else line
    except OSError as error:
        raise encodings.unreadable(path, error) from error


def _at_returns(raw: bytes, doubled: bool) -> list[bytes]:
    """The lines in what a line feed ends, where carriage returns end lines, too."""
    if raw.endswith(b"\n"):
        raw = raw[:-1].removesuffix(b"\r")
        return (raw.removesuffix(b"\r") if doubled else raw).split(b"\r")
    return raw.removesuffix(b"\r").split(b"\r")  # the end of the file


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, the empty ones too, without their ends.

    Raises:
        InputError: It cannot be read, or is not UTF-8.
    """
    return [line for _, line in numbered_lines(path)]


def read_blocks(path: Path, most: int | None = None) -> Iterator[list[tuple[int, str]]]:
    """The runs of lines between blank lines or -DOCSTART-, in the first `most` lines or in all."""
    block: list[tuple[int, str]] = []
    for number, line in itertools.islice(numbered_lines(path), most):
        begins = line[0:1] == "-" and line[:10].casefold() == "-docstart-"  # a document
        if line.strip() and not begins:
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


class Ids:
    """Sentence ids that stay as they are when the file grows or a sample is drawn.

    The corpus's own where it has one, else the number of the sentence in the file, of fixed width.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.places: dict[str, int | str | None] = {}

    def take(self, own: str, place: Place) -> str:
        """The id of the next sentence: its `own`, or its number where that is empty.

        Raises:
            InputError: Another sentence of the file has it.
        """
        self.count += 1
        name = own or f"{self.count:06d}"
        if name in self.places:
            before = self.places[name]
            where = f"in {before}" if isinstance(before, str) else f"on line {before}"
            raise InputError(
                f"the sentence id {name!r} stands {where} already",
                path=self.path,
                **place,
                remedy="Give each sentence its own id, or none.",
            )
        self.places[name] = place["line"] if "line" in place else place["record"]
        return name


def no_sentence(path: Path) -> InputError:
    """The error of a file without a sentence."""
    return InputError(
        "the file holds no sentence",
        path=path,
        remedy="Give a file with at least one sentence.",
    )


@dataclass(slots=True)
class Word:
    """A tagged word and its place; `inside` is the surface of the contraction it is part of."""

    line: int | None
    form: str
    tag: str
    glued: bool = False  # SpaceAfter=No
    inside: tuple[int, str] | None = None


def check_tag(tag: str, path: Path, place: Place) -> None:
    """Refuse what is a tag of no scheme."""
    if not TAG.fullmatch(tag):
        raise InputError(
            f"malformed tag {tag!r}",
            path=path,
            **place,
            remedy="A tag is O, or B-, I-, E-, S-, L- or U- with a type, as in B-PER.",
        )


class Evidence:
    """What all tagged words of a file say of its scheme, and of how its tokens are joined."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.free_b = self.open_i = self.spaces = False
        self.single, self.count = True, 0

    def add(self, words: Sequence[Word], place: Place | None = None) -> None:
        """Add a sentence; its words' lines count where no `place` is given."""
        before = "O"
        for word in words:
            self.count += 1
            self.single = self.single and len(word.form) <= 1
            self.spaces = self.spaces or word.form.isspace()
            self.places.setdefault(word.tag[0], place or {"line": word.line})
            alone = before == "O" or before[2:] != word.tag[2:]
            self.free_b = self.free_b or (word.tag[0] == "B" and alone)
            self.open_i = self.open_i or (word.tag[0] == "I" and alone)
            before = word.tag

    @property
    def characters(self) -> bool:
        """Whether the tokens are characters; a handful prove nothing, one that is a space does."""
        return self.single and (self.spaces or self.count >= _ENOUGH_CHARACTERS)

    def scheme(self, path: Path) -> str:
        """The scheme, from the prefixes that occur and how they are used."""
        bioes = [prefix for prefix in self.places if prefix in "ESM"]
        bilou = [prefix for prefix in self.places if prefix in "LU"]
        if set(self.places) <= set("OIE") and "E" in self.places:
            return "lenient"  # IOE1 and IOE2: I- opens, E- ends
        if bioes and bilou:
            raise InputError(
                "prefixes of BIOES (E-, S-) and of BILOU (L-, U-) in one file",
                path=path,
                **self.places[max(bioes[0], bilou[0], key=list(self.places).index)],
                remedy="Write all entities in one scheme.",
            )
        if bioes or bilou:
            return "bioes" if bioes else "bilou"
        # IOB1 writes B- only between two entities of one type that touch.
        return "iob1" if self.open_i and not self.free_b else "iob2"


def _is_alphabetic(char: str) -> bool:
    """A letter with case (Latin, Greek, Cyrillic, Armenian): of a script that separates words."""
    return char.lower() != char.upper()


def join(
    words: Sequence[Word], spaces: bool, characters: bool, marked: bool = False
) -> tuple[str, list[Span]]:
    """Text and offsets of words that came without their text.

    Where words are separated by spaces, so are the tokens, punctuation too (that is how such
    corpora are commonly read). Elsewhere they are joined, but for two tokens of an alphabet that
    stand side by side ("New" "York" in Japanese), unless both are one letter ("e" "V"). Measured
    on UNER Chinese-GSD train, which has its text: all 259 such places have a space there, and 20
    of the 94,360 others. Characters are joined as they are. SpaceAfter=No wins over all,
    in a sentence that has it or everywhere if the file is `marked`.
    """
    marked = marked or any(word.glued for word in words)
    text, offsets = "", []
    before: Word | None = None
    for word in words:
        if before is not None and text and word.form:
            if text[-1].isspace() or word.form[0].isspace():
                gap = False
            elif marked:
                gap = not before.glued
            elif characters:
                gap = False
            elif spaces:
                gap = True
            else:
                gap = (
                    _is_alphabetic(text[-1])
                    and _is_alphabetic(word.form[0])
                    and len(before.form) + len(word.form) > 2
                )
            text += " " * gap
        offsets.append((len(text), len(text) + len(word.form)))
        text += word.form
        if word.form:
            before = word
    return text, offsets


def find(units: Sequence[Word], text: str) -> list[Span]:
    """The place of each token in the sentence's own text, from left to right.

    Tokens that are not spelt as in the text (German "zum" written as "zu" + "dem" without a range
    line) get what stands between their neighbours, if that is no more than one word and may stand
    for them.

    Raises:
        TokenError: Tokens and text say different things.
    """
    offsets: list[Span] = []
    position, at = 0, 0

    def skip(place: int) -> int:
        while place < len(text) and text[place].isspace():
            place += 1
        return place

    while at < len(units):
        form = units[at].form
        start = position if form.isspace() else skip(position)
        if text.startswith(form, start):
            offsets.append((start, start + len(form)))
            position, at = start + len(form), at + 1
            continue
        until, following = len(text.rstrip()), len(units)
        for ahead in range(at + 1, min(at + 5, len(units))):
            place = text.find(units[ahead].form, start)
            if place >= 0 and len(text[start:place].split()) <= 1:
                until, following = place, ahead
                break
        gap = text[start:until].rstrip()
        forms = [unit.form for unit in units[at:following]]
        touches = 0 < start == position
        if len(gap.split()) != 1 or len(forms) > 4 or not _stands_for(gap, forms, touches):
            raise TokenError(
                f"the token {form!r} does not stand in the sentence's text after "
                f"{text[max(0, position - 20) : position]!r}",
                at,
            )
        offsets += [(start, start + len(gap))] * (following - at)
        position, at = start + len(gap), following
    rest = text[position:].strip()
    if rest:
        raise TokenError(f"the sentence's text goes on after the last token: {rest[:40]!r}", None)
    return offsets


def _stands_for(gap: str, forms: Sequence[str], touches: bool) -> bool:
    """Whether a word of the text may be what tokens of another spelling stand for.

    Marks may stand for marks (quotes). One token must resemble the word, or be the second half of
    a contraction whose first half it `touches` ("zu" + "dem", "zum": the "m"). Several are one, in
    scripts with case perhaps a short one that is like none of them ("à" + "le", "au").
    """
    said, written = fold_word("".join(forms)), fold_word(gap)
    if not said or not written:
        return said == written
    contracts = _is_alphabetic(written[-1])
    if len(forms) == 1:
        half = touches and contracts and said.endswith(written)
        return half or fuzz.ratio(said, written) > _ALIKE
    return fuzz.ratio(said, written) >= _CONTRACTED or (contracts and len(written) <= 3)


def tagged_entities(
    words: Sequence[Word],
    places: Sequence[Span],
    scheme: str,
    path: Path,
    place: Place | None = None,
) -> tuple[LabelledSpan, ...]:
    """The entities that the words' tags say; an error stands at the word, or at `place`."""
    try:
        spans = decode([word.tag for word in words], scheme)
    except TokenError as error:
        last = len(words) - 1
        at = last if error.token is None else min(error.token, last)
        raise InputError(
            f"{error} (the file is read as {scheme.upper()})",
            path=path,
            **(place or {"line": words[at].line}),
            remedy="Correct the tag, or set the corpus's scheme to lenient.",
        ) from error
    return tuple(
        LabelledSpan(places[first][0], places[after - 1][1], label, words[first].line)
        for first, after, label in spans
    )


def check_entities(entities: Sequence[LabelledSpan], text: str, path: Path, place: Place) -> None:
    """Refuse empty, out-of-range and overlapping spans."""
    before = 0
    for entity in sorted(entities, key=lambda e: (e.start, e.end)):
        where = f"the span {entity.start}:{entity.end} {entity.label}"
        if not 0 <= entity.start < entity.end <= len(text):
            problem = f"{where} is empty or not within the text of {len(text)} code points"
        elif entity.start < before:
            problem = f"{where} overlaps another"
        else:
            before = entity.end
            continue
        raise InputError(
            problem,
            path=path,
            **({"line": entity.line} if entity.line else place),
            remedy="Spans are code points from 0, the end exclusive; entities may not overlap.",
        )
