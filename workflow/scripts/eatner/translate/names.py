"""The names of a sentence with their English: hints for its translation.

They come from the lexicon, from titles of a wiki, and from the LLM, which is asked for the names of
a sentence, as in the first turn of the paper, and for the English of each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from rapidfuzz import fuzz

from eatner import prompts
from eatner.lexicon import Lexicon
from eatner.llm.base import LLM, Completion, one_line, scored
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.text.characters import cuts_word, is_latin_letter, script_kind, word_around
from eatner.text.languages import Language
from eatner.text.romanise import reading
from eatner.text.trim import trim
from eatner.translate.asking import first_answers
from eatner.translate.leaks import leaked
from eatner.wiki.names import name_fault

# More hints would crowd the sentence out of a small LLM's attention.
MOST_HINTS = 32
# Upper limit on the tokens of the list of names that the LLM finds in a sentence.
NAMES_TOKENS = 128
# What separates the names of the list, and what an LLM copies with names from between them.
SEPARATOR = "; "
_ITEMS = re.compile(r"[;；\n]")
_BETWEEN = re.compile(r"[、，,]")
# A measured value that is written together with a name (水戸164ミリ), and is not a part of it
# (解放军301医院).
_UNITS = (
    "ミリ|センチ|メートル|キロ|トン|度|円|ドル|人|名|歳|年|月|日|時|分|秒|個|回|票|位|戸|頭|台|点|"
    "毫米|公里|公尺|米|元|岁|歲|年|票|分|"
    "밀리미터|밀리|센티미터|센티|킬로미터|킬로|미터|톤|도|원|달러|명|세|년|월|일|시|분|초|개|회|표|위|점"
)
_VALUE = re.compile(rf"(?<=[^\W\d_])\d{{2,}}(?:[.,]\d+)?(?:{_UNITS})$")
# The likeness in per cent of two readings from which two names may be cases of one.
ALIKE = 70
# Upper limit on the words of a name's English: a longer answer is a sentence.
MOST_WORDS = 8
# Words of names that have no capital.
FUNCTION_WORDS = frozenset(
    {"al", "an", "and", "at", "ben", "bin", "da", "de", "del", "della", "der", "di", "dos", "du"}
    | {"el", "for", "from", "ibn", "in", "into", "la", "le", "of", "on", "the", "to", "under"}
    | {"upon", "van", "von", "with", "without", "zu", "zur"}
)
# Mean log-probability of a token, in nats, below which a name's English is a guess.
GUESS = -1.6
# The same from which the LLM is sure of it.
SURE = -0.1
# Nats by which a name is more probable with its capitals than in lower case.
CAPITALS_GAIN = 3.0

Hint = tuple[str, str]
"""A name in the sentence and its English."""


def lexicon_hints(text: str, lexicon: Lexicon | None) -> list[Hint]:
    """The names of the lexicon in a sentence, each once, in the order of their first places."""
    if lexicon is None:
        return []
    # A common noun with a capital, as titles have it, would be tagged as a name.
    named = {match.surface: match.english for match in lexicon.matches(text) if match.named}
    return list(named.items())[:MOST_HINTS]


def with_names(
    texts: Sequence[str],
    hints: Sequence[Sequence[Hint]],
    llm: LLM,
    language: Language,
    form: str,
    journal: Journal | None,
) -> list[list[Hint]]:
    """The hints of each sentence, followed by the names that the LLM finds in it.

    The LLM lists the names as they are in the sentence, because a small LLM copies well and
    translates a list badly. Each name is then translated alone, as by a dictionary.
    """
    listed = _listed_names(texts, hints, llm, language, form, journal)
    names = list(dict.fromkeys(name for in_sentence in listed for name in in_sentence))
    english, sure = _english_names(names, llm, language, form, journal)
    english = _without_common_words(english, llm, language, journal)
    return [
        _distinct(
            known,
            [(name, english[name]) for name in in_sentence if name in english],
            language,
            sure,
        )
        for known, in_sentence in zip(hints, listed, strict=True)
    ]


def _distinct(
    known: Sequence[Hint], more: Sequence[Hint], language: Language, sure: Collection[str] = ()
) -> list[Hint]:
    """The hints of a sentence; one of `more` whose English another name has, has its reading.

    An LLM that does not know a city calls it by the name of another one (新潟: Nagoya), and both
    would be one for the tagger. But two names may be one: a name and a part of it, two cases of it
    (Анна Каренина, Анны Карениной), and another name that the LLM is sure of (한국, 대한민국).

    Args:
        known: Names of the lexicon.
        more: Names that the LLM has listed.
        language: The sentence's language.
        sure: Names whose English the LLM is sure of.
    """
    read = reading(language)
    hints = list(known)
    for surface, english in more:
        others = [own for own, name in hints if name.casefold() == english.casefold()]
        if surface not in sure and any(not _alike(own, surface, read) for own in others):
            english = " ".join(word.capitalize() for word in read(surface).split())
        hints.append((surface, english))
    return hints[:MOST_HINTS]


def _alike(one: str, two: str, read: Callable[[str], str]) -> bool:
    """Whether two names may be one: by a part that they share, or by their readings."""
    return one in two or two in one or fuzz.ratio(read(one), read(two)) >= ALIKE


def _listed_names(
    texts: Sequence[str],
    hints: Sequence[Sequence[Hint]],
    llm: LLM,
    language: Language,
    form: str,
    journal: Journal | None,
) -> list[list[str]]:
    """The names that the LLM lists for each sentence and that no hint covers.

    A small LLM miscopies names, or goes on with names that it makes up. Such a list is asked for
    again, inside its sentence, and has the names of both answers. It may be half as long as the
    first one, but twice as long if that one did not end. Of a sound list, a grammar would change
    the names for the worse.
    """
    lines = [one_line(text) for text in texts]
    asked = [prompts.names(line, language, form) if line.strip() else None for line in lines]
    ask = partial(first_answers, llm=llm, form=form, journal=journal)
    answers = ask(asked, desc="finding names", max_new_tokens=NAMES_TOKENS)
    pieces = [
        [] if answer is None else _pieces(answer, line, language)
        for answer, line in zip(answers, lines, strict=True)
    ]
    given = [(index, answer) for index, answer in enumerate(answers) if answer is not None]
    long = [index for index, answer in given if not answer.finished]
    wrong = [
        index
        for index, answer in given
        if answer.finished and any(piece not in lines[index] for piece in pieces[index])
    ]
    for doubtful, most in ((wrong, NAMES_TOKENS // 2), (long, 2 * NAMES_TOKENS)):
        if not (doubtful and llm.keeps_lists):
            continue
        again = ask(
            [asked[index] for index in doubtful],
            desc="finding names again",
            max_new_tokens=most,
            within=[lines[index] for index in doubtful],
            separator=SEPARATOR,
        )
        for index, answer in zip(doubtful, again, strict=True):
            pieces[index] += [] if answer is None else _pieces(answer, lines[index], language)
    return [
        [
            piece
            for piece in dict.fromkeys(of_sentence)
            if len(piece) > 1 and _stands_alone(piece, text, language, known)
        ]
        for text, known, of_sentence in zip(texts, hints, pieces, strict=True)
    ]


def _pieces(answer: Completion, line: str, language: Language) -> list[str]:
    """The names of a list. One comma may be a part of a name of its sentence: Verne, Jules."""
    pieces: list[str] = []
    for item in _ITEMS.split(answer.text):
        name = _bare(item, language)
        whole = item.count(",") == len(_BETWEEN.findall(item)) == 1 and name in line
        pieces += [name] if whole else [_bare(part, language) for part in _BETWEEN.split(item)]
    return pieces


def _english_names(
    names: Sequence[str], llm: LLM, language: Language, form: str, journal: Journal | None
) -> tuple[dict[str, str], set[str]]:
    """The English of names, and those that the LLM is sure of.

    Names whose English is no name, a guess, or a name of the prompt's examples are left out.
    """
    entries = [prompts.name(name, language, form) for name in names]
    with counter("translating names", "name", len(entries)) as bar:
        answers = llm.complete(
            entries,
            max_new_tokens=prompts.ANSWER_TOKENS,
            stop=prompts.LINE_END,
            no_repeat=True,
            journal=journal,
            progress=bar.update,
        )
    english: dict[str, str] = {}
    sure: set[str] = set()
    for name, completions in zip(names, answers, strict=True):
        if not completions or not _is_name(completions[0]):
            continue
        word = completions[0].text.strip()
        if leaked(word, name, (), language):
            continue
        english[name] = word
        if _mean_logprob(completions[0]) > SURE:
            sure.add(name)
    return english, sure


def _bare(piece: str, language: Language) -> str:
    """A listed name without what is not its own.

    That is a bracket or a measured value behind it, and punctuation and honorifics around it.
    """
    piece = re.sub(r"\s*[(（][^()（）]*[)）]?$", "", piece.strip())
    piece = _VALUE.sub("", piece)
    start, end = trim((0, len(piece)), piece, language)
    return piece[start:end]


def _stands_alone(piece: str, text: str, language: Language, known: Sequence[Hint] = ()) -> bool:
    """Whether a piece is in a text, in no known name, without cutting a word but for affixes."""
    covered = [
        match.span() for surface, _ in known for match in re.finditer(re.escape(surface), text)
    ]
    return any(
        _begins(text, match.start(), language)
        and _ends(text, match.end(), language)
        and not any(start <= match.start() and match.end() <= end for start, end in covered)
        for match in re.finditer(re.escape(piece), text)
    )


def _begins(text: str, at: int, language: Language) -> bool:
    """Whether a name may begin at a place: at a word, or behind a prefix of the language."""
    if not cuts_word(text, at):
        return True
    start, _ = word_around(text, at)
    return text[start:at].lower() in language.prefixes


def _ends(text: str, at: int, language: Language) -> bool:
    """Whether a name may end at a place: at a word's end, or before a suffix or an honorific."""
    if not cuts_word(text, at):
        return True
    _, end = word_around(text, at)
    rest = text[at:end].lower()
    if rest in language.suffixes:
        return True
    # 이진아양은: the honorific has the particle.
    return language.code == "ko" and any(
        rest == title or (rest.startswith(title) and rest[len(title) :] in language.suffixes)
        for title in language.honorifics
    )


def _without_common_words(
    english: Mapping[str, str], llm: LLM, language: Language, journal: Journal | None
) -> dict[str, str]:
    """Drop names whose English the LLM would write in lower case as well: "Price", "Cooking"."""
    if not llm.scores:
        return dict(english)
    entries = [prompts.name(name, language) for name in english]
    capital, lower = (
        scored(llm, entries, [prompts.named(write(word)) for word in english.values()], journal)
        for write in (str, str.lower)
    )
    return {
        name: word
        for (name, word), with_capitals, without in zip(
            english.items(), capital, lower, strict=True
        )
        if with_capitals - without > CAPITALS_GAIN
    }


def _mean_logprob(answer: Completion) -> float:
    """The mean log-probability of an answer's token; minus infinity if it is not known."""
    return -math.inf if answer.logprob is None else answer.logprob / max(1, answer.tokens)


def _is_name(answer: Completion) -> bool:
    """Whether an answer is a name in English, all but its short words capitalised, and no guess."""
    text = answer.text.strip()
    words = [word for word in text.split() if any(map(str.isalpha, word))]
    is_guess = answer.logprob is not None and _mean_logprob(answer) < GUESS
    capitalised = [any(map(str.isupper, word)) for word in words]
    return (
        answer.finished
        and not is_guess
        and 0 < len(words) <= MOST_WORDS
        # Hawaiʻi
        and all(
            is_latin_letter(char) or script_kind(char) == "MODIFIER"
            for char in text
            if char.isalpha()
        )
        and "=" not in text
        # Doctors without Borders, al-Nusra Front, de Gaulle, iPhone
        and all(
            capital or len(word) <= 3 or word in FUNCTION_WORDS
            for word, capital in zip(words, capitalised, strict=True)
        )
        and (capitalised[0] or (words[0] in FUNCTION_WORDS and any(capitalised)))
        and not name_fault(
            " ".join(
                word.capitalize() if len(word) > 3 and word in FUNCTION_WORDS else word
                for word in words
            )
        )
    )
