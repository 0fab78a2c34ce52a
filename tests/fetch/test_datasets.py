from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import tiny
from datasets import ClassLabel, Dataset, Features, List, Value
from datasets.exceptions import DataFilesNotFoundError

from eatner.corpora import formats
from eatner.corpora.gold import LabelledSpan
from eatner.errors import InputError
from eatner.fetch import datasets

NOW = 0.0
JA = [
    ("ソニー は 東京 に ある 。".replace(" ", ""), "ソニー", "ORG"),
    ("I love 東京", "東京", "LOC"),
]


def rows(texts: Sequence[tuple[str, str, str]]) -> list[dict[str, list]]:
    """WikiANN's rows of a language without spaces: a token a character, spaces too."""
    found = []
    for text, surface, kind in texts:
        tags = ["O"] * len(text)
        start = text.index(surface)
        tags[start : start + len(surface)] = [f"B-{kind}"] + [f"I-{kind}"] * (len(surface) - 1)
        found.append({"tokens": list(text), "ner_tags": tags, "spans": [f"{kind}: {surface}"]})
    return found


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wikiann")
    ko = [{"tokens": ["서울에서", "비가"], "ner_tags": ["B-LOC", "O"]}]
    return tiny.make_dataset(folder, {"ja": rows(JA), "ko": ko})


def test_numbers_become_names_and_characters_a_text(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "resources/corpora/ja.jsonl"
    record = datasets.fetch_corpus(dataset, out, subset="ja", split="test")
    assert record["rows"] == 2
    assert record["commit"] is None
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["ner_tags"][:4] == ["B-ORG", "I-ORG", "I-ORG", "O"]
    assert {path.name for path in out.parent.iterdir()} == {"ja.jsonl"}
    sentences = list(formats.read(out, language_spaces=False))
    assert [sentence.text for sentence in sentences] == [text for text, _, _ in JA]
    for sentence, (_, surface, kind) in zip(sentences, JA, strict=True):
        [entity] = sentence.entities
        assert sentence.text[entity.start : entity.end] == surface
        assert entity.label == kind
        assert len(sentence.tokens) == len(sentence.text)


def test_words_are_joined_by_spaces(dataset: Path, tmp_path: Path) -> None:
    datasets.fetch_corpus(dataset, tmp_path / "ko.jsonl", subset="ko", split="test")
    [sentence] = formats.read(tmp_path / "ko.jsonl", language_spaces=True)
    assert sentence.text == "서울에서 비가"
    assert sentence.entities == (LabelledSpan(0, 4, "LOC"),)


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"subset": "xx"}, "subset xx"), ({"subset": "ja", "split": "dev"}, "split dev")],
)
def test_what_a_dataset_does_not_have_is_named(
    dataset: Path, tmp_path: Path, asked: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match="could not be fetched") as error:
        datasets.fetch_corpus(dataset, tmp_path / "x.jsonl", **asked)
    assert said in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_numbers_without_names_are_refused() -> None:
    features = Features({"tokens": List(Value("string")), "ner_tags": List(Value("int64"))})
    data = Dataset.from_list([{"tokens": ["서울"], "ner_tags": [5]}], features=features)
    with pytest.raises(InputError, match="do not name them"):
        list(datasets.records(data, "here"))


def test_tags_that_are_names_stay_and_other_labels_get_theirs() -> None:
    features = Features(
        {"tags": List(Value("string")), "topic": ClassLabel(names=["sport", "politics"])}
    )
    data = Dataset.from_list([{"tags": ["B-LOC"], "topic": 1}], features=features)
    assert list(datasets.records(data, "here")) == [{"tags": ["B-LOC"], "topic": "politics"}]


def test_a_missing_label_is_refused_with_its_row() -> None:
    features = Features({"ner_tags": List(ClassLabel(names=["O", "B-LOC"]))})
    data = Dataset.from_list([{"ner_tags": [0]}, {"ner_tags": [-1]}], features=features)
    with pytest.raises(InputError, match="row 2"):
        list(datasets.records(data, "here"))


def test_a_broken_connection_is_tried_again_and_the_commit_is_what_is_read(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, asked = datasets._load, []

    def fail_twice(source: str, subset: str, split: str, commit: str, cache: str) -> Dataset:
        asked.append((source, commit))
        if len(asked) < 3:
            raise ConnectionError("reset by peer")
        return load(str(dataset), subset, split, None, cache)

    monkeypatch.setattr(datasets, "_load", fail_twice)
    monkeypatch.setattr(datasets, "_commit", lambda repository, revision: "c" * 40)
    record = datasets.fetch_corpus(
        "a/b", tmp_path / "x.jsonl", revision="main", subset="ko", wait=NOW
    )
    assert asked == [("a/b", "c" * 40)] * 3
    assert (record["revision"], record["commit"]) == ("main", "c" * 40)


def test_a_hub_that_is_not_there_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def fail(*_: object) -> None:
        tries.append(1)
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(datasets, "_load", fail)
    with pytest.raises(InputError, match="no route to host") as error:
        datasets.fetch_corpus("a/b", tmp_path / "x.jsonl", revision="a" * 40, wait=NOW)
    assert len(tries) == datasets.TRIES
    assert f"a/b@{'a' * 40}" in str(error.value)
    assert "corpora: {NAME: {folder: PATH}}" in str(error.value)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Dataset scripts are no longer supported, but found wikiann.py"),
        DataFilesNotFoundError("No (supported) data files found in a/b"),
    ],
)
def test_a_script_is_named_with_the_parquet_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(datasets, "_load", fail)
    with pytest.raises(InputError, match=r"script.*revision: refs/convert/parquet") as caught:
        datasets.fetch_corpus("a/b", tmp_path / "x.jsonl", revision="a" * 40, wait=NOW)
    assert str(error) in caught.value.problem


def test_a_folder_without_data_is_no_script(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="could not be fetched") as caught:
        datasets.fetch_corpus(tmp_path / "empty", tmp_path / "x.jsonl", wait=NOW)
    assert "script" not in caught.value.problem
    assert "refs/convert" not in caught.value.remedy


@pytest.mark.parametrize("revision", ["main", "v1.0", "a" * 39, "A" * 40])
def test_a_branch_or_a_tag_is_no_commit(revision: str) -> None:
    assert not datasets.is_commit(revision)
    assert datasets.is_commit("0a" * 20)
