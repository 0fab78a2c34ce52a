"""Forward translation: the sentences into English, with their entities in mind.

Source: the forward half of the paper's dual translation (arXiv 2509.01147, section on
entity-aware translation); in one turn here, with title hints that the paper does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eatner import lexicon as lexicons
from eatner.lexicon import Lexicon
from eatner.llm.base import LLM
from eatner.llm.journal import Journal
from eatner.tables import Sentence, Translation, TranslationStatus
from eatner.text.languages import Language
from eatner.translate.asking import Asker, Question
from eatner.translate.base import translation_row
from eatner.translate.names import lexicon_hints, with_names
from eatner.translate.repair import with_missing_names, without_leaks, without_refusals
from eatner.translate.step import Step


def run(step: Step) -> Iterator[Translation]:
    """Translate the sentences of a step."""
    journal = step.open_journal()
    lexicon = step.inputs.get("lexicon")
    yield from translate(
        step.sentences,
        step.open_llm(),
        step.language,
        None if lexicon is None else lexicons.load(lexicon),
        form=step.form,
        max_new_tokens=step.settings["max_new_tokens"],
        names=step.settings["names"],
        journal=journal,
    )
    journal.close()


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
        max_new_tokens: Upper limit on the tokens of a translation.
        names: Whether the LLM is first asked for the names of each sentence, as in the paper's
            first turn, and for the English of those that the lexicon lacks. They become hints:
            they are in English in the sentence that the LLM translates.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Yields:
        One row a sentence, in their order.
    """
    hints = [lexicon_hints(row.text, lexicon) for row in sentences]
    if names:
        hints = with_names([row.text for row in sentences], hints, llm, language, form, journal)
    asker = Asker(llm, language, form, max_new_tokens, journal)
    questions = [
        Question(row.text, tuple(known)) for row, known in zip(sentences, hints, strict=True)
    ]
    answers = asker.ask(questions, "translating")
    answers = without_refusals(questions, answers, asker)
    answers = without_leaks(questions, answers, asker)
    if names:
        answers = with_missing_names(questions, answers, asker)
    for row, known, answer in zip(sentences, hints, answers, strict=True):
        if answer is None:
            status: TranslationStatus = "too_long" if row.text.strip() else "blank"
            yield translation_row(row.sentence_id, "", status, hints=known)
        else:
            yield translation_row(
                row.sentence_id,
                answer.text,
                "translated" if answer.finished else "truncated",
                hints=known,
                logprob=answer.logprob,
            )
