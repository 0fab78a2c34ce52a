"""Install packages beside the Python that runs this, with uv, or with pip where uv cannot.

    .venv/bin/python envs/install.py torch==2.13.0

uv takes seconds where pip takes minutes. It does not read pip's settings (a mirror of the package
index, constraints, a certificate), so they are handed over to it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

UV = "uv>=0.9,<1"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
# By pip's option: uv's variable of the same meaning.
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "constraint": "UV_CONSTRAINT",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
# Values of find-links are separated by commas in uv, and by white space in pip.
BY_COMMA = {"UV_FIND_LINKS"}


def variables(listed: str) -> dict[str, str]:
    """Translate what `pip config list` says into uv's variables.

    A later line wins over an earlier one, but a variable of the environment over all files.
    """
    found: dict[str, str] = {}
    from_environment: dict[str, str] = {}
    for section, option, value in re.findall(r"^(\S+)\.([\w-]+)='(.*)'$", listed, re.MULTILINE):
        if option not in VARIABLES or section not in ("global", "install", ":env:"):
            continue
        name = VARIABLES[option]
        values = value.replace("\\n", " ").split()
        text = ("," if name in BY_COMMA else " ").join(values)
        (from_environment if section == ":env:" else found)[name] = text
    return found | from_environment


def install(packages: Sequence[str], environment: Mapping[str, str]) -> None:
    """Install packages with uv; with pip if uv is missing or fails."""
    if subprocess.run([*PIP, "install", UV], check=False).returncode == 0:
        listed = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        # As pip does, take the best version of all indexes, not the first index that has any.
        settings = {"UV_INDEX_STRATEGY": "unsafe-best-match", **variables(listed.stdout)}
        uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet"]
        command = [*uv, "--python", sys.executable, *packages]
        if subprocess.run(command, check=False, env=settings | environment).returncode == 0:
            return
    sys.stderr.write("uv cannot install this; pip does, which takes minutes\n")
    subprocess.run([*PIP, "install", *packages], check=True)


if __name__ == "__main__":
    install(sys.argv[1:], os.environ)
