"""Review what another tagger found: an LLM chooses the type of each name in its sentence.

A small English tagger knows names by their form, and goes wrong where a translation makes up the
English of a name: "Cuike Township" is a person to it. The LLM has read more, and chooses among
person, place, organisation and none of these by the probabilities of the four words, so that its
answer needs no parsing. Names that the translator was given or listed itself (its hints) are
reviewed as well where the tagger passed over them.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from eatner import prompts
from eatner.answers.likeness import attachment, occurrences
from eatner.llm.base import AnswerScorer
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Mention, Span, Translation, by_sentence
from eatner.tag.base import Found, mention_rows, trim
from eatner.tag.step import LLMStep
from eatner.text import languages
from eatner.text.trim import trim as trim_titles

log = logging.getLogger(__name__)

# How much the tagger's own type counts, as a summand of the natural log-probability. Measured with
# spaCy's en_core_web_sm on 40 sentences each of Chinese, Japanese and Korean, on 124 names that
# gold has, too: with Qwen2.5-Coder 1.5B and 0.5B as the LLM, 111 and 112 have the right type. With
# 0 it is 103 and 104, with 1 it is 107 and 108; if the tagger always wins, 97 and 98.
TRUST = 2.0
# The LLM's word for each type; for a name of another kind, and for what is no name, the type is
# empty.
KINDS = {"person": "PER", "place": "LOC", "organisation": "ORG", "other": ""}
# Limit of the tokens of an answer.
ANSWER_TOKENS = 8
# What separates several names in one hint.
_SEVERAL = re.compile(r"[,;、，/]|\b(?:and|or)\b")


def run(step: LLMStep) -> Iterator[Mention]:
    """Review the entities of a step."""
    journal = step.open_journal()
    llm = step.open_llm()
    if not isinstance(llm, AnswerScorer):
        raise TypeError("a reviewed tagger needs an LLM that scores answers")
    yield from review(step.translations, step.mentions, llm, form=step.form, journal=journal)
    journal.close()


def review(
    texts: Sequence[Translation],
    mentions: Sequence[Mention],
    llm: AnswerScorer,
    *,
    form: str,
    journal: Journal | None = None,
) -> Iterator[Mention]:
    """Review the entities of texts.

    Args:
        texts: Rows of a translate TSV.
        mentions: Rows of a tag TSV of these texts.
        llm: The LLM.
        form: How the LLM is asked, `few-shot` or `chat`.
        journal: Keeps the scores, for a job that is killed and run again.

    Yields:
        Rows as of `mention_rows`. The score of an entity is the probability of its type, with the
        tagger's own type weighed in (`TRUST`). What is of no type keeps a row, `untyped`. Rows
        without a place are those of the tagger, and so are all rows of a text that is too long for
        the LLM's context; the log has their number.
    """
    found = by_sentence(mentions)
    names_of: list[dict[Span, str]] = []
    for row in texts:
        tagged = {one.span: one.type for one in found[row.sentence_id] if one.status == "tagged"}
        names_of.append(candidates(row, tagged))
    groups = {}
    too_long = 0
    for at, row in enumerate(texts):
        asked = [prompts.kind_of(row.english, row.english[slice(*s)], form) for s in names_of[at]]
        if asked and max(map(len, map(llm.encode, asked))) + ANSWER_TOKENS <= llm.context:
            groups[at] = asked
        elif asked:
            too_long += 1
    if too_long:
        log.warning("%d texts are too long for the LLM, and keep the tagger's types", too_long)
    words = {prompts.kind_answer(word, form): kind for word, kind in KINDS.items()}
    questions = list(groups.values())
    with counter("reviewing", "sentence", len(questions)) as bar:
        scores = llm.score_answers(
            questions,
            lambda group, _: [list(words)] * len(questions[group]),
            journal=journal,
            progress=bar.update,
        )
    scores_of = dict(zip(groups, scores, strict=True))
    for at, row in enumerate(texts):
        if at not in scores_of:
            yield from found[row.sentence_id] or mention_rows(row, [])
            continue
        entities = [
            _judge(row.english, span, tagged, {words[word]: each for word, each in logs.items()})
            for (span, tagged), logs in zip(names_of[at].items(), scores_of[at], strict=True)
        ]
        entities += [
            Found(None, None, one.type, one.score, one.status, one.surface)
            for one in found[row.sentence_id]
            if one.status not in ("tagged", "no_entity", "no_translation")
        ]
        yield from mention_rows(row, entities)


def candidates(row: Translation, tagged: Mapping[Span, str]) -> dict[Span, str]:
    """The names of a text to be reviewed, from left to right, none over another.

    Of two that overlap, the longer one stays. These hints give way: one with a comma or an "and",
    which may be several names; one that cuts an entity of the tagger; and one that only adds a
    title to a person ("President Leopold I").

    Args:
        row: The text with its hints.
        tagged: The tagger's entities: from place to type.

    Returns:
        From place to the tagger's type, which is empty for a hint.
    """
    names = dict(tagged)
    hints = {
        trim(row.english, *place)
        for _, english in row.hints
        if not _SEVERAL.search(english)
        for place in occurrences(english, row.english)
        if attachment(row.english, place) == 0
    }
    for start, end in sorted(hints, key=lambda span: (span[0] - span[1], span)):
        if start == end:
            continue
        touched = [span for span in names if span[0] < end and start < span[1]]
        untitled = trim_titles((start, end), row.english, languages.get("en"))
        if untitled != (start, end) and tagged.get(untitled) == "PER":
            continue
        if all(start <= span[0] and span[1] <= end for span in touched):
            own = names.get((start, end), "")
            for span in touched:
                del names[span]
            names[start, end] = own
    return dict(sorted(names.items()))


def _judge(english: str, span: Span, tagged: str, logs: Mapping[str, float]) -> Found:
    """The entity at a place, by the log-probability of each type and the tagger's own type."""
    most = max(logs.values())
    weights = {
        kind: math.exp(log - most + (TRUST if kind and kind == tagged else 0))
        for kind, log in logs.items()
    }
    kind = max(weights, key=weights.__getitem__)
    score = weights[kind] / sum(weights.values())
    if kind:
        return Found(*span, kind, score)
    return Found(None, None, tagged, status="untyped", answer=english[slice(*span)])
