"""Label the same sentences by the workflow and from Python, and compare what comes out.

    python bench/bench_api.py --sentences 200 --languages ja ko ru zh --out docs/benchmarks/api.md

The sentences are the first of NTREX-128 (see docs/benchmarks/data.md), one to a line. The workflow
reads them as a corpus of `format: text`; the labeller gets them as texts that are not split. Both
use the default system. A stopped run can be continued: the workflow keeps what it has labelled.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

import eatner
from eatner.command.run import run
from eatner.files import write_text
from eatner.labeller import Entity
from eatner.text import languages

DATA = Path("../shared/data/ntrex128")
NAMES = {"ja": "jpn", "ko": "kor", "ru": "rus", "zh": "zho-CN", "de": "deu", "hi": "hin"}

Found = tuple[str, str, int, int, float | None, str]


@dataclass(frozen=True)
class Compared:
    """What came out for a language: by the workflow, from Python, and in how many seconds."""

    language: str
    workflow: list[list[Found]]
    python: list[list[Found]]
    seconds: tuple[float, float]

    @property
    def same(self) -> int:
        """Number of entities that both found alike: text, type, place, confidence, English."""
        return sum(
            len(set(one) & set(other))
            for one, other in zip(self.workflow, self.python, strict=True)
        )

    @property
    def differing(self) -> list[int]:
        """Numbers of the sentences whose entities differ, from 1."""
        pairs = enumerate(zip(self.workflow, self.python, strict=True), 1)
        return [number for number, (one, other) in pairs if one != other]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sentences", type=int, default=200, help="number of each language")
    parser.add_argument("--languages", nargs="+", default=["ja", "ko", "ru", "zh"], choices=NAMES)
    parser.add_argument("--out", type=Path, required=True, help="path of the page to write")
    options = parser.parse_args()
    out = options.out.resolve()
    os.chdir(ROOT)
    compared = []
    for language in options.languages:
        compared.append(compare(language, options.sentences))
        write_text(out, page(compared, options.sentences))
    return int(any(each.differing for each in compared))


def compare(language: str, most: int) -> Compared:
    with open(DATA / f"newstest2019-ref.{NAMES[language]}.txt", encoding="utf-8") as lines:
        texts = [line.strip() for line in islice(lines, most)]
    name = f"api-{language}-{most}"
    path = Path("results/bench") / f"{name}.txt"
    text = "".join(f"{line}\n" for line in texts)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    corpora = {name: {"language": language, "file": str(path), "format": "text"}}
    started = time.monotonic()
    target = f"results/{name}/entities.jsonl"
    if run([target, "--config", f"corpora={json.dumps(corpora)}"]):
        sys.exit(f"the workflow could not label {path}")
    by_workflow = time.monotonic() - started
    with open(target, encoding="utf-8") as lines:
        workflow = [of_record(json.loads(line)) for line in lines]
    labeller = eatner.load(language)
    started = time.monotonic()
    python = [list(map(of_entity, found)) for found in labeller.label(texts, split=False)]
    return Compared(language, workflow, python, (by_workflow, time.monotonic() - started))


def of_record(record: dict) -> list[Found]:
    return [
        (s["surface"], s["type"], s["start"], s["end"], s["confidence"], s["english"])
        for s in record["spans"]
    ]


def of_entity(entity: Entity) -> Found:
    return (
        entity.text,
        entity.type,
        entity.start,
        entity.end,
        entity.confidence,
        entity.english,
    )


def page(compared: list[Compared], most: int) -> str:
    rows = [
        f"| {languages.get(each.language).name} | {len(each.python)} |"
        f" {sum(map(len, each.workflow))} | {sum(map(len, each.python))} | {each.same} |"
        f" {len(each.differing)} | {each.seconds[0]:.0f} | {each.seconds[1]:.0f} |"
        for each in compared
    ]
    return "\n".join(
        [
            "# The workflow and the Python API",
            "",
            "`make bench-api` labels the same sentences by the workflow and by `eatner.load`, both",
            f"with the default system: the first {most} of NTREX-128 in each language. An entity",
            "is the same if its text, type, offsets, confidence and English are.",
            "",
            "| language | sentences | entities, workflow | entities, API | the same |"
            " sentences that differ | seconds, workflow | seconds, API |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            "The workflow's seconds include the start of its jobs, and are few where a run was",
            f"continued. Machine: {os.cpu_count()} cores, {platform.machine()}.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
