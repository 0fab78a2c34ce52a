from __future__ import annotations

from pathlib import Path

from eatner.corpora import formats, summary
from eatner.corpora.gold import AnnotatedSentence, LabelledSpan
from eatner.corpora.summary import Summary

ANNA = AnnotatedSentence(
    "1",
    "Anna wohnt in Bonn.",
    ((0, 4), (5, 10), (11, 13), (14, 18), (18, 19)),
    (LabelledSpan(0, 4, "person"), LabelledSpan(14, 18, "city")),
)
RAIN = AnnotatedSentence("0", "Es regnet.", ((0, 2), (3, 9), (9, 10)))


def test_what_was_read_is_said_with_an_example() -> None:
    told = Summary({"person": "PER", "city": "LOC", "date": None})
    assert list(told.watch([RAIN, ANNA])) == [RAIN, ANNA]
    assert told.describe("conll; 2 columns").split("\n  ") == [
        "read as conll; 2 columns",
        "2 sentences, 8 tokens; 1 sentences without an entity",
        "entities: 1 LOC, 1 PER",
        "for example 1: [Anna person] wohnt in [Bonn city].",
    ]


def test_ignored_labels_are_counted() -> None:
    told = Summary({"person": "PER", "city": None})
    list(told.watch([ANNA]))
    assert "entities: 1 PER; ignored: 1 city" in told.describe("conll")


def test_a_file_without_an_entity_is_warned_of_unless_it_is_text() -> None:
    told = Summary({"person": "PER"})
    list(told.watch([RAIN]))
    assert "WARNING: no sentence has an entity" in told.describe("jsonl")
    assert "WARNING" not in told.describe("text")
    assert "WARNING" not in told.describe("paragraphs")


def test_long_sentences_are_counted_with_the_limit() -> None:
    long = AnnotatedSentence("9", "東" * 600)
    told = Summary({})
    list(told.watch([RAIN, long, AnnotatedSentence("8", "word " * 512)]))
    said = told.describe("text")
    assert "1 sentences of more than 512 tokens, the longest of 600 (9)" in said
    assert said.endswith("for example 0: Es regnet.")
    assert summary.show(long) == "東" * 300 + " ..."


def test_a_corpus_is_opened_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "corpus"
    path.write_text("1\tRome\tB_LOC\n2\tfell\t_\n")
    opened = formats.open_corpus(path, language_spaces=True)
    assert opened.read_as == (
        "conllu; 3 columns separated by tabs, tokens in column 1, tags in column 2, scheme iob2, "
        "tags as in B_PER, tokens numbered in column 0"
    )
