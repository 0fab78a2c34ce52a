"""The profiles for clusters, and the commands by which they speak to Slurm, without a Slurm."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from places import ROOT

SCRIPT = ROOT / "profiles/slurm/job.py"
JOB = {
    "rule": "align_entities",
    "input": ["a.tsv"],
    "output": ["b.tsv"],
    "wildcards": {"corpus": "ja; rm -r x"},
    "params": {"code": "0123"},
    "threads": 8,
    "resources": {
        "mem_mb": 10000,
        "runtime": 720,
        "gpu": 1,
        "slurm_partition": "gpu",
        "slurm_account": "default",
        "slurm_extra": "--qos=long '--comment=two words'",
    },
}
# Slurm's commands: each notes its arguments and input, and answers by the files of its name.
FAKE = """#!/bin/sh
name=$(basename "$0")
for argument in "$@"; do printf '%s\\n' "$argument"; done > "$name.arguments"
echo >> "$name.calls"
[ "$name" = sbatch ] && cat > sbatch.input
for once in "$name".once*; do
    [ -e "$once" ] && { cat "$once" >&2; rm "$once"; exit 1; }
done
[ -e "$name.error" ] && { cat "$name.error" >&2; exit 1; }
[ -e "$name.answer" ] && cat "$name.answer"
exit 0
"""
FORGOTTEN = "slurm_load_jobs error: Invalid job id specified"
AWAY = "Unable to contact slurm controller (connect failure)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with Slurm's commands on the search path; sbatch gives the number 7."""
    for name in ("sbatch", "squeue", "scancel"):
        command = tmp_path / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text(FAKE)
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sbatch.answer").write_text("7;cluster\n")
    return tmp_path


def job_script(folder: Path, **changes: object) -> Path:
    path = folder / "snakejob.sh"
    path.write_text(f"#!/bin/sh\n# properties = {json.dumps(JOB | changes)}\nexit 3\n")
    return path


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def submit(folder: Path, **changes: object) -> str:
    done = call("submit", job_script(folder, **changes))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def calls(folder: Path, name: str) -> int:
    path = folder / f"{name}.calls"
    return len(path.read_text()) if path.exists() else 0


def records(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".snakemake/slurm").iterdir())


def test_a_job_asks_sbatch_for_what_its_rule_asks_for(folder: Path) -> None:
    assert submit(folder) == "7"
    arguments = (folder / "sbatch.arguments").read_text().splitlines()
    wanted = [
        "--parsable", "--no-requeue", "--dependency=singleton", "--cpus-per-task=8", "--mem=10000",
        "--time=720", "--account=default", "--partition=gpu", "--gres=gpu:1", "--qos=long",
        "--comment=two words", "--output=logs/slurm/align_entities.%j.log",
    ]  # fmt: skip
    assert set(wanted) <= set(arguments)
    [name] = [line for line in arguments if line.startswith("--job-name=")]
    assert name.startswith("--job-name=align_entities-")
    submit(folder, resources={}, output=["c.tsv"])
    arguments = (folder / "sbatch.arguments").read_text()
    assert "--gres" not in arguments
    assert "--account" not in arguments
    assert name not in arguments


def test_a_job_leaves_its_exit_status(folder: Path) -> None:
    submit(folder)
    script = (folder / "sbatch.input").read_text()
    environment = os.environ | {"SLURM_JOB_ID": "7"}
    done = subprocess.run(["sh"], input=script, text=True, env=environment, check=False)
    assert done.returncode == 3
    assert (folder / ".snakemake/slurm/7.exit").read_text() == "3\n"


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("PENDING", "running"),
        ("COMPLETING", "running"),
        ("SUSPENDED", "running"),
        ("COMPLETED", "success"),
        ("CANCELLED", "failed"),
        ("PREEMPTED", "failed"),
        ("NODE_FAIL", "failed"),
        ("OUT_OF_MEMORY", "failed"),
    ],
)
def test_the_state_of_a_job_is_its_status(folder: Path, state: str, outcome: str) -> None:
    submit(folder)
    (folder / "logs/slurm/align_entities.7.log").write_text("x\nslurmstepd: error: why\n")
    (folder / "squeue.answer").write_text(f"{state}\n")
    done = call("status", "7")
    assert (done.returncode, done.stdout) == (0, f"{outcome}\n")
    assert (f"ended as {state}" in done.stderr) is (outcome == "failed")
    assert ("slurmstepd: error: why" in done.stderr) is (outcome == "failed")
    assert records(folder) == (["7.json"] if outcome == "running" else [])


@pytest.mark.parametrize(("left", "outcome"), [("0", "success"), ("1", "failed"), (None, "failed")])
def test_what_a_forgotten_job_left_decides(folder: Path, left: str | None, outcome: str) -> None:
    submit(folder)
    if left is not None:
        (folder / ".snakemake/slurm/7.exit").write_text(f"{left}\n")
    (folder / "squeue.error").write_text(FORGOTTEN)
    assert call("status", "7").stdout == f"{outcome}\n"


def test_without_an_answer_a_job_still_runs(folder: Path) -> None:
    submit(folder)
    (folder / "squeue.error").write_text(f"slurm_load_jobs error: {AWAY}")
    assert call("status", "7").stdout == "running\n"
    assert records(folder) == ["7.json"]


def test_a_refusal_ends_the_submission_with_the_words_of_sbatch(folder: Path) -> None:
    (folder / "sbatch.error").write_text("invalid partition specified: nowhere")
    done = call("submit", job_script(folder))
    assert done.returncode == 1
    assert "invalid partition specified: nowhere" in done.stderr
    assert "--partition=gpu" in done.stderr
    assert calls(folder, "sbatch") == 1


def test_a_submission_waits_for_slurmctld(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("slurm_job", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PAUSES", (0, 0, 0))
    (folder / "sbatch.once1").write_text(AWAY)
    (folder / "sbatch.once2").write_text("Socket timed out on send/recv operation")
    assert module.submit(job_script(folder)) == "7"
    assert calls(folder, "sbatch") == 3
    (folder / "sbatch.error").write_text(AWAY)
    with pytest.raises(SystemExit, match="Unable to contact"):
        module.submit(job_script(folder, output=["c.tsv"]))


@pytest.mark.parametrize(
    ("state", "is_done", "changes", "taken_over", "cancelled"),
    [
        ("RUNNING", False, {}, True, False),
        ("PENDING", False, {"resources": {"mem_mb": 1}}, True, False),
        ("RUNNING", False, {"params": {"code": "4567"}}, False, True),
        ("COMPLETED", True, {}, True, False),
        ("COMPLETED", False, {}, False, False),
        ("COMPLETED", True, {"params": {"code": "4567"}}, False, False),
        ("CANCELLED", True, {}, False, False),
    ],
)
def test_the_same_job_of_a_killed_snakemake_is_taken_over(
    folder: Path, state: str, is_done: bool, changes: dict, taken_over: bool, cancelled: bool
) -> None:
    submit(folder)
    (folder / "squeue.answer").write_text(f"{state}\n")
    (folder / "sbatch.answer").write_text("8\n")
    if is_done:
        (folder / "b.tsv").touch()
    assert submit(folder, **changes) == ("7" if taken_over else "8")
    assert records(folder) == ["7.json" if taken_over else "8.json"]
    assert calls(folder, "scancel") == int(cancelled)


def test_a_job_that_was_told_as_done_is_not_taken_over(folder: Path) -> None:
    submit(folder)
    (folder / "b.tsv").touch()
    (folder / "squeue.answer").write_text("COMPLETED\n")
    call("status", "7")
    (folder / "sbatch.answer").write_text("8\n")
    assert submit(folder) == "8"


def plan(*arguments: str) -> str:
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("profile", "memory", "runtime", "queue"),
    [
        ("slurm", 8000, 720, "slurm_partition=gpu"),
        ("paper", 64000, 2880, "slurm_partition=gpu"),
        ("pbs", 8000, 720, "queue=workq"),
    ],
)
def test_plans_for_clusters_ask_for_what_rules_and_profile_name(
    profile: str, memory: int, runtime: int, queue: str
) -> None:
    planned = plan("--profile", f"profiles/{profile}", "results/ja/f1.json")
    training = planned[planned.index("rule finetune_model:") :].split("\n\n")[0]
    for asked in ("gpu=1", f"mem_mb={memory}", f"runtime={runtime}", queue):
        assert asked in training


def test_only_local_rules_need_a_network() -> None:
    """The nodes of a cluster may have none."""
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    fetching = set(re.findall(r"^rule (fetch_\w+):", rules, re.MULTILINE))
    local = (ROOT / "Snakefile").read_text().partition("localrules:")[2].split()
    assert len(fetching) >= 5
    assert fetching <= {name.strip(",") for name in local}


def test_both_profiles_for_slurm_submit_in_the_same_way() -> None:
    slurm, paper = (
        yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())
        for name in ("slurm", "paper")
    )
    del slurm["set-resources"], paper["set-resources"]
    assert slurm == paper


def test_a_job_that_is_started_again_asks_for_more_memory() -> None:
    """Every rule with a script does; what the user sets is left as it is."""
    rules = "".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    blocks = [block for block in rules.split("\nrule ")[1:] if "script:" in block]
    assert len(blocks) > 20
    for block in blocks:
        asked = block[block.index("mem_mb=") :].split("\n")[0]
        assert "memory(" in asked or "attempt *" in asked, block
    again = plan(
        "--attempt", "2", "results/ja/gold.checked", "--set-resources", "check_gold:mem_mb=7"
    )
    reading = again[again.index("rule read_corpus:") :].split("\n\n")[0]
    assert "mem_mb=4000" in reading
    checking = again[again.index("rule check_gold:") :].split("\n\n")[0]
    assert "mem_mb=7" in checking


def test_the_sidecar_cancels_what_its_run_has_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar = subprocess.Popen([SCRIPT], stdout=subprocess.PIPE, text=True)
    monkeypatch.setenv("SNAKEMAKE_CLUSTER_SIDECAR_VARS", sidecar.stdout.readline().strip())
    assert submit(folder) == "7"
    (folder / ".snakemake/slurm/8.json").write_text(json.dumps(["a", "b", "another run"]))
    sidecar.send_signal(signal.SIGINT)  # Ctrl-C reaches it, too
    sidecar.terminate()
    assert sidecar.wait(30) == 0
    assert (folder / "scancel.arguments").read_text() == "7\n"
    assert records(folder) == ["8.json"]


def test_the_sidecar_of_a_killed_run_cancels_nothing(folder: Path) -> None:
    started = f"{SCRIPT} > run & echo $!; until [ -s run ]; do sleep 0.1; done"
    done = subprocess.run(["sh", "-c", started], capture_output=True, text=True, check=True)
    (folder / ".snakemake/slurm").mkdir(parents=True)
    record = json.dumps(["a", "b", (folder / "run").read_text().strip()])
    (folder / ".snakemake/slurm/8.json").write_text(record)
    until = time.monotonic() + 30
    while Path(f"/proc/{done.stdout.strip()}/stat").exists():
        assert time.monotonic() < until
        time.sleep(0.1)
    assert calls(folder, "scancel") == 0
    assert records(folder) == ["8.json"]
