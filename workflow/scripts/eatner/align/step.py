"""What a kind of aligner is given to do its step.

The module of a kind is named after it and has one function `run(step: Step) ->
Iterator[Alignment]`, which takes what it needs of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eatner.llm.base import LLM
from eatner.llm.journal import Journal
from eatner.tables import Mention, Sentence
from eatner.text.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """English entities that are to be taken back to their sentences.

    Attributes:
        sentences: Rows of sentences.tsv.
        mentions: Rows of a tag TSV.
        language: The sentences' language.
        settings: The aligner's configuration, with all defaults.
        inputs: Paths of the files that a kind reads, by the name of the rule's input: `weights`
            (what the signals count), `lexicon` (names in the sentences' language), `translation`
            (the English, a translate TSV) and `encoder` (the folder of a multilingual encoder).
        threads: Upper limit on the threads of an encoder.
        form: How the LLM is asked, `few-shot`, `chat` or `tuned`; empty without an LLM.
        open_llm: Loads the LLM.
        open_journal: Opens the journal of what the LLM has answered.
    """

    sentences: Sequence[Sentence]
    mentions: Sequence[Mention]
    language: Language
    settings: Mapping[str, Any]
    inputs: Mapping[str, Path]
    threads: int
    form: str
    open_llm: Callable[[], LLM]
    open_journal: Callable[[], Journal]
