from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from reading import check_refused, surfaces

from eatner.corpora import formats, jsonl
from eatner.corpora.gold import LabelledSpan
from eatner.errors import InputError

STOCKMARK = {"東京": [2, 4], "パリ": [6, 8]}
RECORD = {"id": "a1", "text": "👩 東京と\nパリ"}


@pytest.mark.parametrize(
    "spans",
    [
        {"spans": [{"start": 2, "end": 4, "label": "LOC"}, {"start": 6, "end": 8, "label": "LOC"}]},
        {"entities": [{"start_offset": 6, "end_offset": 8, "label": "LOC"}, [2, 4, "LOC"]]},
        {"label": [[2, 4, "LOC"], [6, 8, "LOC"]]},
        {"spans": [{"start": 2, "end": 4, "type": "LOC", "surface": "東京"}, [6, 8, "LOC"]]},
        {"entities": [{"name": n, "span": s, "type": "LOC"} for n, s in STOCKMARK.items()]},
        {"label": {"LOC": {"東京": [[2, 3]], "パリ": [[6, 7]]}}},
        {"entities": {"start": [2, 6], "end": [4, 8], "label": ["LOC", "LOC"]}},
    ],
)
def test_json_with_spans(load, spans: dict) -> None:
    for content in (json.dumps(RECORD | spans), json.dumps([RECORD | spans], indent=1)):
        [sentence] = load(content)
        assert (sentence.sentence_id, sentence.text) == ("a1", RECORD["text"])
        assert sorted(surfaces(sentence)) == [("パリ", "LOC"), ("東京", "LOC")]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda text, spans: {"text": text, "spans": spans},
        lambda text, spans: [{"text": text, "spans": spans}],
        lambda text, spans: {"version": 1, "data": [{"text": text, "spans": spans}]},
        lambda text, spans: [text, {"entities": spans}],
        lambda text, spans: [[text, {"entities": spans}]],
    ],
)
def test_one_json_value(load, wrap, indent: int | None) -> None:
    [sentence] = load(json.dumps(wrap("東京", [[0, 2, "LOC"]]), indent=indent))
    assert surfaces(sentence) == [("東京", "LOC")]


def test_a_pair_of_spacy_a_line(load) -> None:
    line = json.dumps(["東京", {"entities": [[0, 2, "LOC"]]}], ensure_ascii=False)
    assert [surfaces(s) for s in load(f"{line}\n{line}\n")] == [[("東京", "LOC")]] * 2


def a_task(text: str, *spans: dict[str, object], cancelled: bool = False) -> dict[str, object]:
    """A task as Label Studio exports it."""
    results = [{"type": "labels", "from_name": "label", "value": span} for span in spans]
    note = {"type": "choices", "value": {"choices": ["sport"]}}
    skipped = {"was_cancelled": True, "result": []}
    done = {"was_cancelled": cancelled, "result": [*results, note]}
    return {"id": 3, "data": {"text": text}, "annotations": [skipped, done]}


def test_tasks_of_label_studio(load) -> None:
    span = {"start": 3, "end": 5, "text": "東京", "labels": ["LOC"]}
    short = {"id": 4, "text": "私は東京に", "label": [span | {"start": 2, "end": 4}]}
    exported = [a_task("今日は東京", span), short]
    sentences = load(json.dumps(exported, ensure_ascii=False, indent=1))
    assert [surfaces(s) for s in sentences] == [[("東京", "LOC")]] * 2
    assert [s.sentence_id for s in sentences] == ["3", "4"]
    [sentence] = load(json.dumps([a_task("今日は東京", span, cancelled=True)]))
    assert sentence.entities == ()
    with pytest.raises(InputError, match="not a span"):
        load(json.dumps([a_task("今日は東京", span | {"labels": ["LOC", "ORG"]})]))
    with pytest.raises(InputError, match='neither a "text" nor "tokens"'):
        load(json.dumps([{"id": 3, "data": {"image": "a.png"}, "annotations": []}]))


@pytest.mark.parametrize("indent", [None, 1])
def test_a_record_of_a_list_is_named_by_its_number(load, indent: int | None) -> None:
    bad = {"text": "b", "spans": [[0, 5, "LOC"]]}
    with pytest.raises(InputError, match="corpus, record 2: the span 0:5") as caught:
        load(json.dumps([{"text": "a"}, bad], indent=indent))
    assert caught.value.line is None
    with pytest.raises(InputError, match="record 2: the sentence id '7' stands in record 1"):
        load(json.dumps([{"id": 7, "text": "a"}, {"id": 7, "text": "b"}], indent=indent))


@pytest.mark.parametrize(
    "more",
    [
        {"tags": ["B-LOC", "O"], "spans": [[0, 3, "LOC"]]},
        {"tags": ["NN", "VB"], "spans": [[0, 3, "LOC"]]},
        {"tags": ["B-LOC", "O"], "spans": ["LOC: Rom"]},
        {"labels": ["sport"], "ner_tags": ["B-LOC", "O"]},
        {"labels": [[0, 3, "LOC"]]},
    ],
)
def test_json_with_tokens_and_more(load, more: dict) -> None:
    record = {"tokens": ["Rom", "lacht"], "text": "Rom lacht"} | more
    assert surfaces(load(json.dumps(record))[0]) == [("Rom", "LOC")]


def test_the_scheme_of_json_is_told_from_the_whole_file(load) -> None:
    content = '{"tokens": ["a", "b"], "tags": ["I-LOC", "I-PER"]}\n'
    assert surfaces(load(content)[0]) == [("a", "LOC"), ("b", "PER")]
    with pytest.raises(InputError, match=r"I-PER continues no PER .*IOB2") as caught:
        load(content + '{"tokens": ["a"], "tags": ["B-LOC"]}\n')
    assert caught.value.line == 1
    lenient = load('{"tokens": ["a", "b"], "tags": ["B-LOC", "I-PER"]}', scheme="lenient")
    assert surfaces(lenient[0]) == [("a", "LOC"), ("b", "PER")]


def test_json_with_tokens(load) -> None:
    content = json.dumps({"tokens": ["東京", "と"], "ner_tags": ["B-LOC", "O"]}) + "\n"
    [sentence] = load(content, spaces=False)
    assert (sentence.sentence_id, sentence.text) == ("000001", "東京と")
    assert surfaces(sentence) == [("東京", "LOC")]


def test_korean_characters_with_spaces_among_them_are_joined_as_they_are(tmp_path: Path) -> None:
    """KLUE's records, whose `sentence` has marks of its own."""
    tokens, tags = list("서울에 비"), ["B-LC", "I-LC", "O", "O", "O"]
    record = {"sentence": "<서울:LC>에 비", "tokens": tokens, "ner_tags": tags}
    path = tmp_path / "klue.jsonl"
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    [sentence] = formats.read(path, language_spaces=True)
    assert sentence.text == "서울에 비"
    assert sentence.entities == (LabelledSpan(0, 2, "LC"),)


def test_tagged_tokens_stand_where_the_records_own_text_has_them(tmp_path: Path) -> None:
    record = {"text": "Er kam aus Köln.", "tokens": ["Er", "kam", "aus", "Köln", "."]}
    path = tmp_path / "de.jsonl"
    record["tags"] = ["O", "O", "O", "B-LOC", "O"]
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    [sentence] = formats.read(path, language_spaces=True)
    assert sentence.text == record["text"]
    assert sentence.entities == (LabelledSpan(11, 15, "LOC"),)
    assert sentence.tokens[-1] == (15, 16)


@pytest.mark.parametrize(
    ("content", "format", "line", "problem"),
    [
        ('{"text": "ab", "spans": [["0", 3, "L"]]}', "jsonl", 1, "is not a span"),
        ('{"text": "ab", "spans": [[true, 2, "L"]]}', "jsonl", 1, "is not a span"),
        ('{"text": "ab", "spans": [[0, 1, null]]}', "jsonl", 1, "is not a span"),
        ('{"text": "ab", "spans": "x"}', "jsonl", 1, "not a list"),
        (
            '{"text": "👩ab", "spans": [{"start": 2, "end": 3, "label": "L", "text": "x"}]}',
            "jsonl",
            1,
            "is 'b', not 'x'",
        ),
        (
            '{"text": "ab", "spans": [[0, 2, "L"], [1, 2, "M"]]}',
            "jsonl",
            1,
            "the span 1:2 M 'b' overlaps another, 0:2 L 'ab'",
        ),
        ('{"text": "ab"}\n{"text": ', "jsonl", 2, "not JSON"),
        ('{"text": "ab"}\n\n{"text": ', "jsonl", 3, "not JSON"),
        ('[{"text": "ab"},\n\n{"text" ]', "jsonl", 3, "not JSON"),
        ('[{"text": "ab"},\n{"text" ]', "jsonl", 2, "not JSON"),
        ('{"spans": []}', "jsonl", 1, 'neither a "text" nor "tokens"'),
        ("7", "jsonl", 1, "not an object"),
        ('{"tokens": ["a"], "ner_tags": [3]}', "jsonl", 1, "tag names"),
        ('{"text": "a", "tokens": ["a"], "ner_tags": [3]}', "jsonl", 1, "tag names"),
        ('{"text": "a", "tokens": ["a"], "tags": ["B_X"]}', "jsonl", 1, "malformed tag 'B_X'"),
        ('{"tokens": ["im", 1984], "tags": ["O", "O"]}', "jsonl", 1, "token 1984 is no text"),
        ('{"tokens": ["a"], "tags": ["O", "O"]}', "jsonl", 1, "one for each of its tokens"),
        (
            '{"tokens": ["A", "b"], "tags": ["B-LOC", "I-PER"]}',
            "jsonl",
            1,
            "I-PER continues no PER",
        ),
        (
            '{"tokens": ["A"], "tags": ["S-LOC"]}\n{"tokens": ["B"], "tags": ["U-LOC"]}',
            "jsonl",
            2,
            "BIOES.*BILOU",
        ),
        (
            '{"text": "Rom", "tokens": ["Rom"], "tags": ["O"], "spans": [[0, 3, "LOC"]]}',
            "jsonl",
            1,
            "spans are not the entities of its tags",
        ),
        (
            '{"tokens": ["Rom"], "tags": ["O"], "spans": [[0, 1, "LOC"]]}',
            "jsonl",
            1,
            "spans are not the entities of its tags",
        ),
    ],
)
def test_contradictions_are_refused_with_their_line(
    load, content: str, format: str, line: int | None, problem: str
) -> None:
    check_refused(partial(load, content, format), line, problem)


def test_half_a_character_is_refused(load) -> None:
    content = '{"text": "a"}\n{"text": "bad \\ud83d Москва"}\n'
    check_refused(lambda: load(content), 2, "half a character")


ANNA = {"start": 0, "end": 4, "label": "PER"}
BONN = {"start": 14, "end": 18, "label": "LOC"}
TEXT = "Anna wohnt in Bonn"


@pytest.mark.parametrize(
    ("text", "start", "end", "surface", "unit"),
    [
        ("👍 Anna lacht", 3, 7, "Anna", "UTF-16 units"),
        ("В Москве был Ром", 3, 15, "Москве", "bytes"),
        ("Anna lacht", 0, 3, "Anna", "inclusive ends"),
    ],
)
def test_offsets_that_count_otherwise_are_read_where_texts_show_it(
    load, caplog, text: str, start: int, end: int, surface: str, unit: str
) -> None:
    span = {"start": start, "end": end, "label": "X", "text": surface}
    sentence = load(json.dumps({"text": text, "spans": [span]}))[0]
    assert surfaces(sentence) == [(surface, "X")]
    assert f"read as {unit}" in caplog.text


def test_a_file_has_one_unit(load) -> None:
    good = {"text": TEXT, "spans": [ANNA | {"text": "Anna"}]}
    short = {"text": TEXT, "spans": [ANNA | {"end": 3, "text": "Anna"}]}
    check_refused(
        lambda: load(f"{json.dumps(good)}\n{json.dumps(short)}"), 2, "is 'Ann', not 'Anna'"
    )


def test_offsets_without_texts_that_cut_words_are_warned_of_or_refused(load, caplog) -> None:
    [sentence] = load(json.dumps({"text": TEXT, "spans": [ANNA | {"end": 3}]}))
    assert surfaces(sentence) == [("Ann", "PER")]
    assert "inside a word" in caplog.text
    caplog.clear()
    load(json.dumps({"text": TEXT, "spans": [ANNA | {"end": 5}]}))
    assert "white space" in caplog.text
    record = {"text": f"👍 {TEXT}", "spans": [ANNA | {"start": 3, "end": 7}]}
    check_refused(lambda: load(json.dumps(record)), 1, "counted in UTF-16 units they do not")
    caplog.clear()
    load(json.dumps({"text": "東京都に住む", "spans": [[0, 2, "LOC"]]}))
    assert not caplog.records


def test_records_without_the_key_that_others_have_are_warned_of(load, caplog) -> None:
    lines = [{"text": "Bonn"}, {"text": TEXT, "spans": [ANNA]}, {"text": "x", "spans": None}]
    assert [len(s.entities) for s in load("\n".join(map(json.dumps, lines)))] == [0, 1, 0]
    assert "line 1: it has no key for entities" in caplog.text
    assert "(2 records)" in caplog.text


def test_a_text_with_two_annotations_is_warned_of(load, caplog) -> None:
    lines = [{"text": TEXT, "spans": [ANNA]}, {"text": "x"}, {"text": TEXT, "spans": [BONN]}]
    assert len(load("\n".join(map(json.dumps, lines)))) == 3
    assert "line 3, first at line 1: its text is there before" in caplog.text
    caplog.clear()
    load("\n".join(map(json.dumps, [lines[0], lines[0]])))
    assert not caplog.records


def test_an_empty_text_is_left_out_with_a_warning_and_keeps_the_numbers(load, caplog) -> None:
    lines = [{"text": ""}, {"text": "  ", "spans": []}, {"text": TEXT, "spans": [ANNA]}]
    [sentence] = load("\n".join(map(json.dumps, lines)))
    assert sentence.sentence_id == "000003"
    assert "its text is empty (2 records)" in caplog.text


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Der <PER>Anna</PER> lacht", "<PER>Anna</PER>"),
        ("<서울:LC>에 비가 온다", "<서울:LC>"),
        ("a " * 1500, "more than 2000"),
        ("Anna\nlacht", "several lines"),
        ("[Anna](PER) lacht", "[Anna](PER)"),
        ("@@Anna## lacht", "@@Anna##"),
    ],
)
def test_texts_that_are_no_sentences_are_warned_of(load, caplog, text: str, mark: str) -> None:
    assert load(json.dumps({"text": text}))[0].text == text
    assert mark in caplog.text


def test_a_file_of_too_many_records_is_read_twice_to_the_same_sentences(load, monkeypatch) -> None:
    lines = "\n".join(json.dumps({"text": f"Anna {n}", "spans": [[0, 4, "PER"]]}) for n in range(9))
    kept = load(lines)
    monkeypatch.setattr(jsonl, "_MOST_KEPT", 4)
    assert load(lines) == kept
    assert len(kept) == 9
