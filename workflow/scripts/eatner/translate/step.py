"""What a kind of translator is given to do its step.

The module of a kind is named after it (`entity-aware` is `entity_aware.py`) and has one function
`run(step: Step) -> Iterator[Translation]`, which takes what it needs of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eatner.llm.base import LLM
from eatner.llm.journal import Journal
from eatner.tables import Sentence
from eatner.text.languages import Language


@dataclass(frozen=True, slots=True)
class Step:
    """A translation that is to be made.

    Attributes:
        sentences: Rows of sentences.tsv.
        language: Their language.
        settings: The translator's configuration, with all defaults.
        form: How its LLM is asked, `few-shot` or `chat`; empty without an LLM.
        open_llm: Loads its LLM.
        open_journal: Opens the journal of what the LLM has answered.
        lexicon: Path of the names of the language's wiki, for hints.
        parallel_text: Path of the English that exists already: a text file, or a sentences.tsv.
        original: Path of the corpus, where the sentences are a sample of it.
        pairing: How the corpus and its sample were read.
    """

    sentences: Sequence[Sentence]
    language: Language
    settings: Mapping[str, Any]
    form: str
    open_llm: Callable[[], LLM]
    open_journal: Callable[[], Journal]
    lexicon: Path | None = None
    parallel_text: Path | None = None
    original: Path | None = None
    pairing: Mapping[str, Any] | None = None
