from __future__ import annotations

import logging
from pathlib import Path

import pytest

from eatner import tables
from eatner.errors import InputError
from eatner.tables import Alignment, Sentence
from eatner.train import silver
from eatner.train.tagger_models import Labelled

TEXTS = {"a": "東京と大阪", "b": "アンナ", "c": "誰もいない", "d": "京都"}


def found(sentence_id: str, start: int, end: int, sure: float | None, kind: str) -> Alignment:
    surface = TEXTS[sentence_id][start:end]
    status = "repeat" if start else "aligned"
    return Alignment(sentence_id, "X", 0, 1, kind, start, end, surface, None, sure, status)


def write(folder: Path, *rows: Alignment) -> tuple[Path, Path]:
    paths = folder / "sentences.tsv", folder / "aligned.tsv"
    tables.write(paths[0], Sentence, [Sentence(key, text) for key, text in TEXTS.items()])
    tables.write(paths[1], Alignment, rows)
    return paths


def test_an_unsure_entity_is_kept_apart(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        found("a", 3, 5, 0.8, "LOC"),
        found("a", 0, 2, 0.9, "LOC"),
        found("b", 0, 3, 0.799, "PER"),
        Alignment("c", "Gone", 0, 4, "LOC", None, None, "", status="abstained"),
    )
    read = silver.read(*paths, 0.8)
    assert read.sentences == [
        Labelled("東京と大阪", ((0, 2, "LOC"), (3, 5, "LOC"))),
        Labelled("アンナ", (), ((0, 3),)),
        Labelled("誰もいない", ()),
        Labelled("京都", ()),
    ]
    assert read.counts == {
        "sentences": 4, "unsure entities": 1, "entities without a confidence": 0,
    }  # fmt: skip
    assert not any(item.unsure for item in silver.read(*paths, 0.0).sentences)


def test_no_confidence_counts_as_sure_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = write(tmp_path, found("b", 0, 3, None, "PER"))
    with caplog.at_level(logging.WARNING):
        read = silver.read(*paths, 0.8)
    assert Labelled("アンナ", ((0, 3, "PER"),)) in read.sentences
    assert read.counts["entities without a confidence"] == 1
    assert "aligned.tsv: 1 entities have no confidence and count as sure" in caplog.text


def test_nothing_to_learn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no entity to train on has a confidence of 0.8"):
        silver.read(*write(tmp_path, found("b", 0, 3, 0.5, "PER")), 0.8)


def test_a_tenth_is_held_out() -> None:
    data = [Labelled(str(number), ()) for number in range(40)]
    train, held = silver.hold_out(data, 1)
    assert len(held) == 4
    assert sorted([*train, *held], key=data.index) == data
    assert silver.hold_out(data, 1) == (train, held) != silver.hold_out(data, 2)
    with pytest.raises(InputError, match="only 9 labelled sentences"):
        silver.hold_out(data[:9], 1)
    unsure = [Labelled(str(number), (), ((0, 1),)) for number in range(20)]
    assert silver.hold_out([*unsure, *data[:3]], 1)[1] in (data[:2], data[1:3], data[0:3:2])
    with pytest.raises(InputError, match="only 1 labelled sentences are sure"):
        silver.hold_out([*unsure, data[0]], 1)
