"""Where the project's files are: the workflow, its configuration, its scripts.

In a clone they are around the library. An installed package has a copy of them, in the same layout.
"""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).resolve().with_name("_project")
ROOT = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).resolve().parents[3]
"""The folder of the Snakefile."""
SCRIPTS = ROOT / "workflow" / "scripts"
"""The folder of the rules' scripts. The library is beside them, also in an installed package: there
a rule's own environment finds it."""
