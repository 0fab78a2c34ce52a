"""Fuzz the readers of foreign data: `make fuzz SECONDS=3600`.

Each target of `targets.py` gets a share of the time, in a process of its own: half of it hypothesis
makes inputs at random, half of it atheris (libFuzzer) looks for inputs that reach new code; without
atheris, hypothesis has all of it. Atheris keeps what reached new code in `.fuzz/<target>/`, and the
next run goes on from there. A finding is an exception that the target does not allow, more than
`LIMIT` seconds, or more than `MEMORY` bytes. One is kept for each place, in `.fuzz/findings/`.

    python tests/fuzzing/fuzz.py --seconds 600 --only locate wikitext
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".fuzz"
LIMIT = 10  # seconds of CPU for an input
MEMORY = 1 << 30  # bytes that an input may add to the process
ADDRESSES = 8 << 30  # bytes of address space, so that a bomb ends as a MemoryError
WARM = 20  # inputs until libraries and tables are loaded
_CHUNK = 200  # inputs between two looks at the clock


class SlowError(BaseException):
    """An input took longer than the limit; no `Exception`, which a reader might catch."""


class Watch:
    """Counts the inputs of a target, and keeps what was found.

    Args:
        name: The target's name.
        check: The target's check.
    """

    def __init__(self, name: str, check: Callable[[Any], None]) -> None:
        self.name, self.check = name, check
        self.inputs = 0
        self.places: set[str] = set()
        self.memory = self.peak()

    @staticmethod
    def peak() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

    def __call__(self, value: Any) -> None:
        self.inputs += 1
        signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
        try:
            self.check(value)
        except (Exception, SlowError) as error:
            self.keep(error, value)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if self.inputs <= WARM:
            self.memory = self.peak()
        elif (peak := self.peak()) > self.memory + MEMORY:
            self.keep(MemoryError(f"{peak - self.memory >> 20} MiB"), value)
            self.memory = peak

    def keep(self, error: BaseException, value: Any) -> None:
        """Write a finding, unless one of that place is there."""
        frames = [f for f in traceback.extract_tb(error.__traceback__) if str(ROOT) in f.filename]
        own = [f for f in frames if "eatner" in f.filename] or frames
        place = f"{type(error).__name__} {own[-1].filename}:{own[-1].lineno}" if own else str(error)
        # A hang ends anywhere in its loop.
        if isinstance(error, SlowError) and own:
            place = f"slow {own[0].filename}:{own[0].lineno}"
        if place in self.places:
            return
        self.places.add(place)
        key = hashlib.sha256(place.encode()).hexdigest()[:8]
        path = FOLDER / "findings" / f"{self.name.replace(' ', '-')}-{key}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        said = "".join(traceback.format_exception(error))
        path.write_text(f"{said}\n{value!r}\n", encoding="utf-8", errors="backslashreplace")


def by_hypothesis(watch: Watch, inputs: Any, seconds: float) -> None:
    """Give a target inputs that hypothesis makes, until the time is up."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    end = time.process_time() + seconds
    limits = settings(
        max_examples=_CHUNK,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def watched(value: Any) -> None:
        if time.process_time() < end:
            watch(value)

    while time.process_time() < end:
        # Each round has a seed of its own; hypothesis does not repeat an input within one.
        seed(os.urandom(8))(limits(given(inputs)(watched)))()


def by_atheris(watch: Watch, inputs: Any, seconds: float, done: Callable[[], None]) -> None:
    """Let atheris look for inputs that reach new code, until the time is up."""
    import atheris
    from hypothesis import HealthCheck, given, settings

    corpus = FOLDER / watch.name.replace(" ", "-")
    corpus.mkdir(parents=True, exist_ok=True)
    end = time.process_time() + seconds

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(inputs)
    def watched(value: Any) -> None:
        watch(value)

    def one(data: bytes) -> None:
        if time.process_time() > end:
            done()
            os._exit(0)  # libFuzzer has no other way to end when the CPU time is up
        watched.hypothesis.fuzz_one_input(data)

    options = ["-max_len=4096", "-print_final_stats=0", "-verbosity=0", "-timeout=300"]
    atheris.Setup([watch.name, *options, "-rss_limit_mb=6000", str(corpus)], one)
    atheris.Fuzz()


def fuzz_one(name: str, engine: str, seconds: float, out: Path) -> None:
    """Fuzz one target with one engine, and write what was done."""

    def slow(*_: object) -> None:
        raise SlowError

    signal.signal(signal.SIGVTALRM, slow)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    for folder in (ROOT / "tests", ROOT / "workflow" / "scripts"):
        sys.path.insert(0, str(folder))
    if engine == "atheris":
        import atheris

        with atheris.instrument_imports(include=["eatner"]):
            from fuzzing.targets import TARGETS, quiet
    else:
        from fuzzing.targets import TARGETS, quiet
    quiet()
    target = TARGETS[name]
    watch = Watch(name, target.check)
    begin = time.process_time()

    def done() -> None:
        record = {
            "target": name,
            "engine": engine,
            "inputs": watch.inputs,
            "seconds": time.process_time() - begin,
            "findings": sorted(watch.places),
        }
        out.write_text(json.dumps(record) + "\n", encoding="utf-8")

    if engine == "atheris":
        by_atheris(watch, target.inputs, seconds, done)
    else:
        by_hypothesis(watch, target.inputs, seconds)
    done()


def fuzz_all(names: list[str], seconds: float) -> list[dict[str, Any]]:
    """Fuzz targets, one process for each and each engine; a process that dies is a finding."""
    engines = ["hypothesis", *["atheris"] * (find_spec("atheris") is not None)]
    share = seconds / len(names) / len(engines)
    records = []
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        for engine in engines:
            out = FOLDER / "last.json"
            out.unlink(missing_ok=True)
            log = FOLDER / f"{name.replace(' ', '-')}.{engine}.log"
            command = [sys.executable, "-X", "faulthandler", __file__, "--one", name]
            command += ["--engine", engine, "--seconds", str(share)]
            with open(log, "w", encoding="utf-8") as file:
                code = subprocess.run(
                    command, check=False, stdout=file, stderr=file, timeout=20 * share + 600
                ).returncode
            if code or not out.exists():
                record = {"target": name, "engine": engine, "inputs": 0, "seconds": 0.0}
                record["findings"] = [f"the process ended with {code}: see {log}"]
            else:
                record = json.loads(out.read_text(encoding="utf-8"))
            records.append(record)
            with open(FOLDER / "records.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            sys.stdout.write(
                f"{name}, {engine}: {record['inputs']} inputs in {record['seconds']:.0f} s of CPU, "
                f"{len(record['findings'])} findings\n"
            )
            for finding in record["findings"]:
                sys.stdout.write(f"  {finding.replace(str(ROOT) + '/', '')}\n")
            sys.stdout.flush()
    return records


def page() -> str:
    """The page with the figures of all runs whose records are kept."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "workflow" / "scripts")]
    from fuzzing.found import FOUND

    lines = (FOLDER / "records.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    rows = ["| target | inputs | seconds of CPU | faults found there |", "|---|---|---|---|"]
    for name in target_names():
        own = [record for record in records if record["target"] == name]
        faults = sum(found.target == name for found in FOUND)
        seconds = sum(record["seconds"] for record in own)
        inputs = sum(record["inputs"] for record in own)
        rows.append(f"| {name} | {inputs:,} | {seconds:.0f} | {faults} |")
    inputs = sum(record["inputs"] for record in records)
    seconds = sum(record["seconds"] for record in records)
    rows.append(f"| all | {inputs:,} | {seconds:,.0f} | {len(FOUND)} |")
    faults = "\n".join(f"- {found.fault} ({found.target})" for found in FOUND)
    return f"""# Safety

Made by `python tests/fuzzing/fuzz.py --out docs/benchmarks/safety.md` after `make fuzz`. \
[SECURITY.md](../../SECURITY.md) says what is promised.

Each reader of foreign data gets hostile inputs: sound files that are damaged, and texts that are \
made of marks. It must give rows that hold (`text[start:end] == surface`, ids, order) or an error \
of one line that names the file, within {LIMIT} seconds of CPU and {MEMORY >> 30} GiB. Half of the \
time hypothesis makes the inputs at random; half of it atheris looks for inputs that reach new code.

{chr(10).join(rows)}

What was found, by fuzzing or by reading the code for faults of the same kind, is mended, and its \
input is a test (`tests/fuzzing/found.py`):

{faults}
"""


def target_names() -> list[str]:
    """The targets, without an import of what they need."""
    text = (Path(__file__).parent / "targets.py").read_text(encoding="utf-8")
    return re.findall(r'^    "([\w ]+)": Target\(', text, re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="of CPU, for all targets")
    parser.add_argument("--only", nargs="+", choices=target_names(), help="some targets")
    parser.add_argument("--out", type=Path, help="write the page of all runs so far, and end")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        fuzz_one(arguments.one, arguments.engine, arguments.seconds, FOLDER / "last.json")
        return
    if arguments.out:
        arguments.out.write_text(page(), encoding="utf-8")
        return
    records = fuzz_all(arguments.only or target_names(), arguments.seconds)
    found = sum(len(record["findings"]) for record in records)
    sys.stdout.write(
        f"{sum(record['inputs'] for record in records)} inputs in "
        f"{sum(record['seconds'] for record in records):.0f} s of CPU, {found} findings"
        + (" in .fuzz/findings\n" if found else "\n")
    )
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
