"""What all taggers share: the entities that they find, and the rows made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Mention, MentionStatus, Span, Translation

# What spaCy takes into an entity, and the title of an encyclopaedia does not.
ARTICLES = ("the ", "The ", "a ", "an ")
POSSESSIVES = ("'s", "’s", "'", "’")
# Texts that a model is given at a time; after each time the journal keeps what it found.
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Found:
    """An entity that a tagger found in a text, or failed to place there.

    Attributes:
        start: The offset of its first code point; None if it was not placed.
        end: The offset after its last code point; None if it was not placed.
        type: PER, LOC or ORG; for an entity that was not placed, what the tagger said.
        score: The tagger's own probability, 0 to 1; None if it gives none.
        status: `tagged`, or why it is no entity of the text.
        answer: What the tagger said, for an entity that was not placed.
    """

    start: int | None
    end: int | None
    type: str
    score: float | None = None
    status: MentionStatus = "tagged"
    answer: str = ""

    @property
    def span(self) -> Span:
        """Its place in the text; ValueError if it was not placed."""
        if self.start is None or self.end is None:
            raise ValueError("the entity was not placed: look at its status first")
        return self.start, self.end


Find = Callable[[Sequence[str], Callable[[int], object]], list[list[Found]]]
"""Finds the entities of each text, and reports the number of texts that were done since it last
reported."""


def tag(
    translations: Sequence[Translation], find: Find, journal: Journal | None = None
) -> Iterator[Mention]:
    """Tag English texts with a model.

    Args:
        translations: Rows of a translate TSV.
        find: Finds the entities of texts.
        journal: Keeps what the model has found, for a job that is killed and run again.

    Yields:
        Rows as of `mention_rows`.
    """
    texts = [row.english for row in translations]
    keys: list[str] = []
    entities_of: dict[int, list[Found]] = {}
    if journal is not None:
        keys = [journal.key("entities", text) for text in texts]
        entities_of = {
            index: [_from_journal(values) for values in journal.known[key]]
            for index, key in enumerate(keys)
            if key in journal.known
        }
    new = [index for index in range(len(texts)) if index not in entities_of]
    with counter("tagging", "sentence", len(new)) as bar:
        for begin in range(0, len(new), BLOCK):
            block = new[begin : begin + BLOCK]
            found = find([texts[index] for index in block], bar.update)
            entities_of.update(zip(block, found, strict=True))
            if journal is not None:
                for index in block:
                    journal.add(keys[index], [astuple(entity) for entity in entities_of[index]])
    for index, row in enumerate(translations):
        yield from mention_rows(row, entities_of[index])


def _from_journal(values: Sequence[Any]) -> Found:
    """The entity that `astuple` made these values of."""
    return Found(*values)


def mention_rows(translation: Translation, entities: Iterable[Found]) -> Iterator[Mention]:
    """Write the entities of a text as rows of the tag table, from left to right.

    Args:
        translation: The text's row of a translate TSV.
        entities: Its entities, in any order.

    Yields:
        One row for each entity that was placed, then one for each that was not. A text without
        any has one row, `no_entity` or `no_translation`.
    """
    sentence_id, english = translation.sentence_id, translation.english
    placed: list[Found] = []
    lost: list[Found] = []
    for entity in entities:
        (placed if entity.status == "tagged" else lost).append(entity)
    for entity in sorted(placed, key=lambda entity: entity.span[0]):
        start, end = entity.span
        yield Mention(sentence_id, start, end, english[start:end], entity.type, entity.score)
    for entity in lost:
        yield Mention(
            sentence_id, None, None, entity.answer, entity.type, entity.score, entity.status
        )
    if not placed and not lost:
        status: MentionStatus = "no_entity" if english else "no_translation"
        yield Mention(sentence_id, None, None, "", "", status=status)


def trim(english: str, start: int, end: int) -> Span:
    """Take an article, a final possessive and white space off an English entity.

    Args:
        english: The text.
        start: Where the entity begins in it.
        end: Where it ends, exclusive.

    Returns:
        The new start and end.
    """
    start, end = _strip(english, start, end)
    for article in ARTICLES:
        if english[start:end].startswith(article):
            start += len(article)
            break
    for possessive in POSSESSIVES:
        if english[start:end].endswith(possessive):
            end -= len(possessive)
            break
    return _strip(english, start, end)


def _strip(text: str, start: int, end: int) -> Span:
    """Take white space off both ends of a span."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
