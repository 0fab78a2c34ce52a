"""Tag a text with GLiNER, which finds entities of any types that are named to it.

Source: Zaratiana et al. 2024, arXiv 2311.08526; the `gliner` package (Apache-2.0), which is an
extra of this project, for it allows only some versions of transformers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from eatner.errors import InputError
from eatner.tag.base import Found
from eatner.tag.neural import pieces

BATCH = 8
# GLiNER's own words; it cuts off silently what is beyond its `max_len` of them.
_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")


class Gliner:
    """A GLiNER model.

    Args:
        folder: The model, its tokenizer and the configuration of its encoder.
        types: What it is asked for, in words ("person"), to PER, LOC, ORG, or None: found, so that
            it is not taken for one of the others, and ignored.
        threshold: Least probability of an entity.

    Raises:
        InputError: The package is not installed, or there is no such model.
    """

    def __init__(self, folder: Path, types: Mapping[str, str | None], *, threshold: float) -> None:
        try:
            from gliner import GLiNER
        except ImportError as error:
            raise InputError(
                f"the package gliner cannot be imported ({error})",
                record="a tagger of kind gliner",
                remedy="Install it: pip install '.[gliner]'.",
            ) from error
        import torch

        try:
            self.model = GLiNER.from_pretrained(
                str(folder),
                local_files_only=True,
                map_location="cuda" if torch.cuda.is_available() else "cpu",
            ).eval()
        except (ValueError, KeyError, TypeError, OSError, RuntimeError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0][:300]
            raise InputError(
                f"gliner cannot load this model ({reason})",
                path=folder,
                remedy="The folder needs gliner_config.json, the weights and the tokenizer, as "
                "GLiNER's save_pretrained writes them.",
            ) from error
        self.types, self.threshold = types, threshold

    def find(
        self, texts: Sequence[str], progress: Callable[[int], object] = lambda done: None
    ) -> list[list[Found]]:
        """The entities of each text; a long text is read in pieces.

        Args:
            texts: Any number, of any length.
            progress: Is told how many texts more are done.
        """
        found: list[list[Found]] = []
        for begin in range(0, len(texts), BATCH):
            batch = texts[begin : begin + BATCH]
            asked = [
                (number, start, text[start:end])
                for number, text in enumerate(batch)
                for start, end in pieces(text, self.model.config.max_len, _words)
                if text[start:end].strip()
            ]
            answers = self.model.inference(
                [piece for _, _, piece in asked],
                list(self.types),
                threshold=self.threshold,
                batch_size=BATCH,
            )
            by_text: dict[int, list[Found]] = defaultdict(list)
            for (number, start, _), entities in zip(asked, answers, strict=True):
                for entity in entities:
                    kind = self.types.get(entity["label"])
                    if kind is not None:
                        span = start + entity["start"], start + entity["end"]
                        by_text[number].append(Found(*span, kind, float(entity["score"])))
            found += [by_text[number] for number in range(len(batch))]
            progress(len(batch))
        return found


def _words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _WORD.finditer(text)]
