"""A corpus ten times as large takes ten times as long; `make bench-scale` does it at full size."""

from __future__ import annotations

import subprocess
import sys

import pytest
from places import ROOT


@pytest.mark.scale
def test_no_step_is_worse_than_linear() -> None:
    command = [sys.executable, ROOT / "bench" / "bench_scale.py", "--sizes", "1000", "10000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ms a sentence" in done.stdout
