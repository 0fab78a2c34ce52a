from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from rows import translations

from eatner.errors import InputError
from eatner.tag.base import tag
from eatner.tag.gliner import Gliner, words

pytestmark = pytest.mark.usefixtures("one_thread")
TYPES = {"person": "PER", "location": "LOC", "event": None}
# What paper.yaml's GLiNER-X is told, in sentences of scripts without spaces and of others.
ASKED = {"person": "PER", "location": "LOC", "organization": "ORG"}
SENTENCES = [
    "ソニーは東京に本社を置く。",
    "奧巴馬在柏林會見了默克爾。",
    "บารัก โอบามาเดินทางไปกรุงเทพมหานคร",
    "नई दिल्ली में बैठक हुई।",
    "서울에서 만났다.",
]


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東京タワーはソニーの隣", "東 京 タワー は ソニー の 隣"),
        ("奧巴馬在Berlin會見了", "奧 巴 馬 在 Berlin 會 見 了"),
        ("กรุงเทพ", "ก รุ ง เ ท พ"),
        ("नई दिल्ली में।", "नई दिल्ली में ।"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("서울에서 만났다.", "서울에서 만났다 ."),
        ("Jean-Luc's a--b -x y- 1,000", "Jean-Luc ' s a - - b - x y - 1 , 000"),
        (" ", ""),
    ],
)
def test_words_are_those_that_an_entity_may_be(text: str, expected: str) -> None:
    assert [text[start:end] for start, end in words(text)] == expected.split()


@given(st.text(st.sampled_from("aéŁ я서1 \t.’-"), max_size=20))
def test_where_words_have_spaces_they_are_those_of_gliner(text: str) -> None:
    assert words(text) == [match.span() for match in re.finditer(r"\w+(?:[-_]\w+)*|\S", text)]


class StandIn:
    """GLiNER without its model: every third word of a text is a person, and the next a place."""

    def __init__(self, config: dict) -> None:
        self.config = SimpleNamespace(**config)
        self.data_processor = SimpleNamespace(words_splitter=None)

    @classmethod
    def from_pretrained(cls, folder: str, **_: object) -> StandIn:
        files = {path.name for path in Path(folder).iterdir() if path.read_bytes()}
        assert files == {"gliner_config.json", "model.safetensors"}
        return cls(json.loads((Path(folder) / "gliner_config.json").read_text()))

    def eval(self) -> StandIn:
        return self

    def inference(self, texts: list[str], labels: list[str], **_: object) -> list[list[dict]]:
        assert labels == list(ASKED)
        return [list(self._entities(text)) for text in texts]

    def _entities(self, text: str) -> Iterator[dict]:
        read = list(self.data_processor.words_splitter(text))
        assert len(read) <= self.config.max_len
        for number, (word, start, end) in enumerate(read):
            assert text[start:end] == word
            if number % 3 < 2:
                label = ("person", "location")[number % 3]
                yield {"start": start, "end": end, "label": label, "score": 0.75}


def test_without_spaces_entities_are_found_inside_a_run_of_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package is not needed here: what matters is which words it is given."""
    package = ModuleType("gliner")
    package.GLiNER = StandIn
    monkeypatch.setitem(sys.modules, "gliner", package)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "gliner_config.json").write_text('{"max_len": 5, "words_splitter_type": "stanza"}')
    tagger = Gliner(tmp_path, ASKED, threshold=0.5)
    assert tagger.model.config.words_splitter_type == "whitespace"
    found = list(tag(translations(*SENTENCES), tagger.find))
    shown = {row.surface for row in found if row.sentence_id == "s0"}
    assert shown == {"ソニー", "は", "京", "に", "本", "社", "置", "く", "。"}
    for row in found:
        assert SENTENCES[int(row.sentence_id[1:])][row.start : row.end] == row.surface


def test_a_tiny_gliner_x_tags_scripts_without_spaces(tmp_path: Path) -> None:
    """On mT5, whose folder asks for stanza's splitter, which is not installed."""
    pytest.importorskip("gliner")
    folder = tiny.make_gliner(tmp_path / "x", multilingual=True)
    found = list(tag(translations(*SENTENCES), Gliner(folder, ASKED, threshold=0.0).find))
    assert {row.sentence_id for row in found if row.status == "tagged"} == {
        f"s{number}" for number in range(len(SENTENCES))
    }
    for row in found:
        text = SENTENCES[int(row.sentence_id[1:])]
        assert text[row.start : row.end] == row.surface
        starts, ends = zip(*words(text), strict=True)
        assert row.start in starts
        assert row.end in ends
    # GLiNER's splitter sees two words in this one: a run of letters and the full stop.
    assert len([row for row in found if row.sentence_id == "s1"]) > 2
