from __future__ import annotations

import sys
from pathlib import Path

import pytest
import tiny
from rows import translations

from eatner.errors import InputError
from eatner.tag.base import tag
from eatner.tag.gliner import Gliner

pytestmark = pytest.mark.usefixtures("one_thread")
TYPES = {"person": "PER", "location": "LOC", "event": None}


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gliner", None)
    with pytest.raises(InputError, match=r"package gliner.*pip install '\.\[gliner\]'"):
        Gliner(tmp_path, TYPES, threshold=0.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("gliner")
    return tiny.make_gliner(tmp_path_factory.mktemp("gliner") / "tiny")


def test_a_real_gliner_tags_texts_of_any_length(folder: Path) -> None:
    texts = ["Angela Merkel met Sony in Łódź.", "", "🦊 Tokyo " * 60, " "]
    found = list(tag(translations(*texts), Gliner(folder, TYPES, threshold=0.0).find))
    assert {row.sentence_id for row in found} == {"s0", "s1", "s2", "s3"}
    tagged = [row for row in found if row.status == "tagged"]
    assert tagged
    for row in tagged:
        text = texts[int(row.sentence_id[1:])]
        assert text[row.start : row.end] == row.surface
        assert row.type in ("PER", "LOC")
        assert 0 <= row.score <= 1
    # Read to the end, though the model reads 16 words.
    assert max(row.end for row in tagged if row.sentence_id == "s2") > len(texts[2]) - 20


def test_a_folder_that_is_no_gliner_is_named(folder: Path) -> None:
    with pytest.raises(InputError, match="gliner cannot load this model"):
        Gliner(tiny.folder("xlm-r"), TYPES, threshold=0.5)
