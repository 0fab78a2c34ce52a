"""Translate a sentence as the paper does: three chat turns (arXiv 2509.01147, section 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eatner.llm.base import LLM
from eatner.llm.conversation import converse, final_answer
from eatner.llm.journal import Journal
from eatner.prompts import translation_turns
from eatner.tables import Sentence, Translation, TranslationStatus
from eatner.text.languages import Language
from eatner.translate.base import translation_row
from eatner.translate.step import Step


def run(step: Step) -> Iterator[Translation]:
    """Translate the sentences of a step."""
    journal = step.open_journal()
    yield from translate(
        step.sentences,
        step.open_llm(),
        step.language,
        max_new_tokens=step.settings["max_new_tokens"],
        journal=journal,
    )
    journal.close()


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
    gives the final translation alone. Each turn is asked for all sentences together, which gives
    the same answers as one sentence after another, sooner.

    Args:
        sentences: Rows of sentences.tsv.
        llm: An instruct LLM.
        language: The sentences' language.
        max_new_tokens: Upper limit on the tokens of an answer; the paper's code has 512.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Yields:
        One row a sentence, in their order, without hints; the log-probability is that of the last
        answer.

    Raises:
        InputError: The LLM has no chat template.
    """
    turns = {
        row.sentence_id: translation_turns(row.text, language)
        for row in sentences
        if row.text.strip()
    }
    last_answers = converse(llm, list(turns.values()), "translating", max_new_tokens, journal)
    answers = dict(zip(turns, last_answers, strict=True))
    for row in sentences:
        answer = answers.get(row.sentence_id)
        if answer is not None:
            yield translation_row(
                row.sentence_id,
                final_answer(answer.text),
                "translated" if answer.finished else "truncated",
                logprob=answer.logprob,
            )
        else:
            status: TranslationStatus = "too_long" if row.sentence_id in turns else "blank"
            yield translation_row(row.sentence_id, "", status)
