from __future__ import annotations

import errno
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import job
from eatner.errors import InputError

SCRIPTS = Path(job.__file__).parent


def commands() -> list[Path]:
    return sorted(path for path in SCRIPTS.glob("*.py") if path.name != "job.py")


@pytest.fixture(scope="module")
def helps() -> dict[str, subprocess.CompletedProcess]:
    """What every script answers to --help, a few of them at a time."""
    found, waiting = {}, commands()
    while waiting:
        several = {
            path: subprocess.Popen(
                [sys.executable, path, "--help"], stdout=-1, stderr=-1, text=True, cwd="/"
            )
            for path in waiting[:4]
        }
        waiting = waiting[4:]
        for path, process in several.items():
            out, err = process.communicate(timeout=60)
            found[path.stem] = subprocess.CompletedProcess(path, process.returncode, out, err)
    return found


@pytest.mark.parametrize("name", [path.stem for path in commands()])
def test_every_script_answers_help(name: str, helps: dict) -> None:
    answer = helps[name]
    assert answer.returncode == 0, answer.stderr
    source = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
    assert source.splitlines()[0].strip('"') in " ".join(answer.stdout.split())
    # One option a parameter of main.
    parameters = source.split("def main(")[1].split(") ->")[0]
    names = [part.split(":")[0].strip() for part in parameters.split(",") if ":" in part]
    assert names
    for parameter in names:
        assert f"--{parameter.replace('_', '-')}" in answer.stdout


def test_a_missing_option_is_named() -> None:
    script = SCRIPTS / "build_lexicon.py"
    done = subprocess.run(
        [sys.executable, script, "--titles", "x"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--lexicon" in done.stderr


def test_an_input_error_is_one_message_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "titles.tsv").write_text("page_id\ttitle\n", encoding="utf-8")
    command = [sys.executable, SCRIPTS / "build_lexicon.py", "--titles", tmp_path / "titles.tsv"]
    command += ["--language", "xx", "--lexicon", tmp_path / "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Error:") == 1
    assert "unknown language 'xx'" in done.stderr


def test_a_script_runs_as_a_plain_command(tmp_path: Path) -> None:
    source = tmp_path / "source.yaml"
    source.write_text("- {title: 東京, english: Tokyo, text: 東京は都市。}\n", encoding="utf-8")
    outputs = {name: tmp_path / name for name in ("dump", "index", "langlinks")}
    command = [sys.executable, SCRIPTS / "build_sample_wiki.py", "--sources", source]
    command += ["--language", "ja"]
    for name, path in outputs.items():
        command += [f"--{name}", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(path.stat().st_size for path in outputs.values())


# --- the command line ---------------------------------------------------------------------------


def parse(main, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setattr(sys, "argv", ["script", *arguments])
    return job._from_command_line(main)


def typical(
    dump: Path,
    sources: list[Path],
    language: str,
    settings: dict,
    threads: int,
    lexicon: Path | None = None,
    sha256: str = "",
) -> None:
    pass


def test_options_have_the_types_of_the_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    found = parse(
        typical,
        *("--dump", "a b.xml", "--sources", "x", "y", "--language", "ja"),
        *("--settings", "{rank: 8, types: {PSN: PER}}", "--threads", "2", "--sha256", "0a"),
        monkeypatch=monkeypatch,
    )
    assert found == {
        "dump": Path("a b.xml"),
        "sources": [Path("x"), Path("y")],
        "language": "ja",
        "settings": {"rank": 8, "types": {"PSN": "PER"}},
        "threads": 2,
        "lexicon": None,
        "sha256": "0a",
    }


@pytest.mark.parametrize("text", ["no", "1234", "1.0", "null", "a: b"])
def test_a_text_stays_as_it_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def main(language: str) -> None:
        pass

    assert parse(main, "--language", text, monkeypatch=monkeypatch) == {"language": text}


def test_a_default_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(sha256: str = "") -> None:
        pass

    assert parse(main, monkeypatch=monkeypatch) == {"sha256": ""}


# --- a job of Snakemake -------------------------------------------------------------------------


class Named(list):
    """Like Snakemake's Namedlist: a list, some of whose items have a name."""

    def __init__(self, **items: object) -> None:
        super().__init__()
        self._names = list(items)
        for name, value in items.items():
            self.extend(value if isinstance(value, list) else [value])
            setattr(self, name, value)

    def keys(self) -> list[str]:
        return self._names

    def items(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in self._names]


class Job:
    def __init__(self, *, log=(), threads=1, **groups: dict) -> None:
        self.log, self.threads, self.rule = list(log), threads, "translate"
        for name in ("input", "output", "params", "wildcards"):
            setattr(self, name, Named(**groups.get(name, {})))


@pytest.fixture
def quiet() -> Iterator[None]:
    """Undo what run() does to this process."""
    stderr, handlers = sys.stderr, logging.getLogger().handlers[:]
    yield
    sys.stderr = stderr
    logging.getLogger().handlers[:] = handlers


def test_a_jobs_names_are_bound(quiet) -> None:
    seen: dict[str, object] = {}

    def main(
        llm: Path, pairs: list[Path], wikis: list, settings: dict, seed: int, adapter: Path | None
    ) -> None:
        seen.update(locals())

    job.run(
        main,
        Job(
            input={"llm": "m", "pairs": ["a", "b"], "code": "unused.py"},
            output={"adapter": "x/adapter.safetensors"},
            params={"wikis": ["ja"], "settings": {"rank": 8}, "seed": 1},
        ),
    )
    assert seen["llm"] == Path("m")
    assert seen["pairs"] == [Path("a"), Path("b")]
    assert seen["adapter"] == Path("x/adapter.safetensors")
    assert (seen["wikis"], seen["settings"], seen["seed"]) == (["ja"], {"rank": 8}, 1)


def test_optional_inputs(quiet) -> None:
    seen: list[object] = []

    def main(pairs: list[Path], lexicon: Path | None = None, index: Path | None = None) -> None:
        seen.extend((lexicon, index, pairs))

    job.run(main, Job(input={"lexicon": [], "pairs": "one"}))
    assert seen == [None, None, [Path("one")]]


def test_a_name_that_the_job_lacks_is_an_error_of_the_rule(quiet) -> None:
    def main(lexicon: Path) -> None:
        pass

    with pytest.raises(TypeError, match="lexicon"):
        job.run(main, Job())


def test_threads_are_no_more_than_cores(quiet) -> None:
    seen: list[int] = []

    def main(threads: int) -> None:
        seen.append(threads)

    job.run(main, Job(threads=1))
    job.run(main, Job(threads=10_000))
    assert seen == [1, job.usable_cores()]


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    assert job.usable_cores() == 3
    monkeypatch.setattr(os, "process_cpu_count", lambda: 2, raising=False)
    assert job.usable_cores() == 2


@pytest.mark.parametrize(("cores", "count"), [(8, 8), (None, 1)])
def test_where_a_process_has_no_cores_of_its_own_all_are_counted(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, count: int
) -> None:
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert job.usable_cores() == count


def test_a_jobs_log_has_what_the_terminal_has(
    quiet, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    log = tmp_path / "logs" / "rule" / "ja.log"

    def main() -> None:
        sys.stderr.write("東京\n")

    job.run(main, Job(log=[str(log)]))
    assert log.read_text(encoding="utf-8") == "東京\n"
    assert "東京\n" in capsys.readouterr().err


def test_an_input_error_ends_a_job_with_one_message(quiet, tmp_path: Path) -> None:
    def main() -> None:
        raise InputError("is empty", path="gold.txt", line=3, remedy="Fill it.")

    with pytest.raises(SystemExit) as end:
        job.run(main, Job(log=[str(tmp_path / "x.log")]))
    assert str(end.value).strip() == "Error: gold.txt, line 3: is empty. Fill it."


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.ENOSPC, "x"), r"while making results/a.tsv: No space left on device. Free"),
        (OSError(errno.EROFS, "x", "b.tsv"), r"b.tsv: Read-only file system. Make `results`"),
        (OSError(errno.ENOENT, "x", "c.txt"), r"c.txt: No such file or directory. It has vanished"),
        (PermissionError(errno.EACCES, "x", "d"), r"d: Permission denied. Change its permissions"),
        (MemoryError(), r"while making results/a.tsv: Cannot allocate memory. End other programs"),
    ],
)
def test_what_the_system_refuses_ends_a_job_with_one_line(quiet, fault, said) -> None:
    def main() -> None:
        raise fault

    with pytest.raises(SystemExit) as end:
        job.run(main, Job(output={"tsv": "results/a.tsv"}))
    assert re.fullmatch(rf"Error: {said}.* what is finished stays\.", str(end.value).strip())


def test_a_log_on_a_full_disk_does_not_end_a_job(quiet, capsys) -> None:
    def main() -> None:
        sys.stderr.write("東京\n")

    job.run(main, Job(log=["/dev/full"]))
    assert "東京" in capsys.readouterr().err


def test_another_error_is_not_hidden(quiet) -> None:
    def main() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        job.run(main, Job())


def test_a_corpus_without_a_source_is_one_clear_error(tmp_path: Path) -> None:
    import fetch_corpus

    with pytest.raises(InputError, match="Name its `repository` on the hub or a `folder`"):
        fetch_corpus.main("test", tmp_path / "corpus.jsonl", tmp_path / "record.json")
