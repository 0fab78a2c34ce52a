"""Align with an LLM that can only answer with a substring of the sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from eatner import prompts
from eatner.align.base import align_step
from eatner.align.candidates import Candidate, Question, candidate_spans
from eatner.align.step import Step
from eatner.llm.base import LLM, Completion, Prompt, one_line, scored
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Alignment, Span
from eatner.text.languages import Language
from eatner.text.trim import trim

# The gain, in nats, of an answer that an LLM gave without a probability: more than nothing, and
# the same for all entities, so that as many of them as possible are chosen.
UNSCORED_GAIN = 1.0


def run(step: Step) -> Iterator[Alignment]:
    """Align the entities of a step."""
    journal = step.open_journal()
    propose = partial(
        constrained,
        llm=step.open_llm(),
        language=step.language,
        form=step.form,
        beams=step.settings["beams"],
        journal=journal,
    )
    yield from align_step(step, propose)
    journal.close()


def constrained(
    sentences: Sequence[Question],
    llm: LLM,
    language: Language,
    *,
    form: str,
    beams: int,
    journal: Journal | None = None,
) -> list[list[list[Candidate] | None]]:
    """Find candidates by a beam search of the LLM under a grammar of the sentence's substrings.

    Args:
        sentences: The sentences with their English entities.
        llm: The LLM.
        language: The sentences' language.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        beams: Width of the beam search: the number of candidates of an entity.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Returns:
        The candidates of every entity of every sentence; None if the LLM's context is too short,
        or if an endpoint says that it is.
    """
    # The sentence, the entity's number in it, and the prompt.
    questions: list[tuple[int, int, Prompt]] = []
    for index, (text, names, *_) in enumerate(sentences):
        for number, name in enumerate(names):
            prompt = prompts.alignment(text, name, language, form)
            if len(llm.encode(prompt)) + prompts.ANSWER_TOKENS <= llm.context:
                questions.append((index, number, prompt))
    with counter("aligning", "entity", len(questions)) as bar:
        answers = llm.complete(
            [prompt for *_, prompt in questions],
            max_new_tokens=prompts.ANSWER_TOKENS,
            stop=prompts.QUOTE,
            within=[one_line(sentences[index].text) for index, *_ in questions],
            beams=beams,
            language=language.code,
            journal=journal,
            progress=bar.update,
        )
    silences: Sequence[float | None] = [None] * len(questions)
    if llm.scores:
        # The log-probability that the LLM answers nothing: it closes the quotes at once.
        nothing = [prompts.QUOTE] * len(questions)
        silences = scored(llm, [prompt for *_, prompt in questions], nothing, journal)
    candidates: list[list[list[Candidate] | None]] = [
        [None] * len(question.names) for question in sentences
    ]
    for (index, number, _), completions, silence in zip(questions, answers, silences, strict=True):
        # An endpoint has no answer to what it finds too long itself.
        if completions:
            text = sentences[index].text
            candidates[index][number] = _candidates(completions, silence, text, language)
    return candidates


def _candidates(
    completions: Sequence[Completion], silence: float | None, text: str, language: Language
) -> list[Candidate]:
    """The candidates that the answers for an entity name.

    Args:
        completions: The answers.
        silence: Log-probability of no answer; None if the LLM cannot score it.
        text: The sentence.
        language: Its language.
    """
    merged: dict[str, Candidate] = {}
    for completion in completions:
        span = _first_span(completion.text, text, language)
        if not completion.finished or span is None:
            continue
        surface = text[span[0] : span[1]]
        logprob, gain = completion.logprob, UNSCORED_GAIN
        measured = logprob is not None and silence is not None
        if logprob is not None and silence is not None:
            earlier = merged.get(surface)
            if earlier is not None and earlier.logprob is not None:
                # Answers that differ only in their edges: their probabilities add up.
                logprob = float(np.logaddexp(logprob, earlier.logprob))
            gain = logprob - silence
        merged[surface] = Candidate(
            surface, candidate_spans(surface, text), logprob, gain, measured
        )
    if not merged and any(answer.finished and not answer.text for answer in completions):
        # The LLM said that the entity is nowhere in the sentence.
        merged[""] = Candidate("", (), completions[0].logprob, 0.0)
    return list(merged.values())


def _first_span(answer: str, text: str, language: Language) -> Span | None:
    """The first place of an answer, without punctuation and honorifics at its edges.

    None if it has no place, or no letter or digit, because then it names nothing.
    """
    start = one_line(text).find(answer)
    if not answer or start < 0:
        return None
    start, end = trim((start, start + len(answer)), text, language)
    return (start, end) if any(map(str.isalnum, text[start:end])) else None
