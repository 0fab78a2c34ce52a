from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import tool_corruptions


def test_no_corruption_gives_other_gold_in_silence(tmp_path: Path) -> None:
    rng = random.Random(7)
    trials = [tool_corruptions.trial(rng, tmp_path) for _ in range(300)]
    assert [what for outcome, what in trials if outcome == "silent"] == []
    counts = Counter(outcome for outcome, _ in trials)
    assert counts["error"] > 100
    assert counts["warning"] > 20
    assert counts["same"] < 100


def test_the_sound_files_are_read_without_an_error(tmp_path: Path) -> None:
    for name, records in tool_corruptions.sources().items():
        path = tmp_path / name
        path.write_text(tool_corruptions.WRITERS["lines"](records), encoding="utf-8")
        gold, _ = tool_corruptions.read(path)
        assert sum(len(entities) for _, entities in gold) >= 2, name
