"""What systems did on a corpus, kept as figures alone.

An experiment of many hours is computed a part at a time, perhaps on several machines. Its records
outlive `results/`: they hold scores and counts, and no text of a corpus.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eatner.files import write_text
from eatner.report.results import Result, Text


def add_kept(text: Text, path: Path, settings: Mapping[str, Mapping[str, Any]]) -> Text:
    """Add the results of a record to those of a corpus.

    Args:
        text: The corpus with what has run here. If it was read here, results of other gold are
            left out.
        path: The record, which may be missing.
        settings: What each system is configured as. Results of other settings are left out; a
            setting that did not exist yet when they were computed does not count.

    Returns:
        The corpus with all its results. Where both have the same score, the record's is kept.
    """
    if not path.exists():
        return text
    record = json.loads(path.read_text(encoding="utf-8"))
    if text.sentences and text.gold != record["gold"]:
        return text
    kept = {
        name: Result(**{**result, "counts": np.array(result["counts"])})
        for name, result in record["systems"].items()
        if name in settings and _agree(result["settings"], settings[name])
    }
    new = {
        name: result
        for name, result in text.results.items()
        if name not in kept or kept[name].score != result.score
    }
    every = kept | new
    return replace(
        text,
        sentences=record["sentences"],
        support=record["support"],
        gold=record["gold"],
        results={name: every[name] for name in settings if name in every},
    )


def _agree(then: object, now: object) -> bool:
    """Whether all settings of then are the same now."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        return all(key in now and _agree(value, now[key]) for key, value in then.items())
    return then == now


def write(text: Text, path: Path) -> None:
    """Write the record of a corpus, a system a line; nothing if no system has run."""
    if not text.results:
        return
    head = {"sentences": text.sentences, "support": text.support, "gold": text.gold}
    lines = [
        f"{json.dumps(name)}: "
        + json.dumps(
            {
                "settings": result.settings,
                "made": result.made,
                "seconds": result.seconds,
                "score": result.score,
                "counts": result.counts.tolist(),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for name, result in text.results.items()
    ]
    begin = json.dumps(head)[:-1] + ', "systems": {\n'
    write_text(path, begin + ",\n".join(lines) + "\n}}\n")


def merge_facts(path: Path, facts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Add facts to those of a file, by section and name, write them all, and return them."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    merged = {section: kept.get(section, {}) | dict(found) for section, found in facts.items()}
    write_text(path, json.dumps(merged, indent=1, ensure_ascii=False) + "\n")
    return merged
