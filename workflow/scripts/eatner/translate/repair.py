"""Mend translations: some are refusals, some have names of the examples, some lack names."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace

from eatner.llm.base import Completion
from eatner.text.characters import FINAL
from eatner.text.english import has_name
from eatner.translate.asking import Asker, Question
from eatner.translate.base import is_latin
from eatner.translate.leaks import leaked

log = logging.getLogger(__name__)
# What ends a clause, and how many hints a part of a sentence has that is translated by itself.
# A comma or a colon between digits is part of a number or a time.
_CLAUSE = re.compile(r"(?:[，、،;；：።፣]|(?<!\d)[,:]|[,:](?!\d))\s*|\s[-–—]\s")
PART_HINTS = 4
# What a chat LLM says instead of a translation of what it thinks improper.
_REFUSAL = re.compile(
    r"\b(?:as an ai\b"
    r"|i(?: am|['’]m) (?:sorry|unable|not able)\b.*\b(?:assist|help|translate|fulfil)"
    r"|i(?: can(?:no|['’])t|(?: am|['’]m) (?:unable|not able) to)"
    r" (?:assist|help|translate|fulfil|provide|comply|do (?:that|this)\b))",
    re.IGNORECASE | re.DOTALL,
)


def without_refusals(
    questions: Sequence[Question], answers: Sequence[Completion | None], asker: Asker
) -> list[Completion | None]:
    """Ask again where an LLM would not translate, in the few-shot form: there, nobody is asked.

    A second answer of the same kind is what the sentence says: the first answer stays.
    """
    refused = [index for index, answer in enumerate(answers) if answer and is_refusal(answer.text)]
    if not refused:
        return list(answers)
    again = replace(asker, form="few-shot").ask(
        [questions[index] for index in refused], "translating what was refused"
    )
    better = {
        index: answer
        for index, answer in zip(refused, again, strict=True)
        if answer is not None and _is_english(answer)
    }
    log.info(
        "%d translations look like a refusal; %d of them are other when the LLM goes on with a "
        "text instead of answering",
        len(refused),
        len(better),
    )
    return [better.get(index, answer) for index, answer in enumerate(answers)]


def is_refusal(english: str) -> bool:
    """Whether a translation says that the LLM would not translate."""
    return _REFUSAL.search(english) is not None


def without_leaks(
    questions: Sequence[Question], answers: Sequence[Completion | None], asker: Asker
) -> list[Completion | None]:
    """Ask again where a translation has a name of the prompt's examples, without these examples.

    A name that is in such an answer too is one of the sentence: the first answer stays. An answer
    may have a name of another example; then the sentence is asked again without that one as well.
    """
    first = {
        index: found
        for index, (question, answer) in enumerate(zip(questions, answers, strict=True))
        if answer is not None and (found := _leaked(answer, question, asker))
    }
    better: dict[int, Completion] = {}
    left_out = first
    while left_out:
        again = asker.ask(
            [replace(questions[index], without=found) for index, found in left_out.items()],
            "translating without examples",
        )
        asked, left_out = left_out, {}
        for (index, found), answer in zip(asked.items(), again, strict=True):
            if answer is None or not _is_english(answer):
                continue
            now = _leaked(answer, questions[index], asker)
            if not now:
                better[index] = answer
            elif not now & found:
                left_out[index] = now | found
    if first:
        log.info(
            "%d translations have a name of the prompt's examples; %d of them are other without it",
            len(first),
            len(better),
        )
    return [better.get(index, answer) for index, answer in enumerate(answers)]


def _is_english(answer: Completion) -> bool:
    """Whether an answer that was asked for again is English, and no refusal."""
    text = answer.text
    return bool(text.strip()) and is_latin(text) and not is_refusal(text)


def _leaked(answer: Completion, question: Question, asker: Asker) -> frozenset[int]:
    return leaked(answer.text, question.text, question.hints, asker.language)


def with_missing_names(
    questions: Sequence[Question], answers: Sequence[Completion | None], asker: Asker
) -> list[Completion | None]:
    """Bring names into the English whose English is known and which a translation left out.

    The sentence is translated again in parts, if it has several clauses. Names that are missing
    still are listed behind the English, where the tagger finds them.
    """
    kept = list(answers)
    lacking = {
        index: len(names)
        for index, (question, answer) in enumerate(zip(questions, answers, strict=True))
        if answer is not None and (names := missing(question, answer))
    }
    parts_of = {index: parts for index in lacking if len(parts := in_parts(questions[index])) > 1}
    asked = [part for parts in parts_of.values() for part in parts]
    said = iter(asker.ask(asked, "translating in parts") if asked else ())
    for index, parts in parts_of.items():
        joined = _joined([next(said) for _ in parts])
        if (
            joined is not None
            and _is_english(joined)
            and len(missing(questions[index], joined)) < lacking[index]
            and not _leaked(joined, questions[index], asker)
        ):
            kept[index] = joined
    listed = 0
    for index in lacking:
        answer = kept[index]
        # An answer that is no English stays what it is, for its status to say so.
        if answer is None or not answer.text.strip() or not is_latin(answer.text):
            continue
        if names := missing(questions[index], answer):
            listed += len(names)
            kept[index] = replace(answer, text=f"{_ended(answer.text)} {_list_of(names)}")
    log.info(
        "%d translations lacked names that are known; %d were translated in parts, %d names are "
        "listed behind the English",
        len(lacking),
        len(parts_of),
        listed,
    )
    return kept


def missing(question: Question, answer: Completion) -> list[str]:
    """The English of the hints that a translation does not have."""
    names = dict.fromkeys(english for _, english in question.hints)
    return [name for name in names if not has_name(answer.text, name)]


def in_parts(question: Question) -> list[Question]:
    """Split a question between clauses, into parts of a few hints each; a hint is never cut."""
    text = question.text
    inside = {
        place
        for surface, _ in question.hints
        for match in re.finditer(re.escape(surface), text)
        for place in range(match.start() + 1, match.end())
    }
    cuts = [match.end() for match in _CLAUSE.finditer(text) if match.end() not in inside]
    parts: list[Question] = []
    start = 0
    for end in [*cuts, len(text)]:
        piece = text[start:end]
        hints = tuple(hint for hint in question.hints if hint[0] in piece)
        if len(hints) >= PART_HINTS or end == len(text):
            if piece.strip():
                parts.append(Question(piece, hints))
            start = end
    return parts


def _joined(answers: Sequence[Completion | None]) -> Completion | None:
    """One answer of those to the parts of a sentence; None if one of them has none."""
    present = [answer for answer in answers if answer is not None]
    if len(present) < len(answers):
        return None
    logprobs = [answer.logprob for answer in present if answer.logprob is not None]
    return Completion(
        " ".join(answer.text.strip() for answer in present),
        sum(logprobs) if len(logprobs) == len(present) else None,
        sum(answer.tokens for answer in present),
        all(answer.finished for answer in present),
    )


def _ended(text: str) -> str:
    """A text with a full stop, so that its last name and what follows are not one for a tagger."""
    text = text.strip()
    return text if text.rstrip("\"'”’»)]}").endswith((*FINAL, ":")) else f"{text}."


def _list_of(names: Sequence[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}." if before else f"{last}."
