"""Measure the wiki modules against their rivals on this machine, and write a page of figures.

    python bench/bench_wiki.py --threads 2 --out docs/benchmarks/wiki.md

`bench/requirements.txt` lists the rivals; `--rivals` is a Python that has them, so they can have an
environment of their own. The dump is a real sample (`../shared/data/wikipedia`, see
docs/benchmarks/data.md), repeated with new ids in bz2 streams of one hundred pages.
"""

from __future__ import annotations

import argparse
import bz2
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = (
    ROOT.parent / "shared/data/wikipedia"
    / "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
)  # fmt: skip
ROUNDS = 2  # runs of every contestant, the best of which counts
LIBRARY = (
    f"import sys; sys.path.insert(0, {str(ROOT / 'workflow/scripts')!r}); "
    "from pathlib import Path; "
)
OURS = LIBRARY + (
    "from eatner import tables; from eatner.text import languages; from eatner.wiki import dump; "
    "tables.write(Path(sys.argv[2]), tables.Title, dump.parse_dump(Path(sys.argv[1]), "
    "languages.get('en'), {}, threads=int(sys.argv[3])))"
)
MWXML = (
    "import bz2, mwxml, sys\n"
    "for page in mwxml.Dump.from_file(bz2.open(sys.argv[1])):\n"
    "    for revision in page: len(revision.text or '')\n"
)
OUR_LANGLINKS = LIBRARY + (
    "from eatner.wiki import langlinks; print(len(langlinks.read(Path(sys.argv[1]))))"
)
MWSQL = (
    "import sys; from mwsql import Dump\n"
    "rows = Dump.from_file(sys.argv[1]).rows()\n"
    "print(len({int(r[0]): r[2] for r in rows if r[1] == 'en' and r[2]}))\n"
)
LEXICON_BUILD = LIBRARY + (
    "from eatner.text import languages; from eatner.wiki import lexicon; "
    "print(lexicon.build(Path(sys.argv[1]), Path(sys.argv[2]), languages.get('ja')))"
)
LEXICON_MATCH = LIBRARY + (
    "import time; from eatner import lexicon; begin = time.perf_counter(); "
    "book = lexicon.load(Path(sys.argv[1])); loaded = time.perf_counter(); "
    "lines = Path(sys.argv[2]).read_text().splitlines(); half = time.perf_counter(); "
    "[book.matches(line) for line in lines]; "
    "print(loaded - begin, len(lines) / (time.perf_counter() - half))"
)


@dataclass(frozen=True, slots=True)
class Run:
    """The wall time of a command in seconds, its peak memory in MiB, and its output."""

    seconds: float
    memory: float
    output: str


def run(command: list[str], folder: Path) -> Run:
    """Run a command. Its memory is the proportional set size of it and all its children."""
    begin = time.perf_counter()
    errors = folder / "stderr"
    with open(errors, "w") as err:
        process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=err, cwd=folder)
        peak = 0
        while True:
            try:
                output, _ = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                peak = max(peak, memory_of(process))
    seconds = time.perf_counter() - begin
    if process.returncode:
        raise SystemExit(f"{command[:3]} failed: {errors.read_text()[-1500:]}")
    return Run(seconds, peak / 2**20, output.decode())


def best_in_turns(commands: list[list[str]], folder: Path) -> list[Run]:
    """Return the fastest run of each. They run in turns, so that other load affects all alike."""
    turns = [[run(command, folder) for command in commands] for _ in range(ROUNDS)]
    return [min(runs, key=lambda run: run.seconds) for runs in zip(*turns, strict=True)]


def memory_of(process: psutil.Process) -> int:
    """Return the bytes of a process and its children; shared memory counts once."""
    total = 0
    try:
        for member in [process, *process.children(recursive=True)]:
            total += member.memory_full_info().pss
    except psutil.Error:
        pass  # the process ended meanwhile
    return total


def compress(text: bytes) -> bytes:
    """Return one bz2 stream. (At the top level, so that it can be passed to processes.)"""
    return bz2.compress(text)


def build_dump(path: Path, megabytes: int, threads: int) -> tuple[int, int]:
    """Repeat the sample up to this size; return the bytes of XML and the number of pages."""
    with bz2.open(SAMPLE, "rb") as sample:
        text = sample.read()
    head = text[: text.index(b"<page>")].rstrip() + b"\n"
    pages = re.findall(rb"  <page>.*?</page>\n?", text, re.DOTALL)
    size, count = len(head), 0

    def streams():
        nonlocal size, count
        yield head
        stream: list[bytes] = []
        while size < megabytes * 10**6:
            for page in pages:
                count += 1
                page = re.sub(rb"<id>\d+</id>", b"<id>%d</id>" % count, page, count=1)
                page = page.replace(b"</title>", b" %d</title>" % (count // len(pages)), 1)
                size += len(page)
                stream.append(page)
                if len(stream) == 100:
                    yield b"".join(stream)
                    stream = []
        yield b"".join([*stream, b"</mediawiki>\n"])

    with open(path, "wb") as out, ProcessPoolExecutor(threads) as pool:
        for packed in pool.map(compress, streams()):
            out.write(packed)
    return size, count


def build_langlinks(path: Path, rows: int) -> None:
    """Write a langlinks dump of made-up titles in eighteen languages."""
    codes = "ar bg ca cs da de el en eo es et eu fa fi fr gl he hi".split()  # noqa: SIM905
    with open(path, "w") as out:
        out.write(
            "CREATE TABLE `langlinks` (\n  `ll_from` int(10) unsigned NOT NULL DEFAULT 0,\n"
            "  `ll_lang` varbinary(35) NOT NULL DEFAULT '',\n"
            "  `ll_title` varbinary(255) NOT NULL DEFAULT '',\n"
            "  PRIMARY KEY (`ll_from`,`ll_lang`)\n) ENGINE=InnoDB DEFAULT CHARSET=binary;\n"
        )
        for first in range(0, rows, 20_000):
            values = (
                f"({n // 18},'{codes[n % 18]}','Some title of a page, {n} (city)')"
                for n in range(first, min(rows, first + 20_000))
            )
            out.write(f"INSERT INTO `langlinks` VALUES {','.join(values)};\n")


def build_titles(path: Path, lines: Path, count: int) -> None:
    """Write made-up Japanese titles, and sentences that contain some of them."""
    rng = random.Random(1)
    letters = [chr(c) for c in (*range(0x30A1, 0x30F6), *range(0x4E00, 0x4E00 + 2000))]
    titles = {"".join(rng.choices(letters, k=rng.randint(2, 10))) for _ in range(count)}
    with open(path, "w") as out:
        out.write("page_id\ttitle\tkind\tredirect\tenglish\tlead\tlinks\n")
        for number, title in enumerate(sorted(titles), 1):
            out.write(f"{number}\t{title}\tarticle\t\tTown {number} Hill\t\t[]\n")
    some = rng.sample(sorted(titles), 20_000)
    with open(lines, "w") as out:
        for number in range(20_000):
            filler = "".join(rng.choices("はがをにのでと、年月日大学東京", k=20))
            out.write(f"{filler}{some[number]}{filler[::-1]}。\n")


def verdict(good: bool) -> str:
    """Say whether a goal is reached."""
    return "yes" if good else "**no**"


def main() -> None:
    """Build the inputs in a temporary folder, measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2, help="processes for us and the rivals")
    parser.add_argument("--out", type=Path, required=True, help="path of the page to write")
    parser.add_argument(
        "--rivals", default=sys.executable, help="path of a Python that has the rivals"
    )
    parser.add_argument("--megabytes", type=int, default=300, help="megabytes of XML in the dump")
    options = parser.parse_args()
    threads = str(options.threads)
    missing = [tool for tool in ("lbzip2",) if shutil.which(tool) is None]
    if missing or not SAMPLE.exists():
        raise SystemExit(f"needs {' '.join(missing)} and {SAMPLE}")
    with tempfile.TemporaryDirectory(prefix="bench-wiki.") as name:
        folder = Path(name)
        page = measure(folder, options.megabytes, threads, str(Path(options.rivals).absolute()))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page, encoding="utf-8")


def measure(folder: Path, megabytes: int, threads: str, rivals: str) -> str:
    """Run all contestants equally often, in turns, and return the page."""
    before = os.getloadavg()[1]
    dump, titles = folder / "enwiki.xml.bz2", folder / "titles.tsv"
    size, count = build_dump(dump, megabytes, int(threads))
    ours = [sys.executable, "-c", OURS]
    scripts = Path(rivals).parent
    commands = {
        f"`lbzip2 -n {threads} -dc` (the floor)":
            ["sh", "-c", f"lbzip2 -n {threads} -dc {dump} > /dev/null"],
        f"**eatner**, {threads} processes: text, links, leads to TSV":
            [*ours, str(dump), str(titles), threads],
        "**eatner**, 1 process": [*ours, str(dump), str(titles), "1"],
        "mwxml (pages and their text; one process)": [rivals, "-c", MWXML, str(dump)],
        f"wikiextractor --processes {threads}":
            [str(scripts / "wikiextractor"), "-q", "--processes", threads, "-o",
             str(folder / "extracted"), str(dump)],
        f"gensim segment_wiki -w {threads}":
            [rivals, "-m", "gensim.scripts.segment_wiki", "-f", str(dump), "-o",
             str(folder / "segmented.json.gz"), "-w", threads],
    }  # fmt: skip
    runs = dict(zip(commands, best_in_turns(list(commands.values()), folder), strict=True))
    floor, many, one, _, wikiextractor, _ = runs.values()
    memory = {}
    for amount in (75, 600):
        build_dump(dump, amount, int(threads))
        memory[amount] = run([*ours, str(dump), str(titles), threads], folder).memory
    links = folder / "langlinks.sql"
    build_langlinks(links, 4_000_000)
    our_links, mwsql = best_in_turns(
        [
            [sys.executable, "-c", OUR_LANGLINKS, str(links)],
            [rivals, "-c", MWSQL, str(links)],
        ],
        folder,
    )
    if our_links.output != mwsql.output:
        raise SystemExit(f"links differ: {our_links.output} and {mwsql.output}")
    lines, lexicon = folder / "lines.txt", folder / "lexicon.marisa"
    build_titles(titles, lines, 1_000_000)
    built, matched = best_in_turns(
        [
            [sys.executable, "-c", LEXICON_BUILD, str(titles), str(lexicon)],
            [sys.executable, "-c", LEXICON_MATCH, str(lexicon), str(lines)],
        ],
        folder,
    )
    load, rate = map(float, matched.output.split())

    def row(what: str, run: Run) -> str:
        return (
            f"| {what} | {run.seconds:.1f} | {run.seconds / floor.seconds:.2f} "
            f"| {size / 10**6 / run.seconds:.0f} | {run.memory:.0f} |"
        )

    extractor = wikiextractor.seconds / many.seconds
    speedup = one.seconds / many.seconds
    ratio = many.seconds / floor.seconds
    faster = mwsql.seconds / our_links.seconds
    flat = max(memory.values()) < 400 and memory[600] < 1.25 * memory[75]
    return "\n".join(
        [
            "# Wikipedia dumps: our parse beside others",
            "",
            f"{date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}, load "
            f"average {before:.1f} at the beginning and {os.getloadavg()[1]:.1f} at the end. "
            f"Written by `python bench/bench_wiki.py --threads {threads}`. The contestants ran in "
            f"turns, {ROUNDS} times each, and the best run counts. The dump has "
            f"{size / 10**6:.0f} MB of XML and {count} pages: the real English sample, repeated "
            "with new ids, in bz2 streams of 100 pages.",
            "",
            "| what | seconds | times the floor | MB of XML a second | peak MiB |",
            "|---|---|---|---|---|",
            *(row(what, run) for what, run in runs.items()),
            "",
            "Memory is the proportional set size of all processes together, sampled five times a "
            "second. wikiextractor and segment_wiki write the text of whole articles, eatner the "
            "text and links of the leads, mwxml nothing.",
            "",
            "| goal | measured | reached |",
            "|---|---|---|",
            f"| at most 2.5 times the floor | {ratio:.2f} | {verdict(ratio <= 2.5)} |",
            f"| at least 5 times as fast as wikiextractor | {extractor:.1f} "
            f"| {verdict(extractor >= 5)} |",
            f"| under 400 MiB and flat from 75 MB to 600 MB of XML | {memory[75]:.0f} and "
            f"{memory[600]:.0f} MiB | {verdict(flat)} |",
            f"| from 1 to 2 cores at least 1.8 times as fast | {speedup:.2f} "
            f"| {verdict(speedup >= 1.8)} |",
            f"| langlinks at least 5 times as fast as mwsql (4,000,000 rows: "
            f"{our_links.seconds:.1f} s and {mwsql.seconds:.1f} s) | {faster:.1f} "
            f"| {verdict(faster >= 5)} |",
            f"| a lexicon of a million titles builds in a minute | {built.seconds:.1f} s, "
            f"{built.memory:.0f} MiB | {verdict(built.seconds < 60 and built.memory < 1024)} |",
            f"| and loads in 2 s, under 1 GB | {load:.3f} s, {matched.memory:.0f} MiB "
            f"| {verdict(load < 2 and matched.memory < 1024)} |",
            f"| and matches 5,000 sentences a second on one core | {rate:.0f} "
            f"| {verdict(rate >= 5000)} |",
            "",
        ]
    )


if __name__ == "__main__":
    main()
