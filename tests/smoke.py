"""A small project on tiny models, in a folder of its own, and what Snakemake does there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import forked
import tiny
import yaml
from places import ROOT

COPIED = ("Snakefile", "workflow", "config", "profiles", "envs")
LABEL = {"translate_sentences", "tag_english", "align_entities"}
SCORE = {"score_system", "write_provenance", "publish_score"}
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
            "toy-reviewed": {"kind": "reviewed", "tagger": "toy", "model": "tiny"},
        },
        "aligners": {
            "tiny-ko": {"kind": "constrained", "model": "tiny-ko", "beams": 2},
            "tiny-untuned": {"kind": "constrained", "model": "tiny", "beams": 2},
            "fused": {"kind": "fused", "model": "tiny", "wikis": ["ko"], "pairs": 20},
            "paper": {"kind": "paper", "model": "chat", "max_new_tokens": 4},
            "identity": {"kind": "identity"},
        },
    }


class Project:
    """A copy of the project in a folder of its own."""

    def __init__(self, folder: Path, made: Path | None = None) -> None:
        """Copy this project, or one that was `made` of it, with its results."""
        self.folder = folder
        if made is not None:
            shutil.copytree(made, folder)
            return
        folder.mkdir(parents=True, exist_ok=True)
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
        command = ["--cores", "1", *arguments]
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


def make(folder: Path, *, run: bool = True) -> None:
    """A project of three sentences that has run to its score and its entities, or is about to."""
    project = Project(folder)
    tiny.make_gemma(folder / "tiny")
    tiny.make_llama(folder / "chat")
    tiny.make_spacy(folder / "toy")
    (folder / "mini.en.txt").write_text(EN, encoding="utf-8")
    (folder / "mini.iob2").write_text(conll(KO, KO_TAGS), encoding="utf-8")
    (folder / "ja.iob2").write_text("".join(f"{t}\t{g}\n" for t, g in JA), encoding="utf-8")
    (folder / "smoke.yaml").write_text(yaml.safe_dump(smoke_config(), allow_unicode=True))
    if not run:
        return
    done = project.snakemake("results/mini/f1.json", "results/mini/entities.tsv")
    assert done.returncode == 0, done.stdout + done.stderr
