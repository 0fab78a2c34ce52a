"""Cut an answer into the pieces that may be the phrase it names. No sentence is looked at."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator

from eatner.answers import phrasing
from eatner.answers.likeness import korean_particles
from eatner.tables import Span
from eatner.text.characters import FINAL, is_hiragana, is_unspaced, is_word, script_kind

# Pieces of an answer that are looked for; a longer list is an essay, not an answer.
MOST_PIECES = 64
LONGEST_ESSAY = 4000
_PAIRS = {
    '"': '"', "“": "”", "„": "“”", "”": "”", "«": "»", "»": "«", "「": "」", "『": "』",
    "《": "》", "〈": "〉", "【": "】", "［": "］", "[": "]", "‘": "’", "‚": "‘’", "`": "`",
    "＂": "＂", "'": "'", "‹": "›", "〝": "〟", "﹁": "﹂", "<": ">", "*": "*", "_": "_",
    "｢": "｣", "{": "}", "(": ")", "（": "）", "〔": "〕", "~": "~", "´": "´", "″": "″",
}  # fmt: skip
_MARKS = ("**", "__", "```", "`", "*", "~~")
_CUES = (":", "：", "→", "=>", "->", "⇒", "＝", " = ", "︰", "՝", "፦", "፡-")
_BREAKS = '\n\r\t|;；。．｡！？!?،؛؟।॥።፣、，,()（）[]［］【】{}<>"“”„«»「」『』《》〈〉`*…·—–՝։'
_JSON_STRING = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?', re.DOTALL)
_LISTED = re.compile(r"(?:\d{1,2}[.)]|[-*+•·>]|#{1,6})[ \t]+")
COLONS = ":：=→՝"
_SEPARATORS = " \t,，、،;；:：=՝—–-"
_STOPPED = "。．｡।॥።"
STOPS = FINAL + ",;:、，'\""


def strip_edges(piece: str) -> str:
    """A piece without the quotes, marks, brackets and punctuation around it."""

    def is_edge(char: str) -> bool:
        return unicodedata.category(char)[0] in "PSZC" or char.isspace()

    start, end = 0, len(piece)
    while start < end and is_edge(piece[start]):
        start += 1
    while end > start and is_edge(piece[end - 1]):
        end -= 1
    return piece[start:end]


def unwrapped(piece: str) -> Iterator[str]:
    """A piece, and the same with one layer of wrapping off after another.

    What is within a pair of quotes or brackets comes before the same with them: they are the
    model's, or the sentence's, but hardly ever the name's.
    """
    piece = piece.strip()
    listed = _LISTED.match(piece)
    if listed and listed.end() < len(piece):
        yield piece
        piece = piece[listed.end() :]
    outer: list[str] = []
    for _ in range(6):
        mark = next((m for m in _MARKS if piece.startswith(m) and piece.endswith(m)), None)
        if mark and len(piece) > 2 * len(mark) and mark not in piece[len(mark) : -len(mark)]:
            outer.append(piece)
            piece = piece[len(mark) : -len(mark)].strip()
        elif _is_wrapped(piece):
            outer.append(piece)
            piece = piece[1:-1].strip()
        elif piece and piece[-1] in _STOPPED:
            outer.append(piece)
            piece = piece[:-1].rstrip()
        elif piece and piece[-1] in ".!！?？,，、;；:：":  # "D.C.", "Yahoo!"
            yield piece
            piece = piece[:-1].rstrip()
        else:
            break
    if piece:
        yield piece
    yield from outer


def _is_wrapped(piece: str) -> bool:
    """Whether one pair of quotes or brackets holds all of a piece, as «A» does and «A» «B» not."""
    closing = _PAIRS.get(piece[0], "") if len(piece) > 2 else ""
    return (
        bool(closing) and piece[-1] in closing and not any(mark in piece[1:-1] for mark in closing)
    )


def quoted_parts(answer: str) -> Iterator[str]:
    """Yield what is in quotes, square brackets or marks, from left to right, without nesting.

    Text in round brackets explains the text before them, so it counts only as a clause.
    """
    at = 0
    count = 0
    used: set[int] = set()
    while at < len(answer) and count < MOST_PIECES:
        closing = _PAIRS.get(answer[at])
        # An apostrophe inside a word opens nothing, nor does a mark that has just closed.
        inside = answer[at] in "'’_" and at > 0 and answer[at - 1].isalnum()
        if closing is None or inside or at in used or answer[at] in "(（":
            at += 1
            continue
        opened = at
        while at < len(answer) and answer[at] == answer[opened]:
            at += 1
        ends = [end for mark in closing if (end := answer.find(mark, at, at + 400)) >= 0]
        if not ends:
            continue
        yield answer[at : min(ends)]
        count += 1
        used.add(min(ends))
        # What is quoted may hold quotes of another kind, so go on behind its opening mark unless
        # both marks are the same and the closing one would be taken for an opening one.
        if closing == answer[opened]:
            at = min(ends)
            while at < len(answer) and answer[at] == closing:
                at += 1


def json_strings(answer: str) -> Iterator[str]:
    """The values, not the keys, of what is written as JSON, or as much of it as there is."""
    if not answer.lstrip("`jsonJSON \n").startswith(("{", "[")):
        return
    for match in itertools.islice(_JSON_STRING.finditer(answer), MOST_PIECES):
        if match[2]:
            continue
        try:
            yield json.loads(match[1], strict=False)
        except ValueError:
            continue  # an escape that JSON has not: then it is read as any text


def without_yes(answer: str) -> str:
    """An answer without the "Sure!" that it begins with."""
    start, end = next(phrasing.find("yes", answer[:40]), (1, 1))
    rest = answer[end:].lstrip()
    return rest[1:].lstrip() if start == 0 and rest[:1] in _BREAKS[1:] and rest[1:] else answer


def forms_of(statement: str) -> Iterator[str]:
    """A statement without the tail that closes it ("X です。"), then without its full stop."""
    plain = _without_stop(statement)
    yield from untailed(plain)
    yield plain
    yield statement


def untailed(statement: str) -> list[str]:
    """A statement without one tail and without two of them, the shorter first."""
    forms = [strip_edges(statement)]
    while len(forms) < 3:
        shorter = phrasing.without_tail(forms[-1])
        # 雪です is 雪, but 아이다 (Aida) is no 아: one syllable is hardly ever all of a name.
        core = strip_edges(shorter)
        if shorter == forms[-1] or not core or (len(core) == 1 and script_kind(core) in _SYLLABLES):
            break
        forms.append(core)
    return forms[:0:-1]


def after_cues(answer: str) -> Iterator[str]:
    """What follows a colon, an arrow or a phrase such as "the answer is", to the line's end."""
    lines = [line for line in answer.splitlines() if line.strip()][:MOST_PIECES]
    for number, line in enumerate(lines):
        for cue in _CUES:
            place = line.find(cue)
            if place >= 0:
                rest = line[place + len(cue) :]
                if rest.strip():
                    yield from forms_of(rest)
                elif number + 1 < len(lines):
                    yield lines[number + 1]
        for head, rest in around_copulas(line):
            if not strip_edges(head) or _is_about(head):
                yield from forms_of(rest)


def bracketed(answer: str) -> Iterator[str]:
    """What each line has before its first round bracket, which explains it."""
    for line in answer.splitlines()[:MOST_PIECES]:
        head, bracket, _ = line.replace("（", "(").partition("(")
        if bracket and not phrasing.is_all("about", head):
            yield head


def around_copulas(statement: str) -> Iterator[tuple[str, str]]:
    """What is on both sides of a copula, for each of the first few."""
    places = phrasing.find("copulas", statement[:LONGEST_ESSAY])
    for start, end in itertools.islice(places, 8):
        yield statement[:start], statement[end:]


def _is_about(text: str) -> bool:
    """Whether a text has words that an answer says of itself, not of the world."""
    return next(phrasing.find("about", text), None) is not None


def clause_heads(clause: str) -> Iterator[str]:
    """What a clause may make a statement of: all of it, or what is before its copula."""
    heads = [head for head, _ in around_copulas(clause)]
    for head in (clause, *untailed(clause), *reversed(heads)):
        if strip_edges(head) and not phrasing.is_all("about", head):
            yield head.strip(_SEPARATORS)


def predicates(clause: str) -> Iterator[str]:
    """What a clause may say that the phrase is: what is behind "answer", and behind a copula."""
    for _, end in itertools.islice(phrasing.find("about", clause), 8):
        yield from forms_of(clause[end:])
    for _, rest in around_copulas(clause):
        yield from forms_of(rest)


def _without_stop(sentence: str) -> str:
    """A sentence of the model without its full stop, which is not the phrase's; "D.C." keeps it."""
    plain = sentence.rstrip()
    if plain.endswith(("。", "।", "።", "։")) or (
        plain.endswith(".") and not re.search(r"(?:^|[.\s])\w\.$", plain)
    ):
        return plain[:-1]
    return sentence


def clause_spans(line: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a line between its punctuation."""
    start = 0
    for at, char in enumerate(line):
        dotted = char in ".:" and (at + 1 == len(line) or line[at + 1].isspace())
        dashed = char == "-" and line[at - 1 : at + 2] == " - "
        if dotted or dashed or char in _BREAKS or char in COLONS:
            if line[start:at].strip():
                yield start, at
            start = at + 1
    if line[start:].strip():
        yield start, len(line)


def openings(line: str, clauses: Iterable[Span]) -> list[str]:
    """What a line begins with, up to the end of one of its clauses or to a copula, longest first.

    "Washington, D.C., the capital" begins with "Washington, D.C.", 拜登，即美国总统 with 拜登.
    """
    ends = [end for _, end in itertools.islice(clauses, 8)]
    return sorted(
        {head for end in ends for head in clause_heads(line[:end])}, key=lambda x: (-len(x), x)
    )


def count_words(text: str) -> float:
    """How many words a text has; two characters of a script without spaces count as one."""
    unspaced = sum(map(is_unspaced, text))
    spaced = "".join(" " if is_unspaced(char) else char for char in text).split()
    return unspaced / 2 + sum(any(map(str.isalnum, word)) for word in spaced)


def inflections(answer: str) -> Iterator[str]:
    """An answer as the sentence may have it without, or with, what its grammar attaches to it.

    Korean without the particle on its last word, the longest first; Arabic with the article as it
    is behind the preposition ل, without its alif.
    """
    core = unicodedata.normalize("NFC", strip_edges(answer))
    for particle in sorted(korean_particles(), key=len, reverse=True):
        if core.endswith(particle) and len(core) > len(particle):
            yield core.removesuffix(particle)
    if core.startswith("ال"):
        yield core[1:]


def first_line(answer: str) -> list[str]:
    """The line before an explanation on lines of its own."""
    first, *rest = answer[:LONGEST_ESSAY].strip().splitlines() or [""]
    return [first.strip()] if any(map(str.strip, rest)) else []


def with_signs(text: str, begin: int, after: int, hay: str) -> str:
    """A run with the signs that follow it in answer and sentence alike: "50" and its "%"."""
    end = after
    while end < len(text) and end - after < 3 and text[begin : end + 1] in hay:
        opening = next((left for left, right in _PAIRS.items() if text[end] in right), "")
        closes = opening not in ("", text[end]) and opening in text[begin:end]
        # All double quotes are folded into one: an odd number of them waits for the next.
        closes = closes or (text[end] == '"' and text[begin:end].count('"') % 2 == 1)
        sign = unicodedata.category(text[end]) in ("Po", "So") and text[end] not in STOPS
        if not closes and not sign:
            break
        end += 1
    return text[begin:end]


def word_runs(text: str) -> list[Span]:
    """Words of scripts with spaces, and single characters of those without."""
    runs: list[Span] = []
    start = -1
    for at, char in enumerate(text):
        if is_word(char):
            start = at if start < 0 else start
            continue
        if start >= 0:
            runs.append((start, at))
            start = -1
        if is_unspaced(char):
            runs.append((at, at + 1))
    if start >= 0:
        runs.append((start, len(text)))
    return runs


def without_hiragana(phrase: str) -> str:
    """A phrase without hiragana at its edges, unless it is nothing else."""
    start, end = 0, len(phrase)
    while start < end and (is_hiragana(phrase[start]) or phrase[start] == "\u3099"):
        start += 1
    while end > start and is_hiragana(phrase[end - 1]):
        end -= 1
    return phrase[start:end] or phrase


_SYLLABLES = ("HIRAGANA", "KATAKANA", "HANGUL")
