from __future__ import annotations

import pytest
from oracle import Oracle, check, run, tagged
from rows import sentences


def test_statuses() -> None:
    texts = sentences("東京と大阪", "京都", "", "札幌")
    rows = [
        *tagged((0, "Tokyo", "LOC"), (0, "Osaka", "LOC"), (0, "Edo", "LOC"), (0, "Nara", "LOC")),
        *tagged((1, "", ""), status="no_entity"),
        *tagged((2, "", ""), status="no_translation"),
        *tagged((3, "Sapporo", "LOC"), (3, "Otaru", "LOC")),
    ]
    llm = Oracle(
        {
            "Tokyo": [("東京", -1.0), ("東京と", -2.0)],
            "Osaka": [("大阪", -2.0)],
            "Edo": [("東京", -3.0)],  # Tokyo has it
            "Nara": [("大阪", -9.0)],  # no answer is better
            "Sapporo": [("", -0.1)],
            "Otaru": [("札幌", -5.5)],
        }
    )
    found = run(texts, rows, llm)
    check(texts, rows, found)
    assert [(row.english, row.surface, row.status) for row in found] == [
        ("Tokyo", "東京", "aligned"),
        ("Osaka", "大阪", "aligned"),
        ("Edo", "", "taken"),
        ("Nara", "", "abstained"),
        ("", "", "no_entity"),
        ("", "", "no_translation"),
        ("Sapporo", "", "abstained"),
        ("Otaru", "", "abstained"),
    ]


def test_a_threshold_makes_it_abstain() -> None:
    texts, rows = sentences("東京"), tagged((0, "Tokyo", "LOC"))
    llm = Oracle({"Tokyo": [("東京", -2.0)]}, silence=-5.0)
    assert run(texts, rows, llm, threshold=2.9)[0].status == "aligned"
    assert run(texts, rows, llm, threshold=3.1)[0].status == "abstained"


def test_confidence_is_the_share_of_all_answers() -> None:
    texts, rows = sentences("東京と大阪"), tagged((0, "Tokyo", "LOC"))
    llm = Oracle({"Tokyo": [("東京", -1.0), ("大阪", -1.0)]}, silence=-2.0)
    # Two answers of gain 1 and silence of gain 0: e / (2e + 1), whatever the threshold.
    for threshold in (-1.0, 0.0, 0.9):
        [row] = run(texts, rows, llm, threshold=threshold)
        assert row.confidence == pytest.approx(2.71828 / (2 * 2.71828 + 1), abs=1e-3)


def test_repeats_are_labelled_and_never_more_than_there_are() -> None:
    texts = sentences("東京から東京へ、東京駅で")
    one = tagged((0, "Tokyo", "LOC"))
    llm = Oracle({"Tokyo": [("東京", -1.0)]})
    found = run(texts, one, llm)
    check(texts, one, found)
    assert [row.status for row in found] == ["aligned", "repeat", "repeat"]
    assert [row.start for row in found] == [0, 4, 8]
    assert [row.status for row in run(texts, one, llm, repeats="english")] == ["aligned"]
    four = tagged(*[(0, "Tokyo", "LOC")] * 4)
    for repeats in ("all", "english"):
        found = run(texts, four, llm, repeats=repeats)
        check(texts, four, found)
        assert [row.status for row in found] == ["aligned"] * 3 + ["taken"]


def test_an_entity_is_asked_once_a_sentence() -> None:
    texts = sentences("東京と東京", "東京")
    rows = tagged((0, "Tokyo", "LOC"), (0, "Tokyo", "ORG"), (1, "Tokyo", "LOC"))
    llm = Oracle({"Tokyo": [("東京", -1.0)]})
    found = run(texts, rows, llm)
    assert len(llm.asked) == 2
    assert [row.type for row in found] == ["LOC", "ORG", "LOC"]


def test_repeats_of_the_english_are_the_first_ones() -> None:
    texts, rows = sentences("東京と東京と東京"), tagged((0, "Tokyo", "LOC"))
    [row] = run(texts, rows, Oracle({"Tokyo": [("東京", -1.0)]}), repeats="english")
    assert (row.start, row.end) == (0, 2)


def test_nothing_tagged_nothing_asked() -> None:
    texts = sentences("東京", "大阪")
    rows = tagged((0, "", ""), (1, "", ""), status="no_entity")
    llm = Oracle({})
    found = run(texts, rows, llm)
    check(texts, rows, found)
    assert [row.status for row in found] == ["no_entity"] * 2
    assert run(texts, [], llm) == []
    assert llm.asked == []
