"""Read, check and resolve the configuration once, with the library."""

import os
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

SCRIPTS = HOME / "workflow" / "scripts"
sys.path.insert(0, str(SCRIPTS))

from eatner.config.configuration import Configuration
from eatner.errors import InputError
from eatner.trace import COMMAND

try:
    configuration = Configuration.read(config, root=HOME)
except InputError as error:
    raise WorkflowError(str(error)) from None
# Fill in the defaults, for the rules and for Snakemake's report.
config.update(configuration.values)
if workflow.is_main_process:
    # For the records of the jobs, which are processes of their own.
    os.environ[COMMAND] = " ".join(map(shlex.quote, ["snakemake", *sys.argv[1:]]))
    for warning in configuration.warnings:
        logger.warning(warning)
