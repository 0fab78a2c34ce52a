from __future__ import annotations

from pathlib import Path

import pytest
import tiny
from conversations import Scripted
from questions import same

from eatner.errors import InputError
from eatner.llm import room
from eatner.llm.base import LLM, Completion
from eatner.llm.conversation import converse, final_answer
from eatner.llm.journal import Journal
from eatner.llm.transformers import TransformersLLM


def texts(answers: list[Completion | None]) -> list[str | None]:
    return [answer and answer.text for answer in answers]


def test_a_turn_of_all_conversations_after_the_other() -> None:
    llm = Scripted(lambda prompt: f"to {prompt[-1]['content']}\ufffd")
    found = converse(llm, [["a", "b"], ["東", "京"]], "asking", 8, None)
    assert texts(found) == ["to b\ufffd", "to 京\ufffd"]
    said = [[message["content"] for message in prompt] for prompt in llm.asked]
    assert said == [["a"], ["東"], ["a", "to a", "b"], ["東", "to 東", "京"]]
    roles = [message["role"] for message in llm.asked[-1]]
    assert roles == ["user", "assistant", "user"]
    assert converse(llm, [], "asking", 8, None) == []


def test_a_conversation_that_outgrows_the_context_ends_alone() -> None:
    llm = Scripted(lambda prompt: "x" * (50 if prompt[0]["content"] == "long" else 1), context=40)
    assert texts(converse(llm, [["a", "b"], ["long", "b"]], "asking", 8, None)) == ["x", None]
    assert len(llm.asked) == 3


def test_a_prompt_that_a_server_finds_too_long_ends_its_conversation_alone() -> None:
    llm = Scripted(lambda prompt: None if prompt[-1]["content"] == "refused" else "x")
    turns = [["a", "b", "c"], ["refused", "b", "c"], ["a", "refused", "c"]]
    assert texts(converse(llm, turns, "asking", 8, None)) == ["x", None, None]
    assert len(llm.asked) == 3 + 2 + 1


def test_a_base_model_has_no_conversation() -> None:
    with pytest.raises(InputError, match="no chat template"):
        converse(tiny.llm("gemma-wide"), [["a"]], "asking", 4, None)


def test_no_turn_is_asked_twice(tmp_path: Path) -> None:
    llm = tiny.llm("llama")
    turns = [["東京?", "And?"], ["Paris?", "And?"]]
    first = converse(llm, turns, "asking", 4, Journal(tmp_path / "journal", "x"))
    calls = llm.calls
    assert converse(llm, turns, "asking", 4, Journal(tmp_path / "journal", "x")) == first
    assert llm.calls == calls


TURNS = [
    ["Who is in 東京?", "And now in one short line?", "Again"],
    ["a", "b", "c"],
    ["Москва " * 9, "And in Paris, or in 京都 perhaps?", "No"],
]


@pytest.mark.parametrize("rows", [3, 1])
def test_no_turn_is_read_twice(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    llm = tiny.llm("llama")
    monkeypatch.setattr(room, "MAX_ROWS", rows)
    monkeypatch.setattr(TransformersLLM, "conversation", LLM.conversation)
    expected = converse(llm, TURNS, "asking", 12, None)
    monkeypatch.undo()
    monkeypatch.setattr(room, "MAX_ROWS", rows)
    read = []
    llm.model.register_forward_pre_hook(
        lambda _, given, named: read.append(named.get("input_ids", *given).shape), with_kwargs=True
    )
    same([[each] for each in converse(llm, TURNS, "asking", 12, None)], [[e] for e in expected])
    prompts = max(len(llm.encode([{"role": "user", "content": t}])) for ts in TURNS for t in ts)
    assert max(width for _, width in read) <= prompts


def ask_and_die(llm: LLM, journal: Journal) -> None:
    llm.complete(["東京"], max_new_tokens=4, journal=journal)
    raise KeyboardInterrupt


def test_a_killed_group_leaves_no_answer(tmp_path: Path) -> None:
    llm, path = tiny.llm("llama"), tmp_path / "journal"
    journal = Journal(path, "x")
    killed = llm.conversation(journal)
    with pytest.raises(KeyboardInterrupt), killed:
        ask_and_die(llm, journal)
    assert path.read_text() == ""
    with llm.conversation(journal):
        llm.complete(["京都"], max_new_tokens=4, journal=journal)
        assert path.read_text() == ""
    assert path.read_text().count("\n") == 1
    assert llm.generation.kept is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Tokyo is large.", "Tokyo is large."),
        ('"Tokyo is large."', "Tokyo is large."),
        ("“Tokyo is large.”", "Tokyo is large."),
        ('"Tokyo" and "Kyoto"', '"Tokyo" and "Kyoto"'),
        ("English: Tokyo is large.", "Tokyo is large."),
        ("**Final translation:** Tokyo is large.", "Tokyo is large."),
        ("Final English translation: **Tokyo is large.**", "Tokyo is large."),
        ('Sure! Here is the translation:\n\n"Tokyo is large."', "Tokyo is large."),
        ("The final answer is: Tokyo is large.", "Tokyo is large."),
        ("<think>\nEnglish: no\n</think>\n\nTokyo is large.", "Tokyo is large."),
        ("English: it says so</think>Tokyo is large.", "Tokyo is large."),
        ("<think>\nwithout an end", ""),
        ("Tokyo is\nlarge.\ufffd", "Tokyo is large."),
        ("Here is the house: it is red.", "Here is the house: it is red."),
        ("Of course he came.", "Of course he came."),
        ("English is spoken there.", "English is spoken there."),
        ("```\nTokyo\n```", "Tokyo"),
        ("'Tis said", "'Tis said"),
        ('"', '"'),
        ("", ""),
    ],
)
def test_what_stands_around_an_answer_goes(said: str, meant: str) -> None:
    assert final_answer(said) == meant
