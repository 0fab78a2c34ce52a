"""envs/*.yaml: in step with pyproject.toml, and with what the scripts of their rules import."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from places import ROOT

from eatner.code.fingerprint import SCRIPTS, Code
from eatner.code.scopes import is_type_checking

ENVIRONMENTS = sorted(path.stem for path in (ROOT / "envs").glob("*.yaml"))
# The modules that a script imports by the name of a kind or of a backend.
LOADED = {
    "translate_sentences": ("translate", "llm"),
    "tag_english": ("tag",),
    "tag_with_llm": ("llm",),
    "align_entities": ("align", "llm"),
    "weigh_signals": ("llm",),
}
# Of a kind that another rule, with another environment, runs.
ELSEWHERE = {("tag_english", "eatner.tag.llm")}
# vLLM pins so much that it needs an environment of its own: docs/how-to/cluster.md.
LEFT_OUT = {"vllm"}
OURS = {"eatner", "job"}


def requirements(lines: list[str]) -> dict[str, Requirement]:
    parsed = map(Requirement, lines)
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


@cache
def ranges() -> dict[str, Requirement]:
    """What pyproject.toml allows, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return requirements([*project["dependencies"], *extras])


@cache
def environment(name: str) -> tuple[list[str], dict[str, Requirement]]:
    """What conda and what pip install into an environment."""
    given = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text(encoding="utf-8"))
    assert given["channels"] == ["conda-forge"]
    *conda, pip = given["dependencies"]
    return conda, requirements(pip["pip"])


@cache
def environments_of_rules() -> dict[str, str]:
    """The name of the environment of each rule that has a script."""
    rules = "".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    blocks = re.split(r"^rule ", rules, flags=re.MULTILINE)[1:]
    found = {}
    for block in blocks:
        if "script:" in block:
            declared = re.search(r'conda:\n\s+"../../envs/(\w+)\.yaml"', block)
            assert declared, block
            found[block.partition(":")[0]] = declared[1]
    return found


@cache
def code() -> Code:
    """The code of the scripts, analysed once."""
    return Code(SCRIPTS, cache=ROOT / ".snakemake/eatner/code.json")


@cache
def imported(rule: str) -> frozenset[str]:
    """The top-level modules, not ours, that the code of a rule's script imports, even late."""
    kinds = [
        f"eatner.{room}.{path.stem}"
        for room in LOADED.get(rule, ())
        for path in sorted((SCRIPTS / "eatner" / room).glob("*.py"))
        if path.stem != "__init__"
    ]
    kinds = [kind for kind in kinds if (rule, kind) not in ELSEWHERE]
    symbols: dict[str, set[str]] = {}
    for node in code().closure(f"{rule}.py", "job:run", *kinds):
        module, _, symbol = node.partition(":")
        symbols.setdefault(module, set()).add(symbol)
    names: set[str] = set()
    for module, reached in symbols.items():
        path = SCRIPTS / f"{module.replace('.', '/')}.py"
        if path.exists():
            names |= set(imports(ast.parse(path.read_text(encoding="utf-8")), reached))
    return frozenset(names - OURS - sys.stdlib_module_names - LEFT_OUT - {"__future__"})


def imports(module: ast.Module, reached: set[str]) -> Iterator[str]:
    """The modules that a module imports at once, and that its functions and classes import."""
    for statement in module.body:
        if isinstance(statement, ast.If) and is_type_checking(statement):
            continue
        definition = isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        if definition and not {statement.name, "*", "**"} & reached:
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module.partition(".")[0]


def package(module: str) -> str:
    """The package that brings a module."""
    return canonicalize_name(packages_distributions().get(module, [module])[0])


def test_every_rule_with_a_script_has_an_environment_and_every_environment_a_rule() -> None:
    assert len(environments_of_rules()) > 20
    assert set(environments_of_rules().values()) == set(ENVIRONMENTS)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_pinned_within_the_ranges_of_the_project(name: str) -> None:
    conda, pip = environment(name)
    assert conda == ["python =3.11", "pip"]
    for package_name, requirement in pip.items():
        assert re.fullmatch(r"==[\d.]+", str(requirement.specifier)), requirement
        allowed = ranges()[package_name]
        assert allowed.specifier.contains(str(requirement.specifier)[2:]), (requirement, allowed)
        assert requirement.extras == allowed.extras, (requirement, allowed)


@pytest.mark.parametrize("rule", environments_of_rules())
def test_an_environment_holds_what_the_script_of_its_rule_imports(rule: str) -> None:
    name = environments_of_rules()[rule]
    missing = {package(module) for module in imported(rule)} - environment(name)[1].keys()
    assert not missing, f"envs/{name}.yaml lacks them"


@pytest.mark.environments
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_can_be_built_and_imports_all(name: str, tmp_path: Path) -> None:
    """Without conda, whose part is Python alone: `make test-environments`."""
    python = tmp_path / "bin/python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path], check=True)
    pins = list(map(str, environment(name)[1].values()))
    subprocess.run([python, ROOT / "envs/install.py", *pins], check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True)
    rules = [rule for rule, needed in environments_of_rules().items() if needed == name]
    modules = sorted(set().union(*map(imported, rules)))
    subprocess.run([python, "-c", f"import {', '.join(modules)}"], check=True)
    for rule in rules:
        help_of = [python, SCRIPTS / f"{rule}.py", "--help"]
        subprocess.run(help_of, check=True, stdout=subprocess.DEVNULL)


def container_commands(text: str) -> list[str]:
    """The commands that install the project into an image, without their folders."""
    return re.findall(r"python \S*install\.py (.+)", text)


def test_the_containers_install_as_the_makefile_does() -> None:
    torch = str(ranges()["torch"])
    wanted = [torch, "."]
    for name in ("Dockerfile", "apptainer.def"):
        text = (ROOT / "envs" / name).read_text(encoding="utf-8")
        assert container_commands(text) == wanted, name
    made = container_commands((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert made[:2] == [torch, "--editable '.[test]'"]


def test_the_container_of_apptainer_has_all_that_a_run_needs() -> None:
    text = (ROOT / "envs/apptainer.def").read_text(encoding="utf-8")
    files = text[text.index("%files") : text.index("%post")].split()[1:]
    for name in ("Snakefile", "pyproject.toml", "config", "envs", "profiles", "workflow"):
        assert name in files
    assert all((ROOT / name).exists() for name in files if name != "/eatner/")


@pytest.mark.environments
def test_what_the_dockerfile_runs_makes_a_project_that_can_plan(tmp_path: Path) -> None:
    """Without docker: its commands, with other folders, on the files that it copies."""
    ignored = (ROOT / "envs/Dockerfile.dockerignore").read_text().replace("**/", "").split()
    project, venv = tmp_path / "eatner", tmp_path / "opt/eatner"
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(*ignored, "*.egg-info"))
    text = (ROOT / "envs/Dockerfile").read_text(encoding="utf-8")
    for command in re.findall(r"^RUN (.*)$", text, re.MULTILINE):
        here = command.replace("/opt/install.py", str(project / "envs/install.py"))
        subprocess.run(here.replace("/opt/eatner", str(venv)), shell=True, cwd=project, check=True)
    plan = [venv / "bin/snakemake", "--dry-run", "--cores", "2", "results/ja/f1.json"]
    done = subprocess.run(plan, cwd=project, check=True, capture_output=True, text=True)
    assert "rule finetune_model:" in done.stdout
