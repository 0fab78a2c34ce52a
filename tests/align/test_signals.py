from __future__ import annotations

import numpy as np
import pytest
from meeting import JA, RU
from rows import lexicon

from eatner.align.signals import hint_vote, likeness, scored_candidates
from eatner.align.weights import SIGNALS


def signals(name, line, surfaces, language=RU, titles=None, hints=()):
    """The signals of each surface, by name."""
    logprobs = {f'{surface}"': -1.0 - place for place, surface in enumerate((*surfaces, ""))}
    neutral = dict.fromkeys(logprobs, -5.0)
    scored = scored_candidates(name, line, logprobs, neutral, language, titles, hints)
    return {
        surface: dict(zip(SIGNALS, row, strict=True))
        for surface, row in zip(scored.surfaces, scored.signals, strict=True)
    }


def test_the_best_candidate_comes_first_and_nothing_last() -> None:
    found = signals("Moscow", "Он в Москве.", ["Он", "Москве"])
    assert list(found) == ["Он", "Москве", ""]
    assert [found[surface]["llm"] for surface in found] == [-1, -2, -3]
    assert [found[surface]["contrast"] for surface in found] == [4, 3, 2]
    assert [found[surface]["nothing"] for surface in found] == [0, 0, 1]
    assert not any(found[""][signal] for signal in SIGNALS[2:-1])


def test_a_candidate_that_reads_like_the_english_is_told_by_its_reading() -> None:
    found = signals("Moskva", "Он в Москве.", ["Он", "Москве"])
    assert found["Москве"]["reading"] > 0.6 > found["Он"]["reading"]
    assert found["Москве"]["close_reading"] == pytest.approx(found["Москве"]["reading"] - 0.6)
    assert found["Он"]["close_reading"] == 0
    assert found["Москве"]["length"] < found["Он"]["length"]


@pytest.mark.parametrize(
    ("line", "surface", "capitals", "cut"),
    [
        ("Он видел Нижний Новгород там.", "Нижний Новгород", 1, 0),
        ("Он видел Нижний Новгород там.", "Новгород", 1, 1),
        ("Он видел Нижний Новгород там.", "Нижний", 1, 1),
        ("Нижний Новгород там.", "Новгород", 1, 0),  # the first word has a capital anyway
        ("Он видел Нижний Новгород там.", "видел Нижний", 0.5, 1),
    ],
)
def test_names_in_capitals_are_taken_as_a_whole(
    line: str, surface: str, capitals: float, cut: int
) -> None:
    found = signals("X", line, [surface])[surface]
    assert (found["capitals"], found["cut_name"]) == (capitals, cut)


def test_a_script_without_capitals_says_nothing_by_them() -> None:
    found = signals("Tokyo", "東京タワー", ["東京"], JA)["東京"]
    assert (found["capitals"], found["cut_name"]) == (0, 0)


def test_a_number_that_the_english_lacks_is_noted() -> None:
    found = signals("World Cup 2010", "ЧМ 2010 и 3", ["ЧМ 2010", "2010 и 3"])
    assert (found["ЧМ 2010"]["digits"], found["2010 и 3"]["digits"]) == (0, 1)


def test_a_number_may_have_thousands_of_digits() -> None:
    long = "7" * 5000
    found = signals(f"No {long}", f"№ {long} и 3", [long, "3"])
    assert (found[long]["digits"], found["3"]["digits"]) == (0, 1)


def test_the_lexicon_votes_for_its_own_names(tmp_path) -> None:
    titles = lexicon(tmp_path, JA, {"東京都": "Tokyo", "大阪市": "Osaka"})
    found = signals("Tokyo", "東京都と大阪市と雨", ["東京都", "大阪市", "雨"], JA, titles)
    assert [found[s]["lexicon"] for s in ("東京都", "大阪市", "雨", "")] == [1, -1, 0, 0]


@pytest.mark.parametrize(
    ("title", "name", "vote"),
    [
        ("United States", "US", 1),
        ("United States", "U.S.", 1),
        ("United States", "USA", 1),
        ("United States of America", "USA", 1),
        ("United Kingdom", "UK", 1),
        ("European Union", "EU", 1),
        ("Central Intelligence Agency", "CIA", 1),
        ("United Kingdom", "US", -1),
        ("United States", "Us", -1),
        ("Ukraine", "U", -1),
    ],
)
def test_an_abbreviation_is_its_title(tmp_path, title: str, name: str, vote: int) -> None:
    titles = lexicon(tmp_path, JA, {"米国": title})
    assert signals(name, "米国と雨", ["米国"], JA, titles)["米国"]["lexicon"] == vote


def test_a_hint_votes_where_the_lexicon_is_silent(tmp_path) -> None:
    titles = lexicon(tmp_path, JA, {"東京都": "Tokyo"})
    line, surfaces = "東京都と地湾城と金塔県", ["東京都", "地湾城", "金塔県"]
    hints = [("東京都", "Edo"), ("地湾城", "Great Wall"), ("金塔県", "Jinta County")]
    found = signals("Great Wall", line, surfaces, JA, titles, hints)
    assert [found[s]["hint"] for s in (*surfaces, "")] == [0, 1, -1, 0]
    assert [found[s]["lexicon"] for s in (*surfaces, "")] == [-1, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "given", "vote"),
    [
        ("United Kingdom", "The United Kingdom", 1),
        ("The Hague", "Hague", 1),
        ("UK", "the United Kingdom", 1),
        ("Thebes", "bes", -1),
        ("The", "the", 1),
        ("Kingdom", "The United Kingdom", -1),
    ],
)
def test_an_article_does_not_keep_a_hint_from_its_name(name: str, given: str, vote: int) -> None:
    assert hint_vote([("英国", given)], "英国", name) == vote


@pytest.mark.parametrize(
    ("name", "spoken", "like"),
    [("Sony", "sony", 1.0), ("Akira Kurosawa", "Kurosawa Akira", 1.0), ("Łódź", "x", 0.0)],
)
def test_names_are_like_their_readings_in_either_order(name: str, spoken: str, like: float) -> None:
    assert likeness(name, spoken) == like
    assert np.isfinite(likeness("", ""))
