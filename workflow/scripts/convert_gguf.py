"""Convert a GGUF file into a safetensors folder that loads in seconds and can be tuned."""

from pathlib import Path

import job
from eatner.fetch import artifacts, models


def main(gguf: Path, folder: Path) -> None:
    models.convert_gguf(artifacts.content(gguf), folder)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
