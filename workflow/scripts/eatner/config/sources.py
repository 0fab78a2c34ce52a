"""The sources of a configuration as records: corpora, and the wikis of languages.

As `eatner.config.components`, they hold names and paths and do no work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

Settings = dict[str, Any]

READING = [
    "language",
    "format",
    "scheme",
    "separator",
    "token_column",
    "tag_column",
    "text_key",
    "spans_key",
    "types",
    "sample",
]
RAW_FORMATS = ("text", "paragraphs", "prose")
# The source of a wiki is the first of these that is configured.
WIKI_SOURCES = ["dump", "date", "sample"]
WIKI_FILES = {
    "dump": "pages-articles-multistream.xml.bz2",
    "langlinks": "langlinks.sql.gz",
    "index": "pages-articles-multistream-index.txt.bz2",
}


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A text to label.

    Attributes:
        text: The file or the folder that holds it, local or fetched.
        is_raw: Whether it is raw text, which has no gold.
        lexicon: The lexicon of its language's wiki, if there is one.
        system: The names of its translator, tagger and aligner.
        shards: Number of jobs that share its sentences where a model labels them.
    """

    name: str
    settings: Settings
    language: str
    text: str
    is_raw: bool
    lexicon: str | None
    system: dict[str, str]
    shards: int

    @property
    def reading(self) -> Settings:
        """The settings that say how the text is read."""
        return {key: self.settings[key] for key in READING}

    @property
    def partner(self) -> str | None:
        """The other file of a document of brat, which has a text and its annotation."""
        other = {".txt": ".ann", ".ann": ".txt"}.get(Path(self.text).suffix)
        path = Path(self.text).with_suffix(other) if other else None
        return str(path) if path is not None and path.is_file() else None

    @property
    def is_dataset(self) -> bool:
        """Whether it is a dataset, on the hub or in a folder of its layout."""
        return "hub" in self.settings or "folder" in self.settings

    @property
    def is_sample(self) -> bool:
        """Whether only some of its sentences are taken."""
        return self.settings["sample"] is not None


@dataclass(frozen=True, kw_only=True)
class Wiki:
    """The wiki of a language.

    Attributes:
        source: One of `WIKI_SOURCES`.
        dump: The file of its pages.
        langlinks: The file of its links to other languages.
        index: The index of the dump, if there is one.
    """

    language: str
    settings: Settings
    source: str
    dump: str
    langlinks: str
    index: str | None


def wiki_source(wiki: Mapping[str, Any]) -> str:
    """Return where a wiki comes from: a local dump, else a mirror's dump, else the sample."""
    return next(source for source in WIKI_SOURCES if source in wiki)


def lexicon(language: str, values: Settings) -> str | None:
    """Return the lexicon of a language's wiki, if a checked configuration has one."""
    return f"results/wiki/{language}/lexicon.marisa" if language in values["wikis"] else None


def resolve_corpus(name: str, values: Settings) -> Corpus:
    """Resolve a corpus of a checked configuration."""
    settings = values["corpora"][name]
    if "file" in settings:
        text = settings["file"]
    elif "artifact" in settings:
        text = f"resources/artifacts/{settings['artifact']}"
    elif "url" in settings:
        text = f"resources/corpora/{name}/{PurePosixPath(urlsplit(settings['url']).path).name}"
    else:
        text = f"resources/corpora/{name}.jsonl"
    language = settings["language"]
    return Corpus(
        name=name,
        settings=settings,
        language=language,
        text=text,
        is_raw=settings["format"] in RAW_FORMATS,
        lexicon=lexicon(language, values),
        system=settings.get("system", values["default"]),
        shards=settings.get("shards", values["shards"]),
    )


def resolve_wiki(language: str, values: Settings) -> Wiki:
    """Resolve the wiki of a language in a checked configuration."""
    settings = values["wikis"][language]
    source = wiki_source(settings)
    if source == "dump":
        files = {key: settings.get(key) for key in WIKI_FILES}
    else:
        files = {key: f"resources/wiki/{language}/{name}" for key, name in WIKI_FILES.items()}
    return Wiki(language=language, settings=settings, source=source, **files)
