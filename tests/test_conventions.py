"""Snakemake's conventions: the report, and what the catalogue of workflows reads."""

import os
import re

import forked
import yaml
from places import ROOT

RULES = "".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk")
)
REPORTED = re.findall(r"=report\((.*?)\n        \),", RULES, re.DOTALL)
CAPTIONS = ROOT / "workflow/report"


def test_every_reported_file_has_a_category_labels_and_a_caption():
    assert len(REPORTED) == RULES.count("report(") > 8
    for one in REPORTED:
        assert re.search(r'category="\w+"', one), one
        assert "labels={" in one, one
        [caption] = re.findall(r'caption="\.\./report/(\w+\.rst)"', one)
        text = (CAPTIONS / caption).read_text(encoding="utf-8")
        assert text.strip().endswith("."), caption


def test_every_caption_is_used_and_every_picture_is_reported():
    used = {*re.findall(r'caption="\.\./report/(\w+\.rst)"', RULES), "workflow.rst"}
    assert {path.name for path in CAPTIONS.glob("*.rst")} == used
    pictures = set(re.findall(r'"(results/[^"]+\.svg)"', RULES))
    assert {path for one in REPORTED for path in re.findall(r'"([^"]+\.svg)"', one)} == pictures


def test_the_report_explains_its_categories():
    text = (CAPTIONS / "workflow.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"\*\*(\w+)\*\*", text))
    assert named == {re.findall(r'category="(\w+)"', one)[0] for one in REPORTED}


def test_the_catalogue_finds_what_it_reads():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["report"] is True
    assert usage["software-stack-deployment"]["conda"] is True
    assert "../../envs/" in RULES
    text = (ROOT / "workflow/documentation.md").read_text(encoding="utf-8")
    rules = set(re.findall(r"^rule (\w+):", RULES, re.MULTILINE))
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", text))
    assert named <= rules
    assert len(named) > 8


def test_the_overview_of_the_configuration_has_every_section():
    text = (ROOT / "config/README.md").read_text(encoding="utf-8")
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(schema["properties"])
    kinds = {
        kind
        for part in ("translator", "tagger", "aligner")
        for kind in schema["$defs"][part]["properties"]["kind"]["enum"]
    }
    assert all(f"`{kind}`" in text for kind in kinds)
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / "config" / target).exists(), target


MODULE = """
configfile: "{home}/config/config.yaml"
module eatner:
    snakefile: "{home}/Snakefile"
    config: config
use rule * from eatner as ner_*
rule mine:
    input: "results/ko-demo/sentences.tsv"
    output: "mine.txt"
    shell: "wc -l < {{input}} > {{output}}"
"""


def test_the_workflow_is_a_module_of_another_one(tmp_path):
    (tmp_path / "Snakefile").write_text(MODULE.format(home=ROOT))
    said = tmp_path / "said"
    command = ["--cores", "1", "mine.txt"]
    code = forked.snakemake(command, tmp_path, dict(os.environ), said)
    assert code == 0, said.read_text()
    assert (tmp_path / "mine.txt").read_text().strip() == "13"
    assert "ner_read_corpus" in said.read_text()
