"""One kill and one shortage of memory: a selection of what tests/faults breaks, for every run."""

from __future__ import annotations

import breaking
import pytest
import test_faults
import torch

from eatner.llm.device import run_in_halves


def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_results(project) -> None:
    target = test_faults.add_corpus(project, "killed")
    run = breaking.Run(project.folder, target)
    assert run.wait_for(lambda: "rule translate_sentences" in run.said())
    run.kill()
    assert not (project.folder / target).exists()
    breaking.resume(project.folder, target)
    assert test_faults.same_as_mini(project, target)


def test_main_memory_that_runs_out_halves_a_batch(caplog: pytest.LogCaptureFixture) -> None:
    def run(batch: list[int]) -> list[int]:
        torch.empty(1 << 50 if len(batch) > 1 else 1, dtype=torch.uint8)
        return [10 * each for each in batch]

    assert run_in_halves(run, [1, 2, 3]) == [10, 20, 30]
    assert "a batch of 3 is halved" in caplog.text
