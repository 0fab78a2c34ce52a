"""spaCy's own reader, and ours, read what was written."""

from __future__ import annotations

from pathlib import Path

import hostile
import pytest
import spacy
from spacy.tokens import Doc, DocBin

from eatner.corpora import formats
from eatner.export import docbin


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docbin")
    docbin.write(hostile.read(folder), "ja", folder / "entities.spacy")
    return folder / "entities.spacy"


@pytest.fixture(scope="module")
def documents(path: Path) -> dict[str, Doc]:
    read = DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab)
    return {doc.user_data["sentence_id"]: doc for doc in read}


@pytest.mark.parametrize("case", hostile.CASES)
def test_spacy_reads_it(documents: dict[str, Doc], case: str) -> None:
    text, entities = hostile.CASES[case]
    doc = documents[case]
    assert doc.text == text
    assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == hostile.spans(case)
    assert doc.has_annotation("ENT_IOB")  # also where there is no entity: that is known
    group = doc.spans[docbin.GROUP]
    assert [span.text for span in group] == [surface for surface, _ in entities]
    assert group.attrs["english"] == [f"English {n}" for n in range(len(entities))]
    sure = [None if case == "side by side" else 0.9 - n / 4 for n in range(len(entities))]
    assert group.attrs["confidence"] == pytest.approx(sure)
    assert doc.user_data["language"] == "ja"


def test_spacy_trains_on_it(path: Path) -> None:
    from spacy.training import Corpus

    nlp = spacy.blank("xx")
    examples = [*Corpus(path)(nlp)]
    assert len(examples) == len(hostile.CASES)
    assert {e.label_ for example in examples for e in example.reference.ents} == {
        "PER", "LOC", "ORG",
    }  # fmt: skip


def test_it_is_a_corpus(path: Path) -> None:
    read = {s.text: s for s in formats.read(path, language_spaces=False)}
    for text, entities in hostile.CASES.values():
        sentence = read[text.strip()]
        found = [(sentence.text[e.start : e.end], e.label) for e in sentence.entities]
        assert found == entities
