"""Entities as a dataset of the Hugging Face hub: Parquet and a card, in a folder.

`datasets` writes the Parquet, `huggingface_hub` the card. `datasets.load_dataset(FOLDER)` reads
it, and `huggingface-cli upload` puts it on the hub.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.corpora.iob import encode
from eatner.export.labelled import LabelledSentence
from eatner.files import atomic
from eatner.report.entities import span_record
from eatner.tables import TAGS, TYPES

if TYPE_CHECKING:
    from datasets import Dataset, Features

# Where `load_dataset` finds a split of that name without being told.
DATA = Path("data", "train-00000-of-00001.parquet")


def features() -> Features:
    """The columns of the dataset."""
    from datasets import ClassLabel, Features, List, Value

    span = {
        "start": Value("int32"),
        "end": Value("int32"),
        "type": ClassLabel(names=list(TYPES)),
        "surface": Value("string"),
        "english": Value("string"),
        "confidence": Value("float32"),
    }
    return Features(
        {
            "id": Value("string"),
            "text": Value("string"),
            "tokens": List(Value("string")),
            "ner_tags": List(ClassLabel(names=list(TAGS))),
            "spans": List(span),
        }
    )


def record(sentence: LabelledSentence) -> dict[str, object]:
    """The row of a sentence."""
    runs = []
    for row in sentence.entities:
        start, end = row.span
        inside = [i for i, (a, b) in enumerate(sentence.tokens) if start <= a and b <= end]
        runs.append((inside[0], inside[-1] + 1, row.type))
    spans = list(map(span_record, sentence.entities))
    return {
        "id": sentence.sentence_id,
        "text": sentence.text,
        "tokens": [sentence.text[start:end] for start, end in sentence.tokens],
        "ner_tags": encode(runs, len(sentence.tokens)),
        "spans": spans,
    }


def write(
    sentences: Iterable[LabelledSentence], name: str, language: str, system: str, out: Path
) -> None:
    """Write the folder.

    Args:
        sentences: The sentences.
        name: The name of the corpus.
        language: Code of its language.
        system: The name of the system that labelled it.
        out: Path of the folder: README.md, which is the card, and the Parquet in `data`.
    """
    from datasets import Dataset

    columns, records = features(), [record(sentence) for sentence in sentences]
    dataset = Dataset.from_dict({c: [r[c] for r in records] for c in columns}, features=columns)
    with atomic(out) as folder:
        (folder / DATA).parent.mkdir(parents=True)
        dataset.to_parquet(folder / DATA)
        (folder / "README.md").write_text(card(dataset, name, language, system), encoding="utf-8")


def card(dataset: Dataset, name: str, language: str, system: str) -> str:
    """The card of a dataset, with its YAML head."""
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCardData

    data = DatasetCardData(
        pretty_name=name,
        language=[language],
        task_categories=["token-classification"],
        task_ids=["named-entity-recognition"],
        annotations_creators=["machine-generated"],
        size_categories=[_size(len(dataset))],
        configs=[{"config_name": "default", "data_files": [{"split": "train", "path": str(DATA)}]}],
    )
    DatasetInfosDict({"default": dataset.info}).to_dataset_card_data(data)
    entities = sum(len(spans) for spans in dataset["spans"])
    return (
        f"---\n{data.to_yaml()}\n---\n\n# {name}\n\n"
        f"{len(dataset)} sentences with {entities} named entities (persons, places and "
        f"organisations), labelled by eatner with the system {system}. **No person has checked "
        "them.** Each entity has the probability that it is right (`confidence`, empty where the "
        "system gives none) and the English entity that it was found by.\n\n"
        "Offsets count Unicode code points; the end is exclusive. `ner_tags` are IOB2 tags of "
        "`tokens`, which leave white space out.\n\n"
        "## Licence\n\nThe texts keep their licence, which eatner does not know. Add it to the "
        "head of this card (`license`) before you publish the dataset.\n"
    )


def _size(rows: int) -> str:
    """The hub's name for a number of rows."""
    bounds = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")]
    bounds += [(1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M")]
    return next((name for bound, name in bounds if rows < bound), "n>10M")
