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


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Sentences that are to be translated.

    Attributes:
        sentences: Rows of sentences.tsv.
        language: Their language.
        settings: The translator's configuration, with all defaults.
        pairing: How the corpus and its sample were read, for a translation that exists already.
        inputs: Paths of the files that a kind reads, by the name of the rule's input: `lexicon`
            (names for hints), `parallel_text` (English that exists already: lines, or a
            sentences.tsv), `original` (the corpus that the sentences are a sample of).
        form: How the LLM is asked, `few-shot` or `chat`; empty without an LLM.
        open_llm: Loads the LLM.
        open_journal: Opens the journal of what the LLM has answered.
    """

    sentences: Sequence[Sentence]
    language: Language
    settings: Mapping[str, Any]
    pairing: Mapping[str, Any]
    inputs: Mapping[str, Path]
    form: str
    open_llm: Callable[[], LLM]
    open_journal: Callable[[], Journal]
