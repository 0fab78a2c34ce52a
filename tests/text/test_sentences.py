"""Sentence splitting in the scripts of the project."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.text import languages, sentences


def parts(text: str, code: str) -> list[str]:
    return [text[a:b] for a, b in sentences.split(text, languages.get(code))]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ja", ["東京は日本の首都。", "人口は多い！", "本当か？"]),
        ("ja", ["彼は「行く。必ず行く。」と言った。", "以上。"]),
        ("zh", ["柏林是德国首都。", "他说：“好。坏。”然后走了。"]),
        ("ar", ["برلين عاصمة ألمانيا.", "هل هي كبيرة؟", "نعم."]),
        ("ur", ["برلن جرمنی کا دارالحکومت ہے۔", "یہ بڑا ہے۔"]),
        ("hi", ["बर्लिन जर्मनी की राजधानी है।", "यह बड़ा है।"]),
        ("am", ["በርሊን የጀርመን ዋና ከተማ ነው።", "ትልቅ ናት።"]),
        ("hy", ["Բեռլինը Գերմանիայի մայրաքաղաքն է։", "Այն մեծ է։"]),
        ("el", ["Είναι μεγάλη;", "Ναι."]),
        (
            "de",
            ["Er wurde am 3. Mai 1900 in St. Gallen geboren.", "Dr. A. Meier lebt z. B. in Bonn."],
        ),
        ("ru", ["Родился в 1821 г. в Москве.", "Жил на ул. Мира в I в. до н. э. в Риме.", "Умер."]),
        (
            "en",
            [
                "The U.S. Senate met Mr. J. F. Kennedy at 3.5 p.m. sharp.",
                "It rained (twice. really).",
            ],
        ),
        ("ko", ["서울은 대한민국의 수도이다.", "인구가 많다."]),
        ("ka", ["ბერლინი გერმანიის დედაქალაქია.", "ქალაქი დიდია.", "ძვ. წ. 5 წელს."]),
        ("he", ['שטחה 891 קמ"ר.', 'ד"ר כהן נולד בברלין.']),
        ("hy", ["Ի՜նչ լավ է Երևանը։", "Ո՞վ է նա։"]),
        ("de", ["Die Firma Yahoo! ist alt … und groß.", "Wirklich!"]),
        ("ko", ["미국의 … 그리고 중국의 도시이다.", "크다."]),
        ("ko", ["그는 U.S. 대통령이다.", "크다."]),
        ("nl", ["Dhr. Jansen sprak met Dr. De Vries.", "Het regende."]),
        ("fr", ["M. Dupont est né en 52 av. J.-C. à Rome.", "Il est mort."]),
    ],
)
def test_by_language(code, expected):
    joint = "" if not languages.get(code).spaces else " "
    assert parts(joint.join(expected), code) == expected


def test_newlines_always_end_a_sentence():
    assert parts("Ein Wort\nnoch eins (offen\nzu)", "de") == ["Ein Wort", "noch eins (offen", "zu)"]


def test_an_unclosed_bracket_hides_no_sentence_end():
    assert parts("彼は「行く。必ず。", "ja") == ["彼は「行く。", "必ず。"]


@given(
    st.text(st.sampled_from("aB1 .。?!「」()\n։؟।éあ"), max_size=60),
    st.sampled_from(["en", "ja", "hy"]),
)
def test_spans_cover_all_but_space(text, code):
    spans = sentences.split(text, languages.get(code))
    outside, at = "", 0
    for start, end in spans:
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        assert "\n" not in text[start:end]
        outside += text[at:start]
        at = end
    assert not (outside + text[at:]).strip()
