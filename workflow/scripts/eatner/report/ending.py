"""What came out of a run, in a few lines for the terminal."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from eatner import tables
from eatner.tables import FOUND, STAGES, TYPES, Entity, Sentence

PAGE = "entities.html"
COMPARISON = "compare/index.html"


def ending(made: Iterable[Path], results: Path, again: Callable[[str], Sequence[str]]) -> str:
    """Say what the files that a run was asked for hold, and what to try next.

    Args:
        made: Files of the run; only scores, entities and the comparison are told about.
        results: The folder `results`.
        again: Gives the command that makes a further target.

    Returns:
        Some lines, or nothing if the run made none of these files.
    """
    names = {path.relative_to(results).as_posix() for path in made if path.is_relative_to(results)}
    corpora = sorted(
        name.split("/")[0] for name in names if name.count("/") == 1 and name.endswith("/f1.json")
    )
    told = [scored(results / corpus) for corpus in corpora]
    told += [
        labelled(results / name.split("/")[0])
        for name in sorted(names)
        if name.count("/") == 1 and name.endswith("/entities.tsv")
        if name.split("/")[0] not in corpora
    ]
    if COMPARISON in names:
        told.append(f"comparison: {results / COMPARISON} shows all systems\n")
    if not told:
        return ""
    if corpora or COMPARISON in names:
        told.append(f"Next: {shlex.join(again(_next(corpora, results)))}\n")
    return "\n" + "".join(told)


def scored(folder: Path) -> str:
    """Say what score the configured system of a corpus has, and where its files are.

    Args:
        folder: The corpus's folder in `results`, with its f1.json.
    """
    record = json.loads((folder / "f1.json").read_text(encoding="utf-8"))
    overall, system = record["overall"], record["system"]
    parts = [system[part] for part in ("translator", "tagger", "aligner")]
    below = folder.joinpath("score", *parts[:2], f"{parts[2]}.errors.tsv")
    aligned = folder.joinpath("align", *parts[:2], f"{parts[2]}.tsv")
    low, high = overall["f1_ci95"]
    lines = [
        f"{record['corpus']} ({record['language']}), {' + '.join(parts)}:",
        f"  F1 {_percent(overall['f1'])}, 95% interval {_percent(low)} to {_percent(high)}"
        f" (precision {_percent(overall['precision'])}, recall {_percent(overall['recall'])};"
        f" {record['sentences']} sentences, {overall['support']} entities in gold)",
        f"  entities  {aligned}",
        f"  errors    {below}{_most_errors(record['errors_by_stage'])}",
        f"  score     {folder / 'f1.json'}, drawn in {folder / 'f1.svg'}",
    ]
    if (folder / PAGE).exists():
        lines.append(f"  page      {folder / PAGE}")
    return "\n".join(lines) + "\n"


def labelled(folder: Path) -> str:
    """Say how many entities a corpus has, and where its page is.

    Args:
        folder: The corpus's folder in `results`, with its entities.tsv.
    """
    rows = [row for row in tables.read(folder / "entities.tsv", Entity) if row.status in FOUND]
    sentences = sum(1 for _ in tables.read(folder / "sentences.tsv", Sentence))
    count = Counter(row.type for row in rows)
    types = ", ".join(f"{count[kind]} {kind}" for kind in TYPES)
    return (
        f"{folder.name}: {_number(len(rows), 'entity', 'entities')} in "
        f"{_number(sentences, 'sentence', 'sentences')} ({types})\n"
        f"  entities  {folder / 'entities.tsv'}, .conll, .jsonl\n"
        f"  page      {folder / PAGE}\n"
    )


def _number(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def _most_errors(stages: dict[str, Any]) -> str:
    """Name the stage at which most entities are lost, if any is."""
    missed = {stage: stages["missed"].get(stage, 0) for stage in STAGES}
    worst = max(missed, key=lambda stage: missed[stage])
    total = sum(missed.values())
    if not total:
        return ""
    return f" ({total} missed entities; at the stage {worst}: {missed[worst]})"


def _next(corpora: Sequence[str], results: Path) -> str:
    """The target that shows most of what is not there yet."""
    for corpus in corpora:
        if not (results / corpus / PAGE).exists():
            return f"{results.name}/{corpus}/entities.tsv"
    if not (results / COMPARISON).exists():
        return f"{results.name}/{COMPARISON}"
    return "--report=report.html"
