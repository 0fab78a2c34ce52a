"""A text in shards has the results of one that a single job labels, byte for byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

import align_entities
import translate_sentences
from eatner import shards, tables
from eatner.errors import InputError
from eatner.tables import Mention, Sentence

TOWNS = ("서울", "東京", "Москва", "القاهرة", "北京", "부산", "京都")
ENGINE = {"backend": "transformers", "quantisation": "none"}
ASKING = {"kind": "entity-aware", "hints": False, "names": True, "max_new_tokens": 6}
ALIGNING = {"kind": "constrained", "beams": 2, "repeats": "all", "threshold": 0.0}


@given(st.integers(0, 20_000), st.integers(1, 40))
def test_shards_hold_each_block_once_in_order(count: int, number: int) -> None:
    every = shards.blocks(count)
    assert [index for block in every for index in block] == list(range(count))
    assert all(0 < len(block) <= shards.MOST for block in every)
    assert max(map(len, every), default=0) - min(map(len, every), default=0) <= 1
    of_shards = [shards.of_shard(every, f"{n}-of-{number}") for n in range(1, number + 1)]
    assert [block for part in of_shards for block in part] == every
    assert max(map(len, of_shards)) - min(map(len, of_shards)) <= 1


@pytest.mark.parametrize("shard", ["0-of-2", "3-of-2"])
def test_a_shard_that_does_not_exist_is_refused(shard: str) -> None:
    with pytest.raises(InputError, match="there is no such shard"):
        shards.of_shard(shards.blocks(40), shard)


@pytest.fixture
def label(tmp_path: Path, one_thread) -> Callable[..., bytes]:
    """Label sentences in shards and gather them; the bytes of the table come back."""
    sentences, tagged = tmp_path / "sentences.tsv", tmp_path / "tag.tsv"
    asked = {
        "llm": tiny.folder("gemma"),
        "engine": ENGINE,
        "pace": {"gpus": 1},
        "prompt": "few-shot",
        "language": "ko",
        "threads": 1,
        "sentences": sentences,
    }

    def run(step: str, number: int, rows: list[Sentence]) -> bytes:
        tables.write(sentences, Sentence, rows)
        mentions = [Mention(row.sentence_id, 0, 5, "Seoul", "LOC", status="tagged") for row in rows]
        tables.write(tagged, Mention, mentions)
        table = tmp_path / step / "tiny.tsv"
        names = [f"{n}-of-{number}" for n in range(1, number + 1)] if number > 1 else [""]
        parts = [table.parent / "tiny" / f"{name}.tsv" if name else table for name in names]
        for name, part in zip(names, parts, strict=True):
            if step == "translate":
                translate_sentences.main(**asked, translator=ASKING, english=part, shard=name)
            else:
                align_entities.main(
                    **asked, aligner=ALIGNING, english=tagged, entities=part, shard=name
                )
        if number > 1:
            shards.gather(parts, [row.sentence_id for row in rows], table)
            shards.forget(table, len(rows))
        return table.read_bytes()

    return run


def texts(count: int, begin: int = 0) -> list[Sentence]:
    return [
        Sentence(f"{n:04}", f"{n}년 {TOWNS[n % 7]}에서 " + "회의가 열렸다. " * (n % 4), ())
        for n in range(begin, begin + count)
    ]


@pytest.mark.parametrize("step", ["translate", "align"])
def test_the_number_of_shards_changes_no_byte(step, label, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shards, "FEWEST", 4)
    rows = texts(14)
    whole = label(step, 1, rows)
    for number in (2, 3, 20):
        # Without the answers of the run before, from which it would only copy.
        shutil.rmtree(tmp_path / step / ".tiny.journal")
        assert label(step, number, rows) == whole


def test_another_number_of_shards_asks_nothing_again(label, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shards, "FEWEST", 4)
    rows = texts(12)
    whole = label("translate", 1, rows)
    llm = tiny.llm("gemma")
    monkeypatch.setattr(type(llm.generation), "answer", lambda *_: pytest.fail("asked again"))
    assert label("translate", 2, rows) == whole
    assert label("translate", 1, rows) == whole


def test_a_text_that_has_grown_is_asked_about_what_is_new(label, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shards, "FEWEST", 4)
    label("translate", 1, texts(8))
    asked = []
    generation = type(tiny.llm("gemma").generation)
    answer = generation.answer

    def counted(self, encoded, *others):
        asked.extend(encoded)
        return answer(self, encoded, *others)

    monkeypatch.setattr(generation, "answer", counted)
    label("translate", 1, texts(9))
    grown = len(asked)
    asked.clear()
    label("translate", 1, texts(8, begin=20))
    assert 0 < grown < len(asked) / 2
    names = sorted(path.name for path in (tmp_path / "translate" / ".tiny.journal").iterdir())
    assert names == sorted(map(shards.journal_name, shards.blocks(8)))


def test_an_empty_text_and_one_sentence(label) -> None:
    for number in (1, 3):
        assert len(label("translate", number, []).splitlines()) == 1
        assert len(label("translate", number, texts(1)).splitlines()) == 2


@pytest.mark.parametrize("fault", ["lost", "twice", "moved"])
def test_shards_that_do_not_hold_the_text_are_refused(tmp_path, fault) -> None:
    parts = [tmp_path / "t" / f"{n}-of-2.tsv" for n in (1, 2)]
    rows = {"lost": "abc", "twice": "abccd", "moved": "abdc"}[fault]
    for part, held in zip(parts, (rows[:3], rows[3:]), strict=True):
        part.parent.mkdir(exist_ok=True)
        part.write_text("sentence_id\tx\n" + "".join(f"{each}\t1\n" for each in held))
    if fault == "twice":
        parts[1].write_text("sentence_id\tx\na\t1\nd\t1\n")
    with pytest.raises(InputError, match=r"each sentence once, in order.*Delete the folder"):
        shards.gather(parts, list("abcd"), tmp_path / "t.tsv")
    assert not (tmp_path / "t.tsv").exists()
