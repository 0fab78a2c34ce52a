from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner import prompts
from eatner.llm.base import Completion
from eatner.text import languages
from eatner.translate.asking import Asker, Question
from eatner.translate.leaks import leaked
from eatner.translate.repair import (
    in_parts,
    is_refusal,
    missing,
    with_missing_names,
    without_leaks,
    without_refusals,
)

JA, DE, SW, RU, ZH = (languages.get(code) for code in ("ja", "de", "sw", "ru", "zh"))
CITIES = {
    "東京": "Tokyo", "大阪": "Osaka", "京都": "Kyoto", "札幌": "Sapporo", "仙台": "Sendai",
    "福岡": "Fukuoka", "神戸": "Kobe", "広島": "Hiroshima", "横浜": "Yokohama", "奈良": "Nara",
}  # fmt: skip


class Translator:
    """An LLM whose answer is a function of the prompt; keeps what it was asked."""

    context = 100_000

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.answer, self.asked = answer, []

    encode = list

    def complete(self, asked, **_):
        self.asked += asked
        return [[Completion(self.answer(prompt), -1.0, 3, True)] for prompt in asked]


def asker(answer: Callable[[str], str], language=JA) -> Asker:
    return Asker(Translator(answer), language, "few-shot", 16, None)


def said(text: str) -> Completion:
    return Completion(text, -2.0, 4, True)


def last_line(prompt: str) -> str:
    return prompt.removesuffix("\nEnglish:").rpartition(": ")[2]


def test_what_a_chat_llm_would_not_translate_is_put_to_it_as_a_text() -> None:
    ask = replace(asker(lambda _: "Taro died."), form="chat")
    questions = [Question("太郎は死んだ。", ()), Question("花子は歌手だ。", ())]
    answers = [said("I'm sorry, but I can't assist with that."), said("Hanako is a singer.")]
    found = without_refusals(questions, answers, ask)
    assert found == [Completion("Taro died.", -1.0, 3, True), answers[1]]
    [prompt] = ask.llm.asked
    assert prompt == prompts.translation("太郎は死んだ。", JA, (), "few-shot")
    # The sentence itself may say so.
    ask = asker(lambda _: "Sorry, I cannot help you.")
    assert without_refusals(questions, answers, ask) == answers
    assert without_refusals(questions[1:], answers[1:], ask) == answers[1:]


@pytest.mark.parametrize(
    ("english", "refuses"),
    [
        ("Oh, I'm sorry, but I can't assist with that.", True),
        ("I’m sorry, but I cannot translate this sentence.", True),
        ("As an AI language model, I do not have feelings.", True),
        ("I am unable to fulfill this request.", True),
        ("I apologize, but I cannot provide a translation of this text.", True),
        ("I'm sorry, I can't do that.", True),
        ("I cannot comply with this request.", True),
        ("I'm sorry for your loss, said the minister.", False),
        ("Aid can help Asia.", False),
        ("", False),
    ],
)
def test_how_a_refusal_reads(english: str, refuses: bool) -> None:
    assert is_refusal(english) is refuses


def test_a_name_of_the_examples_is_asked_again_without_them() -> None:
    ask = asker(lambda _: "Taro, a professor, was born in Hungary.")
    questions = [Question("太郎は教授だ。", ()), Question("花子は歌手だ。", ())]
    answers = [said("Maria Silva is a professor."), said("Hanako is a singer.")]
    found = without_leaks(questions, answers, ask)
    # Hungary is of the same example: it is in the second answer all the same, so the first stays.
    assert found == answers
    [prompt] = ask.llm.asked
    assert "Maria Silva" not in prompt
    assert "Angela Merkel" in prompt
    ask = asker(lambda _: "Taro is a professor.")
    assert without_leaks(questions, answers, ask) == [
        Completion("Taro is a professor.", -1.0, 3, True),
        answers[1],
    ]


def test_an_answer_with_a_name_of_another_example_is_asked_for_once_more() -> None:
    """Seen in Arabic: without the example of Sony, Angela Merkel came."""
    names = ("Angela Merkel", "Sony", "Maria Silva")
    question, first = Question("太郎は教授だ。", ()), said("Sony is a professor.")
    # It takes the first name of the examples that it sees.
    ask = asker(lambda prompt: next((n for n in names if n in prompt), "Taro") + " teaches.")
    [answer] = without_leaks([question], [first], ask)
    assert answer.text == "Taro teaches."
    assert [sum(name in prompt for name in names) for prompt in ask.llm.asked] == [2, 1, 0]
    # What it says of Sony without any example is of the sentence.
    ask = asker(lambda prompt: "Angela Merkel." if "Angela Merkel" in prompt else "Sony.")
    assert without_leaks([question], [first], ask) == [first]


def test_a_translation_in_parts_has_no_name_of_the_examples() -> None:
    question = Question("東京、大阪、京都、札幌、仙台。", tuple(CITIES.items())[:5])
    before = said("Tokyo.")
    ask = asker(lambda prompt: last_line(prompt) + " Sony was there.")
    [answer] = with_missing_names([question], [before], ask)
    assert len(ask.llm.asked) == 2
    assert answer.text == "Tokyo. Osaka, Kyoto, Sapporo and Sendai."


@pytest.mark.parametrize(
    ("language", "text", "hints", "english", "leaks"),
    [
        (JA, "太郎は教授だ。", (), "Maria Silva is a professor.", {2}),
        (JA, "マリア・シルバは教授だ。", (), "Maria Silva is a professor.", set()),
        (JA, "Maria Silvaは教授だ。", (), "Maria Silva is a professor.", set()),
        (JA, "彼女は教授だ。", (("彼女", "Maria Silva"),), "Maria Silva is here.", set()),
        (JA, "社は大きい。", (), "The Sonymen of Londonderry.", set()),  # no whole words
        (JA, "会った。", (), "SONY met Barack  Obama.", {0, 1}),
        (DE, "Er lebt in London.", (), "He lives in London.", set()),
        # Another case, the other Chinese script.
        (RU, "Он поехал в Лондон.", (), "He went to London.", set()),
        (RU, "Он поехал в Париж.", (), "He went to London.", {1}),
        (ZH, "他去了倫敦。", (), "He went to London.", set()),
        # Without examples of its own language, a name may be right: asking again shows it.
        (SW, "Anaishi Landani.", (), "He lives in London.", {1}),
    ],
)
def test_what_supports_a_name_of_the_examples(language, text, hints, english, leaks) -> None:
    assert leaked(english, text, hints, language) == leaks


@pytest.mark.parametrize(
    ("english", "hint", "after"),
    [
        ("The US attacked.", "United States", "The US attacked."),
        ("The U.S. attacked.", "The United States", "The U.S. attacked."),
        ("Beatles played.", "The Beatles", "Beatles played."),
        ("In Washington DC", "Washington, D.C.", "In Washington DC"),
        ("Saint Petersburg", "St. Petersburg", "Saint Petersburg"),
        # A headline ends before the list.
        ("Kim visits Paris", "Seoul", "Kim visits Paris. Seoul."),
        ("“Kim visits Paris”", "Seoul", "“Kim visits Paris”. Seoul."),
        ("“He left.”", "Seoul", "“He left.” Seoul."),
    ],
)
def test_only_names_that_are_missing_are_listed(english: str, hint: str, after: str) -> None:
    question = Question("文", (("文", hint),))
    [answer] = with_missing_names([question], [said(english)], asker(lambda _: "never"))
    assert answer.text == after


def test_numbers_and_times_are_not_cut_into_parts() -> None:
    text = "서울, 부산, 대구와 인천에서 1,200명이 3:30에 광주로 갔다."
    hints = tuple((name, name) for name in ("서울", "부산", "대구", "인천", "광주"))
    assert [part.text for part in in_parts(Question(text, hints))] == [text]
    cities = ("北京", "上海", "廣州", "深圳", "武漢")
    parts = in_parts(Question(",".join(cities), tuple(zip(cities, cities, strict=True))))
    assert [part.text for part in parts] == ["北京,上海,廣州,深圳,", "武漢"]


def test_no_refusal_takes_the_place_of_a_translation() -> None:
    refusal = "I'm sorry, but I can't assist with that."
    first = [said("Maria Silva died.")]
    assert without_leaks([Question("太郎は死んだ。", ())], first, asker(lambda _: refusal)) == first
    hints = tuple(CITIES.items())[:8]
    question = Question("、".join(own for own, _ in hints), hints)
    ask = asker(lambda prompt: refusal if "Tokyo" in last_line(prompt) else last_line(prompt))
    [answer] = with_missing_names([question], [said("Tokyo.")], ask)
    assert len(ask.llm.asked) == 2
    assert refusal not in answer.text


def test_twenty_cities_come_out_as_twenty() -> None:
    hints = tuple(CITIES.items())
    question = Question("、".join(CITIES) + "へ行く。", hints)
    # It forgets all names but the first three of what it is asked.
    ask = asker(lambda prompt: " ".join(last_line(prompt).split("、")[:3]) + " are nice.")
    [answer] = with_missing_names([question], [said("Tokyo and others.")], ask)
    assert missing(question, answer) == []
    assert len(ask.llm.asked) == 3  # in parts of four names
    assert answer.text.endswith(" Sapporo and Hiroshima.")
    assert answer.tokens == 9


def test_a_part_that_is_no_better_changes_nothing_but_the_list() -> None:
    question = Question("東京、大阪、京都、札幌、仙台。", tuple(CITIES.items())[:5])
    before = said("Tokyo, Osaka, Kyoto and Sapporo.")
    [answer] = with_missing_names([question], [before], asker(lambda _: "Nothing."))
    assert answer == Completion("Tokyo, Osaka, Kyoto and Sapporo. Sendai.", -2.0, 4, True)


@pytest.mark.parametrize("text", ["", "  ", "東京は大きい。"])
def test_what_is_no_english_is_not_made_to_look_like_it(text: str) -> None:
    question = Question("東京は大きい。", (("東京", "Tokyo"),))
    answers = [said(text)]
    assert with_missing_names([question], answers, asker(lambda _: "never")) == answers


def test_what_lacks_nothing_is_not_asked() -> None:
    ask = asker(lambda _: "never")
    questions = [
        Question("東京だ。", (("東京", "Tōkyō"),)),
        Question("雨だ。", ()),
        Question("", ()),
    ]
    answers = [said("It is TOKYO."), said("Rain."), None]
    assert with_missing_names(questions, answers, ask) == answers
    assert without_leaks(questions, answers, ask) == answers
    assert ask.llm.asked == []


def test_a_hint_is_not_cut_by_the_comma_in_it() -> None:
    hints = (("Шквырин, Игорь", "Igor Shkvyrin"), ("Москва", "Moscow"))
    text = "Шквырин, Игорь; Париж, Москва, Киев, Минск"
    cut = in_parts(Question(text, (*hints, ("Киев", "Kyiv"), ("Минск", "Minsk"))))
    assert "".join(part.text for part in cut) == text
    assert [len(part.hints) for part in cut] == [4]
    cut = in_parts(Question(f"{text}, Лондон", (*hints, ("Киев", "Kyiv"), ("Минск", "Minsk"))))
    assert [part.text for part in cut] == [f"{text}, ", "Лондон"]


@given(
    st.text("東京、大阪,; -x", max_size=40), st.lists(st.sampled_from(["東京", "大阪", "x", "、"]))
)
def test_parts_are_the_whole_sentence(text: str, surfaces: list[str]) -> None:
    hints = tuple((surface, "X") for surface in surfaces if surface in text)
    parts = in_parts(Question(text, hints))
    assert "".join(part.text for part in parts).strip() == text.strip()
    assert {hint for part in parts for hint in part.hints} == set(hints)
