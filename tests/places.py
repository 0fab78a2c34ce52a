"""Where the project stands, and the data beside it that tests use if it is there."""

from pathlib import Path

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
