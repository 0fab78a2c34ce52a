"""The fuzzing targets on a few inputs each, and on all that was ever found; see `make fuzz`."""

from __future__ import annotations

import logging
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from fuzzing.found import FOUND, Found
from fuzzing.fuzz import LIMIT, SlowError, Watch, target_names
from fuzzing.targets import TARGETS, warm
from hypothesis import HealthCheck, given, settings

from eatner.errors import InputError

INPUTS = 8


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_hostile_inputs_are_read_or_refused(name: str) -> None:
    few = settings(
        max_examples=INPUTS,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    few(given(TARGETS[name].inputs)(lambda value: TARGETS[name].check(value)))()


@pytest.mark.parametrize("found", FOUND, ids=[found.fault for found in FOUND])
def test_what_was_found_is_mended(found: Found) -> None:
    warm(found.target)
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    TARGETS[found.target].check(found.input)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - begin < LIMIT


def test_a_finding_is_kept_once_for_its_place(tmp_path, monkeypatch) -> None:
    from fuzzing import fuzz

    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)

    def check(value: object) -> None:
        if value == "slow":
            raise SlowError
        if value == "refused":
            raise InputError("wrong", remedy="Correct it.")
        if value:
            raise KeyError(value)

    handler = signal.getsignal(signal.SIGVTALRM)
    watch = Watch("a target", check)
    for value in ("", "x", "y", "slow", "refused", ""):
        watch(value)
    assert watch.inputs == 6
    assert len(watch.places) == 3
    assert len(list((tmp_path / "findings").iterdir())) == 3
    assert signal.getsignal(signal.SIGVTALRM) == handler


def test_the_command_names_every_target() -> None:
    assert target_names() == list(TARGETS)
    done = subprocess.run(
        [sys.executable, sys.modules["fuzzing.fuzz"].__file__, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--seconds" in done.stdout
