"""Entities as a collection of brat: https://brat.nlplab.org/standoff.html.

Offsets count code points of the text file, in which every sentence is a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from eatner.export.labelled import ONE_LINE, LabelledSentence
from eatner.files import atomic
from eatner.tables import TYPES

# Of the four sections, brat wants every one.
CONFIGURATION = "[entities]\n{}\n[relations]\n[events]\n[attributes]\n"


def write(sentences: Iterable[LabelledSentence], name: str, out: Path) -> None:
    """Write a folder that lies in brat's data folder as a collection.

    Args:
        sentences: The sentences. White space that would end a line is written as a space.
        name: The name of the document.
        out: Path of the folder: NAME.txt, NAME.ann and annotation.conf. An entity's English and
            its confidence are notes, which brat shows.
    """
    number = begin = 0
    with (
        atomic(out) as folder,
        _create(folder / f"{name}.txt") as text,
        _create(folder / f"{name}.ann") as annotation,
    ):
        types = "".join(f"{kind}\n" for kind in TYPES)
        (folder / "annotation.conf").write_text(CONFIGURATION.format(types), encoding="utf-8")
        for sentence in sentences:
            line = sentence.text.translate(ONE_LINE)
            text.write(line + "\n")
            for row in sentence.entities:
                number += 1
                start, end = row.span
                annotation.write(
                    f"T{number}\t{row.type} {begin + start} {begin + end}\t{line[start:end]}\n"
                )
                sure = "" if row.confidence is None else f" ({row.confidence})"
                note = row.english.translate(ONE_LINE) + sure
                annotation.write(f"#{number}\tAnnotatorNotes T{number}\t{note}\n")
            begin += len(line) + 1


def _create(path: Path) -> TextIO:
    path.parent.mkdir(exist_ok=True)
    return open(path, "w", encoding="utf-8", newline="\n")
