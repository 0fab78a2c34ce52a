"""The real DAG on tiny models, and what Snakemake plans to run again after a change."""

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import forked
import loopback
import pytest
import tiny
import yaml

from eatner import tsv
from eatner.align import COLUMNS as ALIGN_COLUMNS
from eatner.compare import COLUMNS as COMPARE_COLUMNS
from eatner.pairs import COLUMNS as PAIR_COLUMNS
from eatner.tag import COLUMNS as TAG_COLUMNS

ROOT = Path(__file__).parents[1]
COPIED = ("Snakefile", "workflow", "config", "profiles", "envs")
LABEL = {"translate_sentences", "tag_english", "align_entities"}
SCORE = {"score_system", "publish_score"}
PICTURES = ("f1", "stages", "calibration", "training", "time")
READ = {"read_corpus", "check_gold"}
KO = """김철수는 어제 서울에서 열린 회의에 참석했다 .
삼성은 런던에 새 연구소를 열었다 .
비가 왔다 ."""
KO_TAGS = """B-PER O B-LOC O O O O
B-ORG B-LOC O O O O
O O O"""
EN = """Barack Obama attended the meeting in Tokyo .
Sony opened a laboratory in London .
It rained .
"""
JA = [("東京", "B-LOC"), ("は", "O"), ("晴れ", "O"), ("。", "O")]


def conll(texts: str, tags: str) -> str:
    blocks = []
    for text, row in zip(texts.splitlines(), tags.splitlines(), strict=True):
        pairs = zip(text.split(), row.split(), strict=True)
        blocks.append("".join(f"{token}\t{tag}\n" for token, tag in pairs))
    return "\n".join(blocks)


def smoke_config() -> dict:
    types = {"PERSON": "PER", "GPE": "LOC", "ORG": "ORG"}
    system = {"translator": "tiny", "tagger": "toy", "aligner": "tiny-ko"}
    return {
        "corpora": {
            "mini": {"language": "ko", "file": "mini.iob2", "format": "conll", "system": system},
            "mini-ja": {"language": "ja", "file": "ja.iob2", "format": "conll", "system": system},
        },
        "models": {
            "tiny": {"folder": "tiny", "prompt": "few-shot"},
            "tiny-ko": {
                "base": "tiny",
                "wikis": ["ko"],
                "training_pairs": 16,
                "evaluation_pairs": 4,
            },
            "chat": {"folder": "chat", "prompt": "chat"},
        },
        "translators": {
            "tiny": {"kind": "entity-aware", "model": "tiny", "max_new_tokens": 8},
            "tiny-plain": {
                "kind": "entity-aware",
                "model": "tiny",
                "max_new_tokens": 8,
                "hints": False,
            },
            "paper": {"kind": "paper", "model": "chat", "max_new_tokens": 4},
            "identity": {"kind": "identity"},
            "parallel": {"kind": "parallel", "file": "mini.en.txt"},
        },
        "taggers": {
            "toy": {"kind": "spacy", "folder": "toy", "types": types},
            "toy-person": {"kind": "spacy", "folder": "toy", "types": {"PERSON": "PER"}},
            "lookup": {"kind": "lookup", "tagger": "toy"},
            "direct": {"kind": "llm", "model": "tiny", "max_new_tokens": 8},
        },
        "aligners": {
            "tiny-ko": {"kind": "constrained", "model": "tiny-ko", "beams": 2},
            "tiny-untuned": {"kind": "constrained", "model": "tiny", "beams": 2},
            "fused": {"kind": "fused", "model": "tiny", "wikis": ["ko"], "pairs": 20},
            "paper": {"kind": "paper", "model": "chat", "max_new_tokens": 4},
            "identity": {"kind": "identity"},
        },
    }


HUB_TAGGER = {"kind": "token-classification", "hub": "org/name", "revision": "0123abc"}
TAUGHT = {
    "kind": "text-to-text",
    "scratch": {"vocabulary": 300, "width": 16, "layers": 1, "heads": 2},
    "train": {
        "corpora": ["mini-en"],
        "held_out": "mini-en-held",
        "epochs": 2,
        "evaluation_sentences": 2,
    },
    "target_tokens": 8,
}
RAW = {"corpora": ["ko-demo"], "held_out": "mini"}


class Project:
    """A copy of the project in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / name, ignore=ignored)
            else:
                shutil.copy(source, folder / name)

    def snakemake(self, *arguments: str, **config: dict) -> subprocess.CompletedProcess[str]:
        smoke = self.folder / "smoke.yaml"
        written = yaml.safe_load(smoke.read_text()) if smoke.exists() else {}
        for section, changes in config.items():
            if not isinstance(changes, dict):
                written[section] = changes
                continue
            merged = written.setdefault(section, {})
            for name, value in changes.items():
                old = merged.get(name, {})
                merged[name] = {**old, **value} if isinstance(value, dict) else value
        (self.folder / "changed.yaml").write_text(yaml.safe_dump(written, allow_unicode=True))
        command = ["--cores", "2", *arguments]
        if "--configfile" not in arguments:
            command += ["--configfile", "changed.yaml"]
        said = self.folder / ".said"
        environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
        code = forked.snakemake(command, self.folder, environment, said)
        return subprocess.CompletedProcess(command, code, said.read_text(), "")

    def plan(self, *targets: str, **config: dict) -> dict[str, int]:
        """The rules that Snakemake would run, with the number of jobs of each."""
        done = self.snakemake("--dry-run", *targets, **config)
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        if "Nothing to be done" in output:
            return {}
        table = output[output.index("Job stats:") :].split("\n\n")[0].splitlines()
        rows = [line.split() for line in table if re.fullmatch(r"\w+ +\d+", line.strip())]
        return {rule: int(count) for rule, count in rows if rule != "total"}

    def refusal(self, *targets: str, **config: dict) -> str:
        """What Snakemake says when it refuses a configuration or a target at once."""
        done = self.snakemake("--dry-run", *targets, **config)
        assert done.returncode != 0
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    folder = tmp_path_factory.mktemp("project")
    project = Project(folder)
    tiny.make_gemma(folder / "tiny")
    tiny.make_llama(folder / "chat")
    tiny.make_spacy(folder / "toy")
    (folder / "mini.en.txt").write_text(EN, encoding="utf-8")
    (folder / "mini.iob2").write_text(conll(KO, KO_TAGS), encoding="utf-8")
    (folder / "ja.iob2").write_text("".join(f"{t}\t{g}\n" for t, g in JA), encoding="utf-8")
    (folder / "smoke.yaml").write_text(yaml.safe_dump(smoke_config(), allow_unicode=True))
    done = project.snakemake("results/mini/f1.json", "results/mini/entities.tsv")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


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


def test_every_pair_is_true(project):
    rows = list(tsv.read(project.folder / "results/wiki/ko/pairs.tsv", PAIR_COLUMNS))
    assert len(rows) > 50
    for row in rows:
        assert row["sentence"][int(row["start"]) : int(row["end"])] == row["surface"]


def test_nothing_is_lost_between_sentences_and_alignment(project):
    folder = project.folder / "results/mini"
    sentences = [row["sentence_id"] for row in tsv.read(folder / "sentences.tsv", ["sentence_id"])]
    aligned = tsv.read(folder / "align/tiny/toy/tiny-ko.tsv", ALIGN_COLUMNS)
    assert {row["sentence_id"] for row in aligned} == set(sentences)


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


def test_systems_to_compare_with_run_through_the_same_steps(project):
    systems = ("identity/lookup/identity", "identity/direct/identity", "parallel/toy/paper")
    targets = [f"results/mini/score/{system}.json" for system in systems]
    assert project.plan(*targets) == {
        **{"translate_sentences": 2, "tag_english": 2, "tag_with_llm": 1},
        **{"align_entities": 3, "score_system": 3},
    }
    done = project.snakemake(*targets)
    assert done.returncode == 0, done.stdout + done.stderr
    aligned = {}
    for system, target in zip(systems, targets, strict=True):
        score = json.loads((project.folder / target).read_text())
        assert score["sentences"] == 3
        # What reads the sentence itself, or is given its English, has no translation to blame.
        assert score["errors_by_stage"]["missed"]["translation"] == 0
        path = project.folder / f"results/mini/align/{system}.tsv"
        aligned[system] = list(tsv.read(path, ALIGN_COLUMNS))
        assert {row["sentence_id"] for row in aligned[system]} == {"000001", "000002", "000003"}
    looked_up = {(row["surface"], row["type"]) for row in aligned["identity/lookup/identity"]}
    assert ("서울", "LOC") in looked_up
    given = {row["english"] for row in aligned["parallel/toy/paper"]}
    assert {"Barack Obama", "Sony", "London"} <= given


def test_a_parallel_file_needs_the_corpus_itself_only_for_a_sample(project):
    target = "results/mini/translate/parallel.tsv"
    for sample, asked in ((None, False), (2, True)):
        corpora = {"mini": {"sample": sample}}
        done = project.snakemake("--dry-run", "--forceall", target, corpora=corpora)
        job = done.stdout[done.stdout.index("rule translate_sentences:") :].split("\n\n")[0]
        assert "mini.en.txt" in job
        assert ("mini.iob2" in job) is asked


def test_a_tagger_is_trained_and_used_by_configuration_alone(project):
    (project.folder / "en.iob2").write_text("Seoul\tB-LOC\n\nSony\tB-ORG\n", encoding="utf-8")
    (project.folder / "held.iob2").write_text("Paris\tB-LOC\n", encoding="utf-8")
    done = project.snakemake(
        "results/mini/tag/tiny/taught.tsv",
        corpora={
            "mini-en": {"language": "en", "file": "en.iob2"},
            "mini-en-held": {"language": "en", "file": "held.iob2"},
        },
        taggers={"taught": TAUGHT},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    folder = project.folder / "results/models/taught"
    record = json.loads((folder / "training.json").read_text())
    assert record["train"]["sentences"] == 2
    assert set(record["f1"]) == {"before", "after"}
    assert not (folder / ".checkpoints").exists()
    rows = list(tsv.read(project.folder / "results/mini/tag/tiny/taught.tsv", TAG_COLUMNS))
    assert len({row["sentence_id"] for row in rows}) == 3


def test_a_tagger_comes_from_the_hub(project):
    planned = project.plan("results/mini/tag/tiny/hub.tsv", taggers={"hub": HUB_TAGGER})
    assert planned == {"fetch_model": 1, "tag_english": 1}


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


def test_a_fused_aligner_learns_its_weights_first(project):
    target = "results/mini/score/tiny/toy/fused.json"
    assert set(project.plan(target)) == {"weigh_signals", "align_entities", "score_system"}
    done = project.snakemake(target)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((project.folder / "results/models/fused/weights.json").read_text())
    assert record["pairs"] == 20
    assert record["weights"]["llm"] != 0
    rows = list(tsv.read(project.folder / "results/mini/align/tiny/toy/fused.tsv", ALIGN_COLUMNS))
    assert {row["sentence_id"] for row in rows} == {"000001", "000002", "000003"}
    assert project.plan(target) == {}
    changed = {"aligners": {"fused": {"threshold": 1.0}}}
    assert set(project.plan(target, **changed)) == {"align_entities", "score_system"}


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


@pytest.mark.parametrize(
    ("module", "first"),
    [
        ("score.py", SCORE - {"publish_score"}),
        ("tag.py", {"tag_english"}),
        ("align.py", {"align_entities"}),
        ("paper.py", set()),
        ("fused.py", set()),
        ("translate.py", {"translate_sentences"}),
        ("finetune.py", {"finetune_model"}),
        ("pairs.py", {"build_pairs", "build_lexicon"}),
        ("prompts.yaml", {"translate_sentences", "finetune_model"}),
        ("wikitext.py", {"parse_wiki"}),
        ("corpus.py", {"read_corpus"}),
    ],
)
def test_an_edited_module_reruns_exactly_the_steps_that_use_it(project, module, first):
    path = project.folder / "workflow/scripts/eatner" / module
    before, stat = path.read_bytes(), path.stat()
    try:
        path.write_bytes(before + b"\n# edited\n")
        done = project.snakemake("--dry-run", "results/mini/f1.json").stdout
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    direct = {
        rule
        for rule, reason in re.findall(r"rule (\w+):.*?reason: ([^\n]*)", done, flags=re.DOTALL)
        if f"Updated input files: workflow/scripts/eatner/{module}" in reason
        or f"{module}" in reason.split("Input files updated")[0]
    }
    assert direct == first


def test_a_further_language_reruns_nothing_and_an_edited_one_its_own(project):
    table = project.folder / "workflow/scripts/eatner/languages.tsv"
    before, stat = table.read_text(encoding="utf-8"), table.stat()
    finnish = next(line for line in before.splitlines() if line.startswith("de\t"))
    try:
        table.write_text(before + finnish.replace("de\tGerman", "fi\tFinnish", 1) + "\n")
        added = project.plan("results/mini/f1.json")
        table.write_text(before.replace("\nko\tKorean\t", "\nko\tHangugeo\t", 1))
        edited = project.plan("results/mini/f1.json")
    finally:
        table.write_text(before, encoding="utf-8")
        os.utime(table, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert added == {}
    assert {"parse_wiki", "finetune_model", "translate_sentences"} <= set(edited)


@pytest.mark.parametrize(
    ("change", "target", "said"),
    [
        ({"default": {"tager": "x"}}, "all", "Did you mean 'tagger'?"),
        ({"aligners": {"tiny-ko": {"beam": 3}}}, "all", "Did you mean 'beams'?"),
        ({"seed": -1}, "all", "configuration.seed"),
        ({"translators": {"x": {"kind": "entity-aware", "model": "gema"}}}, "all", "gema"),
        ({"corpora": {"x": {"language": "xx", "file": "mini.iob2"}}}, "all", "xx"),
        ({"corpora": {"x": {"language": "ko", "file": "gone.iob2"}}}, "all", "gone.iob2"),
        ({"corpora": {"x": {"language": "ko", "file": "empty.iob2"}}}, "all", "empty.iob2"),
        ({"corpora": {"wiki": {"language": "ko", "file": "mini.iob2"}}}, "all", "wiki"),
        ({"wikis": {"fr": {"dump": "no.xml.bz2", "langlinks": "no.sql.gz"}}}, "all", "no.xml"),
        ({"corpora": {"x": {"language": "ko", "file": "toy"}}}, "all", "toy is a folder"),
        ({"wikis": {"ko": {"dump": "mini.iob2"}}}, "all", "'langlinks' is a dependency of 'dump'"),
        ({"wikis": {"ko": {"sample": "toy"}}}, "all", "no *.yaml in toy"),
        (
            {"models": {"tiny": {"artifact": "gemma-3-270m"}}},
            "all",
            "exactly one of `artifact`, `hub`",
        ),
        ({"models": {"y": {"folder": "toy", "prompt": "chat"}}}, "all", "no config.json in toy"),
        ({"taggers": {"toy": {"folder": "tiny"}}}, "all", "no meta.json in tiny"),
        ({"models": {"y": {"base": "tiny", "wikis": ["fr"]}}}, "all", "fr"),
        ({"models": {"tiny": {"backend": "vllm", "quantisation": "4bit"}}}, "all", "backend: vllm"),
        ({"models": {"tiny-ko": {"gpus": 2}}}, "all", "an adapter, which runs as its base does"),
        (
            {
                "models": {
                    "y": {"endpoint": "http://h/v1", "name": "n", "prompt": "chat"},
                    "z": {"base": "y", "wikis": ["ko"]},
                }
            },
            "all",
            "is an endpoint and cannot be tuned",
        ),
        ({"taggers": {"y": {"kind": "gold", "corpus": "mini"}}}, "all", "Name one in English"),
        ({"taggers": {"tiny": HUB_TAGGER}}, "all", "a model has this name"),
        (
            {"taggers": {"y": {**TAUGHT, "train": {"corpora": ["ko-demo"], "held_out": "mini"}}}},
            "all",
            "'ko-demo' is raw text",
        ),
        (
            {"taggers": {"y": {**TAUGHT, "scratch": {"width": 30}}}},
            "all",
            "no multiple of the heads",
        ),
        ({"taggers": {"y": {"kind": "text-to-text", "scratch": {}}}}, "all", "'train' is a dep"),
        ({"taggers": {"y": {"kind": "gliner", "folder": "toy"}}}, "all", "no gliner_config.json"),
        ({"taggers": {"y": {"kind": "gold", "corpora": "mini"}}}, "all", "mean 'corpus'?"),
        ({"taggers": {"y": {"kind": "spacy", "folder": "toy"}}}, "all", "'types' is a required"),
        ({"taggers": {"y": {"kind": "lookup", "tagger": "direct"}}}, "all", "the types of titles"),
        ({"translators": {"y": {"kind": "paper", "model": "tiny"}}}, "all", "`prompt: chat`"),
        ({"aligners": {"y": {"kind": "paper", "model": "tiny-ko"}}}, "all", "`prompt: chat`"),
        ({"aligners": {"y": {"kind": "identity", "beams": 4}}}, "all", "beams"),
        ({"aligners": {"y": {"kind": "fused", "model": "tiny"}}}, "all", "name the `wikis`"),
        (
            {"aligners": {"y": {"kind": "fused", "model": "tiny-ko", "wikis": ["ko"]}}},
            "all",
            "Leave `wikis` out",
        ),
        ({"aligners": {"chat": {"kind": "fused", "model": "tiny-ko"}}}, "all", "of that name"),
        (
            {
                "models": {"y": {"endpoint": "http://h/v1", "name": "n", "prompt": "chat"}},
                "aligners": {"z": {"kind": "fused", "model": "y", "wikis": ["ko"]}},
            },
            "all",
            "Use `kind: constrained`",
        ),
        ({"translators": {"y": {"kind": "parallel", "file": "gone.en"}}}, "all", "gone.en"),
        ({"translators": {"y": {"kind": "parallel", "corpus": "mini"}}}, "all", "one in English"),
        (
            {"translators": {"y": {"kind": "parallel", "corpus": "mini", "file": "mini.en.txt"}}},
            "all",
            "exactly one of `file`, `corpus`",
        ),
        (
            {"default": {"translator": "tiny", "tagger": "toy", "aligner": "identity"}},
            "all",
            "the aligner 'identity' works on the sentence itself",
        ),
        ({}, "results/mini/tag/tiny/lookup.tsv", "the tagger 'lookup' works on the sentence"),
        ({}, "results/mini/align/tiny/toy/identity.tsv", "Use a translator of kind `identity`"),
        ({}, "results/nope/f1.json", "nope"),
        ({}, "results/mini/score/tiny/nope/tiny-ko.json", "nope"),
    ],
)
def test_a_bad_configuration_is_refused_at_once(project, change, target, said):
    (project.folder / "empty.iob2").write_text("")
    message = project.refusal(target, **change)
    assert said in message
    if target == "all":  # a target's name shows only when its rule is planned
        assert "Traceback" not in message


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


def test_an_environment_holds_what_the_scripts_of_its_rules_import_at_once():
    """A rule whose environment lacks an import of its script fails only on a cluster."""
    scripts = ROOT / "workflow/scripts"
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    packages = {"yaml": "pyyaml", "marisa_trie": "marisa-trie"}
    found = re.findall(r"^rule (\w+):.*?envs/(\w+)\.yaml", rules, flags=re.DOTALL | re.MULTILINE)
    assert len(found) > 15
    for rule, name in found:
        environment = (ROOT / "envs" / f"{name}.yaml").read_text()
        todo, seen = [scripts / f"{rule}.py", scripts / "job.py"], set()
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            seen.add(path)
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
                for full in names:
                    first, _, rest = full.partition(".")
                    own = scripts / "eatner" / f"{rest or '__init__'}.py"
                    if first == "eatner" and own.exists():
                        todo.append(own)
                    elif first not in {"eatner", "job", "__future__"} | sys.stdlib_module_names:
                        package = packages.get(first, first)
                        assert re.search(rf"- {package}\b", environment), (rule, path.name, first)


def test_the_plans_and_settings_of_the_readme_are_sound(project):
    """Every block of settings is taken, every command of the README can be planned."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    # What adds to the paper's experiment is planned in test_experiment.py.
    plain = re.sub(r"## On a GPU.*?(?=\n## )", "", readme, flags=re.DOTALL)
    blocks = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", plain, re.DOTALL)]
    assert len(blocks) >= 3
    for name in ("news.txt", "zh_gsd-ud-test.iob2", "jawiki-langlinks.sql.gz"):
        (project.folder / name).write_text("x\n")
    (project.folder / "jawiki-pages-articles-multistream.xml.bz2").write_text("x\n")
    shutil.copytree(project.folder / "toy", project.folder / "my_pipeline", dirs_exist_ok=True)
    for block in blocks:
        done = project.snakemake("--dry-run", "results/ko-demo/sentences.tsv", **block)
        assert done.returncode == 0, done.stdout + done.stderr
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", plain, re.DOTALL))
    commands = re.findall(r"^snakemake ([^#\n]*)", shell, re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        if "--report" not in command:  # which reads what has been computed
            done = project.snakemake("--dry-run", *shlex.split(command))
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


# --- an endpoint --------------------------------------------------------------------------------

KEY = "sk-e2a6f1c09b7d"  # stands nowhere else
REMOTE = {"translator": "remote", "tagger": "toy", "aligner": "remote"}


def remote_config(url: str, **model: object) -> dict:
    endpoint = {"endpoint": url, "name": loopback.MODEL, "prompt": "chat", "concurrency": 2}
    return {
        "corpora": {
            "far": {"language": "ko", "file": "far.txt", "format": "text", "system": REMOTE}
        },
        "models": {"remote": endpoint | {"key_variable": "FAR_KEY"} | model},
        "translators": {"remote": {"kind": "entity-aware", "model": "remote"}},
        "aligners": {"remote": {"kind": "constrained", "model": "remote"}},
    }


def far_away(body: dict) -> str:
    """What an instruct model would say."""
    first, asked = (body["messages"][place]["content"] for place in (0, -1))
    if first.startswith("Translate"):
        return "Angela Merkel is in London." if "메르켈" in asked else "It rained."
    english = asked.rsplit('English: "', 1)[1].split('"')[0]
    return {"Angela Merkel": '"메르켈"', "London": "The phrase is “런던”."}[english]


def test_an_endpoint_translates_and_aligns_and_its_key_stands_nowhere(project, monkeypatch):
    monkeypatch.setenv("FAR_KEY", KEY)
    (project.folder / "far.txt").write_text("메르켈은 런던에 있다.\n비가 왔다.\n", encoding="utf-8")
    target = "results/far/entities.tsv"
    with loopback.Server(far_away, key=KEY) as server:
        monkeypatch.setenv("FAR_KEY", KEY[::-1])
        refused = project.snakemake(target, **remote_config(server.url))
        monkeypatch.setenv("FAR_KEY", KEY)
        done = project.snakemake(target, **remote_config(server.url))
        assert done.returncode == 0, done.stdout + done.stderr
        asked = [body for _, body in server.requests]
        sent = "".join(json.dumps(body) for body in asked)
        # How fast it is asked changes no answer; which model is asked does.
        assert project.plan(target, **remote_config(server.url, concurrency=9, timeout=9)) == {}
        renamed = project.plan(target, **remote_config(server.url, name="another"))
    assert set(renamed) == LABEL | {"write_entities"}
    assert refused.returncode != 0
    assert "FAR_KEY" in refused.stdout + refused.stderr
    rows = list(tsv.read(project.folder / target, ["surface", "type", "status", "confidence"]))
    assert [(row["surface"], row["type"], row["status"], row["confidence"]) for row in rows] == [
        ("메르켈", "PER", "aligned", ""),
        ("런던", "LOC", "aligned", ""),
        ("", "", "no_entity", ""),
    ]
    # Two sentences, two entities, and with the wrong key one sentence or both at once.
    assert 5 <= len(asked) <= 6
    texts = {"requests": sent, "said": "".join([done.stdout, done.stderr, refused.stderr])}
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert any(".snakemake" in path.parts for path in files)
    texts |= {path: path.read_bytes().decode(errors="replace") for path in files}
    for where, text in texts.items():
        assert KEY not in text, where
        assert KEY[::-1] not in text, where


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"endpoint": f"https://me:{KEY}@host/v1"}, "`key_variable`"),
        ({"key_variable": KEY}, "in capitals"),
        ({"backend": "vllm"}, "`backend` means nothing for an endpoint"),
    ],
)
def test_an_endpoint_that_cannot_be_meant_is_refused_without_saying_its_key(project, model, said):
    (project.folder / "far.txt").write_text("비가 왔다.\n", encoding="utf-8")
    message = project.refusal("all", **remote_config("http://127.0.0.1:9/v1", **model))
    assert said in message
    assert KEY[3:] not in message


COMPARE = {
    "corpora": ["mini", "mini-ja"],
    "systems": {
        "tiny": {"translator": "tiny", "tagger": "toy", "aligner": "tiny-ko"},
        "persons": {"translator": "tiny", "tagger": "toy-person", "aligner": "tiny-ko"},
        "untuned": {"translator": "tiny", "tagger": "toy", "aligner": "tiny-untuned"},
    },
    "select": ["tiny", "persons", "untuned"],
    "baseline": "tiny",
}


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


def test_a_comparison_runs_to_its_page_and_into_the_report(project):
    compare = COMPARE | {"corpora": ["mini"], "select": ["tiny", "untuned"]}
    done = project.snakemake("results/compare/index.html", compare=compare)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = project.folder / "results/compare"
    rows = list(tsv.read(folder / "table.tsv", COMPARE_COLUMNS))
    assert [row["system"] for row in rows[::4]] == compare["select"]
    assert {row["corpus"] for row in rows} == {"mini"}
    for name in ("table.md", "table.tex", *(f"{p}.{s}" for p in PICTURES for s in ("svg", "pdf"))):
        assert (folder / name).stat().st_size > 200
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count('role="img"') == len(PICTURES)
    assert "김철수는 어제 서울에서" in page
    assert project.plan("results/compare/index.html", compare=compare) == {}
    asked = ("results/compare/index.html", "--report", "report.zip")
    done = project.snakemake(*asked, compare=compare)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(project.folder / "report.zip") as report:
        names = {Path(name).name for name in report.namelist()}
    assert {"index.html", *(f"{picture}.svg" for picture in PICTURES)} <= names


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"systems": {"tiny": {"translator": "a", "tagger": "toy", "aligner": "tiny-ko"}}}, "'a'"),
        ({"corpora": ["minni"]}, "Did you mean 'mini'?"),
        ({"select": ["tyny"]}, "Did you mean 'tiny'?"),
        ({"select": ["persons"]}, "compare.baseline: unknown system 'tiny'"),
        ({"corpora": []}, "name `corpora` and `systems`"),
        ({"corpora": ["ko-demo"]}, "'ko-demo' is raw text and has no gold"),
    ],
)
def test_a_bad_comparison_is_refused_at_once(project, change, said):
    assert said in project.refusal("results/compare/index.html", compare=COMPARE | change)


def test_a_comparison_without_a_baseline_takes_the_default_system_or_the_first(project):
    compare = {key: value for key, value in COMPARE.items() if key != "baseline"}
    assert project.plan("results/compare/index.html", compare=compare)
    default = COMPARE["systems"]["persons"]
    assert project.plan("results/compare/index.html", compare=compare, default=default)


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
        assert f"results/ja/align/gemma-names/spacy-sm/{name}.tsv" in plan


@pytest.mark.parametrize(
    ("profile", "memory", "runtime"), [("slurm", 8000, 720), ("paper", 64000, 2880)]
)
def test_plans_for_slurm_ask_for_what_rules_and_profile_name(profile, memory, runtime):
    plan = planned("--profile", f"profiles/{profile}", "results/ja/f1.json")
    training = plan[plan.index("rule finetune_model:") :].split("\n\n")[0]
    for asked in ("gpu=1", f"mem_mb={memory}", f"runtime={runtime}", "slurm_partition=gpu"):
        assert asked in training
    parsing = plan[plan.index("rule parse_wiki:") :].split("\n\n")[0]
    assert "slurm_partition=main" in parsing


def test_the_default_plan_is_whole():
    plan = planned("results/ja/f1.json")
    for rule in ("fetch_package", "convert_gguf", "parse_wiki", "build_pairs", "finetune_model"):
        assert f"rule {rule}:" in plan
