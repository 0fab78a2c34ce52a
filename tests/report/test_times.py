from __future__ import annotations

from eatner.report import times

SYSTEMS = [
    {"translator": "t", "tagger": "g", "aligner": "a"},
    {"translator": "t", "tagger": "g", "aligner": "b"},
]


def test_a_step_that_systems_share_has_one_file_a_corpus() -> None:
    files = times.labelling_files(["ja", "ko"], SYSTEMS, lambda *_: 1, {})
    assert files["translate: t"] == [
        f"logs/translate_sentences/{corpus}.t.benchmark.tsv" for corpus in ("ja", "ko")
    ]
    assert files["align: b"] == [
        f"logs/align_entities/{corpus}.t.g.b.benchmark.tsv" for corpus in ("ja", "ko")
    ]
    # A tagger is an English one or an LLM: one of its files exists.
    assert len(files["tag: g"]) == 4


def test_shards_of_a_step_have_a_file_each() -> None:
    shards = {"translator": 1, "tagger": 1, "aligner": 2}
    files = times.labelling_files(["ja"], SYSTEMS[:1], lambda _, part, name: shards[part], {})
    assert files["align: a"] == [
        f"logs/align_entities/ja.t.g.a/{shard}.benchmark.tsv" for shard in ("1-of-2", "2-of-2")
    ]
    assert files["translate: t"] == ["logs/translate_sentences/ja.t.benchmark.tsv"]


def test_a_tagger_that_is_reviewed_has_a_job_of_its_own() -> None:
    files = times.labelling_files(["ja"], SYSTEMS, lambda *_: 1, {"g": "below"})
    assert "logs/tag_english/ja.t.below.benchmark.tsv" in files["tag: below"]
    assert [step for step in files if "below" in step] == ["tag: below"]
    assert list(files) == ["translate: t", "tag: g", "align: a", "tag: below", "align: b"]


def test_what_is_learned_before() -> None:
    assert times.training_files(SYSTEMS, {"llm-ja": "adapter", "t5": "tagger"}) == {
        "weigh: a": ["logs/weigh_signals/a.benchmark.tsv"],
        "weigh: b": ["logs/weigh_signals/b.benchmark.tsv"],
        "train: llm-ja": ["logs/finetune_model/llm-ja.benchmark.tsv"],
        "train: t5": ["logs/train_tagger/t5.benchmark.tsv"],
    }


def test_seconds_of_what_was_measured(tmp_path) -> None:
    for name, seconds in (("one", 1.5), ("two", 2.25)):
        (tmp_path / name).write_text(f"s\th:m:s\n{seconds}\t0:00:01\n", encoding="utf-8")
    there, gone = [tmp_path / name for name in ("one", "two")], tmp_path / "three"
    assert times.seconds({"align: a": [*there, gone], "tag: g": [gone]}) == {"align: a": 3.75}
