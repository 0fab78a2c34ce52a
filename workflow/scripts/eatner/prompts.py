"""What the LLMs are asked: forward translation and back-alignment.

The paper asks in several chat turns; here one question does, in our own words, in the form that
suits the LLM:

- `few-shot`, for a base model: an instruction and three examples (`prompts.yaml`);
- `chat`, for an instruct model: its chat template;
- `tuned`, for an adapter trained on alignment pairs: the bare form it was trained on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from itertools import cycle
from pathlib import Path

import yaml

from eatner.llm.base import Prompt, one_line
from eatner.text import languages
from eatner.text.characters import cuts_word
from eatner.text.languages import Language

EXAMPLES = Path(__file__).with_suffix(".yaml")
# A language without examples of its own is shown these: three scripts, three word orders.
FALLBACK = ("ru", "ja", "es")
# Opens an alignment answer and ends it. A space in its place makes an LLM copy the whole sentence.
QUOTE = '"'
# Limit of the tokens of an alignment answer. The longest names of WikiANN in the paper's languages
# have about 40.
ANSWER_TOKENS = 48
# English sentences with what their names are, for `kind_of`. Titles of people, countries that play,
# people known by a surname, works and events are what an LLM gets wrong without an example.
KIND_EXAMPLES = {
    "Chancellor Angela Merkel flew from Vienna to Lake Geneva for the Summer Games.": {
        "Chancellor": "other",
        "Angela Merkel": "person",
        "Vienna": "place",
        "Lake Geneva": "place",
        "Summer Games": "other",
    },
    "Hungary defeated Sony FC 3-1, and Green played the hero of The Long Journey at the Danube "
    "Theatre.": {
        "Hungary": "place",
        "Sony FC": "organisation",
        "Green": "person",
        "The Long Journey": "other",
        "Danube Theatre": "place",
    },
    "The University of Vienna invited the writer Maria Silva in May, and the Latin Society praised "
    "her Latin.": {
        "University of Vienna": "organisation",
        "Maria Silva": "person",
        "May": "other",
        "Latin Society": "organisation",
        "Latin": "other",
    },
}
# Ends a translation.
LINE_END = "\n"


def stop(form: str) -> str | None:
    """Return what ends an answer of one line beside the LLM's own end mark."""
    return LINE_END if form == "few-shot" else None


@cache
def examples(code: str) -> tuple[tuple[Language, str, str, tuple[tuple[str, str], ...]], ...]:
    """Return the three example statements for a language.

    Args:
        code: The language's code.

    Returns:
        For each statement its language, its text, its English, and its names as (surface, English)
        in the order of the English.
    """
    table = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    codes = (code,) * 3 if code in table else FALLBACK
    statements = []
    for number, (own, english) in enumerate(zip(codes, table["english"], strict=True)):
        statement = table[own][number]
        pairs = tuple(zip(statement["names"], english["names"], strict=True))
        statements.append((languages.get(own), statement["text"], english["text"], pairs))
    return tuple(statements)


def translation(
    sentence: str,
    language: Language,
    hints: Sequence[tuple[str, str]],
    form: str,
    *,
    without: Collection[int] = (),
) -> Prompt:
    """Ask for the English of a sentence; the answer ends at `LINE_END` in the few-shot form.

    Names whose English is known are in English in the sentence: an LLM copies them from there, but
    forgets names that are listed beside it. In the chat form the same examples are turns of a
    conversation before the question.

    Args:
        sentence: The sentence.
        language: Its language.
        hints: Names in it whose English is known, as (surface, English).
        form: `few-shot` or `chat`.
        without: Numbers of examples to leave out; see `eatner.translate.leaks`.
    """
    task = (
        f"Translate {language.name} into English. Keep every name of a person, place or "
        "organisation."
    )
    shots = []
    for number, (own, text, english, pairs) in enumerate(examples(language.code)):
        if number in without:
            continue
        # One of the three has no names in English, as most sentences have no hints.
        shots.append((own, text, pairs if hints and number != 1 else (), english))
    if form == "chat":
        turns = [
            turn
            for _, text, pairs, english in shots
            for turn in (_in_english(text, pairs), english)
        ]
        task = f"{task} Answer with the English sentence only."
        return _conversation(task, [*turns, _in_english(sentence, hints)])
    shown = [f"{_statement(own, text, pairs)} {english}" for own, text, pairs, english in shots]
    return "\n\n".join([task, *shown, _statement(language, sentence, hints)])


def names(sentence: str, language: Language, form: str) -> Prompt:
    """Ask for the names of a sentence; the answer is the rest of the line, with semicolons between.

    Args:
        sentence: The sentence.
        language: Its language.
        form: `few-shot` or `chat`.
    """
    task = f"List the persons, places and organisations that each {language.name} sentence names."
    listed = [
        (own, one_line(text), "; ".join(surface for surface, _ in known))
        for own, text, _, known in examples(language.code)
    ]
    if form == "chat":
        turns = [turn for _, text, known in listed for turn in (text, f"Names: {known}")]
        return _conversation(task, [*turns, one_line(sentence), "Names:"])
    shots = [f"{own.name}: {text}\nNames: {known}" for own, text, known in listed]
    return "\n\n".join([task, *shots, f"{language.name}: {one_line(sentence)}\nNames:"])


def alignment(
    sentence: str,
    entity: str,
    language: Language,
    form: str,
) -> Prompt:
    """Ask for the phrase of a sentence that an English entity translates, or for nothing.

    The prompt ends inside an opened quote: the answer is a substring of `one_line(sentence)`, or
    empty, and ends at `QUOTE`. The sentence comes first, so that the prompts of its entities begin
    alike and this beginning is read once.

    Args:
        sentence: The sentence.
        entity: An English entity of its translation.
        language: The sentence's language.
        form: `few-shot`, `chat` or `tuned`.
    """
    if form == "tuned":
        return _question(sentence, entity, language)
    task = (
        f"Copy from each {language.name} sentence the phrase that the English name stands for, or "
        "nothing where it is not there."
    )
    shots = []
    for own, text, _, pairs in examples(language.code):
        surface, english = pairs[0]
        shots.append(f'{_question(text, english, own)}{surface}"')
    # A name that is not there: nothing is the answer.
    own, text, _, _ = examples(language.code)[1]
    shots.append(f'{_question(text, "Bank of France", own)}"')
    question = _question(sentence, entity, language)
    if form == "chat":
        before, opening = question.rsplit("\n", 1)
        content = "\n\n".join([task, *shots, before])
        return [{"role": "user", "content": content}, {"role": "assistant", "content": opening}]
    return "\n\n".join([task, *shots, question])


def name(surface: str, language: Language, form: str = "few-shot") -> Prompt:
    """Ask for the English of a name without a sentence.

    In the few-shot form the answer is `named(english)`, which is scored as well. The prompt is a
    short list of names with their English, because a sentence has many phrases to ask about. In the
    chat form the same names are turns of a conversation.

    Args:
        surface: The name.
        language: Its language.
        form: `few-shot` or `chat`.
    """
    known = [pair for _, _, _, pairs in examples(language.code) for pair in pairs]
    if form == "chat":
        turns = [turn for pair in known for turn in pair]
        return _conversation(
            f"Write each {language.name} name in English.", [*turns, one_line(surface)]
        )
    shots = "".join(f"{own} ={named(english)}" for own, english in known)
    return f"{language.name} names in English:\n\n{shots}{one_line(surface)} ="


def kind_of(text: str, entity: str, form: str) -> Prompt:
    """Ask for the kind of a name in an English text; the answer is `kind_answer` of one of them.

    The text comes before the name, so that the prompts of its names begin alike.

    Args:
        text: The text.
        entity: The name in it.
        form: `few-shot` or `chat`.
    """
    task = (
        "Say what each name is in its sentence: a person, a place, an organisation, or other. "
        "Countries are places."
    )
    shots = [
        "\n".join([f"Sentence: {known}", *(f"{name}: {kind}" for name, kind in kinds.items())])
        for known, kinds in KIND_EXAMPLES.items()
    ]
    content = "\n\n".join([task, *shots, f"Sentence: {one_line(text)}"])
    opening = f"{one_line(entity)}:"
    if form == "chat":
        return [{"role": "user", "content": content}, {"role": "assistant", "content": opening}]
    return f"{content}\n{opening}"


def kind_answer(kind: str, form: str) -> str:
    """Write the answer to `kind_of`, with its end mark in the few-shot form."""
    return f" {kind}{stop(form) or ''}"


def named(english: str) -> str:
    """Write the answer to `name` in the few-shot form, end mark included."""
    return f" {one_line(english)}{LINE_END}"


def _conversation(task: str, turns: Sequence[str]) -> Prompt:
    """Let the user and the assistant take turns; the task comes before the first of them."""
    contents = [f"{task}\n\n{turns[0]}", *turns[1:]]
    roles = cycle(("user", "assistant"))
    return [{"role": role, "content": turn} for role, turn in zip(roles, contents, strict=False)]


def _question(sentence: str, entity: str, language: Language) -> str:
    return f'Sentence: {one_line(sentence)}\nEnglish: "{one_line(entity)}"\n{language.name}: "'


def _statement(language: Language, sentence: str, names: Sequence[tuple[str, str]]) -> str:
    return f"{language.name}: {_in_english(sentence, names)}\nEnglish:"


def _in_english(sentence: str, names: Sequence[tuple[str, str]]) -> str:
    """Write names of a sentence, given as (surface, English), in English.

    A surface is replaced where it is a word of its own or, if it never is, inside words: 서울에서
    becomes "Seoul 에서". The longest surface goes first.
    """
    text = one_line(sentence)
    spots: list[tuple[int, int, str]] = []
    for surface, english in sorted(names, key=lambda pair: -len(pair[0])):
        spans = [match.span() for match in re.finditer(re.escape(one_line(surface)), text)]
        free = [(a, b) for a, b in spans if a < b and all(b <= s or e <= a for s, e, _ in spots)]
        alone = [(a, b) for a, b in free if not cuts_word(text, a) and not cuts_word(text, b)]
        spots += [(a, b, one_line(english)) for a, b in alone or free]
    for start, end, english in sorted(spots, reverse=True):
        before, after = text[:start], text[end:]
        left = " " if before[-1:].isalnum() else ""
        right = " " if after[:1].isalnum() else ""
        text = f"{before}{left}{english}{right}{after}"
    return text


def translation_turns(sentence: str, language: Language) -> list[str]:
    """Ask for the English of a sentence in the three turns of the paper."""
    return [
        f"Read this {language.name} sentence:\n\n{one_line(sentence)}\n\nWhich persons, places and "
        "organisations may it name? List them, each with its type and its usual English name.",
        "Now translate the sentence into English. Every name that you listed must be in the "
        "translation, in its English form.",
        "Give the final translation, as one line of English: no quotation marks, no list and no "
        "explanation.",
    ]


def alignment_turns(sentence: str, entity: str, language: Language) -> list[str]:
    """Ask for the phrase that an English entity translates, in the three turns of the paper."""
    entity = one_line(entity)
    return [
        f"Read this {language.name} sentence:\n\n{one_line(sentence)}\n\nIts English translation "
        f"names “{entity}”. How may “{entity}” be written in {language.name}?",
        f"Which phrase of the sentence stands for “{entity}”? Compare what you said with the words "
        "of the sentence.",
        "Give the phrase alone, copied from the sentence character for character: no quotation "
        "marks, no translation and no explanation.",
    ]
