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
        prompt_of: dict[int, Prompt] = {}
        for index, question in enumerate(questions):
            prompt = prompts.translation(
                question.text,
                self.language,
                question.hints,
                self.form,
                without=question.without,
            )
            length = len(self.llm.encode(prompt)) + self.max_new_tokens
            if question.text.strip() and length <= self.llm.context:
                prompt_of[index] = prompt
        with counter(desc, "sentence", len(prompt_of)) as bar:
            answers = self.llm.complete(
                list(prompt_of.values()),
                max_new_tokens=self.max_new_tokens,
                stop=prompts.stop(self.form),
                no_repeat=True,
                journal=self.journal,
                progress=bar.update,
            )
        # An endpoint has no answer to what it finds too long itself.
        first = {i: each[0] for i, each in zip(prompt_of, answers, strict=True) if each}
        return [first.get(index) for index in range(len(questions))]
