"""Where the project stands, and the data beside it that tests use if it is there."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
