from __future__ import annotations

import os
import subprocess
import sys

import pytest
from places import ROOT, script


@pytest.fixture
def installer():
    return script("envs/install.py")


LISTED = """\
:env:.find-links='/wheels'
:env:.disable-pip-version-check='1'
global.constraint='/etc/constraints.txt'
global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'
global.find-links='/other'
install.index-url='https://mirror.example/simple'
download.index-url='https://never.example/simple'
"""


def test_pip_s_settings_reach_uv(installer) -> None:
    assert installer.variables(LISTED) == {
        "UV_FIND_LINKS": "/wheels",
        "UV_CONSTRAINT": "/etc/constraints.txt",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
    }
    assert installer.variables("") == {}


@pytest.mark.parametrize("fails", ["", "no uv", "uv"])
def test_pip_installs_what_uv_cannot(installer, monkeypatch, capsys, fails: str) -> None:
    commands: list[list[str]] = []
    given: list[dict[str, str]] = []

    def run(command, *, env=None, **_):
        commands.append(command)
        given.append(env)
        wrong = (fails == "no uv" and command[-1] == installer.UV) or (fails == "uv" and env)
        return subprocess.CompletedProcess(command, int(bool(wrong)), LISTED)

    monkeypatch.setattr(installer.subprocess, "run", run)
    installer.install(["torch==1"], {"HOME": "/home/me", "UV_FIND_LINKS": "/mine"})
    by_pip = commands[-1][:3] == [sys.executable, "-m", "pip"]
    assert by_pip is bool(fails)
    assert commands[-1][-1] == "torch==1"
    assert ("takes minutes" in capsys.readouterr().err) is by_pip
    if fails != "no uv":
        [env] = filter(None, given)
        assert env["HOME"] == "/home/me"
        assert env["UV_FIND_LINKS"] == "/mine"  # what the user says to uv counts
        assert env["UV_CONSTRAINT"] == "/etc/constraints.txt"


def test_jobs_of_make_keep_their_bytecode() -> None:
    """Where Python is told to write none, each job would compile its libraries anew."""
    say = 'say: ; @echo "written: [$$PYTHONDONTWRITEBYTECODE]"'
    done = subprocess.run(
        ["make", "--eval", say, "say"],
        cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "written: []" in done.stdout
