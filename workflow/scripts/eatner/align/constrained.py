"""Propose candidates by an LLM that can only answer with a substring of the sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eatner import prompts
from eatner.align.candidates import Candidate, Question, candidate_spans
from eatner.llm.base import LLM, one_line, scored
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Span
from eatner.text.languages import Language
from eatner.text.trim import trim

# Nats of an answer that an LLM gave without saying how sure it is: enough to be chosen, and alike
# for all entities, so that the most of them are.
UNSCORED_GAIN = 1.0


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
        sentences: Each with its English entities.
        llm: The LLM.
        language: The sentences' language.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        beams: Candidates of an entity.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Returns:
        For every sentence and entity its candidates; None where the LLM's context is too short,
        or an endpoint says that it is.
    """
    asked, found = [], [[None] * len(question.names) for question in sentences]
    for place, (text, names, _) in enumerate(sentences):
        for number, name in enumerate(names):
            prompt = prompts.alignment(text, name, language, form)
            if len(llm.encode(prompt)) + prompts.ANSWER_TOKENS <= llm.context:
                asked.append((place, number, prompt))
    with counter("aligning", "entity", len(asked)) as bar:
        answers = llm.complete(
            [prompt for *_, prompt in asked],
            max_new_tokens=prompts.ANSWER_TOKENS,
            stop=prompts.QUOTE,
            within=[one_line(sentences[place].text) for place, *_ in asked],
            beams=beams,
            journal=journal,
            progress=bar.update,
        )
    silences: Sequence[float | None] = [None] * len(asked)
    if llm.scores:
        # How probable it is that the LLM answers nothing, in nats.
        nothing = [prompts.QUOTE] * len(asked)
        silences = scored(llm, [prompt for *_, prompt in asked], nothing, journal)
    for (place, number, _), completions, silence in zip(asked, answers, silences, strict=True):
        if not completions:  # too long, says the endpoint
            continue
        text = sentences[place].text
        merged: dict[str, Candidate] = {}
        for completion in completions:
            span = _first_span(completion.text, text, language)
            if not completion.finished or span is None:
                continue
            surface = text[span[0] : span[1]]
            logprob, gain = completion.logprob, UNSCORED_GAIN
            if silence is not None:
                if surface in merged:  # the same phrase but for its edges
                    logprob = float(np.logaddexp(logprob, merged[surface].logprob))
                gain = logprob - silence
            merged[surface] = Candidate(
                surface, candidate_spans(surface, text), logprob, gain, silence is not None
            )
        if not merged and any(answer.finished and not answer.text for answer in completions):
            merged[""] = Candidate("", (), completions[0].logprob, 0.0)  # it said: nowhere
        found[place][number] = list(merged.values())
    return found


def _first_span(answer: str, text: str, language: Language) -> Span | None:
    """Where an answer stands, without punctuation and honorifics at its edges.

    None where it does not stand there, or has no letter or digit: it names nothing.
    """
    start = one_line(text).find(answer)
    if not answer or start < 0:
        return None
    start, end = trim((start, start + len(answer)), text, language)
    return (start, end) if any(map(str.isalnum, text[start:end])) else None
