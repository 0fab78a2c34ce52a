"""Put the workflow into the wheel, in the layout of the clone; see eatner/project.py."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = ("Snakefile", "workflow", "config", "profiles", "envs")


class Workflow(BuildHookInterface):
    """Adds the files of the workflow. An editable installation finds them in the clone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to a wheel that is built to be installed elsewhere."""
        if version == "standard":
            build_data["force_include"] |= {name: f"eatner/_project/{name}" for name in SHIPPED}
