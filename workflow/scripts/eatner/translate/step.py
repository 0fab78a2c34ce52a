"""What a kind of translator is given to do its step.

The module of a kind is named after it (`entity-aware` is `entity_aware.py`) and has one function
`run(step: Step) -> Iterator[Translation]`, which takes what it needs of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eatner import shards, tables
from eatner.indexed import Indexed
from eatner.keep import keeping
from eatner.kinds import kind_run
from eatner.llm.base import LLM
from eatner.llm.journal import Journal
from eatner.llm.open import Source
from eatner.shards import OpenJournal
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
    shard: str = "",
) -> None:
    """Translate a sentences.tsv, block by block, and write the English; see `eatner.shards`.

    Args:
        sentences: The sentences.
        english: The translate TSV to write; the journals of the LLM's answers are beside it.
        language: Code of the sentences' language.
        settings: As of `Step`.
        inputs: As of `Step`.
        form: As of `Step`.
        llm: Where the LLM is.
        pairing: As of `Step`.
        shard: Which shard of the sentences, such as `2-of-4`; empty for all of them.

    Raises:
        InputError: An input cannot be read, or the LLM cannot be opened.
    """
    rows = Indexed(sentences, Sentence)
    ids = rows.sentence_ids
    run, answers_of = kind_run("translate", settings["kind"]), cache(llm.answers_of)

    def translate(block: range, open_journal: OpenJournal) -> Iterator[Translation]:
        step = Step(
            sentences=rows.of(ids[block.start : block.stop]),
            language=languages.get(language),
            settings=settings,
            pairing=pairing or {},
            inputs=inputs,
            form=form,
            open_llm=llm.open,
            open_journal=lambda: open_journal(answers_of()),
        )
        return run(step)

    with keeping({}):
        labelled = shards.label(len(ids), english, shard, translate, whole=llm.engine is None)
        tables.write(english, Translation, labelled)
