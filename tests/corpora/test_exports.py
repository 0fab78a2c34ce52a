"""Records in the shapes of annotation tools; names and texts are ours."""

from __future__ import annotations

import json

import pytest
from reading import check_refused, surfaces

TEXT = "Anna wohnt in Bonn"
ANNA = {"start": 0, "end": 4, "label": "PER"}
BONN = {"start": 14, "end": 18, "label": "LOC"}
BOTH = [("Anna", "PER"), ("Bonn", "LOC")]


def lines(*records: object) -> str:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({"content": TEXT, "entities": [ANNA, BONN]}, id="content"),
        pytest.param({"text": TEXT, "labels": [[0, 4, "PER"], [14, 18, "LOC"]]}, id="doccano-1.4"),
        pytest.param({"data": TEXT, "label": [[0, 4, "PER"], [14, 18, "LOC"]]}, id="doccano-data"),
        pytest.param(
            {
                "text": TEXT,
                "entities": [
                    {"id": 1, "label": "PER", "start_offset": 0, "end_offset": 4},
                    {"id": 2, "label": "LOC", "start_offset": 14, "end_offset": 18},
                ],
                "relations": [{"id": 1, "from_id": 1, "to_id": 2, "type": "lives"}],
                "Comments": [],
            },
            id="doccano-relations",
        ),
        pytest.param(
            {"text": TEXT, "annotation": [["PER", 0, 4], ["LOC", 14, 18, 0.9]]}, id="rubrix"
        ),
        pytest.param(
            {
                "content": TEXT,
                "annotation": [
                    {"label": ["PER"], "points": [{"start": 0, "end": 3, "text": "Anna"}]},
                    {"label": ["LOC"], "points": [{"start": 14, "end": 17, "text": "Bonn"}]},
                ],
                "extras": None,
            },
            id="dataturks",
        ),
        pytest.param(
            {
                "text": TEXT,
                "tokens": [
                    {"text": "Anna", "start": 0, "end": 4, "id": 0, "ws": True},
                    {"text": "wohnt", "start": 5, "end": 10, "id": 1, "ws": True},
                ],
                "spans": [
                    ANNA | {"token_start": 0, "token_end": 0},
                    BONN | {"token_start": 3, "token_end": 3, "source": "rules"},
                ],
                "answer": "accept",
                "_input_hash": 1,
                "_task_hash": 2,
                "_view_id": "ner_manual",
            },
            id="prodigy",
        ),
        pytest.param(
            {
                "id": 4,
                "text": TEXT,
                "label": [
                    {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]},
                    {"start": 14, "end": 18, "text": "Bonn", "labels": ["LOC"]},
                ],
                "annotator": 1,
            },
            id="label-studio-min",
        ),
        pytest.param(
            {
                "id": "a",
                "fields": {"text": TEXT},
                "metadata": {},
                "suggestions": {},
                "responses": {"ner": [{"value": [ANNA, BONN], "user_id": "u"}]},
                "status": "completed",
            },
            id="argilla-2",
        ),
        pytest.param(
            {
                "fields": {"text": TEXT},
                "responses": [
                    {
                        "user_id": "u",
                        "status": "submitted",
                        "values": {"ner": {"value": [ANNA, BONN]}, "topic": {"value": "people"}},
                    }
                ],
            },
            id="argilla-feedback",
        ),
        pytest.param(
            {
                "tokenized_text": ["Anna", "wohnt", "in", "Bonn"],
                "ner": [[0, 0, "PER"], [3, 3, "LOC"]],
            },
            id="gliner",
        ),
        pytest.param([TEXT, {"entities": [[0, 4, "PER"], [14, 18, "LOC"]]}], id="spacy-pair"),
        pytest.param(
            {
                "id": 0,
                "paragraphs": [
                    {
                        "raw": TEXT,
                        "sentences": [
                            {
                                "tokens": [
                                    {"id": 0, "orth": "Anna", "ner": "U-PER"},
                                    {"id": 1, "orth": "wohnt", "ner": "O"},
                                    {"id": 2, "orth": "in", "ner": "O"},
                                    {"id": 3, "orth": "Bonn", "ner": "U-LOC"},
                                ],
                                "brackets": [],
                            }
                        ],
                    }
                ],
            },
            id="spacy-2",
        ),
    ],
)
def test_the_shapes_of_tools(load, record: object) -> None:
    for content in (lines(record), json.dumps([record], indent=2)):
        for sentence in load(content):
            assert sentence.text == TEXT
            assert surfaces(sentence) == BOTH


def test_answers_of_prodigy(load, caplog) -> None:
    content = lines(
        {"text": TEXT, "spans": [ANNA, BONN], "answer": "accept"},
        {"text": "Der Wolf lief", "spans": [ANNA], "answer": "reject"},
        {"text": "Rom ruft", "spans": [], "answer": "ignore"},
        {"text": "Oslo", "spans": [[0, 4, "LOC"]], "answer": "accept"},
    )
    sentences = load(content)
    assert [surfaces(s) for s in sentences] == [BOTH, [("Oslo", "LOC")]]
    assert [s.sentence_id for s in sentences] == ["000001", "000004"]
    assert "line 2: left out: its answer is 'reject' (1 records)" in caplog.text
    assert "line 3: left out: its answer is 'ignore' (1 records)" in caplog.text
    with_typo = content.replace('"answer": "reject"', '"anwser": "reject"')
    caplog.clear()
    load(with_typo)
    assert "'anwser' looks like Prodigy's 'answer'" in caplog.text
    check_refused(lambda: load(content.replace("reject", "rejected")), 2, "answer 'rejected'")
    check_refused(lambda: load(content.replace('"reject"', "false")), 2, "answer False")
    check_refused(
        lambda: load(lines({"text": TEXT, "answer": "reject"})), None, "no record is gold: .*reject"
    )
    # An answer to a question is none of Prodigy's.
    assert load(lines({"text": TEXT, "question": "Wo?", "answer": "Bonn"}))[0].text == TEXT


def test_one_entity_judged_is_not_the_gold_of_a_sentence(load, caplog) -> None:
    record = {"text": TEXT, "spans": [ANNA], "answer": "accept", "_is_binary": True}
    load(lines(record))
    assert "judged one entity alone" in caplog.text


def a_task(*annotations: dict, **more: object) -> dict:
    return {"id": 3, "data": {"text": TEXT}, "annotations": [*annotations]} | more


def results(*values: dict, kind: object = "labels", **more: object) -> dict:
    return {"result": [{"type": kind, "value": value} for value in values]} | more


PER = {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}
LOC = {"start": 14, "end": 18, "text": "Bonn", "labels": ["LOC"]}


def test_annotators_of_label_studio(load, caplog) -> None:
    [sentence] = load(lines(a_task(results(PER), results(PER))))
    assert surfaces(sentence) == BOTH[:1]
    assert not caplog.records
    [sentence] = load(lines(a_task(results(PER), results(PER, LOC))))
    assert surfaces(sentence) == BOTH[:1]
    assert "annotators disagree" in caplog.text
    caplog.clear()
    [sentence] = load(lines(a_task(results(PER), results(PER, LOC, ground_truth=True))))
    assert surfaces(sentence) == BOTH
    assert not caplog.records
    completions = {"id": 3, "data": {"text": TEXT}, "completions": [results(PER, LOC)]}
    assert surfaces(load(lines(completions))[0]) == BOTH


def test_unfinished_tasks_are_left_out_beside_finished_ones(load, caplog) -> None:
    skipped, untouched = a_task(results(PER, was_cancelled=True), id=4), a_task(id=5)
    sentences = load(lines(a_task(results(PER)), skipped, untouched))
    assert [s.sentence_id for s in sentences] == ["3"]
    assert "nobody annotated it, or the annotator skipped it (2 records)" in caplog.text
    caplog.clear()
    predicted = a_task(id=6, predictions=[results(PER)])
    assert [len(s.entities) for s in load(lines(skipped, untouched, predicted))] == [0, 0, 0]
    assert "no record is annotated" in caplog.text


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        (a_task(results(PER, kind="hypertextlabels")), "type 'hypertextlabels' is not read"),
        (a_task(results(PER, kind="paragraphlabels")), "type 'paragraphlabels' is not read"),
        (a_task(results(PER, kind=["labels"])), r"type \['labels'\] is not read"),
        (a_task({"result": "x"}), "no list as its 'result'"),
        (a_task(7), "are numbers, not annotations"),
        (a_task(results(PER), data={"body": TEXT}), "only 'id', 'body', 'spans'"),
    ],
)
def test_what_is_not_read_of_label_studio(load, task: dict, problem: str) -> None:
    check_refused(lambda: load(lines(task)), 1, problem)
    body = a_task(results(PER, LOC), data={"body": TEXT})
    assert surfaces(load(lines(body), text_key="data.body")[0]) == BOTH


def test_records_of_argilla_that_are_no_gold(load, caplog) -> None:
    done = {"text": TEXT, "annotation": [ANNA, BONN], "prediction": None, "status": "Validated"}
    default = done | {"annotation": None, "prediction": [["PER", 0, 4]], "status": "Default"}
    discarded = done | {"status": "Discarded"}
    assert [surfaces(s) for s in load(lines(default, done, discarded))] == [BOTH]
    assert "'prediction' is what a model said" in caplog.text
    assert "its status is 'Discarded'" in caplog.text
    caplog.clear()
    answer = {"value": [ANNA, BONN]}
    two = {"fields": {"text": TEXT}, "responses": {"ner": [answer, {"value": []}]}}
    pending = {"fields": {"text": "x"}, "responses": {}, "suggestions": {"ner": answer}}
    thrown = {"fields": {"text": "y"}, "responses": [{"status": "discarded", "values": {"n": {}}}]}
    assert [surfaces(s) for s in load(lines(two, pending, thrown))] == [BOTH]
    assert "annotators disagree" in caplog.text
    assert "its response is 'discarded'" in caplog.text
    several = {"fields": {"text": TEXT}, "responses": {"ner": [answer], "fine": [answer]}}
    check_refused(lambda: load(lines(several)), 1, "several questions ask for spans: ner, fine")
    flat = {"text": TEXT, "ner.responses": [[ANNA]], "ner.suggestion": None}
    check_refused(lambda: load(lines(flat)), 1, "Argilla's records were flattened")


@pytest.mark.parametrize(
    "ner",
    ["", None, [[0, 1, 7]], [[0, 1, "A"], [1, 2, "B"]], [[3, 4, "A"]], [[0, "A"]], {"PER": [0]}],
)
def test_spans_of_gliner_that_do_not_fit(load, ner: object) -> None:
    record = {"tokenized_text": ["Anna", "wohnt", "in", "Bonn"], "ner": ner}
    check_refused(lambda: load(lines(record)), 1, "'ner' does not fit the tokens")


def test_sentences_of_spacys_documents(load) -> None:
    text = "Anna lacht. Bonn!"
    spans = [ANNA, {"start": 12, "end": 16, "label": "LOC"}]
    doc = {
        "id": "d",
        "text": text,
        "ents": spans,
        "sents": [{"start": 0, "end": 11}, {"start": 12, "end": 17}],
        "tokens": [{"id": 0, "start": 0, "end": 4, "tag": "NE", "pos": "PROPN", "dep": "sb"}],
    }
    sentences = load(lines(doc))
    assert [s.text for s in sentences] == ["Anna lacht.", "Bonn!"]
    assert [s.sentence_id for s in sentences] == ["d-1", "d-2"]
    assert [surfaces(s) for s in sentences] == [BOTH[:1], BOTH[1:]]
    [sentence] = load(lines(doc | {"sents": [{"start": 0, "end": 17}]}))
    assert surfaces(sentence) == BOTH
    crossing = doc | {"ents": [{"start": 6, "end": 16, "label": "LOC"}]}
    check_refused(lambda: load(lines(crossing)), 1, "crosses the end of a sentence")
    tokens = [{"orth": o, "ner": t} for o, t in (("Anna", "U-PER"), ("lacht", "O"), (".", "O"))]
    more = [{"orth": "Bonn", "ner": "U-LOC"}, {"orth": "!", "ner": "O"}]
    raw = {"raw": text, "sentences": [{"tokens": tokens}, {"tokens": more}]}
    sentences = load(lines({"id": 0, "paragraphs": [raw]}))
    assert [s.text for s in sentences] == ["Anna lacht.", "Bonn!"]
    assert [surfaces(s) for s in sentences] == [BOTH[:1], BOTH[1:]]
    check_refused(lambda: load(lines({"paragraphs": [raw | {"raw": "Otto"}]})), 1, "'Anna'")
    check_refused(lambda: load(lines({"paragraphs": [{"context": TEXT}]})), 1, "'paragraphs'")


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"annotatable": {"parts": []}, "entities": []}, "tagtog"),
        ({"%FEATURE_STRUCTURES": []}, "UIMA CAS"),
        ({"Entities": [{"BeginOffset": 0, "EndOffset": 4}], "File": "x"}, "Amazon Comprehend"),
        ({"Data": TEXT, "Entities": [[0, 4, "PER"]]}, "Acharya"),
        ({"doc_key": "x", "sentences": [["Anna"]], "ner": [[[0, 0, "PER"]]]}, "DyGIE"),
        ({"textContent": TEXT, "textSegmentAnnotations": []}, "Vertex AI"),
        ({"context": TEXT, "query": "persons"}, "questions and answers"),
    ],
)
def test_what_is_not_read_is_named(load, record: dict, name: str) -> None:
    check_refused(lambda: load(lines(record)), 1, f"seems to be .*{name}")


def test_labels_of_two_texts_are_not_those_of_one(load) -> None:
    results = [
        {"type": "labels", "to_name": name, "value": {"start": 0, "end": 4, "labels": ["PER"]}}
        for name in ("text", "title")
    ]
    task = {"data": {"text": TEXT, "title": "Anna"}, "annotations": [{"result": results}]}
    check_refused(lambda: load(lines(task)), 1, "several texts: text, title")


def test_places_without_labels_are_not_passed_over(load) -> None:
    """Universal information extraction names the label in its prompt."""
    anna = {"text": "Anna", "start": 0, "end": 4}
    record = {"content": TEXT, "result_list": [anna], "prompt": "person"}
    check_refused(lambda: load(lines(record)), 1, "'result_list' may hold entities")
    [sentence] = load(lines({"text": TEXT, "tokens": [anna | {"id": 0}], "spans": [ANNA]}))
    assert surfaces(sentence) == BOTH[:1]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("output", {"Anna": "PER"}),
        ("persons", ["Anna"]),
        ("entity_start", [0]),
        ("tagged", "<PER>Anna</PER> wohnt in Bonn"),
        ("answer_text", "[Anna](PER) wohnt in [Bonn](LOC)"),
    ],
)
def test_names_under_keys_of_any_kind_are_not_passed_over(load, key: str, value: object) -> None:
    check_refused(lambda: load(lines({"text": TEXT, key: value})), 1, f"'{key}' may hold entities")


@pytest.mark.parametrize(
    "more",
    [
        {"lang": "DE", "meta": {"in": "DE", "source": "web"}, "keywords": ["Anna"]},
        {"segments": [{"start": 0, "end": 2, "text": TEXT}], "language": "de"},
        {"html": f"<p>{TEXT}</p>", "token_offsets": [0, 5, 11, 14]},
        {"chunks": [{"start": 0, "end": 4, "text": "Anna"}], "translation": "Anna lives in Bonn"},
    ],
)
def test_what_else_a_record_says_is_no_annotation(load, more: dict) -> None:
    [sentence] = load(lines({"text": TEXT, **more}))
    assert sentence.text == TEXT


def test_a_record_below_data_is_no_task_of_label_studio(load) -> None:
    [sentence] = load(lines({"data": {"text": TEXT, "entities": [[0, 4, "PER"]]}}))
    assert surfaces(sentence) == BOTH[:1]
