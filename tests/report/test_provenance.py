"""A result is traced to the jobs, the commits and the files that it was made of."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from eatner import trace as traces
from eatner.report.provenance import page, read_records, trace

RUN = {
    "command": "snakemake <all>",
    "git": {"commit": "abc", "dirty": True},
    "versions": {"torch": "2"},
    "hardware": {"cores": 2, "gpus": []},
}


def record(rule: str, given: list[str], made: list[str], run: dict = RUN, **other) -> dict:
    measured = {"seconds": 1.5, "peak_memory_mb": 100, "threads": 1, "started": "2026-01-01"}
    wildcards = {"corpus": "ja", "shard": ""}
    common = {"rule": rule, "wildcards": wildcards, "input": given, "output": made, "run": run}
    return {**common, **measured, **other}


def test_a_result_is_followed_back_to_the_users_files(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("text", "sentences", "english", "other"):
        Path(name).write_text(name)
    Path("model").mkdir()
    Path("model/weights").write_text("w")
    Path("model/.snakemake_timestamp").write_text("now")
    later = {**RUN, "git": {"commit": "def", "dirty": False}}
    records = [
        record("translate", ["sentences", "model"], ["english"], later, peak_memory_mb=900),
        record("read", ["text"], ["sentences", "gone"]),
        record("unasked", ["english"], ["other"]),
    ]
    traced = trace(Path("english"), records)
    assert [job["rule"] for job in traced["jobs"]] == ["read", "translate"]
    assert traced["total"] == {"seconds": 3.0, "peak_memory_mb": 900}
    assert [traced["runs"][job["run"]]["git"]["commit"] for job in traced["jobs"]] == ["abc", "def"]
    files = traced["files"]
    assert {name: found["made_by"] for name, found in files.items()} == {
        **{"english": "translate", "gone": "read", "model": None},
        **{"sentences": "read", "text": None},
    }
    assert files["text"]["sha256"] == hashlib.sha256(b"text").hexdigest()
    assert files["gone"] == {"made_by": "read", "bytes": None, "sha256": None}
    assert files["model"]["bytes"] == 1
    before = files["model"]["sha256"]
    Path("model/weights").write_text("v")
    assert trace(Path("english"), records)["files"]["model"]["sha256"] != before


def test_the_page_is_safe_and_shows_what_was_found(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a<b>.tsv").write_text("x")
    traced = trace(Path("a<b>.tsv"), [record("read", [], ["a<b>.tsv"])])
    text = page({"config": {"x": "<y>"}, **traced})
    for shown in ("snakemake &lt;all&gt;", "abc with changes", "a&lt;b&gt;.tsv", "x: &lt;y&gt;"):
        assert shown in text
    assert not [tag for tag in ("<all>", "<b>", "<y>") if tag in text]


def test_a_commit_is_that_of_the_projects_own_working_tree(tmp_path: Path) -> None:
    assert traces.git_commit(tmp_path) is None

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("x")
    git("add", "file")
    git("-c", "user.name=a", "-c", "user.email=b@c", "commit", "-m", "x")
    found = traces.git_commit(tmp_path)
    assert found is not None
    assert len(str(found["commit"])) == 40
    assert found["dirty"] is False
    (tmp_path / "new").write_text("x")
    assert traces.git_commit(tmp_path) == found
    (tmp_path / "file").write_text("y")
    assert traces.git_commit(tmp_path) == {**found, "dirty": True}
    (tmp_path / "inside").mkdir()
    assert traces.git_commit(tmp_path / "inside") is None


def test_hardware_and_memory_are_those_of_this_machine() -> None:
    found = traces.hardware()
    assert found["cores"] >= 1
    assert found["memory_mb"] > 100
    assert traces.peak_memory() > 1
    assert list(traces.installed(["numpy", "no-such-package-here"])) == ["numpy"]


def test_a_job_that_fails_leaves_no_record(tmp_path: Path) -> None:
    class Job:
        log = (str(tmp_path / "a.log"),)

    with pytest.raises(KeyError), traces.record(Job()):
        raise KeyError
    assert not list(tmp_path.iterdir())
    assert json.dumps(traces.hardware())


@pytest.mark.parametrize(
    "content", ["[1]", "{", '{"rule": "x", "outputs": 5}', "null", "[" * 90_000]
)
def test_a_file_that_is_no_record_is_passed_over_with_a_warning(tmp_path, caplog, content) -> None:
    (tmp_path / "tag").mkdir()
    (tmp_path / "tag/a.job.json").write_text(json.dumps(record("tag", [], ["out"])))
    (tmp_path / "tag/b.job.json").write_text(content)
    assert [found["rule"] for found in read_records(tmp_path)] == ["tag"]
    assert "b.job.json is no record of a job" in caplog.text
