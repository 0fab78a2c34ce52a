"""An installed package: the workflow is in it, and means what the clone's does."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from places import ROOT

from eatner.code.fingerprint import SCRIPTS, Code

ROOTS = ("align_entities.py", "read_corpus.py", "eatner.align.fused", "eatner.tag.spacy")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The content of the wheel, as pip would unpack it into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_workflow_plans_in_any_folder(installed, tmp_path) -> None:
    command = ("-m", "eatner.command.main", "run")
    done = run(installed, tmp_path, *command, "-n", "results/ko-demo/entities.tsv")
    assert done.returncode == 0, done.stderr
    project = installed / "eatner/_project"
    assert f"--snakefile {project}/Snakefile --cores all -n" in done.stderr
    said = done.stdout + done.stderr
    assert f"{project}/workflow/wikis/ko" in said
    assert f"{project}/config/corpora/ko_demo.txt" in said
    assert "rule fetch_package:" in said
    assert "profiles/default" in said


def test_results_of_the_clone_and_of_the_package_agree(installed) -> None:
    here, there = Code(SCRIPTS), Code(installed / "eatner/_project/workflow/scripts")
    for root in ROOTS:
        assert here.fingerprint(root) == there.fingerprint(root)


def test_a_script_takes_the_library_beside_it(installed, tmp_path) -> None:
    scripts = installed / "eatner/_project/workflow/scripts"
    # As Snakemake does it, and without the clone that is installed here.
    path = f"sys.path = [p for p in sys.path if p != {str(SCRIPTS)!r}] + [{str(scripts)!r}]"
    code = f"import sys; {path}; import check_gold, eatner; print(eatner.__file__)"
    done = run(installed, tmp_path, "-c", code)
    assert done.stdout.strip() == str(scripts / "eatner/__init__.py"), done.stderr


def test_from_python_the_package_finds_its_configuration(installed, tmp_path) -> None:
    code = "import eatner, eatner.project\ntry: eatner.load('ko')\nexcept eatner.InputError as e:"
    done = run(installed, tmp_path, "-c", f"{code}\n print(eatner.project.ROOT, e)")
    assert done.stdout.startswith(str(installed / "eatner/_project")), done.stderr
    assert "Run: eatner run resources/models/gemma-3-270m " in done.stdout
    assert (installed / "eatner/py.typed").is_file()
