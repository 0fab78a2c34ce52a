"""What the taggers that torch computes share: journals, texts in pieces, token offsets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.errors import InputError
from eatner.keep import kept
from eatner.tables import Mention, Span
from eatner.tag.base import Find, tag
from eatner.tag.step import Step

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Where a long text may be cut: after a sentence, or at least after a word.
_SENTENCE_END = re.compile(r"[.!?…。！？।۔։][\"'”’)\]]*\s+")
_WORD_END = re.compile(r"\s+")


def run_model(step: Step, kind: type, open_model: Callable[[Path], Find]) -> Iterator[Mention]:
    """Tag the texts of a step with a model that torch computes.

    Args:
        step: The step.
        kind: The class of the model, whose code the journal's answers depend on.
        open_model: Loads the model of a folder.
    """
    import torch

    torch.set_num_threads(step.threads)
    journal = step.open_journal(f"{kind.__module__}:{kind.__name__}")
    folder = step.inputs["model"]
    key = (kind, folder, json.dumps(step.settings, sort_keys=True))
    yield from tag(step.translations, kept(key, lambda: open_model(folder)), journal)
    journal.close()


def check_types(types: Mapping[str, str | None], labels: Iterable[str], model: Path) -> None:
    """Refuse a type map that names labels which the model does not give.

    Args:
        types: The tagger's `types`.
        labels: The labels of the model.
        model: Path of its folder, for the message.

    Raises:
        InputError: The map names a label that the model does not have.
    """
    if unknown := sorted(set(types) - set(labels)):
        raise InputError(
            f"the tagger's `types` name the labels {', '.join(unknown)}, which this model does "
            "not give",
            path=model,
            remedy=f"Its labels are {', '.join(sorted(labels))}.",
        )


def token_offsets(tokenizer: PreTrainedTokenizerBase, text: str) -> list[Span]:
    """The spans of all tokens of a text, without special tokens."""
    encoded = tokenizer(
        text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        verbose=False,  # it would warn of a text that is too long, and that is cut later
    )
    return encoded["offset_mapping"]


def pieces(
    text: str, limit: int, offsets_of: Callable[[str], Sequence[Span]], whole: Sequence[Span] = ()
) -> list[Span]:
    """Cut a text that is too long for a model: after a sentence, else a word, else anywhere.

    Args:
        text: The text.
        limit: Upper limit on the tokens of a piece.
        offsets_of: Gives the spans of a text's tokens, in code points.
        whole: Spans that a cut should not split.

    Returns:
        The spans of the pieces, which cover the text without gaps.
    """
    found, start = [], 0
    while len(offsets := offsets_of(text[start:])) > limit:
        latest = max(start + 1, start + offsets[limit][0])
        # A sentence that ends in the first half would leave a short piece: then after a word.
        half = (start + latest) // 2
        cut = (
            _last_cut(_SENTENCE_END, text, half, latest, whole)
            or _last_cut(_WORD_END, text, start, latest, whole)
            or latest
        )
        found.append((start, cut))
        start = cut
    return [*found, (start, len(text))]


def _last_cut(
    pattern: re.Pattern[str], text: str, after: int, latest: int, whole: Sequence[Span]
) -> int | None:
    """The last end of a match in `after` < end <= `latest` that is inside none of the spans."""
    ends = [match.end() for match in pattern.finditer(text, after, latest)]
    free = [end for end in ends if end > after and not any(a < end < b for a, b in whole)]
    return free[-1] if free else None
