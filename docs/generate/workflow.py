"""The reference of the rules, the files that they make, and the artifacts that they fetch."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import getdoc
from pathlib import Path

from eatner import tables
from generate.markdown import cell, table

_RULE = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)*)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^    (\w+):(.*\n(?:        .*\n|\n)*)", re.MULTILINE)
_RESOURCE = re.compile(r"^ *(\w+)=(.+),$", re.MULTILINE)
_PATH = re.compile(r'"((?:results|resources)/[^"]+)"')
_DOWNLOADED = re.compile(r"\(GGUF, part \d+ of \d+\)")
RULES = """# Rules

Each rule is one step, with one script `workflow/scripts/RULE.py` (which answers `--help`) and logs
in `logs/RULE/`. Time limits are for clusters. "By component" means that the configuration of the
component decides.
"""
FILES = """# Files

The names in braces are names of the configuration, or a language code. Files of several systems lie
side by side, so swapping a component back costs nothing. The shards of a table are in a folder of
its name, such as `fused-ja/2-of-4.tsv`.
"""
ARTIFACTS = """# Artifacts

Models, taggers and gold that come in packages of the Python package index. They are fetched when a
target needs them, only unpacked, never imported, and each file is checked against its SHA-256.
Without access to the index, give the paths of local copies:
`artifacts: {hironsancorpus: PATH/hironsancorpus-0.1.2.tar.gz}`.
"""


@dataclass(frozen=True)
class Rule:
    """A rule of the workflow.

    Attributes:
        name: Its name.
        room: The file that it is in, without `.smk`.
        text: Its docstring.
        outputs: The patterns of the paths of its outputs.
        threads: Its threads, as written.
        resources: Its resources by name, as written.
        environment: The file of its environment.
    """

    name: str
    room: str
    text: str
    outputs: tuple[str, ...]
    threads: str
    resources: dict[str, str]
    environment: str


def rules(folder: Path) -> Iterator[Rule]:
    """The rules of the workflow, in the order of their files.

    Args:
        folder: The folder of the rule files.
    """
    for path in sorted(folder.glob("*.smk")):
        text = path.read_text(encoding="utf-8")
        for name, body in _RULE.findall(text):
            parts = dict(_DIRECTIVE.findall(body))
            yield Rule(
                name,
                path.stem,
                re.search(r'"""(.*?)"""', body, re.DOTALL)[1],  # type: ignore[index]
                # A path without a shard is that of all shards together.
                tuple(_PATH.findall(parts.get("output", "").replace("{shard}", ""))),
                parts.get("threads", "1").strip(),
                dict(_RESOURCE.findall(parts.get("resources", ""))),
                Path(parts.get("conda", "").strip().strip('"')).name,
            )


def rules_page(folder: Path) -> str:
    """Write the page of the rules.

    Args:
        folder: The folder of the rule files.
    """
    found = list(rules(folder))
    blocks = [RULES]
    for room in dict.fromkeys(rule.room for rule in found):
        text = (folder / f"{room}.smk").read_text(encoding="utf-8")
        about = text.removeprefix('"""').partition("\n")[0].rstrip('"')
        blocks.append(f"## {room}.smk\n\n{about}\n")
        for rule in (rule for rule in found if rule.room == room):
            blocks.append(f"### {rule.name}\n\n{cell(rule.text)}\n")
            made = "".join(f"- makes `{path}`\n" for path in rule.outputs)
            blocks.append(f"{made}\n{_needs(rule)}" if made else "A target: it has no job.\n")
    return "\n".join(blocks)


def _needs(rule: Rule) -> str:
    def shown(value: str, unit: str = "") -> str:
        return f"{value}{unit}" if value.isdigit() else "by component"

    row = [shown(rule.threads), shown(rule.resources.get("mem_mb", ""), " MB")]
    row += [shown(rule.resources.get("runtime", ""), " min")]
    row += [shown(rule.resources["gpu"]) if "gpu" in rule.resources else "none"]
    row += [f"`envs/{rule.environment}`"]
    return table(["threads", "memory", "time limit", "GPUs", "environment"], [row])


def files_page(folder: Path) -> str:
    """Write the page of the files that the rules make.

    Args:
        folder: The folder of the rule files.
    """
    held = {}
    for one in tables.TABLES:
        for path in re.findall(r"`(results/[^`]+)`", getdoc(one) or ""):
            held[path] = f"[{one.__name__}](tables.md#{one.__name__.lower()})"
    made: dict[str, list[Rule]] = {}
    for rule in rules(folder):
        for path in dict.fromkeys(rule.outputs):
            made.setdefault(path, []).append(rule)
    blocks = [FILES]
    for top, said in (
        ("results", "What was computed. Tables are described in [Tables](tables.md)."),
        ("resources", "What was fetched, and converted. Never edit it by hand."),
    ):
        rows = [
            [
                f"`{path}`",
                held.get(path, ""),
                "<br>".join(f"[{rule.name}](rules.md#{rule.name})" for rule in makers),
            ]
            for path, makers in sorted(made.items())
            if path.startswith(f"{top}/")
        ]
        blocks.append(f"## {top}/\n\n{said}\n\n{table(['file', 'table', 'made by'], rows)}")
    blocks.append(
        "## logs/\n\n`logs/RULE/` has a log for each job, and for slow steps "
        "`….benchmark.tsv` with its seconds and peak memory.\n"
    )
    return "\n".join(blocks)


def artifacts_page(path: Path) -> str:
    """Write the page of the artifacts.

    Args:
        path: Path of artifacts.tsv.
    """
    with path.open(encoding="utf-8", newline="") as file:
        pinned = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    names = dict.fromkeys(row["artifact"] for row in pinned)
    blocks = [ARTIFACTS]
    summary, details = [], []
    for name in names:
        rows = [row for row in pinned if row["artifact"] == name]
        size = sum(int(row["bytes"]) for row in rows)
        purpose = _DOWNLOADED.sub("(GGUF)", rows[0]["purpose"])
        summary.append([f"[`{name}`](#{name.replace('.', '')})", purpose, rows[0]["licence"]])
        summary[-1].append(f"{size / 1e6:,.1f} MB")
        files = [
            [f"`{row['package']}`", row["version"], f"`{row['file']}`", f"`{row['sha256']}`"]
            for row in rows
        ]
        details.append(f"## {name}\n\n" + table(["package", "version", "file", "SHA-256"], files))
        if rows[0]["joined_sha256"]:
            details.append(f"SHA-256 of the whole: `{rows[0]['joined_sha256']}`\n")
    blocks.append(table(["artifact", "what it is", "licence", "download"], summary))
    return "\n".join(blocks + details)
