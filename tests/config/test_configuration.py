"""What a configuration answers to the rules and to the targets of a run."""

from __future__ import annotations

import subprocess
import sys

import pytest
from configurations import DEFAULT, EVERY_KIND, TAUGHT, read
from smoke import COMPARE, ROOT

from eatner.errors import InputError


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"corpora": []}, "name `corpora` and `systems`"),
        ({"corpora": ["mini", "ko-demo"]}, "'ko-demo' is raw text and has no gold"),
    ],
)
def test_a_comparison_without_gold_or_corpora_is_refused_when_it_is_asked_for(change, said):
    configuration = read({"compare": COMPARE | change})
    with pytest.raises(InputError, match=said):
        configuration.comparison()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda c: c.corpus("mimi"), "unknown corpus 'mimi'. Did you mean 'mini'?"),
        (lambda c: c.wiki("fr"), "unknown wiki 'fr'. Known: ja, ko, ru."),
        (lambda c: c.translator("nope"), "unknown translator 'nope'"),
        (lambda c: c.tagger("nope"), "unknown tagger 'nope'"),
        (lambda c: c.tagger("toy", "nope"), "unknown translator 'nope'"),
        (lambda c: c.aligner("nope", "tiny"), "unknown aligner 'nope'"),
        (lambda c: c.aligner("fused", "nope"), "unknown translator 'nope'"),
        (lambda c: c.adapter("nope"), "unknown model 'nope'"),
        (lambda c: c.adapter("tiny"), "'tiny' has no adapter"),
        (lambda c: c.artifact("nope"), "unknown artifact 'nope'"),
        (lambda c: c.package("nope"), "unknown package file 'nope'"),
        (lambda c: c.tagger("lookup", "tiny"), "the tagger 'lookup' works on the sentence itself"),
        (lambda c: c.aligner("identity", "tiny"), "Use a translator of kind `identity`."),
        (lambda c: c.corpus_with_gold("ko-demo"), "Ask for results/ko-demo/entities.tsv instead"),
        (lambda c: c.title_lexicon("lookup", "fr"), "there is no wiki of the language 'fr'"),
    ],
)
def test_a_bad_target_is_refused(asked, said):
    configuration = read({"corpora": {"french": {"language": "fr", "file": "mini.iob2"}}})
    with pytest.raises(InputError) as caught:
        asked(configuration)
    assert str(caught.value).startswith("target: ")
    assert said in str(caught.value)


def test_the_library_reads_a_configuration_without_snakemake():
    code = "import sys, eatner.config.configuration; sys.exit('snakemake' in sys.modules)"
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    )


def test_english_that_exists_is_paired_as_its_corpus_was_read(configuration):
    lines, corpus = configuration.translator("parallel"), configuration.translator("english")
    assert (lines.english, corpus.english) == ("mini.en.txt", "results/en/sentences.tsv")
    assert configuration.pairing("parallel", "mini") == configuration.corpus("mini").reading
    assert configuration.pairing("english", "mini") == {"sampled": False}
    assert configuration.pairing("english", "near") == {"sampled": True}
    assert configuration.pairing("tiny", "mini") is None


def test_a_record_holds_what_a_score_depends_on(configuration):
    record = configuration.record(
        {"translator": "remote", "tagger": "titles", "aligner": "vllm-de"}
    )
    assert list(record) == ["translator", "tagger", "aligner"]
    address = {"url": "http://h/v1", "name": "n"}
    remote = record["translator"]["model"]
    assert (remote["name"], remote["endpoint"], remote["backend"]) == (
        *("remote", address),
        "endpoint",
    )
    assert not {"concurrency", "gpus", "rank", "quantisation"} & set(remote)
    assert record["tagger"]["tagger"]["name"] == "bert"
    aligner = record["aligner"]
    assert (aligner["model"]["rank"], aligner["base"]["context"]) == (4, 8192)
    assert not {"backend", "gpus"} & set(aligner["model"])
    assert not {"gpus", "quantisation", "rank"} & set(aligner["base"])
    record = configuration.record(DEFAULT["default"])
    assert record["tagger"]["tagger"]["sha256"] == {
        row["file"]: row["sha256"] for row in configuration.artifact("en-core-web-sm")
    }


def test_systems_are_compared_in_the_order_in_which_they_are_selected():
    select = ["untuned", "tiny"]
    configuration = read({"compare": COMPARE | {"select": select}})
    assert list(configuration.systems) == select
    corpora, systems = configuration.comparison()
    assert (corpora, systems) == (["mini", "mini-ja"], configuration.systems)
    everything = {key: value for key, value in COMPARE.items() if key != "select"}
    assert {*COMPARE["systems"]} < {*read({"compare": everything}).systems}


def test_a_comparison_without_a_baseline_takes_the_default_system_or_the_first():
    compare = {key: value for key, value in COMPARE.items() if key != "baseline"}
    assert read({"compare": COMPARE | {"baseline": "untuned"}}).baseline == "untuned"
    assert read({"compare": compare}).baseline == "tiny"
    persons = COMPARE["systems"]["persons"]
    assert read({"compare": compare, "default": persons}).baseline == "persons"


def test_what_is_trained_for_a_comparison_is_named_once():
    systems = {
        "a": {"translator": "tuned", "tagger": "bert", "aligner": "tiny-ko"},
        "b": {"translator": "tiny", "tagger": "taught", "aligner": "vllm-de"},
        "c": {"translator": "identity", "tagger": "titles", "aligner": "identity"},
    }
    compare = {"corpora": ["mini"], "systems": systems, "select": [*systems], "baseline": "a"}
    assert read(EVERY_KIND, {"compare": compare}).trained == {
        **{"vllm-de": "adapter", "bert": "tagger"},
        **{"tiny-ko": "adapter", "taught": "tagger"},
    }


@pytest.mark.parametrize(
    ("corpora", "system", "fetched"),
    [
        (["mini"], ("tiny", "toy", "tiny-ko"), []),
        (["ja", "ja-all"], ("gemma-names", "reviewed", "fused-ja"), [
            "resources/artifacts/en-core-web-sm", "resources/artifacts/hironsancorpus",
            "resources/models/gemma-3-270m", "resources/models/qwen2.5-coder-0.5b-instruct",
        ]),
        (["web", "far"], ("tuned", "hub", "identity"), [
            "resources/corpora/far.jsonl", "resources/corpora/web/fr.iob2", "resources/models/hub",
            "resources/models/vllm", "resources/wiki/de/langlinks.sql.gz",
            "resources/wiki/de/pages-articles-multistream.xml.bz2",
        ]),
        (["mini"], ("identity", "titles", "identity"), [
            "resources/corpora/far.jsonl", "resources/corpora/near.jsonl", "resources/models/bert",
        ]),
        (["mini"], ("english", "gold", "words"), ["resources/models/words"]),
        (["mini"], ("remote", "t5", "identity"), ["resources/corpora/near.jsonl"]),
    ],
)  # fmt: skip
def test_what_is_fetched_is_all_that_comes_from_outside(configuration, corpora, system, fetched):
    named = dict(zip(("translator", "tagger", "aligner"), system, strict=True))
    assert configuration.fetched(corpora, [named]) == fetched


def test_a_student_needs_what_its_teacher_needs():
    teacher = {"translator": "tuned", "tagger": "hub", "aligner": "vllm-de"}
    recipe = {"labelled": ["web"], "system": teacher}
    configuration = read(EVERY_KIND, {"taggers": {"student": {**TAUGHT, "train": recipe}}})
    student = {"translator": "identity", "tagger": "student", "aligner": "identity"}
    needed = configuration.fetched(["web"], [teacher])
    assert "resources/models/hub" in needed
    assert set(needed) <= set(configuration.fetched(["mini"], [student]))
