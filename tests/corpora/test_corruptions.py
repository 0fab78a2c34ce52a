"""A corrupted file gives the same gold, an error or a warning; `corruptions.py` does many more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from corpora.corruptions import CORRUPTIONS, VALID, corpus, outcomes, read


@pytest.mark.parametrize("name", VALID)
def test_a_valid_file_is_read_as_its_gold(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    sentences = corpus(random.Random(7))
    path = tmp_path / "corpus"
    path.write_text(VALID[name](sentences), encoding="utf-8")
    gold, warned = read(path)
    assert [text.split() for text, _ in gold] == [[word for word, _ in s] for s in sentences]
    for (text, entities), words in zip(gold, sentences, strict=True):
        starts = [sum(len(w) + 1 for w, _ in words[:at]) for at in range(len(words))]
        begun = [(starts[at], tag[2:]) for at, (_, tag) in enumerate(words) if tag[0] == "B"]
        assert [(start, label) for start, _, label in entities] == begun
        assert all(text[end : end + 1] in " " for _, end, _ in entities)
    assert not warned


def test_nothing_is_misread_in_silence(tmp_path: Path) -> None:
    found = list(outcomes(len(VALID) * len(CORRUPTIONS) * 2, seed=1, folder=tmp_path))
    assert len(found) > 230
    assert {outcome.kind for outcome in found} >= {"same", "error", "warning"}
    silent = [outcome for outcome in found if outcome.kind == "silent"]
    assert [(o.format, o.corruption, o.content, o.after) for o in silent] == []
