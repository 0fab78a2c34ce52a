"""What spaCy writes is read back as spaCy has it."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import pytest
import spacy
import srsly
from reading import surfaces, tokens
from spacy.tokens import Doc, DocBin, Span

from eatner.corpora import formats
from eatner.corpora.gold import AnnotatedSentence
from eatner.errors import InputError

NLP = spacy.blank("de")


def write(path: Path, *docs: Doc) -> Path:
    DocBin(store_user_data=True, docs=docs).to_disk(path)
    return path


def read(path: Path, **options: object) -> list[AnnotatedSentence]:
    return list(formats.read(path, language_spaces=True, **options))


def a_doc(text: str, *spans: tuple[int, int, str]) -> Doc:
    doc = NLP(text)
    doc.ents = [doc.char_span(*span) for span in spans]
    return doc


def test_entities_and_tokens(tmp_path: Path) -> None:
    texts = ["👍 Anna wohnt in New York.", "Ġgantija  ist\nalt.", "Nichts."]
    docs = [
        a_doc(texts[0], (2, 6, "PER"), (16, 24, "LOC")),
        a_doc(texts[1], (0, 8, "LOC")),
        a_doc(texts[2]),
    ]
    path = write(tmp_path / "train.spacy", *docs)
    assert formats.detect(path) == "spacy"
    sentences = read(path)
    assert [s.text for s in sentences] == texts
    assert [surfaces(s) for s in sentences] == [
        [(e.text, e.label_) for e in doc.ents] for doc in docs
    ]
    assert tokens(sentences[1]) == ["Ġgantija", "ist", "alt", "."]
    # Elsewhere only the name tells.
    assert [s.text for s in read(path.rename(tmp_path / "train"), format="spacy")] == texts


def test_marked_sentences_are_kept_and_others_are_split(tmp_path: Path) -> None:
    doc = a_doc("Anna lacht. Bonn! ", (0, 4, "PER"), (12, 16, "LOC"))
    path = write(tmp_path / "x.spacy", doc)
    [whole] = read(path)
    assert whole.text == "Anna lacht. Bonn!"
    split = read(path, splitter=lambda text: [(0, 11), (12, 17)])
    NLP.add_pipe("sentencizer")(doc)
    marked = read(write(tmp_path / "x.spacy", doc))
    assert split == marked
    assert [surfaces(s) for s in marked] == [[("Anna", "PER")], [("Bonn", "LOC")]]


def test_groups_of_spans_are_named(tmp_path: Path) -> None:
    doc = NLP("Anna wohnt in Bonn")
    doc.spans["sc"] = [Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC")]
    path = write(tmp_path / "x.spacy", doc)
    with pytest.raises(InputError, match=r"document 1: no entities, but groups of spans: 'sc'"):
        read(path)
    assert surfaces(read(path, spans_key="sc")[0]) == [("Anna", "PER"), ("Bonn", "LOC")]
    with pytest.raises(InputError, match="no document has a group of spans 'x'"):
        read(path, spans_key="x")
    doc.spans["sc"] = [Span(doc, 0, 2, "PER"), Span(doc, 1, 4, "LOC")]
    with pytest.raises(InputError, match="overlaps another, 0:10 PER 'Anna wohnt'"):
        read(write(path, doc), spans_key="sc")


def test_documents_without_annotation_are_left_out_beside_others(tmp_path: Path, caplog) -> None:
    bare = NLP("Bonn")
    path = write(tmp_path / "x.spacy", a_doc("Anna", (0, 4, "PER")), bare)
    assert [s.text for s in read(path)] == ["Anna"]
    assert "document 2: left out: its entities are not marked" in caplog.text
    assert [s.text for s in read(write(path, bare))] == ["Bonn"]


def test_without_spacy_it_says_so(tmp_path: Path, monkeypatch) -> None:
    path = write(tmp_path / "x.spacy", NLP("Anna"))
    monkeypatch.setitem(sys.modules, "spacy.tokens", None)
    with pytest.raises(InputError, match=r"needs spaCy.*Doc\.to_json"):
        read(path)


@pytest.mark.parametrize("content", [b"x\x9c not spaCy", b"Anna wohnt in Bonn\n"])
def test_what_is_not_spacys_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.spacy"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not what spaCy's DocBin wrote"):
        read(path)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.spacy")


def test_a_label_that_the_file_does_not_hold_is_refused(tmp_path: Path) -> None:
    """spaCy stumbles over it only where the entities are asked for. Found by fuzzing."""
    path = write(tmp_path / "x.spacy", a_doc("Anna", (0, 4, "PERSON_OF_MINE")))
    parts = srsly.msgpack_loads(zlib.decompress(path.read_bytes()))
    parts["strings"] = [word for word in parts["strings"] if word != "PERSON_OF_MINE"]
    path.write_bytes(zlib.compress(srsly.msgpack_dumps(parts)))
    with pytest.raises(InputError, match=r"x\.spacy, document 1: not what spaCy's DocBin wrote"):
        read(path)
