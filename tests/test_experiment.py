"""The paper's experiment: its plan, and its DAG in miniature on models of its architectures."""

import hashlib
import json
import re
import shlex
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import tiny
import yaml
from places import DATA
from smoke import ROOT, Project

from eatner import tables, tsv
from eatner.corpora import formats
from eatner.tables import Comparison

PAPER = yaml.safe_load((ROOT / "config/paper.yaml").read_text(encoding="utf-8"))
UNER = {"uner-de-pud": "de", "uner-ru-pud": "ru", "uner-zh-gsdsimp": "zh", "uner-zh-pud": "zh"}
LANGUAGES = ["ar", "de", "es", "fr", "hi", "hy", "ja", "ka", "ko", "nl", "ru", "zh"]


def chosen(config: dict) -> list[dict[str, str]]:
    return [config["compare"]["systems"][name] for name in config["compare"]["select"]]


def expected(config: dict) -> dict[str, int]:
    """How often each rule must run for a comparison: every part of it once."""
    texts, systems = len(config["compare"]["corpora"]), chosen(config)
    translators = {system["translator"] for system in systems}
    tagged = {(system["translator"], system["tagger"]) for system in systems}
    taggers = config["taggers"]
    # What an LLM reviews is tagged first.
    tagged |= {
        (translator, taggers[tagger]["tagger"])
        for translator, tagger in tagged
        if taggers.get(tagger, {}).get("kind") == "reviewed"
    }
    asked = {pair for pair in tagged if taggers.get(pair[1], {}).get("kind") in ("llm", "reviewed")}
    fused = {s["aligner"] for s in systems if config["aligners"][s["aligner"]]["kind"] == "fused"}
    counts = {
        "fetch_corpus": sum("url" not in corpus for corpus in config["corpora"].values()),
        "fetch_file": sum("url" in corpus for corpus in config["corpora"].values()),
        "read_corpus": len(config["corpora"]),
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


def paper_page() -> str:
    return (ROOT / "docs/how-to/paper.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("paper"))
    # A plan asks only whether GLiNER's package is installed.
    (project.folder / "workflow/scripts/gliner.py").touch()
    return project


@pytest.fixture(scope="module")
def plan(project) -> str:
    """What the one command of the page would do."""
    [command] = re.findall(r"^snakemake (.*)$", paper_page(), re.MULTILINE)
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
        **{"fetch_dump": len(LANGUAGES), "fetch_model": 7},
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


def test_all_that_the_paper_needs_from_the_network_can_be_fetched_first(project, plan):
    fetched = project.plan("--configfile", "config/paper.yaml", "--", "fetch_comparison")
    assert fetched.pop("fetch_comparison") == 1
    table = plan[plan.index("Job stats:") :].split("\n\n")[0]
    needed = {rule: int(n) for rule, n in re.findall(r"^(fetch_\w+) +(\d+)$", table, re.M)}
    assert fetched == needed


def test_the_paper_is_what_the_paper_says():
    compared = PAPER["compare"]["corpora"]
    assert compared == [*(f"wikiann-{language}" for language in LANGUAGES), *UNER]
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
    revisions += [given["revision"] for given in PAPER["taggers"].values() if "train" in given]
    assert len(revisions) == 4
    assert all(re.fullmatch("[0-9a-f]{40}", revision) for revision in revisions)


def test_what_a_user_would_pick_instead_is_planned(plan):
    for corpus, language in UNER.items():
        given = PAPER["corpora"][corpus]
        assert (given["language"], given["format"]) == (language, "conllu")
        assert language in PAPER["wikis"]
        *_, repository, commit, file = given["url"].split("/")
        assert repository.startswith("UNER_")
        assert re.fullmatch("[0-9a-f]{40}", commit)
        assert file == f"{corpus[5:].replace('-', '_')}-ud-test.iob2"
        assert f"    output: resources/corpora/{corpus}/{file}\n" in plan
    for name in ("gliner-x", "ner-hrl"):
        assert PAPER["compare"]["systems"][name] == {
            **{"translator": "identity", "tagger": name, "aligner": "identity"}
        }
        assert f"    output: resources/models/{name}\n" in plan
        for corpus in PAPER["compare"]["corpora"]:
            assert f"    output: results/{corpus}/tag/identity/{name}.tsv\n" in plan
            assert f" results/{corpus}/score/identity/{name}/identity.json" in plan


@pytest.mark.skipif(not (DATA / "uner").exists(), reason="no ../shared/data")
def test_the_pinned_file_of_universal_ner_is_gold_of_our_types():
    given, path = PAPER["corpora"]["uner-ru-pud"], DATA / "uner/Russian-PUD/ru_pud-ud-test.iob2"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == given["sha256"]
    sentences = list(formats.read(path, given["format"], language_spaces=True))
    assert len(sentences) == 1000
    assert Counter(entity.label for sentence in sentences for entity in sentence.entities) == {
        **{"PER": 414, "LOC": 346, "ORG": 276}
    }
    [first] = sentences[0].entities[:1]
    assert sentences[0].text[first.start : first.end] == "США"


def test_what_is_not_pinned_is_said(plan):
    loose = [name for name, given in PAPER["corpora"].items() if given.get("revision") == "main"]
    assert ("No commit is pinned for corpora.wikiann-ar" in plan) is ("wikiann-ar" in loose)


# --- what is added to it ------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["corpus", "language", "LLM", "tagger"])
def test_a_few_lines_of_the_page_add_to_the_paper(project, what):
    """By configuration alone, in less than ten lines."""
    texts = re.findall(rf"\*\*An? {what}\*\*.*?```yaml\n(.*?)```", paper_page(), re.DOTALL)
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


# The layout of Universal NER, as its repositories have it.
TREEBANK = """\
# newdoc id = n01001
# sent_id = n01001-0001
# text = 奧巴馬在柏林。
1\t奧巴馬\tB-PER\t-\tann
2\t在\tO\t-\tann
3\t柏林\tB-LOC\t-\tann
4\t。\tO\t-\tann

"""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a server of TREEBANK."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web/zh_pud-ud-test.iob2").write_text(TREEBANK, encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "web")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/zh_pud-ud-test.iob2"
        server.shutdown()


def in_miniature(address: str) -> dict:
    """The paper's configuration for one language, with tiny models instead of the hub's."""
    config = json.loads(json.dumps(PAPER))
    # Pairs of one: reading the English dictionaries takes build_pairs longer than all else here.
    config["wikis"] = {"ko": {"sample": "workflow/wikis/ko"}}
    compared = ["wikiann-ko"]
    names = [*compared, "wikiann-ja", "wikiann-en-train", "wikiann-en-validation", "uner-zh-pud"]
    config["corpora"] = {name: config["corpora"][name] for name in names}
    select = ["paper-14b-tuned", "ours-14b", "ner-hrl"]
    config["compare"] |= {"corpora": compared, "select": select, "baseline": select[0]}
    systems = chosen(config)
    for part in ("translator", "tagger", "aligner"):
        used = {system[part] for system in systems}
        here = config[f"{part}s"] | {"identity": {"kind": "identity"}}  # of config.yaml
        config[f"{part}s"] = {name: here[name] for name in sorted(used)}
    config["compare"]["systems"] = {name: config["compare"]["systems"][name] for name in select}
    config["models"] = {name: config["models"][name] for name in ("qwen-14b", "qwen-14b-tuned")}
    # What the hub would give lies in folders of its layout.
    for given, folder in (
        *((corpus, "wikiann") for corpus in config["corpora"].values() if "hub" in corpus),
        (config["models"]["qwen-14b"], "qwen"),
        (config["taggers"]["flan-t5"], "flan-t5"),
        (config["taggers"]["ner-hrl"], "ner-hrl"),
    ):
        del given["hub"], given["revision"]
        given["folder"] = folder
    sha256 = hashlib.sha256(TREEBANK.encode()).hexdigest()
    config["corpora"]["uner-zh-pud"] |= {"url": address, "sha256": sha256}
    small = {"wikis": ["ko"], "training_pairs": 16, "evaluation_pairs": 4}
    config["models"]["qwen-14b-tuned"] |= small
    config["taggers"]["flan-t5"] |= {"target_tokens": 8}
    config["taggers"]["flan-t5"]["train"] |= {"epochs": 1, "evaluation_sentences": 2}
    for component in (*config["translators"].values(), *config["aligners"].values()):
        match component["kind"]:
            case "fused":
                component["pairs"] = 20
            case "paper" | "entity-aware":
                component["max_new_tokens"] = 4
    return config


def test_the_paper_runs_in_miniature(tmp_path: Path, web: str):
    project = Project(tmp_path)
    tiny.make_qwen2(tmp_path / "qwen")
    tiny.make_t5(tmp_path / "flan-t5")
    tiny.make_xlm_r(tmp_path / "ner-hrl", kinds=["DATE", "PER", "ORG", "LOC"])
    subsets = {
        code: [tagged(*sentence, code != "ja") for sentence in sentences]
        for code, sentences in SENTENCES.items()
    }
    english = subsets.pop("en")
    for split, shown in (("train", {"en": english[:1]}), ("validation", {"en": english[1:]})):
        tiny.make_dataset(tmp_path / "wikiann", shown, split)
    tiny.make_dataset(tmp_path / "wikiann", subsets)
    config = in_miniature(web)
    (tmp_path / "smoke.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    target, japanese = "results/compare/table.tsv", "results/wikiann-ja/gold.tsv"
    targets = [target, japanese, "results/uner-zh-pud/gold.tsv"]
    assert project.plan(*targets) == expected(config) | {"build_sample_wiki": 1}
    done = project.snakemake(*targets)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = tables.read(tmp_path / target, Comparison)
    assert {(row.corpus, row.system) for row in rows} == {
        ("wikiann-ko", system) for system in ("paper-14b-tuned", "ours-14b", "ner-hrl")
    }
    gold = list(tsv.read(tmp_path / japanese, ["surface", "type"]))
    assert [(row["surface"], row["type"]) for row in gold] == [("ソニー", "ORG"), ("東京", "LOC")]
    gold = list(tsv.read(tmp_path / targets[2], ["surface", "type"]))
    assert [(row["surface"], row["type"]) for row in gold] == [("奧巴馬", "PER"), ("柏林", "LOC")]
    record = json.loads((tmp_path / "resources/corpora/wikiann-ja.json").read_text())
    assert (record["rows"], record["subset"], record["split"]) == (2, "ja", "test")
    for name, measured in (("qwen-14b-tuned", "exact_match"), ("flan-t5", "f1")):
        training = json.loads((tmp_path / f"results/models/{name}/training.json").read_text())
        assert {"before", "after"} <= set(training[measured])
    assert project.plan(target) == {}
