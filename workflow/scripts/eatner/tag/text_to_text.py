"""Tag a text by asking a sequence-to-sequence model (T5) for its entities, and read the answer.

Source: the paper's English tagger (arXiv 2509.01147), a Flan-T5-base that answers a sentence with a
comma-separated list of "(TYPE, entity)". How its answers are read is ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eatner.tables import Span
from eatner.tag.base import Found
from eatner.tag.neural import load, pieces, token_offsets
from eatner.text.folding import ACCENTS, EXACT

BATCH = 16
# Stands in an answer for what the model's vocabulary does not hold.
UNKNOWN = "\ufffd"
_OPENING = re.compile(r"\(\s*([^\s(),]+)\s*,\s*")
_BETWEEN = " \t\n,;"
_QUOTES = "\"'`“”‘’«»„"


@dataclass(frozen=True, slots=True)
class Item:
    """An entity as an answer names it.

    Attributes:
        type: What stands before the comma; empty for text that is no entity.
        entity: What stands behind it.
        start: Where the item begins in the answer.
        end: Where it ends there, exclusive.
        cut: Whether the answer broke off within it.
    """

    type: str
    entity: str
    start: int
    end: int
    cut: bool = False


def write_answer(entities: Iterable[tuple[str, str]]) -> str:
    """The answer that names entities, given as (type, surface): "(PER, A. B.), (LOC, C)"."""
    return ", ".join(f"({kind}, {' '.join(surface.split())})" for kind, surface in entities)


def parse(answer: str, types: Iterable[str], *, finished: bool = True) -> list[Item]:
    """Read an answer: the inverse of `write_answer`, for whatever a model makes of it.

    An item begins at a bracket with a type and a comma, and ends at the bracket that closes it; so
    commas, quotes and pairs of brackets inside an entity are its own. One that is not closed ends
    where the next begins. A bracket with a word that is no type begins an item, too, behind a
    closed one: "(LOC, Springfield (Clark, Ohio))" is one item.

    Args:
        answer: What the model said.
        types: The labels that it may use.
        finished: Whether it came to an end; otherwise the last item may be cut.

    Returns:
        The items, in order; words that are no item are one with an empty type.
    """
    known = set(types)
    starts: list[re.Match[str]] = []
    for match in _OPENING.finditer(answer):
        if starts and match[1] not in known:
            before = answer[starts[-1].start() : match.start()].rstrip(_BETWEEN)
            if not before.endswith(")") or before.count("(") != before.count(")"):
                continue
        starts.append(match)
    first = starts[0].start() if starts else len(answer)
    items = _words(answer, 0, first)
    ends = [match.start() for match in starts[1:]] + [len(answer)]
    for match, end in zip(starts, ends, strict=False):
        last = end == len(answer) and not finished
        closed = _closing(answer, match.start(), end)
        if closed is None:
            said = answer[match.end() : end].rstrip(_BETWEEN)
            entity = said if last else said.removesuffix(")")
            items.append(Item(match[1], entity.strip(), match.start(), end, last))
        else:
            entity = answer[match.end() : closed].strip()
            items.append(Item(match[1], entity, match.start(), closed + 1))
            items += _words(answer, closed + 1, end, cut=last)
    return items


def _closing(answer: str, start: int, end: int) -> int | None:
    """Where the bracket that opens at `start` is closed, before `end`."""
    depth = 0
    for place in range(start, end):
        depth += (answer[place] == "(") - (answer[place] == ")")
        if depth == 0:
            return place
    return None


def _words(answer: str, start: int, end: int, *, cut: bool = False) -> list[Item]:
    """What stands between items, where it is more than marks."""
    said = answer[start:end].strip(_BETWEEN)
    return [Item("", said, start, end, cut)] if any(map(str.isalnum, said)) else []


def place(
    items: Sequence[Item], text: str, types: Mapping[str, str | None], scores: Sequence[float]
) -> list[Found]:
    """Find the entities of an answer in the text that it is about.

    The longest are placed first, so that "Paris" does not take a part of "Paris Hilton"; the n-th
    of equal entities gets the n-th place that is free.

    Args:
        items: From `parse`.
        text: What the model was given.
        types: Its labels to PER, LOC, ORG, or None: ignored.
        scores: Of each item.

    Returns:
        The entities. status: `tagged`; `not_found` (nowhere in the text); `overlaps` (every place
        is another entity's); `unknown_type` (not in `types`); `unparsed` (text that is no entity);
        `truncated` (the answer broke off within it).
    """
    found: dict[int, Found] = {}
    taken: list[Span] = []
    for number, item in sorted(enumerate(items), key=lambda pair: -len(pair[1].entity)):
        kind, score = types.get(item.type, item.type), scores[number]
        status = "tagged"
        places: list[Span] = []
        if item.cut:
            status = "truncated"
        elif not item.type or not item.entity:
            status = "unparsed"
        elif item.type not in types:
            status = "unknown_type"
        elif kind is None:
            continue
        else:
            places = find_with_unknowns(item.entity, text)
            free = [(a, b) for a, b in places if not any(a < d and c < b for c, d in taken)]
            if free:
                taken.append(free[0])
                found[number] = Found(*free[0], kind, score)
                continue
            status = "overlaps" if places else "not_found"
        found[number] = Found(None, None, kind or "", score, status, item.entity)
    return [found[number] for number in sorted(found)]


def find_with_unknowns(entity: str, text: str) -> list[Span]:
    """Where an entity stands in a text, from left to right, without overlap.

    As it is, but for white space and characters that the model does not know (`UNKNOWN`); else
    without regard to case, width and accents; else without the quotes around it. Whole words where
    there are any, so that "US" is not found in "USSR".
    """
    if not entity.strip():
        return []
    for folding in (EXACT, ACCENTS):
        folded = folding(text)
        found = []
        for match in _pattern(folding(entity).text).finditer(folded.text):
            start, end = folded.origin[match.start()], folded.origin[match.end() - 1] + 1
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
            found.append((start, end))
        if found:
            return [span for span in found if _is_whole(text, *span)] or found
    bare = entity.strip(_QUOTES + " ")
    return find_with_unknowns(bare, text) if bare and bare != entity else []


def _pattern(entity: str) -> re.Pattern[str]:
    """What an entity may look like in a text; several unknown characters side by side are one."""
    parts = re.split(f"{UNKNOWN}+", entity)
    if not any(char.isalnum() for part in parts for char in part) and len(parts) > 1:
        return re.compile(r"(?!)")  # unknown throughout: it could be any word
    forms = []
    for part in parts:
        form = r"\s+".join(map(re.escape, part.split()))
        # Some tokenizers put spaces around what they do not know.
        before, after = (r"\s*" * part[:1].isspace(), r"\s*" * part[-1:].isspace())
        forms.append(before + form + after)
    pattern = r"\S+?".join(forms)
    left = r"(?<!\w)" if not parts[0] else ""
    right = r"(?!\w)" if not parts[-1] else ""
    return re.compile(left + pattern + right)


def _is_whole(text: str, start: int, end: int) -> bool:
    left = start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
    right = end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
    return left and right


class TextToText:
    """A sequence-to-sequence model that names the entities of a text.

    Args:
        folder: The model and its tokenizer, in the Hugging Face layout.
        types: Its labels to PER, LOC, ORG, or None: ignored.
        source_tokens: Most tokens of a text; a longer one is cut into pieces.
        target_tokens: Most tokens of an answer.
        beams: Width of the beam search; 1 is greedy.

    Raises:
        InputError: No such model there.
    """

    def __init__(
        self,
        folder: Path,
        types: Mapping[str, str | None],
        *,
        source_tokens: int,
        target_tokens: int,
        beams: int,
    ) -> None:
        from transformers import AutoModelForSeq2SeqLM

        self.model, self.tokenizer = load(folder, AutoModelForSeq2SeqLM)
        self.types, self.beams = types, beams
        self.source_tokens, self.target_tokens = source_tokens, target_tokens

    def find(
        self, texts: Sequence[str], progress: Callable[[int], object] = lambda done: None
    ) -> list[list[Found]]:
        """The entities of each text, as `place` gives them.

        Args:
            texts: Any number, of any length.
            progress: Is told how many texts more are done.
        """
        asked = [
            (number, start, text[start:end])
            for number, text in enumerate(texts)
            if text.strip()
            for start, end in pieces(text, self.source_tokens - 1, self._offsets)
        ]
        found: list[list[Found]] = [[] for _ in texts]
        left = Counter(number for number, _, _ in asked)
        progress(len(texts) - len(left))
        # Texts of one length together, the longest first: what does not fit shows at once.
        asked.sort(key=lambda piece: -len(piece[2]))
        for begin in range(0, len(asked), BATCH):
            batch = asked[begin : begin + BATCH]
            answers = self._answers([piece for _, _, piece in batch])
            for (number, start, piece), (answer, finished, ends, chances) in zip(
                batch, answers, strict=True
            ):
                items = parse(answer, self.types, finished=finished)
                scores = [_mean_within(item, ends, chances) for item in items]
                found[number] += [
                    _shifted(entity, start) for entity in place(items, piece, self.types, scores)
                ]
                left[number] -= 1
                progress(int(left[number] == 0))
        return found

    def _offsets(self, text: str) -> list[Span]:
        return token_offsets(self.tokenizer, text)

    def _answers(self, texts: Sequence[str]) -> Iterator[tuple[str, bool, list[int], list[float]]]:
        """Each answer, whether it ended, and of each of its tokens the end and the probability."""
        import torch

        asked = self.tokenizer(list(texts), padding=True, return_tensors="pt")
        asked = asked.to(self.model.device)
        with torch.inference_mode():
            said = self.model.generate(
                **asked, num_beams=self.beams, do_sample=False, max_new_tokens=self.target_tokens
            )
            # A second look at the answers gives their probabilities, whatever search found them.
            logits = self.model(**asked, decoder_input_ids=said[:, :-1]).logits.float()
            chances = logits.gather(-1, said[:, 1:, None])[..., 0] - logits.logsumexp(-1)
        end, pad = self.tokenizer.eos_token_id, self.tokenizer.pad_token_id
        for ids, logs in zip(said[:, 1:].tolist(), chances.exp().tolist(), strict=True):
            stop = ids.index(end) if end in ids else None
            ids = [token for token in ids[:stop] if token != pad]
            ends = [len(self._decode(ids[: i + 1])) for i in range(len(ids))]
            yield self._decode(ids), stop is not None, ends, logs[: len(ids)]

    def _decode(self, ids: Sequence[int]) -> str:
        text = self.tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        unknown = self.tokenizer.unk_token
        return text.replace(unknown, UNKNOWN) if unknown else text


def _mean_within(item: Item, ends: Sequence[int], chances: Sequence[float]) -> float:
    """Mean probability of the tokens of an item."""
    begins = [0, *ends]
    inside = [
        chance
        for begin, end, chance in zip(begins, ends, chances, strict=False)
        if begin < item.end and item.start < max(end, begin + 1)
    ]
    return sum(inside) / len(inside) if inside else 0.0


def _shifted(entity: Found, by: int) -> Found:
    if entity.start is None or entity.end is None:
        return entity
    return Found(entity.start + by, entity.end + by, entity.type, entity.score)
