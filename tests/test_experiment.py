"""The paper's experiment: its plan, and its DAG in miniature on models of its architectures."""

import json
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest
import tiny
import yaml
from smoke import ROOT, Project

from eatner import tables, tsv
from eatner.tables import Comparison

PAPER = yaml.safe_load((ROOT / "config/paper.yaml").read_text(encoding="utf-8"))
LANGUAGES = ["ar", "de", "es", "fr", "hi", "hy", "ja", "ka", "ko", "nl", "ru", "zh"]


def chosen(config: dict) -> list[dict[str, str]]:
    return [config["compare"]["systems"][name] for name in config["compare"]["select"]]


def expected(config: dict) -> dict[str, int]:
    """How often each rule must run for a comparison: every part of it once."""
    texts, systems = len(config["compare"]["corpora"]), chosen(config)
    translators = {system["translator"] for system in systems}
    tagged = {(system["translator"], system["tagger"]) for system in systems}
    asked = {
        pair for pair in tagged if config["taggers"].get(pair[1], {"kind": ""})["kind"] == "llm"
    }
    fused = {s["aligner"] for s in systems if config["aligners"][s["aligner"]]["kind"] == "fused"}
    counts = {
        **{"fetch_corpus": len(config["corpora"]), "read_corpus": len(config["corpora"])},
        **dict.fromkeys(["parse_wiki", "build_pairs", "build_lexicon"], len(config["wikis"])),
        "check_gold": texts,
        "train_tagger": sum("train" in tagger for tagger in config["taggers"].values()),
        "finetune_model": sum("base" in model for model in config["models"].values()),
        "weigh_signals": len(fused),
        "translate_sentences": texts * len(translators),
        "tag_english": texts * len(tagged - asked),
        "tag_with_llm": texts * len(asked),
        "align_entities": texts * len(systems),
        "score_system": texts * len(systems),
        "compare_systems": 1,
    }
    return {rule: count for rule, count in counts.items() if count}


def readme_section() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(r"## On a GPU.*?(?=\n## )", readme, re.DOTALL)[0]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project(tmp_path_factory.mktemp("paper"))


@pytest.fixture(scope="module")
def plan(project) -> str:
    """What the one command of the README would do."""
    [command] = re.findall(r"^snakemake (.*)$", readme_section(), re.MULTILINE)
    done = project.snakemake("--dry-run", *shlex.split(command))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_paper_is_planned_whole_and_no_step_twice(plan):
    table = plan[plan.index("Job stats:") :].split("\n\n")[0]
    planned = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.M)}
    assert planned.pop("total") == sum(planned.values())
    config = PAPER | {"aligners": PAPER["aligners"] | {"identity": {"kind": "identity"}}}
    assert planned == {
        **expected(config),
        **{"fetch_dump": len(LANGUAGES), "fetch_model": 5},
        **{"draw_comparison": 1, "write_comparison": 1},
    }
    made = Counter(
        path
        for paths in re.findall(r"^    output: (.*)$", plan, re.MULTILINE)
        for path in paths.split(", ")
    )
    assert len(made) > 500
    assert {path: count for path, count in made.items() if count > 1} == {}
    # The same settings under two names would be the same step twice.
    for section in ("translators", "taggers", "aligners", "models"):
        settings = [json.dumps(given, sort_keys=True) for given in PAPER[section].values()]
        assert len(set(settings)) == len(settings), section


def test_the_paper_is_what_the_paper_says():
    assert PAPER["compare"]["corpora"] == [f"wikiann-{language}" for language in LANGUAGES]
    assert list(PAPER["wikis"]) == LANGUAGES
    for language in LANGUAGES:
        corpus = PAPER["corpora"][f"wikiann-{language}"]
        assert (corpus["language"], corpus["subset"], corpus["split"]) == (language,) * 2 + (
            "test",
        )
    taught = PAPER["taggers"]["flan-t5"]
    assert (taught["source_tokens"], taught["target_tokens"]) == (256, 128)
    recipe = taught["train"]
    assert (recipe["learning_rate"], recipe["batch_size"], recipe["epochs"]) == (1e-4, 16, 50)
    [english] = recipe["corpora"]
    assert PAPER["corpora"][english]["split"] == "train"
    assert set(PAPER["compare"]["select"]) == set(PAPER["compare"]["systems"])
    revisions = [given["revision"] for given in PAPER["models"].values() if "hub" in given]
    revisions += [given["revision"] for given in PAPER["taggers"].values() if "hub" in given]
    assert len(revisions) == 4
    assert all(re.fullmatch("[0-9a-f]{40}", revision) for revision in revisions)


def test_what_is_not_pinned_is_said(plan):
    loose = [name for name, given in PAPER["corpora"].items() if given["revision"] == "main"]
    assert ("No commit is pinned for corpora.wikiann-ar" in plan) is ("wikiann-ar" in loose)


# --- what is added to it ------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["corpus", "language", "LLM", "tagger"])
def test_a_few_lines_of_the_readme_add_to_the_paper(project, what):
    """By configuration alone, in less than ten lines."""
    texts = re.findall(rf"\*\*An? {what}\*\*.*?```yaml\n(.*?)```", readme_section(), re.DOTALL)
    [text] = texts
    assert len(text.splitlines()) < 10
    added = yaml.safe_load(text)
    (project.folder / "mine.yaml").write_text(text, encoding="utf-8")
    files = ("--configfile", "config/paper.yaml", "mine.yaml")
    planned = project.plan("results/compare/index.html", *files)
    corpora = added["compare"].get("corpora", PAPER["compare"]["corpora"])
    systems = added["compare"].get("select", PAPER["compare"]["select"])
    assert planned["score_system"] == len(corpora) * len(systems)
    new = {
        "corpus": {"fetch_corpus": len(corpora) + 2},  # and English, to train and to measure on
        "language": {"fetch_dump": len({*PAPER["wikis"], "my"}), "fetch_corpus": 3},
        "LLM": {"fetch_model": 3, "finetune_model": 1, "weigh_signals": 1},
        "tagger": {"fetch_model": 3, "train_tagger": 2},
    }
    assert {rule: planned[rule] for rule in new[what]} == new[what]


# --- in miniature -------------------------------------------------------------------------------

SENTENCES = {
    "ja": [("ソニーは東京にある。", {"ソニー": "ORG", "東京": "LOC"}), ("雨が降った。", {})],
    "ko": [("삼성은 서울에 있다 .", {"삼성은": "ORG", "서울에": "LOC"}), ("비가 왔다 .", {})],
    "en": [
        ("Sony is in Tokyo .", {"Sony": "ORG", "Tokyo": "LOC"}),
        ("Barack Obama met Angela Merkel .", {"Barack Obama": "PER", "Angela Merkel": "PER"}),
    ],
}


def tagged(text: str, entities: dict[str, str], spaces: bool) -> dict[str, list[str]]:
    """A row of WikiANN: words, or where words are not separated characters."""
    tokens = text.split(" ") if spaces else list(text)
    tags = ["O"] * len(tokens)
    for name, kind in entities.items():
        parts = name.split(" ") if spaces else list(name)
        first = next(i for i in range(len(tokens)) if tokens[i : i + len(parts)] == parts)
        tags[first : first + len(parts)] = [f"B-{kind}"] + [f"I-{kind}"] * (len(parts) - 1)
    return {"tokens": tokens, "ner_tags": tags}


def in_miniature() -> dict:
    """The paper's configuration for one language, with tiny models instead of the hub's."""
    config = json.loads(json.dumps(PAPER))
    # Pairs of one: reading the English dictionaries takes build_pairs longer than all else here.
    config["wikis"] = {"ko": {"sample": "workflow/wikis/ko"}}
    compared = ["wikiann-ko"]
    names = [*compared, "wikiann-ja", "wikiann-en-train", "wikiann-en-validation"]
    config["corpora"] = {name: config["corpora"][name] for name in names}
    select = ["paper-14b-tuned", "ours-14b"]
    config["compare"] |= {"corpora": compared, "select": select, "baseline": select[0]}
    systems = chosen(config)
    for part in ("translator", "tagger", "aligner"):
        used = {system[part] for system in systems}
        config[f"{part}s"] = {name: config[f"{part}s"][name] for name in sorted(used)}
    config["compare"]["systems"] = {name: config["compare"]["systems"][name] for name in select}
    config["models"] = {name: config["models"][name] for name in ("qwen-14b", "qwen-14b-tuned")}
    # What the hub would give lies in folders of its layout.
    for given, folder in (
        *((corpus, "wikiann") for corpus in config["corpora"].values()),
        (config["models"]["qwen-14b"], "qwen"),
        (config["taggers"]["flan-t5"], "flan-t5"),
    ):
        del given["hub"], given["revision"]
        given["folder"] = folder
    small = {"wikis": ["ko"], "training_pairs": 16, "evaluation_pairs": 4}
    config["models"]["qwen-14b-tuned"] |= small
    config["taggers"]["flan-t5"] |= {"target_tokens": 8}
    config["taggers"]["flan-t5"]["train"] |= {"epochs": 1, "evaluation_sentences": 2}
    for component in (*config["translators"].values(), *config["aligners"].values()):
        if component["kind"] != "fused":
            component["max_new_tokens"] = 4
        else:
            component["pairs"] = 20
    return config


def test_the_paper_runs_in_miniature(tmp_path: Path):
    project = Project(tmp_path)
    tiny.make_qwen2(tmp_path / "qwen")
    tiny.make_t5(tmp_path / "flan-t5")
    subsets = {
        code: [tagged(*sentence, code != "ja") for sentence in sentences]
        for code, sentences in SENTENCES.items()
    }
    english = subsets.pop("en")
    for split, shown in (("train", {"en": english[:1]}), ("validation", {"en": english[1:]})):
        tiny.make_dataset(tmp_path / "wikiann", shown, split)
    tiny.make_dataset(tmp_path / "wikiann", subsets)
    config = in_miniature()
    (tmp_path / "smoke.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    target, japanese = "results/compare/table.tsv", "results/wikiann-ja/gold.tsv"
    assert project.plan(target, japanese) == expected(config) | {"build_sample_wiki": 1}
    done = project.snakemake(target, japanese)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = tables.read(tmp_path / target, Comparison)
    assert {(row.corpus, row.system) for row in rows} == {
        ("wikiann-ko", system) for system in ("paper-14b-tuned", "ours-14b")
    }
    gold = list(tsv.read(tmp_path / japanese, ["surface", "type"]))
    assert [(row["surface"], row["type"]) for row in gold] == [("ソニー", "ORG"), ("東京", "LOC")]
    record = json.loads((tmp_path / "resources/corpora/wikiann-ja.json").read_text())
    assert (record["rows"], record["subset"], record["split"]) == (2, "ja", "test")
    for name, measured in (("qwen-14b-tuned", "exact_match"), ("flan-t5", "f1")):
        training = json.loads((tmp_path / f"results/models/{name}/training.json").read_text())
        assert {"before", "after"} <= set(training[measured])
    assert project.plan(target) == {}
