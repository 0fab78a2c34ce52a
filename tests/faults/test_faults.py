"""Faults of the machine and of others: a later run has the right result, or one line says why."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import breaking
import loopback
import pytest
import smoke
import test_systems
import yaml

pytestmark = pytest.mark.faults
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")
LABELS = "align/tiny/toy/tiny-ko.tsv"


def with_config(project: smoke.Project, **sections: dict) -> None:
    """Add to the configuration of a project, for runs that are not made by `snakemake`."""
    path = project.folder / "smoke.yaml"
    config = yaml.safe_load(path.read_text())
    for section, added in sections.items():
        config[section] |= added
    path.write_text(yaml.safe_dump(config, allow_unicode=True))


def add_corpus(project: smoke.Project, name: str) -> str:
    """Add a corpus with the text of `mini`; gives the path of its labels."""
    text = (project.folder / "mini.iob2").read_text(encoding="utf-8")
    (project.folder / f"{name}.iob2").write_text(text, encoding="utf-8")
    with_config(project, corpora={name: {"language": "ko", "file": f"{name}.iob2"}})
    return f"results/{name}/{LABELS}"


def same_as_mini(project: smoke.Project, target: str) -> bool:
    return (project.folder / target).read_bytes() == (
        project.folder / f"results/mini/{LABELS}"
    ).read_bytes()


def refused(folder: Path, target: str, pattern: str) -> None:
    """Run to an error: one line that says what is wrong, and no traceback of ours."""
    code, said = breaking.run(folder, target)
    assert code != 0
    [line] = set(breaking.errors(said)) or [said]
    assert re.search(pattern, line), said
    assert "Traceback" not in said, said


# --- disks --------------------------------------------------------------------------------------


@contextlib.contextmanager
def disk(folder: Path, size: str) -> Iterator[None]:
    """A small file system in a folder; only root can make one."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    (folder / "kept").touch()  # Snakemake would delete an empty folder, which is busy
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


@needs_root
@pytest.mark.parametrize("size", ["4k", "8k", "12k", "20k"])
def test_a_full_disk_is_told_and_a_larger_one_gone_on_with(project, size) -> None:
    name = f"full{size}"
    target = add_corpus(project, name)
    folder = project.folder / "results" / name
    with disk(folder, size):
        refused(project.folder, target, rf"results/{name}.*No space left on device. Free some")
        remount(folder, "size=10m")
        breaking.resume(project.folder, target)
        assert same_as_mini(project, target)


@needs_root
def test_results_that_cannot_be_written_are_told(project) -> None:
    target = add_corpus(project, "readonly")
    folder = project.folder / "results" / "readonly"
    with disk(folder, "10m"):
        remount(folder, "ro")
        code, said = breaking.run(project.folder, target)
        assert code != 0
        assert re.search(r"Read-only file system.*results/readonly", said), said
        remount(folder, "rw")
        breaking.resume(project.folder, target)
        assert same_as_mini(project, target)


# --- files and processes ------------------------------------------------------------------------


def test_a_text_that_has_vanished_is_named(project) -> None:
    target = add_corpus(project, "vanished")
    text = (project.folder / "vanished.iob2").rename(project.folder / "kept")
    code, said = breaking.run(project.folder, target)
    assert code != 0
    assert "vanished.iob2" in said
    assert "Traceback" not in said
    text.rename(project.folder / "vanished.iob2")
    breaking.resume(project.folder, target)
    assert same_as_mini(project, target)


def test_a_model_that_vanishes_while_it_is_needed_is_named(project) -> None:
    target = add_corpus(project, "unmodelled")
    weights = project.folder / "tiny" / "model.safetensors"
    before = weights.stat()
    run = breaking.Run(project.folder, target)
    assert run.wait_for(lambda: "rule read_corpus" in run.said())
    weights.rename(kept := project.folder / "kept.safetensors")
    assert run.end() != 0
    assert breaking.errors(run.said()), run.said()
    assert "Traceback" not in run.said()
    kept.rename(weights)
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    breaking.resume(project.folder, target)
    assert same_as_mini(project, target)


def test_two_runs_at_once_do_not_disturb_each_other(project) -> None:
    target = add_corpus(project, "twice")
    first = breaking.Run(project.folder, target)
    assert first.wait_for(lambda: "rule read_corpus" in first.said())
    shown = first.said
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "1",
        "--configfile",
        "smoke.yaml",
        "--",
        target,
    ]
    # On a busy machine the first would end before the second has looked for its lock.
    os.kill(first.process.pid, signal.SIGSTOP)
    try:
        second = subprocess.run(
            command, cwd=project.folder, capture_output=True, text=True, check=False
        )
    finally:
        os.kill(first.process.pid, signal.SIGCONT)
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stderr + second.stdout
    assert first.end() == 0, shown()
    assert same_as_mini(project, target)


# --- clocks -------------------------------------------------------------------------------------


def test_an_edit_counts_although_the_clock_has_jumped_back(project) -> None:
    target = add_corpus(project, "clock")
    assert breaking.run(project.folder, target)[0] == 0
    ahead = time.time() + 86_400
    for path in (project.folder / "results" / "clock").rglob("*.tsv"):
        os.utime(path, (ahead, ahead))
    text = project.folder / "clock.iob2"
    text.write_text(text.read_text(encoding="utf-8") + "\n부산\tB-LOC\n", encoding="utf-8")
    assert breaking.run(project.folder, target)[0] == 0
    assert "부산" in (project.folder / "results/clock/sentences.tsv").read_text(encoding="utf-8")
    assert not same_as_mini(project, target)


def test_a_clock_that_jumps_back_between_two_steps_changes_no_result(project) -> None:
    target = add_corpus(project, "jump")
    assert breaking.run(project.folder, target)[0] == 0
    ahead = time.time() + 86_400
    os.utime(project.folder / "results/jump/sentences.tsv", (ahead, ahead))
    assert breaking.run(project.folder, target)[0] == 0
    assert same_as_mini(project, target)


# --- networks -----------------------------------------------------------------------------------


class Breaking(BaseHTTPRequestHandler):
    """Serves a file, and breaks off after some bytes of each answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        begin = int(re.sub(r"\D", "", self.headers.get("Range", "0")) or 0)
        server.asked.append(begin)
        rest = server.content[begin:]
        self.send_response(206 if begin else 200)
        if begin:
            last = len(server.content) - 1
            self.send_header("Content-Range", f"bytes {begin}-{last}/{last + 1}")
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: server.most])
        self.wfile.flush()
        if server.stalls:
            server.stalled.wait(breaking.ENDS_IN)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def breaking_server(content: bytes, most: int, *, stalls: bool) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as server:
        server.daemon_threads = True
        server.content, server.most, server.stalls = content, most, stalls
        server.asked, server.stalled = [], threading.Event()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.stalled.set()
        server.shutdown()


@pytest.mark.parametrize("killed", [False, True])
def test_a_download_that_breaks_off_goes_on_where_it_stopped(project, killed) -> None:
    content = (project.folder / "mini.iob2").read_bytes()
    name = f"web{killed}"
    with breaking_server(content, len(content) // 3, stalls=killed) as server:
        source = {
            "language": "ko",
            "url": f"http://127.0.0.1:{server.server_port}/{name}.iob2",
            "sha256": hashlib.sha256(content).hexdigest(),
            "format": "conll",
        }
        with_config(project, corpora={name: source})
        target = f"results/{name}/{LABELS}"
        if killed:
            run = breaking.Run(project.folder, target)
            part = project.folder / f"resources/corpora/{name}/{name}.iob2.part"
            assert run.wait_for(lambda: part.exists() and part.stat().st_size)
            run.kill()
            server.stalls = False
            server.stalled.set()
        breaking.resume(project.folder, target)
        assert len(server.asked) >= 3
        assert all(begin > 0 for begin in server.asked[1:])
    assert same_as_mini(project, target)


def revoked(handler: loopback.Handler) -> bool:
    return handler.say(401, {"error": {"message": "this key has been revoked"}})


def test_an_endpoint_that_dies_half_way_is_asked_only_for_the_rest(project, monkeypatch) -> None:
    monkeypatch.setenv("FAR_KEY", test_systems.KEY)
    (project.folder / "far.txt").write_text("메르켈은 런던에 있다.\n비가 왔다.\n", encoding="utf-8")
    target, folder = "results/far/align/remote/toy/remote.tsv", project.folder / "results" / "far"
    with loopback.Server(test_systems.far_away, key=test_systems.KEY) as server:
        with_config(project, **test_systems.remote_config(server.url))
        breaking.resume(project.folder, target)
        whole, number = (project.folder / target).read_bytes(), len(server.requests)
        for limit in range(1, number):
            for path in [*folder.rglob("*.jsonl"), *folder.glob("*/**/*.tsv")]:
                path.unlink()
            server.requests.clear()
            server.faults = [lambda _: False] * limit + [revoked] * number
            refused(project.folder, target, re.escape(server.url))
            answered = limit
            server.faults.clear()
            server.requests.clear()
            breaking.resume(project.folder, target)
            assert (project.folder / target).read_bytes() == whole
            assert answered + len(server.requests) == number
        url = server.url
        for path in [*folder.rglob("*.jsonl"), *folder.glob("*/**/*.tsv")]:
            path.unlink()
    # Now nobody listens: it is asked again for two minutes, in vain.
    refused(project.folder, target, re.escape(url))
