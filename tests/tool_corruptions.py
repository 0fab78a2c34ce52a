"""Corrupt the files of annotation tools at random: no corruption may give other gold in silence.

One corruption a file: a key renamed or dropped, a type changed, an offset shifted, a line cut, an
answer flipped. Then it gives the same gold, an error, or a warning that the sound file does not
give.

    python tests/tool_corruptions.py 20000
"""

from __future__ import annotations

import copy
import json
import logging
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from eatner.corpora import formats
from eatner.errors import InputError
from eatner.tables import TYPES
from eatner.text import languages
from eatner.text import sentences as text_sentences

TEXTS = [
    ("👍 Anna Muster wohnt in Köln.", [(2, 13, "PER"), (23, 27, "LOC")]),
    ("Она живёт в Москве и работает в НАТО.", [(12, 18, "LOC"), (32, 36, "ORG")]),
    ("Nichts geschah.", []),
    ("São Tomé liegt weit weg.", [(0, 8, "LOC")]),
]
Gold = list[tuple[str, tuple[tuple[int, int, str], ...]]]


def spans(number: int, *names: str, surface: str = "") -> list[dict[str, object]]:
    """The spans of a text, under keys for start, end and label, perhaps with their own text."""
    text, entities = TEXTS[number]
    return [
        dict(zip(names, span, strict=True)) | ({surface: text[slice(*span[:2])]} if surface else {})
        for span in entities
    ]


def tagged(number: int) -> dict[str, object]:
    text, entities = TEXTS[number]
    tokens, tags = [], []
    for match in re.finditer(r"\w+|[^\w\s]", text):
        label = next((e for e in entities if e[0] <= match.start() < e[1]), None)
        tokens.append(match[0])
        tags.append("O" if label is None else f"{'BI'[match.start() > label[0]]}-{label[2]}")
    return {"text": text, "tokens": tokens, "ner_tags": tags}


def sources() -> dict[str, list[object]]:
    """A sound file of each kind, as its records."""
    every = range(len(TEXTS))
    plain = ("start", "end", "label")
    answers = ["accept", "accept", "reject", "ignore"]
    found = {
        "surfaces": [
            {"text": TEXTS[n][0], "spans": spans(n, *plain, surface="surface")} for n in every
        ],
        "prodigy": [
            {"text": TEXTS[n][0], "spans": spans(n, *plain), "answer": answers[n], "_task_hash": n}
            for n in every
        ],
        "doccano": [
            {
                "id": n,
                "text": TEXTS[n][0],
                "entities": spans(n, "start_offset", "end_offset", "label"),
                "relations": [],
            }
            for n in every
        ],
        "tuples": [{"text": TEXTS[n][0], "label": [list(e) for e in TEXTS[n][1]]} for n in every],
        "pairs": [[TEXTS[n][0], {"entities": [list(e) for e in TEXTS[n][1]]}] for n in every],
        "label-studio": [
            {
                "id": n,
                "data": {"text": TEXTS[n][0]},
                "annotations": [
                    {
                        "was_cancelled": n == 3,
                        "ground_truth": False,
                        "result": [
                            {
                                "type": "labels",
                                "from_name": "label",
                                "value": {**span, "labels": [span["label"]]},
                            }
                            for span in spans(n, *plain, surface="text")
                        ],
                    }
                ],
                "predictions": [],
            }
            for n in every
        ],
        "label-studio-min": [
            {
                "id": n,
                "text": TEXTS[n][0],
                "label": [
                    {k: s[k] for k in ("start", "end", "text")} | {"labels": [s["label"]]}
                    for s in spans(n, *plain, surface="text")
                ],
            }
            for n in every
        ],
        "argilla-1": [
            {
                "text": TEXTS[n][0],
                "prediction": None,
                "annotation": None if n == 2 else spans(n, *plain),
                "status": ["Validated", "Validated", "Default", "Discarded"][n],
            }
            for n in every
        ],
        "argilla-2": [
            {
                "id": str(n),
                "fields": {"text": TEXTS[n][0]},
                "responses": {"ner": [{"value": spans(n, *plain), "user_id": "u"}]},
                "suggestions": {},
            }
            for n in every
        ],
        "feedback": [
            {
                "fields": {"text": TEXTS[n][0]},
                "responses": [
                    {
                        "user_id": "u",
                        "status": ["submitted", "submitted", "discarded", "submitted"][n],
                        "values": {"ner": {"value": spans(n, *plain)}},
                    }
                ],
            }
            for n in every
        ],
        "tokens": [tagged(n) for n in every],
        "gliner": [
            {"tokenized_text": ["Anna", "wohnt", "in", "New", "York"], "ner": [[0, 0, "PER"]]},
            {"tokenized_text": ["New", "York", "lebt"], "ner": [[0, 1, "LOC"]]},
        ],
        "dataturks": [
            {
                "content": TEXTS[n][0],
                "annotation": [
                    {"label": [s["label"]], "points": [{**s, "end": int(str(s["end"])) - 1}]}
                    for s in spans(n, *plain, surface="text")
                ],
            }
            for n in every
        ],
    }
    return {name: json.loads(json.dumps(records)) for name, records in found.items()}


BRAT = "T1\tPER 2 13\tAnna Muster\nT2\tLOC 23 27\tKöln\n#1\tAnnotatorNotes T1\tsure\n"
WEBANNO = (
    "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|identifier|value\n\n\n"
    "#Text=👍 Anna Muster lebt.\n1-1\t0-2\t👍\t_\t_\t\n1-2\t3-7\tAnna\t*[1]\tPER[1]\t\n"
    "1-3\t8-14\tMuster\t*[1]\tPER[1]\t\n1-4\t15-19\tlebt\t_\t_\t\n1-5\t19-20\t.\t_\t_\t\n\n"
    "#Text=Bonn\n2-1\t21-25\tBonn\t_\tLOC\t\n"
)


def nodes(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The paths to all values in a JSON value."""
    found = [path]
    keys = [*value] if isinstance(value, dict) else []
    for key in range(len(value)) if isinstance(value, list) else keys:
        found += nodes(at(value, (key,)), (*path, key))
    return found


def at(value: object, path: tuple[object, ...]) -> object:
    for key in path:
        value = value[key]  # type: ignore[index]
    return value


def _misspell(key: str, rng: random.Random) -> str:
    place = rng.randrange(len(key))
    return rng.choice([f"{key}s", f"x_{key}", key[:place] + key[place + 1 :], key.upper()])


def rename(records: list[object], rng: random.Random) -> str:
    paths = [path for path in nodes(records) if path and isinstance(path[-1], str)]
    *parent, key = rng.choice(paths)
    where = at(records, tuple(parent))
    assert isinstance(where, dict)
    new = _misspell(str(key), rng)
    items = [(new if name == key else name, value) for name, value in where.items()]
    where.clear()
    where.update(items)
    return f"{key} -> {new}"


def drop(records: list[object], rng: random.Random) -> str:
    *parent, key = rng.choice(
        [path for path in nodes(records) if path and isinstance(path[-1], str)]
    )
    where = at(records, tuple(parent))
    assert isinstance(where, dict)
    del where[key]
    return f"{key} dropped"


def retype(records: list[object], rng: random.Random) -> str:
    *parent, key = rng.choice([path for path in nodes(records) if path])
    where = at(records, tuple(parent))
    old = where[key]  # type: ignore[index]
    new = rng.choice([str(old), [old], {"value": old}, None, True, 1.5, ""])
    where[key] = new  # type: ignore[index]
    return f"{key}: {old!r} -> {new!r}"


def shift(records: list[object], rng: random.Random) -> str:
    paths = [
        path
        for path in nodes(records)
        if type(at(records, path)) is int and path[-1] not in ("id", "_task_hash")
    ]
    if not paths:
        return rename(records, rng)
    *parent, key = rng.choice(paths)
    where = at(records, tuple(parent))
    where[key] += rng.choice([-2, -1, 1, 2])  # type: ignore[index]
    return f"{[*parent, key]} shifted"


def flip(records: list[object], rng: random.Random) -> str:
    choices = {
        "answer": ["accept", "reject", "ignore", "accepted"],
        "status": ["Validated", "Discarded", "Default", "submitted", "discarded", "done"],
        "was_cancelled": [True, False],
    }
    paths = [path for path in nodes(records) if path and path[-1] in choices]
    if not paths:
        return rename(records, rng)
    *parent, key = rng.choice(paths)
    where = at(records, tuple(parent))
    new = rng.choice([choice for choice in choices[str(key)] if choice != at(where, (key,))])
    where[key] = new  # type: ignore[index]
    return f"{key} -> {new!r}"


def cut(text: str, rng: random.Random) -> tuple[str, str]:
    """Cut a line so that something is left of it: a line that is gone leaves no trace."""
    lines = text.split("\n")
    number = rng.choice([n for n, line in enumerate(lines) if len(line.strip()) > 1])
    line = lines[number]
    kept = rng.randrange(len(line) - len(line.lstrip()) + 1, len(line))
    lines[number] = lines[number][:kept]
    return "\n".join(lines), f"line {number + 1} cut at {kept}"


def edit(text: str, rng: random.Random) -> tuple[str, str]:
    """Change a number, or a tab to a space."""
    match = rng.choice([*re.finditer(r"\d+(?=[ \t-])|(?<=[ -])\d+|\t", text)])
    new = " " if match[0] == "\t" else str(max(0, int(match[0]) + rng.choice([-1, 1])))
    return text[: match.start()] + new + text[match.end() :], f"{match[0]!r} -> {new!r}"


class _Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.add(record.getMessage())


def read(path: Path) -> tuple[Gold, set[str]]:
    """The gold of a file and the warnings about it."""
    handler, log = _Messages(), logging.getLogger("eatner")
    log.addHandler(handler)
    try:
        splitter = partial(text_sentences.split, language=languages.get("de"))
        sentences = formats.read(path, language_spaces=True, splitter=splitter)
        sentences = formats.check_labels(sentences, {t: t for t in TYPES}, path)
        gold: Gold = [
            (s.text, tuple(sorted((e.start, e.end, e.label) for e in s.entities)))
            for s in sentences
        ]
    finally:
        log.removeHandler(handler)
    return gold, handler.messages


def undetectable(name: str, kind: str, what: str, sound: Gold, other: Gold) -> bool:
    """Whether the corrupt file is as sound as the other.

    A record was rejected and is accepted now; or a span was shifted onto words, and has no text of
    its own that would show it.
    """
    if kind == "flip":
        return what.endswith(("-> 'accept'", "-> False", "-> 'Validated'", "-> 'submitted'"))
    if kind != "shift" or name in ("surfaces", "label-studio", "label-studio-min", "dataturks"):
        return False
    return [text for text, _ in sound] == [text for text, _ in other]


WRITERS: dict[str, Callable[[list[object]], str]] = {
    "lines": lambda records: "\n".join(json.dumps(r, ensure_ascii=False) for r in records) + "\n",
    "list": lambda records: json.dumps(records, ensure_ascii=False),
    "pretty": lambda records: json.dumps(records, ensure_ascii=False, indent=1),
}
CORRUPTIONS = {"rename": rename, "drop": drop, "retype": retype, "shift": shift, "flip": flip}


def _write(folder: Path, name: str, content: str) -> Path:
    if name != "brat":
        path = folder / "corpus"
        path.write_text(content, encoding="utf-8")
        return path
    path = folder / "corpus.ann"
    path.write_text(content, encoding="utf-8")
    path.with_suffix(".txt").write_text("\n".join(t for t, _ in TEXTS) + "\n", encoding="utf-8")
    return path


def trial(rng: random.Random, folder: Path) -> tuple[str, str]:
    """Corrupt one file once.

    Returns:
        What came of it (same, error, warning, undetectable or silent), and what was done.
    """
    every = sources()
    name = rng.choice([*every, "brat", "webanno"])
    writer = rng.choice([*WRITERS])
    if name in every:
        sound = WRITERS[writer](every[name])
        kind = rng.choice([*CORRUPTIONS, "cut"])
        if kind == "cut":
            corrupt, what = cut(sound, rng)
        else:
            records = copy.deepcopy(every[name])
            what = CORRUPTIONS[kind](records, rng)
            corrupt = WRITERS[writer](records)
    else:
        sound = BRAT if name == "brat" else WEBANNO
        kind = rng.choice(["cut", "edit"])
        corrupt, what = (cut if kind == "cut" else edit)(sound, rng)
    what = f"{name} ({writer}), {kind}: {what}"
    gold, known = read(_write(folder, name, sound))
    try:
        other, messages = read(_write(folder, name, corrupt))
    except InputError:
        return "error", what
    if other == gold:
        return "same", what
    if messages - known:
        return "warning", what
    if undetectable(name, kind, what, gold, other):
        return "undetectable", what
    return "silent", f"{what}\n    {gold}\n    {other}"


def main(count: int, seed: int = 1) -> int:
    """Run so many trials and print what came of them; the number of silent ones."""
    rng = random.Random(seed)
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count):
            outcome, what = trial(rng, Path(folder))
            outcomes[outcome] += 1
            if outcome == "silent":
                sys.stdout.write(f"{what}\n")
    sys.stdout.write(f"{dict(outcomes)}\n")
    return outcomes["silent"]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])) > 0)
