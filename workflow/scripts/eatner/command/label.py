"""`eatner label`: files in, labels out, by way of the workflow.

Each file becomes a corpus of the workflow, in `results/`. So a run that was stopped goes on where
it stopped, a file that was labelled is not labelled again, and of a file that has grown only the
new sentences are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eatner.command.needs import describe, needs
from eatner.command.run import run
from eatner.config.checks import check_name
from eatner.config.configuration import Configuration
from eatner.corpora import formats
from eatner.errors import InputError
from eatner.files import atomic
from eatner.labeller import Parts, choose, read_configuration
from eatner.report.ending import labelled

STDIN = "-"
TAKEN = {"wiki", "models", "compare"}


def label(options: argparse.Namespace) -> int:
    """Label files.

    Args:
        options: Of the command; see `eatner.command.main`.

    Returns:
        The exit status: 0, or Snakemake's.

    Raises:
        InputError: The configuration, a name or a file is wrong.
    """
    _check_output(options)
    _check_files(options.files)
    directory = options.directory.resolve()
    if not directory.exists():
        _check_writable(directory, options.directory)
    configuration = read_configuration(options.configfile, directory)
    system = choose(
        configuration, options.system, options.translator, options.tagger, options.aligner
    )
    parts = Parts.of(configuration, options.language, system)
    named = _corpora(options.files, configuration, directory)
    places = _places(named, options)
    _check_places(places, named)
    corpora = {
        name: {"language": options.language, **_read_as(path), "system": system}
        for name, path in named.items()
    }
    if missing := needs(configuration, parts, directory):
        sys.stderr.write(
            f"{' + '.join(system.values())} needs this first, once:\n{describe(missing)}"
            "Going on accepts these licences; Ctrl-C stops.\n"
        )
    begin = time.time()
    status = run(_arguments(options, corpora, directory))
    if status:
        sys.stderr.writelines(f"\n{error}\n" for error in _errors(directory / "logs", begin))
        return status
    shown = directory.relative_to(Path.cwd()) if directory == Path.cwd() else directory
    for name, path in named.items():
        sys.stderr.write(f"{path.name} is {labelled(shown / 'results' / name)}")
        _hand_over(directory / f"results/{name}/entities.{options.format}", places.get(name))
    return 0


def _errors(logs: Path, since: float) -> list[str]:
    """What the jobs said that failed, again: Snakemake says much behind it."""
    recent = [path for path in sorted(logs.rglob("*.log")) if path.stat().st_mtime >= since]
    lines = [line for path in recent for line in path.read_text("utf-8", "replace").splitlines()]
    return list(dict.fromkeys(line for line in lines if line.startswith("Error: ")))


def _arguments(
    options: argparse.Namespace, corpora: Mapping[str, Any], directory: Path
) -> list[str]:
    arguments = [f"results/{name}/entities.{options.format}" for name in corpora]
    arguments += ["--cores", options.cores, "--quiet", "rules", "progress", "host"]
    arguments += ["--no-hooks"]
    if directory != Path.cwd():
        arguments += ["--directory", str(directory)]
    if options.configfile:
        arguments += ["--configfile", *(str(path.resolve()) for path in options.configfile)]
    return [*arguments, "--config", f"corpora={json.dumps(corpora, ensure_ascii=False)}"]


def _check_output(options: argparse.Namespace) -> None:
    if len(options.files) < 2:
        return
    if options.output is None:
        raise InputError(
            f"the labels of {len(options.files)} files have no place",
            record="--output",
            remedy="Name a folder for them: --output labels",
        )
    if options.output.is_file():
        raise InputError(
            "is a file, and there are several to write",
            path=options.output,
            remedy="Name a folder.",
        )


def _places(named: Mapping[str, Path], options: argparse.Namespace) -> dict[str, Path]:
    """The file for the labels of each corpus, named after its text; none for standard output."""
    output: Path | None = options.output
    if output is None:
        return {}
    if len(options.files) < 2 and not output.is_dir():
        return dict.fromkeys(named, output)
    stems = Counter(path.stem for path in named.values())
    return {
        name: output / f"{path.stem if stems[path.stem] == 1 else name}.{options.format}"
        for name, path in named.items()
    }


def _check_places(places: Mapping[str, Path], named: Mapping[str, Path]) -> None:
    """Refuse files that would fail when all is labelled, or be written over a text."""
    for place in places.values():
        if place.exists() and any(map(place.samefile, named.values())):
            raise InputError(
                "is one of the texts, and would be lost",
                path=place,
                remedy="Give another name to --output.",
            )
        _check_writable(place.parent, place)


def _check_writable(folder: Path, wanted: Path) -> None:
    """Make a folder, if it is not there, and try whether a file can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"cannot be made in {folder} ({error.strerror})",
            path=wanted,
            remedy="Name a folder that is yours.",
        ) from error


def _check_files(names: Sequence[str]) -> None:
    for name in names:
        if name == STDIN:
            continue
        check_name(name, "the texts")
        if not Path(name).is_file():
            raise InputError(
                "is a folder" if Path(name).is_dir() else "there is no such file",
                path=name,
                remedy="Name a file with text, or - for standard input.",
            )


def _corpora(
    given: Sequence[str], configuration: Configuration, directory: Path
) -> dict[str, Path]:
    """Name the corpus of each file: after the file, where no other one can have that name."""
    named: dict[str, Path] = {}
    for name in dict.fromkeys(given):
        path = _standard_input(directory) if name == STDIN else Path(name).resolve()
        short = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")
        alone = short == path.stem and path.parent == directory and short not in named
        if not alone or short in {*configuration.corpora, *TAKEN}:
            digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
            short = f"{short or 'text'}-{digest}"
        named[short] = path
    return named


def _standard_input(directory: Path) -> Path:
    """Keep standard input as a file, whose name is that of its content."""
    content = sys.stdin.buffer.read()
    if not content.strip():
        raise InputError("holds no text", path="standard input", remedy="Send it a text.")
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = directory / "resources" / "texts" / f"{digest}.txt"
    if not path.exists():
        with atomic(path) as partial:
            partial.write_bytes(content)
    return path


def _read_as(path: Path) -> dict[str, str]:
    """How a file is read: raw text is split into sentences, as `eatner.load` does it."""
    raw = formats.detect(path) == "text"
    return {"file": str(path), "format": "paragraphs" if raw else "auto"}


def _hand_over(made: Path, place: Path | None) -> None:
    """Bring a result to where it was asked for: a file, or standard output."""
    if place is None:
        with open(made, "rb") as labels:
            shutil.copyfileobj(labels, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with atomic(place) as partial:
        shutil.copyfile(made, partial)
    sys.stderr.write(f"{place}\n")
