"""Conversations of several turns, and the final answer of one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eatner.llm.base import LLM, Completion, Message, Progress
from eatner.llm.journal import Journal
from eatner.llm.replies import tidy
from eatner.progress import counter

_LABEL = re.compile(
    r"\A[*_]*(?:(?:sure|certainly|of course|okay|ok)\b[,.!:]*\s+)?"
    r"(?:(?:here is|here's|this is)\b[^:\n]{0,40}\b(?:translat|answer|sentence|phrase)[^:\n]{0,40}:"
    r"\s*"
    r"|(?:(?:the|my|final|english|complete)\s+)*(?:english|answer|translation|sentence)"
    r"(?:\s+(?:in|into)\s+english)?(?:\s+is)?[*_]*\s*:[*_]*\s*)",
    re.IGNORECASE,
)
# What may be around a whole answer: its beginning and its end.
_WRAPS = (
    *((mark, mark) for mark in ("```", "**", '"', "'", "`")),
    *(("“", "”"), ("‘", "’"), ("«", "»"), ("„", "“"), ("「", "」")),
)


def converse(
    llm: LLM,
    turns: Sequence[Sequence[str]],
    desc: str,
    max_new_tokens: int,
    journal: Journal | None,
) -> list[Completion | None]:
    """Hold many conversations side by side, a turn of all of them at a time.

    Args:
        llm: An instruct LLM.
        turns: The user's questions of each conversation, as many in all of them.
        desc: What is being done, for the progress bar.
        max_new_tokens: Limit of an answer's tokens.
        journal: Keeps the answers, and gives those of an earlier run.

    Returns:
        The last answer of each conversation; None where it outgrew the LLM's context.

    Raises:
        InputError: The LLM has no chat template.
    """
    lengths = [
        sum(len(llm.encode([{"role": "user", "content": question}])) for question in questions)
        for questions in turns
    ]
    answers_each = max(map(len, turns), default=0)
    last: list[Completion | None] = [None] * len(turns)
    with counter(desc, "turn", sum(map(len, turns))) as bar:
        for group in llm.groups(lengths, answers_each * max_new_tokens):
            with llm.conversation(journal):
                answers = _hold(llm, [turns[i] for i in group], max_new_tokens, journal, bar.update)
            for i, answer in zip(group, answers, strict=True):
                last[i] = answer
    return last


def _hold(
    llm: LLM,
    turns: Sequence[Sequence[str]],
    max_new_tokens: int,
    journal: Journal | None,
    progress: Progress,
) -> list[Completion | None]:
    """Hold the conversations of a group; see `converse`."""
    messages: list[list[Message]] = [[] for _ in turns]
    last: list[Completion | None] = [None] * len(turns)
    going = list(range(len(turns)))
    for turn, questions in enumerate(zip(*turns, strict=True)):
        for i in going:
            messages[i].append({"role": "user", "content": questions[i]})
        fitting = [i for i in going if len(llm.encode(messages[i])) + max_new_tokens <= llm.context]
        for i in set(going) - set(fitting):
            last[i] = None
            progress(len(turns[i]) - turn)
        completions = llm.complete(
            [list(messages[i]) for i in fitting],
            max_new_tokens=max_new_tokens,
            journal=journal,
            progress=progress,
        )
        answers = dict(zip(fitting, completions, strict=True))
        # An endpoint has no answer to what it finds too long itself.
        going = [i for i in fitting if answers[i]]
        for i in set(fitting) - set(going):
            last[i] = None
            progress(len(turns[i]) - turn - 1)
        for i in going:
            answer = answers[i][0]
            # An answer that was cut may end in a part of a character.
            messages[i].append({"role": "assistant", "content": answer.text.rstrip("\ufffd")})
            last[i] = answer
    return last


def final_answer(text: str) -> str:
    """Reduce what an LLM wrote to its answer, on one line.

    Thoughts go, control tokens, a label such as "English:" or "Here is the translation:", and one
    pair of quotes or marks around all of the rest.
    """
    answer = tidy(text.rstrip("\ufffd"), chat=True)[0].strip()
    while True:
        before = answer
        answer = _LABEL.sub("", answer).strip()
        for left, right in _WRAPS:
            inner = answer[len(left) : -len(right)]
            whole = answer == left + inner + right and left not in inner and right not in inner
            if whole and inner.strip():
                answer = inner.strip()
        if answer == before:
            return " ".join(answer.split())
