"""Take an entity back as the paper does: three chat turns, then the longest common substring."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from eatner.align.rows import alignment_row
from eatner.align.step import Step
from eatner.llm.base import LLM, one_line
from eatner.llm.conversation import converse, final_answer
from eatner.llm.journal import Journal
from eatner.prompts import alignment_turns
from eatner.tables import Alignment, AlignmentStatus, Mention, Sentence, Span, by_sentence
from eatner.text.languages import Language


def run(step: Step) -> Iterator[Alignment]:
    """Align the entities of a step."""
    journal = step.open_journal()
    yield from align(
        step.sentences,
        step.mentions,
        step.open_llm(),
        step.language,
        max_new_tokens=step.settings["max_new_tokens"],
        journal=journal,
    )
    journal.close()


def align(
    sentences: Sequence[Sentence],
    tagged: Sequence[Mention],
    llm: LLM,
    language: Language,
    *,
    max_new_tokens: int,
    journal: Journal | None = None,
) -> Iterator[Alignment]:
    """Align the English entities as the paper does, in three turns an entity.

    The LLM says what the entity may be called in the sentence's language, finds the phrase in the
    sentence, and gives the phrase alone. The longest substring that this answer and the sentence
    have in common is the entity, at its first place that no entity before it has taken.

    Args:
        sentences: Rows of sentences.tsv.
        tagged: Rows of a tag TSV.
        llm: An instruct LLM.
        language: The sentences' language.
        max_new_tokens: Upper limit on the tokens of an answer; the paper's code has 512.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Yields:
        One row for every row of `tagged`, in the order of the sentences: `aligned`; `taken`, if
        entities before it have all the places; `no_candidate`, if the answer has no letter or
        digit in common with the sentence; `too_long`; or the tagger's status. The log-probability
        is that of the last answer; there is no confidence, because the paper has none.

    Raises:
        InputError: The LLM has no chat template.
    """
    text_of = {row.sentence_id: row.text for row in sentences}
    mentions_of = by_sentence(tagged)
    turns = {
        (row.sentence_id, row.surface): alignment_turns(
            text_of[row.sentence_id], row.surface, language
        )
        for row in tagged
        if row.status == "tagged"
    }
    last_answers = converse(llm, list(turns.values()), "aligning", max_new_tokens, journal)
    answers = dict(zip(turns, last_answers, strict=True))
    for sentence in sentences:
        taken: list[Span] = []
        for row in mentions_of[sentence.sentence_id]:
            if row.status != "tagged":
                yield alignment_row(row, row.status)
                continue
            answer = answers[row.sentence_id, row.surface]
            if answer is None:
                yield alignment_row(row, "too_long")
                continue
            span, status = _first_free(final_answer(answer.text), sentence.text, taken)
            surface = ""
            if span is not None:
                taken.append(span)
                surface = sentence.text[span[0] : span[1]]
            yield alignment_row(row, status, span, surface, logprob=answer.logprob)


class _Substrings:
    """All substrings of a text, as a suffix automaton (Blumer et al. 1985), in linear time.

    Attributes:
        following: For each state, the next one for each character.
        link: For each state, that of its longest ending which is in more places; -1 for the first.
        length: For each state, the length of its longest substring.
    """

    def __init__(self, text: str) -> None:
        self.following: list[dict[str, int]] = [{}]
        self.link, self.length = [-1], [0]
        last = 0
        for char in text:
            last = self._extend(last, char)

    def _extend(self, last: int, char: str) -> int:
        following, link, length = self.following, self.link, self.length
        new = self._add(length[last] + 1, 0, {})
        state = last
        while state >= 0 and char not in following[state]:
            following[state][char] = new
            state = link[state]
        if state >= 0:
            target = following[state][char]
            if length[state] + 1 < length[target]:
                split = self._add(length[state] + 1, link[target], dict(following[target]))
                while state >= 0 and following[state].get(char) == target:
                    following[state][char] = split
                    state = link[state]
                link[target] = target = split
            link[new] = target
        return new

    def _add(self, length: int, link: int, following: dict[str, int]) -> int:
        self.length.append(length)
        self.link.append(link)
        self.following.append(following)
        return len(self.length) - 1


def _longest_match(text: str, known: _Substrings) -> Span:
    """The place of the longest substring of a text that is known; the first of equals."""
    best, state, length = (0, 0), 0, 0
    for end, char in enumerate(text, 1):
        while state and char not in known.following[state]:
            state = known.link[state]
            length = known.length[state]
        if char in known.following[state]:
            state = known.following[state][char]
            length += 1
        if length > best[1] - best[0]:
            best = end - length, end
    return best


def longest_common(answer: str, sentence: str) -> str:
    """The longest substring that a sentence and an answer have in common; the first of equals.

    Punctuation and white space at its edges are no part of a name and are cut off, which may leave
    nothing.
    """
    start, end = _longest_match(sentence, _Substrings(answer))
    while start < end and unicodedata.category(sentence[start])[0] in "PZC":
        start += 1
    while start < end and unicodedata.category(sentence[end - 1])[0] in "PZC":
        end -= 1
    return sentence[start:end]


def _first_free(
    answer: str, sentence: str, taken: Sequence[Span]
) -> tuple[Span | None, AlignmentStatus]:
    """The first free place of what answer and sentence have in common, and the row's status."""
    common = longest_common(answer, one_line(sentence))
    if not any(map(str.isalnum, common)):
        return None, "no_candidate"
    start = one_line(sentence).find(common)
    while start >= 0:
        end = start + len(common)
        if not any(start < taken_end and taken_start < end for taken_start, taken_end in taken):
            return (start, end), "aligned"
        start = one_line(sentence).find(common, start + 1)
    return None, "taken"
