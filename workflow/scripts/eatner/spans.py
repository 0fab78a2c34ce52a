"""Find in a sentence the phrase that a free-form answer names, and trim spans at their edges.

For endpoints without a grammar and for the paper's own aligner: the model answers in words, and the
answer may be quoted, decorated, explained, or spelt in another of Unicode's ways. All offsets are
code points into the sentence as it is.

Work grows with the lengths of answer and sentence, not with their product: phrases are found with
`str.find`, at a few levels of likeness, for a bounded number of pieces of the answer.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from eatner import languages, phrasing
from eatner.languages import Language
from eatner.phrasing import is_inside, is_unspaced, is_word

Span = tuple[int, int]

# Pieces of an answer that are looked for; a longer list is an essay, not an answer.
_MOST_PIECES = 64
_LONGEST_ESSAY = 4000

_PAIRS = {
    '"': '"', "“": "”", "„": "“”", "”": "”", "«": "»", "»": "«", "「": "」", "『": "』",
    "《": "》", "〈": "〉", "【": "】", "［": "］", "[": "]", "‘": "’", "‚": "‘’", "`": "`",
    "＂": "＂", "'": "'", "‹": "›", "〝": "〟", "﹁": "﹂", "<": ">", "*": "*", "_": "_",
    "｢": "｣", "{": "}", "(": ")", "（": "）", "〔": "〕", "~": "~", "´": "´", "″": "″",
}  # fmt: skip
_MARKS = ("**", "__", "```", "`", "*", "~~")
_QUOTES = str.maketrans(
    dict.fromkeys("“”„‟«»＂〝〞〟″", '"') | dict.fromkeys("‘’‚‛‹›`´′ʼʹ＇", "'")
    | dict.fromkeys("‐‑‒–—―−﹣－", "-")
)  # fmt: skip
_CUES = (":", "：", "→", "=>", "->", "⇒", "＝", " = ", "︰", "՝", "፦", "፡-")
_BREAKS = '\n\r\t|;；。．｡！？!?،؛؟।॥።፣、，,()（）[]［］【】{}<>"“”„«»「」『』《》〈〉`*…·—–՝։'
_CONTENT = ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "So")
# Rejected matches are looked at until this many characters have been compared in vain.
_MOST_COMPARED = 200_000
_LONGEST_RUN = 200
_ALL, _CLOSE = (0, 1, 2, 3, 4), (0, 1, 2)  # levels of likeness
# A control token, a closing tag, or an opening one that is closed or that a tokeniser has.
_TAG = re.compile(
    r"<\|[^<>|]{1,40}\|>|</[^<>]{0,40}>|<(\w{1,20})>(?=.*</\1>)|<(?:s|pad|bos|eos|br)>"
)
# What a reasoning model thinks before it answers; it may not have been cut in its thoughts.
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
# A longer answer is none; its beginning is read.
_LONGEST_ANSWER = 20_000
# A part of an answer that gives the sentence back with the phrase marked in it.
_MARKED = re.compile(
    r"\*\*([^*\n]+)\*\*|__([^_\n]+)__|`([^`\n]+)`|<(?:b|mark|em|u)>([^<\n]+)</\w+>"
)
# What an answer says that the phrase is not, before it says what it is.
_DENIED = re.compile(
    r"\bnot\s+[^.;\n]{1,80}?,?\s+but(?:\s+rather)?\s+"
    r"|\bnicht\s+[^.;\n]{1,80}?,?\s+sondern\s+"
    r"|\bpas\s+[^.;\n]{1,80}?,?\s+mais\s+"
    r"|\bno\s+[^.;\n]{1,80}?,?\s+sino\s+"
    r"|\bне\s+[^.;\n]{1,80}?,?\s+а\s+"
    r"|\bليس(?:ت)?\s+[^.؛\n]{1,80}?،?\s+بل\s+"
    r"|不是[^。；\n]{1,40}?[，,]?\s*而是"
    r"|[^。\n]{1,40}?ではなく(?:て)?[、,]?"
    r"|[^.\n]{1,40}?(?:이|가)\s아니라\s",
    re.IGNORECASE,
)
# What parts the items of a list.
_BETWEEN = re.compile(r"[,，、;；،؛/|]|\s(?:and|und|et|y|и|و|和|및)\s")
_JSON_STRING = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?', re.DOTALL)
_LISTED = re.compile(r"(?:\d{1,2}[.)]|[-*+•·>]|#{1,6})[ \t]+")
_COLONS = ":：=→՝"
_SEPARATORS = " \t,，、،;；:：=՝—–-"
_STOPPED = "。．｡।॥።"
FINAL = ".。．｡!！?？…।॥።؟۔։"
_STOPS = FINAL + ",;:、，'\""
# Words of a whole text that may be a name: without a final mark; with one that an answer leaves
# out; with one that it gives too. Names of WikiANN have up to 20.
_LONGEST_NAME = (20, 5, 3)


# --- likeness -----------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)
def _folded(char: str) -> str:
    """Compatibility decomposition of one character in lower case; nothing for invisible ones."""
    if unicodedata.category(char) == "Cf":
        return ""
    plain = unicodedata.normalize("NFKD", char.translate(_QUOTES)).casefold()
    return unicodedata.normalize("NFKD", plain).translate(_QUOTES)


# Letters that stand for each other in careless or other spelling: Arabic and Persian, Turkish
# dotless i, Armenian ev, Devanagari's two signs of nasal vowels, Russian yo.
_SPELLINGS = str.maketrans("یىےةہەکٱıւँёЁ", "يييهههكاiվंее")


@lru_cache(maxsize=1 << 16)
def _spelt(char: str) -> str:
    """A character as `_folded`, and the same for all spellings of it and for all digits."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return _folded(char.translate(_SPELLINGS)).translate(_SPELLINGS)


@lru_cache(maxsize=1 << 16)
def _is_stress(char: str) -> bool:
    """Marks that are written or left out at will.

    Stress, Arabic and Hebrew vowels, tatweel, hamza and madda, the dots of Indic scripts (nukta)
    and of the Turkish i.
    """
    return (
        char in "\u0300\u0301\u0307\u0640\u0670"
        or "\u064b" <= char <= "\u0655"
        or "\u0591" <= char <= "\u05c7"
        or unicodedata.combining(char) == 7
    )


def _is_accent(char: str) -> bool:
    return unicodedata.combining(char) >= 200


@dataclass(frozen=True, slots=True)
class _Form:
    """A text as it is compared, and from each of its characters the one that it came from."""

    text: str
    origin: tuple[int, ...]


def _form(text: str, level: int) -> _Form:
    """A text at a level of likeness.

    0: as it is. 1: without regard to case, width, composition, kind of quote and dash, length of
    spaces and invisible characters. 2: and to stress marks, vowel points, spellings
    (`_SPELLINGS`) and spaces beside scripts without spaces. 3: and to all spaces. 4: and to
    accents and punctuation.
    """
    if level == 0:
        return _Form(text, tuple(range(len(text))))
    fold = _folded if level == 1 else _spelt
    pairs = [(c, at) for at, char in enumerate(text) for c in fold(char)]
    # Canonical order of marks, which decomposing character by character does not give.
    start = 0
    while start < len(pairs):
        end = start + 1
        if unicodedata.combining(pairs[start][0]):
            while end < len(pairs) and unicodedata.combining(pairs[end][0]):
                end += 1
            pairs[start:end] = sorted(pairs[start:end], key=lambda p: unicodedata.combining(p[0]))
        start = end
    if level in (2, 3):
        pairs = [pair for pair in pairs if not _is_stress(pair[0])]
    if level == 3:
        pairs = [pair for pair in pairs if not pair[0].isspace()]
    if level == 4:
        pairs = [
            (c, at)
            for c, at in pairs
            if unicodedata.category(c)[0] in "LMN" and not _is_stress(c) and not _is_accent(c)
        ]
    kept: list[tuple[str, int]] = []
    for position, (c, at) in enumerate(pairs):
        if c.isspace():
            if not kept or kept[-1][0] == " ":
                continue
            if level >= 2:
                near = pairs[position + 1 : position + 9]
                ahead = next((d for d, _ in near if not d.isspace()), "")
                if is_unspaced(kept[-1][0]) or (ahead and is_unspaced(ahead)):
                    continue
            c = " "
        kept.append((c, at))
    return _Form("".join(c for c, _ in kept), tuple(at for _, at in kept))


def _joins_before(char: str) -> bool:
    """A mark, or a Hangul vowel or final, that makes one character with what stands before it."""
    return bool(unicodedata.combining(char)) or "\u1160" <= char <= "\u11ff"


@lru_cache(maxsize=1)
def _korean_particles() -> tuple[str, ...]:
    return languages.get("ko").suffixes


def _attachment(sentence: str, span: Span) -> int:
    """How a span stands in its word: 0 whole, 1 with an affix on one side, 2 inside.

    Korean particles make no difference: a noun with one is whole.
    """
    start, end = span
    left = is_inside(sentence, start)
    right = is_inside(sentence, end)
    # In "net3月" the 3 belongs to the month: a word of Japanese may begin or end at a digit.
    if left and sentence[start].isdigit() != sentence[start - 1].isdigit():
        left = not any(map(is_unspaced, sentence[start:end]))
    if right and sentence[end - 1].isdigit() != sentence[end].isdigit():
        right = not any(map(is_unspaced, sentence[start:end]))
    if right and "\uac00" <= sentence[end] <= "\ud7a3":
        after = end
        while after < len(sentence) and is_word(sentence[after]) and after - end < 8:
            after += 1
        right = sentence[end:after] not in _korean_particles()
    return left + right


class _Sentence:
    """A sentence in all its forms, made when first needed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._forms: dict[int, _Form] = {}

    def form(self, level: int) -> _Form:
        if level not in self._forms:
            self._forms[level] = _form(self.text, level)
        return self._forms[level]

    def find(self, phrase: str, level: int) -> list[Span]:
        """All places of a phrase, without overlap, those that are whole words where any is."""
        form, wanted = self.form(level), _form(phrase, level).text.strip()
        if not wanted or (level >= 3 and len(wanted) < 2):
            return []
        found: list[Span] = []
        at, left = form.text.find(wanted), _MOST_COMPARED
        while at >= 0 and left > 0:
            after = at + len(wanted)
            if self._is_apart(form, at, after):
                found.append((form.origin[at], self._end(form, after)))
                at = form.text.find(wanted, after)
            else:
                left -= len(wanted)
                at = form.text.find(wanted, at + 1)
        if not found:
            return []
        ranks = [_attachment(self.text, span) for span in found]
        # The inside of a word counts only letter by letter: "US" does not name the "us" of "Haus".
        best = min(ranks)
        if best == 2 and level > 0:
            return []
        return [span for span, rank in zip(found, ranks, strict=True) if rank == best]

    def _is_apart(self, form: _Form, at: int, after: int) -> bool:
        """Whether a match begins and ends between characters of the sentence, not inside one."""
        if at and (form.origin[at - 1] == form.origin[at] or _joins_before(form.text[at])):
            return False
        if after == len(form.text):
            return True
        return form.origin[after] != form.origin[after - 1] and not _joins_before(form.text[after])

    def _end(self, form: _Form, after: int) -> int:
        """The end of a match, with the marks on its last character that the level leaves out."""
        end = max(form.origin[max(0, after - 4) : after]) + 1
        while end < len(self.text) and unicodedata.category(self.text[end]) in ("Mn", "Me"):
            if after < len(form.text) and form.origin[after] <= end:
                break
            end += 1
        return end


# --- what an answer names -----------------------------------------------------------------------


def _core(piece: str) -> str:
    """A piece without the quotes, marks, brackets and punctuation around it."""

    def is_edge(char: str) -> bool:
        return unicodedata.category(char)[0] in "PSZC" or char.isspace()

    start, end = 0, len(piece)
    while start < end and is_edge(piece[start]):
        start += 1
    while end > start and is_edge(piece[end - 1]):
        end -= 1
    return piece[start:end]


def _unwrapped(piece: str) -> Iterator[str]:
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
    return piece[-1:] in closing and not any(mark in piece[1:-1] for mark in closing)


def _quoted(answer: str) -> Iterator[str]:
    """What stands in quotes, square brackets or marks, from left to right; one pass, no nesting.

    What is in round brackets explains what is before them, so it is no more than a clause.
    """
    at = 0
    count = 0
    used: set[int] = set()
    while at < len(answer) and count < _MOST_PIECES:
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


def _strings(answer: str) -> Iterator[str]:
    """The values, not the keys, of what is written as JSON, or as much of it as there is."""
    if not answer.lstrip("`jsonJSON \n").startswith(("{", "[")):
        return
    for match in itertools.islice(_JSON_STRING.finditer(answer), _MOST_PIECES):
        if match[2]:
            continue
        try:
            yield json.loads(match[1], strict=False)
        except json.JSONDecodeError:
            continue  # an escape that JSON has not: then it is read as any text


def _without_yes(answer: str) -> str:
    """An answer without the "Sure!" that it begins with."""
    start, end = next(phrasing.find("yes", answer[:40]), (1, 1))
    rest = answer[end:].lstrip()
    return rest[1:].lstrip() if start == 0 and rest[:1] in _BREAKS[1:] and rest[1:] else answer


def _forms_of(statement: str) -> Iterator[str]:
    """A statement without the tail that closes it ("X です。"), then without its full stop."""
    plain = _without_stop(statement)
    yield from _untailed(plain)
    yield plain
    yield statement


def _untailed(statement: str) -> list[str]:
    """A statement without one tail and without two of them, the shorter first."""
    forms = [_core(statement)]
    while len(forms) < 3:
        shorter = phrasing.without_tail(forms[-1])
        # 雪です is 雪, but 아이다 (Aida) is no 아: one syllable is hardly ever all of a name.
        core = _core(shorter)
        if shorter == forms[-1] or not core or (len(core) == 1 and _kind(core) in _SYLLABLES):
            break
        forms.append(core)
    return forms[:0:-1]


def _after_cues(answer: str) -> Iterator[str]:
    """What follows a colon, an arrow or a phrase such as "the answer is", to the line's end."""
    lines = [line for line in answer.splitlines() if line.strip()][:_MOST_PIECES]
    for number, line in enumerate(lines):
        for cue in _CUES:
            place = line.find(cue)
            if place >= 0:
                rest = line[place + len(cue) :]
                if rest.strip():
                    yield from _forms_of(rest)
                elif number + 1 < len(lines):
                    yield lines[number + 1]
        for head, rest in _joined(line):
            if not _core(head) or _is_about(head):
                yield from _forms_of(rest)


def _bracketed(answer: str) -> Iterator[str]:
    """What each line has before its first round bracket, which explains it."""
    for line in answer.splitlines()[:_MOST_PIECES]:
        head, bracket, _ = line.replace("（", "(").partition("(")
        if bracket and not phrasing.is_all("about", head):
            yield head


def _joined(statement: str) -> Iterator[tuple[str, str]]:
    """What is on both sides of a copula, for each of the first few."""
    places = phrasing.find("copulas", statement[:_LONGEST_ESSAY])
    for start, end in itertools.islice(places, 8):
        yield statement[:start], statement[end:]


def _is_about(text: str) -> bool:
    """Whether a text has words that an answer says of itself, not of the world."""
    return next(phrasing.find("about", text), None) is not None


def _heads(clause: str) -> Iterator[str]:
    """What a clause may make a statement of: all of it, or what is before its copula."""
    heads = [head for head, _ in _joined(clause)]
    for head in (clause, *_untailed(clause), *reversed(heads)):
        if _core(head) and not phrasing.is_all("about", head):
            yield head.strip(_SEPARATORS)


def _predicates(clause: str) -> Iterator[str]:
    """What a clause may say that the phrase is: what is behind "answer", and behind a copula."""
    for _, end in itertools.islice(phrasing.find("about", clause), 8):
        yield from _forms_of(clause[end:])
    for _, rest in _joined(clause):
        yield from _forms_of(rest)


def _without_stop(sentence: str) -> str:
    """A sentence of the model without its full stop, which is not the phrase's; "D.C." keeps it."""
    plain = sentence.rstrip()
    if plain.endswith(("。", "।", "።", "։")) or (
        plain.endswith(".") and not re.search(r"(?:^|[.\s])\w\.$", plain)
    ):
        return plain[:-1]
    return sentence


def _clauses(line: str) -> Iterator[tuple[int, int]]:
    """Where the parts of a line between punctuation stand in it."""
    start = 0
    for at, char in enumerate(line):
        dotted = char in ".:" and (at + 1 == len(line) or line[at + 1].isspace())
        dashed = char == "-" and line[at - 1 : at + 2] == " - "
        if dotted or dashed or char in _BREAKS or char in _COLONS:
            if line[start:at].strip():
                yield start, at
            start = at + 1
    if line[start:].strip():
        yield start, len(line)


def _openings(line: str, clauses: Iterable[Span]) -> list[str]:
    """What a line begins with, up to the end of one of its clauses or to a copula, longest first.

    "Washington, D.C., the capital" begins with "Washington, D.C.", 拜登，即美国总统 with 拜登.
    """
    ends = [end for _, end in itertools.islice(clauses, 8)]
    return sorted({head for end in ends for head in _heads(line[:end])}, key=lambda x: (-len(x), x))


def _names_nothing(answer: str, sentence: _Sentence) -> bool:
    """Whether an answer has nothing in it, or says that there is no such phrase.

    A phrase of the sentence may begin as an apology does ("Leider Horst") or be a name of nothing
    ("the Nil", by its capital where no sentence begins): it is meant then.
    """
    if not any(unicodedata.category(char) in _CONTENT for char in answer):
        return True
    core = _core(answer[:200])
    plain = _form(core, 1).text.strip()
    if _is_refusal(core, sentence):
        return True
    if plain in map(str.casefold, phrasing.items("apologies")):
        return not sentence.find(core, 0)
    if next(phrasing.find("apologies", core), (1, 1))[0] == 0:
        return not any(sentence.find(p, level) for p in _unwrapped(answer) for level in _CLOSE)
    return False


def _is_refusal(piece: str, sentence: _Sentence) -> bool:
    """Whether a piece is a word for nothing and not, by its capital, a name in the sentence."""
    core = _core(piece[:200])
    if not any(_form(x, 1).text.strip() in _refusals() for x in (core, *_untailed(core))):
        return False
    before = (sentence.text[:start].rstrip() for start, _ in sentence.find(core, 0))
    return core == core.lower() or all(not x or x[-1] in FINAL for x in before)


@lru_cache(maxsize=1)
def _refusals() -> frozenset[str]:
    return frozenset(_form(word, 1).text for word in phrasing.items("nothing"))


def _is_the_sentence(piece: str, sentence: _Sentence) -> bool:
    """Whether a piece gives the whole sentence back, all of it but for its final mark.

    A text that may be no more than a name, as every fifth of WikiANN is, is not told from the name:
    one without a final mark, if it is not very long, and a short one with a mark.
    """
    text, size = sentence.text.strip(), len(sentence.text)
    without, left_out, given = _LONGEST_NAME
    marked = given if piece.rstrip()[-1:] in FINAL else left_out
    if _words(text) <= (marked if text[-1:] in FINAL else without):
        return False
    if not size / 2 <= len(piece) <= 2 * size + 8:
        return False
    return _solid(_form(piece, 2)) == _solid(sentence.form(2))


def _words(text: str) -> float:
    """How many words a text has; two characters of a script without spaces count as one."""
    unspaced = sum(map(is_unspaced, text))
    spaced = "".join(" " if is_unspaced(char) else char for char in text).split()
    return unspaced / 2 + sum(any(map(str.isalnum, word)) for word in spaced)


def _solid(form: _Form) -> str:
    return form.text.replace(" ", "").rstrip(FINAL)


def _always(_: list[Span]) -> bool:
    return True


def _first(
    pieces: Iterable[str],
    sentence: _Sentence,
    levels: Iterable[int],
    accept: Callable[[list[Span]], bool] = _always,
) -> list[Span]:
    """The places of the first piece that stands in the sentence, the most alike level first."""
    parts = (part for piece in pieces for part in _unwrapped(piece))
    unique = list(dict.fromkeys(itertools.islice(parts, 4 * _MOST_PIECES)))
    cores = [core for part in unique if (core := _core(part)) and core != part]
    wanted, cores = (
        [
            piece
            for piece in group
            if any(unicodedata.category(char) in _CONTENT for char in piece)
            and not _is_the_sentence(piece, sentence)
            and not _is_refusal(piece, sentence)
        ]
        for group in (unique, cores)
    )
    # All likenesses of a piece before any of its core: ㈱日立 is (株)日立 rather than 日立.
    for group in (wanted, cores):
        for level in levels:
            for piece in group:
                found = sentence.find(piece, level)
                if found and accept(found):
                    return found
    return []


def _inflected(answer: str) -> Iterator[str]:
    """An answer as the sentence may have it without, or with, what its grammar attaches to it.

    Korean without the particle on its last word, the longest first; Arabic with the article as it
    is behind the preposition ل, without its alif.
    """
    core = unicodedata.normalize("NFC", _core(answer))
    for particle in sorted(_korean_particles(), key=len, reverse=True):
        if core.endswith(particle) and len(core) > len(particle):
            yield core.removesuffix(particle)
    if core.startswith("ال"):
        yield core[1:]


def locate(answer: str, sentence: str) -> list[Span]:
    """The places in a sentence that a free-form answer names.

    The answer is cleaned of tags and of the sentence itself, then read in several ways, the most
    trusted first: all of it, with and without quotes, marks and punctuation around it; without
    what grammar attaches to it; the strings of JSON; what it quotes or marks; what follows a
    colon, an arrow or "the answer is"; its lines; its clauses, the first one before the others;
    the longest run of words that it has in common with the sentence. The words that frame a name
    ("is", です, है) are those of `phrasing.tsv`.

    Each reading is looked for as it is first, then without regard to case, width, composition
    (NFC, NFD, NFKC, NFKD), kinds of quotes, then spaces in scripts that have none, stress marks
    and spellings of one letter.

    All occurrences are given. In scripts with spaces, those that are whole words where any is; a
    Korean particle does not spoil a whole word.

    Args:
        answer: What the model said.
        sentence: The sentence, any length.

    Returns:
        Start and end of each occurrence, from left to right, without overlap. Empty where the
        answer names nothing in the sentence, says so ("None", なし, an apology), or gives the whole
        sentence back.
    """
    hay = _Sentence(sentence)
    return _everywhere(_unpunctuated(_located(answer, hay), hay), hay)


def _located(answer: str, hay: _Sentence) -> list[Span]:
    """The places of what an answer names, as they are found first."""
    sentence = hay.text
    text = answer.strip()
    if text not in sentence:
        text = _TAG.sub("", _THOUGHT.sub("", text[:_LONGEST_ANSWER]))
        text = _without_yes(unicodedata.normalize("NFC", text).strip())
        text = _DENIED.sub("", text)
    if not text or not sentence or _names_nothing(text, hay):
        return []
    marked = [part for parts in _MARKED.findall(text) for part in parts if part]
    plain = _MARKED.sub(r"\1\2\3\4", text)
    if marked and plain != marked[0] and _solid(_form(plain, 2)) == _solid(hay.form(2)):
        return _first(marked, hay, _CLOSE)
    if any(_is_the_sentence(part, hay) for part in _unwrapped(text)):
        return []
    if text[-1:] in FINAL and (found := _first(_untailed(text), hay, _CLOSE)):
        return found
    if whole := _first([text], hay, _ALL):
        return whole
    if listed := _listed(text, hay):
        return listed
    plain = sentence.strip(FINAL + " \n")
    rest = text.replace(plain, "") if plain else text
    if rest == text:
        return _read(text, hay, 1)
    found = _read(rest, hay, 2)
    # A short sentence may be a name itself, and the answer name it.
    return found if found or _is_the_sentence(plain, hay) else _read(text, hay, 1)


def _listed(text: str, sentence: _Sentence) -> list[Span]:
    """The places of all phrases of an answer that is a list of phrases of the sentence alone."""
    strings = list(_strings(text))
    parts = strings or [part for part in _BETWEEN.split(text) if _core(part)]
    if not 2 <= len(parts) <= _MOST_PIECES or len(set(map(_core, parts))) < 2:
        return []
    found = [sentence.find(_core(part), 1) for part in parts]
    whole = [
        places and _attachment(sentence.text, places[0]) == 0 and not _is_refusal(part, sentence)
        for part, places in zip(parts, found, strict=True)
    ]
    if not all(whole):
        return []
    spans = sorted({span for places in found for span in places})
    return [] if any(one[1] > other[0] for one, other in itertools.pairwise(spans)) else spans


def _unpunctuated(found: list[Span], sentence: _Sentence) -> list[Span]:
    """The same without a mark that the answer ends with and the sentence after the phrase, too.

    Only where the phrase stands elsewhere without it, and is no abbreviation ("Inc.", "D.C."): else
    the mark may be meant.
    """
    if not found:
        return found
    phrase = sentence.text[slice(*found[0])]
    bare = phrase.rstrip(_STOPS)
    short = phrase.split()[-1] in _abbreviations() or re.search(r"(?:^|[.\s])\w\.$", phrase)
    if bare == phrase or short or not _core(bare):
        return found
    places = sentence.find(bare, 0)
    return places if len(places) > len(found) else found


@lru_cache(maxsize=1)
def _abbreviations() -> frozenset[str]:
    return frozenset(word for row in languages.known().values() for word in row.abbreviations)


def _everywhere(found: list[Span], sentence: _Sentence) -> list[Span]:
    """The same, and where the phrase stands with stress marks that the answer lacks."""
    if not found or not any(map(_is_stress, unicodedata.normalize("NFD", sentence.text))):
        return found
    phrase = _unstressed(sentence.text[slice(*found[0])])
    more = [
        span
        for span in sentence.find(phrase, 2)
        if _unstressed(sentence.text[slice(*span)]) == phrase
        and all(span[1] <= start or end <= span[0] for start, end in found)
    ]
    return sorted(found + more)


def _unstressed(text: str) -> str:
    plain = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(char for char in plain if not _is_stress(char)))


def occurrences(surface: str, sentence: str) -> list[Span]:
    """Where a phrase stands letter by letter, without overlap: whole words where any is."""
    return _Sentence(sentence).find(surface, 0)


def _read(answer: str, sentence: _Sentence, least: int) -> list[Span]:
    """The places of what an answer names by its most trusted reading.

    Args:
        answer: The answer, which is not the phrase as it is.
        sentence: The sentence.
        least: How much of a name a phrase must look like in running text, see `_namelike`.
    """

    def whole(found: list[Span]) -> bool:
        start = found[0][0]
        elided = sentence.text[start : start + 1] == "ل" == sentence.text[start - 1 : start]
        return elided or _attachment(sentence.text, found[0]) == 0

    cued, quoted = list(_after_cues(answer)), list(_quoted(answer))
    if any(_is_the_sentence(_core(piece), sentence) for piece in cued):
        return []
    return (
        _first(_first_line(answer), sentence, _CLOSE[:1], whole)
        or _first(_forms_of(answer), sentence, _CLOSE)
        or _first(_inflected(answer), sentence, _CLOSE, whole)
        or _first(_strings(answer), sentence, _CLOSE)
        or _quoted_or_more(answer, sentence, _first(quoted, sentence, _CLOSE))
        or _first(cued, sentence, _CLOSE)
        or _first(
            (x for piece in [*quoted, *cued] for x in _inflected(piece)), sentence, _CLOSE, whole
        )
        or _first([*quoted, *cued], sentence, (3,), whole)
        or _first(_bracketed(answer), sentence, _CLOSE, whole)
        or _clause(answer, sentence, least)
        or _in_common(answer, sentence, least)
    )


def _first_line(answer: str) -> list[str]:
    """The line before an explanation on lines of its own."""
    first, *rest = answer[:_LONGEST_ESSAY].strip().splitlines() or [""]
    return [first.strip()] if any(map(str.strip, rest)) else []


def _clause(answer: str, sentence: _Sentence, least: int) -> list[Span]:
    """The places of the first clause that names a phrase, or of the longer phrase that it is in."""

    def named(found: list[Span]) -> bool:
        return _namelike(sentence.text, found[0], answer) >= least

    def proper(found: list[Span]) -> bool:
        return _may_be_name(sentence.text, found[0])

    def several(found: list[Span]) -> bool:
        start, end = found[0]
        return proper(found) or len(sentence.text[start:end].split()) > 1

    lines = [line for line in answer[:_LONGEST_ESSAY].splitlines() if line.strip()]
    lines = lines[:_MOST_PIECES]
    found = _first(lines, sentence, _CLOSE, named)
    clauses = [(line, place) for line in lines for place in _clauses(line)]
    before = None
    for line, (start, end) in clauses[:_MOST_PIECES]:
        if found:
            break
        if line is not before:
            found = _first(_openings(line, _clauses(line)), sentence, _CLOSE, several)
            before = line
        elif line[start - 1] in _COLONS:
            found = _first(_heads(line[start:end]), sentence, _CLOSE, proper)
        found = (
            found
            or _first([line[start:end]], sentence, _CLOSE, named)
            or _first(_predicates(line[start:end]), sentence, _CLOSE, proper)
        )
    if found:
        common = _in_common(answer, sentence, least)
        if common and common[0][0] <= found[0][0] and found[0][1] <= common[0][1]:
            return common
    return found


def _quoted_or_more(answer: str, sentence: _Sentence, quoted: list[Span]) -> list[Span]:
    """What the answer quotes, or the longer phrase of the sentence whose own quotes these are."""
    if quoted:
        common = _in_common(answer, sentence, 1)
        (start, end), (left, right) = quoted[0], common[0] if common else quoted[0]
        more = sentence.text[left:start] + sentence.text[end:right]
        words = [char for char in more if char.isalpha() and not _is_hiragana(char)]
        if left <= start and end <= right and len(words) > 1:
            return common
    return quoted


def _in_common(answer: str, sentence: _Sentence, least: int) -> list[Span]:
    """Places of the longest run of words that answer and sentence share, if it may be a name.

    Runs end where words do; in scripts without spaces hiragana at the edges is left out, for it is
    the grammar around a name. Where the script has capitals the run must have one; where it has
    none and is the script of the rest of the answer too, a common word says nothing. A part of a
    word of a script without spaces says nothing either: 近平 does not name 習近平.
    """
    form, hay = _form(answer[:_LONGEST_ESSAY], 1), sentence.form(1).text
    words = _runs(form.text)
    best: tuple[int, int, list[Span]] = (0, 0, [])
    tried: set[str] = set()
    last = 0
    for first, (begin, _) in enumerate(words):
        # What follows a run's first word stands in the sentence too, so `last` only moves on.
        last = max(last, first)
        while last < len(words) and words[last][1] - begin <= _LONGEST_RUN:
            if form.text[begin : words[last][1]] not in hay:
                break
            last += 1
        if last == first or (last < len(words) and words[last][1] - begin > _LONGEST_RUN):
            continue  # nothing, or too long for a name
        phrase = _with_signs(form.text, begin, words[last - 1][1], hay)
        if sum(map(_is_hiragana, form.text)) >= 2 * sum(map(_is_hiragana, phrase)):
            phrase = _bare(phrase)
        if phrase in tried:
            continue
        tried.add(phrase)
        if not _is_the_sentence(phrase, sentence) and not _is_refusal(phrase, sentence):
            at = form.text.index(phrase, begin)
            places = form.origin[at : at + len(phrase)]
            if _is_fragment(answer, places[0], places[-1] + 1):
                continue
            same = answer[places[0] : places[-1] + 1]
            found = sentence.find(same, 0) or sentence.find(phrase, 1)
            rank = _namelike(sentence.text, found[0], answer) if found else 0
            best = max(best, (rank, len(phrase), found), key=lambda x: x[:2])
    return best[2] if best[0] >= least else []


def _is_fragment(text: str, start: int, end: int) -> bool:
    """Whether a phrase begins or ends amid the ideographs, the katakana, the Thai of a text."""
    return any(
        0 < at < len(text)
        and is_unspaced(text[at])
        and not _is_hiragana(text[at])
        and _kind(text[at - 1]) == _kind(text[at])
        for at in (start, end)
    )


def _with_signs(text: str, begin: int, after: int, hay: str) -> str:
    """A run with the signs that follow it in answer and sentence alike: "50" and its "%"."""
    end = after
    while end < len(text) and end - after < 3 and text[begin : end + 1] in hay:
        opening = next((left for left, right in _PAIRS.items() if text[end] in right), "")
        closes = opening not in ("", text[end]) and opening in text[begin:end]
        # All double quotes are folded into one: an odd number of them waits for the next.
        closes = closes or (text[end] == '"' and text[begin:end].count('"') % 2 == 1)
        sign = unicodedata.category(text[end]) in ("Po", "So") and text[end] not in _STOPS
        if not closes and not sign:
            break
        end += 1
    return text[begin:end]


def _runs(text: str) -> list[Span]:
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


def _is_hiragana(char: str) -> bool:
    return "\u3041" <= char <= "\u309f"


def _bare(phrase: str) -> str:
    """A phrase without hiragana at its edges, unless it is nothing else."""
    start, end = 0, len(phrase)
    while start < end and (_is_hiragana(phrase[start]) or phrase[start] == "\u3099"):
        start += 1
    while end > start and _is_hiragana(phrase[end - 1]):
        end -= 1
    return phrase[start:end] or phrase


_SYLLABLES = ("HIRAGANA", "KATAKANA", "HANGUL")
_SCRIPTS = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "IDEOGRAPHIC": "CJK", "HALFWIDTH": "CJK"}


@lru_cache(maxsize=1 << 16)
def _kind(char: str) -> str:
    """The first word of a letter's name, which tells hiragana, katakana and ideographs apart."""
    return unicodedata.name(char, "").split(" ")[0].split("-")[0]


def _script(char: str) -> str:
    """A name for the script of a letter, one for all that Japanese is written in."""
    return _SCRIPTS.get(_kind(char), _kind(char))


def _has_case(phrase: str) -> bool:
    """Whether a phrase is in a script whose names have capitals (Georgian text has none)."""
    return any(c.lower() != c.upper() and _kind(c) != "GEORGIAN" for c in phrase)


def _may_be_name(sentence: str, span: Span) -> bool:
    """Whether a phrase that an answer gives a name's place has a capital, if its script has any."""
    phrase = sentence[span[0] : span[1]]
    if _attachment(sentence, span) > 1:
        return False
    return not _has_case(phrase) or phrase != phrase.lower() or any(map(str.isdigit, phrase))


def _namelike(sentence: str, span: Span, answer: str) -> int:
    """How much a phrase in the running text of an answer looks like more than a common word of it.

    2: it is in a script that the rest of the answer is not in. 1: it has a capital or a digit where
    the script has capitals, or it is more than hiragana. 0: it does not.
    """
    phrase = sentence[span[0] : span[1]]
    attached = _attachment(sentence, span)
    around = answer.replace(phrase, " ")[:_LONGEST_ESSAY]
    letters = {_script(char) for char in phrase if char.isalpha()}
    if not letters:
        return 0 if attached or any(map(str.isdigit, around)) else 1
    others = Counter(_script(char) for char in around if char.isalpha())
    foreign = any(others[script] <= 0.2 * others.total() for script in letters)
    if attached:
        return 2 if foreign and attached == 1 and len(phrase) > 2 else 0
    if foreign:
        return 2
    if _has_case(phrase):
        # A Latin word is rare where words are not separated: "twitter".
        strange = any(map(is_unspaced, sentence))
        return int(strange or phrase != phrase.lower() or any(map(str.isdigit, phrase)))
    hiragana = all(map(_is_hiragana, phrase))
    return int(any(map(is_unspaced, phrase)) and not hiragana and len(phrase) > 1)


# --- trimming -----------------------------------------------------------------------------------


def trim(span: Span, sentence: str, language: Language, *, doubtful: bool = False) -> Span:
    """A span without the punctuation, honorifics and particles at its edges.

    Honorifics are those of the language's row, apart from the name by a space where the language
    has spaces (Korean: with or without). Particles are the row's affixes that are not part of the
    word: Korean particles, which have to agree with the syllable before them (은 after a final
    consonant, 는 after a vowel), so that 김가은 stays; and those with an apostrophe (English 's,
    French l'). Case endings (Москвы, Երեւանում) belong to the word and stay.

    Args:
        span: Start and end in the sentence.
        sentence: The sentence.
        language: The language's row.
        doubtful: Whether to take off too what names themselves begin or end with: the row's
            doubtful ones (나 of 우크라이나), and titles written solid before a name (總統府).

    Returns:
        The trimmed span; the span as it is if nothing would be left.
    """
    kept = () if doubtful else language.doubtful
    start, end = _trim_punctuation(*span, sentence, language)
    start, end = _trim_particle(start, end, sentence, language, kept)
    while True:
        before = (start, end)
        start, end = _trim_punctuation(start, end, sentence, language)
        start, end = _trim_honorific(start, end, sentence, language, kept, solid=doubtful)
        if (start, end) == before:
            break
    return (start, end) if start < end else span


def variants(span: Span, sentence: str, language: Language) -> list[Span]:
    """The ways to take a span: as it stands but for punctuation, and without what `trim` takes off.

    A word that begins with one of the language's prefixes is also taken without it (Arabic
    والقاهرة, "and Cairo"): whether one is part of a name is told by what the name reads like.

    Args:
        span: Start and end in the sentence.
        sentence: The sentence.
        language: The language's row.
    """
    found = [
        _trim_punctuation(*span, sentence, language),
        trim(span, sentence, language),
        trim(span, sentence, language, doubtful=True),
    ]
    if language.spaces:
        start, end = found[0]
        for affix in language.prefixes:
            after = start + len(affix)
            if sentence.startswith(affix, start, end) and is_word(sentence[after : after + 1]):
                found += [(after, end), trim((after, end), sentence, language)]
    return list(dict.fromkeys(one for one in found if one[0] < one[1]))


def _is_punctuation(char: str) -> bool:
    return char.isspace() or unicodedata.category(char)[0] in "PZC" or char in "`^~|<>=+´"


def _trim_punctuation(start: int, end: int, sentence: str, language: Language) -> Span:
    """Punctuation goes, but for a mark whose partner is inside and an abbreviation's dot."""
    closing = dict(zip(")）]］»”」』》", "(（[［«“「『《", strict=True))
    opening = {left: right for right, left in closing.items()}
    while start < end and _is_punctuation(sentence[start]):
        partner = opening.get(sentence[start])
        if partner and partner in sentence[start + 1 : end - 1]:
            break
        start += 1
    while end > start and _is_punctuation(sentence[end - 1]):
        last, rest = sentence[end - 1], sentence[start : end - 1]
        if last in closing and closing[last] in rest:
            break
        # "U.S.", "Washington D.C.": a dot after a single letter that follows another dot.
        if last == "." and len(rest) >= 3 and rest[-1].isalpha() and rest[-2] == ".":
            break
        word = re.split(r"\s", sentence[start:end])[-1]
        if last == "." and word in language.abbreviations:
            break
        end -= 1
    return start, end


def _trim_honorific(
    start: int, end: int, sentence: str, language: Language, kept: Iterable[str], *, solid: bool
) -> Span:
    attached = not language.spaces or language.code == "ko"
    for word in sorted({*language.honorifics} - {*kept}, key=len, reverse=True):
        if end - start <= len(word):
            continue
        if sentence.startswith(word, start):
            after = start + len(word)
            apart = sentence[after].isspace() or word.endswith(".")
            if apart or (solid and not language.spaces):
                return after, end
        if sentence.endswith(word, start, end):
            until = end - len(word)
            # One character is rarely all of a name: 様 in 王様 (king) is no honorific.
            if sentence[until - 1].isspace() or (attached and until - start > 1):
                return start, until
    return start, end


def _agrees(particle: str, syllable: str) -> bool:
    """Whether a Korean particle may follow a syllable, by its final consonant."""
    if not "\uac00" <= syllable <= "\ud7a3":
        return True
    final = (ord(syllable) - 0xAC00) % 28
    if particle[0] in "은이을과":
        return final != 0
    if particle.startswith("으로"):
        return final not in (0, 8)
    if particle.startswith("로"):
        return final in (0, 8)  # 서울로: after ㄹ as after a vowel
    if particle in ("는", "가", "를", "와", "나", "라"):
        return final == 0
    return True


def _trim_particle(
    start: int, end: int, sentence: str, language: Language, kept: Iterable[str]
) -> Span:
    if end < len(sentence) and is_word(sentence[end]) and end > start and language.spaces:
        return start, end  # the span ends inside a word: no particle closes it
    for affix in sorted({*language.suffixes} - {*kept}, key=len, reverse=True):
        until = end - len(affix)
        if until - start < 2 or not sentence.endswith(affix, start, end):
            continue
        korean = language.code == "ko" and _agrees(affix, sentence[until - 1])
        if korean or (affix[0] in "'’" and len(affix) > 1):
            return start, until
    for affix in language.prefixes:
        if affix in kept:
            continue
        if affix[-1] in "'’" and end - start > len(affix) and sentence.startswith(affix, start):
            return start + len(affix), end
    return start, end
