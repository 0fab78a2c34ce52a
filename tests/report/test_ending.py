from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eatner.report.ending import ending


def again(target: str) -> list[str]:
    return ["eatner", "run", target, "--configfile", "my own.yaml"]


@pytest.fixture
def results(project, tmp_path) -> Path:
    """Results of the small project, which has a score and entities."""
    return Path(shutil.copytree(project.folder / "results", tmp_path / "results"))


def test_a_score_is_told_with_its_interval_and_files(results) -> None:
    said = ending([results / "mini/f1.json", results / "mini/f1.svg"], results, again)
    assert "mini (ko), tiny + toy + tiny-ko:" in said
    assert "95% interval" in said
    assert "3 sentences, 4 entities in gold" in said
    for name in ("align/tiny/toy/tiny-ko.tsv", "score/tiny/toy/tiny-ko.errors.tsv", "f1.svg"):
        assert str(results / "mini" / name) in said
        assert (results / "mini" / name).exists()
    assert " missed entities; at the stage " in said
    assert f"page      {results}/mini/entities.html" in said
    assert said.endswith("Next: eatner run results/compare/index.html --configfile 'my own.yaml'\n")


def test_the_next_command_makes_what_is_not_there(results) -> None:
    (results / "mini/entities.html").unlink()
    said = ending([results / "mini/f1.json"], results, again)
    assert "page " not in said
    assert "Next: eatner run results/mini/entities.tsv " in said


def test_entities_without_a_score(results) -> None:
    said = ending([results / "mini/entities.tsv"], results, again)
    assert "mini: " in said
    assert " entities in 3 sentences (" in said
    assert f"page      {results}/mini/entities.html" in said


def test_a_comparison_and_nothing(results) -> None:
    (results / "compare").mkdir()
    (results / "compare/index.html").touch()
    said = ending([results / "compare/index.html"], results, again)
    assert "results/compare/index.html shows all systems" in said
    assert "--report=report.html" in said
    assert ending([results / "mini/gold.tsv", Path("elsewhere/f1.json")], results, again) == ""


def test_snakemake_says_it_after_a_run_and_not_in_a_plan(project) -> None:
    target = "results/mini/f1.json"
    (project.folder / "results/mini/f1.json").unlink()
    planned = project.snakemake("--dry-run", target)
    assert "95% interval" not in planned.stdout
    done = project.snakemake(target)
    assert done.returncode == 0
    assert done.stdout.count("95% interval") == 1
    assert "snakemake --cores all results/compare/index.html --configfile" in done.stdout
