"""`eatner check`: what will run on this machine, and how long it takes."""

from __future__ import annotations

import argparse
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from eatner import __version__
from eatner.command import times
from eatner.command.needs import describe, megabytes, needs
from eatner.config.components import Component
from eatner.config.configuration import Configuration
from eatner.labeller import Parts, choose, read_configuration
from eatner.machine import usable_cores

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# The smallest package that is fetched, and how long its index may take to answer, in seconds.
PROBE = "hironsancorpus"
PATIENCE = 20
# Bytes on disk for each byte that is fetched: the packages, what is unpacked, what is converted.
ON_DISK = 4


def check(options: argparse.Namespace) -> int:
    """Say what will run here.

    Args:
        options: Of the command; see `eatner.command.main`.

    Returns:
        The exit status: 0 if the system can run here, 1 if something is in its way.

    Raises:
        InputError: The configuration or a name is wrong.
    """
    directory = options.directory.resolve()
    configuration = read_configuration(options.configfile, directory)
    system = choose(
        configuration, options.system, options.translator, options.tagger, options.aligner
    )
    parts = Parts.of(configuration, options.language, system)
    faults = [*_machine(directory), *_packages()]
    faults += _system(configuration, parts, system, directory)
    for fault in faults:
        sys.stdout.write(f"\nIn the way: {fault}")
    sys.stdout.write("\nThis will not run here.\n" if faults else "\nThis will run here.\n")
    return int(bool(faults))


def _say(name: str, text: str) -> None:
    sys.stdout.write(f"{name:<12}{text}\n")
    sys.stdout.flush()


def _machine(directory: Path) -> Iterator[str]:
    """Describe the machine; yields what is in the way."""
    from eatner.llm.room import machine_memory

    _say("cores", f"{usable_cores()} for this process")
    _say("memory", megabytes(machine_memory()))
    _say("disk", f"{megabytes(shutil.disk_usage(_there(directory)).free)} free for {directory}")
    try:
        _say("GPU", _gpu())
    except (ImportError, OSError) as error:
        _say("GPU", "not known, because torch cannot be imported")
        yield f"torch cannot be imported ({error}). Install eatner again."


def _gpu() -> str:
    import torch

    if not torch.cuda.is_available():
        return "none that torch can use"
    cards = [torch.cuda.get_device_properties(n) for n in range(torch.cuda.device_count())]
    return ", ".join(f"{card.name} ({megabytes(card.total_memory)})" for card in cards)


def _packages() -> Iterator[str]:
    """Look the required packages up; yields what is in the way."""
    from packaging.requirements import Requirement

    extras: dict[str, bool] = {}
    right, wrong = 0, []
    for text in metadata.requires("eatner") or []:
        needed = Requirement(text)
        fits, version = _fits(needed)
        if extra := re.search(r"extra == ['\"]([\w-]+)['\"]", text):
            extras[extra[1]] = extras.get(extra[1], True) and fits
        elif fits:
            right += 1
        else:
            wrong.append(f"{needed.name} ({version or 'missing'}, needed: {needed.specifier})")
    _say("packages", f"eatner {__version__}, Python {platform.python_version()}")
    _say("", f"{right} of {right + len(wrong)} required packages are there")
    there = ", ".join(f"{extra} {'yes' if fits else 'no'}" for extra, fits in extras.items())
    _say("", f"extras: {there}")
    if wrong:
        yield f"packages: {', '.join(wrong)}. Install eatner again."


def _fits(needed: Requirement) -> tuple[bool, str]:
    """Whether a package is there in a version that is needed, and that version."""
    try:
        version = metadata.version(needed.name)
    except metadata.PackageNotFoundError:
        return False, ""
    return needed.specifier.contains(version, prereleases=True), version


def _system(
    configuration: Configuration, parts: Parts, system: dict[str, str], directory: Path
) -> Iterator[str]:
    """Describe what labels, and what it needs; yields what is in the way."""
    _say("language", parts.language)
    for step, part in zip(("translate", "tag", "align"), system, strict=True):
        component: Component = getattr(parts, part)
        _say(step, f"{component.name}: {_engine(component)}")
    cores = usable_cores()
    missing = needs(configuration, parts, directory)
    if missing:
        sys.stdout.write(f"to be made first, once:\n{describe(missing)}")
        making = times.of_making(parts.missing(directory), cores)
        if making:
            _say("", f"without downloads this takes about {times.written(making)}")
    fetched = sum(need.size or 0 for need in missing)
    if fetched:
        free = shutil.disk_usage(_there(directory)).free
        if free < ON_DISK * fetched:
            yield f"the disk is too small: about {megabytes(ON_DISK * fetched)} are needed."
    answer, works = _index()
    _say("index", answer)
    if fetched and not works:
        yield "packages must be fetched, and the package index does not answer."
    estimate = times.of_sentence(system, directory, cores, parts.tagger.reviewed)
    if estimate is None:
        _say("time", "not known: nothing was recorded of this system. The first run records it.")
    else:
        _say("time", f"about {times.written(estimate.seconds)} a sentence ({estimate.source}),")
        _say("", f"{times.written(1000 * estimate.seconds)} for a thousand")


def _engine(component: Component) -> str:
    """What runs a component."""
    model = component.model
    if model is None:
        return f"`kind: {component.kind}`"
    if model.backend == "endpoint":
        return f"`kind: {component.kind}`, {model.name} at {model.engine['url']}"
    if model.backend == "transformers":
        import torch

        from eatner.llm.device import fast_dtype

        where = "GPU" if torch.cuda.is_available() else "CPU"
        digits = str(fast_dtype()).removeprefix("torch.")
        return f"`kind: {component.kind}`, {model.name} by transformers on the {where}, {digits}"
    return f"`kind: {component.kind}`, {model.name} by {model.backend}"


def _index() -> tuple[str, bool]:
    """Ask the package index for a small package that eatner fetches."""
    command = [sys.executable, "-m", "pip", "index", "versions", PROBE]
    command += ["--disable-pip-version-check", "--retries", "0", "--timeout", str(PATIENCE // 2)]
    started = time.monotonic()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"does not answer within {PATIENCE} s", False
    if done.returncode == 0:
        return f"answers in {time.monotonic() - started:.1f} s", True
    return f"does not answer: {(done.stderr.strip().splitlines() or ['nothing'])[-1]}", False


def _there(path: Path) -> Path:
    """The nearest folder above that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
