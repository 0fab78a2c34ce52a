"""Snakemake's jobs in forks of a process that has imported their libraries: most of the time of a
job on a tiny model is imports.

One server serves all workers of a test run, and ends when that does. It imports nothing of eatner:
a job's script brings the library of its own project.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from filelock import FileLock

LIBRARIES = (
    "torch", "transformers.generation.utils", "transformers.models.gemma3.modeling_gemma3",
    "transformers.models.llama.modeling_llama", "transformers.models.qwen2.modeling_qwen2",
    "transformers.models.t5.modeling_t5", "transformers.trainer_seq2seq", "peft", "datasets",
    "spacy", "scipy.optimize", "pandas", "matplotlib.pyplot",
)  # fmt: skip
STARTS_IN = 600  # seconds at most, on a busy machine
POLL = 1.0


def address() -> Path:
    """The server's socket: one for all workers of a run of pytest."""
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    return Path(tempfile.gettempdir()) / f"eatner-jobs-{run}.sock"


def start() -> Path:
    """Start the server unless it runs; it may not be ready yet."""
    path = address()
    begun = path.with_suffix(".begun")
    with FileLock(path.with_suffix(".lock")):
        if not begun.exists() or not _is_there(int(begun.read_text())):
            path.unlink(missing_ok=True)
            environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
            run = path.stem.rpartition("-")[2]
            server = subprocess.Popen(
                [sys.executable, __file__, path, run],
                env=environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            begun.write_text(str(server.pid))
    return path


def run(path: Path, script: str) -> int:
    """Run a script in a fork of the server, with this process's folder, environment and output."""
    request = {"script": script, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    with _connected(path) as connection:
        socket.send_fds(connection, [b"x"], [1, 2])
        with connection.makefile("rw") as stream:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            return int(stream.readline() or 1)


def _connected(path: Path) -> socket.socket:
    until = time.monotonic() + STARTS_IN
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
        except OSError:
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return connection


def serve(path: Path, run: int) -> None:
    """Serve jobs as long as a process is there."""
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(32)
        listener.settimeout(POLL)
        while _is_there(run):
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    connection.setblocking(True)
                    _answer(connection)
                    os._exit(0)
                connection.close()
    for suffix in (".sock", ".begun", ".lock"):
        path.with_suffix(suffix).unlink(missing_ok=True)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _answer(connection: socket.socket) -> None:
    _, outputs, _, _ = socket.recv_fds(connection, 1, 2)
    with connection.makefile("rw") as stream:
        request = json.loads(stream.readline())
        job = os.fork()
        if job == 0:
            for place, output in enumerate(outputs, 1):
                os.dup2(output, place)
            os._exit(_run_script(request["script"], request["folder"], request["environment"]))
        _, status = os.waitpid(job, 0)
        stream.write(f"{os.waitstatus_to_exitcode(status)}\n")


def _run_script(script: str, folder: str, environment: dict[str, str]) -> int:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    added = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:0] = [str(Path(script).parent), *added]
    sys.argv = [script]
    try:
        runpy.run_path(script, run_name="__main__")
        atexit._run_exitfuncs()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
