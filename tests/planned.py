"""All jobs that Snakemake would run for some targets, without running one of them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from forked import FORKS


def jobs(folder: Path, *arguments: str) -> dict[str, dict]:
    """Each job of a plan by its rule and wildcards, with its params and the jobs that it needs.

    Args:
        folder: A copy of the project.
        arguments: Of the command `snakemake`.
    """
    out = folder / ".planned.json"
    out.unlink(missing_ok=True)
    process = FORKS.Process(target=_plan, args=(arguments, folder, out))
    process.start()
    process.join()
    assert out.exists(), (folder / ".said").read_text()
    return json.loads(out.read_text(encoding="utf-8"))


def reruns(before: dict[str, dict], after: dict[str, dict]) -> tuple[set[str], set[str]]:
    """The jobs whose params differ, and these together with all that follow from them."""
    changed = {name for name, job in after.items() if before[name]["params"] != job["params"]}
    every = set(changed)
    while more := {
        name for name, job in after.items() if name not in every and every & set(job["needs"])
    }:
        every |= more
    return changed, every


def _plan(arguments: tuple[str, ...], folder: Path, out: Path) -> None:
    # This module must import nothing of eatner: the workflow in `folder` brings its own.
    from snakemake import cli
    from snakemake.workflow import Workflow

    build = Workflow._build_dag

    def build_and_tell(self: Workflow) -> None:
        build(self)
        out.write_text(json.dumps({_name(job): _told(self, job) for job in self.dag.jobs}))
        os._exit(0)

    Workflow._build_dag = build_and_tell
    with (folder / ".said").open("w") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.chdir(folder)
    command = ["--dry-run", "--forceall", "--cores", "2", *arguments]
    sys.argv = ["snakemake", *command]
    cli.main(command)


def _name(job: object) -> str:
    # A wildcard may be empty: `shard`, of a table that one job makes.
    return ":".join([job.rule.name, *filter(None, job.wildcards_dict.values())])


def _told(workflow: object, job: object) -> dict:
    # A param that is made from `resources` is no reason to run a job again.
    kept = job.rule.params
    params = {
        name: repr(value)
        for name, value in job.params._allitems()
        if "resources" not in _arguments(dict(kept._allitems()).get(name))
    }
    return {"params": params, "needs": [_name(other) for other in workflow.dag.dependencies[job]]}


def _arguments(function: object) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    return code.co_varnames[: code.co_argcount] if code else ()
