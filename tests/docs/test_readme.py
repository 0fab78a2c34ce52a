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
    [shown] = re.findall(r"<!-- results -->(.*?)<!-- /results -->", README, re.DOTALL)
    assert [line.split(" | ")[0].strip("| ") for line in shown.strip().splitlines()[2:]] == [
        *readme.SYSTEMS
    ]


def test_figures_of_the_results_page_are_taken_over():
    page = RESULTS.replace("| direct | 21.8 [", "| direct | 12.3 [")
    assert page != RESULTS
    assert "| direct | 12.3 |" in readme.refreshed(README, page)


def test_a_results_page_that_lacks_a_system_is_refused():
    with pytest.raises(ValueError, match="lacks \\['words'\\]"):
        readme.results_table(re.sub(r"^\| words \|.*\n", "", RESULTS, flags=re.MULTILINE))


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
        "systems": {"tiny": {"translator": "tiny", "tagger": "toy", "aligner": "fused"}},
        "select": ["tiny"],
    }
    lexicon = {"mini": {"system": {"translator": "tiny", "tagger": "toy", "aligner": "tuned"}}}
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
