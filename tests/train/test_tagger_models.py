from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from eatner.train.tagger_models import (
    IGNORED,
    TAGS,
    Labelled,
    TextToTextTrainer,
    _labels,
    make_tokenizer,
)


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        # Pieces: Angela Mer|kel ' s Sony, the first and last are marks.
        ([(0, 13, "PER"), (16, 20, "ORG")], ["", "B-PER", "I-PER", "", "O", "B-ORG", ""]),
        ([(7, 15, "PER")], ["", "O", "B-PER", "", "I-PER", "O", ""]),
        ([(7, 10, "PER"), (10, 13, "LOC")], ["", "O", "B-PER", "", "O", "O", ""]),
    ],
)
def test_the_first_piece_of_a_word_has_its_label(entities: list, expected: list[str]) -> None:
    item = Labelled("Angela Merkel's Sony", tuple(entities))
    offsets = [(0, 0), (0, 6), (7, 10), (10, 13), (13, 15), (16, 20), (0, 0)]
    labels, lost = _labels(item, offsets)
    assert ["" if label == IGNORED else TAGS[label] for label in labels] == expected
    assert lost == (len(entities) == 2 and entities[1][2] == "LOC")


def test_nothing_is_taught_of_an_unsure_word() -> None:
    item = Labelled("Angela Merkel's Sony", ((16, 20, "ORG"),), ((0, 13), (15, 17)))
    offsets = [(0, 0), (0, 6), (7, 10), (10, 13), (13, 15), (16, 20), (0, 0)]
    labels, _ = _labels(item, offsets)
    assert ["" if label == IGNORED else TAGS[label] for label in labels] == [
        "", "", "", "", "O", "B-ORG", "",
    ]  # fmt: skip


TEXTS = ["Angela Merkel met Sony.", "東京は晴れ。", "नई दिल्ली", "👩‍👩‍👧 🦊", "Łódź\tx"]


@pytest.mark.parametrize("begin", [True, False])
def test_a_tokenizer_of_bytes_knows_every_character(begin: bool) -> None:
    tokenizer = make_tokenizer(TEXTS[:1], 400, begin=begin)
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids, skip_special_tokens=True).strip() == text
        assert (tokenizer.decode(ids[:1]) == "<s>") is begin


def test_a_text_is_cut_between_entities_and_its_answer_to_the_limit(tmp_path: Path) -> None:
    text = "Sony in Tokyo. " * 8
    entities = tuple((15 * i + at, 15 * i + end, kind) for i in range(8) for at, end, kind in
                     ((0, 4, "ORG"), (8, 13, "LOC")))  # fmt: skip
    task = TextToTextTrainer({"source_tokens": 32, "target_tokens": 9, "beams": 1})
    model, tokenizer = task.load(tiny.folder("t5"))
    unsure = Labelled("Sony", (), ((0, 4),))
    examples, counts = task.examples([Labelled(text, entities), unsure], tokenizer, model)
    assert len(examples) > 1
    assert all(len(example["input_ids"]) <= 32 for example in examples)
    assert all(len(example["labels"]) == 9 for example in examples)
    assert counts == {
        "unsure texts left out": 1,
        "texts cut into pieces": 1,
        "entities parted by a cut": 0,
        "answers cut short": len(examples),
    }
