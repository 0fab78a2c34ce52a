"""What a job tells of itself: a record beside its log, by which `report/provenance` traces results.

A record is no output of Snakemake's, so its times make no result differ and rerun nothing.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import eatner
from eatner.files import write_json

PACKAGES = ("snakemake", "torch", "transformers", "peft", "spacy", "llguidance", "seqeval")
# The environment variable by which jobs know the user's command.
COMMAND = "EATNER_COMMAND"
SUFFIX = ".job.json"
ROOT = Path(__file__).resolve().parents[3]
# Longer texts of params, such as what our tables say of a language, are left out.
SHOWN = 500


@contextmanager
def record(job: Any | None) -> Iterator[None]:
    """Write the record of a job when it has succeeded.

    Args:
        job: The `snakemake` object of a script; None, or one without a log, has no record.
    """
    started, begin = datetime.now(UTC), time.monotonic()
    yield
    if job is None or not job.log:
        return
    written = {
        "rule": job.rule,
        "wildcards": dict(job.wildcards.items()),
        "input": list(map(str, job.input)),
        "output": list(map(str, job.output)),
        "params": {key: _shown(value) for key, value in job.params.items()},
        "threads": job.threads,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - begin, 2),
        "peak_memory_mb": peak_memory(),
        "run": {
            "command": os.environ.get(COMMAND),
            "git": git_commit(ROOT),
            "versions": versions(),
            "hardware": hardware(),
        },
    }
    write_json(Path(job.log[0]).with_suffix(SUFFIX), written)


def versions() -> dict[str, str]:
    """Return the versions of eatner, Python and the packages that results depend on most."""
    return {
        "eatner": eatner.__version__,
        "python": platform.python_version(),
        **installed(PACKAGES),
    }


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of packages, without those that this rule's environment lacks."""
    found = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def git_commit(root: Path) -> Mapping[str, object] | None:
    """Return the commit of a working tree, and whether a file that git knows differs from it.

    Args:
        root: The top folder of the project.

    Returns:
        `commit` and `dirty`; None where the folder is no working tree, or git is missing.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != root:
            return None  # a copy of the project inside another working tree
        changed = git("status", "--porcelain", "--untracked-files=no")
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(changed)}
    except (OSError, subprocess.CalledProcessError):
        return None


def hardware() -> dict[str, object]:
    """Describe the machine: its processor, cores, main memory, and the GPUs that torch sees."""
    model = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):  # Linux
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line for line in lines if line.startswith("model name")).partition(": ")[2]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.platform(),
        "processor": model,
        "cores": os.cpu_count(),
        "memory_mb": round(memory / 1e6),
        "gpus": _gpus(),
    }


def peak_memory() -> int:
    """Return the most memory that this process or one of its children has had, in MB."""
    import resource

    most = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return round(most / (1e6 if sys.platform == "darwin" else 1e3))


def _gpus() -> list[str]:
    """The names of the GPUs, if the job used torch; it is not imported for this."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]


def _shown(value: object) -> object:
    """A param as a JSON value; None for one that is long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:
        value = text = str(value)
    return value if len(text) <= SHOWN else None
