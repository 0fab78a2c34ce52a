"""Tag a text with GLiNER, which finds entities of any types that are named to it.

Source: Zaratiana et al. 2024, arXiv 2311.08526; the `gliner` package (Apache-2.0), which is an
extra of this project because it allows only some versions of transformers.
"""

from __future__ import annotations

import json
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.errors import InputError
from eatner.foreign import check_model, refuse_code
from eatner.tables import Mention, Span
from eatner.tag.base import Found
from eatner.tag.neural import pieces, run_model
from eatner.tag.step import Step
from eatner.text.characters import cuts_word, is_word

if TYPE_CHECKING:
    from gliner.model import BaseGLiNER

BATCH = 8
_CONFIG = "gliner_config.json"
_JOINERS = "\u200c\u200d"


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

        check_model(folder)
        refuse_code(folder)  # which gliner runs without asking
        try:
            with tempfile.TemporaryDirectory() as room:
                self.model: BaseGLiNER = GLiNER.from_pretrained(
                    str(_plain(folder, Path(room))),
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
        self.model.data_processor.words_splitter = split
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
                # GLiNER silently ignores what follows the first `max_len` words.
                for start, end in pieces(text, self.model.config.max_len, words)
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


def split(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of a text as GLiNER takes them: each with its start and its end."""
    for start, end in words(text):
        yield text[start:end], start, end


def words(text: str) -> list[Span]:
    """The words of a text, of which GLiNER's entities are made.

    They are those of GLiNER's own splitter, `\\w+(?:[-_]\\w+)*|\\S`, but for two things. In scripts
    without spaces each character is a word, and so is each run of katakana or Latin letters: the
    splitter takes 東京に行く for one word, in which no entity can be found. And marks belong to
    their letters: the splitter takes दिल्ली for six words.
    """
    spans: list[Span] = []
    for at, char in enumerate(text):
        if char.isspace():
            continue
        if spans and spans[-1][1] == at and _continues(text, at):
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return spans


def _continues(text: str, at: int) -> bool:
    """Whether a character, which follows another, belongs to the same word."""
    if unicodedata.category(text[at])[0] == "M" or text[at] in _JOINERS or cuts_word(text, at):
        return True
    if text[at] in "-_":
        return is_word(text[at - 1]) and is_word(text[at + 1 : at + 2] or " ")
    # After a hyphen or a joiner inside a word.
    between = text[at - 1] in "-_" or text[at - 1] in _JOINERS
    return between and at > 1 and is_word(text[at - 2]) and is_word(text[at])


def _plain(folder: Path, room: Path) -> Path:
    """A view of a model's folder, with links to its files, that asks for GLiNER's plain splitter.

    GLiNER-X asks for that of stanza, a package that fetches models while it reads, and that takes
    a text for English if its language (Traditional Chinese is one) has none. `words` replaces both.

    Args:
        folder: The model's.
        room: An empty folder, which becomes the view.
    """
    for file in folder.iterdir():
        if file.name != _CONFIG:
            (room / file.name).symlink_to(file.resolve())
    config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    (room / _CONFIG).write_text(json.dumps(config | {"words_splitter_type": "whitespace"}))
    return room
