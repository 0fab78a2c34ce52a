"""Entities as tasks of Label Studio, with predictions that people correct.

The JSON is described at https://labelstud.io/guide/predictions and
https://labelstud.io/guide/task_format. Its offsets in a text count code points, as ours do. What
Label Studio exports as JSON is read as gold by `eatner.corpora.exports`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

from eatner.export.labelled import LabelledSentence
from eatner.files import atomic, write_text
from eatner.tables import TYPES

# The names of the two tags of the labelling interface, which every entity repeats.
LABELS, TEXT = "label", "text"
COLOURS = {"PER": "#0072b2", "LOC": "#d55e00", "ORG": "#009e73"}


def interface() -> str:
    """The labelling interface, which a project takes under Settings, Labeling Interface, Code."""
    labels = "\n".join(
        f'    <Label value="{kind}" background="{COLOURS[kind]}"/>' for kind in TYPES
    )
    return (
        f'<View>\n  <Labels name="{LABELS}" toName="{TEXT}">\n{labels}\n  </Labels>\n'
        f'  <Text name="{TEXT}" value="$text"/>\n</View>\n'
    )


def task(sentence: LabelledSentence, system: str) -> dict[str, object]:
    """The task of a sentence.

    Args:
        sentence: The sentence.
        system: The name of the system that found the entities.

    Returns:
        The sentence's id and text as `data`, and one prediction. Each entity has its confidence as
        `score` and its English as `meta`; the prediction has the mean of the confidences.
    """
    scores = [row.confidence for row in sentence.entities if row.confidence is not None]
    result = []
    for number, row in enumerate(sentence.entities):
        start, end = row.span
        value = {"start": start, "end": end, "text": row.surface, "labels": [row.type]}
        region: dict[str, object] = {
            "id": f"{sentence.sentence_id}-{number}",
            "from_name": LABELS,
            "to_name": TEXT,
            "type": "labels",
            "value": value,
            "meta": {"text": [row.english]},
        }
        if row.confidence is not None:
            region["score"] = row.confidence
        result.append(region)
    prediction: dict[str, object] = {"model_version": system, "result": result}
    if scores:
        prediction["score"] = round(fmean(scores), 3)
    return {
        "data": {"id": sentence.sentence_id, "text": sentence.text},
        "predictions": [prediction],
    }


def write(sentences: Iterable[LabelledSentence], system: str, tasks: Path, config: Path) -> None:
    """Write the tasks and the labelling interface.

    Args:
        sentences: The sentences.
        system: The name of the system that labelled them.
        tasks: Path of the JSON with a list of tasks, to be imported.
        config: Path of the XML of the interface.
    """
    with atomic(tasks) as partial, open(partial, "w", encoding="utf-8") as out:
        before = "[\n"
        for sentence in sentences:
            out.write(before + json.dumps(task(sentence, system), ensure_ascii=False))
            before = ",\n"
        out.write("\n]\n" if before != "[\n" else "[]\n")
    write_text(config, interface())
