"""What a kind of aligner is given to do its step.

The module of a kind is named after it and has one function `run(step: Step) ->
Iterator[Alignment]`, which takes what it needs of a step.
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
from eatner.tables import Alignment, Mention, Sentence
from eatner.text import languages
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


def align_entities(
    sentences: Path,
    english: Path,
    entities: Path,
    *,
    language: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, Path],
    threads: int,
    form: str,
    llm: Source,
) -> None:
    """Align the English entities of a tag TSV, and write their phrases.

    Args:
        sentences: The sentences.
        english: The English entities.
        entities: The align TSV to write; the journal of the LLM's answers is beside it.
        language: Code of the sentences' language.
        settings: As of `Step`.
        inputs: As of `Step`.
        threads: As of `Step`.
        form: As of `Step`.
        llm: Where the LLM is.

    Raises:
        InputError: An input cannot be read, or the LLM cannot be opened.
    """
    step = Step(
        sentences=list(tables.read(sentences, Sentence)),
        mentions=list(tables.read(english, Mention)),
        language=languages.get(language),
        settings=settings,
        inputs=inputs,
        threads=threads,
        form=form,
        open_llm=llm.open,
        open_journal=partial(llm.open_journal, entities),
    )
    tables.write(entities, Alignment, kind_run("align", settings["kind"])(step))
