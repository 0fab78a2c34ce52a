"""Snakemake's command in a fork of a process that has imported it: half its time is imports."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import jobs

FORKS = multiprocessing.get_context("forkserver")
# With what Snakemake and the workflow load late. Nothing of eatner: each project brings its own.
FORKS.set_forkserver_preload(
    ["snakemake.cli", "snakemake.report.html_reporter", "jsonschema", "pandas", "smart_open", "yte"]
)


def snakemake(command: list[str], folder: Path, environment: dict[str, str], said: Path) -> int:
    """Run `snakemake` in a folder; what it says goes to a file. The exit status comes back."""
    process = FORKS.Process(target=_run, args=(command, folder, environment, said, jobs.start()))
    process.start()
    process.join()
    return process.exitcode


def _run(
    command: list[str], folder: Path, environment: dict[str, str], said: Path, server: Path
) -> None:
    # This module must import nothing of eatner: the workflow in `folder` brings its own.
    from snakemake import cli
    from snakemake.script import PythonScript

    def run_script(self: PythonScript, command: str, *, fname: str, **_: object) -> None:
        start = time.monotonic()
        code = jobs.run(server, str(Path(fname).resolve()))
        if self.bench_record is not None:
            self.bench_record.running_time = time.monotonic() - start
        if code:
            raise subprocess.CalledProcessError(code, fname)

    PythonScript._execute_cmd = run_script

    with said.open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["snakemake", *command]
    cli.main(command)
