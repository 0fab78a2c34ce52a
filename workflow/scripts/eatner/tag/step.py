"""What a kind of tagger is given to do its step.

The module of a kind is named after it (`token-classification` is `token_classification.py`) and has
one function `run(step: Step) -> Iterator[Mention]`, which takes what it needs of a step.
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
from eatner.llm.journal import Journal, answers_of, open_journal
from eatner.llm.open import Source
from eatner.shards import OpenJournal
from eatner.tables import Mention, Translation
from eatner.text import languages
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
        mentions: What another tagger found in them, for a kind that reviews it: rows of a tag TSV.
        settings: The tagger's configuration, with all defaults.
        language: The texts' language.
        form: How the LLM is asked, `few-shot` or `chat`.
        open_llm: Loads the LLM.
        open_journal: Opens the journal of what the LLM has answered.
    """

    translations: Sequence[Translation]
    mentions: Sequence[Mention]
    settings: Mapping[str, Any]
    language: Language
    form: str
    open_llm: Callable[[], LLM]
    open_journal: Callable[[], Journal]


def tag_english(
    english: Path,
    entities: Path,
    *,
    settings: Mapping[str, Any],
    inputs: Mapping[str, Path],
    threads: int,
) -> None:
    """Tag the English of a translate TSV, and write its entities.

    Args:
        english: The English.
        entities: The tag TSV to write; the journal of a neural tagger is beside it.
        settings: As of `Step`.
        inputs: As of `Step`; the weights of a tagger that was trained here stand for their folder.
        threads: As of `Step`.

    Raises:
        InputError: An input cannot be read.
    """
    model = inputs.get("model")
    if model is not None and model.is_file():
        model = model.parent
        inputs = {**inputs, "model": model}
    asked = settings.get("tagger")

    def journal_of(code: str) -> Journal:
        return open_journal(entities, answers_of(code, asked or settings, model))

    step = Step(
        translations=list(tables.read(english, Translation)),
        settings=settings,
        inputs=inputs,
        threads=threads,
        open_journal=journal_of,
        run_asked=asked and kind_run("tag", asked["kind"]),
    )
    tables.write(entities, Mention, kind_run("tag", settings["kind"])(step))


def tag_with_llm(
    english: Path,
    entities: Path,
    *,
    language: str,
    settings: Mapping[str, Any],
    form: str,
    llm: Source,
    tagged: Path | None = None,
    shard: str = "",
) -> None:
    """Ask an LLM for the entities of a translate TSV, block by block, and write them.

    Args:
        english: The texts.
        entities: The tag TSV to write; the journals of the LLM's answers are beside it.
        language: Code of the texts' language.
        settings: As of `LLMStep`.
        form: As of `LLMStep`.
        llm: Where the LLM is.
        tagged: The tag TSV of another tagger, for a kind that reviews it.
        shard: Which shard of the texts, such as `2-of-4`; empty for all of them.

    Raises:
        InputError: An input cannot be read, or the LLM cannot be opened.
    """
    rows, mentions = Indexed(english, Translation), Indexed(tagged, Mention)
    ids = rows.sentence_ids
    run, identity = kind_run("tag", settings["kind"]), cache(llm.answers_of)

    def tag(block: range, open_journal: OpenJournal) -> Iterator[Mention]:
        of_block = ids[block.start : block.stop]
        step = LLMStep(
            translations=rows.of(of_block),
            mentions=mentions.of(of_block),
            settings=settings,
            language=languages.get(language),
            form=form,
            open_llm=llm.open,
            open_journal=lambda: open_journal(identity()),
        )
        return run(step)

    with keeping({}):
        labelled = shards.label(len(ids), entities, shard, tag, whole=False)
        tables.write(entities, Mention, labelled)
