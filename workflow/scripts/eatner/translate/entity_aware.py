"""Forward translation: the sentences into English, with their entities in mind.

Source: the forward half of the paper's dual translation (arXiv 2509.01147, section on
entity-aware translation); in one turn here, with title hints that the paper does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from eatner import prompts
from eatner.lexicon import Lexicon
from eatner.llm.base import LLM, Completion, scored
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Sentence, Translation
from eatner.text.characters import cuts_word
from eatner.text.languages import Language
from eatner.translate.base import LARGE, is_latin, translation_row

# More would crowd the sentence out of a small LLM's attention.
MOST_HINTS = 8
# Of names that the LLM finds: tokens of its list, words of a name's English, and the mean
# log-probability of a token below which its English is a guess.
NAMES_TOKENS = 48
MOST_WORDS = 8
GUESS = -1.6


def translate(
    sentences: Sequence[Sentence],
    llm: LLM,
    language: Language,
    lexicon: Lexicon | None,
    *,
    form: str,
    max_new_tokens: int,
    names: bool = False,
    journal: Journal | None = None,
) -> Iterator[Translation]:
    """Translate sentences into English.

    Args:
        sentences: Rows of sentences.tsv.
        llm: The LLM.
        language: The sentences' language.
        lexicon: Names with their English, for hints; None gives no hints.
        form: How the LLM is asked, `few-shot` or `chat`.
        max_new_tokens: Most tokens of a translation.
        names: Whether the LLM is asked for the names of each sentence first, and for the English of
            those that the lexicon lacks; they are hints then, and stand in English in the sentence
            that is translated. The paper's first turn.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Yields:
        A row a sentence, in their order, with the `TRANSLATION_COLUMNS`: `hints` is a JSON list of
        [surface, English]; `logprob` the natural log-probability of the English, if the LLM tells
        it; `status` is
        `translated`, `truncated` (no end within max_new_tokens: the English so far is kept),
        `empty` (the LLM answered nothing), `not_english` (most letters are not Latin: the text is
        kept and tagged all the same), `blank` (the sentence is) or `too_long` (for the LLM's
        context).
    """
    hints = [_hints(row.text, lexicon) for row in sentences]
    if names:
        hints = _with_names([row.text for row in sentences], hints, llm, language, form, journal)
    asked: dict[int, str] = {}
    given_up: dict[int, str] = {}
    for place, row in enumerate(sentences):
        prompt = prompts.translation(row.text, language, hints[place], form)
        if not row.text.strip():
            given_up[place] = "blank"
        elif len(llm.encode(prompt)) + max_new_tokens > llm.context:
            given_up[place] = "too_long"
        else:
            asked[place] = prompt
    with counter("translating", "sentence", len(asked)) as bar:
        answers = llm.complete(
            list(asked.values()),
            max_new_tokens=max_new_tokens,
            stop=prompts.LINE_END if form == "few-shot" else None,
            no_repeat=True,
            journal=journal,
            progress=bar.update,
        )
    found = dict(zip(asked, answers, strict=True))
    # An endpoint has no answer to what it finds too long itself.
    given_up |= {place: "too_long" for place, several in found.items() if not several}
    for place, row in enumerate(sentences):
        name = row.sentence_id
        if place in given_up:
            yield translation_row(name, "", given_up[place], hints=hints[place])
        else:
            answer = found[place][0]
            status = "translated" if answer.finished else "truncated"
            yield translation_row(
                name, answer.text, status, hints=hints[place], logprob=answer.logprob
            )


def _with_names(
    texts: Sequence[str],
    hints: Sequence[Sequence[tuple[str, str]]],
    llm: LLM,
    language: Language,
    form: str,
    journal: Journal | None,
) -> list[list[tuple[str, str]]]:
    """The hints of each sentence, and the names that the LLM finds in it, with their English.

    It lists them as they stand, for a small LLM copies well and translates badly in a list; each is
    translated alone, as by a dictionary, and what has no capitals then, need have none, or was a
    guess, is no name.
    """
    stop = prompts.LINE_END if form == "few-shot" else None
    places = [place for place, text in enumerate(texts) if text.strip()]
    asked = {place: prompts.names(texts[place], language, form) for place in places}
    asked = {
        place: prompt
        for place, prompt in asked.items()
        if len(llm.encode(prompt)) + NAMES_TOKENS <= llm.context
    }
    shared = {"no_repeat": True, "journal": journal}
    with counter("finding names", "sentence", len(asked)) as bar:
        answers = llm.complete(
            list(asked.values()),
            max_new_tokens=NAMES_TOKENS,
            stop=stop,
            progress=bar.update,
            **shared,
        )
    found: dict[int, list[str]] = {}
    for place, several in zip(asked, answers, strict=True):
        said = several[0].text if several else ""
        known = " ".join(surface for surface, _ in hints[place])
        pieces = [piece.strip() for piece in said.replace("\n", ";").split(";")]
        found[place] = [
            piece
            for piece in dict.fromkeys(pieces)
            if len(piece) > 1
            and piece not in known
            and _stands_alone(piece, texts[place], language)
        ]
    every = list(dict.fromkeys(name for several in found.values() for name in several))
    entries = [prompts.name(name, language, form) for name in every]
    with counter("translating names", "name", len(entries)) as bar:
        answers = llm.complete(
            entries,
            max_new_tokens=prompts.ANSWER_TOKENS,
            stop=prompts.LINE_END,
            progress=bar.update,
            **shared,
        )
    english = {
        name: several[0].text.strip()
        for name, several in zip(every, answers, strict=True)
        if several and _is_name(several[0])
    }
    english = _without_common_words(english, llm, language, journal)
    return [
        [*given, *((name, english[name]) for name in found.get(place, ()) if name in english)][
            :MOST_HINTS
        ]
        for place, given in enumerate(hints)
    ]


def _stands_alone(piece: str, text: str, language: Language) -> bool:
    """Whether a piece stands somewhere in a text without cutting a word, but for what joins it."""
    found = [match.span() for match in re.finditer(re.escape(piece), text)]
    return any(
        (language.prefixes or not cuts_word(text, start))
        and (language.suffixes or not cuts_word(text, end))
        for start, end in found
    )


def _without_common_words(
    english: Mapping[str, str], llm: LLM, language: Language, journal: Journal | None
) -> dict[str, str]:
    """Names without those whose English the LLM would write small as well: "Price", "Cooking"."""
    if not llm.scores:
        return dict(english)
    asked = [prompts.name(name, language) for name in english]
    large, small = (
        scored(llm, asked, [prompts.named(write(word)) for word in english.values()], journal)
        for write in (str, str.lower)
    )
    pairs = zip(english.items(), large, small, strict=True)
    return {name: word for (name, word), high, low in pairs if high - low > LARGE}


def _is_name(answer: Completion) -> bool:
    """Whether an answer is English in capitals, but for its short words, and no mere guess."""
    words = re.findall(r"[^\W\d_]+", answer.text)
    guessed = answer.logprob is not None and answer.logprob / answer.tokens < GUESS
    return (
        answer.finished
        and not guessed
        and 0 < len(words) <= MOST_WORDS
        and is_latin(answer.text)
        and "=" not in answer.text
        and all(word[0].isupper() for word in words if len(word) > 3)
        and words[0][0].isupper()
    )


def _hints(text: str, lexicon: Lexicon | None) -> list[tuple[str, str]]:
    if lexicon is None:
        return []
    # A common noun with a capital, as titles have it, would be tagged as a name.
    found = {match.surface: match.english for match in lexicon.matches(text) if match.named}
    return list(found.items())[:MOST_HINTS]
