from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from rows import translations
from transformers import AutoTokenizer

from eatner.errors import InputError
from eatner.llm.journal import Journal
from eatner.tag import base
from eatner.tag.base import tag
from eatner.tag.token_classification import TokenClassifier, words

pytestmark = pytest.mark.usefixtures("one_thread")
TYPES = {"PER": "PER", "LOC": "LOC", "ORG": None}
TEXTS = [
    "Angela Merkel met Sony’s boss in Łódź.",
    "東京タワーはソニーの隣だ。",
    "नई दिल्ली में",
    "서울에서",
    "",
]


@pytest.fixture(scope="module")
def tagger() -> TokenClassifier:
    return TokenClassifier(tiny.folder("xlm-r"), TYPES)


def test_rows_have_offsets_and_scores(tagger: TokenClassifier) -> None:
    rows = translations(*TEXTS)
    found = list(tag(rows, tagger.find))
    assert list(dict.fromkeys(row.sentence_id for row in found)) == ["s0", "s1", "s2", "s3", "s4"]
    tagged = [row for row in found if row.status == "tagged"]
    assert tagged  # a random model tags nearly everything
    for row in tagged:
        text = TEXTS[int(row.sentence_id[1:])]
        assert text[row.start : row.end] == row.surface == row.surface.strip()
        assert row.type in ("PER", "LOC")
        assert 0 < row.score <= 1


def test_a_text_is_not_tagged_twice(
    tagger: TokenClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = translations(*TEXTS)
    monkeypatch.setattr(base, "BLOCK", 2)
    asked = []

    def find(texts: list[str], progress: object) -> list:
        if len(asked) == 4:
            raise KeyboardInterrupt  # killed in its last block
        asked.extend(texts)
        return tagger.find(texts)

    with pytest.raises(KeyboardInterrupt):
        list(tag(rows, find, Journal(tmp_path / "journal", "")))
    assert asked == TEXTS[:4]
    asked.clear()
    found = list(tag(rows, find, Journal(tmp_path / "journal", "")))
    assert asked == TEXTS[4:]
    assert found == list(tag(rows, tagger.find))


@pytest.mark.parametrize("side", ["padding_side", "truncation_side"])
def test_the_side_on_which_a_tokenizer_pads_or_cuts_moves_no_entity(
    side: str, tagger: TokenClassifier, tmp_path: Path
) -> None:
    """An LLM's tokenizer pads on the left, and some cut there."""
    folder = shutil.copytree(tiny.folder("xlm-r"), tmp_path / "left")
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) | {side: "left"}
    path.write_text(json.dumps(settings), encoding="utf-8")
    assert getattr(AutoTokenizer.from_pretrained(folder), side) == "left"
    left = TokenClassifier(folder, TYPES)
    texts = [
        "東京と大阪。",
        "Sony is in Tokyo, and Osaka is far away from it.",
        "東京と大阪。" * 40,
    ]
    for text, (offsets, probabilities) in zip(texts, left._rate(texts), strict=True):
        [(own_offsets, own_probabilities)] = tagger._rate([text])
        assert offsets == own_offsets == sorted(offsets)
        assert np.allclose(probabilities, own_probabilities, atol=1e-4)


def chances(tagger: TokenClassifier, text: str, tags: list[str], sure: list[float]) -> list[tuple]:
    """The entities where the words of a text have these tags with these probabilities."""
    [(offsets, _)] = tagger._rate([text])
    firsts, spans = words(text, offsets)
    assert [text[a:b] for a, b in spans] == text.split()
    rated = np.zeros((len(offsets), len(tagger.tags)))
    rated[:, tagger.tags.index("B-ORG")] = 1.0  # of later pieces, which must not count
    for first, name, chance in zip(firsts, tags, sure, strict=True):
        rated[first] = 0
        rated[first, tagger.tags.index(name)] = chance
    found = tagger._entities(text, offsets, rated)
    return [(text[e.start : e.end], e.type, round(e.score, 3)) for e in found]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-PER I-PER O", [("Angela Merkel", "PER", 0.8)]),
        ("B-PER B-PER O", [("Angela", "PER", 0.9), ("Merkel", "PER", 0.7)]),
        # An I- that continues nothing begins an entity, as IOB1 has it.
        ("O I-PER I-PER", [("Merkel Łódź", "PER", 0.6)]),
        ("B-PER I-LOC I-LOC", [("Angela", "PER", 0.9), ("Merkel Łódź", "LOC", 0.6)]),
        ("B-ORG I-ORG O", []),
    ],
)
def test_tags_become_entities(tagger: TokenClassifier, tags: str, expected: list) -> None:
    assert chances(tagger, "Angela Merkel Łódź", tags.split(), [0.9, 0.7, 0.5]) == expected


def test_a_text_longer_than_the_model_is_read_in_windows(tagger: TokenClassifier) -> None:
    text = "Angela Merkel met Sony in Łódź 東京 . " * 60
    whole = tagger.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    assert len(whole["input_ids"]) > 5 * tagger.window
    [(offsets, rated), (short_offsets, short)] = tagger._rate([text, "Sony"])
    assert offsets == [tuple(span) for span in whole["offset_mapping"]]
    assert rated.shape == (len(offsets), len(tagger.tags))
    assert rated.sum(-1) == pytest.approx(np.ones(len(offsets)), abs=1e-4)
    [(alone_offsets, alone)] = tagger._rate(["Sony"])
    assert short_offsets == alone_offsets
    assert short == pytest.approx(alone, abs=1e-5)
    # A random model; what it finds reaches far beyond the first window.
    assert tagger.find([text])[0][-1].end > len(text) // 2


def test_a_model_of_few_positions_keeps_within_them(tagger: TokenClassifier) -> None:
    assert tagger.window == tagger.model.config.max_position_embeddings - 2 == 62


@pytest.mark.parametrize(
    ("text", "pieces", "expected"),
    [
        ("Sony's", [(0, 4), (4, 6)], ["Sony", "'s"]),
        ("Łódź", [(0, 1), (1, 1), (1, 4)], ["Łódź"]),
        (" New York", [(0, 4), (4, 9)], ["New", "York"]),
        ("東京タワー", [(0, 2), (2, 5)], ["東京", "タワー"]),
        ("नई दिल्ली", [(0, 1), (1, 2), (2, 5), (5, 9)], ["नई", "दिल्ली"]),
        ("서울에서", [(0, 2), (2, 4)], ["서울에서"]),
        # The bytes of one character are pieces that share it.
        ("🦊x", [(0, 1), (0, 1), (0, 1), (1, 2)], ["🦊", "x"]),
        ("a.b", [(0, 1), (1, 2), (2, 3)], ["a", ".", "b"]),
        ("  ", [(0, 1), (1, 2)], []),
    ],
)
def test_pieces_make_words(text: str, pieces: list, expected: list[str]) -> None:
    firsts, spans = words(text, pieces)
    assert [text[a:b] for a, b in spans] == expected
    assert len(firsts) == len(spans)


@given(st.text(st.sampled_from("aé東 \t.’の서"), max_size=20), st.data())
def test_words_are_in_order_and_without_space(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    pieces = list(pairwise(cuts))
    firsts, spans = words(text, pieces)
    assert firsts == sorted(set(firsts))
    assert all(text[a:b] == text[a:b].strip() != "" for a, b in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    covered = {i for a, b in spans for i in range(a, b)}
    assert all(i in covered for i, char in enumerate(text) if not char.isspace())


def test_bare_and_lower_case_labels_are_understood(tmp_path: Path) -> None:
    folder = shutil.copytree(tiny.folder("xlm-r"), tmp_path / "bare")
    config = json.loads((folder / "config.json").read_text())
    names = ["o", "PER", "LOC", "ORG", "S-PER", "E-LOC", "U-ORG"]
    config["id2label"] = {str(i): name for i, name in enumerate(names)}
    config["label2id"] = {name: i for i, name in enumerate(names)}
    (folder / "config.json").write_text(json.dumps(config))
    tags = TokenClassifier(folder, TYPES).tags
    assert tags == ["O", "I-PER", "I-LOC", "I-ORG", "S-PER", "E-LOC", "U-ORG"]


def test_a_label_that_the_model_does_not_give_is_named() -> None:
    with pytest.raises(InputError, match=r"labels PERSON.*Its labels are LOC, ORG, PER"):
        TokenClassifier(tiny.folder("xlm-r"), {"PERSON": "PER", "LOC": "LOC"})


def test_a_model_without_tokenizer_is_named(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(tiny.folder("xlm-r") / name, tmp_path)
    with pytest.raises(InputError, match="cannot load this model") as error:
        TokenClassifier(tmp_path, TYPES)
    assert str(tmp_path) in str(error.value)


def test_the_labels_of_the_papers_rival_are_read_in_scripts_without_spaces(tmp_path: Path) -> None:
    """XLM-R with the labels of Davlan's ner-hrl models: dates first, which are no entities."""
    folder = tiny.make_xlm_r(tmp_path / "hrl", kinds=["DATE", "PER", "ORG", "LOC"])
    tagger = TokenClassifier(folder, {"PER": "PER", "LOC": "LOC", "ORG": "ORG"})
    assert tagger.tags[:4] == ["O", "B-DATE", "I-DATE", "B-PER"]
    texts = [
        "ソニーは東京に本社を置く。",
        "奧巴馬在柏林會見了默克爾。",
        "บารัก โอบามาเดินทางไปกรุงเทพมหานคร",
    ]
    found = list(tag(translations(*texts), tagger.find))
    assert {row.sentence_id for row in found if row.status == "tagged"} == {"s0", "s1", "s2"}
    for row in found:
        assert texts[int(row.sentence_id[1:])][row.start : row.end] == row.surface
        assert row.type in ("PER", "LOC", "ORG")
