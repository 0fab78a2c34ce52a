"""Take an entity back as the paper does: three chat turns, then the longest common substring."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from eatner.align.rows import alignment_row
from eatner.llm.base import LLM, one_line
from eatner.llm.conversation import converse, final_answer
from eatner.llm.journal import Journal
from eatner.prompts import alignment_turns
from eatner.tables import Alignment, AlignmentStatus, Mention, Sentence, Span, by_sentence
from eatner.text.languages import Language


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
    sentence, and gives the phrase alone. What this answer has most in common with the sentence is
    the entity, at its first occurrence that no entity before it has taken.

    Args:
        sentences: Rows of sentences.tsv.
        tagged: Rows of a tag TSV.
        llm: An instruct LLM.
        language: The sentences' language.
        max_new_tokens: Most tokens of an answer; the paper's code has 512.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Yields:
        For every row of `tagged` one row, in the order of the
        sentences. status: `aligned`; `taken` (entities before it have all occurrences);
        `no_candidate` (the answer has no letter or digit in common with the sentence); `too_long`
        (for the LLM's context); others come from the tagger. `logprob` is that of the last answer,
        and the confidence is empty, for the paper has none.

    Raises:
        InputError: The LLM has no chat template.
    """
    texts = {row.sentence_id: row.text for row in sentences}
    mentions_of = by_sentence(tagged)
    entities: dict[tuple[str, str], list[str]] = {}
    for row in tagged:
        name = row.sentence_id
        if row.status == "tagged":
            entities[name, row.surface] = alignment_turns(texts[name], row.surface, language)
    found = converse(llm, list(entities.values()), "aligning", max_new_tokens, journal)
    answers = dict(zip(entities, found, strict=True))
    for sentence in sentences:
        name, taken = sentence.sentence_id, []
        for row in mentions_of[name]:
            if row.status != "tagged":
                yield alignment_row(row, row.status)
                continue
            answer = answers[name, row.surface]
            if answer is None:
                yield alignment_row(row, "too_long")
                continue
            span, status = _first_free(final_answer(answer.text), sentence.text, taken)
            surface = ""
            if span is not None:
                taken.append(span)
                surface = sentence.text[span[0] : span[1]]
            yield alignment_row(row, status, span, surface, logprob=answer.logprob)


def longest_common(answer: str, sentence: str) -> str:
    """The longest substring of a sentence that an answer holds too, the first of equals.

    Without the punctuation and the white space at its edges, which are no part of a name; empty
    where nothing is left.
    """
    matcher = SequenceMatcher(None, sentence, answer, autojunk=False)
    start, _, size = matcher.find_longest_match()
    end = start + size
    while start < end and unicodedata.category(sentence[start])[0] in "PZC":
        start += 1
    while start < end and unicodedata.category(sentence[end - 1])[0] in "PZC":
        end -= 1
    return sentence[start:end]


def _first_free(
    answer: str, sentence: str, taken: Sequence[Span]
) -> tuple[Span | None, AlignmentStatus]:
    """The first place of what answer and sentence have in common, and the status."""
    common = longest_common(answer, one_line(sentence))
    if not any(map(str.isalnum, common)):
        return None, "no_candidate"
    start = one_line(sentence).find(common)
    while start >= 0:
        end = start + len(common)
        if not any(start < other[1] and other[0] < end for other in taken):
            return (start, end), "aligned"
        start = one_line(sentence).find(common, start + 1)
    return None, "taken"
