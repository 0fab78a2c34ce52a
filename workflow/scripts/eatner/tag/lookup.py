"""Title lookup: the names of a wiki that stand in the sentence itself, without any LLM.

A system to compare with. It finds what the lexicon holds, longest names first, and knows of no
context; the type of a name is what an English tagger makes of its English title.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eatner.lexicon import Lexicon
from eatner.tables import Mention, Translation
from eatner.tag.base import Found, mention_rows

# Taggers know names in sentences and not alone. Of eight frames the best for spaCy's
# en_core_web_sm on 1,500 names of WikiANN's English validation set: 64% get the right type and 8%
# none, where of bare names 55% do and 23%.
FRAME = "I have heard of {}."


def frame_titles(texts: Iterable[Translation], lexicon: Lexicon) -> list[Translation]:
    """Put the English title of every name in some texts into a sentence, for a tagger.

    Args:
        texts: Rows of a translate TSV of the sentences themselves.
        lexicon: Of the sentences' language.

    Returns:
        A row as of a translate TSV for each title, with the title as its sentence_id.
    """
    titles = dict.fromkeys(
        match.english for row in texts for match in lexicon.matches(row.english) if match.named
    )
    return [Translation(title, FRAME.format(title)) for title in titles]


def title_types(tagged: Iterable[Mention]) -> dict[str, str]:
    """The type of each title: that of the longest entity which the tagger found in it.

    Args:
        tagged: Rows of a tag TSV for `frame_titles`.

    Returns:
        From title to PER, LOC or ORG; without those that are no entity to the tagger.
    """
    begin = FRAME.index("{")
    longest: dict[str, tuple[int, str]] = {}
    for row in tagged:
        if row.status != "tagged":
            continue
        title = row.sentence_id
        start, end = row.span
        start = max(begin, start)
        size = min(begin + len(title), end) - start
        if size > longest.get(title, (0, ""))[0]:
            longest[title] = (size, row.type)
    return {title: kind for title, (_, kind) in longest.items()}


def tag_with_titles(
    texts: Sequence[Translation], lexicon: Lexicon, types: Mapping[str, str]
) -> Iterator[Mention]:
    """Tag the names of a lexicon in texts of its language.

    Args:
        texts: Rows of a translate TSV of the sentences themselves.
        lexicon: Of their language.
        types: From English titles to PER, LOC or ORG.

    Yields:
        A row an entity, as of `tag.rows`, without scores. A name whose title has no type keeps a
        row with status `untyped`.
    """
    for row in texts:
        found = []
        for match in lexicon.matches(row.english):
            if match.english in types:
                found.append(Found(match.start, match.end, types[match.english]))
            elif match.named:
                found.append(Found(None, None, "", status="untyped", answer=match.surface))
        yield from mention_rows(row, found)
