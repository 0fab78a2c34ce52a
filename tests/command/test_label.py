from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
import yaml

from eatner.command import label as module
from eatner.command import run as running
from eatner.command.main import main

DEFAULT = {"default": {"translator": "identity", "tagger": "lookup", "aligner": "identity"}}
TEXT = "김철수는 어제 서울에서 열린 회의에 참석했다. 비가 왔다.\n런던은 멀다.\n"


@pytest.fixture
def commands(project, monkeypatch) -> list[list[str]]:
    """What was asked of Snakemake, which runs in the small project."""
    given: list[list[str]] = []

    def run(arguments: list[str]) -> int:
        given.append(arguments)
        done = project.snakemake(*arguments, "--cores", "1")
        sys.stderr.write(done.stdout)
        return done.returncode

    monkeypatch.setattr(module, "run", run)
    monkeypatch.chdir(project.folder)
    settings = yaml.safe_load(Path("smoke.yaml").read_text()) | DEFAULT
    Path("mine.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))
    return given


def test_a_file_is_labelled_once(project, commands, capfd) -> None:
    Path("news.txt").write_text(TEXT, encoding="utf-8")
    asked = ["label", "news.txt", "--language", "ko", "--configfile", "mine.yaml"]
    assert main([*asked, "--format", "jsonl"]) == 0
    said = capfd.readouterr()
    records = [json.loads(line) for line in said.out.splitlines()]
    assert [record["text"] for record in records] == [
        "김철수는 어제 서울에서 열린 회의에 참석했다.", "비가 왔다.", "런던은 멀다."
    ]  # fmt: skip
    assert ("서울", "LOC") in [(s["surface"], s["type"]) for s in records[0]["spans"]]
    assert "results/news/entities.html" in said.err.replace(f"{Path.cwd()}/", "")
    before = Path("results/news/entities.tsv").stat().st_mtime_ns
    assert main([*asked, "--output", "out/labels.tsv"]) == 0
    assert Path("out/labels.tsv").read_bytes() == Path("results/news/entities.tsv").read_bytes()
    assert Path("results/news/entities.tsv").stat().st_mtime_ns == before
    assert "--config" in commands[0]


def test_standard_input_is_a_file_named_after_its_content(commands, monkeypatch) -> None:
    monkeypatch.setattr(module, "run", lambda arguments: commands.append(arguments) or 3)
    asked = ["label", "-", "-l", "ko", "--configfile", "mine.yaml", "--format", "conll"]
    for _ in range(2):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("서울.\n".encode())))
        assert main(asked) == 3
    assert commands[0] == commands[1]
    assert commands[0][0].endswith("/entities.conll")
    [kept] = Path("resources/texts").iterdir()
    assert kept.read_text(encoding="utf-8") == "서울.\n"


def test_each_file_has_a_corpus_of_its_own(commands, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(module, "run", lambda arguments: commands.append(arguments) or 3)
    (tmp_path / "news.txt").write_text(TEXT, encoding="utf-8")
    names = ["news.txt", "mini.txt", "wiki.txt", "뉴스.txt", "a b.txt", "x.jsonl", "x.txt"]
    for name in names:
        text = '{"text": "서울."}\n' if name.endswith("jsonl") else TEXT
        Path(name).write_text(text, encoding="utf-8")
    asked = ["label", *names, str(tmp_path / "news.txt"), "-l", "ko", "--output", "out"]
    assert main([*asked, "--configfile", "mine.yaml"]) == 3
    given = commands[-1][commands[-1].index("--config") + 1]
    corpora = json.loads(given.removeprefix("corpora="))
    assert [name.rpartition("-")[0] or name for name in corpora] == [
        "news", "mini", "wiki", "text", "a-b", "x", "x", "news"
    ]  # fmt: skip
    assert {corpus["format"] for corpus in corpora.values()} == {"paragraphs", "auto"}
    assert corpora["x"]["format"] == "auto"
    assert len(corpora) == len(names) + 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.txt", "b.txt"], "Name a folder for them: --output labels"),
        (["a.txt", "b.txt", "--output", "mini.iob2"], "mini.iob2: is a file"),
        (["gone.txt"], "gone.txt: there is no such file"),
        (["toy"], "toy: is a folder"),
        (["mini.iob2", "--output", "mini.iob2"], "mini.iob2: is one of the texts, and would be"),
        (["mini.iob2", "--output", "/proc/x/y.tsv"], "cannot be made in /proc"),
        (["mini.iob2", "--output", "mini.iob2/y.tsv"], "cannot be made in"),
        (["mini.iob2", "--directory", "mini.iob2"], "is no folder"),
        (["mini.iob2", "--directory", "/proc/x"], "cannot be made in /proc/x"),
        (["said.tsv", "--output", "."], "said.tsv: is one of the texts, and would be lost"),
        (["mini.iob2", "--system", "none"], "unknown system 'none'"),
    ],
)
def test_a_mistake_is_one_line_before_any_work(commands, capfd, arguments, said) -> None:
    Path("said.tsv").write_text("서울\tB-LOC\n", encoding="utf-8")
    status = main(["label", *arguments, "-l", "ko", "--configfile", "mine.yaml"])
    error = capfd.readouterr().err
    assert status == 1
    assert error.count("\n") == 1
    assert said in error
    assert not commands


@pytest.mark.parametrize("cores", ["0", "-3", "two", "1.5"])
def test_a_number_of_cores_is_one(commands, capfd, cores) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["label", "mini.iob2", "-l", "ko", f"--cores={cores}"])
    assert "neither a number of cores" in capfd.readouterr().err
    assert not commands


def test_standard_input_that_is_empty_is_told_by_its_name(commands, monkeypatch, capfd) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    assert main(["label", "-", "-l", "ko", "--configfile", "mine.yaml"]) == 1
    assert capfd.readouterr().err == "Error: standard input: holds no text. Send it a text.\n"


def test_each_text_keeps_its_name_in_the_folder(commands, capfd) -> None:
    for name in ("news.txt", "뉴스.txt"):
        Path(name).write_text(TEXT, encoding="utf-8")
    asked = ["label", "뉴스.txt", "news.txt", "-l", "ko", "--configfile", "mine.yaml"]
    assert main([*asked, "--output", "named"]) == 0
    assert {path.name for path in Path("named").iterdir()} == {"뉴스.tsv", "news.tsv"}
    assert "뉴스.txt is text-" in capfd.readouterr().err


def test_an_error_of_a_job_is_the_last_line(commands, capfd) -> None:
    Path("bad.jsonl").write_text('{"text": "서울."}\n{"words": "x"}\n', encoding="utf-8")
    assert main(["label", "bad.jsonl", "-l", "ko", "--configfile", "mine.yaml"]) == 1
    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert "bad.jsonl, line 2" in last


def test_what_is_fetched_is_said_with_size_and_licence(commands, monkeypatch, capfd) -> None:
    monkeypatch.setattr(module, "run", lambda arguments: 3)
    Path("news.txt").write_text(TEXT, encoding="utf-8")
    assert main(["label", "news.txt", "-l", "ko"]) == 3
    said = capfd.readouterr().err
    assert "fetch gemma-3-270m: 238 MB, licence: Gemma Terms of Use" in said
    assert "fetch en-core-web-sm: 13 MB, licence: MIT" in said
    assert "tune gemma-3-270m on alignment pairs of ja" in said


# --- eatner run ---------------------------------------------------------------------------------


def test_options_of_snakemake_are_passed_on_and_cores_are_filled_in() -> None:
    command = running.command(["results/ja/f1.json", "-n", "--configfile", "a.yaml"])
    assert command[1:3] == ["-m", "snakemake"]
    assert command[5:7] == ["--cores", "all"]
    assert command[7:] == ["results/ja/f1.json", "-n", "--configfile", "a.yaml"]
    for given in ("--cores=2", "-c2", "-j", "--profile", "--jobs"):
        assert "all" not in running.command(["x", given])
    assert "all" in running.command(["--config", "x=1"])


def test_run_prints_its_command_and_gives_back_the_status(monkeypatch, tmp_path, capfd) -> None:
    monkeypatch.setattr(running, "command", lambda given: [sys.executable, "-c", *given])
    assert main(["run", "import sys; sys.exit(7)"]) == 7
    assert "-c 'import sys; sys.exit(7)'" in capfd.readouterr().err
    with pytest.raises(SystemExit) as end:
        main(["run", "--help"])
    assert end.value.code == 0
    assert "Snakemake" in capfd.readouterr().out
