"""Trace a result through the records of the jobs that made it; see `eatner.trace`."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import yaml

from eatner.files import digest
from eatner.trace import SUFFIX

log = logging.getLogger(__name__)
Record = Mapping[str, Any]
_NUMBERS = ("seconds", "peak_memory_mb", "threads")
STYLE = """body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}
table{border-collapse:collapse}th,td{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}
td.number{text-align:right}tr+tr{border-top:1px solid #ccc}code{overflow-wrap:anywhere}"""


def read_records(logs: Path) -> list[Record]:
    """Read the records of all jobs.

    Args:
        logs: The folder of the logs; a file that is no record of a job is passed over, with a
            warning.
    """
    found = []
    for path in sorted(logs.rglob(f"*{SUFFIX}")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            record = None
        if _is_record(record):
            found.append(record)
        else:
            log.warning("%s is no record of a job; its job is not traced", path)
    return found


def _is_record(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and all(isinstance(record.get(key), str) for key in ("rule", "started"))
        and all(isinstance(record.get(key), int | float) for key in _NUMBERS)
        and all(isinstance(record.get(key), dict) for key in ("wildcards", "run"))
        and {"command", "git", "versions", "hardware"} <= record["run"].keys()
        and all(isinstance(record["run"][key], dict) for key in ("versions", "hardware"))
        and all(
            isinstance(paths := record.get(key), list) and all(isinstance(p, str) for p in paths)
            for key in ("input", "output")
        )
    )


def trace(result: Path, records: Iterable[Record]) -> dict[str, Any]:
    """Follow a result back to the files that no job made.

    Args:
        result: The file to trace.
        records: Those of all jobs.

    Returns:
        - `result`: the file;
        - `total`: seconds of all jobs, and the peak memory of the largest one in MB;
        - `jobs`: their records, each after those of the jobs that it needs, with the number of
          their `run`;
        - `runs`: command, commit, versions and hardware, each once;
        - `files`: bytes and SHA-256 of each file or folder, and the rule that made it: None for one
          of the user's, or one whose job left no record. A temporary file has no sum.
    """
    made_by = {output: record for record in records for output in record["output"]}
    jobs: list[dict[str, Any]] = []
    runs: list[Any] = []
    files: dict[str, dict[str, Any]] = {}

    def visit(path: str) -> None:
        if path in files:
            return
        record = made_by.get(path)
        if record is None:
            files[path] = {"made_by": None, **_content(Path(path))}
            return
        for output in record["output"]:
            files[output] = {"made_by": record["rule"], **_content(Path(output))}
        for needed in record["input"]:
            visit(needed)
        if record["run"] not in runs:
            runs.append(record["run"])
        jobs.append({**record, "run": runs.index(record["run"])})

    visit(str(result))
    return {
        "result": str(result),
        "total": {
            "seconds": round(sum(job["seconds"] for job in jobs), 2),
            "peak_memory_mb": max((job["peak_memory_mb"] for job in jobs), default=0),
        },
        "jobs": jobs,
        "runs": runs,
        "files": dict(sorted(files.items())),
    }


def _content(path: Path) -> dict[str, Any]:
    """The size and the sum of a file, or of a folder: of the names and the sums of its files."""
    if path.is_dir():
        # Snakemake keeps a hidden time stamp in the folders that it made.
        inside = [
            each
            for each in sorted(path.rglob("*"))
            if each.is_file() and not each.name.startswith(".snakemake")
        ]
        lines = [
            f"{digest(each, 'sha256')}  {each.relative_to(path).as_posix()}\n" for each in inside
        ]
        whole = hashlib.sha256("".join(lines).encode()).hexdigest()
        return {"bytes": sum(each.stat().st_size for each in inside), "sha256": whole}
    if path.is_file():
        return {"bytes": path.stat().st_size, "sha256": digest(path, "sha256")}
    return {"bytes": None, "sha256": None}


def page(traced: Mapping[str, Any]) -> str:
    """Show what `trace` found as a page of HTML, for people and for Snakemake's report.

    Args:
        traced: What `trace` found, with the `config` of the run.
    """
    total = traced["total"]
    jobs = [
        [
            job["rule"],
            " ".join(filter(None, job["wildcards"].values())),
            f"{job['seconds']:.1f}",
            str(job["peak_memory_mb"]),
            str(job["threads"]),
            job["started"],
            str(job["run"] + 1),
        ]
        for job in traced["jobs"]
    ]
    runs = [
        [
            str(number),
            run["command"] or "unknown",
            _commit(run["git"]),
            _pairs(run["versions"]),
            _pairs(run["hardware"]),
        ]
        for number, run in enumerate(traced["runs"], 1)
    ]
    files = [
        [path, found["made_by"] or "", str(found["bytes"] or ""), found["sha256"] or "temporary"]
        for path, found in traced["files"].items()
    ]
    title = f"Provenance of {traced['result']}"
    config = yaml.safe_dump(traced["config"], allow_unicode=True, sort_keys=False)
    return "".join(
        [
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
            f"</title><style>{STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n",
            f"<p>{len(jobs)} jobs took {total['seconds']:.0f} s; the largest had ",
            f"{total['peak_memory_mb']} MB.</p>\n",
            "<h2>Jobs</h2>\n",
            _table(["rule", "of", "seconds", "MB", "threads", "started (UTC)", "run"], jobs),
            "<h2>Runs</h2>\n",
            _table(["run", "command", "commit", "versions", "hardware"], runs),
            "<h2>Files</h2>\n",
            _table(["file", "made by", "bytes", "SHA-256"], files),
            f"<h2>Configuration</h2>\n<pre>{escape(config)}</pre>\n</body></html>\n",
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["<table><tr>", *(f"<th>{escape(name)}</th>" for name in head), "</tr>\n"]
    for row in rows:
        cells = (
            f'<td class="number">{value}</td>'
            if value.replace(".", "", 1).isdigit()
            else f"<td><code>{escape(value)}</code></td>"
            for value in row
        )
        lines.append(f"<tr>{''.join(cells)}</tr>\n")
    return "".join([*lines, "</table>\n"])


def _commit(git: Mapping[str, Any] | None) -> str:
    if git is None:
        return "unknown"
    return git["commit"] + (" with changes" if git["dirty"] else "")


def _pairs(values: Mapping[str, Any]) -> str:
    """Names and values as one text, without those that are empty."""
    shown = ((k, ", ".join(v) if isinstance(v, list) else v) for k, v in values.items())
    return ", ".join(f"{key} {value}" for key, value in shown if value)
