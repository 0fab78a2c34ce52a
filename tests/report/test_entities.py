from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eatner import tables
from eatner.corpora import formats
from eatner.report import entities
from eatner.tables import Alignment, Entity, Sentence

TYPES = ("PER", "LOC", "ORG")


def found(sentence_id: str, text: str, *spans: tuple[int, int, str]) -> list[Alignment]:
    return [
        Alignment(
            sentence_id,
            "Name",
            0,
            4,
            kind,
            start,
            end,
            text[start:end],
            -1.5,
            0.75,
            "aligned" if place == 0 else "repeat",
        )
        for place, (start, end, kind) in enumerate(spans)
    ]


def lost(sentence_id: str, status: str) -> Alignment:
    return Alignment(sentence_id, "Gone", None, None, "LOC", None, None, "", status=status)


def write(folder: Path, sentences: list[Sentence], rows: list[Alignment]) -> list[Path]:
    paths = [folder / f"entities.{suffix}" for suffix in ("tsv", "conll", "jsonl")]
    texts, aligned = folder / "sentences.tsv", folder / "aligned.tsv"
    tables.write(texts, Sentence, sentences)
    tables.write(aligned, Alignment, rows)
    entities.write(texts, aligned, *paths)
    return paths


def test_the_three_files(tmp_path: Path) -> None:
    texts = [
        Sentence("a", "東京とParisへ。"),
        Sentence("b", "名前なし", ((0, 2), (2, 4))),
    ]
    rows = [
        lost("b", "no_entity"),
        *found("a", texts[0].text, (3, 8, "LOC"), (0, 2, "LOC")),
        lost("a", "abstained"),
    ]
    table, conll, jsonl = write(tmp_path, texts, rows)
    listed = list(tables.read(table, Entity))
    # Nothing is dropped, and the sentences come in their own order.
    assert [row.status for row in listed] == ["repeat", "aligned", "abstained", "no_entity"]
    assert [row.start for row in listed] == [0, 3, None, None]
    assert conll.read_text(encoding="utf-8") == (
        "# sent_id = a\n# text = 東京とParisへ。\n"
        "東\tB-LOC\n京\tI-LOC\nと\tO\nParis\tB-LOC\nへ\tO\n。\tO\n\n"
        "# sent_id = b\n# text = 名前なし\n名前\tO\nなし\tO\n\n"
    )
    records = [json.loads(line) for line in jsonl.read_text(encoding="utf-8").splitlines()]
    assert [record["sentence_id"] for record in records] == ["a", "b"]
    assert records[1]["spans"] == []
    assert records[0]["spans"] == [
        {"start": s, "end": e, "type": "LOC", "surface": t, "english": "Name", "confidence": 0.75}
        for s, e, t in ((0, 2, "東京"), (3, 8, "Paris"))
    ]


def test_an_aligner_without_confidences_gives_null(tmp_path: Path) -> None:
    [row] = found("a", "東京", (0, 2, "LOC"))
    texts = [Sentence("a", "東京")]
    _, _, jsonl = write(tmp_path, texts, [replace(row, confidence=None)])
    [span] = json.loads(jsonl.read_text(encoding="utf-8"))["spans"]
    assert span["confidence"] is None


def test_a_corpus_without_entities(tmp_path: Path) -> None:
    texts = [Sentence("a", "x")]
    table, conll, jsonl = write(tmp_path, texts, [])
    assert list(tables.read(table, Entity)) == []
    assert conll.read_text(encoding="utf-8").endswith("x\tO\n\n")
    assert json.loads(jsonl.read_text(encoding="utf-8"))["spans"] == []


# --- tokens -------------------------------------------------------------------------------------

TEXT = (
    st.text(
        st.sampled_from(
            "東京トーはがー、。서울에서МоскваÉ’'e\u0301ä אבمر हिन्दी ไทย\u200c\u200d👩👧🇯 .,-()#=/12"
        ),
        min_size=1,
        max_size=24,
    )
    .map(str.strip)
    .filter(bool)
)


@st.composite
def annotated(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    """A text and entities in it: without overlap, without white space at their edges."""
    text = draw(TEXT)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        surface = text[start:end]
        start += len(surface) - len(surface.lstrip())
        end -= len(surface) - len(surface.rstrip())
        if start < end:
            spans.append((start, end, draw(st.sampled_from(TYPES))))
    return text, spans


@given(annotated(), st.booleans())
@example(("Harry Potter's", [(0, 12, "PER")]), False)
def test_tokens_are_parts_without_white_space_and_cut_at_every_edge(case, own: bool) -> None:
    text, spans = case
    tokens = []
    if own:
        tokens = list(pairwise(sorted({0, len(text), *range(0, len(text), 3)})))
    edges = {offset for start, end, _ in spans for offset in (start, end)}
    cut = entities.tokens(text, tokens, edges)
    assert cut == sorted(cut)
    covered = set()
    for start, end in cut:
        assert start < end
        assert text[start:end].strip()
        assert not any(start < edge < end for edge in edges)
        assert not covered & set(range(start, end))
        covered |= set(range(start, end))
    assert {i for i, char in enumerate(text) if not char.isspace()} <= covered


def test_own_tokens_stay_where_no_entity_cuts_them() -> None:
    assert entities.tokens("ab cd", [(0, 2), (3, 5)], ()) == [(0, 2), (3, 5)]
    assert entities.tokens("ab cd", [(0, 2), (3, 5)], (4,)) == [(0, 2), (3, 4), (4, 5)]


def test_words_stay_whole_and_characters_stand_alone() -> None:
    def cut(text: str) -> list[str]:
        return [text[start:end] for start, end in entities.tokens(text, (), ())]

    assert cut("L’Éire, 東京タワー") == ["L’Éire", ",", "東", "京", "タ", "ワ", "ー"]
    assert cut("Москва — 서울에서!") == ["Москва", "—", "서울에서", "!"]


@pytest.mark.parametrize("word", ["हिन्दी", "Zu\u0308rich", "مُحَمَّد"])
def test_a_word_with_marks_is_one_token(word: str) -> None:
    assert entities.tokens(word, (), ()) == [(0, len(word))]


# --- CoNLL --------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(st.lists(annotated(), min_size=1, max_size=3))
@example([("# O", []), ("a = b", [])])
@example([("# text = x", [(0, 1, "PER")]), ("-DOCSTART-", [])])
@example([("東京と大阪と", [(0, 2, "LOC"), (3, 5, "LOC")]), ("AB", [(0, 1, "PER"), (1, 2, "PER")])])
def test_the_tags_are_read_back(cases: list) -> None:
    sentences = [Sentence(f"s{i}", text) for i, (text, _) in enumerate(cases)]
    rows = [row for i, (text, spans) in enumerate(cases) for row in found(f"s{i}", text, *spans)]
    with tempfile.TemporaryDirectory() as folder:
        _, conll, _ = write(Path(folder), sentences, rows)
        lines = conll.read_text(encoding="utf-8")
        try:
            read = list(formats.read(conll, "conll", language_spaces=False))
        except Exception as error:
            raise AssertionError(lines) from error
    assert [(s.sentence_id, s.text) for s in read] == [
        (row.sentence_id, row.text) for row in sentences
    ]
    for sentence, (_, spans) in zip(read, cases, strict=True):
        assert [(e.start, e.end, e.label) for e in sentence.entities] == spans


def test_line_breaks_in_a_text_do_not_break_its_lines(tmp_path: Path) -> None:
    text = "東京\nへ\tの\\道"
    sentences = [Sentence("a", text)]
    _, conll, jsonl = write(tmp_path, sentences, found("a", text, (0, 2, "LOC")))
    lines = conll.read_text(encoding="utf-8").split("\n")
    assert lines[1] == r"# text = 東京 へ の\道"
    assert all(line.count("\t") == 1 for line in lines[2:-2])
    assert json.loads(jsonl.read_text(encoding="utf-8"))["text"] == text


def test_a_backslash_is_read_back(tmp_path: Path) -> None:
    sentences = [Sentence("a", r"C:\東京")]
    _, conll, _ = write(tmp_path, sentences, found("a", r"C:\東京", (3, 5, "LOC")))
    [read] = formats.read(conll, "conll", language_spaces=False)
    assert (read.text, [(e.start, e.end) for e in read.entities]) == (r"C:\東京", [(3, 5)])
