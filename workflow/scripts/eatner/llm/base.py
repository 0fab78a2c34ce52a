"""The contract of every large language model (LLM) here: complete prompts, score texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from eatner.llm.completion import Completion as Completion
from eatner.llm.journal import Journal
from eatner.llm.silence import Silence

if TYPE_CHECKING:
    import numpy as np

# A message of a conversation: its `role` (system, user or assistant) and its `content`.
Message = dict[str, str]
# What an LLM is asked: a text to go on with, or a conversation in the form of its chat template. If
# its last message is the assistant's, that is the opening of the answer, which goes on from there.
Prompt = str | Sequence[Message]
# Called with the number of prompts that were finished since the last call.
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Decoding:
    """How an answer is searched; see `LLM.complete`."""

    max_new_tokens: int
    stop: str | None = None
    beams: int = 1
    no_repeat: bool = False
    language: str | None = None
    separator: str | None = None


class LLM(ABC):
    """One LLM, however it is run.

    Answers come in the order of the prompts, whatever batches an engine makes of them, and the
    same question has the same answer each time (on the same hardware; an endpoint promises less).

    Attributes:
        context: Limit of a prompt's and its answer's tokens together, as `encode` counts them.
        scores: Whether it can score texts; otherwise `score` raises InputError.
        keeps_lists: Whether it can keep a list of answers inside a sentence; otherwise `separator`
            has no effect.
        calls: Number of prompts that it was asked since it was opened.
        generated: Number of tokens that it wrote since then.
    """

    scores: bool
    keeps_lists: bool = False
    calls: int
    generated: int

    @property
    @abstractmethod
    def context(self) -> int:
        """Limit of a prompt's and its answer's tokens together, as `encode` counts them."""

    @abstractmethod
    def encode(self, prompt: Prompt) -> list[int]:
        """Turn a prompt into tokens, with the mark of a beginning where the LLM wants one.

        Where the LLM's tokenizer is not at hand, there are at least as many as it would make, so
        that a prompt which fits into `context` by this count fits indeed.

        Raises:
            InputError: The prompt is a conversation and the LLM has no chat template.
        """

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        stop: str | None = None,
        within: Sequence[str] | None = None,
        beams: int = 1,
        no_repeat: bool = False,
        language: str | None = None,
        separator: str | None = None,
        journal: Journal | None = None,
        progress: Progress | None = None,
    ) -> list[list[Completion]]:
        """Complete every prompt with its most probable answer, or several answers.

        Thoughts before an answer, and tokens that control a conversation, are not part of it.

        Args:
            prompts: Texts to go on with, or conversations to answer, each at most
                `context - max_new_tokens` tokens long.
            max_new_tokens: Limit of an answer's tokens.
            stop: A character that ends an answer and is not part of it; the LLM's own end mark
                always ends one.
            within: One sentence for each prompt: its answer must be a substring of the sentence
                (the empty one is one of them), followed by `stop`, which the sentence must not
                hold; see `one_line`.
            beams: Width of the beam search, and limit of the answers to a prompt. An engine without
                beam search gives one greedy answer, and others as it can.
            no_repeat: Never write the same run of `grammar.LOOP` tokens twice, because a small LLM
                would loop. Without effect in an engine that cannot do it.
            language: Code of the sentences' language, for an engine without a grammar: it reads a
                free answer by the phrases of this language, see `answers/phrasing.py`.
            separator: With `within`: an answer is a list of substrings of the sentence, with this
                between them, in an engine that `keeps_lists`.
            journal: Keeps the answers of every batch, and gives those of an earlier run. An answer
                that is nothing but thoughts is not kept.
            progress: Called with the number of prompts that were finished since the last call.

        Returns:
            For every prompt its distinct answers, the most probable first: at least one, but none
            where an endpoint finds the prompt too long.

        Raises:
            InputError: All answers, or the first `silence.FIRST`, are nothing but thoughts; or the
                engine gives up, such as for want of memory or of a server. Answers until then are
                in the journal.
            ValueError: `within` without a `stop` or a `separator`, or with a stop that a sentence
                holds.
        """
        decoding = Decoding(max_new_tokens, stop, beams, no_repeat, language, separator)
        spans = [None] * len(prompts) if within is None else within
        keys, answers = [], {}
        if journal is not None:
            keys = [
                journal.key(*self._question(prompt, span, decoding))
                for prompt, span in zip(prompts, spans, strict=True)
            ]
            known = ((i, journal.known[key]) for i, key in enumerate(keys) if key in journal.known)
            answers = {i: [Completion(*record) for record in records] for i, records in known}
        silence = Silence(len(prompts), constrained=within is not None)
        silence.count(answers.values())
        if progress is not None and answers:
            progress(len(answers))
        batches = self._answers(prompts, spans, decoding, frozenset(answers))
        with closing(batches):
            for batch in batches:
                for index, completions in batch.items():
                    answers[index] = completions
                    # What has no answer is asked again by the next run.
                    lasting = completions and not completions[0].only_thought
                    if journal is not None and lasting:
                        journal.add(keys[index], [astuple(each)[:4] for each in completions])
                silence.count(batch.values())
                if progress is not None:
                    progress(len(batch))
        silence.report()
        return [answers[index] for index in range(len(prompts))]

    def _question(self, prompt: Prompt, span: str | None, decoding: Decoding) -> list[object]:
        """List what the answer to a prompt depends on, beside the LLM itself, as JSON values."""
        return [prompt, span, *astuple(decoding)]

    @abstractmethod
    def _answers(
        self,
        prompts: Sequence[Prompt],
        spans: Sequence[str | None],
        decoding: Decoding,
        known: frozenset[int],
    ) -> Generator[dict[int, list[Completion]]]:
        """Answer prompts, in batches of the engine's choice.

        Args:
            prompts: All of them, also those whose answers are known: the batches of a job that was
                killed must be those of one that was not, or their rounding may differ.
            spans: For each prompt its sentence, or None where the answer is free.
            decoding: How to search.
            known: Indices of the prompts that need no answer.

        Yields:
            As soon as a batch is done the answers of each of its prompts by index.
        """

    def groups(self, lengths: Sequence[int], new_tokens: int) -> Iterator[list[int]]:
        """Put conversations into groups that are held one after the other.

        Args:
            lengths: Number of tokens of all questions of each conversation.
            new_tokens: Limit of the tokens of all answers of one.

        Yields:
            Indices of the conversations of a group: here all of them.
        """
        if lengths:
            yield list(range(len(lengths)))

    @contextmanager
    def conversation(self, journal: Journal | None) -> Generator[None]:
        """Hold a group of conversations within this context, a turn of all of them at a time.

        An engine may keep what it has read until the end. Here nothing is kept.

        Args:
            journal: Keeps the answers.
        """
        yield

    @abstractmethod
    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        """Score each text as the answer to its prompt.

        Args:
            prompts: As for `complete`.
            texts: One for each prompt, not empty, with its end mark where that counts.

        Returns:
            For each prompt the natural log-probability of its text.

        Raises:
            InputError: The LLM cannot score, see `scores`.
        """


class AnswerScorer(LLM):
    """An LLM that can score many answers to each of many prompts in one go."""

    @abstractmethod
    def score_answers(
        self,
        groups: Sequence[Sequence[Prompt]],
        propose: Callable[[int, np.ndarray], Sequence[Sequence[str]]],
        *,
        openings: Callable[[int], Sequence[str]] | None = None,
        journal: Journal | None = None,
        progress: Progress | None = None,
    ) -> list[list[dict[str, float]]]:
        """Score many answers to each of many prompts that share their beginnings.

        Args:
            groups: Prompts, grouped by what they share, such as the entities of a sentence.
            propose: Gives the answers to score for each prompt of a group, with their end marks
                where these count. Called with the index of the group and a table in float32 of
                shape (prompts, openings): the log-probability of the most probable first token
                that an answer which begins like the opening may have.
            openings: Gives those beginnings of answers for a group; None: there are none. Called
                with the index of the group; may be called several times.
            journal: Keeps the table and the scores of every group, and gives those of an earlier
                run.
            progress: Called with the number of groups that were finished since the last call.

        Returns:
            For every group and prompt the natural log-probability of each of its answers.
        """


def one_line(text: str) -> str:
    """Make a text safe to stand in a prompt, character for character (offsets stay valid).

    Straight double quotes close an answer in our prompts and line breaks close an example, so the
    former become curly and the latter, like all control characters, spaces.
    """
    return "".join(
        "”" if c == '"' else " " if c in "\u0085\u2028\u2029" or ord(c) < 32 or ord(c) == 127 else c
        for c in text
    )


def scored(
    llm: LLM, prompts: Sequence[Prompt], texts: Sequence[str], journal: Journal | None
) -> list[float]:
    """Score each text as the answer to its prompt, none of them twice.

    Args:
        llm: An LLM that scores.
        prompts: As for `LLM.score`.
        texts: As for `LLM.score`.
        journal: Keeps the scores, and gives those of an earlier run.

    Returns:
        For each prompt the natural log-probability of its text.
    """
    if journal is None:
        return llm.score(prompts, texts)
    keys = [journal.key("score", *question) for question in zip(prompts, texts, strict=True)]
    new = [index for index, key in enumerate(keys) if key not in journal.known]
    scores = llm.score([prompts[index] for index in new], [texts[index] for index in new])
    for index, score in zip(new, scores, strict=True):
        journal.add(keys[index], [[score]])
    return [journal.known[key][0][0] for key in keys]


def first_line(error: Exception) -> str:
    """Return what an error says, without what a library adds below."""
    return (str(error) or type(error).__name__).splitlines()[0]
