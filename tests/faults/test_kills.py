"""Kills at any moment leave nothing that is wrong, lost or counted twice."""

from __future__ import annotations

import random
import shutil
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import breaking
import pytest

KILLS = 50
PROJECTS = 3  # side by side
SEED = 20260101


def timeline(run: breaking.Run) -> dict[str, float]:
    """Follow a run to its end; gives for each rule the mean seconds of its jobs."""
    begun: dict[str, list[float]] = {}
    ended: dict[str, list[float]] = {}
    alive = True
    while alive:
        alive = run.process.is_alive()
        now, said = time.monotonic(), run.said()
        for pattern, times in ((breaking.STARTED, begun), (breaking.FINISHED, ended)):
            for rule, count in Counter(pattern.findall(said)).items():
                known = times.setdefault(rule, [])
                known += [now] * (count - len(known))
        time.sleep(breaking.POLL)
    assert run.end() == 0, run.said()
    return {rule: (sum(ended[rule]) - sum(times)) / len(times) for rule, times in begun.items()}


def kills(fresh: Path, folder: Path, seed: int, seconds: dict[str, float]) -> list[str]:
    """Run a copy of a project to its end, killed once in a job of each rule.

    Args:
        fresh: The project, in which nothing has been run.
        folder: Where the copy goes.
        seed: Seed of the moments.
        seconds: How long a job of each rule takes.

    Returns:
        The rules in whose jobs it was killed, in order.
    """
    shutil.copytree(fresh, folder)
    draw, killed = random.Random(seed), []
    while True:
        # What `snakemake --unlock` does; the other tests use the command.
        shutil.rmtree(folder / ".snakemake" / "locks", ignore_errors=True)
        run = breaking.Run(folder, *breaking.TARGETS)
        begun: list[str] = []

        def has_begun(run: breaking.Run = run, begun: list[str] = begun) -> bool:
            begun[:] = set(breaking.STARTED.findall(run.said())) - set(killed)
            return bool(begun)

        if not run.wait_for(has_begun):
            assert run.end() == 0, run.said()
            return killed
        killed.append(draw.choice(sorted(begun)))
        time.sleep(draw.uniform(0, seconds[killed[-1]]))
        run.kill()


@pytest.mark.faults
def test_killed_at_random_a_run_ends_with_the_results_of_an_undisturbed_one(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    fresh = breaking.new_project(tmp_path / "fresh").folder
    undisturbed = shutil.copytree(fresh, tmp_path / "undisturbed")
    seconds = timeline(breaking.Run(undisturbed, *breaking.TARGETS))
    expected = breaking.results(undisturbed)
    began = time.monotonic()
    with ThreadPoolExecutor(PROJECTS) as pool:
        folders = [tmp_path / f"killed-{number}" for number in range(PROJECTS)]
        seeds = range(SEED, SEED + PROJECTS)
        killed = Counter(chain(*pool.map(partial(kills, fresh, seconds=seconds), folders, seeds)))
    for folder in folders:
        found = breaking.results(folder)
        assert {name for name in found | expected if found.get(name) != expected.get(name)} == set()
        assert not list((folder / "results").rglob(".*.partial"))
    with capsys.disabled():
        taken = time.monotonic() - began
        sys.stdout.write(
            f"\n{killed.total()} kills in {taken:.0f} s, {len(expected)} files: {dict(killed)}\n"
        )
    assert killed.total() >= KILLS
