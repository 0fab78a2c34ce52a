"""The README says what the pages say."""

import itertools
import re

import pytest
from places import ROOT

from generate import readme

README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs/results.md").read_text(encoding="utf-8")


def test_its_results_are_those_of_the_results_page():
    assert readme.refreshed(README, RESULTS) == README, "run: make readme"


PAGE = """
| system | Japanese, 9 gold | Korean | German, 7 gold | mean |
|---|--:|--:|--:|--:|
| paper | 12.5 [1.0, 20.0] | not run | not run | 12.5 (of 1) |
| ours | **50.0**‡ [40.0, 60.0] | not run | 65.8 [50.0, 70.0] | 57.9 (of 2) |
| words | not run | not run | not run | – |
| direct | 21.8 [11.0, 31.0] | not run | not run | 21.8 (of 1) |
| lookup | not run | not run | no wiki | – |

"""


def test_what_has_run_is_taken_over_without_intervals():
    lines = [line.strip("| ").split(" | ") for line in readme.results_table(PAGE).splitlines()]
    assert [lines[0], *lines[2:]] == [
        ["system", "Japanese", "German", "mean"],
        ["ours", "**50.0**", "65.8", "57.9 (of 2)"],
        ["paper", "12.5", "not run", "12.5 (of 1)"],
        ["direct", "21.8", "not run", "21.8 (of 1)"],
    ]


def test_what_has_not_run_anywhere_is_left_out_and_ours_must_have_run():
    without = re.sub(r"^\| words \|.*\n", "", PAGE, flags=re.MULTILINE)
    assert readme.results_table(without) == readme.results_table(PAGE)
    with pytest.raises(ValueError, match="lacks ours"):
        readme.results_table(re.sub(r"^\| ours \|.*\n", "", PAGE, flags=re.MULTILINE))


def test_what_is_downloaded_is_said_before_the_first_command():
    before = README[: README.index("```sh")]
    assert "Gemma Terms of Use" in before
    assert "5 GB of disk" in before
    assert "make run" in README
    assert "make test" in README


def test_its_picture_is_small_and_there():
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert 10_000 < (ROOT / path).stat().st_size < 150_000


def test_its_links_lead_to_files():
    for target in re.findall(r"(?<!!)\[[^]]*\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_its_dag_is_the_workflows(project):
    """Each arrow leads from a rule to one that needs its output, at once or by way of others."""
    targets = ("results/mini/f1.json", "results/mini/entities.tsv", "results/compare/index.html")
    compare = {
        "corpora": ["mini"],
        "systems": {"tiny": {"translator": "tiny", "tagger": "toy-reviewed", "aligner": "fused"}},
        "select": ["tiny"],
    }
    lexicon = {
        "mini": {"system": {"translator": "tiny", "tagger": "toy-reviewed", "aligner": "tuned"}}
    }
    tuned = {"tuned": {"kind": "fused", "model": "tiny-ko", "pairs": 20}}
    command = ("--rulegraph", "--forceall", *targets)
    done = project.snakemake(*command, compare=compare, corpora=lexicon, aligners=tuned)
    assert done.returncode == 0, done.stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', done.stdout))
    needs: dict[str, set[str]] = {name: set() for name in names.values()}
    for source, target in re.findall(r"(\d+) -> (\d+)", done.stdout):
        needs[names[target]].add(names[source])

    def needed(rule: str) -> set[str]:
        return needs[rule].union(*map(needed, needs[rule]))

    [diagram] = re.findall(r"```mermaid\nflowchart LR\n(.*?)```", README, re.DOTALL)
    arrows = 0
    for line in diagram.splitlines():
        rules = re.split(r" --(?: \w+ --)?> ", line.strip())
        for source, target in itertools.pairwise(rules):
            arrows += 1
            assert source in needed(target), (source, target)
    assert arrows > 12
