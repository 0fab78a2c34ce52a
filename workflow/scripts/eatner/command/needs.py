"""What must be fetched and made before a system can label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from eatner.config.components import Model
from eatner.config.configuration import Configuration
from eatner.labeller import Parts


@dataclass(frozen=True, slots=True)
class Need:
    """Something that is not there yet.

    Attributes:
        text: What is done about it, in one line.
        size: Number of bytes that are fetched for it; None if that is not known before.
    """

    text: str
    size: int | None = 0


def needs(configuration: Configuration, parts: Parts, directory: Path) -> list[Need]:
    """List what a system lacks in a directory: downloads first, then what is made of them.

    Args:
        configuration: The configuration.
        parts: The parts of the system.
        directory: The folder with `resources/` and `results/`.
    """
    missing = set(parts.missing(directory))
    found = dict.fromkeys(_needs(configuration, parts, missing, directory))
    return sorted(found, key=lambda need: need.size == 0)


def describe(found: Iterable[Need]) -> str:
    """Say what is needed, in a few lines."""
    return "".join(f"  {need.text}\n" for need in found)


def megabytes(size: int) -> str:
    """Write a number of bytes in MB or GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


def _needs(
    configuration: Configuration, parts: Parts, missing: set[str], directory: Path
) -> Iterator[Need]:
    wikis = {parts.language} if missing & {parts.hints, parts.titles, parts.names} else set()
    for part in (parts.translator, parts.tagger, parts.aligner):
        model = part.model
        weighs = part is parts.aligner and part.weights in missing
        tunes = model is not None and model.adapter in missing
        if model is not None and (model.folder in missing or tunes or weighs):
            yield from _model(configuration, model, directory)
        if model is not None and tunes:
            wikis |= set(model.wikis)
            yield Need(f"tune {model.base} on alignment pairs of {', '.join(model.wikis)}")
        if weighs:
            wikis |= set(parts.aligner.wikis)
            yield Need(f"learn the weights of {part.name} on alignment pairs")
    yield from _tagger(configuration, parts, missing, directory)
    if parts.aligner.encoder in missing:
        yield _from_hub(parts.aligner.settings)
    for language in sorted(wikis):
        yield from _wiki(configuration, language, directory)


def _model(configuration: Configuration, model: Model, directory: Path) -> Iterator[Need]:
    """The LLM of a part, or the one below its adapter."""
    if model.folder is None or (directory / model.folder).exists():
        return
    settings = configuration.models[model.base or model.name].settings
    if "artifact" in settings:
        yield from _artifact(configuration, settings["artifact"], directory)
    else:
        yield _from_hub(settings)


def _tagger(
    configuration: Configuration, parts: Parts, missing: set[str], directory: Path
) -> Iterator[Need]:
    tagger = parts.tagger.asked or parts.tagger
    if parts.tagger.weights not in missing:
        return
    if "artifact" in tagger.settings:
        yield from _artifact(configuration, tagger.settings["artifact"], directory)
    start = tagger.start or tagger.weights
    if "hub" in tagger.settings and start is not None and not (directory / start).exists():
        yield _from_hub(tagger.settings)
    if "train" in tagger.settings:
        yield Need(f"train the tagger {tagger.name}")


def _artifact(configuration: Configuration, name: str, directory: Path) -> Iterator[Need]:
    if (directory / "resources" / "artifacts" / name).exists():
        return
    rows = configuration.artifact(name)
    size = sum(int(row["bytes"]) for row in rows)
    licence = ", ".join(dict.fromkeys(row["licence"] for row in rows))
    yield Need(f"fetch {name}: {megabytes(size)}, licence: {licence}", size)


def _from_hub(settings: dict[str, str]) -> Need:
    where = f"{settings['hub']} at {settings['revision'][:12]}"
    return Need(f"fetch {where} from the Hugging Face hub, whose page has its licence", None)


def _wiki(configuration: Configuration, language: str, directory: Path) -> Iterator[Need]:
    wiki = configuration.wikis[language]
    if (directory / f"results/wiki/{language}/titles.tsv").exists():
        return
    if wiki.source == "date" and not (directory / wiki.dump).exists():
        date = wiki.settings["date"]
        yield Need(f"fetch the dump of {language}.wikipedia.org of {date}, CC BY-SA", None)
    yield Need(f"read the wiki of {language}: {wiki.source}")
