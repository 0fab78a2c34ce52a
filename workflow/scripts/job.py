"""Run a script's main: with the names of a Snakemake job, or as a plain command.

A script binds names and nothing more. Its `main` has typed parameters named after the rule's
inputs, outputs, params and `threads`. Started by Snakemake, it gets those of the job; started by
hand, it has one option per parameter, and `--help`.
"""

from __future__ import annotations

import argparse
import inspect
import logging
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, get_args, get_origin, get_type_hints

import yaml

# Snakemake puts the folder of a script behind all others. The library that is beside the script
# belongs to it, whatever version of it is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from eatner import trace
from eatner.errors import InputError, refused
from eatner.machine import let_threads_sleep, usable_cores

let_threads_sleep()


class _Tee:
    """A text stream that writes to two: the terminal and the job's log."""

    def __init__(self, first: TextIO, second: TextIO) -> None:
        self.first, self.second = first, second

    def write(self, text: str) -> int:
        with suppress(OSError):  # a full disk must not hide what the terminal can still show
            self.second.write(text)
            self.second.flush()
        return self.first.write(text)

    def flush(self) -> None:
        self.first.flush()

    def isatty(self) -> bool:
        return self.first.isatty()

    def fileno(self) -> int:
        return self.first.fileno()


def run(main: Callable[..., None], job: Any | None, *, asks_hub: bool = False) -> None:
    """Call main with the names of the job, or with those of the command line.

    Args:
        main: The script's function.
        job: The `snakemake` object that Snakemake puts into a script, if any.
        asks_hub: Whether it fetches from the Hugging Face hub. In any other script the hub's
            libraries are told to work offline, so that they look for nothing newer there.

    Raises:
        SystemExit: With status 1 and one clear message, where main raised InputError, or where the
            disk, the memory or a permission is at fault.
    """
    # Before main imports them, because they read these variables once.
    os.environ.update({"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"})
    if not asks_hub:
        os.environ["HF_HUB_OFFLINE"] = "1"
    if job is None:
        arguments = _from_command_line(main)
    else:
        arguments = _from_job(main, job)
        if job.log:
            Path(job.log[0]).parent.mkdir(parents=True, exist_ok=True)
            sys.stderr = _Tee(sys.stderr, open(job.log[0], "w", encoding="utf-8"))  # noqa: SIM115
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s: %(message)s"
    )
    # These warnings of libraries are for programmers, not for those who read a job's log.
    warnings.simplefilter("ignore", FutureWarning)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs a line per request
    try:
        with trace.record(job):
            main(**arguments)
    except InputError as error:
        sys.exit(f"\nError: {error}\n")
    except (OSError, MemoryError) as error:
        refusal = refused(
            error, "while making " + ", ".join(getattr(job, "output", ["its output"]))
        )
        if refusal is None:
            raise
        sys.exit(f"\nError: {refusal}\n")


def use_threads(threads: int) -> None:
    """Limit the number of cores that torch uses."""
    import torch

    torch.set_num_threads(threads)


def given(**paths: Path | None) -> dict[str, Path]:
    """The optional inputs that a job has, by name."""
    return {name: path for name, path in paths.items() if path is not None}


def _from_job(main: Callable[..., None], job: Any) -> dict[str, Any]:
    types = get_type_hints(main)
    arguments: dict[str, Any] = {}
    for name in inspect.signature(main).parameters:
        if name == "threads":
            # --cores 8 on a machine with two: threads without a core slow each other down.
            arguments[name] = min(job.threads, usable_cores())
            continue
        for group in (job.input, job.output, job.params):
            if name in group.keys():  # noqa: SIM118 (a Namedlist is a list)
                arguments[name] = _convert(getattr(group, name), types[name])
                break
    return arguments


def _convert(value: Any, kind: Any) -> Any:
    """Turn a job's value into the parameter's type; an empty list is an optional input."""
    if get_origin(kind) is list and get_args(kind)[0] is Path:
        return [Path(item) for item in ([value] if isinstance(value, str) else value)]
    if kind is Path or Path in get_args(kind):
        return Path(value) if isinstance(value, (str, Path)) else None
    return value


def _from_command_line(main: Callable[..., None]) -> dict[str, Any]:
    module = inspect.getmodule(main)
    parser = argparse.ArgumentParser(
        description=(module.__doc__ or "").strip() if module else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    types = get_type_hints(main)
    for name, parameter in inspect.signature(main).parameters.items():
        kind = types[name]
        optional = parameter.default is not inspect.Parameter.empty
        options: dict[str, Any] = {"required": not optional, "dest": name}
        if optional:
            options["default"] = parameter.default
        if kind is Path or Path in get_args(kind):
            many = get_origin(kind) is list
            options |= {"type": Path, "metavar": "PATH", "nargs": "+" if many else None}
        else:
            what = getattr(kind, "__name__", str(kind)).upper()
            parse = str if kind is str else yaml.safe_load
            options |= {"type": parse, "metavar": "YAML" if what == "DICT" else what}
        parser.add_argument(f"--{name.replace('_', '-')}", **options)
    return vars(parser.parse_args())
