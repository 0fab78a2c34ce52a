"""Find in a sentence the phrase that a free-form answer names, and trim spans at their edges.

For endpoints without a grammar and for the paper's own aligner: the model answers in words, and the
answer may be quoted, decorated, explained, or spelt in another of Unicode's ways. All offsets are
code points into the sentence as it is.

Work grows with the lengths of answer and sentence, not with their product: phrases are found with
`str.find`, under a few foldings, for a bounded number of pieces of the answer.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from eatner.answers import phrasing
from eatner.answers.likeness import (
    ComparedSentence,
    attachment,
    korean_particles,
    without_spaces,
)
from eatner.answers.naming import is_fragment, may_be_name, namelike
from eatner.answers.pieces import (
    COLONS,
    LONGEST_ESSAY,
    MOST_PIECES,
    STOPS,
    after_cues,
    bracketed,
    clause_heads,
    clause_spans,
    count_words,
    first_line,
    forms_of,
    inflections,
    json_strings,
    openings,
    predicates,
    quoted_parts,
    strip_edges,
    untailed,
    unwrapped,
    with_signs,
    without_hiragana,
    without_yes,
    word_runs,
)
from eatner.tables import Span
from eatner.text import languages
from eatner.text.characters import (
    FINAL,
    is_hiragana,
)
from eatner.text.folding import (
    EXACT,
    LETTERS,
    SPACES,
    SPELLING,
    WIDTH,
    Folding,
    has_stress,
    without_stress,
)

_CONTENT = ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "So")
_LONGEST_RUN = 200
_CLOSE = (EXACT, WIDTH, SPELLING)
_ALL = (*_CLOSE, SPACES, LETTERS)
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
# Separators between list items.
_BETWEEN = re.compile(r"[,，、;；،؛/|]|\s(?:and|und|et|y|и|و|和|및)\s")
# Words of a whole text that may be a name: without a final mark; with one that an answer leaves
# out; with one that it gives too. Names of WikiANN have up to 20.
_LONGEST_NAME = (20, 5, 3)


def _names_nothing(answer: str, sentence: ComparedSentence) -> bool:
    """Whether an answer has nothing in it, or says that there is no such phrase.

    A phrase of the sentence may begin as an apology does ("Leider Horst") or be a name of nothing
    ("the Nil", by its capital where no sentence begins): it is meant then.
    """
    if not any(unicodedata.category(char) in _CONTENT for char in answer):
        return True
    core = strip_edges(answer[:200])
    plain = WIDTH(core).text.strip()
    if _is_refusal(core, sentence):
        return True
    if plain in map(str.casefold, phrasing.items("apologies")):
        return not sentence.find(core, EXACT)
    if next(phrasing.find("apologies", core), (1, 1))[0] == 0:
        return not any(sentence.find(p, folding) for p in unwrapped(answer) for folding in _CLOSE)
    return False


def _is_refusal(piece: str, sentence: ComparedSentence) -> bool:
    """Whether a piece is a word for nothing and not, by its capital, a name in the sentence."""
    core = strip_edges(piece[:200])
    if not any(WIDTH(x).text.strip() in _refusals() for x in (core, *untailed(core))):
        return False
    before = (sentence.text[:start].rstrip() for start, _ in sentence.find(core, EXACT))
    return core == core.lower() or all(not x or x[-1] in FINAL for x in before)


def _refusals() -> frozenset[str]:
    return _compared(phrasing.items("nothing"))


@lru_cache(maxsize=64)
def _compared(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(WIDTH(word).text for word in words)


def _is_the_sentence(piece: str, sentence: ComparedSentence) -> bool:
    """Whether a piece gives the whole sentence back, all of it but for its final mark.

    Every fifth text of WikiANN is nothing but a name. A text that may be one does not count as a
    sentence: one without a final mark if it is not very long, and a short one with a mark.
    """
    text, size = sentence.text.strip(), len(sentence.text)
    without, left_out, given = _LONGEST_NAME
    marked = given if piece.rstrip()[-1:] in FINAL else left_out
    if count_words(text) <= (marked if text[-1:] in FINAL else without):
        return False
    if not size / 2 <= len(piece) <= 2 * size + 8:
        return False
    return without_spaces(SPELLING(piece)) == without_spaces(sentence.folded(SPELLING))


def _always(_: list[Span]) -> bool:
    return True


def _first(
    pieces: Iterable[str],
    sentence: ComparedSentence,
    foldings: Iterable[Folding],
    accept: Callable[[list[Span]], bool] = _always,
) -> list[Span]:
    """The places of the first piece that is in the sentence, under the strictest folding first."""
    parts = (part for piece in pieces for part in unwrapped(piece))
    unique = list(dict.fromkeys(itertools.islice(parts, 4 * MOST_PIECES)))
    cores = [core for part in unique if (core := strip_edges(part)) and core != part]
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
        for folding in foldings:
            for piece in group:
                found = sentence.find(piece, folding)
                if found and accept(found):
                    return found
    return []


def locate(answer: str, sentence: str, language: str | None = None) -> list[Span]:
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
        language: Code of the sentence's language: the answer may be in it, or in one of
            `phrasing.COMMON`. None: it may be in any.

    Returns:
        Start and end of each occurrence, from left to right, without overlap. Empty where the
        answer names nothing in the sentence, says so ("None", なし, an apology), or gives the whole
        sentence back.
    """
    hay = ComparedSentence(sentence)
    with phrasing.of(language):
        return _everywhere(_unpunctuated(_located(answer, hay), hay), hay)


def _located(answer: str, hay: ComparedSentence) -> list[Span]:
    """The places of what an answer names, as they are found first."""
    sentence = hay.text
    text = answer.strip()
    if text not in sentence:
        text = _TAG.sub("", _THOUGHT.sub("", text[:_LONGEST_ANSWER]))
        text = without_yes(unicodedata.normalize("NFC", text).strip())
        text = _DENIED.sub("", text)
    if not text or not sentence or _names_nothing(text, hay):
        return []
    marked = [part for parts in _MARKED.findall(text) for part in parts if part]
    plain = _MARKED.sub(r"\1\2\3\4", text)
    if (
        marked
        and plain != marked[0]
        and without_spaces(SPELLING(plain)) == without_spaces(hay.folded(SPELLING))
    ):
        return _first(marked, hay, _CLOSE)
    if any(_is_the_sentence(part, hay) for part in unwrapped(text)):
        return []
    if text[-1:] in FINAL and (found := _first(untailed(text), hay, _CLOSE)):
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


def _listed(text: str, sentence: ComparedSentence) -> list[Span]:
    """The places of all phrases of an answer that is a list of phrases of the sentence alone."""
    strings = list(json_strings(text))
    parts = strings or [part for part in _BETWEEN.split(text) if strip_edges(part)]
    if not 2 <= len(parts) <= MOST_PIECES or len(set(map(strip_edges, parts))) < 2:
        return []
    found = [sentence.find(strip_edges(part), WIDTH) for part in parts]
    whole = [
        places and attachment(sentence.text, places[0]) == 0 and not _is_refusal(part, sentence)
        for part, places in zip(parts, found, strict=True)
    ]
    if not all(whole):
        return []
    spans = sorted({span for places in found for span in places})
    return [] if any(one[1] > other[0] for one, other in itertools.pairwise(spans)) else spans


def _unpunctuated(found: list[Span], sentence: ComparedSentence) -> list[Span]:
    """The same without a mark that the answer ends with and the sentence after the phrase, too.

    Only where the phrase is elsewhere without it, and is no abbreviation ("Inc.", "D.C."); else the
    mark may be meant.
    """
    if not found:
        return found
    phrase = sentence.text[slice(*found[0])]
    bare = phrase.rstrip(STOPS)
    short = phrase.split()[-1] in abbreviations(phrasing.language()) or re.search(
        r"(?:^|[.\s])\w\.$", phrase
    )
    if bare == phrase or short or not strip_edges(bare):
        return found
    places = sentence.find(bare, EXACT)
    return places if len(places) > len(found) else found


def read_by(language: str | None) -> list[object]:
    """What our tables say of how `locate` reads an answer, as JSON values.

    Args:
        language: Code of the language of the sentences that answers are about.
    """
    particles = korean_particles() if language in ("ko", None) else ()
    return [phrasing.rows(language), sorted(abbreviations(language)), particles]


@lru_cache(maxsize=64)
def abbreviations(language: str | None) -> frozenset[str]:
    """The abbreviations of one language and of English; without one, of all languages."""
    rows = (
        [languages.get(language), languages.get("en")] if language else languages.known().values()
    )
    return frozenset(word for row in rows for word in row.abbreviations)


def _everywhere(found: list[Span], sentence: ComparedSentence) -> list[Span]:
    """The same places, and those where the phrase has stress marks that the answer lacks."""
    if not found or not has_stress(sentence.text):
        return found
    phrase = without_stress(sentence.text[slice(*found[0])])
    more = [
        span
        for span in sentence.find(phrase, SPELLING)
        if without_stress(sentence.text[slice(*span)]) == phrase
        and all(span[1] <= start or end <= span[0] for start, end in found)
    ]
    return sorted(found + more)


def _read(answer: str, sentence: ComparedSentence, least: int) -> list[Span]:
    """The places of what an answer names by its most trusted reading.

    Args:
        answer: The answer, which is not the phrase as it is.
        sentence: The sentence.
        least: How much of a name a phrase must look like in running text, see `namelike`.
    """

    def whole(found: list[Span]) -> bool:
        start = found[0][0]
        elided = sentence.text[start : start + 1] == "ل" == sentence.text[start - 1 : start]
        return elided or attachment(sentence.text, found[0]) == 0

    cued, quoted = list(after_cues(answer)), list(quoted_parts(answer))
    if any(_is_the_sentence(strip_edges(piece), sentence) for piece in cued):
        return []
    return (
        _first(first_line(answer), sentence, (EXACT,), whole)
        or _first(forms_of(answer), sentence, _CLOSE)
        or _first(inflections(answer), sentence, _CLOSE, whole)
        or _first(json_strings(answer), sentence, _CLOSE)
        or _quoted_or_more(answer, sentence, _first(quoted, sentence, _CLOSE))
        or _first(cued, sentence, _CLOSE)
        or _first(
            (x for piece in [*quoted, *cued] for x in inflections(piece)), sentence, _CLOSE, whole
        )
        or _first([*quoted, *cued], sentence, (SPACES,), whole)
        or _first(bracketed(answer), sentence, _CLOSE, whole)
        or _clause(answer, sentence, least)
        or _in_common(answer, sentence, least)
    )


def _clause(answer: str, sentence: ComparedSentence, least: int) -> list[Span]:
    """The places of the first clause that names a phrase, or of the longer phrase that it is in."""

    def named(found: list[Span]) -> bool:
        return namelike(sentence.text, found[0], answer) >= least

    def proper(found: list[Span]) -> bool:
        return may_be_name(sentence.text, found[0])

    def several(found: list[Span]) -> bool:
        start, end = found[0]
        return proper(found) or len(sentence.text[start:end].split()) > 1

    lines = [line for line in answer[:LONGEST_ESSAY].splitlines() if line.strip()]
    lines = lines[:MOST_PIECES]
    found = _first(lines, sentence, _CLOSE, named)
    clauses = [(line, place) for line in lines for place in clause_spans(line)]
    before = None
    for line, (start, end) in clauses[:MOST_PIECES]:
        if found:
            break
        if line is not before:
            found = _first(openings(line, clause_spans(line)), sentence, _CLOSE, several)
            before = line
        elif line[start - 1] in COLONS:
            found = _first(clause_heads(line[start:end]), sentence, _CLOSE, proper)
        found = (
            found
            or _first([line[start:end]], sentence, _CLOSE, named)
            or _first(predicates(line[start:end]), sentence, _CLOSE, proper)
        )
    if found:
        common = _in_common(answer, sentence, least)
        if common and common[0][0] <= found[0][0] and found[0][1] <= common[0][1]:
            return common
    return found


def _quoted_or_more(answer: str, sentence: ComparedSentence, quoted: list[Span]) -> list[Span]:
    """What the answer quotes, or the longer phrase of the sentence whose own quotes these are."""
    if quoted:
        common = _in_common(answer, sentence, 1)
        (start, end), (left, right) = quoted[0], common[0] if common else quoted[0]
        more = sentence.text[left:start] + sentence.text[end:right]
        words = [char for char in more if char.isalpha() and not is_hiragana(char)]
        if left <= start and end <= right and len(words) > 1:
            return common
    return quoted


def _in_common(answer: str, sentence: ComparedSentence, least: int) -> list[Span]:
    """Places of the longest run of words that answer and sentence share, if it may be a name.

    Runs end where words do. In scripts without spaces, hiragana at the edges is left out because
    it is the grammar around a name. In a script with capitals the run must have one. In a script
    without, a shared word proves nothing if the rest of the answer is in that script too. Nor does
    a part of a word in a script without spaces: 近平 does not name 習近平.
    """
    form, hay = WIDTH(answer[:LONGEST_ESSAY]), sentence.folded(WIDTH).text
    words = word_runs(form.text)
    best: tuple[int, int, list[Span]] = (0, 0, [])
    tried: set[str] = set()
    last = 0
    for first, (begin, _) in enumerate(words):
        # A run without its first word is in the sentence too, so `last` never moves back.
        last = max(last, first)
        while last < len(words) and words[last][1] - begin <= _LONGEST_RUN:
            if form.text[begin : words[last][1]] not in hay:
                break
            last += 1
        if last == first or (last < len(words) and words[last][1] - begin > _LONGEST_RUN):
            continue  # nothing, or too long for a name
        phrase = with_signs(form.text, begin, words[last - 1][1], hay)
        if sum(map(is_hiragana, form.text)) >= 2 * sum(map(is_hiragana, phrase)):
            phrase = without_hiragana(phrase)
        if phrase in tried:
            continue
        tried.add(phrase)
        if not _is_the_sentence(phrase, sentence) and not _is_refusal(phrase, sentence):
            at = form.text.index(phrase, begin)
            places = form.origin[at : at + len(phrase)]
            if is_fragment(answer, places[0], places[-1] + 1):
                continue
            same = answer[places[0] : places[-1] + 1]
            found = sentence.find(same, EXACT) or sentence.find(phrase, WIDTH)
            rank = namelike(sentence.text, found[0], answer) if found else 0
            best = max(best, (rank, len(phrase), found), key=lambda x: x[:2])
    return best[2] if best[0] >= least else []
