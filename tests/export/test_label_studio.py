"""Tasks with predictions, and the way back: what people corrected is read as gold.

The SDK of Label Studio checks the tasks where it is installed (`make test-tools`).
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from xml.etree import ElementTree

import hostile
import pytest

from eatner.corpora import formats
from eatner.export import label_studio

SYSTEM = "a + b + c"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("label_studio")
    label_studio.write(hostile.read(folder), SYSTEM, folder / "tasks.json", folder / "config.xml")
    return folder


@pytest.fixture(scope="module")
def tasks(folder: Path) -> list[dict]:
    return json.loads((folder / "tasks.json").read_text(encoding="utf-8"))


def test_a_task_has_the_fields_that_the_tool_documents(folder: Path, tasks: list[dict]) -> None:
    view = ElementTree.parse(folder / "config.xml").getroot()
    control, text = view.find("Labels"), view.find("Text")
    assert control.get("toName") == text.get("name")
    key = text.get("value").removeprefix("$")
    labels = {label.get("value") for label in control}
    assert [task["data"]["id"] for task in tasks] == [*hostile.CASES]
    for task in tasks:
        case = task["data"]["id"]
        assert task["data"][key] == hostile.CASES[case][0]
        [prediction] = task["predictions"]
        assert prediction["model_version"] == SYSTEM
        found = []
        for region in prediction["result"]:
            value = region["value"]
            assert (region["from_name"], region["to_name"]) == (control.get("name"), "text")
            assert region["type"] == "labels"
            assert task["data"][key][value["start"] : value["end"]] == value["text"]
            [kind] = value["labels"]
            assert kind in labels
            found.append((value["start"], value["end"], kind))
        assert found == hostile.spans(case)
        assert ("score" in prediction) is (case not in ("side by side", "nothing"))
    regions = [region for task in tasks for region in task["predictions"][0]["result"]]
    assert len({region["id"] for region in regions}) == len(regions)
    assert regions[0]["score"] == 0.9
    assert tasks[0]["predictions"][0]["score"] == 0.775
    assert regions[0]["meta"] == {"text": ["English 0"]}


def test_no_sentences(tmp_path: Path) -> None:
    label_studio.write([], SYSTEM, tmp_path / "t.json", tmp_path / "c.xml")
    assert json.loads((tmp_path / "t.json").read_text()) == []


# --- the way back -------------------------------------------------------------------------------


def exported(task: dict, number: int, result: list[dict], **more: object) -> dict:
    """A task as Label Studio exports it (JSON) after a person has submitted it."""
    annotation = {
        "id": number,
        "completed_by": 1,
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": 3.2,
        "result": result,
        **more,
    }
    return {"id": 100 + number, **task, "annotations": [annotation], "drafts": [], "meta": {}}


def region(text: str, surface: str, kind: str) -> dict:
    start = text.index(surface)
    value = {"start": start, "end": start + len(surface), "text": surface, "labels": [kind]}
    return {
        "id": f"new-{start}",
        "from_name": label_studio.LABELS,
        "to_name": label_studio.TEXT,
        "type": "labels",
        "origin": "manual",
        "value": value,
    }


def test_what_people_corrected_is_gold(tasks: list[dict], tmp_path: Path) -> None:
    """One entity is deleted, one moved, one gets another type, one is new; one task is skipped."""
    of = {task["data"]["id"]: task for task in tasks}
    results = {case: list(task["predictions"][0]["result"]) for case, task in of.items()}
    expected = {case: list(entities) for case, (_, entities) in hostile.CASES.items()}
    del results["plain"][0], expected["plain"][0]
    emoji, text = results["emoji"], hostile.CASES["emoji"][0]
    emoji[1] = region(text, "東京🗼", "LOC")
    expected["emoji"] = [("Anna", "PER"), ("東京🗼", "LOC")]
    moved = results["right to left"][0]
    retyped = {**moved["value"], "labels": ["ORG"]}
    results["right to left"][0] = {**moved, "value": retyped, "origin": "prediction-changed"}
    expected["right to left"][0] = ("محمد", "ORG")
    results["nothing"].append(region("誰もいない", "誰", "PER"))
    expected["nothing"] = [("誰", "PER")]
    lines = [
        exported(task, number, results[case])
        for number, (case, task) in enumerate(of.items(), 1)
        if case not in ("markup", "a tag")
    ]
    lines.append(exported(of["markup"], 98, [], was_cancelled=True))
    lines.append({"id": 99, **of["a tag"], "annotations": []})  # nobody has opened it
    random.Random(1).shuffle(lines)  # the tool exports in an order of its own
    path = tmp_path / "corrected.json"
    path.write_text(json.dumps(lines, ensure_ascii=False), encoding="utf-8")
    read = {s.sentence_id: s for s in formats.read(path, language_spaces=False)}
    assert read.keys() == hostile.CASES.keys() - {"markup", "a tag"}
    for case, sentence in read.items():
        assert sentence.text == hostile.CASES[case][0]
        found = [(sentence.text[e.start : e.end], e.label) for e in sentence.entities]
        assert sorted(found) == sorted(expected[case])


# --- Label Studio's own library -----------------------------------------------------------------


def test_the_sdk_takes_interface_and_tasks(folder: Path, tasks: list[dict]) -> None:
    pytest.importorskip("label_studio_sdk", reason="label-studio-sdk is not installed")
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface((folder / "config.xml").read_text(encoding="utf-8"))
    interface.validate()
    for task in tasks:
        assert interface.validate_task({"data": task["data"]})
        for prediction in task["predictions"]:
            assert interface.validate_prediction(prediction, return_errors=True) == []


def test_the_converter_of_the_sdk_reads_the_places(
    folder: Path, tasks: list[dict], tmp_path: Path
) -> None:
    pytest.importorskip("label_studio_sdk", reason="label-studio-sdk is not installed")
    from label_studio_sdk.converter import Converter

    done = [
        exported(task, number, task["predictions"][0]["result"])
        for number, task in enumerate(tasks, 1)
    ]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "tasks.json").write_text(json.dumps(done), encoding="utf-8")
    converter = Converter((folder / "config.xml").read_text(encoding="utf-8"), str(tmp_path))
    converter.convert_to_json_min(str(tmp_path / "in"), str(tmp_path / "out"))
    [path] = (tmp_path / "out").glob("*.json")
    read = {s.text: s for s in formats.read(path, language_spaces=False)}
    for text, entities in hostile.CASES.values():
        sentence = read[text]
        assert [(sentence.text[e.start : e.end], e.label) for e in sentence.entities] == entities
