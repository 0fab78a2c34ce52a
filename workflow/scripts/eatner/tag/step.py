"""What a kind of tagger is given to do its step.

The module of a kind is named after it (`token-classification` is `token_classification.py`) and has
one function `run(step: Step) -> Iterator[Mention]`, which takes what it needs of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eatner.llm.base import LLM
from eatner.llm.journal import Journal
from eatner.tables import Mention, Translation
from eatner.text.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Texts that are to be tagged.

    Attributes:
        translations: Rows of a translate TSV.
        settings: The tagger's configuration, with all defaults.
        inputs: Paths of the files that a kind reads, by the name of the rule's input: `model` (the
            folder of a model, or a file in it), `sentences` and `gold` (of the corpus whose gold
            entities are taken), `lexicon` (names in the texts' language).
        threads: Upper limit on the threads of a model.
        open_journal: Opens the journal of what a model has found, given the code that finds it,
            such as `eatner.tag.gliner:Gliner`.
        run_asked: `run` of the tagger that this one asks, which `settings["tagger"]` configures.
    """

    translations: Sequence[Translation]
    settings: Mapping[str, Any]
    inputs: Mapping[str, Path]
    threads: int
    open_journal: Callable[[str], Journal]
    run_asked: Callable[[Step], Iterator[Mention]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMStep:
    """Texts that an LLM is to tag.

    Attributes:
        translations: Rows of a translate TSV.
        settings: The tagger's configuration, with all defaults.
        language: The texts' language.
        form: How the LLM is asked, `few-shot` or `chat`.
        open_llm: Loads the LLM.
        open_journal: Opens the journal of what the LLM has answered.
    """

    translations: Sequence[Translation]
    settings: Mapping[str, Any]
    language: Language
    form: str
    open_llm: Callable[[], LLM]
    open_journal: Callable[[], Journal]
