"""A Slurm for all tests of this folder, and a small workflow whose first step the tests hold."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from places import ROOT
from slurm import cluster

TARGET = "second.txt"
# The first step tells when it begins and ends, and waits in between as long as it is held.
SNAKEFILE = """
rule first:
    output:
        "first.txt",
    params:
        version=config.get("version", 1),
    shell:
        "echo begin $SLURM_JOB_ID >> told; "
        "while [ -e hold ]; do sleep 0.1; done; "
        "echo end $SLURM_JOB_ID >> told; "
        "touch {output}"


rule second:
    input:
        "first.txt",
    output:
        "second.txt",
    shell:
        "cp {input} {output}"
"""
ENDS_IN = 900  # seconds at most for a run, on a busy machine


@pytest.fixture(scope="session")
def slurm() -> Iterator[cluster.Cluster]:
    """A Slurm of two nodes with accounting."""
    if lacking := cluster.missing():
        pytest.fail(f"no {', '.join(lacking)}: install {' '.join(cluster.PACKAGES)}", pytrace=False)
    if os.geteuid():
        pytest.fail("slurmd must be started by root", pytrace=False)
    with cluster.running() as started:
        yield started


@pytest.fixture
def held(slurm: cluster.Cluster, tmp_path: Path) -> Iterator[Held]:
    """A workflow whose first step can be held, on a Slurm that is as it was in the beginning."""
    workflow = Held(tmp_path, slurm)
    yield workflow
    workflow.end()
    slurm.restore()


class Held:
    """A workflow of two steps that runs through Slurm; the first one waits while it is held.

    Attributes:
        folder: Where it runs.
        slurm: The cluster.
        process: The run of Snakemake that goes on, or the last one.
    """

    def __init__(self, folder: Path, slurm: cluster.Cluster) -> None:
        """Write the workflow into a folder, beside the project's profiles."""
        self.folder, self.slurm = folder, slurm
        self.process: subprocess.Popen[bytes] | None = None
        self._earlier = len(slurm.jobs())
        (folder / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
        shutil.copytree(ROOT / "profiles", folder / "profiles")

    def hold(self) -> None:
        """Let the first step wait from now on."""
        (self.folder / "hold").touch()

    def release(self) -> None:
        """Let the first step go on."""
        (self.folder / "hold").unlink()

    def start(self, *arguments: str) -> None:
        """Start Snakemake with the profile for Slurm."""
        self.process = start_snakemake(self.folder, self.slurm, TARGET, *arguments)

    def finish(self) -> int:
        """Wait for the end of Snakemake; return its exit status."""
        return self.process.wait(ENDS_IN)

    def end(self) -> None:
        """Kill Snakemake if it still runs."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def jobs(self, rule: str = "") -> list[dict[str, str]]:
        """The Slurm jobs of this workflow, or of one rule, when the accounting knows their end."""
        return ended_jobs(self.slurm, self._earlier, self.said, rule)

    def states(self) -> list[str]:
        """The states of the Slurm jobs of the first step, in order of submission."""
        return [job["State"].split()[0] for job in self.jobs("first")]

    def told(self) -> list[tuple[str, str]]:
        """What the first step has told: `begin` or `end`, and the number of its Slurm job."""
        path = self.folder / "told"
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(line.split(" ")) for line in lines]

    def begun(self, times: int = 1) -> str:
        """Wait until the first step has begun; return the number of its Slurm job.

        Args:
            times: How many times it is to have begun.
        """

        def beginnings() -> list[str]:
            return [number for what, number in self.told() if what == "begin"]

        wait(lambda: len(beginnings()) >= times, self.said)
        return beginnings()[-1]

    def said(self) -> str:
        """What all runs of Snakemake have said."""
        return (self.folder / "said").read_text()

    def is_done(self) -> bool:
        """Whether the target is there."""
        return (self.folder / TARGET).exists()


def start_snakemake(
    folder: Path, slurm: cluster.Cluster, *arguments: str
) -> subprocess.Popen[bytes]:
    """Start Snakemake with the profile for Slurm, in a group of its own; it asks often."""
    profile = ["--profile", "profiles/slurm", "--seconds-between-status-checks", "1"]
    with (folder / "said").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *profile, "--latency-wait", "5", *arguments],
            cwd=folder,
            # A copy of the project runs its own code, not that of the installed project.
            env=slurm.environment | {"PYTHONPATH": str(folder / "workflow/scripts")},
            stdout=said,
            stderr=said,
            start_new_session=True,
            # A shell lets its jobs in the background ignore Ctrl-C, and they inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def ended_jobs(
    slurm: cluster.Cluster, earlier: int, said: Callable[[], str], rule: str = ""
) -> list[dict[str, str]]:
    """Wait until all jobs have ended; return those of a rule, or all.

    Args:
        slurm: The cluster.
        earlier: Number of jobs that were there before.
        said: What to show if they never end.
        rule: Its name.
    """

    def listed() -> list[dict[str, str]]:
        jobs = slurm.jobs()[earlier:]
        return [job for job in jobs if job["JobName"].startswith(f"{rule}-" if rule else "")]

    wait(lambda: not {"RUNNING", "PENDING"} & {job["State"] for job in listed()}, said, 60)
    return listed()


def wait(condition: Callable[[], bool], said: Callable[[], str], seconds: float = ENDS_IN) -> None:
    """Wait until a condition holds.

    Args:
        condition: Asked a few times a second.
        said: What to show if it never holds.
        seconds: At most.
    """
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, said()
        time.sleep(0.2)
