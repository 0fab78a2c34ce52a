from __future__ import annotations

import shutil
from pathlib import Path

import fake_vllm
import pytest
import tiny
import torch

import eatner
from eatner import prompts
from eatner.llm import journal as journals
from eatner.llm.endpoint import EndpointLLM
from eatner.llm.journal import Journal, open_journal
from eatner.llm.open import ENGINES, answers_of, open_llm
from eatner.llm.transformers import TransformersLLM
from eatner.llm.vllm import VllmLLM
from eatner.text import languages

LOCAL = {"backend": "transformers", "quantisation": "none"}
VLLM = {"backend": "vllm", "context": 999, "seed": 3}
FAR = {
    "backend": "endpoint",
    "url": "http://127.0.0.1:9/v1",
    "name": "m",
    "context": 99,
    "structured": "none",
    "logprobs": False,
    "request": {},
    "seed": 3,
}
BACKENDS = {"transformers": LOCAL, "vllm": VLLM, "endpoint": FAR}


def test_each_backend_is_opened_as_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    record = fake_vllm.install(monkeypatch)
    folder, adapter = tiny.folder("gemma-wide"), tiny.folder("adapter")
    threads = torch.get_num_threads()
    local = open_llm(
        LOCAL, {"gpus": 1}, folder, adapter / "adapter_model.safetensors", threads=threads
    )
    assert isinstance(local, TransformersLLM)
    assert local.score(["a"], ["b"]) != tiny.llm("gemma-wide").score(["a"], ["b"])
    engine = open_llm(VLLM, {"gpus": 2}, folder, None, threads=threads)
    assert isinstance(engine, VllmLLM)
    assert (engine.context, record.options["gpus"], record.options["seed"]) == (999, 2, 3)
    far = open_llm(FAR, {"concurrency": 3, "timeout": 9}, None, None, threads=threads)
    assert isinstance(far, EndpointLLM)
    assert (far.context, far.concurrency, far.seed) == (99, 3, 3)
    assert far.transport.url == FAR["url"]


# --- what a journal's answers depend on ----------------------------------------------------------


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the library whose meaning the journals' keys are made of."""
    package = Path(eatner.__file__).parent
    copy = tmp_path / "scripts"
    shutil.copytree(package, copy / "eatner", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(journals, "SCRIPTS", copy)
    return copy


class Step:
    """A step that asks two questions, and the journal of an earlier run of it."""

    def __init__(self, folder: Path, backend: str) -> None:
        self.output, self.engine = folder / "out.tsv", dict(BACKENDS[backend])
        self.model = None
        self.adapter = None
        if backend != "endpoint":
            self.model = Path(shutil.copytree(tiny.folder("gemma-wide"), folder / "model"))
            tuned = Path(shutil.copytree(tiny.folder("adapter"), folder / "adapter"))
            self.adapter = tuned / "adapter_model.safetensors"
        journal = self.journal()
        for question in self.questions(journal):
            journal.add(question, [["東京", -1.0, 2, True]])
        journal.close()

    def journal(self) -> Journal:
        journals._fingerprint.cache_clear()  # as a new process
        return open_journal(self.output, answers_of(self.engine, self.model, self.adapter))

    def questions(self, journal: Journal) -> list[str]:
        asked = [prompts.translation(text, languages.get("ja"), (), "chat") for text in "ab"]
        return [journal.key(prompt, None, 8, None, 1, True) for prompt in asked]

    def new(self) -> int:
        """The number of questions that a run would ask the LLM."""
        journal = self.journal()
        found = sum(question not in journal.known for question in self.questions(journal))
        journal.file.close()
        return found


@pytest.fixture(params=BACKENDS)
def step(request: pytest.FixtureRequest, tmp_path: Path, scripts: Path) -> Step:
    return Step(tmp_path, request.param)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def code_of(step: Step, scripts: Path) -> Path:
    module = ENGINES[step.engine["backend"]].partition(":")[0]
    return scripts / f"{module.replace('.', '/')}.py"


def test_the_same_step_asks_nothing(step: Step) -> None:
    assert step.output.with_name(".out.journal.jsonl").exists()
    assert step.new() == 0


def test_an_edited_comment_or_docstring_asks_nothing(step: Step, scripts: Path) -> None:
    path = code_of(step, scripts)
    path.write_text("# A comment.\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    edit(path, '"""', '"""Indeed: ')
    edit(scripts / "eatner/llm/base.py", "One LLM, however it is run.", "An LLM.")
    assert step.new() == 0


def test_an_edited_statement_of_the_engine_asks_anew(step: Step, scripts: Path) -> None:
    edit(code_of(step, scripts), "self.calls += ", "self.calls += 0 + ")
    assert step.new() == 2


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("llm/base", "silence.report()", "silence.report() or None"),
        ("llm/replies", "re.IGNORECASE", "re.I"),
    ],
)
def test_an_edited_statement_that_all_engines_use_asks_anew(
    step: Step, scripts: Path, module: str, old: str, new: str
) -> None:
    edit(scripts / f"eatner/{module}.py", old, new)
    assert step.new() == 2


def test_an_edited_step_or_prompt_of_another_question_asks_nothing(
    step: Step, scripts: Path
) -> None:
    edit(scripts / "eatner/prompts.py", "Keep every name", "Keep each name")
    for path in (scripts / "eatner").rglob("*.py"):
        if path.parent.name in ("translate", "align", "wiki", "train"):
            path.write_text("x = 1\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    edit(scripts / "eatner/prompts.yaml", "アンゲラ", "アンジェラ")
    assert step.new() == 0


def test_an_edited_prompt_asks_anew(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    # The questions themselves are made by the library that runs.
    korean = prompts.examples("ko")
    monkeypatch.setattr(prompts, "examples", lambda code: korean)
    assert step.new() == 2


def test_what_only_limits_or_speeds_up_asks_nothing(step: Step) -> None:
    step.engine["context"] = 7
    assert step.new() == 0


def test_another_model_asks_anew(step: Step, tmp_path: Path) -> None:
    if step.model is None:
        step.engine["name"] = "another"
    else:
        step.model = tiny.make_gemma(tmp_path / "other", window=tiny.CONTEXT, seed=1)
    assert step.new() == 2


def test_a_model_that_was_fetched_again_asks_nothing(step: Step, tmp_path: Path) -> None:
    if step.model is not None and step.adapter is not None:
        step.model = Path(shutil.copytree(step.model, tmp_path / "elsewhere"))
        tuned = shutil.copytree(step.adapter.parent, tmp_path / "tuned")
        step.adapter = Path(tuned) / step.adapter.name
    assert step.new() == 0


def test_another_adapter_or_none_asks_anew(step: Step, tmp_path: Path) -> None:
    if step.adapter is None:
        step.engine["request"] = {"lora": "another"}
        assert step.new() == 2
        return
    assert step.model is not None
    other = tiny.make_adapter(step.model, tmp_path / "other", seed=1)
    step.adapter = other / "adapter_model.safetensors"
    assert step.new() == 2
    step.adapter = None
    assert step.new() == 2


@pytest.mark.parametrize(
    ("backend", "key", "value"),
    [("transformers", "quantisation", "4bit"), ("vllm", "seed", 4), ("endpoint", "seed", 4)],
)
def test_other_settings_ask_anew(
    tmp_path: Path, scripts: Path, backend: str, key: str, value: object
) -> None:
    step = Step(tmp_path, backend)
    step.engine[key] = value
    assert step.new() == 2
