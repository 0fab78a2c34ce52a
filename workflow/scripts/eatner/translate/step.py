"""What a kind of translator is given to do its step.

The module of a kind is named after it (`entity-aware` is `entity_aware.py`) and has one function
`run(step: Step) -> Iterator[Translation]`, which takes what it needs of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eatner import tables
from eatner.kinds import kind_run
from eatner.llm.base import LLM
from eatner.llm.journal import Journal
from eatner.llm.open import Source
from eatner.tables import Sentence, Translation
from eatner.text import languages
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


def translate_sentences(
    sentences: Path,
    english: Path,
    *,
    language: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, Path],
    form: str,
    llm: Source,
    pairing: Mapping[str, Any] | None = None,
) -> None:
    """Translate a sentences.tsv, and write the English.

    Args:
        sentences: The sentences.
        english: The translate TSV to write; the journal of the LLM's answers is beside it.
        language: Code of the sentences' language.
        settings: As of `Step`.
        inputs: As of `Step`.
        form: As of `Step`.
        llm: Where the LLM is.
        pairing: As of `Step`.

    Raises:
        InputError: An input cannot be read, or the LLM cannot be opened.
    """
    step = Step(
        sentences=list(tables.read(sentences, Sentence)),
        language=languages.get(language),
        settings=settings,
        pairing=pairing or {},
        inputs=inputs,
        form=form,
        open_llm=llm.open,
        open_journal=partial(llm.open_journal, english),
    )
    tables.write(english, Translation, kind_run("translate", settings["kind"])(step))
