"""The folder of the small project, in which all tests of the configuration run."""

from __future__ import annotations

from pathlib import Path

import pytest
import smoke
from configurations import EVERY_KIND, READ_ONCE, read
from places import GOLD_OF_PAPER_SMALL
from smoke import ROOT

from eatner.config import schema
from eatner.config.configuration import Configuration

FILES = {
    "tiny/config.json": "{}",
    "chat/config.json": "{}",
    "toy/meta.json": "{}",
    "mini.iob2": "서울\tB-LOC\n",
    "ja.iob2": "東京\tB-LOC\n",
    "mini.en.txt": smoke.EN,
    "empty.iob2": "",
    "results/bench/ja_gsd.bio": "x\n",
    "results/bench/ja_gsd_first.bio": "x\n",
    "results/bench/de_first.conllu": "x\n",
    # The corpora of config/paper-small.yaml.
    **{f"../shared/data/{path}": "x\n" for path in GOLD_OF_PAPER_SMALL},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The folder of the small project, without the weights of its models."""
    folder = tmp_path_factory.mktemp("configured") / "project"
    folder.mkdir()
    for name in ("workflow", "config", "bench"):
        (folder / name).symlink_to(ROOT / name)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    # Reading the schema is half the time of a configuration.
    monkeypatch.setattr(schema, "read", lambda path: READ_ONCE)


@pytest.fixture(scope="module")
def configuration(folder: Path) -> Configuration:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return read(EVERY_KIND)
