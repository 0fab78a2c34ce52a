#!/usr/bin/env python3
"""Submit a job of Snakemake to Slurm, or tell its status. The profiles call this; see cluster.md.

    python3 profiles/slurm/job.py submit JOBSCRIPT    # prints the number of the Slurm job
    python3 profiles/slurm/job.py status NUMBER       # prints running, success or failed
    profiles/slurm/job.py                             # runs beside Snakemake, as its sidecar

It needs Python 3.9 and Slurm's commands squeue, sbatch and scancel, but no accounting (sacct).
Three rules keep a run from hanging, from working twice on the same files, and from leaving jobs:

- A job that slurmctld knows as ended in any way but COMPLETED has failed. If slurmctld has
  forgotten it, the exit status that the job itself has left behind decides. If slurmctld does not
  answer, the job counts as running until the next check.
- Jobs that write the same files have the same name, and Slurm runs one of that name at a time. A
  job that a killed Snakemake has left behind is taken over if it is still the same job; otherwise
  it is cancelled. Slurm itself never restarts a job; Snakemake does (`retries`).
- Snakemake cancels no job whose status it asks for at that moment, so an interrupted run would
  leave some behind. Its sidecar cancels what is left when Snakemake ends, unless it is killed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

RECORDS = Path(".snakemake", "slurm")
LOGS = Path("logs", "slurm")
# The states of squeue(1), "JOB STATE CODES", from which no job returns if it is never requeued.
ENDED = {
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "LAUNCH_FAILED", "NODE_FAIL",
    "OUT_OF_MEMORY", "PREEMPTED", "RECONFIG_FAIL", "REVOKED", "TIMEOUT",
}  # fmt: skip
# What sbatch says when slurmctld is away or overloaded, not when it refuses the job.
PASSING = re.compile(
    "contact slurm controller|connect failure|timed out|temporarily|zero bytes|standby", re.I
)
# Names the run of Snakemake that a job belongs to: what its sidecar has printed.
RUN = "SNAKEMAKE_CLUSTER_SIDECAR_VARS"
POLL = 0.5  # seconds between two looks whether Snakemake is there
PAUSES = (5, 10, 20, 40, 60, 60, 60, 60)  # seconds before sbatch is tried again


def submit(script: Path) -> str:
    """Submit a job, or take over the one that a killed Snakemake has left behind.

    Args:
        script: The job script of Snakemake, which describes the job in its second line.

    Returns:
        The number of the Slurm job.
    """
    text = script.read_text(encoding="utf-8")
    described = re.search("^# properties = (.*)$", text, re.MULTILINE)
    if described is None:
        sys.exit(f"{script}: no line '# properties', so this is no job script of Snakemake")
    job = json.loads(described[1])
    rule = job.get("rule") or f"group-{job['groupid']}"
    name = f"{rule}-{_digest([str(Path.cwd()), rule, job.get('wildcards'), job['output']])}"
    # The params hold the settings and a hash of the code, so another identity is another job.
    identity = _digest([job["input"], job["output"], job.get("params")])
    number = _left_behind(name, identity, job["output"] or [])
    if number is None:
        number = _sbatch(name, rule, job, text)
    record = json.dumps([name, identity, os.environ.get(RUN)])
    RECORDS.joinpath(f"{number}.json").write_text(record)
    return number


def status(number: str) -> str:
    """Tell whether a job is `running`, a `success` or `failed`; forget it when it has ended."""
    outcome, state = _outcome(number)
    if outcome == "failed":
        log = next(LOGS.glob(f"*.{number}.log"), None)
        told = log.read_text(errors="replace").splitlines() if log else []
        # Why Slurm has killed it, such as an exceeded memory limit.
        reasons = dict.fromkeys(line for line in told if line.startswith("slurmstepd"))
        sys.stderr.write(f"The Slurm job {number} ended as {state}. Its output: {log}\n")
        sys.stderr.writelines(f"  {reason}\n" for reason in reasons)
    if outcome != "running":
        _forget(number)
    return outcome


def sidecar() -> None:
    """Cancel the jobs that Snakemake has left when it ends; when it is killed, do nothing.

    Snakemake passes the line that is printed first to `submit`, and ends its sidecar with SIGTERM.
    """
    snakemake, run = os.getppid(), f"{os.getpid()}-{time.time_ns()}"
    # Ctrl-C is for Snakemake alone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _cancel_and_exit(run))
    sys.stdout.write(f"{run}\n")
    sys.stdout.flush()
    while os.getppid() == snakemake:
        time.sleep(POLL)


def _cancel_and_exit(run: str) -> None:
    for record in RECORDS.glob("*.json"):
        if json.loads(record.read_text())[2:] == [run]:
            subprocess.run(["scancel", record.stem], check=False)
            _forget(record.stem)
    sys.exit(0)


def _left_behind(name: str, identity: str, outputs: list[str]) -> str | None:
    """Find the same job of a killed Snakemake, alive or done; cancel others of its name."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    found = None
    for record in RECORDS.glob("*.json"):
        recorded_name, recorded_identity, *_ = json.loads(record.read_text())
        if recorded_name != name:
            continue
        number = record.stem
        outcome, _ = _outcome(number)
        done = outcome == "success" and all(Path(output).exists() for output in outputs)
        if recorded_identity == identity and (outcome == "running" or done):
            found = number
            continue
        if outcome == "running":
            subprocess.run(["scancel", number], check=False)
        _forget(number)
    return found


def _outcome(number: str) -> tuple[str, str]:
    """Tell the outcome of a job, and its state in Slurm's words."""
    asked = subprocess.run(
        ["squeue", f"--jobs={number}", "--states=all", "--noheader", "--format=%T"],
        capture_output=True,
        text=True,
        check=False,
    )
    state = asked.stdout.strip()
    if state == "COMPLETED":
        return "success", state
    if state:
        return ("failed" if state in ENDED else "running"), state
    if asked.returncode and "Invalid job id" not in asked.stderr:
        return "running", "unknown, because slurmctld does not answer"
    left = RECORDS / f"{number}.exit"
    code = left.read_text().strip() if left.exists() else ""
    state = f"forgotten by Slurm, with exit status {code or 'unknown'}"
    return ("success" if code == "0" else "failed"), state


def _forget(number: str) -> None:
    for suffix in ("json", "exit"):
        RECORDS.joinpath(f"{number}.{suffix}").unlink(missing_ok=True)


def _sbatch(name: str, rule: str, job: dict, text: str) -> str:
    """Run sbatch; if slurmctld is away, wait for it. Exit with sbatch's words if it refuses."""
    LOGS.mkdir(parents=True, exist_ok=True)
    resources = job["resources"]
    options = {
        "job-name": name,
        "dependency": "singleton",
        "output": LOGS / f"{rule}.%j.log",
        "ntasks": 1,
        "cpus-per-task": job["threads"],
        "mem": resources.get("mem_mb"),
        "time": resources.get("runtime"),
        "account": resources.get("slurm_account"),
        "partition": resources.get("slurm_partition"),
        "gres": f"gpu:{resources['gpu']}" if resources.get("gpu") else None,
    }
    command = ["sbatch", "--parsable", "--no-requeue"]
    command += [f"--{key}={value}" for key, value in options.items() if value is not None]
    command += shlex.split(resources.get("slurm_extra", ""))
    records = shlex.quote(str(RECORDS.absolute()))
    first, rest = text.split("\n", 1)
    script = f"{first}\ntrap 'echo $? > '{records}/$SLURM_JOB_ID.exit EXIT\n{rest}"
    for pause in (*PAUSES, None):
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip().partition(";")[0]
        if pause is None or not PASSING.search(done.stderr):
            break
        time.sleep(pause)
    sys.exit(f"sbatch refuses a job of {rule}: {done.stderr.strip()}\n  {shlex.join(command)}")


def _digest(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sidecar()
    else:
        action = {"submit": lambda given: submit(Path(given)), "status": status}[sys.argv[1]]
        print(action(sys.argv[2]))  # noqa: T201
