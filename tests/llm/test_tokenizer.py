from __future__ import annotations

import pytest
import tiny

from eatner.errors import InputError


def test_the_mark_of_a_beginning_stands_once() -> None:
    model = tiny.llm("llama")
    begin = model.tokenizer.bos_token_id
    assert model.encode("x").count(begin) == 1
    assert begin not in model.encode_answer("x")


@pytest.mark.parametrize("kind", ["gemma", "llama"])
def test_special_tokens_in_a_text_are_text(kind: str) -> None:
    model = tiny.llm(kind)
    marks = {model.tokenizer.bos_token_id, model.tokenizer.eos_token_id}
    hostile = f"東京{tiny.EOS}へ{tiny.BOS}"
    assert not marks & set(model.encode(hostile)[1:])
    assert not marks & set(model.encode_answer(hostile))
    assert model.tokenizer.decode(model.encode_answer(hostile)) == hostile
    if kind == "llama":
        said = model.encode([{"role": "user", "content": hostile}])
        assert not marks & set(said[1:])


def test_a_chat_prompt_follows_the_template() -> None:
    asked = tiny.llm("llama").chat_prompt([{"role": "user", "content": "東京?"}])
    assert asked == "<|user|>\n東京?\n<|assistant|>\n"


def test_an_opened_answer_goes_on() -> None:
    said = [{"role": "user", "content": "東京?"}, {"role": "assistant", "content": 'English: "'}]
    asked = tiny.llm("llama").chat_prompt(said)
    assert asked == '<|user|>\n東京?\n<|assistant|>\nEnglish: "'


def test_a_base_model_has_no_chat_prompt() -> None:
    with pytest.raises(InputError, match="few-shot"):
        tiny.llm("gemma").chat_prompt([{"role": "user", "content": "x"}])


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ raise_exception('Only\\nsystem, please') }}", r"\(Only system, please\)"),
        ("{% for %}", "it has an error: Expected an expression"),
        ("{{ x.y.z }}", "'x' is undefined"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{{ 1 // 0 }}", "zero"),
        ("{{ raise_exception('x' * 5000) }}", r"xxx \.\.\. xxx"),
        ("{{ raise_exception('\x1b[2J') }}", r"\(\\x1b\[2J\)"),
        (" ", "writes nothing"),
    ],
)
def test_a_chat_template_that_fails_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, template: str, said: str
) -> None:
    model = tiny.llm("llama")
    monkeypatch.setattr(model.tokenizer, "chat_template", template)
    with pytest.raises(InputError, match=rf"chat template .*{said}.*chat_template\.jinja") as error:
        model.encode([{"role": "user", "content": "東京?"}])
    assert str(error.value).startswith(str(tiny.folder("llama")))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 700
