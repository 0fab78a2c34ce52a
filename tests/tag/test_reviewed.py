from __future__ import annotations

import math
from itertools import pairwise

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from eatner import prompts
from eatner.llm.base import AnswerScorer
from eatner.llm.journal import Journal
from eatner.tables import Mention, Translation
from eatner.tag import reviewed

TEXT = "Cuike Township and South Lake are near Alma City, says Leopold I."


def at(name: str, text: str = TEXT) -> tuple[int, int]:
    start = text.index(name)
    return start, start + len(name)


def text(*hints: str, english: str = TEXT) -> Translation:
    return Translation("s0", english, hints=tuple(("字", name) for name in hints))


def tagged(name: str, kind: str) -> Mention:
    return Mention("s0", *at(name), name, kind)


class Certain:
    """An LLM that gives a name's kind the probability that it was told, and the rest alike."""

    context = 10_000
    encode = staticmethod(list)

    def __init__(self, **kinds: tuple[str, float]) -> None:
        self.kinds = {name.replace("_", " "): kind for name, kind in kinds.items()}
        self.asked: list[str] = []

    def score_answers(self, groups, propose, *, journal=None, progress=None):
        found = []
        for number, prompts_of_text in enumerate(groups):
            answers = propose(number, None)
            found.append([])
            for prompt, words in zip(prompts_of_text, answers, strict=True):
                name = prompt.rsplit("\n", 1)[-1].removesuffix(":")
                self.asked.append(name)
                wanted, share = self.kinds[name]
                rest = (1 - share) / (len(words) - 1)
                found[-1].append(
                    {w: math.log(share if w.strip() == wanted else rest) for w in words}
                )
            progress(1)
        return found


def rows(translation: Translation, mentions: list[Mention], llm: Certain) -> list[tuple]:
    found = reviewed.review([translation], mentions, llm, form="few-shot")
    return [(row.surface, row.type, row.status) for row in found]


def test_a_type_that_the_llm_is_sure_of_takes_the_place_of_the_tagger_s() -> None:
    llm = Certain(Cuike_Township=("place", 0.98), Alma_City=("organisation", 0.5))
    mentions = [tagged("Cuike Township", "PER"), tagged("Alma City", "LOC")]
    assert rows(text(), mentions, llm) == [
        ("Cuike Township", "LOC", "tagged"),
        # The LLM is less sure: the tagger's own type decides.
        ("Alma City", "LOC", "tagged"),
    ]
    [first, second] = reviewed.review([text()], mentions, llm, form="few-shot")
    assert 0.8 < first.score < 0.98 < 1
    assert 0 < second.score < 1


def test_names_that_the_translator_knew_are_found() -> None:
    llm = Certain(South_Lake=("place", 0.9), Leopold_I=("person", 0.9), near=("other", 0.9))
    assert rows(text("South Lake", "Leopold I", "near", "Paris"), [], llm) == [
        ("South Lake", "LOC", "tagged"),
        ("Leopold I", "PER", "tagged"),
        ("near", "", "untyped"),
    ]
    assert llm.asked == ["South Lake", "near", "Leopold I"]


def test_what_is_of_no_type_and_what_had_no_place_keep_a_row() -> None:
    llm = Certain(Alma_City=("other", 0.99))
    lost = Mention("s0", None, None, "Atlantis", "LOC", status="not_found")
    assert rows(text(), [tagged("Alma City", "LOC"), lost], llm) == [
        ("Alma City", "LOC", "untyped"),
        ("Atlantis", "LOC", "not_found"),
    ]


@pytest.mark.parametrize(
    ("hints", "mentions", "expected"),
    [
        # The longer name stays.
        (["South Lake"], ["Lake"], ["South Lake"]),
        (["Lake"], ["South Lake"], ["South Lake"]),
        (["Leopold"], [], ["Leopold"]),
        # Several names are no name, and a hint that cuts an entity gives way.
        (["Cuike Township and South Lake"], ["South Lake"], ["South Lake"]),
        (["are near Alma"], ["Alma City"], ["Alma City"]),
        # Part of a word is no name, and nothing stands twice.
        (["City", "Alma City"], [], ["Alma City"]),
        (["Alm"], [], []),
        (["Leo"], [], []),
        # Articles are no part of a name.
        (["the"], [], []),
        (["", " "], [], []),
    ],
)
def test_of_names_that_overlap_one_is_reviewed(hints, mentions, expected) -> None:
    own = {at(name): "LOC" for name in mentions}
    found = reviewed.candidates(text(*hints), own)
    assert [TEXT[start:end] for start, end in found] == expected
    assert all(found[span] == own.get(span, "") for span in found)


@given(
    st.text("aA b,.", max_size=30),
    st.lists(st.text("aA b,", max_size=6), max_size=6),
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 5)), max_size=4),
)
def test_no_candidate_overlaps_another(english: str, hints: list[str], places: list) -> None:
    own: dict = {}
    for start, size in sorted(places):
        if start + size <= len(english) and all(end <= start for _, end in own):
            own[start, start + size] = "PER"
    found = list(reviewed.candidates(text(*hints, english=english), own))
    assert found == sorted(found)
    assert all(0 <= a < b <= len(english) for a, b in found)
    assert all(one[1] <= two[0] for one, two in pairwise(found))


@pytest.mark.parametrize(
    ("kind", "expected"), [("PER", ["Leopold I"]), ("LOC", ["President Leopold I"])]
)
def test_a_title_is_no_part_of_a_person(kind: str, expected: list[str]) -> None:
    english = "In 1952, President Leopold I met his ministers."
    own = {at("Leopold I", english): kind}
    found = reviewed.candidates(text("President Leopold I", english=english), own)
    assert [english[start:end] for start, end in found] == expected


def test_a_text_without_names_and_one_that_is_too_long_are_not_asked_about() -> None:
    llm = Certain()
    llm.context = 50
    mentions = [tagged("Alma City", "LOC")]
    assert rows(text(), mentions, llm) == [("Alma City", "LOC", "tagged")]
    blank = [Mention("s0", None, None, "", "", status="no_translation")]
    assert rows(text(english=""), blank, llm) == [("", "", "no_translation")]
    assert rows(text(), [Mention("s0", None, None, "", "", status="no_entity")], llm) == [
        ("", "", "no_entity")
    ]
    assert llm.asked == []


@pytest.mark.parametrize("form", ["few-shot", "chat"])
def test_a_real_llm_is_asked_once_for_what_the_journal_has(tmp_path, form: str) -> None:
    llm = tiny.llm("llama" if form == "chat" else "gemma")
    assert isinstance(llm, AnswerScorer)
    mentions = [tagged("Alma City", "LOC"), tagged("Cuike Township", "PER")]
    results = []
    for _ in range(2):
        before = llm.calls
        journal = Journal(tmp_path / "journal.jsonl", "tiny")
        found = reviewed.review([text("South Lake")], mentions, llm, form=form, journal=journal)
        results.append(list(found))
        journal.close()
    assert results[0] == results[1]
    assert llm.calls == before
    assert {row.surface for row in results[0]} == {"Alma City", "Cuike Township", "South Lake"}


def test_the_question_ends_where_the_answer_begins() -> None:
    question = prompts.kind_of('He said "Rome".\n', "Rome", "few-shot")
    assert question.endswith("Sentence: He said ”Rome”. \nRome:")
    assert prompts.kind_answer("place", "few-shot") == " place\n"
    asked, opening = prompts.kind_of("In Rome.", "Rome", "chat")
    assert asked["content"].endswith("Sentence: In Rome.")
    assert opening == {"role": "assistant", "content": "Rome:"}
    assert prompts.kind_answer("place", "chat") == " place"
