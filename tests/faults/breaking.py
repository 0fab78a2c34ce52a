"""A run of the small project that is broken on purpose, and what is left of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import forked
import jobs
import psutil
import smoke
import tiny
import yaml

POLL = 0.02
SETTLED = 0.3  # seconds without a process in a folder, after which none comes any more
ENDS_IN = 600  # seconds at most, on a busy machine
# A corpus in shards, an LLM that tags, a fused aligner, a comparison: a job of almost every rule.
TARGETS = (
    "results/mini/f1.json",
    "results/mini/entities.tsv",
    "results/long/align/tiny/toy/fused.tsv",
    "results/long/align/identity/direct/identity.tsv",
    "results/mini/tag/tiny/taught.tsv",
    "results/compare/index.html",
)
COMPARED = {
    "corpora": ["mini"],
    "systems": {"tiny": {"translator": "tiny", "tagger": "toy", "aligner": "tiny-ko"}},
    "select": ["tiny"],
}
OF_THE_RUN = ("seconds", "tokens_per_second", "resumed_at_step")
STARTED = re.compile(r"^(?:local)?rule (\w+):$", re.MULTILINE)
FINISHED = re.compile(r"^Finished jobid: \d+ \(Rule: (\w+)\)$", re.MULTILINE)


def new_project(folder: Path) -> smoke.Project:
    """The small project with a larger corpus; nothing has been run."""
    project = smoke.Project(folder)
    tiny.make_gemma(folder / "tiny")
    tiny.make_llama(folder / "chat")
    tiny.make_spacy(folder / "toy")
    (folder / "mini.iob2").write_text(smoke.conll(smoke.KO, smoke.KO_TAGS), encoding="utf-8")
    (folder / "ja.iob2").write_text("".join(f"{t}\t{g}\n" for t, g in smoke.JA), encoding="utf-8")
    (folder / "mini.en.txt").write_text(smoke.EN, encoding="utf-8")
    long = [f"{line} {n}" for n in range(12) for line in smoke.KO.splitlines()]
    (folder / "long.txt").write_text("\n".join(long) + "\n", encoding="utf-8")
    (folder / "en.iob2").write_text("Seoul\tB-LOC\n\nSony\tB-ORG\n", encoding="utf-8")
    (folder / "held.iob2").write_text("Paris\tB-LOC\n", encoding="utf-8")
    config = smoke.smoke_config()
    config["corpora"]["long"] = {"language": "ko", "file": "long.txt", "format": "text"}
    config["corpora"]["long"]["shards"] = 2
    config["corpora"]["mini-en"] = {"language": "en", "file": "en.iob2"}
    config["corpora"]["mini-en-held"] = {"language": "en", "file": "held.iob2"}
    config["taggers"]["taught"] = smoke.TAUGHT
    config["compare"] = COMPARED
    (folder / "smoke.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    return project


class Run:
    """Snakemake at work in a project, in a process of its own.

    Args:
        folder: The project.
        arguments: Of the command `snakemake`.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder, self.out = folder, folder / ".said"
        self.out.write_text("")
        command = [*arguments, "--cores", "2", "--configfile", "smoke.yaml"]
        environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
        given = (command, folder, environment, self.out, jobs.start())
        self.process: BaseProcess = forked.FORKS.Process(target=forked._run, args=given)
        self.process.start()

    def said(self) -> str:
        return self.out.read_text(errors="replace")

    def end(self) -> int:
        """Wait for the end; gives the exit status."""
        self.process.join(ENDS_IN)
        assert self.process.exitcode is not None, self.said()
        return self.process.exitcode

    def wait_for(self, is_so: Callable[[], object]) -> bool:
        """Wait until something is so; false if the run ends before."""
        while self.process.is_alive():
            if is_so():
                return True
            time.sleep(POLL)
        return False

    def kill(self) -> None:
        """Kill Snakemake and all of its jobs at once (-9), as a power cut does."""
        until = time.monotonic() + SETTLED
        self.process.kill()
        # A job that was being forked may not be in the folder yet.
        while time.monotonic() < until:
            for process in at_work(self.folder):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
                until = time.monotonic() + SETTLED
            time.sleep(POLL)
        self.process.join()


def at_work(folder: Path) -> list[psutil.Process]:
    """The processes of a project: those whose folder it is."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == folder:
                found.append(process)
    return found


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run Snakemake to its end; gives its exit status and what it said."""
    begun = Run(folder, *arguments)
    return begun.end(), begun.said()


def resume(folder: Path, *targets: str) -> str:
    """Unlock a project after a kill, and run it to its end."""
    run(folder, "--unlock", *targets)
    code, said = run(folder, *targets)
    assert code == 0, said
    return said


def errors(said: str) -> list[str]:
    """The lines by which our jobs say what is wrong."""
    return [line for line in said.splitlines() if line.startswith("Error: ")]


def results(folder: Path) -> dict[str, str]:
    """The sum of every file of the results that users see, by its path."""
    found = {}
    for path in sorted((folder / "results").rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in Path(name).parts):
            found[name] = hashlib.sha256(_lasting(path)).hexdigest()
    return found


def _lasting(path: Path) -> bytes:
    """The content of a file without what tells of the run itself, such as its seconds."""
    content = path.read_bytes()
    if path.name == "training.json":
        record = json.loads(content)
        return json.dumps({k: v for k, v in record.items() if k not in OF_THE_RUN}).encode()
    if path.stem == "provenance":
        return b""  # it is about the run
    if path.parent.name == "compare" and path.stem in ("time", "index"):
        return b""  # they show the time that each step took
    return content
