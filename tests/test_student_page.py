"""The page of the student's benchmark."""

from __future__ import annotations

from types import ModuleType

import pytest
from places import ROOT, script

from eatner import tables
from eatner.tables import Sentence


@pytest.fixture
def bench() -> ModuleType:
    return script("bench/bench_student.py")


def test_nothing_is_said_of_what_has_not_run(bench, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    configuration = bench.configured()
    monkeypatch.chdir(tmp_path)
    page = bench.page(configuration)
    assert "The student has not been trained yet." in page
    assert page.count("not run yet") == 14


def test_the_pace_counts_the_tagger_that_is_reviewed(bench, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    system = {"translator": "t", "tagger": "g", "aligner": "a"}
    logs = ("translate_sentences/ja.t", "tag_with_llm/ja.t.g", "tag_english/ja.t.below")
    for number, name in enumerate((*logs, "align_entities/ja.t.g.a"), 1):
        path = tmp_path / "logs" / f"{name}.benchmark.tsv"
        path.parent.mkdir(parents=True)
        path.write_text(f"s\tcpu_time\n{number}\t{2 * number}\n", encoding="utf-8")
    rows = [Sentence(str(number), "東京") for number in range(20)]
    tables.write(tmp_path / "results/ja/sentences.tsv", Sentence, rows)
    assert bench.pace("ja", system, {"g": "below"}) == bench.Pace(2.0, 1.0)
    assert bench.pace("ko", system, {}) is None
