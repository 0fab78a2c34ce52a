"""Translate a sentence as the paper does: three chat turns (arXiv 2509.01147, section 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eatner.llm.base import LLM
from eatner.llm.conversation import converse, final_answer
from eatner.llm.journal import Journal
from eatner.prompts import translation_turns
from eatner.tables import Sentence, Translation
from eatner.text.languages import Language
from eatner.translate.base import translation_row


def translate(
    sentences: Sequence[Sentence],
    llm: LLM,
    language: Language,
    *,
    max_new_tokens: int,
    journal: Journal | None = None,
) -> Iterator[Translation]:
    """Translate sentences as the paper does, in three turns a sentence.

    The LLM names the entities that may be in the sentence, translates it with them in mind, and
    gives the final translation alone. A turn is asked for all sentences together; one sentence a
    call is the same, and slower.

    Args:
        sentences: Rows of sentences.tsv.
        llm: An instruct LLM.
        language: The sentences' language.
        max_new_tokens: Most tokens of an answer; the paper's code has 512.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Yields:
        A row a sentence, in their order, with the columns and statuses of `eatner.translate`; it
        has no hints, and `logprob` is that of the last answer.

    Raises:
        InputError: The LLM has no chat template.
    """
    asked = {
        place: translation_turns(row.text, language)
        for place, row in enumerate(sentences)
        if row.text.strip()
    }
    answers = dict(
        zip(
            asked,
            converse(llm, list(asked.values()), "translating", max_new_tokens, journal),
            strict=True,
        )
    )
    for place, row in enumerate(sentences):
        answer = answers.get(place)
        if answer is None:
            status = "too_long" if place in asked else "blank"
            yield translation_row(row.sentence_id, "", status)
        else:
            status = "translated" if answer.finished else "truncated"
            yield translation_row(
                row.sentence_id, final_answer(answer.text), status, logprob=answer.logprob
            )
