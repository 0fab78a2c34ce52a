"""What an edit of the code runs again: every job that uses what was edited, and no other."""

from __future__ import annotations

import ast
from collections.abc import Callable
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
    "reviewed": ("paper", "toy-reviewed", "paper"),
}
TARGETS = [f"results/mini/score/{'/'.join(parts)}.json" for parts in SYSTEMS.values()]
TARGETS += ["results/mini-ja/f1.json", "results/mini/f1.json", "results/mini/entities.tsv"]
FOLLOWS_LABELS = {"score_system", "write_provenance", "publish_score", "write_entities"}


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

    def changed(self, module: str, function: str) -> tuple[set[str], set[str]]:
        """What runs again after a statement was put into a function or a method."""
        path = self.library / module if "/" in module or module.endswith(".py") else None
        assert path is not None
        text = path.read_text(encoding="utf-8")
        body = ast.parse(text).body
        for name in function.split("."):
            [node] = [n for n in body if getattr(n, "name", None) == name]
            body = node.body
        first = next(n for n in body if not is_docstring(n))
        lines = text.splitlines(keepends=True)
        lines.insert(first.lineno - 1, " " * first.col_offset + "assert True\n")
        return self.edited({path: "".join(lines)})


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


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


@pytest.mark.parametrize(
    ("module", "function"),
    [("progress.py", "counter"), ("errors.py", "InputError.__init__")],
)
def test_bars_and_messages_run_nothing_again(planning, module, function) -> None:
    assert planning.changed(module, function) == (set(), set())


ENTITY_AWARE = ["translate_sentences:mini:tiny", "translate_sentences:mini-ja:tiny"]
ENTITY_AWARE += ["translate_sentences:mini:tiny-plain", "translate_sentences:mini:far"]
FUSED = ["align_entities:mini:tiny:toy:fused", "weigh_signals:fused"]
CONSTRAINED = [
    "align_entities:mini:tiny:toy:tiny-ko",
    "align_entities:mini-ja:tiny:toy:tiny-ko",
    "align_entities:mini:parallel:toy:tiny-untuned",
    "align_entities:mini:far:direct-far:far",
    "align_entities:mini:tiny-plain:taught:vllm",
]
PAPER = ["translate_sentences:mini:paper", "align_entities:mini:paper:toy:paper"]
PAPER += ["align_entities:mini:paper:toy-reviewed:paper"]
GIVEN = "translate_sentences:mini:parallel"  # by the lines of a corpus that it reads itself
FAR = ["translate_sentences:mini:far", "tag_with_llm:mini:far:direct-far"]
FAR += ["align_entities:mini:far:direct-far:far"]
VLLM = ["align_entities:mini:tiny-plain:taught:vllm"]
HERE = [*ENTITY_AWARE[:3], *FUSED, *CONSTRAINED[:3], *PAPER]
DIRECT, REVIEWED = "tag_with_llm:mini:identity:direct", "tag_with_llm:mini:paper:toy-reviewed"
HERE += [DIRECT, REVIEWED, "finetune_model"]
# An edit of a statement, and the jobs that use it themselves, by the beginnings of their names.
EDITS = {
    "how wikitext is read": ("wiki/wikitext.py", "clean", ["parse_wiki"]),
    "what is a name": (
        "wiki/names.py",
        "name_fault",
        ["build_pairs", "build_lexicon", *ENTITY_AWARE],
    ),
    "pairs": ("wiki/pairs.py", "build", ["build_pairs"]),
    "the lexicon's builder": ("wiki/lexicon.py", "build", ["build_lexicon"]),
    "the sample wiki": ("wiki/sample.py", "build", ["build_sample_wiki"]),
    "an endpoint": ("llm/endpoint.py", "EndpointLLM.__init__", FAR),
    "vLLM": ("llm/vllm.py", "VllmLLM.__init__", VLLM),
    "transformers": ("llm/transformers.py", "TransformersLLM.__init__", HERE),
    "the entity-aware translator": ("translate/entity_aware.py", "translate", ENTITY_AWARE),
    "the paper's translator": ("translate/paper.py", "translate", PAPER[:1]),
    "the paper's aligner": ("align/paper.py", "align", PAPER[1:]),
    "identity": ("align/identity.py", "align", ["align_entities:mini:identity"]),
    "the fused aligner": ("align/fused.py", "score", FUSED),
    "learning weights": ("align/weights.py", "learn", FUSED[1:]),
    "the constrained aligner": ("align/constrained.py", "constrained", CONSTRAINED),
    "the assignment": ("align/assign.py", "assign", [*CONSTRAINED, *FUSED[:1]]),
    "spaCy": (
        "tag/spacy.py",
        "tag_with_spacy",
        [
            "tag_english:mini:tiny:toy",
            "tag_english:mini:paper:toy",
            "tag_english:mini:parallel:toy",
            "tag_english:mini-ja:tiny:toy",
            "tag_english:mini:identity:lookup",
        ],
    ),
    "title lookup": ("tag/lookup.py", "tag_with_titles", ["tag_english:mini:identity:lookup"]),
    "an LLM that tags": ("tag/llm.py", "tag_with_llm", [FAR[1], DIRECT]),
    "an LLM that reviews": ("tag/reviewed.py", "review", [REVIEWED]),
    "training a tagger": ("train/tagger.py", "train", ["train_tagger"]),
    "LoRA": ("train/lora.py", "finetune", ["finetune_model"]),
    "reading columns": ("corpora/conll.py", "read", ["read_corpus", GIVEN]),
    "errors by stage": ("evaluate/stages.py", "find_errors", ["score_system"]),
    "a picture": ("report/plot.py", "plot_f1", ["publish_score"]),
    "a page": ("report/page.py", "entities_page", ["write_entities"]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_changed_statement_runs_what_uses_it_and_what_follows(planning, edit) -> None:
    module, function, users = EDITS[edit]
    changed, every = planning.changed(module, function)
    assert changed == of(planning.before, *users)
    # What follows: all jobs that need one of them, however far down.
    assert {"score_system", "publish_score", "write_entities"} & {n.split(":")[0] for n in every}
    for name, job in planning.before.items():
        assert (name in every) == (name in changed or bool(every & set(job["needs"])))


def test_the_code_of_another_kind_is_not_read(planning) -> None:
    """A module that is broken stops no job but those of its own kind."""
    before = planning.before
    edited = planning.edited({planning.library / "tag/gliner.py": "def broken(:\n"})
    assert edited == (set(), set())
    assert before


def jobs_of(planning: Planning, changed: set[str]) -> set[str]:
    """The corpora and wikis that some jobs are about."""
    return {name.split(":")[1] for name in changed}


def with_row(planning: Planning, name: str, edit: Callable[[str], str]) -> set[str]:
    path = planning.library / name
    text = path.read_text(encoding="utf-8")
    new = edit(text)
    assert new != text
    return planning.edited({path: new})[0]


@pytest.mark.parametrize("table", ["text/languages.tsv", "prompts.yaml", "answers/phrasing.tsv"])
def test_a_new_language_runs_nothing_again(planning, table) -> None:
    def added(text: str) -> str:
        if table == "prompts.yaml":
            entries = yaml.safe_load(text)
            return text + yaml.safe_dump({"fi": entries["ko"]}, allow_unicode=True)
        row = next(line for line in text.splitlines() if line.startswith("ko\t"))
        return text + row.replace("ko\t", "fi\t", 1) + "\n"

    assert with_row(planning, table, added) == set()


@pytest.mark.parametrize("table", ["text/languages.tsv", "prompts.yaml", "answers/phrasing.tsv"])
def test_what_belongs_to_a_language_runs_that_language_alone(planning, table) -> None:
    def edited(text: str) -> str:
        if table == "prompts.yaml":
            entries = yaml.safe_load(text)
            entries["ko"][0]["text"] += " !"
            return yaml.safe_dump(entries, allow_unicode=True)
        row = next(line for line in text.splitlines() if line.startswith("ko\t"))
        return text.replace(row, row + "|없습니다만" if "phrasing" in table else row + "|씨님")

    changed = with_row(planning, table, edited)
    if table == "answers/phrasing.tsv":
        # Only free answers about Korean sentences are read by Korean phrases.
        direct = "tag_with_llm:mini:identity:direct"
        assert changed == of(planning.before, FAR[0], FAR[2], direct)
    else:
        assert {"translate_sentences:mini:tiny"} <= changed
    assert not of(changed, *PAPER, "align_entities:mini:identity") or table == "text/languages.tsv"
    for name in changed:
        rule, first = name.split(":")[:2]
        is_korean = first in ("ko", "mini")
        # An LLM that is tuned on the Korean wiki, and weights that are learned on it.
        assert is_korean or (rule, first) in {
            ("finetune_model", "tiny-ko"),
            ("weigh_signals", "fused"),
        }
