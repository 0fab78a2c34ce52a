from __future__ import annotations

import itertools

import llguidance
import pytest
import tiny
from hypothesis import example, given, settings
from hypothesis import strategies as st
from questions import STOP

from eatner.llm.base import one_line
from eatner.llm.grammar import substring_gbnf, substring_lark


def accepts(grammar: str, text: str) -> bool:
    model = tiny.llm("llama")
    matcher = llguidance.LLMatcher(
        model.generation.matchers.tokenizer, llguidance.grammar_from("grammar", grammar)
    )
    assert not matcher.is_error(), matcher.get_error()
    tokens = model.encode_answer(text)
    return matcher.validate_tokens(tokens) == len(tokens) and (
        matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()
    )


@settings(max_examples=25, deadline=None)
@given(st.text("東京Москва é\u0301가👩\u200d[]{}()\\|/'-:=#.*+?”\u202e", max_size=12))
@example("\\")
@example("::= s0 | s1")
@example("")
def test_the_grammar_holds_all_substrings_and_nothing_else(text: str) -> None:
    sentence = one_line(text)
    grammar = substring_gbnf(sentence, STOP, STOP)
    places = range(len(sentence) + 1)
    parts = {sentence[a:b] for a, b in itertools.combinations_with_replacement(places, 2)}
    for part in parts | {sentence[::-1], sentence + "x", sentence[:1] + sentence[2:], "東"}:
        assert accepts(grammar, f'"{part}"') == (part in sentence), part
    assert not accepts(grammar, '"')
    assert not accepts(grammar, sentence)


def test_the_grammar_of_a_long_sentence_is_small() -> None:
    assert len(substring_gbnf("東" * 1000, "", STOP)) < 30_000


@pytest.mark.parametrize(("sentence", "after"), [('a "b"', STOP), ("a", "")])
def test_a_grammar_without_an_end_is_refused(sentence: str, after: str) -> None:
    with pytest.raises(ValueError, match="must not stand in"):
        substring_gbnf(sentence, "", after)


def test_a_list_is_of_substrings() -> None:
    grammar = substring_lark("東京; x", None, "; ")
    model = tiny.llm("llama")

    def allows(text: str) -> bool:
        made = llguidance.LLMatcher.grammar_from_lark(grammar)
        matcher = llguidance.LLMatcher(model.generation.matchers.tokenizer, made)
        tokens = model.encode_answer(text)
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

    for text in ("", "東", " 東京", "東京; x", "x; 東京; x; 東京", "東京; x; 東京; x"):
        assert allows(text), text
    for text in ("京東", "東京;x", "y", "東京; y", "\n"):
        assert not allows(text), text
    with pytest.raises(ValueError, match="must not stand in"):
        substring_lark("東京", None)
    with pytest.raises(ValueError, match="must not stand in"):
        substring_lark("東\n京", "\n", "; ")
