from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from eatner.command import check as module
from eatner.command import times
from eatner.command.main import main

SYSTEM = {"translator": "gemma-names", "tagger": "reviewed", "aligner": "fused-ja"}
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free(monkeypatch, tmp_path) -> dict:
    """A machine whose disk and index are as a test wants them."""
    there = {"disk": 10**12, "index": ("answers in 0.1 s", True)}
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage(0, 0, there["disk"]))
    monkeypatch.setattr(module, "_index", lambda: there["index"])
    monkeypatch.chdir(tmp_path)
    return there


def test_an_empty_folder_on_a_machine_that_can(free, capsys) -> None:
    assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert "fetch gemma-3-270m: 238 MB, licence: Gemma Terms of Use" in said
    assert "learn the weights of fused-ja" in said
    assert "read the wiki of ko: sample" in said
    assert "gemma-3-270m-ja by transformers on the" in said
    assert "a sentence (5.2 core-seconds, recorded" in said
    assert said.rstrip().endswith("This will run here.")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"disk": 10**8}, "the disk is too small"),
        ({"index": ("does not answer", False)}, "the package index does not answer"),
    ],
)
def test_what_is_in_the_way_is_named(free, capsys, change, said) -> None:
    free.update(change)
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert said in out
    assert "This will not run here." in out


def test_without_a_download_no_index_is_needed(free, capsys) -> None:
    free["index"] = ("does not answer", False)
    parts = ["--translator", "identity", "--tagger", "lookup", "--aligner", "identity"]
    for path in ("resources/artifacts/en-core-web-sm", "results/wiki/ko"):
        Path(path).mkdir(parents=True)
    Path("results/wiki/ko/lexicon.marisa").touch()
    assert main(["check", *parts]) == 0
    said = capsys.readouterr().out
    assert "to be made" not in said
    assert "not known: nothing was recorded" in said


def test_what_was_recorded_here_counts(tmp_path) -> None:
    sentences = tmp_path / "results/news/sentences.tsv"
    sentences.parent.mkdir(parents=True)
    sentences.write_text("sentence_id\ttext\ttokens\n" + "1\tx\t\n" * 40, encoding="utf-8")
    logs = {
        "translate_sentences/news.gemma-names": 80,
        "tag_with_llm/news.gemma-names.reviewed": 3,
        "tag_english/news.gemma-names.spacy-sm": 1,
        "align_entities/news.gemma-names.reviewed.fused-ja": 36,
    }
    for name, seconds in logs.items():
        path = tmp_path / "logs" / f"{name}.benchmark.tsv"
        path.parent.mkdir(parents=True)
        path.write_text(f"s\th:m:s\n{seconds}\t0\n", encoding="utf-8")
    found = times.of_sentence(SYSTEM, tmp_path, 2, "spacy-sm")
    assert found == times.Estimate(3.0, "as in earlier runs in this folder, on 40 sentences")
    elsewhere = times.of_sentence(SYSTEM, tmp_path / "results", 2)
    assert elsewhere is not None
    assert times.of_sentence(SYSTEM, tmp_path / "results", 4).seconds == elsewhere.seconds / 2
    assert times.of_sentence(SYSTEM | {"tagger": "mine"}, tmp_path / "results", 2) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.52, "0.5 s"), (12.3, "12 s"), (150, "2.5 min"), (7200, "2.0 h"), (864000, "10 days")],
)
def test_times_are_written_in_two_digits(seconds, said) -> None:
    assert times.written(seconds) == said
