"""What a kind of aligner is given to do its step.

The module of a kind is named after it and has one function `run(step: Step) ->
Iterator[Alignment]`, which takes what it needs of a step.
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
from eatner.tables import Alignment, Mention, Sentence, Translation
from eatner.text import languages
from eatner.text.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """English entities that are to be taken back to their sentences.

    Attributes:
        sentences: Rows of sentences.tsv.
        mentions: Rows of a tag TSV.
        translations: Rows of a translate TSV, for a kind that reads them.
        language: The sentences' language.
        settings: The aligner's configuration, with all defaults.
        inputs: Paths of the files that a kind reads, by the name of the rule's input: `weights`
            (what the signals count), `lexicon` (names in the sentences' language) and `encoder`
            (the folder of a multilingual encoder).
        threads: Upper limit on the threads of an encoder.
        form: How the LLM is asked, `few-shot`, `chat` or `tuned`; empty without an LLM.
        open_llm: Loads the LLM.
        open_journal: Opens the journal of what the LLM has answered.
    """

    sentences: Sequence[Sentence]
    mentions: Sequence[Mention]
    translations: Sequence[Translation]
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
    translation: Path | None = None,
    shard: str = "",
) -> None:
    """Align the English entities of a tag TSV, block by block, and write their phrases.

    Args:
        sentences: The sentences.
        english: The English entities.
        entities: The align TSV to write; the journals of the LLM's answers are beside it.
        language: Code of the sentences' language.
        settings: As of `Step`.
        inputs: As of `Step`.
        threads: As of `Step`.
        form: As of `Step`.
        llm: Where the LLM is.
        translation: The English, for a kind that reads it.
        shard: Which shard of the sentences, such as `2-of-4`; empty for all of them.

    Raises:
        InputError: An input cannot be read, or the LLM cannot be opened.
    """
    rows, mentions = Indexed(sentences, Sentence), Indexed(english, Mention)
    translations = Indexed(translation, Translation)
    ids = rows.sentence_ids
    run, answers_of = kind_run("align", settings["kind"]), cache(llm.answers_of)

    def align(block: range, open_journal: OpenJournal) -> Iterator[Alignment]:
        of_block = ids[block.start : block.stop]
        step = Step(
            sentences=rows.of(of_block),
            mentions=mentions.of(of_block),
            translations=translations.of(of_block),
            language=languages.get(language),
            settings=settings,
            inputs=inputs,
            threads=threads,
            form=form,
            open_llm=llm.open,
            open_journal=lambda: open_journal(answers_of()),
        )
        return run(step)

    whole = llm.engine is None and "encoder" not in inputs
    with keeping({}):
        labelled = shards.label(len(ids), entities, shard, align, whole=whole)
        tables.write(entities, Alignment, labelled)
