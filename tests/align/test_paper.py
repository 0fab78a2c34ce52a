from __future__ import annotations

from dataclasses import replace

import pytest
import tiny
from conversations import HOSTILE, Scripted, turn
from hypothesis import given
from hypothesis import strategies as st
from rows import mention, sentences

from eatner.align import paper
from eatner.align.paper import longest_common
from eatner.llm.base import one_line
from eatner.llm.journal import Journal
from eatner.tables import cells
from eatner.text import languages

JA = languages.get("ja")


def by_entity(last: dict[str, str]):
    """Answer the third question by the entity that the first one is about."""

    def answer(prompt):
        first = prompt[0]["content"]
        return next(said for name, said in last.items() if f"“{one_line(name)}”" in first)

    return answer


def aligned(texts, rows, llm, language=JA):
    found = list(paper.align(texts, rows, llm, language, max_new_tokens=512))
    by_id = {row.sentence_id: row.text for row in texts}
    for row in found:
        text = by_id[row.sentence_id]
        if row.status == "aligned":
            assert text[row.start : row.end] == row.surface != ""
        else:
            assert row.start is row.end is None
            assert row.surface == ""
    return found


def test_three_turns_of_one_conversation_an_entity() -> None:
    llm = Scripted(by_entity({"Tokyo": "東京", "Sony": "ソニー"}))
    texts = sentences("ソニーは東京にある。", "東京は晴れ。", "雨だ。")
    rows = [
        mention("s0", "Sony", "ORG"),
        mention("s0", "Tokyo"),
        mention("s1", "Tokyo"),
        mention("s2", "", "", status="no_entity"),
    ]
    found = aligned(texts, rows, llm)
    assert [turn(prompt) for prompt in llm.asked] == [1] * 3 + [2] * 3 + [3] * 3
    assert [(r.sentence_id, r.english, r.type, r.surface) for r in found] == [
        ("s0", "Sony", "ORG", "ソニー"),
        ("s0", "Tokyo", "LOC", "東京"),
        ("s1", "Tokyo", "LOC", "東京"),
        ("s2", "", "", ""),
    ]
    assert [row.status for row in found] == ["aligned"] * 3 + ["no_entity"]
    assert [row.logprob for row in found] == [-1.0] * 3 + [None]
    assert {row.confidence for row in found} == {None}


@pytest.mark.parametrize(
    ("language", "text", "said", "surface"),
    [
        ("ja", "トヨタ自動車は愛知県にある。", "トヨタ自動車", "トヨタ自動車"),
        ("ja", "彼女はさいたま市で生まれた。", "答え：さいたま市。", "さいたま市"),
        ("ko", "그는 서울에서 태어났다.", "서울", "서울"),
        ("ru", "Он жил в Москве, столице.", "«Москве»", "Москве"),
        ("de", "Sie kam aus Washington, D.C., zurück.", "Washington, D.C.", "Washington, D.C"),
        ("ar", "ولد في القاهرة، مصر.", "القاهرة،", "القاهرة"),
        ("hi", "वह भारत में रहता है।", "भारत", "भारत"),
        ("ja", "「東京」と「京都」", "「東京」", "東京"),
        ("ja", '"東京"と"京都"', '"京都"', "京都"),
        ("en", "👩‍👩‍👧 in Ōsaka", "Ōsaka", "Ōsaka"),
    ],
)
def test_all_characters_are_compared(language: str, text: str, said: str, surface: str) -> None:
    llm = Scripted(lambda prompt: said)
    [row] = aligned(sentences(text), [mention("s0", "X")], llm, languages.get(language))
    assert row.surface == surface


def test_the_first_free_occurrence_and_no_other() -> None:
    llm = Scripted(by_entity({"Tokyo": "東京", "Tokyo Tower": "東京タワー"}))
    text = sentences("東京の東京タワーは東京。")
    once = aligned(text, [mention("s0", "Tokyo")], llm)
    assert [(row.start, row.end) for row in once] == [(0, 2)]
    # As in the paper, an earlier entity is in a later one's way.
    entities = [mention("s0", name) for name in ("Tokyo", "Tokyo", "Tokyo Tower")]
    often = aligned(text, entities, llm)
    assert [(row.start, row.status) for row in often] == [
        (0, "aligned"),
        (3, "aligned"),
        (None, "taken"),
    ]


def test_an_entity_with_a_comma_is_one() -> None:
    llm = Scripted(by_entity({"Washington, D.C.": "ワシントン"}))
    [row] = aligned(sentences("ワシントンは晴れ。"), [mention("s0", "Washington, D.C.")], llm)
    assert (row.english, row.surface) == ("Washington, D.C.", "ワシントン")


@pytest.mark.parametrize("said", ["", "None", "、。", "<think>東京", "\ufffd"])
def test_nothing_in_common_is_no_candidate(said: str) -> None:
    llm = Scripted(lambda prompt: said)
    [row] = aligned(sentences("東京、大阪。"), [mention("s0", "Rome")], llm)
    assert row.status == "no_candidate"


def test_a_sentence_that_is_too_long_gives_up_alone() -> None:
    texts = sentences("東京" * 5000, "東京")
    llm = Scripted(lambda prompt: "東京", context=4000)
    found = aligned(texts, [mention("s0", "Tokyo"), mention("s1", "Tokyo")], llm)
    assert [row.status for row in found] == ["too_long", "aligned"]


@given(st.text('aé東京ソ、 .\n"', max_size=12), st.text('aé東京ソ、 .\n"', max_size=12))
def test_the_longest_common_substring_is_one(answer: str, sentence: str) -> None:
    found = longest_common(answer, sentence)
    assert found in answer
    assert found in sentence
    assert found == found.strip(' .\n"、')
    longest = max(
        (
            sentence[i:j]
            for i in range(len(sentence))
            for j in range(i + 1, len(sentence) + 1)
            if sentence[i:j] in answer
        ),
        key=len,
        default="",
    )
    assert len(found) <= len(longest)
    if longest.isalnum():
        same = [
            sentence[i : i + len(longest)]
            for i in range(len(sentence) - len(longest) + 1)
            if sentence[i : i + len(longest)] in answer
        ]
        assert found == same[0].strip(' .\n"、')


def both_entities(texts, llm, journal=None):
    """Two entities of each sentence, taken back by a real LLM."""
    entities = [mention(row.sentence_id, name) for row in texts for name in ("Tokyo", 'a "b", c')]
    return list(paper.align(texts, entities, llm, JA, max_new_tokens=4, journal=journal))


def test_hostile_sentences_change_only_their_own_rows_and_batches_nothing() -> None:
    llm = tiny.llm("llama")
    plain = sentences("東京は日本の首都である。", "ソニーはロンドンで新しい研究所を開いた。")
    hostile = [*plain, *sentences(*["x"] * 2, *HOSTILE, "大" * 10_000)[2:]]
    together = both_entities(hostile, llm)
    for text in plain:
        own = [row for row in together if row.sentence_id == text.sentence_id]
        for row, alone in zip(own, both_entities([text], llm), strict=True):
            assert row.logprob == pytest.approx(alone.logprob, abs=5e-3)
            assert replace(row, logprob=alone.logprob) == alone
    text_of = {row.sentence_id: row.text for row in hostile}
    for row in together:
        if row.status == "aligned":
            assert text_of[row.sentence_id][row.start : row.end] == row.surface
        assert row.status in {"aligned", "taken", "no_candidate", "too_long"}


def test_a_killed_run_asks_no_finished_turn_again(tmp_path) -> None:
    llm = tiny.llm("llama")
    texts = sentences("東京は日本の首都である。", "ソニー")
    whole = both_entities(texts, llm, Journal(tmp_path / "whole", "x"))
    lines = (tmp_path / "whole").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "cut").write_text("".join(lines[:-1]) + lines[-1][:9], encoding="utf-8")
    before = llm.calls
    again = both_entities(texts, llm, Journal(tmp_path / "cut", "x"))
    assert list(map(cells, again)) == list(map(cells, whole))
    assert 0 < llm.calls - before < len(lines)
