from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eatner.report import records
from eatner.report.results import Result, Text

SETTINGS = {name: {"translator": {"kind": name}} for name in ("paper", "ours", "words")}


def result(name: str, f1: float, made: str = "today") -> Result:
    counts = np.arange(24).reshape(2, 4, 3)
    return Result({"overall": {"f1": f1}}, counts, SETTINGS[name], made, {"align: x": 2.5})


def text(**ran: Result) -> Text:
    return Text("ko-klue", "Korean", 2, 5, ran, {"lookup": "no wiki"}, "digest")


UNREAD = Text("ko-klue", "Korean", 0, 0, {}, {"lookup": "no wiki"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    records.write(
        text(paper=result("paper", 0.25), words=result("words", 0.5)), tmp_path / "r.json"
    )
    return tmp_path / "r.json"


def test_what_ran_elsewhere_is_there_where_nothing_has_run(path: Path) -> None:
    found = records.add_kept(UNREAD, path, SETTINGS)
    assert (found.sentences, found.support, found.gold) == (2, 5, "digest")
    assert found.impossible == UNREAD.impossible
    assert list(found.results) == ["paper", "words"]
    words, expected = found.results["words"], result("words", 0.5)
    assert words.counts.tolist() == expected.counts.tolist()
    assert replace(words, counts=expected.counts) == expected


def test_new_results_join_the_kept_ones_in_the_order_of_the_systems(path: Path) -> None:
    ran = text(ours=result("ours", 0.75, "now"), words=result("words", 0.625, "now"))
    found = records.add_kept(ran, path, SETTINGS)
    assert [(name, each.made) for name, each in found.results.items()] == [
        ("paper", "today"),
        ("ours", "now"),
        ("words", "now"),
    ]


def test_the_same_score_keeps_its_date(path: Path) -> None:
    found = records.add_kept(text(paper=result("paper", 0.25, "now")), path, SETTINGS)
    assert found.results["paper"].made == "today"
    before = path.read_bytes()
    records.write(found, path)
    assert path.read_bytes() == before


def test_results_of_other_settings_or_of_other_gold_are_left_out(path: Path) -> None:
    newer = SETTINGS | {"words": {"translator": {"kind": "words", "hints": True}, "shards": 1}}
    assert list(records.add_kept(UNREAD, path, newer).results) == ["paper", "words"]
    changed = SETTINGS | {"words": {"translator": {"kind": "other", "hints": True}}}
    assert list(records.add_kept(UNREAD, path, changed).results) == ["paper"]
    changed = SETTINGS | {"words": {"tagger": {"kind": "words"}}}
    assert list(records.add_kept(UNREAD, path, changed).results) == ["paper"]
    ran = replace(text(ours=result("ours", 0.75)), gold="other")
    assert records.add_kept(ran, path, SETTINGS) is ran


def test_nothing_is_written_of_a_corpus_that_has_not_run(tmp_path: Path) -> None:
    records.write(UNREAD, tmp_path / "r.json")
    assert not (tmp_path / "r.json").exists()
    assert records.add_kept(UNREAD, tmp_path / "r.json", SETTINGS) is UNREAD


def test_facts_are_merged_by_section(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    records.merge_facts(path, {"wikis": {"ja": 3}, "seconds": {}})
    merged = records.merge_facts(path, {"wikis": {"ko": 4}, "seconds": {"train: x": 1.5}})
    assert merged == {"wikis": {"ja": 3, "ko": 4}, "seconds": {"train: x": 1.5}}
    assert json.loads(path.read_text(encoding="utf-8")) == merged
