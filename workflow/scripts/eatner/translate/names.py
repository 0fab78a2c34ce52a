"""The names of a sentence with their English: hints for its translation.

They come from the lexicon, from titles of a wiki, and from the LLM, which is asked for the names of
a sentence, as in the first turn of the paper, and for the English of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

from eatner import prompts
from eatner.lexicon import Lexicon
from eatner.llm.base import LLM, Completion, one_line, scored
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.prompts import examples
from eatner.text.characters import cuts_word
from eatner.text.languages import Language
from eatner.text.romanise import reading
from eatner.text.trim import trim
from eatner.translate.asking import first_answers
from eatner.wiki.names import name_fault

# More hints would crowd the sentence out of a small LLM's attention.
MOST_HINTS = 32
# Upper limit on the tokens of the list of names that the LLM finds in a sentence.
NAMES_TOKENS = 128
# What separates the names of the list, and what an LLM copies with names from between them.
SEPARATOR = "; "
_ITEMS = re.compile(r"[;；\n]")
_BETWEEN = re.compile(r"[、，,]")
# A measured value that is written together with a name: 水戸164ミリ.
_VALUE = re.compile(r"(?<=[^\W\d_])\s?\d{2,}(?:[.,]\d+)?\s?[^\W\d_]{1,4}$")
# Upper limit on the words of a name's English: a longer answer is a sentence.
MOST_WORDS = 8
# Mean log-probability of a token, in nats, below which a name's English is a guess.
GUESS = -1.6
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
    english = _english_names(names, llm, language, form, journal)
    english = _without_common_words(english, llm, language, journal)
    return [
        _distinct(
            known, [(name, english[name]) for name in in_sentence if name in english], language
        )
        for known, in_sentence in zip(hints, listed, strict=True)
    ]


def _distinct(known: Sequence[Hint], more: Sequence[Hint], language: Language) -> list[Hint]:
    """The hints of a sentence; one of `more` whose English another name has, has its reading.

    An LLM that does not know a city calls it by the name of another one (新潟: Nagoya), and both
    would be one for the tagger. A name and a part of it may share their English.
    """
    read = reading(language)
    hints = list(known)
    for surface, english in more:
        others = [own for own, name in hints if name.casefold() == english.casefold()]
        if any(own not in surface and surface not in own for own in others):
            english = " ".join(word.capitalize() for word in read(surface).split())
        hints.append((surface, english))
    return hints[:MOST_HINTS]


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
            if len(piece) > 1
            and not any(piece in surface for surface, _ in known)
            and _stands_alone(piece, text, language)
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
) -> dict[str, str]:
    """The English of names, without those whose English is no name, or a guess."""
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
    known = {
        english: surface for *_, pairs in examples(language.code) for surface, english in pairs
    }
    english: dict[str, str] = {}
    for name, completions in zip(names, answers, strict=True):
        if not completions or not _is_name(completions[0]):
            continue
        word = completions[0].text.strip()
        if known.get(word, name) == name:  # no name of the prompt's examples
            english[name] = word
    return english


def _bare(piece: str, language: Language) -> str:
    """A listed name without what is not its own.

    That is a bracket or a measured value behind it, and punctuation and honorifics around it.
    """
    piece = re.sub(r"\s*[(（][^()（）]*[)）]?$", "", piece.strip())
    piece = _VALUE.sub("", piece)
    start, end = trim((0, len(piece)), piece, language)
    return piece[start:end]


def _stands_alone(piece: str, text: str, language: Language) -> bool:
    """Whether a piece is in a text without cutting a word, except for its affixes."""
    return any(
        (language.prefixes or not cuts_word(text, match.start()))
        and (language.suffixes or not cuts_word(text, match.end()))
        for match in re.finditer(re.escape(piece), text)
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


def _is_name(answer: Completion) -> bool:
    """Whether an answer is a name in English, all but its short words capitalised, and no guess."""
    words = re.findall(r"[^\W\d_]+", answer.text)
    is_guess = answer.logprob is not None and answer.logprob / answer.tokens < GUESS
    return (
        answer.finished
        and not is_guess
        and 0 < len(words) <= MOST_WORDS
        and all(char < "\u0250" for char in answer.text if char.isalpha())
        and "=" not in answer.text
        and all(word[0].isupper() for word in words if len(word) > 3)
        and words[0][0].isupper()
        and not name_fault(answer.text.strip())
    )
