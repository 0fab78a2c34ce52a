"""The tutorial, word by word: each command of the page runs, in its order, in one folder."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import tiny
import yaml
from places import ROOT
from smoke import Project

PAGE = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
# A block is commands, or a file of that title.
BLOCK = re.compile(r'^```(?:sh|yaml title="([^"]+)")\n(.*?)^```$', re.MULTILINE | re.DOTALL)
GOLD = [
    [("ソニー", "B-ORG"), ("は", "O"), ("東京", "B-LOC"), ("に", "O"), ("ある", "O"), ("。", "O")],
    [("山田", "B-PSN"), ("は", "O"), ("10", "B-PER"), ("％", "I-PER"), ("だ", "O"), ("。", "O")],
]
ENVIRONMENT = ". .venv/bin/activate"


def in_small(folder: Path) -> None:
    """Put tiny models and a few sentences in place of the configured ones, under their names."""
    tiny.make_gemma(folder / "tiny")
    tiny.make_spacy(folder / "toy")
    lines = ["".join(f"{token}\t{tag}\n" for token, tag in sentence) for sentence in GOLD]
    (folder / "gold.iob2").write_text("\n".join(lines), encoding="utf-8")
    path = folder / "config/config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    corpus = config["corpora"]["ja"]
    config["corpora"]["ja"] = {**corpus, "file": "gold.iob2", "sample": None}
    del config["corpora"]["ja"]["artifact"]
    config["models"]["gemma-3-270m"] = {"folder": "tiny", "prompt": "few-shot"}
    tiny.make_llama(folder / "chat")
    config["models"]["qwen2.5-coder-0.5b-instruct"] = {"folder": "chat", "prompt": "chat"}
    config["models"]["gemma-3-270m-ja"] |= {"training_pairs": 16, "evaluation_pairs": 4}
    types = {"PERSON": "PER", "GPE": "LOC", "ORG": "ORG"}
    for name in ("spacy-sm", "spacy-sm-conll"):
        config["taggers"][name] = {"kind": "spacy", "folder": "toy", "types": types}
    for name in ("gemma-names", "gemma-plain"):
        config["translators"][name]["max_new_tokens"] = 8
    config["aligners"]["fused-ja"]["pairs"] = 20
    config["aligners"]["fused-untuned"] |= {"pairs": 20, "wikis": ["ko"]}
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")


def test_each_command_runs_and_shows_what_the_page_says(tmp_path):
    project = Project(tmp_path / "project")
    in_small(project.folder)
    shutil.copy(ROOT / "Makefile", project.folder)
    said: dict[str, str] = {}
    for title, text in BLOCK.findall(PAGE):
        if title:
            (project.folder / title).write_text(text, encoding="utf-8")
            continue
        for line in text.splitlines():
            said[line] = run(project, line)
    assert '"f1_ci95"' in said["head -n 18 results/ja/f1.json"]
    [statuses] = [out for line, out in said.items() if line.startswith("cut -f 11 ")]
    assert re.search(r"^ *\d+ status$", statuses, re.MULTILINE)
    [again] = [out for line, out in said.items() if line == "snakemake -n results/ja/f1.json"]
    assert "Nothing to be done" in again
    [plan] = [out for line, out in said.items() if line.startswith("snakemake -n results/ja/score")]
    assert re.search(r"^total +5$", plan, re.MULTILINE), plan
    for path in re.findall(r"`(results/[^`{]+\.\w+)`", PAGE):
        assert (project.folder / path).exists(), path


def run(project: Project, line: str) -> str:
    """Run a line of the page; Snakemake in a fork, whose imports are done."""
    if line == ENVIRONMENT:
        return ""
    if line.startswith("make "):
        command = ["make", "--dry-run", "--no-print-directory", "--assume-old=.venv/ready"]
        command += shlex.split(line)[1:]
        (project.folder / ".venv").mkdir()
        (project.folder / ".venv/ready").touch()
        # `make test` tells the makes below it of itself, and they would print more than commands.
        alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(
            command, cwd=project.folder, env=alone, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return "".join(run(project, one) for one in done.stdout.splitlines())
    if line.startswith("snakemake "):
        arguments = shlex.split(line)[1:]
        if "--configfile" not in arguments:
            arguments += ["--configfile", "config/config.yaml"]
        done = project.snakemake(*arguments)
    else:
        done = subprocess.run(
            ["bash", "-ec", line], cwd=project.folder, capture_output=True, text=True
        )
    assert done.returncode == 0, (line, done.stdout + done.stderr)
    return done.stdout


@pytest.mark.tutorial
def test_the_tutorial_runs_in_a_clone_with_the_real_models(tmp_path):
    clone = tmp_path / "eatner"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    script = ["set -e"]
    for title, text in BLOCK.findall(PAGE):
        script.append(f"cat > {title} <<'END'\n{text}END" if title else text)
    subprocess.run(["bash", "-c", "\n".join(script)], cwd=clone, check=True)
    rows = (clone / "results/news/entities.tsv").read_text(encoding="utf-8").splitlines()
    assert len(rows) > 1
    assert (clone / "results/news/entities.html").exists()
