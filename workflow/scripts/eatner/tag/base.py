"""What all taggers share: the rows that they give, and the trimming of an English entity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass

from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Mention, MentionStatus, Translation

# What spaCy takes into an entity and no title of an encyclopaedia has.
ARTICLES = ("the ", "The ", "a ", "an ")
POSSESSIVES = ("'s", "’s")
# Texts that a model is given at once; what it found in them is kept then.
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Found:
    """An entity that a tagger found in a text, or failed to place there.

    Attributes:
        start: Its first code point; None where it was not placed.
        end: The code point after its last; None where it was not placed.
        type: PER, LOC or ORG; what the tagger said, where it is none of them.
        score: The tagger's own probability, 0 to 1, or None where it gives none.
        status: `tagged`, or why it is no entity of the text.
        answer: What the tagger said, where it was not placed.
    """

    start: int | None
    end: int | None
    type: str
    score: float | None = None
    status: MentionStatus = "tagged"
    answer: str = ""


Find = Callable[[Sequence[str], Callable[[int], object]], list[list[Found]]]


def tag(
    translations: Sequence[Translation], find: Find, journal: Journal | None = None
) -> Iterator[Mention]:
    """Tag English texts with a model.

    Args:
        translations: Rows of a translate TSV.
        find: Gives the entities of each text, and tells how many texts more are done.
        journal: Keeps what the model has found, and gives what it found in an earlier run.

    Yields:
        A row an entity, as of `mention_rows`.
    """
    texts = [row.english for row in translations]
    keys = [journal.key("entities", text) for text in texts] if journal else []
    found: dict[int, list[Found]] = {
        place: [Found(*entity) for entity in journal.known[key]]
        for place, key in enumerate(keys)
        if key in journal.known
    }
    new = [place for place in range(len(texts)) if place not in found]
    with counter("tagging", "sentence", len(new)) as moved:
        for begin in range(0, len(new), BLOCK):
            block = new[begin : begin + BLOCK]
            entities = find([texts[place] for place in block], moved.update)
            found.update(zip(block, entities, strict=True))
            if journal is not None:
                for place in block:
                    journal.add(keys[place], [astuple(entity) for entity in found[place]])
    for place, row in enumerate(translations):
        yield from mention_rows(row, found[place])


def mention_rows(translation: Translation, found: Iterable[Found]) -> Iterator[Mention]:
    """Write the entities of a text as rows of the tag table, from left to right.

    Args:
        translation: Its row of a translate TSV.
        found: Its entities, in any order.

    Yields:
        A row an entity; then one for each that was not placed; one alone with status `no_entity`
        or `no_translation` where there is nothing at all.
    """
    sentence_id, english = translation.sentence_id, translation.english
    entities = sorted(found, key=lambda entity: (entity.status != "tagged", entity.start))
    if not entities:
        entities = [Found(None, None, "", status="no_entity" if english else "no_translation")]
    for entity in entities:
        placed = entity.status == "tagged"
        yield Mention(
            sentence_id,
            entity.start if placed else None,
            entity.end if placed else None,
            english[entity.start : entity.end] if placed else entity.answer,
            entity.type,
            entity.score,
            entity.status,
        )


def trim(english: str, start: int, end: int) -> tuple[int, int]:
    """Take an article, a final possessive and white space off an English entity.

    Args:
        english: The text.
        start: Offset of the entity in it.
        end: Its end, exclusive.

    Returns:
        The new start and end.
    """
    while start < end and english[start].isspace():
        start += 1
    while start < end and english[end - 1].isspace():
        end -= 1
    for article in ARTICLES:
        if english[start:end].startswith(article):
            start += len(article)
            break
    for possessive in POSSESSIVES:
        if english[start:end].endswith(possessive):
            end -= len(possessive)
            break
    return start, end
