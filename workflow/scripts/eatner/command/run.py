"""`eatner run`: Snakemake with the project's workflow, in any folder."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from eatner.project import ROOT

# One of these says how many jobs run at a time.
CORES = ("--cores", "--jobs", "--profile", "-c", "-j")


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs the workflow.

    Args:
        arguments: Targets and options of Snakemake.
    """
    cores = [] if any(map(_says_cores, arguments)) else ["--cores", "all"]
    snakefile = str(ROOT / "Snakefile")
    return [sys.executable, "-m", "snakemake", "--snakefile", snakefile, *cores, *arguments]


def run(arguments: Sequence[str]) -> int:
    """Print the command that runs the workflow, and run it.

    Args:
        arguments: Targets and options of Snakemake.

    Returns:
        Snakemake's exit status.
    """
    full = command(arguments)
    sys.stderr.write(f"{shlex.join(full)}\n")
    sys.stderr.flush()
    # Ctrl-C reaches Snakemake, too, which then stops its jobs and removes what is incomplete.
    before = signal.signal(signal.SIGINT, _wait)
    try:
        return subprocess.Popen(full).wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _wait(number: int, frame: FrameType | None) -> None:
    """Leave an interrupt to Snakemake."""


def _says_cores(argument: str) -> bool:
    long, short = [name for name in CORES if name[1] == "-"], ("-c", "-j")
    return argument.split("=")[0] in long or (
        argument.startswith(short) and not argument.startswith("--")
    )
