from __future__ import annotations

import re
from dataclasses import replace

import pytest

from eatner.evaluate.score import score
from eatner.evaluate.significance import count_types
from eatner.report import results
from eatner.report.results import Difference, Result, Text
from eatner.tables import STAGES, Alignment, GoldEntity, Sentence

SEED = 1
SENTENCES = {
    "Japanese": ("ja", "東京は晴れ。", (0, 2)),
    "Korean": ("ko-klue", "오늘 서울은 맑다.", (3, 5)),
    "German": ("de-wikiann", "Heute regnet es in Köln.", (19, 23)),
}
SYSTEMS = ["paper", "ours", "direct", "lookup"]


def stages(**counts: int) -> dict[str, int]:
    return dict.fromkeys(STAGES, 0) | counts


def made(language: str, right: dict[str, int], impossible: dict[str, str] | None = None) -> Text:
    """Twenty sentences with a place each, of which systems find so many, the first ones."""
    corpus, text, (start, end) = SENTENCES[language]
    sentences = [Sentence(f"{at:06}", text) for at in range(20)]
    surface = text[start:end]
    gold = [GoldEntity(row.sentence_id, start, end, surface, "LOC", "LOC") for row in sentences]
    ran = {}
    for name, found in right.items():
        entities = [
            Alignment(row.sentence_id, "Place", 0, 5, "LOC", start, end, surface, 0.9)
            for row in sentences[:found]
        ]
        record = {
            **score(gold, entities, sentences, seed=SEED),
            "language": corpus[:2],
            "system": {"translator": "t", "tagger": "g", "aligner": name},
            "errors_by_stage": {
                "correct": found,
                "missed": stages(translation=15 - found, tagger=5) if found < 15 else stages(),
                "spurious": stages(boundary=1),
            },
        }
        ran[name] = Result(record, count_types(gold, entities, sentences))
    return Text(corpus, language, 20, 20, ran, impossible or {}, "gold")


JAPANESE = made("Japanese", {"paper": 2, "ours": 14, "direct": 13, "lookup": 5})
KOREAN = made("Korean", {"paper": 10, "ours": 12}, {"lookup": "no wiki"})
UNREAD = Text("de-wikiann", "German", 0, 0, {}, {"lookup": "no wiki"})
TEXTS = [JAPANESE, KOREAN, UNREAD]


def cells(table: str) -> list[list[str]]:
    lines = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return [lines[0], *([cell.strip() for cell in line] for line in lines[2:])]


def test_what_has_not_run_or_cannot_run_has_no_figure() -> None:
    table = results.rows(TEXTS, "paper", SEED)
    heading, paper, ours, direct, lookup = cells(results.f1_table(TEXTS, SYSTEMS, table))
    assert heading == ["system", "Japanese, 20 gold", "Korean, 20 gold", "German", "mean"]
    assert paper[1].startswith("18.2 [")
    assert ours[1].startswith("**82.4**‡ [")
    assert direct[2:4] == ["not run", "not run"]
    assert lookup[2:4] == ["no wiki", "no wiki"]
    # No system has run everywhere, so no mean is the best one.
    assert (paper[4], direct[4]) == ("42.5 (of 2)", "78.8 (of 1)")


def test_the_best_mean_is_that_of_a_system_that_has_run_everywhere() -> None:
    texts = [JAPANESE, KOREAN]
    table = results.rows(texts, "paper", SEED)
    means = {row[0]: row[-1] for row in cells(results.f1_table(texts, SYSTEMS, table))[1:]}
    assert means == {
        "paper": "42.5",
        "ours": "**78.7**",
        "direct": "78.8 (of 1)",
        "lookup": "40.0 (of 1)",
    }


def test_one_language_has_no_mean_and_nothing_at_all_makes_a_table_too() -> None:
    table = results.rows([JAPANESE], "paper", SEED)
    assert cells(results.f1_table([JAPANESE], SYSTEMS, table))[0] == ["system", "Japanese, 20 gold"]
    assert results.rows([UNREAD], "paper", SEED) == []
    assert cells(results.f1_table([UNREAD], ["paper"], [])) == [
        ["system", "German"],
        ["paper", "not run"],
    ]


def test_the_tests_against_the_baseline_are_those_of_pairs() -> None:
    [row] = [
        row
        for row in results.rows(TEXTS, "paper", SEED)
        if (row.corpus, row.system, row.type) == ("ja", "ours", "all")
    ]
    found = results.differences(TEXTS, [("ours", "paper"), ("paper", "ours")], SEED)
    one, back = (by_language["Japanese"] for by_language in found.values())
    assert row.difference == pytest.approx(one.f1, abs=1e-6)
    assert [row.difference_low, row.difference_high] == pytest.approx([one.low, one.high], abs=1e-6)
    assert row.p_value == pytest.approx(one.p_value, abs=1e-6)
    assert (back.f1, back.low, back.high) == pytest.approx((-one.f1, -one.high, -one.low))
    assert list(found["ours", "paper"]) == ["Japanese", "Korean"]


def test_without_the_baseline_nothing_is_tested() -> None:
    alone = made("Korean", {"ours": 12})
    row = results.rows([alone], "paper", SEED)[0]
    assert (row.system, row.difference, row.p_value) == ("ours", None, None)
    details = cells(results.details_table(alone, ["paper", "ours"], [row]))
    assert details[1][:2] == ["paper", "not run"]
    assert details[2][:3] == ["ours", "100.0", "60.0"]
    assert details[2][4:6] == ["12", "12"]


def test_the_details_of_a_language() -> None:
    table = results.rows(TEXTS, "paper", SEED)
    heading, paper, ours, _, lookup = cells(results.details_table(KOREAN, SYSTEMS, table))
    assert heading[6:] == ["less paper [95%]", "p", "p, Holm"]
    assert paper[1:3] == ["100.0", "50.0"]
    assert re.fullmatch(r"\+8\.3 \[\+0\.0, \+\d+\.\d\]", ours[6])
    assert lookup[1] == "no wiki"


def test_a_pair_of_which_one_has_not_run() -> None:
    found = results.differences(TEXTS, [("ours", "direct"), ("ours", "lookup")], SEED)
    _, direct, lookup = cells(results.differences_table(found, TEXTS))
    assert direct[0] == "ours − direct"
    assert re.fullmatch(r"\+3\.6 \[[+-]\d+\.\d, \+\d+\.\d\], p \d\.\d{4}", direct[1])
    assert direct[2:] == ["not run", "not run"]
    assert lookup[2:] == ["no wiki", "no wiki"]


def test_errors_of_all_languages_together() -> None:
    heading, paper, ours, _, lookup = cells(results.stages_table(TEXTS, SYSTEMS))
    place = heading.index("missed: translation")
    assert heading[-1] == "spurious: no step"
    assert "missed: spurious" not in heading
    assert (paper[1:3], paper[place]) == (["2", "12"], "18")
    assert (ours[1:3], ours[place]) == (["2", "26"], "4")
    assert lookup[1] == "1"
    assert cells(results.stages_table([UNREAD], ["paper"]))[1][:2] == ["paper", "not run"]


def timed(text: Text, seconds: dict[str, float]) -> Result:
    return replace(text.results["ours"], seconds=seconds)


def test_times_that_were_not_measured_are_left_open() -> None:
    seconds = {"translate: a": 1234.5, "align: b": 3.0}
    japanese = replace(JAPANESE, results={"ours": timed(JAPANESE, seconds)})
    korean = replace(KOREAN, results={"ours": timed(KOREAN, {"align: b": 5.0})})
    table = results.times_table([japanese, korean, UNREAD])
    heading, _, translate, align = table.splitlines()
    assert heading == "| step | Japanese | Korean | German |"
    assert translate == "| translate: a | 1,234 |  |  |"
    assert align == "| align: b | 3 | 5 |  |"


# --- words --------------------------------------------------------------------------------------

BETTER = Difference(0.2, 0.1, 0.3, 0.0001)
WORSE = Difference(-0.2, -0.3, -0.1, 0.0001)
EVEN = Difference(0.03, -0.1, 0.2, 0.6)


def test_the_figures_choose_the_sentence() -> None:
    pair = ("ours", "paper")
    three = {"Japanese": BETTER, "Korean": BETTER, "German": EVEN}
    assert results.say_difference(pair, three) == (
        "`ours` − `paper`: the interval is above zero in 2 of 3 languages (Japanese and Korean); "
        "it holds zero in 1 of 3 languages (German). The mean difference is +14.3; adjusted for "
        "the number of languages (Holm), p < 0.05 in 2."
    )
    assert results.say_difference(pair, {"German": WORSE}) == (
        "`ours` − `paper`: the interval is below zero in 1 of 1 language (German)."
    )
    assert "above" not in results.say_difference(pair, {"Hindi": EVEN, "German": WORSE})
    assert results.say_difference(pair, {}) == "`ours` − `paper`: not run."


def test_an_interval_that_ends_at_zero_holds_it() -> None:
    assert "holds zero" in results.say_difference(
        ("ours", "paper"), {"Korean": Difference(0.1, 0.0, 0.2, 0.04)}
    )


def test_the_adjustment_counts_the_languages() -> None:
    close = Difference(0.1, 0.01, 0.2, 0.03)
    said = results.say_difference(("a", "b"), {"Japanese": close, "Korean": close})
    assert said.endswith("p < 0.05 in 0.")


def test_the_best_system_by_language() -> None:
    table = results.rows(TEXTS, "paper", SEED)
    [said] = results.say_best(table, TEXTS)
    assert said == "The best system by F1: `ours` in Japanese and Korean."
    assert results.say_best([], TEXTS) == []


def test_where_entities_are_lost() -> None:
    assert results.say_losses(TEXTS, "paper") == [
        "`paper` misses 28 of 40 gold entities, by step: translation 18 (64%) and tagger 10 (36%)."
    ]
    assert results.say_losses([UNREAD], "paper") == []


def test_how_wide_intervals_are() -> None:
    table = results.rows([KOREAN], "paper", SEED)
    [said] = results.say_widths(table)
    low, high, mean = map(int, re.findall(r"(\d+) (?:to|points|on)", said))
    assert low <= mean <= high < 60
    assert results.say_widths([]) == []


def test_what_is_missing_is_named() -> None:
    assert results.missing(TEXTS, SYSTEMS) == [
        "Korean (`ko-klue`): not direct",
        "German (`de-wikiann`): no system",
    ]
    assert results.missing([JAPANESE], SYSTEMS) == []


def test_a_list_in_words() -> None:
    assert results.listed(["a"]) == "a"
    assert results.listed(["a", "b", "c"]) == "a, b and c"
