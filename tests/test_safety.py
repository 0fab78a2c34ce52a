"""What SECURITY.md promises of the code as a whole: no pickle, no code of others, no shell."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import smoke
import yaml
from configurations import READ_ONCE, read, refusal
from dumps import HEAD, page
from fuzzing.targets import configured_folder, sound_configuration
from places import ROOT

from eatner.config import schema
from eatner.errors import InputError
from eatner.text import languages
from eatner.wiki.dump import parse_dump

SOURCES = sorted((ROOT / "workflow" / "scripts").rglob("*.py"))
# Calls that run what they read, or a shell; None: whatever the arguments.
FORBIDDEN = {
    "eval", "exec", "compile", "__import__", "pickle.load", "pickle.loads", "os.system", "os.popen",
    "subprocess.getoutput", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "joblib.load",
    "shelve.open", "marshal.loads", "runpy.run_path", "pandas.read_pickle", "numpy.load", "np.load",
    "pd.read_pickle", "pd.eval", "xml.sax.parse", "minidom.parse", "torch.hub.load",
}  # fmt: skip


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Each call in the workflow's code: where it is, the function's name, and the call."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield where, ast.unparse(node.func), node


def options(call: ast.Call) -> dict[str | None, str]:
    return {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}


def test_no_call_runs_what_it_reads() -> None:
    found = [
        f"{where}: {name}"
        for where, name, call in calls()
        if (name in FORBIDDEN and options(call).get("Loader") != "loader")
        or options(call).get("shell", "False") != "False"
        or options(call).get("trust_remote_code", "False") != "False"
        or options(call).get("allow_pickle", "False") != "False"
    ]
    assert not found
    # The one `yaml.load` has a loader that builds plain values alone.
    [loader] = re.findall(
        r"loader = (.+)", (ROOT / "workflow/scripts/eatner/config/schema.py").read_text()
    )
    assert loader == 'getattr(yaml, "CSafeLoader", yaml.SafeLoader)'


def test_torch_reads_numbers_alone() -> None:
    loads = [options(call) for _, name, call in calls() if name == "torch.load"]
    assert loads == [{"weights_only": "True"}]


def test_every_model_is_loaded_without_code_of_its_own() -> None:
    found = {
        where: call
        for where, name, call in calls()
        if name.endswith("from_pretrained") and "GLiNER" not in name and "Peft" not in name
    }
    assert len(found) >= 5
    for where, call in found.items():
        given = options(call)
        spread = given.get(None, "")  # of `only`, in fetch/models.py
        assert given.get("trust_remote_code") == "False" or spread == "only", where
    text = (ROOT / "workflow/scripts/eatner/fetch/models.py").read_text(encoding="utf-8")
    assert '"trust_remote_code": False}' in text


def test_no_rule_has_a_shell_command() -> None:
    rules = [*(ROOT / "workflow" / "rules").glob("*.smk"), ROOT / "Snakefile"]
    for path in rules:
        assert not re.search(r"^\s*(shell|run|notebook):", path.read_text(), re.MULTILINE), path


@pytest.fixture
def _configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(configured_folder())
    monkeypatch.setattr(schema, "read", lambda path: READ_ONCE)


@pytest.mark.usefixtures("_configured")
@pytest.mark.parametrize(
    "name",
    [
        "../../x; rm",
        "-rf",
        "a/b",
        "..",
        "$(id)",
        "x\n",
        "é",
        "x" * 51,
        "models",
        "a b",
        "x\0",
        "<b>",
    ],
)
@pytest.mark.parametrize("section", ["corpora", "models", "translators", "taggers", "aligners"])
def test_a_name_that_is_a_path_or_a_command_is_refused(section: str, name: str) -> None:
    if name == "models" and section != "corpora":
        return
    component = next(iter(sound_configuration()[section].values()))
    said = refusal({section: {name: component}})
    assert f"configuration.{section}" in said
    assert "\n" not in said


@pytest.mark.usefixtures("_configured")
def test_a_target_is_only_what_the_configuration_names() -> None:
    configuration = read()
    for name in ("../../x", "mini/../..", "$(id)", ""):
        for ask in (configuration.corpus, configuration.adapter, configuration.translator):
            with pytest.raises(InputError, match="unknown"):
                ask(name)


@pytest.mark.usefixtures("_configured")
@pytest.mark.parametrize(
    "change",
    [
        {"wikis": {"de": {"date": "20260101\n"}}},
        {"wikis": {"de": {"date": "20260101", "mirror": "https://me:secret@host/"}}},
        {"wikis": {"de": {"date": "20260101", "mirror": "file:///etc"}}},
        {"corpora": {"c": {"language": "fr", "hub": "../..", "revision": "main"}}},
        {"models": {"m": {"hub": "../../m", "revision": "main", "prompt": "chat"}}},
        {"corpora": {"c": {"language": "fr", "url": "https://u:p@h/a.tsv", "sha256": "0a" * 32}}},
    ],
)
def test_an_address_is_plain(change: dict) -> None:
    assert "does not match" in refusal(change)


# --- XML -----------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))


@pytest.mark.parametrize(
    "declared",
    [
        f"<!DOCTYPE x [{LAUGHS}]>",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
@pytest.mark.parametrize("place", ["head", "page", "within"])
def test_declared_entities_are_refused(tmp_path: Path, declared: str, place: str) -> None:
    body = page(1, "東京", "&l9;&e;").replace("&amp;", "&")
    if place == "head":
        text = declared + HEAD + body
    elif place == "page":
        text = HEAD + body.replace("<page>", f"<page><!-- c -->{declared}")
    else:
        text = HEAD + body.replace("<revision>", f"<revision>{declared}")
    path = tmp_path / "dump.xml"
    path.write_text(text + "</mediawiki>\n", encoding="utf-8")
    with pytest.raises(InputError, match="document type declaration"):
        list(parse_dump(path, languages.get("ja"), {}))


def test_elements_that_are_nested_deeply_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "dump.xml"
    deep = "<a>" * 200_000 + "<!-- c -->" + "</a>" * 200_000
    body = page(1, "東京", "x").replace("<revision>", f"<revision>{deep}", 1)
    path.write_text(HEAD + body + "</mediawiki>\n", encoding="utf-8")
    with pytest.raises(InputError, match="nested"):
        list(parse_dump(path, languages.get("ja"), {}))


# --- without a network ---------------------------------------------------------------------------

# Notes every name that is looked up and every address that is connected to, in all processes.
WATCH = """
import os, sys

def note(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto"):
        # An address of a host is a pair; a path is a socket of this machine.
        asked = arguments[-1] if event in ("socket.connect", "socket.sendto") else arguments
        if isinstance(asked, tuple):
            with open(os.environ["EATNER_ASKED"], "a") as file:
                file.write(f"{sys.argv[:1]} {event} {asked}\\n")

sys.addaudithook(note)
"""


def snakemake(folder: Path, *targets: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "smoke.yaml"]
    isolated = ["unshare", "--map-root-user", "--net"]
    return subprocess.run(
        [*isolated, *command, "--", *targets],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("HF_")} | more,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.offline
@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "--map-root-user", "--net", "true"], check=False).returncode,
    reason="no network namespaces here",
)
def test_nothing_is_asked_of_a_network(tmp_path: Path) -> None:
    """The small project, from its dump to its page, in a namespace without any interface."""
    smoke.make(tmp_path / "project", run=False)
    settings = smoke.smoke_config() | {"compare": smoke.COMPARE}
    (tmp_path / "project" / "smoke.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    asked = tmp_path / "asked"
    targets = ["results/mini/f1.json", "results/mini/entities.tsv", "results/compare/index.html"]
    done = snakemake(tmp_path / "project", *targets, PYTHONPATH=str(watch), EATNER_ASKED=str(asked))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not asked.exists(), asked.read_text()
    score = json.loads((tmp_path / "project/results/mini/f1.json").read_text())
    assert score["sentences"] == 3
