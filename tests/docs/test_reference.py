"""The reference pages hold everything that the code has, and say what each thing means."""

import csv
import re
from typing import get_args, get_origin

import pytest
import yaml
from places import ROOT

from eatner import tables
from generate import api, configuration, workflow
from generate import tables as tables_page

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
RULES = ROOT / "workflow/rules"
TARGETS = {"fetch", "fetch_comparison"}  # rules without a job
WORDS = [
    name
    for name in vars(tables)
    if get_origin(getattr(tables, name)) is get_origin(tables.PageKind) and name != "EntityType"
]


def rows(page: str) -> list[list[str]]:
    """The cells of all tables of a page."""
    lines = re.findall(r"^\| (.*) \|$", page, re.MULTILINE)
    return [re.split(r" *(?<!\\)\| *", line) for line in lines]


def test_every_key_of_the_schema_has_a_type_and_a_meaning():
    page = configuration.page(SCHEMA)
    described = {cells[0] for cells in rows(page) if len(cells) == 4 and cells[1] and cells[3]}
    names = {re.sub(r"\[?`([^`]+)`.*", r"\1", name) for name in described}
    assert configuration.keys(SCHEMA) - names == set()


def test_a_definition_has_each_of_its_keys_with_its_default():
    """By definition, since two of them may have a key of the same name."""
    page = configuration.page(SCHEMA)
    for name, definition in yaml.safe_load(SCHEMA.read_text())["$defs"].items():
        if "properties" not in definition:
            continue
        heading = name.replace("_", " ")
        [section] = re.findall(rf"^##?# {heading}\n(.*?)(?=^##|\Z)", page, re.M | re.S)
        found = {cells[0].strip("`"): cells for cells in rows(section)}
        assert set(definition["properties"]) <= set(found), name
        for key, value in definition["properties"].items():
            if isinstance(value.get("default"), str | int | float):
                default = found[key][2].strip("`")
                assert yaml.safe_load(default) == value["default"], (name, key)
        for needed in definition.get("required", ()):
            assert needed == "kind" or f"`{needed}`" in section, (name, needed)


def test_links_of_the_configuration_lead_to_headings():
    page = configuration.page(SCHEMA)
    headings = {line.replace(" ", "-") for line in re.findall(r"^##+ (.*)$", page, re.MULTILINE)}
    assert set(re.findall(r"\(#([^)]+)\)", page)) <= {heading.lower() for heading in headings}


def test_every_column_of_every_table_is_explained():
    page = tables_page.page()
    for one in tables.TABLES:
        [section] = re.findall(rf"^## {one.__name__}\n(.*?)(?=^## )", page, re.M | re.S)
        cells = {row[0].strip("`"): row for row in rows(section)}
        for column in tables.columns(one):
            assert all(cells[column]), (one.__name__, column)


@pytest.mark.parametrize("name", WORDS)
def test_every_status_has_a_meaning(name):
    page = tables_page.page()
    [section] = re.findall(rf"^### {name}\n(.*?)(?=^### |\Z)", page, re.M | re.S)
    meanings = {cells[0].strip("`"): cells[1] for cells in rows(section)}
    for word in get_args(getattr(tables, name)):
        assert not word or len(meanings[word]) > 3, word


def test_a_word_without_a_meaning_stops_the_build(monkeypatch):
    changed = (*get_args(tables.GoldStatus), "lost")
    monkeypatch.setattr(tables, "GoldStatus", tables.Literal[changed])
    with pytest.raises(ValueError, match=r"below GoldStatus and its words differ: \{'lost'\}"):
        tables_page.words_of("GoldStatus")


def test_every_rule_is_there_with_what_it_makes():
    page = workflow.rules_page(RULES)
    text = "".join(path.read_text(encoding="utf-8") for path in RULES.glob("*.smk"))
    names = re.findall(r"^rule (\w+):", text, re.MULTILINE)
    assert re.findall(r"^### (.*)$", page, re.MULTILINE) == [
        rule.name for rule in workflow.rules(RULES)
    ]
    assert len(names) > 20
    for name in names:
        [section] = re.findall(rf"^### {name}\n(.*?)(?=^##|\Z)", page, re.M | re.S)
        assert re.search(r"^[A-Z].*\.$", section, re.MULTILINE), name
        if name not in TARGETS:
            assert "- makes `re" in section, name
            assert re.search(r"\| \d+ min \|", section), name
    assert page.count("A target: it has no job.") == len(TARGETS)


def test_every_table_has_a_file():
    page = workflow.files_page(RULES)
    for one in tables.TABLES:
        assert f"[{one.__name__}](tables.md#{one.__name__.lower()})" in page


def test_every_artifact_has_its_licence_its_size_and_its_sums():
    path = ROOT / "config/artifacts.tsv"
    page = workflow.artifacts_page(path)
    with path.open(encoding="utf-8", newline="") as file:
        pinned = list(csv.DictReader(file, delimiter="\t"))
    size = sum(int(row["bytes"]) for row in pinned if row["artifact"] == "gemma-3-270m") / 1e6
    assert f"| Gemma Terms of Use | {size:.1f} MB |" in page
    for row in pinned:
        assert row["sha256"] in page
        assert f"[`{row['artifact']}`]" in page


def test_every_module_of_the_library_has_a_place():
    library = ROOT / "workflow/scripts/eatner"
    text = "\n".join(api.pages(library).values())
    for path in library.rglob("*.py"):
        parts = path.relative_to(library.parent).with_suffix("").parts
        if parts[-1] != "__init__":
            assert f"::: {'.'.join(parts)}\n" in text
