"""Label texts from Python: the steps of the workflow, in this process.

    import eatner

    labeller = eatner.load(language="ko")
    for entity in labeller("김철수는 어제 서울에서 열린 회의에 참석했다."):
        print(entity.text, entity.type, entity.start, entity.end)

The steps read and write the same files as the workflow's jobs, in a temporary folder. Models,
adapters and weights are those that the workflow has made in `resources/` and `results/`.
"""

from __future__ import annotations

import shlex
import tempfile
import threading
import warnings
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from eatner import progress as bars
from eatner import tables
from eatner.align.step import align_entities
from eatner.config import files
from eatner.config.components import Aligner, Component, Tagger, Translator
from eatner.config.configuration import Configuration
from eatner.errors import InputError
from eatner.keep import keeping
from eatner.llm.open import Source
from eatner.machine import let_threads_sleep, step_threads
from eatner.project import ROOT
from eatner.tables import FOUND, Alignment, Sentence, Span, by_sentence
from eatner.tag.step import tag_english, tag_with_llm
from eatner.text import languages
from eatner.text import sentences as text_sentences
from eatner.translate.step import translate_sentences

BATCH = 256
# What needs more of a text than the text itself, and so labels no new one.
ORACLES = {"parallel", "gold"}
# torch's threads, which the steps set, belong to the process: one batch at a time.
_ONE = threading.RLock()


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, a place or an organisation in a text.

    Attributes:
        text: Its phrase: `text[start:end]` of the labelled text.
        type: `PER`, `LOC` or `ORG`.
        start: Offset of its first code point in the text.
        end: Offset after its last code point.
        confidence: Probability that the span is right, 0 to 1; None if the aligner gives none.
        english: The entity in the English translation.
    """

    text: str
    type: str
    start: int
    end: int
    confidence: float | None
    english: str


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a system, as a configuration describes them, and the files that they need.

    Attributes:
        language: Code of the texts' language.
        translator: The translator.
        tagger: The tagger.
        aligner: The aligner.
        hints: The lexicon for the translator.
        titles: The lexicon for the tagger.
        names: The lexicon for the aligner.
    """

    language: str
    translator: Translator
    tagger: Tagger
    aligner: Aligner
    hints: str | None
    titles: str | None
    names: str | None

    @classmethod
    def of(cls, configuration: Configuration, language: str, system: Mapping[str, str]) -> Parts:
        """Look the parts of a system up.

        Args:
            configuration: The configuration.
            language: Code of the texts' language.
            system: The names of a translator, a tagger and an aligner.

        Raises:
            InputError: A name or the language is unknown, the parts do not go together, or one of
                them is an oracle, which labels no new text.
        """
        languages.get(language)
        translator = configuration.translator(system["translator"])
        tagger = configuration.tagger(system["tagger"], translator.name)
        for part in (translator, tagger):
            if part.kind in ORACLES:
                raise InputError(
                    f"{part.name!r} is of the kind `{part.kind}`, which takes its answers from a "
                    "corpus and labels no new text",
                    record="the system",
                    remedy="Name another one.",
                )
        return cls(
            language=language,
            translator=translator,
            tagger=tagger,
            aligner=configuration.aligner(system["aligner"], translator.name),
            hints=configuration.hint_lexicon(translator.name, language),
            titles=configuration.title_lexicon(tagger.name, language),
            names=configuration.aligner_lexicon(system["aligner"], language),
        )

    @property
    def files(self) -> list[str]:
        """The files and folders that labelling needs, each once, models first."""
        named: list[str | None] = []
        for part in (self.translator, self.tagger, self.aligner):
            named += [part.llm, part.adapter]
        named += [self.tagger.weights, self.aligner.encoder, self.aligner.weights]
        named += [self.hints, self.titles, self.names]
        return [path for path in dict.fromkeys(named) if path is not None]

    def missing(self, directory: Path) -> list[str]:
        """The files that a directory lacks; each is a target of the workflow."""
        return [path for path in self.files if not (directory / path).exists()]


class Labeller:
    """Labels texts of one language with one system. `eatner.load` makes it.

    Models are loaded with the first text, and stay in memory as long as the labeller does. Two
    labellers that use the same model share it.

    Attributes:
        language: Code of the language.
        system: The names of its translator, tagger and aligner.
    """

    def __init__(self, parts: Parts, directory: Path) -> None:
        self.language = parts.language
        self.system = {
            "translator": parts.translator.name,
            "tagger": parts.tagger.name,
            "aligner": parts.aligner.name,
        }
        self._parts, self._directory = parts, directory
        self._language = languages.get(parts.language)
        self._models: dict[Hashable, Any] = {}

    def __repr__(self) -> str:
        return f"<eatner labeller of {self.language!r}: {' + '.join(self.system.values())}>"

    def __call__(self, text: str) -> list[Entity]:
        """Label one text.

        Args:
            text: The text, of any length.

        Returns:
            Its entities, from left to right; none overlaps another.

        Raises:
            InputError: It is no text or cannot be encoded, or a model cannot be loaded.
        """
        return next(self.label([text], progress=False))

    def label(
        self,
        texts: Iterable[str],
        *,
        split: bool = True,
        batch: int = BATCH,
        progress: bool = True,
    ) -> Iterator[list[Entity]]:
        """Label many texts, in batches, which is much faster than one after the other.

        Args:
            texts: The texts. They are read a batch at a time, so they may be a stream.
            split: Whether each text is split into sentences: at line ends and at the marks of its
                language. Without it, each text is one sentence, as in a corpus of `format: text`.
            batch: Number of texts that go through the steps together.
            progress: Whether progress bars are shown, on standard error.

        Returns:
            For each text, in their order, its entities from left to right. Offsets are those of
            the text as it was given. A batch is labelled when its first text is asked for.

        Raises:
            TypeError: `texts` is one text, or no iterable.
            ValueError: `batch` is no positive whole number.
            InputError: A text is none or cannot be encoded, or a model cannot be loaded.
        """
        if isinstance(texts, str | bytes):
            raise TypeError("label() takes several texts; for one, call labeller(text)")
        if not isinstance(texts, Iterable):
            raise TypeError(f"label() takes an iterable of texts, not {type(texts).__name__}")
        if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
            raise ValueError(f"batch is {batch!r}; it must be a whole number of at least 1")
        return self._label(texts, split, batch, progress)

    def _label(
        self, texts: Iterable[str], split: bool, batch: int, progress: bool
    ) -> Iterator[list[Entity]]:
        waiting = iter(texts)
        number = 0
        with ExitStack() as stack:
            total = len(texts) if isinstance(texts, Sequence) else None
            bar = None
            if progress and (total is None or total > batch):
                bar = stack.enter_context(bars.counter("labelling", "text", total))
            while several := list(islice(waiting, batch)):
                with _ONE, bars.inner(shown=progress), keeping(self._models):
                    found = self._batch(several, split, number)
                number += len(several)
                if bar is not None:
                    bar.update(len(several))
                yield from found

    def _batch(self, texts: Sequence[str], split: bool, before: int) -> list[list[Entity]]:
        """Label some texts; `before` is the number of those that came before, for messages."""
        spans = [self._spans(text, split, before + n) for n, text in enumerate(texts)]
        places = [(n, span) for n, several in enumerate(spans) for span in several]
        ids = [f"{number:06d}" for number in range(1, len(places) + 1)]
        rows = [
            Sentence(name, texts[n][start:end])
            for name, (n, (start, end)) in zip(ids, places, strict=True)
        ]
        found: list[list[Entity]] = [[] for _ in texts]
        if not rows:
            return found
        aligned = by_sentence(row for row in self._steps(rows) if row.status in FOUND)
        for name, (n, (begin, _)) in zip(ids, places, strict=True):
            for row in sorted(aligned[name], key=lambda row: row.span):
                start, end = row.span
                found[n].append(
                    Entity(
                        row.surface,
                        row.type,
                        begin + start,
                        begin + end,
                        row.confidence,
                        row.english,
                    )
                )
        return found

    def _spans(self, text: str, split: bool, number: int) -> list[Span]:
        """The sentences of a text, those that are blank left out."""
        if not isinstance(text, str):
            raise InputError(
                f"{type(text).__name__} is not text",
                record=f"text {number}, counted from 0",
                remedy="Give a str; decode bytes first.",
            )
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"it holds half of a character ({error.object[error.start]!r} at {error.start})",
                record=f"text {number}, counted from 0",
                remedy="Decode it again from its bytes, as UTF-8 or as what it is in.",
            ) from error
        if split:
            return text_sentences.split(text, self._language)
        return [(0, len(text))] if text.strip() else []

    def _steps(self, rows: Sequence[Sentence]) -> list[Alignment]:
        """Take sentences through the workflow's three steps, by way of their files."""
        parts = self._parts
        with tempfile.TemporaryDirectory(prefix="eatner-") as name, warnings.catch_warnings():
            # These warnings of libraries are for programmers; jobs do not show them either.
            warnings.simplefilter("ignore", FutureWarning)
            folder = Path(name)
            sentences = folder / "sentences.tsv"
            tables.write(sentences, Sentence, rows)
            english, mentions, aligned = (
                folder / step / f"{part.name}.tsv"
                for step, part in (
                    ("translate", parts.translator),
                    ("tag", parts.tagger),
                    ("align", parts.aligner),
                )
            )
            translate_sentences(
                sentences,
                english,
                language=self.language,
                settings=parts.translator.settings,
                inputs=self._inputs(lexicon=parts.hints),
                form=parts.translator.prompt or "",
                llm=self._source(parts.translator),
            )
            self._tag(parts.tagger, english, mentions)
            inputs = self._inputs(
                weights=parts.aligner.weights,
                lexicon=parts.names,
                encoder=parts.aligner.encoder,
            )
            align_entities(
                sentences,
                mentions,
                aligned,
                language=self.language,
                settings=parts.aligner.settings,
                inputs=inputs,
                threads=step_threads(),
                form=parts.aligner.prompt or "",
                llm=self._source(parts.aligner),
                translation=english if parts.aligner.reads_english else None,
            )
            return list(tables.read(aligned, Alignment))

    def _tag(self, tagger: Tagger, english: Path, mentions: Path) -> None:
        if tagger.model:
            tagged = None
            if tagger.reviewed and tagger.asked:
                tagged = mentions.with_name(f"{tagger.reviewed}.reviewed.tsv")
                self._tag(tagger.asked, english, tagged)
            keeps_language = self._parts.translator.keeps_language
            tag_with_llm(
                english,
                mentions,
                language=self.language if keeps_language else "en",
                settings=tagger.settings,
                form=tagger.prompt or "",
                llm=self._source(tagger),
                tagged=tagged,
            )
        else:
            tag_english(
                english,
                mentions,
                settings=tagger.settings,
                inputs=self._inputs(model=tagger.weights, lexicon=self._parts.titles),
                threads=step_threads(),
            )

    def _inputs(self, **paths: str | None) -> dict[str, Path]:
        return {name: self._directory / path for name, path in paths.items() if path is not None}

    def _source(self, part: Component) -> Source:
        paths = self._inputs(folder=part.llm, adapter=part.adapter)
        return Source(
            engine=part.engine,
            pace=part.pace,
            folder=paths.get("folder"),
            adapter=paths.get("adapter"),
            threads=step_threads(),
        )


def load(
    language: str,
    *,
    system: str | None = None,
    translator: str | None = None,
    tagger: str | None = None,
    aligner: str | None = None,
    config: str | Path | Mapping[str, Any] | Sequence[str | Path] = (),
    directory: str | Path = ".",
) -> Labeller:
    """Make a labeller of what the workflow has made.

    Args:
        language: Code of the texts' language (ISO 639, as Wikipedia uses it): `ko`, `ja`, `zh`.
        system: Name of a system under `compare: systems:`; without it, the system under `default:`.
        translator: Name of another translator to take in its place.
        tagger: Name of another tagger.
        aligner: Name of another aligner.
        config: Configuration beside the default one: a file, several files, or settings.
        directory: The folder with `resources/` and `results/`, in which the workflow runs. Paths in
            the configuration are relative to it.

    Returns:
        The labeller. Nothing is loaded yet, and nothing is ever fetched.

    Raises:
        InputError: The configuration is wrong, a name or the language is unknown, or a model, an
            adapter, weights or a lexicon are not made yet; the message has the command that makes
            them.
    """
    for name, value in {"language": language, "system": system}.items():
        if not isinstance(value, str | None):
            raise TypeError(f"{name} is a name, not {type(value).__name__}")
    let_threads_sleep()
    directory = Path(directory).resolve()
    configuration = read_configuration(config, directory)
    chosen = choose(configuration, system, translator, tagger, aligner)
    parts = Parts.of(configuration, language, chosen)
    missing = parts.missing(directory)
    if missing:
        command = ["eatner", "run", *missing]
        named = () if isinstance(config, Mapping) else _paths(config)
        if named:
            command += ["--configfile", *map(str, named)]
        if directory != Path.cwd():
            command += ["--directory", str(directory)]
        raise InputError(
            f"{len(missing)} of its files {'is' if len(missing) == 1 else 'are'} not made yet",
            record=f"the system {' + '.join(chosen.values())}",
            remedy=f"Run: {shlex.join(command)}",
        )
    return Labeller(parts, directory)


def read_configuration(
    config: str | Path | Mapping[str, Any] | Sequence[str | Path], directory: Path
) -> Configuration:
    """Read the default configuration and what adds to it; see `load`."""
    if not directory.is_dir():
        raise InputError(
            "is no folder" if directory.exists() else "does not exist",
            path=directory,
            remedy="Name the folder with resources/ and results/, or make it.",
        )
    with chdir(directory):
        values = files.read([files.default(ROOT), *_paths(config)])
        if isinstance(config, Mapping):
            files.add(values, config)
        return Configuration.read(values, ROOT)


def choose(
    configuration: Configuration,
    system: str | None = None,
    translator: str | None = None,
    tagger: str | None = None,
    aligner: str | None = None,
) -> dict[str, str]:
    """Return the names of a system's parts: of a named system or the default one, with changes."""
    chosen = configuration.values["default"] if system is None else configuration.system(system)
    changes = {"translator": translator, "tagger": tagger, "aligner": aligner}
    return chosen | {part: name for part, name in changes.items() if name is not None}


def _paths(config: str | Path | Mapping[str, Any] | Sequence[str | Path]) -> list[Path]:
    if isinstance(config, Mapping):
        return []
    return [Path(config)] if isinstance(config, str | Path) else [Path(path) for path in config]
