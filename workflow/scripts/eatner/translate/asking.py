"""Questions for the English of a sentence, and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eatner import prompts
from eatner.llm.base import LLM, Completion, Prompt
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.text.languages import Language


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence, or a part of one, whose English is wanted.

    Attributes:
        text: The sentence.
        hints: Names in it whose English is known, as (surface, English).
        without: Numbers of examples that the prompt leaves out.
    """

    text: str
    hints: tuple[tuple[str, str], ...]
    without: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks an LLM for English.

    Attributes:
        llm: The LLM.
        language: The language of the questions.
        form: How the LLM is asked, `few-shot` or `chat`.
        max_new_tokens: Upper limit on the tokens of a translation.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.
    """

    llm: LLM
    language: Language
    form: str
    max_new_tokens: int
    journal: Journal | None

    def ask(self, questions: Sequence[Question], desc: str) -> list[Completion | None]:
        """Translate texts.

        Args:
            questions: The texts.
            desc: What is being done, for the progress bar.

        Returns:
            The answer to each question; None to a blank one and to one that is too long.
        """
        return first_answers(
            [
                prompts.translation(
                    question.text,
                    self.language,
                    question.hints,
                    self.form,
                    without=question.without,
                )
                if question.text.strip()
                else None
                for question in questions
            ],
            self.llm,
            desc=desc,
            form=self.form,
            max_new_tokens=self.max_new_tokens,
            journal=self.journal,
        )


def first_answers(
    asked: Sequence[Prompt | None],
    llm: LLM,
    *,
    desc: str,
    form: str,
    max_new_tokens: int,
    journal: Journal | None,
    within: Sequence[str] | None = None,
    separator: str | None = None,
) -> list[Completion | None]:
    """Ask what fits the LLM's context, and take the best answer to each prompt.

    Args:
        asked: The prompts; None for a blank sentence, which is not asked.
        llm: The LLM.
        desc: What is being done, for the progress bar.
        form: The form of the prompts, `few-shot` or `chat`.
        max_new_tokens: Upper limit on the tokens of an answer.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.
        within: For each prompt a text that has the answer; None: answers are free.
        separator: As for `LLM.complete`.

    Returns:
        The answer to each prompt; None where nothing was asked, or an endpoint found it too long.
    """
    prompt_of = {
        index: prompt
        for index, prompt in enumerate(asked)
        if prompt is not None and len(llm.encode(prompt)) + max_new_tokens <= llm.context
    }
    with counter(desc, "sentence", len(prompt_of)) as bar:
        answers = llm.complete(
            list(prompt_of.values()),
            max_new_tokens=max_new_tokens,
            stop=prompts.stop(form),
            within=None if within is None else [within[index] for index in prompt_of],
            separator=separator,
            no_repeat=True,
            journal=journal,
            progress=bar.update,
        )
    first = {index: each[0] for index, each in zip(prompt_of, answers, strict=True) if each}
    return [first.get(index) for index in range(len(asked))]
