"""Tag a text by asking a sequence-to-sequence model (T5) for its entities, and read the answer.

Source: the paper's English tagger (arXiv 2509.01147), a Flan-T5-base that answers a sentence with a
comma-separated list of "(TYPE, entity)". The way to read its answers is ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.llm.loading import refuse_not_finite
from eatner.llm.pretrained import load
from eatner.tables import Mention, MentionStatus, Span
from eatner.tag.base import Find, Found
from eatner.tag.neural import pieces, run_model, token_offsets
from eatner.tag.step import Step

if TYPE_CHECKING:
    from transformers import GenerationMixin, PreTrainedModel

    class SequenceToSequence(PreTrainedModel, GenerationMixin):
        """What `AutoModelForSeq2SeqLM` loads."""


from eatner.text.folding import ACCENTS, EXACT

BATCH = 16
# Replaces in an answer what the vocabulary of the model does not hold.
UNKNOWN = "\ufffd"
_OPENING = re.compile(r"\(\s*([^\s(),]+)\s*,\s*")
_BETWEEN = " \t\n,;"
_QUOTES = "\"'`“”‘’«»„"


def run(step: Step) -> Iterator[Mention]:
    """Tag the texts of a step."""
    settings = step.settings

    def open_model(folder: Path) -> Find:
        return TextToText(
            folder,
            settings["types"],
            source_tokens=settings["source_tokens"],
            target_tokens=settings["target_tokens"],
            beams=settings["beams"],
        ).find

    return run_model(step, TextToText, open_model)


@dataclass(frozen=True, slots=True)
class Item:
    """An entity as an answer names it.

    Attributes:
        type: The word before the comma; empty for text that is no entity.
        entity: The text after the comma.
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
    """Read an answer: the inverse of `write_answer`, for anything that a model answers.

    An item begins at a bracket with a type and a comma, and ends at the bracket that closes it; so
    commas, quotes and pairs of brackets inside an entity belong to it. An item that is not closed
    ends where the next begins. A bracket with a word that is no type begins an item only after a
    closed item: "(LOC, Springfield (Clark, Ohio))" is one item.

    Args:
        answer: The model's answer.
        types: The labels that it may use.
        finished: Whether the model ended the answer; otherwise the last item may be cut.

    Returns:
        The items, in order; words between items form an item with an empty type.
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
    """The offset at which the bracket at `start` is closed, before `end`; None if it is not."""
    depth = 0
    for offset in range(start, end):
        depth += (answer[offset] == "(") - (answer[offset] == ")")
        if depth == 0:
            return offset
    return None


def _words(answer: str, start: int, end: int, *, cut: bool = False) -> list[Item]:
    """The text between items as an item, unless it is punctuation alone."""
    said = answer[start:end].strip(_BETWEEN)
    return [Item("", said, start, end, cut)] if any(map(str.isalnum, said)) else []


def place(
    items: Sequence[Item], text: str, types: Mapping[str, str | None], scores: Sequence[float]
) -> list[Found]:
    """Find the entities of an answer in the text that was asked about.

    The longest are placed first, so that "Paris" does not take a part of "Paris Hilton"; the n-th
    of equal entities gets the n-th place that is free.

    Args:
        items: What `parse` gave.
        text: The text that was asked about.
        types: From the model's labels to PER, LOC or ORG, or to None: ignored.
        scores: The probability of each item.

    Returns:
        The entities. What has no place has the status `not_found`, `overlaps`, `unknown_type`,
        `unparsed` or `truncated`.
    """
    found: dict[int, Found] = {}
    taken: list[Span] = []
    for number, item in sorted(enumerate(items), key=lambda pair: -len(pair[1].entity)):
        kind, score = types.get(item.type, item.type), scores[number]
        status: MentionStatus
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
    """The places of an entity in a text, from left to right, without overlap.

    It is looked for as it is, except for white space and characters that the model does not know
    (`UNKNOWN`); then without regard to case, width and accents; then without the quotes around it.
    If some places are whole words, only these count: "US" is not found in "USSR".
    """
    if not entity.strip():
        return []
    for folding in (EXACT, ACCENTS):
        sought = folding(entity).text
        if not sought.strip():  # nothing but marks, which folding takes off
            continue
        folded = folding(text)
        found = []
        for match in _pattern(sought).finditer(folded.text):
            start, end = folded.origin[match.start()], folded.origin[match.end() - 1] + 1
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
            found.append((start, end))
        if found:
            return [span for span in found if _is_whole(text, *span)] or found
    bare = entity.strip(_QUOTES + " ")
    return find_with_unknowns(bare, text) if bare and bare != entity else []


def _pattern(entity: str) -> re.Pattern[str]:
    """A pattern of an entity in a text; adjacent unknown characters count as one."""
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
        folder: Path of the folder of the model and its tokenizer, in the Hugging Face layout.
        types: From its labels to PER, LOC or ORG, or to None: ignored.
        source_tokens: Upper limit on the tokens of a text; a longer one is cut into pieces.
        target_tokens: Upper limit on the tokens of an answer.
        beams: Width of the beam search; 1 is greedy search.

    Raises:
        InputError: The folder holds no such model.
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

        self.model: SequenceToSequence
        self.model, self.tokenizer = load(folder, AutoModelForSeq2SeqLM.from_pretrained)
        self.types, self.beams = types, beams
        self.source_tokens, self.target_tokens = source_tokens, target_tokens

    def find(
        self, texts: Sequence[str], progress: Callable[[int], object] = lambda done: None
    ) -> list[list[Found]]:
        """Find the entities of each text; see `place`.

        Args:
            texts: Any number of texts of any length.
            progress: Called with the number of texts that were done since the last call.
        """
        parts = [
            (number, start, text[start:end])
            for number, text in enumerate(texts)
            if text.strip()
            for start, end in pieces(text, self.source_tokens - 1, self._offsets)
        ]
        found: list[list[Found]] = [[] for _ in texts]
        parts_left = Counter(number for number, _, _ in parts)
        progress(len(texts) - len(parts_left))
        # Pieces of about one length together. The longest come first, so that too little memory
        # shows at once.
        parts.sort(key=lambda part: -len(part[2]))
        for begin in range(0, len(parts), BATCH):
            batch = parts[begin : begin + BATCH]
            answers = self._answers([piece for _, _, piece in batch])
            for (number, start, piece), (answer, finished, ends, chances) in zip(
                batch, answers, strict=True
            ):
                items = parse(answer, self.types, finished=finished)
                scores = [_mean_within(item, ends, chances) for item in items]
                found[number] += [
                    _shifted(entity, start) for entity in place(items, piece, self.types, scores)
                ]
                parts_left[number] -= 1
                progress(int(parts_left[number] == 0))
        return found

    def _offsets(self, text: str) -> list[Span]:
        return token_offsets(self.tokenizer, text)

    def _answers(self, texts: Sequence[str]) -> Iterator[tuple[str, bool, list[int], list[float]]]:
        """Answer each text.

        Yields:
            The answer, whether the model ended it, the offset in it at which each of its tokens
            ends, and the probability of each token.
        """
        import torch

        encoded = self.tokenizer(list(texts), padding=True, return_tensors="pt")
        encoded = encoded.to(self.model.device)
        with torch.inference_mode():
            answers = self.model.generate(
                **encoded, num_beams=self.beams, do_sample=False, max_new_tokens=self.target_tokens
            )
            # Reading the answers once more gives their probabilities, whichever search found them.
            logits = self.model(**encoded, decoder_input_ids=answers[:, :-1]).logits.float()
            logprobs = logits.gather(-1, answers[:, 1:, None])[..., 0] - logits.logsumexp(-1)
        refuse_not_finite([float(logprobs.sum())], self.model.name_or_path)
        end, pad = self.tokenizer.eos_token_id, self.tokenizer.pad_token_id
        for ids, chances in zip(answers[:, 1:].tolist(), logprobs.exp().tolist(), strict=True):
            stop = ids.index(end) if end in ids else None
            ids = [token for token in ids[:stop] if token != pad]
            ends = [len(self._decode(ids[: i + 1])) for i in range(len(ids))]
            yield self._decode(ids), stop is not None, ends, chances[: len(ids)]

    def _decode(self, ids: Sequence[int]) -> str:
        text = str(self.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))
        unknown = self.tokenizer.unk_token
        return text.replace(unknown, UNKNOWN) if unknown else text


def _mean_within(item: Item, ends: Sequence[int], chances: Sequence[float]) -> float:
    """The mean probability of the tokens of an item."""
    begins = [0, *ends]
    inside = [
        chance
        for begin, end, chance in zip(begins, ends, chances, strict=False)
        if begin < item.end and item.start < max(end, begin + 1)
    ]
    return sum(inside) / len(inside) if inside else 0.0


def _shifted(entity: Found, by: int) -> Found:
    """The same entity in a text that begins earlier by some code points."""
    if entity.status != "tagged":
        return entity
    start, end = entity.span
    return replace(entity, start=start + by, end=end + by)
