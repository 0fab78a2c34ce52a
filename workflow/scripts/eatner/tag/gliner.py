"""Tag a text with GLiNER, which finds entities of any types that are named to it.

Source: Zaratiana et al. 2024, arXiv 2311.08526; the `gliner` package (Apache-2.0), which is an
extra of this project because it allows only some versions of transformers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from eatner.errors import InputError
from eatner.tables import Mention, Span
from eatner.tag.base import Found
from eatner.tag.neural import pieces, run_model
from eatner.tag.step import Step

BATCH = 8
# GLiNER's own words; it silently ignores what follows the first `max_len` of them.
_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")


def run(step: Step) -> Iterator[Mention]:
    """Tag the texts of a step."""
    types, threshold = step.settings["types"], step.settings["threshold"]
    return run_model(step, Gliner, lambda folder: Gliner(folder, types, threshold=threshold).find)


class Gliner:
    """A GLiNER model.

    Args:
        folder: Path of the folder of the model, its tokenizer and its encoder's configuration.
        types: From what it is asked for, in words ("person"), to PER, LOC or ORG, or to None for
            what it finds only so that it does not take it for one of the others.
        threshold: Lower limit on the probability of an entity.

    Raises:
        InputError: The package is not installed, or the folder holds no such model.
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
        """Find the entities of each text; a long text is read in pieces.

        Args:
            texts: Any number of texts of any length.
            progress: Called with the number of texts that were done since the last call.
        """
        found: list[list[Found]] = []
        for begin in range(0, len(texts), BATCH):
            batch = texts[begin : begin + BATCH]
            parts = [
                (number, start, text[start:end])
                for number, text in enumerate(batch)
                for start, end in pieces(text, self.model.config.max_len, _words)
                if text[start:end].strip()
            ]
            answers = self.model.inference(
                [piece for _, _, piece in parts],
                list(self.types),
                threshold=self.threshold,
                batch_size=BATCH,
            )
            entities_of: dict[int, list[Found]] = defaultdict(list)
            for (number, start, _), entities in zip(parts, answers, strict=True):
                for entity in entities:
                    kind = self.types.get(entity["label"])
                    if kind is not None:
                        span = start + entity["start"], start + entity["end"]
                        entities_of[number].append(Found(*span, kind, float(entity["score"])))
            found += [entities_of[number] for number in range(len(batch))]
            progress(len(batch))
        return found


def _words(text: str) -> list[Span]:
    return [match.span() for match in _WORD.finditer(text)]
