from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.llm.base import Completion
from eatner.llm.replies import tidied, tidy, without_thoughts

PLAIN = "Tokyo is large."
CJK = "ア・アンゲラ <b>「東京」</b> [1] <3 |x| a < b > c"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        # Thoughts, by the tags of several models.
        (f"<think>\nTokyo? No.\n</think>\n\n{PLAIN}", PLAIN),
        (f"<thinking>x</thinking>{PLAIN}", PLAIN),
        (f"<THOUGHT>x</THOUGHT> {PLAIN}", PLAIN),
        (f"<seed:think>x</seed:think>{PLAIN}", PLAIN),
        (f"◁think▷x◁/think▷{PLAIN}", PLAIN),
        (f"[THINK]x[/THINK]{PLAIN}", PLAIN),
        (f"the template opened it</think>\n{PLAIN}", PLAIN),
        (f"<think></think>{PLAIN}", PLAIN),
        (f"<think>a</think>and so on</think>{PLAIN}", PLAIN),
        (f"{PLAIN}\n<think>Was that right?", PLAIN + "\n"),
        (f"<|START_THINKING|>x<|END_THINKING|><|START_RESPONSE|>{PLAIN}<|END_RESPONSE|>", PLAIN),
        (f"<|begin_of_thought|>x<|end_of_thought|>\n{PLAIN}", PLAIN),
        (f"<|think|>x<|/think|>{PLAIN}", PLAIN),
        (f"<think >x</think >{PLAIN}", PLAIN),
        (f"<|channel>thought\nx<channel|>{PLAIN}", PLAIN),
        (f"<unused94>thought\nx<unused95>{PLAIN}", PLAIN),
        (f"So:\nx\n[BEGIN FINAL RESPONSE]\n{PLAIN}\n[END FINAL RESPONSE]", PLAIN),
        # OpenAI's channels, with and without their control tokens.
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>"
            f"{PLAIN}<|return|>",
            PLAIN,
        ),
        (f"<|channel|>final <|constrain|>text<|message|>{PLAIN}", PLAIN),
        (f"analysisWe need English.assistantfinal{PLAIN}", PLAIN),
        # Control tokens at the end of a turn, and an invented turn behind it.
        (f"{PLAIN}<|im_end|>", PLAIN),
        (f"{PLAIN}<|im_end|>\n<|im_start|>user\nAnd Kyoto?", PLAIN),
        (f"{PLAIN}<end_of_turn>\n", PLAIN),
        (f"{PLAIN}</s>", PLAIN),
        (f"{PLAIN}<|eot_id|>", PLAIN),
        (f"{PLAIN} [/INST] Tokyo", PLAIN),
        (f"{PLAIN}<｜end▁of▁sentence｜>", PLAIN),
        (f"{PLAIN}<|END_OF_TURN_TOKEN|>", PLAIN),
        (f"{PLAIN}[|endofturn|]", PLAIN),
        (f"{PLAIN}<turn|>\n<|turn>user", PLAIN),
        (f"{PLAIN}<end_of_utterance>", PLAIN),
        (f"{PLAIN}<reserved_106>", PLAIN),
        # And at its beginning.
        (f"<|im_start|>assistant\n{PLAIN}<|im_end|>", PLAIN),
        (f"<|start_header_id|>assistant<|end_header_id|>\n\n{PLAIN}<|eot_id|>", PLAIN),
        (f"<start_of_turn>model\n{PLAIN}<end_of_turn>", PLAIN),
        (f"<s> {PLAIN}</s>", PLAIN),
        ("<|im_end|>", ""),
        # What is no more than an answer.
        (PLAIN, PLAIN),
        (f" {PLAIN}\n", f" {PLAIN}\n"),
        (CJK, CJK),
        ("I think <b>Tokyo</b> is large.", "I think <b>Tokyo</b> is large."),
        ("", ""),
    ],
)
def test_what_an_answer_says(said: str, meant: str) -> None:
    assert tidy(said, chat=False) == (meant, False)
    assert tidy(said, chat=True) == (meant, False)


@pytest.mark.parametrize(
    "said",
    [
        "<think>\nIs it Tokyo? Or",
        " \n<thinking>x",
        "◁think▷x",
        "<think>a</think><think>b",
        "<|channel|>analysis<|message|>We need",
        "analysisWe need to translate",
        "<|START_THINKING|>x",
        "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>commentary<|message|>y",
    ],
)
def test_a_thought_that_never_ends_is_no_answer(said: str) -> None:
    assert tidy(said, chat=False) == ("", True)
    [answer] = tidied(said, [Completion(said, -1.0, 3, False)])
    assert (answer.text, answer.only_thought, answer.tokens) == ("", True, 3)


@pytest.mark.parametrize("said", ["<think>Nothing to say.</think>", "<|im_end|>", " \n"])
def test_an_empty_answer_after_a_thought_is_an_answer(said: str) -> None:
    text, only_thought = tidy(said, chat=True)
    assert not text.strip()
    assert not only_thought


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (f"assistant: {PLAIN}", PLAIN),
        (f"Assistant:\n{PLAIN}", PLAIN),
        (f"assistant\n\n{PLAIN}", PLAIN),
        (f"Sure, here is the translation:\n\n{PLAIN}", PLAIN),
        (f"Sure! Here's the English translation of the sentence: {PLAIN}", PLAIN),
        (f"Here is the translation: {PLAIN}", PLAIN),
        (f"**Here is the English translation:** {PLAIN}", PLAIN),
        (f"Translation: {PLAIN}", PLAIN),
        (f"**English translation:**\n\n{PLAIN}", PLAIN),
        (f"The translation of the sentence is:\n\n{PLAIN}", PLAIN),
        (f"Natürlich! Hier ist die Übersetzung:\n\n{PLAIN}", PLAIN),
        (f"Bien sûr ! Voici la traduction :\n\n{PLAIN}", PLAIN),
        (f"Конечно! Вот перевод:\n{PLAIN}", PLAIN),
        (f"بالتأكيد! إليك الترجمة:\n\n{PLAIN}", PLAIN),
        (f"当然！以下是翻译：\n\n{PLAIN}", PLAIN),
        (f"はい、翻訳は以下の通りです：\n\n{PLAIN}", PLAIN),
        (f"<answer>\n{PLAIN}\n</answer>", PLAIN),
        ("Certainly! Here are the names:\nPER: Ōe", "PER: Ōe"),
        (f"```\n{PLAIN}\n```", PLAIN),
        (f"```text\n{PLAIN}\n```", PLAIN),
        (f"{PLAIN}\n\nLet me know if you need anything else!", PLAIN),
        (f"{PLAIN}\n\n(Note: 東京 is the capital.)", PLAIN),
        # Sentences that look like one of these.
        ("Here is the house: it is red.", "Here is the house: it is red."),
        ("This is the name of the city: Tokyo.", "This is the name of the city: Tokyo."),
        ("Sure, he came.", "Sure, he came."),
        ("The translation is old: it is Luther's.", "The translation is old: it is Luther's."),
        ("Translation:", "Translation:"),
        ("Model: BMW", "Model: BMW"),
        ("Assistant coach Mori left.", "Assistant coach Mori left."),
        ("Note that Tokyo is large.", "Note that Tokyo is large."),
        ("Use `x` and ```y``` there.", "Use `x` and ```y``` there."),
    ],
)
def test_politeness_of_a_conversation_goes(said: str, meant: str) -> None:
    assert tidy(said, chat=True)[0] == meant
    # A text that goes on has nobody who is polite.
    assert tidy(said, chat=False)[0] == said


@given(st.text(), st.booleans())
def test_any_text_is_read(text: str, chat: bool) -> None:
    answer, only_thought = tidy(text, chat=chat)
    assert not (only_thought and answer)
    if "<" not in text and "[" not in text and "◁" not in text and not chat:
        assert answer == text or text.startswith("analysis")


@given(st.text("<>/thinkabc\n |", max_size=60))
def test_thoughts_are_cut_once_and_for_all(text: str) -> None:
    once, _ = without_thoughts(text)
    assert without_thoughts(once)[0].strip() == once.strip()
