from __future__ import annotations

from pathlib import Path

import pytest

import translate_sentences
from eatner import tables
from eatner.errors import InputError
from eatner.tables import Sentence, Translation
from eatner.translate import parallel

IDS = ["000001", "000002", "000003"]
JA = ["東京は晴れ。", "大阪は雨。", "雪。"]
ENGLISH = ["Tokyo is sunny.", "Osaka  has\u2028rain.", "Snow."]


def rows(ids: list[str], texts: list[str]) -> list[Sentence]:
    return [Sentence(name, text) for name, text in zip(ids, texts, strict=True)]


@pytest.fixture
def lines(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "english.txt"
        path.write_bytes(text.encode())
        return path

    return write


@pytest.mark.parametrize("text", ["\n".join(ENGLISH), "\ufeff" + "\r\n".join(ENGLISH) + "\r\n"])
def test_each_sentence_has_its_line(lines, text: str) -> None:
    found = list(parallel.from_file(rows(IDS, JA), lines(text), IDS))
    assert [row.english for row in found] == ["Tokyo is sunny.", "Osaka has rain.", "Snow."]
    assert {row.status for row in found} == {"translated"}


@pytest.mark.parametrize("ids", [IDS, ["pud-7", "pud-3", "pud-5"]], ids=["numbers", "its own ids"])
def test_a_sample_keeps_to_the_lines_of_the_whole_corpus(lines, ids: list[str]) -> None:
    sample = rows([ids[0], ids[2]], [JA[0], JA[2]])
    found = list(parallel.from_file(sample, lines("\n".join(ENGLISH)), ids))
    assert [row.english for row in found] == ["Tokyo is sunny.", "Snow."]


def test_an_empty_line_and_one_that_is_not_english_keep_their_rows(lines) -> None:
    found = list(parallel.from_file(rows(IDS, JA), lines("Tokyo.\n \n雪だ。\n"), IDS))
    assert [row.status for row in found] == ["translated", "blank", "not_english"]
    assert [row.english for row in found] == ["Tokyo.", "", "雪だ。"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\nb\n", r"english\.txt, line 3: 2 lines .* 3 sentences: none for 000003"),
        ("", r"line 1: 0 lines .* none for 000001"),
        ("a\nb\nc\n\n", r"line 4: 4 lines of English for the corpus's 3 sentences\."),
    ],
)
def test_another_number_of_lines_is_refused_with_the_line(lines, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parallel.from_file(rows(IDS, JA), lines(text), IDS)


def test_a_corpus_is_paired_by_sentence_id() -> None:
    english = rows(IDS[::-1], ENGLISH[::-1])
    found = list(parallel.from_corpus(rows(IDS, JA), english, "en", sampled=False))
    assert [row.english for row in found] == ["Tokyo is sunny.", "Osaka has rain.", "Snow."]
    sample = rows(IDS[1:2], JA[1:2])
    [row] = parallel.from_corpus(sample, english, "en", sampled=True)
    assert row.english == "Osaka has rain."


def test_a_corpus_with_other_ids_is_paired_line_by_line() -> None:
    english = rows(["a", "b", "c"], ENGLISH)
    found = list(parallel.from_corpus(rows(IDS, JA), english, "en", sampled=False))
    assert [row.english for row in found] == ["Tokyo is sunny.", "Osaka has rain.", "Snow."]


def test_samples_with_other_ids_are_no_pairs_though_as_many() -> None:
    english = rows(["a", "b", "c"], ENGLISH)
    with pytest.raises(InputError, match=r"corpus en: it lacks 3 of 3 .* 000001.*`sample`"):
        parallel.from_corpus(rows(IDS, JA), english, "en", sampled=True)


def test_a_corpus_of_another_size_is_no_pair_though_its_ids_agree() -> None:
    with pytest.raises(InputError, match="corpus en: it has 3 sentences and this corpus 2"):
        parallel.from_corpus(rows(IDS[:2], JA[:2]), rows(IDS, ENGLISH), "en", sampled=False)


def test_the_script_reads_the_lines_of_a_sample_in_its_corpus(tmp_path: Path) -> None:
    """The corpus has its own ids, so that only the corpus says which line is whose."""
    tagged = "\n".join(f"# sent_id = {name}\n雨\tO\n" for name in ("b", "c", "a"))
    (tmp_path / "corpus.conll").write_text(tagged, encoding="utf-8")
    (tmp_path / "english.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    sample = [Sentence(name, "雨") for name in ("c", "a")]
    tables.write(tmp_path / "sentences.tsv", Sentence, sample)
    translate_sentences.main(
        sentences=tmp_path / "sentences.tsv",
        language="ja",
        translator={"kind": "parallel", "file": "english.txt"},
        english=tmp_path / "out.tsv",
        threads=1,
        parallel_text=tmp_path / "english.txt",
        original=tmp_path / "corpus.conll",
        pairing={
            "format": "conll",
            "scheme": "auto",
            "separator": None,
            "token_column": None,
            "tag_column": None,
            "text_key": None,
            "spans_key": None,
            "sample": 2,
        },
    )
    rows = tables.read(tmp_path / "out.tsv", Translation)
    assert [(row.sentence_id, row.english) for row in rows] == [("c", "two"), ("a", "three")]
