"""Where the project stands, and the data beside it that tests use if it is there."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
# The files below DATA that config/paper-small.yaml reads.
GOLD_OF_PAPER_SMALL = (
    "uner/Chinese-GSD/zh_gsd-ud-test.iob2",
    "dev/ko_klue.iob2",
    "dev/hi_hiner.iob2",
    "wikiann/ru/val.conllu",
    "wikiann/de/val.conllu",
)


def script(path: str) -> ModuleType:
    """A script of the project that is in no package, as a module."""
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    # A dataclass looks its own module up while it is made.
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
