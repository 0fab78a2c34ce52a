"""The real DAG on tiny models, and what Snakemake plans to run again after a change."""

import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest
import yaml
from smoke import COMPARE, LABEL, READ, ROOT, SCORE, smoke_config

from eatner import tables, tsv
from eatner.tables import Alignment, Pair

HUB_TAGGER = {"kind": "token-classification", "hub": "org/name", "revision": "0123abc"}
HUB_ENCODER = {"kind": "word-alignment", "hub": "org/name", "revision": "0123abc"}


def test_the_dag_runs_to_f1(project):
    results = project.folder / "results"
    score = json.loads((results / "mini/f1.json").read_text())
    assert score["corpus"] == "mini"
    assert score["language"] == "ko"
    assert score["system"] == {"translator": "tiny", "tagger": "toy", "aligner": "tiny-ko"}
    assert score["sentences"] == 3
    assert score["overall"]["support"] == 4
    assert set(score["per_type"]) == {"PER", "LOC", "ORG"}
    assert score["provenance"]["versions"]["torch"]
    low, high = score["overall"]["f1_ci95"]
    assert 0 <= low <= score["overall"]["f1"] <= high <= 1
    training = json.loads((results / "models/tiny-ko/training.json").read_text())
    assert set(training["exact_match"]) == {"before", "before_bare", "after"}
    assert training["loss"]
    assert (results / "models/tiny-ko/adapter_model.safetensors").stat().st_size > 0
    assert set(score["calibration"]) == {"n", "ece", "brier", "bins"}
    for name in ("entities.tsv", "entities.conll", "entities.jsonl", "entities.html", "f1.svg"):
        assert (results / "mini" / name).stat().st_size > 0


def test_a_score_is_traced_to_what_it_was_made_of(project):
    traced = json.loads((project.folder / "results/mini/provenance.json").read_text())
    rules = [job["rule"] for job in traced["jobs"]]
    assert {"parse_wiki", "finetune_model", *LABEL, "score_system"} <= set(rules)
    assert rules[-1] == "score_system"
    assert all(job["seconds"] >= 0 and job["peak_memory_mb"] > 0 for job in traced["jobs"])
    assert traced["runs"][0]["command"].startswith("snakemake --cores 1 results/mini/f1.json")
    # The library may be this working tree's, and then the commit is.
    assert set(traced["runs"][0]["git"] or ("commit", "dirty")) == {"commit", "dirty"}
    assert traced["config"]["seed"] == 20260101
    for name, made_by in (("results/mini/gold.tsv", "read_corpus"), ("mini.iob2", None)):
        sha256 = hashlib.sha256((project.folder / name).read_bytes()).hexdigest()
        assert traced["files"][name]["sha256"] == sha256
        assert traced["files"][name]["made_by"] == made_by


def test_every_pair_is_true(project):
    rows = list(tables.read(project.folder / "results/wiki/ko/pairs.tsv", Pair))
    assert len(rows) > 50
    for row in rows:
        assert row.sentence[row.start : row.end] == row.surface


def test_nothing_is_lost_between_sentences_and_alignment(project):
    folder = project.folder / "results/mini"
    sentences = [row["sentence_id"] for row in tsv.read(folder / "sentences.tsv", ["sentence_id"])]
    aligned = tables.read(folder / "align/tiny/toy/tiny-ko.tsv", Alignment)
    assert {row.sentence_id for row in aligned} == set(sentences)


def test_every_job_leaves_a_log(project):
    logs = {path.parent.name for path in (project.folder / "logs").glob("*/*.log")}
    assert {"parse_wiki", "build_pairs", "finetune_model", *LABEL, "score_system"} <= logs


def test_a_second_run_does_nothing(project):
    assert project.plan("results/mini/f1.json") == {}


def test_a_new_tagger_reruns_tag_align_score(project):
    target = "results/mini/score/tiny/toy-person/tiny-ko.json"
    assert set(project.plan(target)) == {"tag_english", "align_entities", "score_system"}


def test_an_oracle_tagger_reads_the_corpus_that_it_names(project):
    (project.folder / "en.iob2").write_text("Seoul\tB-LOC\n", encoding="utf-8")
    planned = project.plan(
        "results/mini/tag/tiny/oracle.tsv",
        corpora={"mini-en": {"language": "en", "file": "en.iob2"}},
        taggers={"oracle": {"kind": "gold", "corpus": "mini-en"}},
    )
    assert planned == {"read_corpus": 1, "tag_english": 1}


def test_a_parallel_file_needs_the_corpus_itself_only_for_a_sample(project):
    target = "results/mini/translate/parallel.tsv"
    for sample, asked in ((None, False), (2, True)):
        corpora = {"mini": {"sample": sample}}
        done = project.snakemake("--dry-run", "--forceall", target, corpora=corpora)
        job = done.stdout[done.stdout.index("rule translate_sentences:") :].split("\n\n")[0]
        assert "mini.en.txt" in job
        assert ("mini.iob2" in job) is asked


def test_a_tagger_comes_from_the_hub(project):
    planned = project.plan("results/mini/tag/tiny/hub.tsv", taggers={"hub": HUB_TAGGER})
    assert planned == {"fetch_model": 1, "tag_english": 1}


def test_a_word_aligner_reads_the_english_and_fetches_its_encoder(project):
    target = "results/mini/align/tiny/toy/words.tsv"
    planned = project.plan(target, aligners={"words": HUB_ENCODER})
    assert planned == {"fetch_model": 1, "align_entities": 1}
    llm = {"kind": "word-alignment", "model": "tiny", "layer": 1}
    done = project.snakemake("--dry-run", target, aligners={"words": llm})
    job = done.stdout[done.stdout.index("rule align_entities:") :].split("\n\n")[0]
    assert "results/mini/translate/tiny.tsv" in job
    assert "rule fetch_model:" not in done.stdout


@pytest.mark.skipif(find_spec("gliner") is not None, reason="gliner is installed")
def test_a_tagger_whose_package_is_missing_is_refused_at_once(project):
    tagger = {"kind": "gliner", "hub": "org/name", "revision": "0123abc"}
    message = project.refusal("results/mini/tag/tiny/gl.tsv", taggers={"gl": tagger})
    assert "pip install '.[gliner]'" in message


def test_the_configured_tagger_swapped_and_back(project):
    system = {"translator": "tiny", "tagger": "toy-person", "aligner": "tiny-ko"}
    swapped = project.plan("results/mini/f1.json", corpora={"mini": {"system": system}})
    assert set(swapped) == {"tag_english", "align_entities"} | SCORE
    assert project.plan("results/mini/f1.json") == {}


def test_a_new_aligner_reruns_align_score(project):
    target = "results/mini/score/tiny/toy/tiny-untuned.json"
    assert set(project.plan(target)) == {"align_entities", "score_system"}


def test_a_new_translator_shares_models_and_wiki(project):
    target = "results/mini/score/tiny-plain/toy/tiny-ko.json"
    assert set(project.plan(target)) == {*LABEL, "score_system"}


def test_a_second_language_shares_models_and_tagger(project):
    planned = project.plan("results/mini-ja/f1.json")
    wiki = {"build_sample_wiki", "parse_wiki", "build_lexicon"}
    assert set(planned) == wiki | LABEL | SCORE | READ


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"translators": {"tiny": {"max_new_tokens": 9}}}, LABEL | SCORE),
        ({"aligners": {"tiny-ko": {"threshold": 0.5}}}, {"align_entities"} | SCORE),
        (
            {"models": {"tiny-ko": {"rank": 4}}},
            {"finetune_model", "align_entities"} | SCORE,
        ),
        ({"corpora": {"mini": {"sample": 2}}}, READ | LABEL | SCORE),
    ],
)
def test_a_changed_parameter_reruns_its_step_and_what_follows(project, change, expected):
    assert set(project.plan("results/mini/f1.json", **change)) == expected


def test_a_changed_statement_is_a_reason_to_run_again_and_a_comment_is_none(project):
    """On results that exist; test_reruns.py has every kind of edit."""
    path = project.folder / "workflow/scripts/eatner/evaluate/stages.py"
    before = path.read_text(encoding="utf-8")
    try:
        path.write_text(f"# A comment.\n{before}", encoding="utf-8")
        assert project.plan("results/mini/f1.json") == {}
        edited = before.replace("_READING_LIKENESS = 60.0", "_READING_LIKENESS = 61.0")
        assert edited != before
        path.write_text(edited, encoding="utf-8")
        assert set(project.plan("results/mini/f1.json")) == SCORE
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "target", "said"),
    [
        ({"default": {"tager": "x"}}, "all", "configuration.default: "),
        ({"models": {"tiny": {"backend": "vllm", "quantisation": "4bit"}}}, "all", "means nothing"),
        ({"corpora": {"x": {"language": "ko", "file": "gone.iob2"}}}, "all", "gone.iob2 does not"),
        ({}, "results/mini/tag/tiny/lookup.tsv", "the tagger 'lookup' works on the sentence"),
        ({}, "results/mini/align/tiny/toy/identity.tsv", "Use a translator of kind `identity`"),
        ({}, "results/nope/f1.json", "target: unknown corpus 'nope'"),
    ],
)
def test_a_bad_configuration_is_refused_at_once(project, change, target, said):
    message = project.refusal(target, **change)
    assert said in message
    if target == "all":  # a target's name shows only when its rule is planned
        assert "Traceback" not in message


def test_an_unquoted_language_is_understood_before_any_rule_sees_it(project):
    (project.folder / "unquoted.yaml").write_text(
        "corpora: {norsk: {language: no, file: mini.iob2}}\n"
        "wikis: {no: {date: 2026-01-01}, de: {date: 20260101}}\n"
    )
    files = ("--configfile", "changed.yaml", "unquoted.yaml")
    targets = [f"results/wiki/{language}/pairs.tsv" for language in ("no", "de")]
    done = project.snakemake("--dry-run", "results/norsk/sentences.tsv", *targets, *files)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "resources/wiki/no/langlinks.sql.gz" in done.stdout
    assert "rule read_corpus:" in done.stdout


def test_every_key_of_the_configuration_is_described():
    def walk(node, at):
        for key, value in node.get("properties", {}).items():
            described = (
                value if "$ref" not in value else schema["$defs"][value["$ref"].split("/")[-1]]
            )
            assert "description" in value or "description" in described, f"{at}.{key}"
            walk(value, f"{at}.{key}")
        for name, value in node.get("$defs", {}).items():
            walk(value, name)

    text = (ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8")
    schema = yaml.safe_load(text)
    walk(schema, "configuration")


# Pages for users, with settings or commands of Snakemake. What adds to the paper's experiment is
# planned in test_experiment.py.
PAGES = [
    page
    for page in (
        ROOT / "README.md",
        ROOT / "config/README.md",
        *sorted((ROOT / "docs/how-to").glob("*.md")),
    )
    if page.stem != "paper"
    and re.search(r"^(```yaml|snakemake .*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
]
# Files of a user that pages speak of.
USERS = (
    "news.txt", "archive.txt", "gold.iob2", "news-export.json",
    "zh_gsd-ud-test.iob2", "en_pud-ud-test.iob2", "ru_pud-ud-test.iob2",
    "wikiann/en/train.conllu", "wikiann/en/val.conllu", "jawiki-langlinks.sql.gz",
    "jawiki-pages-articles-multistream.xml.bz2",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_the_plans_and_settings_of_a_page_are_sound(project, page):
    """Its blocks of settings are taken, and its commands can be planned."""
    for name in USERS:
        (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / name).write_text("x\n")
    shutil.copytree(project.folder / "toy", project.folder / "my_pipeline", dirs_exist_ok=True)
    text = page.read_text(encoding="utf-8")
    settings = ["changed.yaml"]
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)):
        settings.append(f"page{number}.yaml")
        (project.folder / settings[-1]).write_text(block, encoding="utf-8")
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    commands = re.findall(r"^snakemake ([^#\n]*)", shell, re.MULTILINE)
    for command in ["results/ko-demo/sentences.tsv", *commands]:
        if "--report" in command:  # which reads what has been computed
            continue
        # The user's file is made of the blocks of the page.
        asked = shlex.split(command.replace("--configfile mine.yaml", ""))
        options = ("--dry-run", "--configfile", *settings, "--cores", "1")
        done = project.snakemake(*options, *asked)
        assert done.returncode == 0, (command, done.stdout + done.stderr)


def test_a_malformed_line_is_named_before_any_long_work(project):
    lines = ["서울\tB-LOC\n", "에서\tO\n", "비\tO\n"] * 20 + ["인천\tX-LOC\n"]
    (project.folder / "bad.iob2").write_text("".join(lines), encoding="utf-8")
    corpus = {"bad": {"language": "ko", "file": "bad.iob2", "format": "conll"}}
    done = project.snakemake("results/bad/sentences.tsv", corpora=corpus)
    assert done.returncode != 0
    assert re.search(r"Error: bad\.iob2, line 61: .*X-LOC", done.stdout + done.stderr)
    assert not (project.folder / "results/bad/sentences.tsv").exists()


def test_a_corpus_without_gold_says_what_to_ask_for(project):
    (project.folder / "raw.txt").write_text("서울에 비가 왔다.\n", encoding="utf-8")
    system = smoke_config()["corpora"]["mini"]["system"]
    corpus = {"raw": {"language": "ko", "file": "raw.txt", "format": "text", "system": system}}
    message = project.refusal("results/raw/f1.json", corpora=corpus)
    assert "results/raw/entities.tsv" in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("raw.jsonl", '{"text": "서울에 비가 왔다."}\n'),
        ("raw.txt", "서울에 비가 왔다.\n부산에 눈이 왔다.\n"),
        ("outside.iob2", "서울\tO\n에서\tO\n"),
    ],
)
def test_a_corpus_that_turns_out_to_have_no_gold_stops_before_any_long_work(project, name, text):
    (project.folder / name).write_text(text, encoding="utf-8")
    system = smoke_config()["corpora"]["mini"]["system"]
    corpus = {"nogold": {"language": "ko", "file": name, "system": system}}
    done = project.snakemake("results/nogold/f1.json", corpora=corpus)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert re.search(r"Error: results/nogold/gold\.tsv: no gold .* results/nogold/entities", said)
    assert not (project.folder / "results/nogold/translate").exists()


def test_a_comparison_plans_every_system_on_every_corpus_and_shared_steps_once(project):
    planned = project.plan("results/compare/index.html", "--forceall", compare=COMPARE)
    assert planned["read_corpus"] == planned["translate_sentences"] == 2
    assert planned["tag_english"] == 4
    assert planned["align_entities"] == planned["score_system"] == 6
    assert planned["finetune_model"] == planned["compare_systems"] == 1
    plain = {"plain": {"translator": "tiny-plain", "tagger": "toy", "aligner": "tiny-ko"}}
    further = {"systems": COMPARE["systems"] | plain, "select": [*COMPARE["select"], "plain"]}
    more = project.plan("results/compare/index.html", "--forceall", compare=COMPARE | further)
    assert more["translate_sentences"] == 4
    assert more["align_entities"] == 8
    assert more["finetune_model"] == 1


def test_a_comparison_without_gold_is_refused_at_once(project):
    message = project.refusal(
        "results/compare/index.html", compare=COMPARE | {"corpora": ["ko-demo"]}
    )
    assert "'ko-demo' is raw text and has no gold" in message


def test_a_text_is_labelled_by_one_command(project):
    (project.folder / "news.txt").write_text("서울에 비가 왔다.\n", encoding="utf-8")
    corpus = "corpora={news: {language: ko, file: news.txt}}"
    default = "default={translator: tiny, tagger: toy, aligner: tiny-ko}"
    planned = project.plan("results/news/entities.tsv", "--config", corpus, default)
    assert set(planned) == {"read_corpus", *LABEL, "write_entities"}
    # Numbers and nulls within a value of --config reach us as text.
    corpus = "corpora={news: {language: ko, file: news.txt, sample: 1, types: {ORG: null}}}"
    assert project.plan("results/news/entities.tsv", "--config", corpus, default) == planned


def planned(*arguments: str) -> str:
    """What Snakemake would do in the project itself, all of it anew."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Exception" not in done.stdout + done.stderr
    return done.stdout


def test_the_ablation_takes_one_part_off_at_a_time():
    plan = planned("--configfile", "config/ablation.yaml", "--", "results/compare/index.html")
    for name in yaml.safe_load((ROOT / "config/ablation.yaml").read_text())["aligners"]:
        assert f"results/ja/align/gemma-names/reviewed/{name}.tsv" in plan


def test_the_default_plan_is_whole():
    plan = planned("results/ja/f1.json")
    for rule in ("fetch_package", "convert_gguf", "parse_wiki", "build_pairs", "finetune_model"):
        assert f"rule {rule}:" in plan


def test_all_that_the_default_needs_from_the_network_can_be_fetched_first():
    def fetching(plan: str) -> set[str]:
        jobs = re.findall(
            r"^rule (?:fetch_\w+|unpack_\w+|convert_\w+):\n.*?^$", plan, re.M | re.DOTALL
        )
        outputs = (re.search("output: (.*)", job) for job in jobs)
        return {output[1] for output in outputs if output}

    needed = fetching(planned("results/ja/f1.json"))
    assert len(needed) >= 6
    assert fetching(planned("fetch")) == needed
    needed |= fetching(planned("results/compare/index.html"))
    assert fetching(planned("fetch_comparison")) == needed
