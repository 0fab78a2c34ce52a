"""Rows of tables, made short."""

from __future__ import annotations

from pathlib import Path

from eatner import lexicon as lexicon_reader
from eatner import tables
from eatner.lexicon import Lexicon
from eatner.tables import GoldEntity, Mention, MentionStatus, Pair, Sentence, Title, Translation
from eatner.text.languages import Language
from eatner.wiki import lexicon as lexicon_builder


def sentences(*texts: str) -> list[Sentence]:
    """Sentences without tokens, named s0, s1 and so on."""
    return [Sentence(f"s{number}", text) for number, text in enumerate(texts)]


def translations(*texts: str) -> list[Translation]:
    """English texts, named s0, s1 and so on."""
    return [Translation(f"s{number}", text) for number, text in enumerate(texts)]


def mention(
    sentence_id: str,
    surface: str,
    kind: str = "LOC",
    *,
    start: int = 0,
    score: float | None = None,
    status: MentionStatus = "tagged",
) -> Mention:
    """A tagged entity; with another status it has no place."""
    span = (start, start + len(surface)) if status == "tagged" else (None, None)
    return Mention(sentence_id, *span, surface, kind, score, status)


def gold_entity(sentence: Sentence, surface: str, kind: str) -> GoldEntity:
    """A gold entity at the first place of its surface; without a type it is ignored."""
    start = sentence.text.index(surface)
    end = start + len(surface)
    status = "scored" if kind else "ignored"
    return GoldEntity(sentence.sentence_id, start, end, surface, kind, kind, status)


def pair(english: str, surface: str, sentence: str, page_id: int = 1) -> Pair:
    """An alignment pair; without a surface it is a negative one."""
    start = sentence.find(surface)
    kind = "anchor" if surface else "negative"
    return Pair(english, surface, sentence, start, start + len(surface), kind, page_id)


def lexicon(folder: Path, language: Language, titles: dict[str, str]) -> Lexicon:
    """A lexicon of articles with these titles and their English ones, made in a folder."""
    pages = (
        Title(number, title, "article", "", english, f"{title}は。", "[]")
        for number, (title, english) in enumerate(titles.items())
    )
    tables.write(folder / "titles.tsv", Title, pages)
    lexicon_builder.build(folder / "titles.tsv", folder / "lexicon.marisa", language)
    return lexicon_reader.load(folder / "lexicon.marisa")
