"""Trace a result to what it was made of, and how."""

from pathlib import Path

import job
from eatner.files import write_json, write_text
from eatner.report.provenance import page as provenance_page
from eatner.report.provenance import read_records, trace


def main(
    result: Path,
    record: Path,
    page: Path,
    config: dict | None = None,
    logs: Path = Path("logs"),
) -> None:
    traced = {**trace(result, read_records(logs)), "config": config}
    write_json(record, traced)
    write_text(page, provenance_page(traced))


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
