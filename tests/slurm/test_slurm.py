"""Runs through a real Slurm, with everything that can go wrong there: `make test-slurm`."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
import smoke
from places import ROOT
from slurm.conftest import ENDS_IN, Held, ended_jobs, start_snakemake, wait

pytestmark = pytest.mark.slurm
ON_GPUS = {"finetune_model", "translate_sentences", "align_entities", "weigh_signals"}
# Confidences differ by rounding, because the number of threads differs.
SAME = ("sentences.tsv", "gold.tsv", "translate/tiny.tsv", "tag/tiny/toy.tsv", "entities.conll")


def assert_one_at_a_time(held: Held) -> None:
    """No job of the first step begins before the one before it has ended or is dead."""
    jobs = {job["JobIDRaw"]: job for job in held.jobs()}
    numbers = [number for what, number in held.told() if what == "begin"]
    for earlier, later in itertools.pairwise(numbers):
        assert jobs[earlier]["End"] <= jobs[later]["Start"]


def test_the_small_project_has_the_same_results_as_here(slurm, project):
    before = len(slurm.jobs())
    shutil.rmtree(project.folder / ".snakemake")
    kept = project.folder / "kept"
    (project.folder / "results").rename(kept)
    shutil.rmtree(project.folder / "resources")
    targets = ("results/mini/f1.json", "results/mini/entities.tsv")
    run = start_snakemake(project.folder, slurm, *targets, "--configfile", "smoke.yaml")
    said = (project.folder / "said").read_text
    assert run.wait(3600) == 0, said()
    jobs = ended_jobs(slurm, before, said)
    assert {job["State"] for job in jobs} == {"COMPLETED"}
    rules = [job["JobName"].rpartition("-")[0] for job in jobs]
    assert len(rules) == len(set(rules)) == 10
    for job, rule in zip(jobs, rules, strict=True):
        assert ("gres/gpu=1" in job["ReqTRES"]) is (rule in ON_GPUS), rule
    for name in SAME:
        here, there = kept / "mini" / name, project.folder / "results/mini" / name
        assert here.read_bytes() == there.read_bytes(), name
    scores = [
        json.loads((folder / "mini/f1.json").read_text())
        for folder in (kept, project.folder / "results")
    ]
    assert scores[0]["overall"] == scores[1]["overall"]


def test_a_job_that_exceeds_its_memory_gets_more_and_succeeds(slurm, tmp_path):
    """A rule of the project that asks for 500 MB, and for 1000 MB when it is started again."""
    project, before = smoke.Project(tmp_path / "project"), len(slurm.jobs())
    script = project.folder / "workflow/scripts/build_sample_wiki.py"
    text, begin = script.read_text(encoding="utf-8"), "    sample.build("
    assert begin in text
    # Slurm looks once a second.
    taken = "    taken = b'x' * (600 << 20)\n    __import__('time').sleep(5)\n"
    script.write_text(text.replace(begin, taken + begin))
    run = start_snakemake(project.folder, slurm, "resources/wiki/ko/langlinks.sql.gz")
    said = (project.folder / "said").read_text
    assert run.wait(ENDS_IN) == 0, said()
    jobs = ended_jobs(slurm, before, said)
    assert [job["ReqMem"] for job in jobs] == ["500M", "1000M"]
    assert jobs[1]["State"] == "COMPLETED"
    assert "exceeded memory limit" in said()


@pytest.mark.parametrize("min_job_age", [2, 300])
def test_a_cancelled_job_is_told_as_failed_and_started_again(held, min_job_age):
    held.slurm.set_min_job_age(min_job_age)
    held.hold()
    held.start()
    first = held.begun()
    held.slurm.run("scancel", first)
    held.release()
    assert held.finish() == 0, held.said()
    assert f"The Slurm job {first} ended as CANCELLED" in held.said()
    assert held.states() == ["CANCELLED", "COMPLETED"]
    assert_one_at_a_time(held)


def test_a_job_that_is_cancelled_each_time_ends_the_run(held):
    held.hold()
    held.start()
    for times in (1, 2, 3):
        held.slurm.run("scancel", held.begun(times))
    assert held.finish() != 0
    assert held.states() == ["CANCELLED"] * 3


def test_a_job_that_slurm_has_forgotten_is_judged_by_what_it_left(held):
    """MinJobAge is short and there was no time to ask: only the job itself knows how it ended."""
    held.slurm.set_min_job_age(2)
    records = held.folder / ".snakemake/slurm"
    records.mkdir(parents=True)
    asked = {}
    for name, command in {"success": "exit 0", "failed": "exit 3", "killed": "kill -9 $$"}.items():
        script = held.folder / f"{name}.sh"
        described = {"rule": name, "input": [], "output": [name], "threads": 1, "resources": {}}
        script.write_text(f"#!/bin/sh\n# properties = {json.dumps(described)}\n{command}\n")
        asked[name] = job_script(held, "submit", str(script))

    def forgotten() -> bool:
        return not held.slurm.run("squeue", "--noheader", "--states=all")

    wait(forgotten, str)
    outcomes = {name: job_script(held, "status", number) for name, number in asked.items()}
    assert outcomes == {"success": "success", "failed": "failed", "killed": "failed"}
    assert not list(records.iterdir())


def test_a_drained_node_finishes_its_job_and_gets_no_more(held):
    held.hold()
    held.start()
    first = held.begun()
    node = held.slurm.node_of(first)
    held.slurm.run("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    held.release()
    assert held.finish() == 0, held.said()
    nodes = [job["NodeList"] for job in held.jobs()]
    assert nodes[0] == node
    assert nodes[1] != node
    assert held.states() == ["COMPLETED"]


def test_a_job_whose_node_fails_is_started_again(held):
    held.hold()
    held.start()
    first = held.begun()
    node = held.slurm.node_of(first)
    held.slurm.run("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    held.begun(2)
    held.release()
    assert held.finish() == 0, held.said()
    assert f"The Slurm job {first} ended as NODE_FAIL" in held.said()
    assert held.states() == ["NODE_FAIL", "COMPLETED"]


def test_a_preempted_job_is_started_again(held):
    held.hold()
    held.start()
    first = held.begun()
    node = held.slurm.node_of(first)
    urgent = ["--partition=urgent", f"--nodelist={node}", "--exclusive", "--wrap=sleep 1"]
    held.slurm.run("sbatch", *urgent, cwd=held.folder)
    held.begun(2)
    held.release()
    assert held.finish() == 0, held.said()
    assert f"The Slurm job {first} ended as PREEMPTED" in held.said()
    assert held.states() == ["PREEMPTED", "COMPLETED"]


def test_a_job_over_its_time_limit_is_started_again(held):
    """It gets no more time: a step goes on where it was stopped."""
    held.hold()
    held.start()
    first = held.begun()
    held.slurm.run("scontrol", "update", f"jobid={first}", "timelimit=1")
    held.begun(2)
    held.release()
    assert held.finish() == 0, held.said()
    assert f"The Slurm job {first} ended as TIMEOUT" in held.said()
    assert held.states() == ["TIMEOUT", "COMPLETED"]
    assert_one_at_a_time(held)


def test_a_run_does_without_slurmdbd(held):
    held.hold()
    held.start()
    held.begun()
    held.slurm.stop("slurmdbd")
    held.release()
    assert held.finish() == 0, held.said()
    held.slurm.start_slurmdbd()
    assert len(held.told()) == 2


def test_a_run_waits_for_slurmctld(held):
    """It is away while a job runs and ends, and when the next is submitted."""
    held.hold()
    held.start()
    held.begun()
    held.slurm.stop("slurmctld")
    held.release()
    wait(lambda: len(held.told()) == 2, held.said)
    time.sleep(5)
    assert held.process.poll() is None
    held.slurm.start_slurmctld()
    assert held.finish() == 0, held.said()
    assert len(held.told()) == 2


def test_a_submission_waits_for_slurmctld(held):
    held.slurm.stop("slurmctld")
    held.start()
    time.sleep(25)
    assert held.process.poll() is None
    held.slurm.start_slurmctld()
    assert held.finish() == 0, held.said()
    assert len(held.told()) == 2


def test_a_refused_submission_ends_the_run_with_the_words_of_sbatch(held):
    held.start("--default-resources", "slurm_partition='nowhere'", "slurm_extra=''")
    assert held.finish() != 0
    assert "sbatch refuses a job of first" in held.said()
    assert "invalid partition specified: nowhere" in held.said()


def kill(held: Held) -> None:
    """Kill Snakemake, as a reboot of the login node does; its jobs go on."""
    os.killpg(held.process.pid, signal.SIGKILL)
    held.process.wait()
    unlock = start_snakemake(held.folder, held.slurm, "--unlock")
    assert unlock.wait(ENDS_IN) == 0, held.said()


def test_a_killed_snakemake_takes_over_its_running_jobs(held):
    held.hold()
    held.start()
    first = held.begun()
    kill(held)
    held.start()
    wait(
        lambda: f"external jobid '{first}'" in held.said().rpartition("Building DAG")[2], held.said
    )
    held.release()
    assert held.finish() == 0, held.said()
    assert held.told() == [("begin", first), ("end", first)]
    assert held.states() == ["COMPLETED"]


def test_a_killed_snakemake_takes_over_jobs_that_ended_without_it(held):
    held.hold()
    held.start()
    first = held.begun()
    kill(held)
    held.release()
    wait(lambda: not held.slurm.run("squeue", "--noheader"), held.said)
    held.start()
    assert held.finish() == 0, held.said()
    assert held.told() == [("begin", first), ("end", first)]


def test_a_job_with_other_settings_is_cancelled_before_its_successor_begins(held):
    held.hold()
    held.start()
    first = held.begun()
    kill(held)
    held.start("--config", "version=2")
    second = held.begun(2)
    held.release()
    assert held.finish() == 0, held.said()
    assert held.told() == [("begin", first), ("begin", second), ("end", second)]
    assert held.states() == ["CANCELLED", "COMPLETED"]
    assert_one_at_a_time(held)


@pytest.mark.parametrize("asked", [False, True], ids=["between checks", "during a check"])
def test_an_interrupted_snakemake_cancels_its_jobs(held, asked):
    if asked:  # Snakemake itself forgets the jobs whose status it asks for
        profile = held.folder / "profiles/slurm/config.yaml"
        before, slow = "status-cmd: ", "status-cmd: sleep 5; "
        profile.write_text(profile.read_text().replace(before, slow))
    held.hold()
    held.start()
    first = held.begun()
    time.sleep(3 if asked else 0)
    os.kill(held.process.pid, signal.SIGINT)
    assert held.finish() != 0
    wait(lambda: not held.slurm.run("squeue", "--noheader"), held.said)
    held.release()
    held.start()
    assert held.finish() == 0, held.said()
    assert [number for what, number in held.told() if what == "end"] != [first]
    assert held.is_done()


def test_the_default_runs_through_sbatch(slurm, tmp_path):
    """The real models and the real corpus; what is fetched or converted already is not again."""
    project = smoke.Project(tmp_path / "project")
    if (ROOT / "resources").is_dir():
        shutil.copytree(ROOT / "resources", project.folder / "resources", copy_function=os.link)
    before = len(slurm.jobs())
    run = start_snakemake(project.folder, slurm, "results/ja/f1.json", "results/ja/entities.tsv")
    said = (project.folder / "said").read_text
    assert run.wait(7200) == 0, said()
    jobs = ended_jobs(slurm, before, said)
    assert {job["State"] for job in jobs} == {"COMPLETED"}
    rules = {job["JobName"].rpartition("-")[0]: job for job in jobs}
    assert rules.keys() >= ON_GPUS
    for rule in ON_GPUS:
        assert "gres/gpu=1" in rules[rule]["ReqTRES"]
    assert {job["NodeList"] for job in jobs} == {"node1", "node2"}
    score = json.loads((project.folder / "results/ja/f1.json").read_text())
    assert score["sentences"] == 60
    assert 0.3 < score["overall"]["f1"] < 0.7
    print(f"{len(jobs)} jobs, F1 {score['overall']['f1']:.3f}")  # noqa: T201


def job_script(held: Held, *arguments: str) -> str:
    done = subprocess.run(
        ["python3", "profiles/slurm/job.py", *arguments],
        cwd=held.folder,
        env=held.slurm.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
