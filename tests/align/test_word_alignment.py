from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from rows import mention, sentences, translations

from eatner.align import word_alignment
from eatner.align.links import argmax, itermax
from eatner.align.step import Step
from eatner.align.word_alignment import METHODS, align, open_embedder, project
from eatner.errors import InputError
from eatner.llm.states import Embedded, Embedder
from eatner.tables import Alignment, Mention, Sentence, Span
from eatner.text import languages

pytestmark = pytest.mark.usefixtures("one_thread")
TEXTS = [
    "ソニーは東京にある。",
    "قال أوباما في القاهرة",
    "김철수는 서울에서 왔다 .",
    "",
    "大阪は雨。",
]
ENGLISH = ["Sony is in Tokyo.", "Obama said in Cairo", "Kim came from Seoul .", "", "It rains."]
MENTIONS = [
    mention("s0", "Sony", "ORG"),
    mention("s0", "Tokyo", start=11),
    mention("s1", "Obama", "PER"),
    mention("s1", "the rain", "MISC", status="other_type"),
    mention("s1", "Cairo", start=14),
    mention("s2", "Seoul", start=14),
    mention("s3", "", "", status="no_translation"),
    mention("s4", "", "", status="no_entity"),
]


class Dictionary(Embedder):
    """Embeds words by a dictionary: those of one meaning have the same embedding.

    Args:
        meanings: The words of each meaning, the longest first.
        limit: Upper limit on the words of a text.
    """

    def __init__(self, *meanings: str, limit: int = 99) -> None:
        self.meanings = [words.split() for words in meanings]
        self.limit = limit
        self.asked: list[int] = []

    def embed(self, texts: Sequence[str]) -> list[Embedded | None]:
        self.asked.append(len(texts))
        return [self._embedded(text) for text in texts]

    def _embedded(self, text: str) -> Embedded | None:
        spans: list[Span] = []
        vectors = []
        for meaning, words in enumerate(self.meanings):
            for word in words:
                start = text.find(word)
                if start >= 0:
                    spans.append((start, start + len(word)))
                    vectors.append(np.eye(len(self.meanings), dtype=np.float32)[meaning])
                    break
        order = sorted(range(len(spans)), key=spans.__getitem__)
        vectors = [vectors[i] for i in order]
        found = Embedded([spans[i] for i in order], np.array(vectors).reshape(len(order), -1))
        return found if len(order) <= self.limit else None


MEANINGS = ("Sony ソニ", "Tokyo 東京", "in に", "Obama أوبا", "Cairo القاهر", "Seoul 서울", ". 。")


def rows_of(
    texts: Sequence[str],
    english: Sequence[str],
    mentions: Sequence[Mention],
    embedder: Embedder,
    language: str = "ja",
) -> list[Alignment]:
    of = {f"s{number}": text for number, text in enumerate(english)}
    return list(align(sentences(*texts), of, mentions, embedder, argmax, languages.get(language)))


def test_an_entity_is_what_its_words_are_linked_to() -> None:
    found = rows_of(TEXTS, ENGLISH, MENTIONS, Dictionary(*MEANINGS))
    assert [(row.english, row.surface, row.status) for row in found] == [
        ("Sony", "ソニー", "aligned"),  # no run of katakana is cut
        ("Tokyo", "東京", "aligned"),
        ("Obama", "أوبا", "aligned"),  # this text counts as Japanese: see the next test
        ("the rain", "", "other_type"),
        ("Cairo", "القاهر", "aligned"),
        ("Seoul", "서울", "aligned"),
        ("", "", "no_translation"),
        ("", "", "no_entity"),
    ]
    for row in found:
        if row.status == "aligned":
            text = TEXTS[int(row.sentence_id[1:])]
            assert text[slice(*row.span)] == row.surface
        assert row.confidence is row.logprob is None


@pytest.mark.parametrize(
    ("language", "number", "surfaces"),
    [("ar", 1, ["أوباما", "القاهرة"]), ("ko", 2, ["서울에서"])],
)
def test_a_subword_stands_for_its_word(language: str, number: int, surfaces: list[str]) -> None:
    mentions = [row for row in MENTIONS if row.sentence_id == f"s{number}"]
    found = rows_of(TEXTS, ENGLISH, mentions, Dictionary(*MEANINGS), language)
    assert [row.surface for row in found if row.status == "aligned"] == surfaces


def test_a_span_has_whole_tokens_of_the_corpus() -> None:
    tokens = ((0, 3), (3, 5), (5, 6), (6, 7), (7, 10))
    sentence = Sentence("s0", "東京都には大阪市がある", tokens)
    embedder = Dictionary("Tokyo 東京", "Osaka 大阪")
    [found] = align(
        [sentence],
        {"s0": "Tokyo has Osaka"},
        [mention("s0", "Osaka", start=10)],
        embedder,
        argmax,
        languages.get("ja"),
    )
    assert (found.surface, found.span) == ("大阪", (5, 7))
    [found] = align(
        [sentence],
        {"s0": "Tokyo"},
        [mention("s0", "Tokyo")],
        embedder,
        argmax,
        languages.get("ja"),
    )
    assert (found.surface, found.span) == ("東京都", (0, 3))


def test_a_span_goes_from_the_first_to_the_last_linked_word() -> None:
    text, english = "Университет в городе Вена открыт", "The University of Vienna is open"
    embedder = Dictionary("University Университет", "Vienna Вена", "open открыт")
    [found] = rows_of([text], [english], [mention("s0", "University of Vienna", "ORG", start=4)],
                      embedder, "ru")  # fmt: skip
    assert found.surface == "Университет в городе Вена"


def test_why_an_entity_has_no_span() -> None:
    text, english = "Вена и Париж .", "Vienna and Paris ."
    mentions = [
        mention("s0", "Vienna"),
        mention("s0", "Vienna and Paris"),
        mention("s0", "and", start=7),
        mention("s0", ".", start=17),
    ]
    embedder = Dictionary("Vienna Вена", "Paris Париж", ". .")
    found = rows_of([text], [english], mentions, embedder, "ru")
    # "and" is linked to nothing, and a full stop to punctuation alone.
    assert [row.status for row in found] == ["aligned", "taken", "no_candidate", "no_candidate"]
    embedder.limit = 2
    assert [row.status for row in rows_of([text], [english], mentions, embedder, "ru")] == [
        "too_long"
    ] * 4


def test_sentences_without_entities_are_not_embedded() -> None:
    embedder = Dictionary(*MEANINGS)
    rows_of(TEXTS, ENGLISH, MENTIONS, embedder)
    assert embedder.asked == [3, 3]


def test_rows_keep_the_order_of_the_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_alignment, "BATCH", 1)
    texts = ["Вена", "Вена и Париж", "в Вена"]
    embedder = Dictionary("Vienna Вена")
    mentions = [mention(f"s{number}", "Vienna") for number in range(3)]
    found = rows_of(texts, ["Vienna"] * 3, mentions, embedder, "ru")
    assert [(row.sentence_id, row.span) for row in found] == [
        ("s0", (0, 4)),
        ("s1", (0, 4)),
        ("s2", (2, 6)),
    ]


@given(st.data())
def test_a_span_lies_on_words_whatever_is_linked(data: st.DataObject) -> None:
    text = data.draw(st.text(st.sampled_from("аБ東京カの, .'ा"), min_size=1, max_size=12))
    places = st.tuples(st.integers(0, len(text) - 1), st.integers(1, 3))
    drawn = sorted(data.draw(st.lists(places, max_size=6)))
    spans = [(start, min(start + size, len(text))) for start, size in drawn]
    spans.sort(key=lambda span: (span[1], span[0]))
    own = Embedded(spans, np.ones((len(spans), 2), np.float32))
    english = Embedded([(0, 3), (4, 7)], np.ones((2, 2), np.float32))
    language = languages.get(data.draw(st.sampled_from(["ja", "ru"])))
    link = data.draw(st.sampled_from([argmax, itermax, lambda similarity: similarity > 0]))
    for span in project([(0, 7)], english, own, link, Sentence("s", text), language):
        if span is not None:
            assert 0 <= span[0] < span[1] <= len(text)
            assert any(char.isalnum() or char == "ा" for char in text[slice(*span)])


# --- with a model ---------------------------------------------------------------------------------


def step(**settings: object) -> Step:
    """A step with a tiny encoder, or with the hidden states of a tiny LLM."""
    inputs = {}
    model = settings.pop("model", None)
    if model is None:
        inputs["encoder"] = tiny.folder("bert")
    return Step(
        sentences=sentences(*TEXTS),
        mentions=MENTIONS,
        translations=translations(*ENGLISH),
        language=languages.get("ja"),
        settings={"kind": "word-alignment", "layer": 1, "method": "itermax", **settings},
        inputs=inputs,
        threads=1,
        form="",
        open_llm=lambda: tiny.llm(model),
        open_journal=lambda: pytest.fail("no question is asked"),
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", [None, "gemma-wide", "llama"])
def test_every_entity_keeps_its_row(method: str, model: str | None) -> None:
    found = list(word_alignment.run(step(method=method, model=model)))
    assert [row.english for row in found] == [row.surface for row in MENTIONS]
    aligned = [row for row in found if row.status == "aligned"]
    assert aligned  # similar or not, some words are linked
    for row in aligned:
        assert TEXTS[int(row.sentence_id[1:])][slice(*row.span)] == row.surface != ""
    assert {row.status for row in found} <= {
        *("aligned", "taken", "no_candidate"),
        *("other_type", "no_translation", "no_entity"),
    }
    assert found == list(word_alignment.run(step(method=method, model=model)))


def test_an_encoder_aligns_a_sentence_with_itself() -> None:
    text = "Angela Merkel met Sony in Tokyo"
    embedder = open_embedder(step(layer=0))
    mentions = [mention("s0", "Angela Merkel"), mention("s0", "Tokyo", start=26)]
    found = rows_of([text], [text], mentions, embedder, "de")
    assert [row.surface for row in found] == ["Angela Merkel", "Tokyo"]


def test_a_sentence_beyond_the_positions_of_an_encoder_is_too_long() -> None:
    embedder = open_embedder(step())
    assert embedder.limit == 62
    long = "Angela Merkel met Sony in Łódź 東京 . " * 20
    mentions = [mention("s0", "Merkel"), mention("s1", "Tokyo")]
    found = rows_of([long, "Tokyo"], ["Merkel", "Tokyo"], mentions, embedder)
    assert [row.status for row in found] == ["too_long", "aligned"]


def test_an_llm_that_does_not_run_here_has_no_hidden_states() -> None:
    given = step(model="llama")
    object.__setattr__(given, "open_llm", lambda: object())
    with pytest.raises(InputError, match="that runs here"):
        open_embedder(given)
