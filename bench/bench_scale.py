"""Measure how time and memory of every step grow with the corpus, and of a large plan.

    python bench/bench_scale.py --sizes 20000 200000 --out docs/benchmarks/scale.md

A corpus of Korean sentences with gold goes through the whole DAG twice: by an LLM behind an
endpoint that answers at once (translation and alignment), and by title lookup without one. So what
is measured is what eatner itself adds to an LLM's time. Every job says at its end how many seconds
of CPU it took (its own threads and processes) and the most memory that it held. The LLM's server
runs in another process and is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from loopback import MODEL, Server
from tiny import make_spacy

PEOPLE = {"Angela Merkel": "앙겔라 메르켈", "Barack Obama": "버락 오바마"}
PLACES = {"London": "런던", "Tokyo": "도쿄", "Washington": "워싱턴"}
ORGANISATIONS = {"Sony": "소니", "Bank of France": "프랑스 은행"}
SURFACES = PEOPLE | PLACES | ORGANISATIONS
# A worker of the server and of the steps; a step's own threads are its own.
CONCURRENCY = 8
# Steps may take this many times as long for ten times as many sentences.
LINEAR = 12
# Runs in every Python process of the workflow: notes what a job took when it ends.
NOTE = """
import atexit, json, os, resource, sys

def note():
    name = os.path.basename(sys.argv[0])
    if "snakemake" in sys.argv[0] and name.startswith("tmp"):
        with open("/proc/self/status", encoding="utf-8") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        used = [resource.getrusage(kind) for kind in kinds]
        seconds = sum(one.ru_utime + one.ru_stime for one in used)
        record = {"step": name.split(".")[1], "seconds": seconds, "megabytes": peak / 1024}
        with open(os.environ["EATNER_NOTES"], "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\\n")

atexit.register(note)
"""


def answer(body: dict) -> str:
    """What the LLM says: the English of a sentence of `corpus`, or the surface of a name."""
    prompt = body.get("prompt") or "\n".join(m["content"] for m in body["messages"])
    last = prompt.rstrip().rsplit("\n\n", 1)[-1]
    asked = [english for english in SURFACES if english in last]
    if asked and "English name" in prompt:
        return SURFACES[asked[-1]]
    number = re.search(r"\d+", last)
    names = [english for english, surface in SURFACES.items() if surface in last]
    return f"{', '.join(names)} met in {number[0] if number else 'May'}."


def corpus(path: Path, sentences: int) -> None:
    """Write sentences with three names each, no two alike, as columns with tags."""
    people, places, organisations = (
        list(group.values()) for group in (PEOPLE, PLACES, ORGANISATIONS)
    )
    with open(path, "w", encoding="utf-8") as file:
        for number in range(sentences):
            row = [("B-PER", people[number % len(people)]), ("O", "그리고")]
            row += [("B-ORG", organisations[number % len(organisations)]), ("O", f"{number}")]
            row += [("B-LOC", places[number % len(places)]), ("O", "만났다"), ("O", ".")]
            for tag, words in row:
                for at, word in enumerate(words.split()):
                    file.write(f"{word}\t{tag if not at else tag.replace('B-', 'I-')}\n")
            file.write("\n")


def configuration(url: str, size: int) -> dict:
    """The two systems and the corpus."""
    name = f"ko-{size}"
    types = {"PERSON": "PER", "GPE": "LOC", "ORG": "ORG"}
    model = {"endpoint": url, "name": MODEL, "prompt": "few-shot", "concurrency": CONCURRENCY}
    by_endpoint = {"translator": "instant", "tagger": "toy", "aligner": "instant"}
    by_lookup = {"translator": "identity", "tagger": "lookup", "aligner": "identity"}
    return {
        "corpora": {
            name: {
                "language": "ko",
                "file": "corpus.iob2",
                "format": "conll",
                "system": by_endpoint,
            }
        },
        "models": {"instant": model},
        "translators": {"instant": {"kind": "entity-aware", "model": "instant"}},
        "taggers": {
            "toy": {"kind": "spacy", "folder": "toy", "types": types},
            "lookup": {"kind": "lookup", "tagger": "toy"},
        },
        "aligners": {"instant": {"kind": "constrained", "model": "instant"}},
        "compare": {
            "corpora": [name],
            "systems": {"endpoint": by_endpoint, "lookup": by_lookup},
            "select": ["endpoint", "lookup"],
        },
    }


def run(size: int, folder: Path, url: str) -> dict[str, dict[str, float]]:
    """Run the DAG on a corpus; the seconds of CPU and megabytes of each step."""
    project = folder / str(size)
    project.mkdir()
    for name in ("Snakefile", "workflow", "config", "profiles"):
        (project / name).symlink_to(ROOT / name)
    make_spacy(project / "toy")
    corpus(project / "corpus.iob2", size)
    settings = project / "scale.yaml"
    settings.write_text(yaml.safe_dump(configuration(url, size)), encoding="utf-8")
    (folder / "sitecustomize.py").write_text(NOTE, encoding="utf-8")
    notes = project / "notes.jsonl"
    environment = os.environ | {"PYTHONPATH": str(folder), "EATNER_NOTES": str(notes)}
    command = ["snakemake", "--cores", "1", "--quiet", "--configfile", settings.name, "--"]
    targets = [f"results/ko-{size}/{name}" for name in ("f1.json", "entities.tsv")]
    targets.append("results/compare/index.html")
    subprocess.run([*command, *targets], cwd=project, env=environment, check=True)
    steps: dict[str, dict[str, float]] = {}
    for line in notes.read_text(encoding="utf-8").splitlines():
        note = json.loads(line)
        step = steps.setdefault(note["step"], {"seconds": 0.0, "megabytes": 0.0})
        step["seconds"] += note["seconds"]  # a step of both systems counts twice
        step["megabytes"] = max(step["megabytes"], note["megabytes"])
    return steps


def plan(folder: Path, languages: int, systems: int) -> tuple[float, int]:
    """The seconds of `snakemake -n` of languages times systems, and its number of jobs."""
    project = folder / "plan"
    project.mkdir()
    for name in ("Snakefile", "workflow", "config", "profiles"):
        (project / name).symlink_to(ROOT / name)
    make_spacy(project / "toy")
    (project / "corpus.iob2").write_text("서울\tB-LOC\n", encoding="utf-8")
    table = (ROOT / "workflow/scripts/eatner/text/languages.tsv").read_text(encoding="utf-8")
    codes = [line.split("\t")[0] for line in table.splitlines()[1:]]
    codes += ["ace", "am", "as", "ay", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "ckb",
              "cs", "cy", "da", "dv", "el", "eo", "et", "eu", "fi", "fo", "fy", "ga"]  # fmt: skip
    codes = list(dict.fromkeys(codes))[:languages]
    assert len(codes) == languages
    types = {"PERSON": "PER", "GPE": "LOC", "ORG": "ORG"}
    model = {"endpoint": "http://127.0.0.1:9/v1", "name": "m", "prompt": "chat"}
    parts = [f"s{number}" for number in range(systems)]
    system = {part: {"translator": part, "tagger": part, "aligner": part} for part in parts}
    settings = {
        "corpora": {
            f"plan-{code}": {"language": code, "file": "corpus.iob2", "format": "conll"}
            for code in codes
        },
        # Those of config.yaml have a sample, and a date wins over it.
        "wikis": {code: {"date": "20260101"} for code in codes},
        "models": dict.fromkeys(parts, model),
        "translators": {part: {"kind": "entity-aware", "model": part} for part in parts},
        "taggers": {part: {"kind": "spacy", "folder": "toy", "types": types} for part in parts},
        "aligners": {part: {"kind": "constrained", "model": part} for part in parts},
        "compare": {
            "corpora": [f"plan-{code}" for code in codes],
            "systems": system,
            "select": parts,
        },
    }
    (project / "plan.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["snakemake", "-n", "--configfile", "plan.yaml", "--", "results/compare/index.html"]
    done = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    jobs = re.search(r"^total\s+(\d+)$", done.stdout, re.MULTILINE)
    assert jobs is not None, done.stdout[-2000:]
    return seconds, int(jobs[1])


def page(
    small: int, large: int, steps: dict[int, dict[str, dict[str, float]]], planned: str
) -> str:
    """The page with the figures."""
    rows = [
        f"| step | CPU, {small:,} | CPU, {large:,} | times | ms a sentence | MB, {small:,} "
        f"| MB, {large:,} | MB per 1,000 more |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in steps[large]:
        few, many = steps[small][name], steps[large][name]
        more = 1000 * (many["megabytes"] - few["megabytes"]) / (large - small)
        each = 1000 * (many["seconds"] - few["seconds"]) / (large - small)
        rows.append(
            f"| `{name}` | {few['seconds']:.1f} s | {many['seconds']:.1f} s | "
            f"{many['seconds'] / few['seconds']:.1f} | {each:.2f} | {few['megabytes']:.0f} | "
            f"{many['megabytes']:.0f} | {more:.2f} |"
        )
    total = sum(step["seconds"] for step in steps[large].values())
    return f"""# Scale

Made by `make bench-scale` on {platform.machine()}, {os.cpu_count()} cores, Python \
{platform.python_version()}.

{__doc__.split(chr(10) * 2)[2]}

All steps together take {total:.0f} s of CPU for {large:,} sentences by both systems: \
{1000 * total / large:.1f} ms a sentence, with {CONCURRENCY} requests at a time to the endpoint. A \
step of both systems is counted for both.

{chr(10).join(rows)}

{planned}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs=2, default=[20_000, 200_000])
    parser.add_argument("--languages", type=int, default=40)
    parser.add_argument("--systems", type=int, default=6)
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    parser.add_argument("--out", type=Path, help="the page; default: the terminal")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="eatner-scale."))
    folder.mkdir(parents=True, exist_ok=True)
    small, large = sorted(arguments.sizes)
    seconds, jobs = plan(folder, arguments.languages, arguments.systems)
    planned = (
        f"`snakemake -n` of {arguments.languages} languages and {arguments.systems} systems "
        f"({jobs:,} jobs) takes {seconds:.1f} s of CPU."
    )
    sys.stdout.write(planned + "\n")
    with Server(answer) as server:
        steps = {size: run(size, folder, server.url) for size in (small, large)}
    text = page(small, large, steps, planned)
    sys.stdout.write(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    slow = [
        name
        for name, step in steps[large].items()
        if step["seconds"] > LINEAR / 10 * large / small * steps[small][name]["seconds"]
    ]
    if not arguments.folder:
        shutil.rmtree(folder)
    sys.exit(f"worse than linear: {', '.join(slow)}" if slow else 0)


if __name__ == "__main__":
    main()
