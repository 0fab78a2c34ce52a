from __future__ import annotations

import json

import pytest
from reading import check_refused, surfaces

ANNA = {"start": 0, "end": 4, "label": "PER"}
BONN = {"start": 14, "end": 18, "label": "LOC"}
TEXT = "Anna wohnt in Bonn"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"named_entities": [ANNA]}, "named_entities"),
        ({"spans": [], "gold": [[0, 4, "PER"]]}, "gold"),
        ({"meta": {"entities": [ANNA]}}, "meta.entities"),
        ({"found": [["Anna", "PER"]]}, "found"),
        ({"output": [{"entity": "PER", "word": "Anna"}]}, "output"),
        ({"ner": {"PER": ["Anna"], "LOC": ["Bonn"]}}, "ner"),
        ({"tags": "B-PER O O B-LOC"}, "tags"),
        ({"answer": '{"PER": ["Anna"]}'}, "answer"),
        ({"tags": ["B-PER", "O", "O", "B-LOC"]}, "tags"),
        ({"ner_tags": [1, 0, 0, 5]}, "ner_tags"),
    ],
)
def test_annotation_under_another_key_is_refused_with_its_name(load, more: dict, key: str) -> None:
    check_refused(lambda: load(json.dumps({"text": TEXT} | more)), 1, f"'{key}' may hold entities")


@pytest.mark.parametrize(
    "more",
    [
        {"meta": {"source": "Anna", "pages": [1, 2]}, "topics": ["sport"]},
        {"relations": [{"head_span": ANNA, "label": "lives"}], "spans": []},
        {"tokens": [{"text": "Anna", "start": 0, "end": 4, "id": 0, "ws": True}]},
        {"tokens": [{"id": 0, "start": 0, "end": 4, "tag": "NNP", "pos": "PROPN"}]},
        {"cats": {"SPORT": 1.0}, "author": "Anna", "score": float("nan")},
    ],
)
def test_what_is_no_annotation_is_passed_over(load, caplog, more: dict) -> None:
    assert [s.text for s in load(json.dumps({"text": TEXT} | more))] == [TEXT]
    assert "may hold entities" not in caplog.text


def test_a_second_key_that_is_not_read_is_warned_of(load, caplog) -> None:
    [sentence] = load(json.dumps({"text": TEXT, "spans": [ANNA], "silver": [BONN]}))
    assert surfaces(sentence) == [("Anna", "PER")]
    assert "line 1: 'silver' may hold entities" in caplog.text


def test_two_keys_that_differ_are_refused_and_two_that_agree_are_read(load) -> None:
    record = {"text": TEXT, "spans": [ANNA], "entities": [[0, 4, "PER"], [14, 18, "LOC"]]}
    check_refused(lambda: load(json.dumps(record)), 1, "the spans of spans and entities differ")
    [sentence] = load(json.dumps(record), spans_key="entities")
    assert surfaces(sentence) == [("Anna", "PER"), ("Bonn", "LOC")]
    [sentence] = load(json.dumps(record | {"entities": [[0, 4, "PER"]]}))
    assert surfaces(sentence) == [("Anna", "PER")]
    [sentence] = load(json.dumps(record | {"spans": []}))
    assert surfaces(sentence) == [("Anna", "PER"), ("Bonn", "LOC")]
    tags = {"tokens": ["Anna", "lacht"], "tags": ["B-NP", "B-VP"], "ner_tags": ["B-PER", "O"]}
    check_refused(lambda: load(json.dumps(tags)), 1, "the tags of tags and ner_tags differ")
    assert surfaces(load(json.dumps(tags), spans_key="ner_tags")[0]) == [("Anna", "PER")]


def test_keys_are_named_with_dots(load) -> None:
    record = {
        "source": TEXT,
        "labels-x": {"annotations": {"entities": [ANNA | {"startOffset": 0, "endOffset": 4}]}},
    }
    check_refused(lambda: load(json.dumps(record)), 1, "only 'source', 'labels-x'.*text_key")
    check_refused(
        lambda: load(json.dumps(record), text_key="source"), 1, "labels-x.annotations.entities"
    )
    keys = {"text_key": "source", "spans_key": "labels-x.annotations.entities"}
    assert surfaces(load(json.dumps(record), **keys)[0]) == [("Anna", "PER")]
    check_refused(lambda: load(json.dumps(record), text_key="x.y"), 1, "no text at 'x.y'")
    check_refused(
        lambda: load(json.dumps(record), text_key="source", spans_key="x"), None, "anything at 'x'"
    )
    ubiai = {"document": TEXT, "tokens": [{"start": 0, "end": 4, "entityLabel": "PER"}]}
    check_refused(lambda: load(json.dumps(ubiai)), 1, "an export of UBIAI")
    keys = {"text_key": "document", "spans_key": "tokens"}
    assert surfaces(load(json.dumps(ubiai), **keys)[0]) == [("Anna", "PER")]


def test_several_texts_are_refused_unless_one_is_named(load) -> None:
    record = {"text": TEXT, "sentence": f"„{TEXT}“", "spans": [ANNA]}
    check_refused(lambda: load(json.dumps(record)), 1, "several texts: text and sentence")
    assert load(json.dumps(record), text_key="text")[0].text == TEXT
    assert load(json.dumps(record | {"sentence": TEXT}))[0].text == TEXT
    # Under `data`, a date is as likely as a text.
    assert load(json.dumps({"text": TEXT, "data": "2020-01-01"}))[0].text == TEXT
    assert load(json.dumps({"data": TEXT, "label": [[0, 4, "PER"]]}))[0].text == TEXT


def test_spans_that_count_tokens_are_refused(load) -> None:
    record = {"tokens": ["昨天", "张小明", "在", "北京", "大学"], "text": "昨天张小明在北京大学"}
    by_token = [{"start": 1, "end": 2, "type": "PER"}, {"start": 3, "end": 5, "type": "ORG"}]
    counted = json.dumps(record | {"entities": by_token})
    check_refused(lambda: load(counted), 1, "seem to count tokens")
    by_character = [{"start": 2, "end": 5, "type": "PER"}, {"start": 6, "end": 10, "type": "ORG"}]
    [sentence] = load(json.dumps(record | {"entities": by_character}))
    assert surfaces(sentence) == [("张小明", "PER"), ("北京大学", "ORG")]
