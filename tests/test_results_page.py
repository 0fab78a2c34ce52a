"""The paper's experiment in small: its plan, and the page of what has run of it."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from places import GOLD_OF_PAPER_SMALL, script
from smoke import Project

from eatner import tables
from eatner.evaluate.score import score
from eatner.tables import STAGES, Alignment, GoldEntity, Sentence

CORPORA = ["ja", "zh-gsd", "ko-klue", "ru-wikiann", "hi-hiner", "de-wikiann"]
WITH_WIKI = ["ja", "ko-klue", "ru-wikiann"]
KOREAN = "오늘 서울은 맑다."


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    return script("bench/bench_paper.py")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A copy of the project beside files that stand for the gold, which only the plan looks for."""
    folder = tmp_path_factory.mktemp("small")
    for name in GOLD_OF_PAPER_SMALL:
        path = folder / "shared/data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n", encoding="utf-8")
    return Project(folder / "project")


@pytest.fixture
def experiment(bench, project, monkeypatch):
    monkeypatch.chdir(project.folder)
    return bench.chosen(bench.configured(), None)


# --- the plan -----------------------------------------------------------------------------------


def test_all_of_it_is_planned_and_shared_steps_once(bench, experiment, project):
    targets = [*bench.scores(experiment, experiment.corpora), bench.COMPARISON]
    planned = project.plan(*targets, "--configfile", "config/paper-small.yaml")
    systems = experiment.configuration.systems
    texts, lookups = len(CORPORA), len(WITH_WIKI)
    assert experiment.corpora == CORPORA
    assert planned["read_corpus"] == planned["check_gold"] == texts
    translators = {parts["translator"] for parts in systems.values()}
    assert translators == {"paper-1.5b", "names-1.5b", "plain-1.5b", "gemma-names", "identity"}
    assert planned["translate_sentences"] == texts * len(translators)
    assert planned["tag_english"] == texts * 4 + lookups
    assert planned["tag_with_llm"] == texts * 4
    assert planned["align_entities"] == planned["score_system"] == texts * len(systems) + lookups
    assert planned["finetune_model"] == planned["compare_systems"] == 1
    assert planned["convert_gguf"] == 3
    assert planned["weigh_signals"] == 4
    assert planned["build_pairs"] == 3


def test_the_systems_differ_by_one_thing(experiment):
    systems = experiment.systems
    ours = systems["ours"]
    for name, parts in {
        "ours-1.5b": {"aligner"},
        "ours-1.5b-tuned": {"aligner"},
        "words": {"aligner"},
        "no-hints": {"translator"},
        "one-signal": {"aligner"},
        "no-fusion": {"aligner"},
        "paper-tuned": {"aligner"},
    }.items():
        other = systems["paper"] if name == "paper-tuned" else ours
        assert {part for part in other if other[part] != systems[name][part]} == parts, name
    aligners = experiment.configuration.aligners
    left = aligners["one-signal"].settings["without"]
    assert set(left) == {"contrast", "back", "reading", "lexicon", "hint", "shape"}
    corpora = [experiment.configuration.corpora[name] for name in CORPORA]
    assert all(corpus.reading["sample"] == 60 for corpus in corpora)


def test_some_languages_alone(bench, experiment, project):
    some = bench.chosen(experiment.configuration, ["hi", "ko"])
    assert some.corpora == ["ko-klue", "hi-hiner"]
    paths = bench.scores(some, some.corpora)
    assert [path for path in paths if "/lookup/" in path] == [
        "results/ko-klue/score/identity/lookup/identity.json"
    ]
    assert {path.split("/")[1] for path in paths} == {"ko-klue", "hi-hiner"}
    only = "compare={corpora: [ko-klue, hi-hiner]}"
    files = ("--configfile", "config/paper-small.yaml", "--config", only)
    planned = project.plan(*paths, bench.COMPARISON, *files)
    assert planned["score_system"] == 2 * len(experiment.configuration.systems) + 1


def test_an_unknown_language_is_refused(bench, experiment):
    with pytest.raises(SystemExit, match=r"unknown language fr\. Known: ja, zh, ko"):
        bench.chosen(experiment.configuration, ["ko", "fr"])


def test_pairs_of_systems(bench):
    systems = ["paper", "paper-tuned", "ours", "ours-1.5b", "ours-1.5b-tuned", "words", "lookup"]
    assert bench.pairs(systems) == [
        ("ours", "paper"),
        ("ours", "ours-1.5b"),
        ("ours", "words"),
        ("ours", "lookup"),
        ("ours-1.5b-tuned", "paper-tuned"),
        ("paper-tuned", "paper"),
        ("ours-1.5b-tuned", "ours-1.5b"),
    ]


# --- the page -----------------------------------------------------------------------------------


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_result(bench, experiment, corpus: str, found: dict[str, int]) -> None:
    """Files of systems that find so many of twenty places."""
    folder = Path("results", corpus)
    sentences = [Sentence(f"{at:06}", KOREAN) for at in range(20)]
    gold = [GoldEntity(row.sentence_id, 3, 5, "서울", "LOC", "LOC") for row in sentences]
    tables.write(folder / "sentences.tsv", Sentence, sentences)
    tables.write(folder / "gold.tsv", GoldEntity, gold)
    for name, number in found.items():
        parts = experiment.systems[name]
        entities = [
            Alignment(row.sentence_id, "Seoul", 0, 5, "LOC", 3, 5, "서울", 0.9)
            for row in sentences[:number]
        ]
        path = Path(bench.ENTITIES.format(corpus=corpus, **parts))
        tables.write(path, Alignment, entities)
        missed = dict.fromkeys(STAGES, 0) | {"translation": 20 - number}
        record = {
            **score(gold, entities, sentences, seed=1),
            "corpus": corpus,
            "language": "ko",
            "system": parts,
            "errors_by_stage": {
                "correct": number,
                "missed": missed,
                "spurious": dict.fromkeys(STAGES, 0),
            },
            "provenance": {
                "sha256": {"align": digest(path), "gold.tsv": digest(folder / "gold.tsv")},
                "versions": {"torch": "2.13.0", "eatner": "0.1.0"},
            },
        }
        out = Path(bench.SCORE.format(corpus=corpus, **parts))
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture
def ran(bench, experiment, tmp_path, monkeypatch):
    """Some systems have run on Korean, nothing on the other languages; the page's folder."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    write_result(bench, experiment, "ko-klue", {"paper": 2, "ours": 15, "lookup": 6})
    return tmp_path / "docs"


def section(page: str, heading: str) -> str:
    [found] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return found


def test_the_page_of_partial_results(bench, experiment, ran):
    bench.write_page(experiment, ran / "results.md")
    page = (ran / "results.md").read_text(encoding="utf-8")
    assert "Korean (`ko-klue`): not paper-tuned, ours-1.5b, ours-1.5b-tuned, small" in page
    assert "Hindi (`hi-hiner`): no system" in page
    assert re.search(r"^\| lookup \| not run \| no wiki \| 46\.2‡? \[", page, re.MULTILINE)
    shown = section(page, "What it shows")
    assert "`ours` − `paper`: the interval is above zero in 1 of 1 language (Korean)." in shown
    assert "not run" not in shown
    assert "`ours` misses 5 of 20 gold entities, by step: translation 5 (100%)." in shown
    assert "The best system by F1: `ours` in Korean." in shown
    limits = section(page, "What it cannot show")
    assert "Sentences: Korean 20." in limits
    assert "Chinese, Hindi and German: there is no such wiki" in limits
    assert "Versions: torch 2.13.0, eatner 0.1.0." in page
    for picture in ("f1", "stages"):
        assert f"](results/{picture}.svg)" in page
        assert (ran / "results" / f"{picture}.svg").stat().st_size > 2000


@pytest.mark.parametrize(
    ("system", "changed"),
    [
        ("ours", {"seed": 1}),
        ("ours", {"taggers": {"spacy-sm": {"types": {"PERSON": "PER"}}}}),
        ("ours", {"wikis": {"ru": {"sample": "elsewhere"}}}),
        ("paper-tuned", {"models": {"qwen2.5-coder-1.5b-instruct": {"prompt": "few-shot"}}}),
        ("lookup", {"taggers": {"spacy-sm": {"types": {"PERSON": "PER"}}}}),
    ],
)
def test_a_system_is_configured_as_all_that_it_uses(bench, experiment, system, changed):
    values = experiment.configuration.values
    parts = experiment.systems_of("ko-klue")[system]
    before = bench.settings_of(experiment, "ko-klue", parts)
    for section, value in changed.items():
        for name, given in value.items() if isinstance(value, dict) else ():
            values[section][name] = values[section][name] | given
        if not isinstance(value, dict):
            values[section] = value
    assert bench.settings_of(experiment, "ko-klue", parts) != before


def test_what_ran_elsewhere_stays_on_the_page(bench, experiment, ran):
    bench.write_page(experiment, ran / "results.md")
    page = (ran / "results.md").read_bytes()
    shutil.rmtree("results")
    bench.write_page(experiment, ran / "results.md")
    assert (ran / "results.md").read_bytes() == page
    kept = (ran / "results/ko-klue.json").read_text(encoding="utf-8")
    assert KOREAN not in kept
    assert "서울" not in kept


def test_only_the_languages_that_were_asked_for_are_shown(bench, experiment, ran):
    korean = bench.chosen(experiment.configuration, ["ko"])
    bench.write_page(korean, ran / "results.md")
    page = (ran / "results.md").read_text(encoding="utf-8")
    assert "Korean" in page
    assert "no system" not in page
    assert "**Hindi**" not in page


def test_nothing_has_run(bench, experiment, tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    bench.write_page(experiment, tmp_path / "results.md")
    page = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "- Nothing has run yet." in page
    assert "![" not in page
    figures = re.sub(r"\[[^]]*\]\([^)]*\)|`[^`]*`", "", section(page, "By language"))
    assert not re.search(r"\d+\.\d(?!b)", figures)


@pytest.mark.parametrize("changed", ["entities", "gold"])
def test_a_score_of_other_files_is_not_shown(bench, experiment, ran, changed):
    parts = experiment.systems["ours"]
    path = Path(bench.ENTITIES.format(corpus="ko-klue", **parts))
    assert bench.read_result("ko-klue", parts) is not None
    path = path if changed == "entities" else Path("results/ko-klue/gold.tsv")
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert bench.read_result("ko-klue", parts) is None


def test_training_and_times(bench, experiment, ran):
    name = "qwen2.5-coder-1.5b-instruct-tuned"
    record = {
        "train": {"pairs": 480},
        "held_out": {"pairs": 60},
        "languages": ["ja", "ko", "ru"],
        "exact_match": {"before": {"all": 0.5}, "after": {"all": 0.85}},
    }
    files = {
        f"results/models/{name}/training.json": json.dumps(record),
        "results/models/fused-1.5b/weights.json": json.dumps({"pairs": 60, "accuracy": 0.9}),
        "logs/translate_sentences/ko-klue.names-1.5b.benchmark.tsv": "s\tm\n1234.5\t1\n",
        f"logs/finetune_model/{name}.benchmark.tsv": "s\tm\n600.0\t1\n",
    }
    for path, text in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    bench.write_page(experiment, ran / "results.md")
    page = (ran / "results.md").read_text(encoding="utf-8")
    training = section(page, "Training")
    assert f"`{name}`: tuned on 480 pairs of ja, ko, ru; exact match on 60 pairs" in training
    assert "50.0% before, 85.0% after." in training
    assert "`fused-1.5b`: weights of its signals learned on 60 pairs, accuracy 90.0%" in training
    assert "`one-signal`: not run." in training
    assert "| translate: names-1.5b |  |  | 1,234 |  |  |  |" in section(page, "Time")
    assert f"For all languages: train: {name} 600 s." in section(page, "Time")
