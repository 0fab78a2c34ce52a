from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
import tiny
from datasets import ClassLabel, Dataset, Features, Image, List, Value
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


SENTENCE = {"tokens": ["Rome"], "ner_tags": ["B-LOC"]}
LINE = json.dumps(SENTENCE) + "\n"


def card(path: str) -> str:
    files = [{"split": "test", "path": path}]
    configs = [{"config_name": "default", "data_files": files}]
    return f"---\n{json.dumps({'configs': configs})}\n---\n"


def parquet(rows: dict[str, list], metadata: str = "") -> bytes:
    table = pyarrow.table(rows)
    if metadata:
        table = table.replace_schema_metadata({"huggingface": metadata})
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


def refused(folder: Path, files: dict[str, str | bytes]) -> str:
    """What is said of a folder of these files; nothing is left of it."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    out = folder.with_name("out")
    with pytest.raises(InputError) as error:
        datasets.fetch_corpus(folder, out / "x.jsonl", wait=NOW)
    assert not out.exists() or not any(out.iterdir())
    said = str(error.value)
    assert said.startswith(str(folder))
    assert "\n" not in said
    assert len(said) < 700
    return said


@pytest.mark.parametrize(
    "path",
    ["../outside.jsonl", "a/../../outside.jsonl", "/etc/passwd", "~/x.jsonl", "c:\\x.jsonl",
     "http://127.0.0.1:9/x.jsonl", "hf://datasets/a/b/x.jsonl", "zip://a.jsonl::test.zip"],
)  # fmt: skip
def test_a_card_names_files_of_its_folder_only(tmp_path: Path, path: str) -> None:
    (tmp_path / "outside.jsonl").write_text(LINE)
    for name in ("README.md", ".huggingface.yaml"):
        text = card(path) if name == "README.md" else card(path).strip("-\n")
        said = refused(tmp_path / name.strip("."), {name: text, "test.jsonl": LINE})
        assert name in said
        assert "which is not in the folder" in said


def test_a_link_that_leads_out_of_a_dataset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.jsonl").write_text(LINE)
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "test.jsonl").symlink_to("../outside.jsonl")
    with pytest.raises(InputError, match=r"test\.jsonl' lies elsewhere"):
        datasets.fetch_corpus(folder, tmp_path / "x.jsonl", wait=NOW)


def test_the_links_of_the_hub_s_cache_are_followed(tmp_path: Path) -> None:
    folder = tmp_path / "datasets--a--b" / "snapshots" / ("a" * 40)
    folder.mkdir(parents=True)
    blob = folder.parents[1] / "blobs" / "b"
    blob.parent.mkdir()
    blob.write_text(LINE)
    (folder / "test.jsonl").symlink_to("../../blobs/b")
    assert datasets.fetch_corpus(folder, tmp_path / "x.jsonl", wait=NOW)["rows"] == 1


def test_a_file_of_another_server_is_refused_in_a_dataset_of_the_hub() -> None:
    datasets._refuse_files_elsewhere(["hf://datasets/a/b@main/x.parquet"], None)
    for file in ("http://h/x.jsonl", "/etc/passwd"):
        with pytest.raises(InputError, match="lies elsewhere"):
            datasets._refuse_files_elsewhere([file], None)


SOUND = parquet({"tokens": [["Rome"]], "ner_tags": [["B-LOC"]]})
DAMAGED: dict[str, tuple[dict[str, str | bytes], str]] = {
    "JSON": ({"test.jsonl": '{"tokens": ["Rome"]\n{"x":'}, "JSON parse error"),
    "Parquet, cut": ({"test.parquet": SOUND[:-20]}, "Parquet magic bytes"),
    "Parquet, a bit": ({"test.parquet": SOUND[:40] + b"\xff" + SOUND[41:]}, "could not be fetched"),
    "Parquet, empty": ({"test.parquet": b""}, "0 bytes"),
    "features": (
        {"test.parquet": parquet({"tokens": [["Rome"]]}, '{"info": {"features": [1]}}')},
        "could not be fetched",
    ),
    "a card's YAML": ({"README.md": "---\n: : : [\n---\n", "test.jsonl": LINE}, "README.md"),
    "a card's list": ({"README.md": "---\n- 1\n---\n", "test.jsonl": LINE}, "README.md"),
    "a card's number": ({"README.md": "---\nconfigs: 5\n---\n", "test.jsonl": LINE}, "README.md"),
    "a long card": (
        {"README.md": f"---\na: {'x' * 2000}\n- 1\n---\n", "test.jsonl": LINE},
        "README.md",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_dataset_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    files, said = DAMAGED[damage]
    assert said in refused(tmp_path / "dataset", files)


def test_pictures_are_left_out_and_not_opened(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    features = Features(
        {"tokens": List(Value("string")), "pages": List(Image()), "page": {"image": Image()}}
    )
    nothing = {"bytes": b"\x89PNG", "path": "http://127.0.0.1:9/x.png"}
    rows = {"tokens": [["Rome"]], "pages": [[nothing]], "page": [{"image": nothing}]}
    (tmp_path / "test.parquet").write_bytes(
        parquet(rows, json.dumps({"info": {"features": features.to_dict()}}))
    )
    datasets.fetch_corpus(tmp_path, tmp_path / "x.jsonl", wait=NOW)
    assert json.loads((tmp_path / "x.jsonl").read_text()) == {"tokens": ["Rome"]}
    assert "left out: 'pages', 'page'" in caplog.text


def test_a_row_that_cannot_be_decoded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_at_the_second(self: Dataset) -> Iterator[dict[str, list]]:
        yield SENTENCE
        raise ValueError("no picture:\n0 bytes")

    data = Dataset.from_list([SENTENCE, SENTENCE])
    monkeypatch.setattr(Dataset, "__iter__", fail_at_the_second)
    with pytest.raises(InputError, match=r"here, row 2: it cannot be read \(no picture: 0 bytes"):
        list(datasets.records(data, "here"))
