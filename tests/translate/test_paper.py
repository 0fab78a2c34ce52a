from __future__ import annotations

import json
from dataclasses import replace

import pytest
import tiny
from conversations import HOSTILE, Scripted, turn
from rows import sentences

from eatner.errors import InputError
from eatner.llm.journal import Journal
from eatner.tables import Translation, cells
from eatner.text import languages
from eatner.translate import paper

JA = languages.get("ja")


def test_three_turns_of_one_conversation_a_sentence() -> None:
    llm = Scripted(lambda prompt: f"answer {turn(prompt)}")
    rows = list(paper.translate(sentences("東京", "大阪"), llm, JA, max_new_tokens=512))
    assert [turn(prompt) for prompt in llm.asked] == [1, 1, 2, 2, 3, 3]
    for place, text in enumerate(("東京", "大阪")):
        one, two, three = llm.asked[place::2]
        assert text in one[0]["content"]
        assert two[0] == one[0]
        assert three[:3] == two
        assert [m["role"] for m in three] == ["user", "assistant", "user", "assistant", "user"]
        assert (two[1]["content"], three[3]["content"]) == ("answer 1", "answer 2")
    assert [row.english for row in rows] == ["answer 3"] * 2
    assert rows[0] == Translation("s0", "answer 3", (), -1.0, "translated")


def test_statuses_of_translations() -> None:
    texts = sentences("東京", "", "奈良")
    found = {}
    for name, answer, finished in (
        ("translated", "Tokyo", True),
        ("truncated", "Tokyo is", False),
        ("empty", " ", True),
        ("not_english", "東京です。", True),
    ):
        llm = Scripted(lambda _, said=answer: said, finished=finished)
        found[name] = [row.status for row in paper.translate(texts, llm, JA, max_new_tokens=8)]
    assert found == {name: [name, "blank", name] for name in found}


@pytest.mark.parametrize("turns", [0, 1, 2])
def test_a_conversation_that_outgrows_the_context_ends_alone(turns: int) -> None:
    """The answers make the conversation longer: it may fit at first and no more later."""
    llm = Scripted(lambda prompt: "x" * (400 if "長い" in prompt[0]["content"] else 1))
    texts = sentences("東京", "長い" * 300)
    list(paper.translate(texts, llm, JA, max_new_tokens=8))
    longest = [len(llm.encode(prompt)) for prompt in llm.asked[1::2]]
    llm.asked, llm.context = [], longest[turns] + 8 - 1
    rows = list(paper.translate(texts, llm, JA, max_new_tokens=8))
    assert [row.status for row in rows] == ["translated", "too_long"]
    assert sum("長い" in prompt[0]["content"] for prompt in llm.asked) == turns


def test_a_base_model_has_no_chat() -> None:
    with pytest.raises(InputError, match="no chat template"):
        list(paper.translate(sentences("東京"), tiny.llm("gemma-wide"), JA, max_new_tokens=4))


def translated(texts, llm, journal=None):
    return list(paper.translate(texts, llm, JA, max_new_tokens=4, journal=journal))


def test_hostile_sentences_change_only_their_own_rows_and_batches_nothing() -> None:
    llm = tiny.llm("llama")
    plain = sentences("東京は日本の首都である。", "ソニーはロンドンで新しい研究所を開いた。")
    hostile = [*plain, *sentences(*["x"] * 2, *HOSTILE, "大" * 10_000)[2:]]
    together = translated(hostile, llm)
    for text, row in zip(plain, together, strict=False):
        [alone] = translated([text], llm)
        assert row.logprob == pytest.approx(alone.logprob, abs=5e-3)
        assert replace(row, logprob=alone.logprob) == alone
    assert [row.sentence_id for row in together] == [row.sentence_id for row in hostile]
    statuses = [row.status for row in together]
    assert [i for i, status in enumerate(statuses) if status == "blank"] == [7, 8]
    assert [i for i, status in enumerate(statuses) if status == "too_long"] == [10]


def test_a_killed_run_asks_no_finished_turn_again(tmp_path) -> None:
    llm = tiny.llm("llama")
    texts = sentences("東京は日本の首都である。", "ソニー")
    whole = translated(texts, llm, Journal(tmp_path / "whole", "x"))
    lines = (tmp_path / "whole").read_text(encoding="utf-8").splitlines(keepends=True)
    assert all(json.loads(line)["answers"] for line in lines)
    (tmp_path / "cut").write_text("".join(lines[:-1]) + lines[-1][:9], encoding="utf-8")
    before = llm.calls
    again = translated(texts, llm, Journal(tmp_path / "cut", "x"))
    assert list(map(cells, again)) == list(map(cells, whole))
    assert 0 < llm.calls - before < len(lines)
