"""Write the entities of a corpus for people and for other tools: TSV, CoNLL and JSONL."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from eatner import tables
from eatner.files import atomic
from eatner.indexed import Indexed
from eatner.tables import FOUND, Alignment, Entity, Sentence, Span

# Character for character, so that offsets stay valid.
_SPACES = str.maketrans("\t\n\r", "   ")


def write(
    sentences: Path,
    aligned: Path,
    table: Path,
    conll: Path,
    jsonl: Path,
) -> None:
    """Write entities.tsv, .conll and .jsonl.

    The TSV has a sentence's entities in their order, then those that were not found, with their
    status. The CoNLL has a line for each token with its IOB2 tag, and a `# sent_id` and a `# text`
    line before each sentence. Its tokens are the corpus's own if no entity cuts them. Otherwise,
    and in raw text, they are runs of letters of one alphabetic script, and single code points.

    Args:
        sentences: Path of sentences.tsv.
        aligned: Path of an align TSV.
        table: entities.tsv to write.
        conll: entities.conll to write.
        jsonl: entities.jsonl to write: sentence_id, text, and spans with start, end, type, surface,
            english and confidence (null where the aligner gives none).
    """
    rows_of = Indexed(aligned, Alignment)
    with (
        tables.writing(table, Entity) as add,
        atomic(conll) as conll_part,
        atomic(jsonl) as jsonl_part,
        open(conll_part, "w", encoding="utf-8") as lines,
        open(jsonl_part, "w", encoding="utf-8") as records,
    ):
        for sentence in tables.read(sentences, Sentence):
            # As one reads them, what was not found last.
            rows = sorted(
                rows_of[sentence.sentence_id], key=lambda row: (row.start is None, row.start or 0)
            )
            for row in rows:
                add(_entity(row))
            found = [row for row in rows if row.status in FOUND]
            lines.write(_conll(sentence, found))
            spans = list(map(span_record, found))
            record = {"sentence_id": sentence.sentence_id, "text": sentence.text}
            records.write(json.dumps(record | {"spans": spans}, ensure_ascii=False) + "\n")


def _entity(row: Alignment) -> Entity:
    return Entity(
        row.sentence_id,
        row.start,
        row.end,
        row.surface,
        row.type,
        row.english,
        row.confidence,
        row.status,
    )


def span_record(row: Alignment) -> dict[str, object]:
    """The record of an entity that was found, as JSONL and datasets have it."""
    return {
        "start": row.start,
        "end": row.end,
        "type": row.type,
        "surface": row.surface,
        "english": row.english,
        "confidence": row.confidence,
    }


def _conll(sentence: Sentence, found: Sequence[Alignment]) -> str:
    text = sentence.text
    lines = [f"# sent_id = {sentence.sentence_id}", f"# text = {text.translate(_SPACES)}"]
    edges = {edge for row in found for edge in row.span}
    for start, end in tokens(text, sentence.tokens, edges):
        tag = "O"
        for row in found:
            first, after = row.span
            if first <= start and end <= after:
                tag = f"{'B' if start == first else 'I'}-{row.type}"
        lines.append(f"{text[start:end]}\t{tag}")
    return "\n".join(lines) + "\n\n"


def tokens(text: str, own: Sequence[Span], edges: Iterable[int]) -> list[Span]:
    """Cut a text so that no token crosses an edge.

    Args:
        text: The text.
        own: The corpus's tokens; may be empty.
        edges: Offsets that must be token boundaries.

    Returns:
        Start and end of each token, white space left out.
    """
    cuts = set(edges)
    spans = list(own)
    if not spans:
        start = 0
        for place in range(1, len(text) + 1):
            if place == len(text) or not (_is_letter(text[place - 1]) and _is_letter(text[place])):
                spans.append((start, place))
                start = place
    found = []
    for start, end in spans:
        inner = [start, *sorted(cut for cut in cuts if start < cut < end), end]
        found += [(a, b) for a, b in pairwise(inner) if text[a:b].strip()]
    return found


def _is_letter(char: str) -> bool:
    """Whether a character joins its neighbours in a word: not so kana and Han characters."""
    if "\u3040" <= char <= "\u9fff":
        return False
    return char.isalnum() or unicodedata.category(char)[0] == "M" or char in "'’\u200c\u200d"
