from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner import prompts
from eatner.text import languages

JA = languages.get("ja")
EVERY = sorted(languages.known())


def written(prompt) -> str:
    """A prompt as one text; a conversation's turns each with its role."""
    if isinstance(prompt, str):
        return prompt
    roles = [message["role"] for message in prompt]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2)
    return "".join(f"<{message['role']}>\n{message['content']}\n" for message in prompt)[:-1]


@pytest.mark.parametrize("code", EVERY)
def test_the_names_of_an_example_stand_in_its_text_and_its_english(code: str) -> None:
    shown = prompts.examples(code)
    assert len(shown) == 3
    for language, text, english, names in shown:
        assert language.code == code or code not in {one.code for one, *_ in shown}
        assert names
        for surface, name in names:
            assert surface in text
            assert name in english
            assert '"' not in surface + name
        assert "Bank of France" not in english


@pytest.mark.parametrize("code", EVERY)
@pytest.mark.parametrize("form", ["few-shot", "chat", "tuned"])
def test_an_alignment_prompt_ends_inside_a_quote(code: str, form: str) -> None:
    language = languages.get(code)
    asked = written(prompts.alignment('東京"x"\n', 'To "kyo"', language, form))
    assert asked.endswith(f'{language.name}: "')
    assert "Sentence: 東京”x” \n" in asked
    assert 'English: "To ”kyo”"\n' in asked
    assert asked.count(f'{language.name}: "') == (1 if form == "tuned" else 5) or code not in {
        one.code for one, *_ in prompts.examples(code)
    }


def test_the_examples_of_an_alignment_end_at_the_mark_that_ends_an_answer() -> None:
    asked = prompts.alignment("東京", "Tokyo", JA, "few-shot")
    blocks = asked.split("\n\n")[1:]
    assert len(blocks) == 5
    for block, (_, text, _, names) in zip(blocks, prompts.examples("ja"), strict=False):
        sentence, english, answer = block.split("\n")
        assert sentence == f"Sentence: {text}"
        assert english == f'English: "{names[0][1]}"'
        assert answer == f'Japanese: "{names[0][0]}"'
    # One of them has no answer.
    assert blocks[3].endswith('Japanese: ""')


def test_the_entities_of_a_sentence_share_the_prompts_beginning() -> None:
    first, second = (prompts.alignment("東京と大阪", e, JA, "few-shot") for e in ("Tokyo", "Osaka"))
    common = len(first) - len('Tokyo"\nJapanese: "')
    assert first[:common] == second[:common]
    assert first[:common].endswith('Sentence: 東京と大阪\nEnglish: "')


def test_a_translation_prompt_in_each_form() -> None:
    few = prompts.translation("東京\nへ", JA, [("東京", "Tokyo")], "few-shot")
    assert few.startswith("Translate Japanese into English.")
    assert few.endswith("Japanese: Tokyo へ\nEnglish:")
    # Of the three examples two have their names in English, as the question has.
    assert few.count("Angela Merkel") == few.count("Maria Silva") == 2
    assert few.count("London") == 1
    bare = prompts.translation("東京へ", JA, [], "few-shot")
    assert bare.count("Angela Merkel") == 1
    assert bare.endswith("\n\nJapanese: 東京へ\nEnglish:")
    turns = prompts.translation("東京\nへ", JA, [("東京", "Tokyo")], "chat")
    assert [turn["role"] for turn in turns] == ["user", "assistant"] * 3 + ["user"]
    assert turns[0]["content"].startswith("Translate Japanese into English.")
    assert turns[-1]["content"] == "Tokyo へ"
    assert sum("Angela Merkel" in turn["content"] for turn in turns) == 2
    assert prompts.translation("東京へ", JA, [], "chat")[-1]["content"] == "東京へ"


def test_a_name_alone_in_each_form() -> None:
    few = prompts.name("東\n京", JA)
    assert few.startswith("Japanese names in English:\n\n")
    assert f"\nロンドン ={prompts.named('London')}" in few
    assert few.endswith("\n東 京 =")
    turns = prompts.name("東\n京", JA, "chat")
    assert [turn["content"] for turn in turns[-3:]] == ["ハンガリー", "Hungary", "東 京"]
    assert "<assistant>\nLondon\n" in written(turns)


@pytest.mark.parametrize(
    ("sentence", "names", "expected"),
    [
        ("東京大阪へ", {"東京": "Tokyo", "大阪": "Osaka"}, "Tokyo Osaka へ"),
        # The longest first; what was put in is not looked through.
        ("加藤は加藤ピンだ。", {"加藤": "Kato", "加藤ピン": "加藤 P"}, "Kato は 加藤 P だ。"),
        # Alone where it can, inside words where it must.
        ("Иран и Ирана", {"Иран": "Iran"}, "Iran и Ирана"),
        ("서울에서", {"서울": "Seoul"}, "Seoul 에서"),
        ("タイのタイトル", {"タイ": "Thailand"}, "Thailand のタイトル"),
        ("(Wien)", {"Wien": "Vienna", "": "x"}, "(Vienna)"),
    ],
)
def test_names_stand_in_english_in_the_sentence(
    sentence: str, names: dict[str, str], expected: str
) -> None:
    prompt = prompts.translation(sentence, JA, list(names.items()), "few-shot")
    assert prompt.endswith(f"\n\nJapanese: {expected}\nEnglish:")


@given(st.text(), st.text())
def test_no_input_adds_a_line(sentence: str, name: str) -> None:
    for form in ("few-shot", "tuned", "chat"):
        plain = written(prompts.alignment("x", "y", JA, form))
        hostile = written(prompts.alignment(sentence, name, JA, form))
        assert hostile.count("\n") == plain.count("\n")
        assert hostile.count('"') == plain.count('"')
    for form in ("few-shot", "chat"):
        plain = written(prompts.translation("x", JA, [("x", "y")], form))
        hostile = written(prompts.translation(sentence, JA, [(sentence, name)], form))
        assert hostile.count("\n") == plain.count("\n")


def test_a_language_without_examples_is_shown_others() -> None:
    import dataclasses

    unknown = dataclasses.replace(JA, code="xx", name="Klingon")
    shown = prompts.examples("xx")
    assert [language.code for language, *_ in shown] == list(prompts.FALLBACK)
    assert prompts.alignment("x", "y", unknown, "few-shot").endswith('Klingon: "')
    assert prompts.translation("x", unknown, [], "few-shot").endswith("Klingon: x\nEnglish:")
