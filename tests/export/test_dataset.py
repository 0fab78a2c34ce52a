"""`datasets` and `huggingface_hub` read what was written."""

from __future__ import annotations

from pathlib import Path

import hostile
import pytest

from eatner.export import dataset
from eatner.tables import TAGS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    dataset.write(hostile.read(folder), "news", "ja", "a + b + c", folder / "entities.dataset")
    return folder / "entities.dataset"


def test_datasets_loads_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import ClassLabel, load_dataset

    read = load_dataset(str(folder), cache_dir=str(tmp_path))["train"]
    assert read["id"] == [*hostile.CASES]
    assert isinstance(read.features["ner_tags"].feature, ClassLabel)
    assert read.features["ner_tags"].feature.names == [*TAGS]
    for row, (case, (text, entities)) in zip(read, hostile.CASES.items(), strict=True):
        assert row["text"] == text
        kinds = read.features["spans"].feature["type"]
        spans = [(s["start"], s["end"], kinds.int2str(s["type"])) for s in row["spans"]]
        assert spans == hostile.spans(case)
        assert [s["surface"] for s in row["spans"]] == [surface for surface, _ in entities]
        tags = [TAGS[tag] for tag in row["ner_tags"]]
        begun = [t for t, tag in zip(row["tokens"], tags, strict=True) if tag.startswith("B-")]
        assert len(begun) == len(entities)
        assert "".join(row["tokens"]) == "".join(text.split())
    [tokyo, anna] = read[0]["spans"]
    assert (tokyo["english"], tokyo["confidence"]) == ("English 0", pytest.approx(0.9))
    assert {s["confidence"] for s in read[9]["spans"]} == {None}
    assert anna["surface"] == "アンナ"


def test_the_card(folder: Path) -> None:
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(folder / "README.md")
    assert card.data.language == ["ja"]
    assert card.data.license is None
    assert card.data.task_ids == ["named-entity-recognition"]
    assert card.data.size_categories == ["n<1K"]
    columns = [feature["name"] for feature in card.data.dataset_info["features"]]
    assert columns == ["id", "text", "tokens", "ner_tags", "spans"]
    assert "a + b + c" in card.text
    assert f"{len(hostile.CASES)} sentences with 21 named entities" in card.text


@pytest.mark.parametrize(("rows", "size"), [(0, "n<1K"), (1000, "1K<n<10K"), (10**7, "n>10M")])
def test_sizes(rows: int, size: str) -> None:
    assert dataset._size(rows) == size
