"""What an edit of the code runs again: every job that uses what was edited, and no other."""

from __future__ import annotations

import ast
from pathlib import Path

import planned
import pytest
import smoke
import yaml

SYSTEMS = {
    "plain": ("tiny", "toy", "tiny-ko"),
    "fused": ("tiny", "toy", "fused"),
    "paper": ("paper", "toy", "paper"),
    "given": ("parallel", "toy", "tiny-untuned"),
    "lookup": ("identity", "lookup", "identity"),
    "direct": ("identity", "direct", "identity"),
    "far": ("far", "direct-far", "far"),
    "vllm": ("tiny-plain", "taught", "vllm"),
}
TARGETS = [f"results/mini/score/{'/'.join(parts)}.json" for parts in SYSTEMS.values()]
TARGETS += ["results/mini-ja/f1.json", "results/mini/f1.json", "results/mini/entities.tsv"]
FOLLOWS_LABELS = {"score_system", "publish_score", "write_entities"}


@pytest.fixture(scope="module")
def planning(tmp_path_factory) -> Planning:
    return Planning(tmp_path_factory.mktemp("planning") / "project")


class Planning:
    """A copy of the project in which nothing has been run, with a component of each kind."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.library = folder, folder / "workflow/scripts/eatner"
        smoke.Project(folder)
        for name in ("tiny/config.json", "chat/config.json", "toy/meta.json", "far/config.json"):
            self.put(name, "{}")
        self.put("mini.en.txt", smoke.EN)
        self.put("mini.iob2", smoke.conll(smoke.KO, smoke.KO_TAGS))
        for name in ("ja.iob2", "en.iob2", "held.iob2"):
            self.put(name, "x\tO\n")
        config = smoke.smoke_config()
        config["models"]["far"] = {"endpoint": "http://h/v1", "name": "n", "prompt": "chat"}
        config["models"]["wide"] = {"folder": "far", "prompt": "chat", "backend": "vllm"}
        config["corpora"]["mini-en"] = {"language": "en", "file": "en.iob2"}
        config["corpora"]["mini-en-held"] = {"language": "en", "file": "held.iob2"}
        config["translators"]["far"] = {"kind": "entity-aware", "model": "far"}
        config["taggers"]["direct-far"] = {"kind": "llm", "model": "far"}
        config["taggers"]["taught"] = smoke.TAUGHT
        config["aligners"]["far"] = {"kind": "constrained", "model": "far"}
        config["aligners"]["vllm"] = {"kind": "constrained", "model": "wide"}
        self.put("all.yaml", yaml.safe_dump(config, allow_unicode=True))
        self.before = self.plan()

    def put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def plan(self) -> dict[str, dict]:
        return planned.jobs(self.folder, "--configfile", "all.yaml", "--", *TARGETS)

    def edited(self, edits: dict[Path, str]) -> tuple[set[str], set[str]]:
        """What runs again after edits; they are undone."""
        kept = {path: path.read_bytes() for path in edits}
        try:
            for path, text in edits.items():
                path.write_text(text, encoding="utf-8")
            return planned.reruns(self.before, self.plan())
        finally:
            for path, content in kept.items():
                path.write_bytes(content)

    def replaced(self, name: str, old: str, new: str) -> tuple[set[str], set[str]]:
        path = self.library / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, (name, old)
        return self.edited({path: text.replace(old, new, 1)})


def of(jobs: dict[str, dict] | set[str], *begins: str) -> set[str]:
    return {name for name in jobs if any(name == b or name.startswith(f"{b}:") for b in begins)}


def test_every_kind_is_planned(planning) -> None:
    rules = {name.split(":")[0] for name in planning.before}
    assert {
        "build_sample_wiki", "parse_wiki", "build_pairs", "build_lexicon", "finetune_model",
        "weigh_signals", "train_tagger", "read_corpus", "translate_sentences", "tag_english",
        "tag_with_llm", "align_entities", "score_system", "write_entities",
    } <= rules  # fmt: skip


def test_the_same_code_runs_nothing_again(planning) -> None:
    assert planned.reruns(planning.before, planning.plan()) == (set(), set())


def test_comments_docstrings_and_layout_run_nothing_again(planning) -> None:
    edits = {}
    for path in [*planning.library.rglob("*.py"), *planning.library.parent.glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
                node.body[0].value.value = "Another text."
        # Other quotes, brackets and line breaks, no comment, and a new one.
        edits[path] = ast.unparse(tree) + "\n\n# The end.\n"
    assert planning.edited(edits) == (set(), set())


def test_messages_and_progress_run_nothing_again(planning) -> None:
    assert planning.replaced("progress.py", "else 10,", "else 20,") == (set(), set())
    assert planning.replaced(
        "errors.py", '": {problem}. {remedy}"', '" - {problem}! {remedy}"'
    ) == (
        set(),
        set(),
    )


# An edit of a statement: module, old, new; and the jobs that use it themselves.
EDITS = {
    "wiki": ("wiki/wikitext.py", "", "", ["parse_wiki"]),
}


def test_a_changed_statement_runs_what_uses_it(planning) -> None:
    pass
