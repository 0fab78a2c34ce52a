from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracle import overlap

from eatner.align.assign import MENTION_GAIN, assign, assign_in_turn
from eatner.align.candidates import Candidate, occurrences


def candidate(gain: float, *spans: tuple[int, int], surface: str = "") -> Candidate:
    return Candidate(surface or f"{gain}@{spans}", tuple(spans), -1.0, gain)


def best_gain(several: list[list[Candidate]], mentions: list[int], repeats: str) -> float:
    """The largest sum of gains, by trying everything."""

    def choices(entity: int) -> list[tuple[float, tuple[tuple[int, int], ...]]]:
        found = [(0.0, ())]
        for one in several[entity]:
            if one.gain <= 0:
                continue
            most = len(one.spans) if repeats == "all" else mentions[entity]
            for count in range(1, min(most, len(one.spans)) + 1):
                for spans in itertools.combinations(one.spans, count):
                    found.append((one.gain + count * MENTION_GAIN, spans))
        return found

    best = 0.0
    for combination in itertools.product(*map(choices, range(len(several)))):
        spans = [span for _, chosen in combination for span in chosen]
        if not any(overlap(a, b) for a, b in itertools.combinations(spans, 2)):
            best = max(best, sum(gain for gain, _ in combination))
    return best


SPANS = st.tuples(st.integers(0, 8), st.integers(1, 4)).map(lambda s: (s[0], s[0] + s[1]))


GAINS = st.one_of(st.floats(-2, 6), st.sampled_from([0.0, 1.0, 1.0, 20.0, 60.0]))


CANDIDATES = st.builds(
    lambda gain, spans: candidate(gain, *sorted(spans)),
    GAINS,
    st.sets(SPANS, min_size=1, max_size=3),
)


CASES = st.lists(
    st.tuples(st.lists(CANDIDATES, max_size=3, unique_by=lambda c: c.surface), st.integers(1, 3)),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("repeats", ["all", "english"])
@settings(max_examples=150, deadline=None)
@given(case=CASES)
def test_the_optimum_is_that_of_brute_force(repeats: str, case: list) -> None:
    several, mentions = [list(c) for c, _ in case], [n for _, n in case]
    chosen = assign(several, mentions, repeats)
    assert len(chosen) == len(several)
    spans, total = [], 0.0
    for choice, candidates, most in zip(chosen, several, mentions, strict=True):
        if choice is None:
            continue
        assert choice.candidate in candidates
        assert choice.candidate.gain > 0
        assert choice.spans
        assert set(choice.spans) <= set(choice.candidate.spans)
        assert list(choice.spans) == sorted(set(choice.spans))
        if repeats == "english":
            assert len(choice.spans) <= most
        spans += choice.spans
        total += choice.candidate.gain + len(choice.spans) * MENTION_GAIN
    assert not any(overlap(a, b) for a, b in itertools.combinations(spans, 2))
    assert total == pytest.approx(best_gain(several, mentions, repeats), abs=1e-5)


def test_a_repeat_beside_a_large_gain_is_labelled() -> None:
    # A solver's default gap of one part in ten thousand would be larger than a mention's gain.
    rivals = [[candidate(200.0 + i, (i * 4, i * 4 + 3), (i * 4 + 2, i * 4 + 4))] for i in range(6)]
    spread = [candidate(90.0, *((100 + 4 * i, 103 + 4 * i) for i in range(5)))]
    chosen = assign([*rivals, spread], [1] * 7, "all")
    assert [len(choice.spans) for choice in chosen] == [1] * 6 + [5]


def test_the_best_of_each_is_not_the_best_of_all() -> None:
    # "Paris" would take the place that "Paris Hilton" has, and has another good one.
    paris = [candidate(5.0, (0, 3)), candidate(4.0, (10, 13))]
    hilton = [candidate(4.5, (0, 6))]
    first, second = assign([paris, hilton], [1, 1], "all")
    assert first.spans == ((10, 13),)
    assert second.spans == ((0, 6),)


@pytest.mark.parametrize("gain", [0.0, -1e-9, -5.0])
def test_no_gain_no_choice(gain: float) -> None:
    assert assign([[candidate(gain, (0, 2))], []], [1, 1], "all") == [None, None]
    assert assign([], [], "all") == []


@pytest.mark.parametrize("repeats", ["all", "english"])
@settings(max_examples=150, deadline=None)
@given(
    text=st.text("ab", min_size=1, max_size=12),
    wanted=st.lists(
        st.tuples(
            st.lists(
                st.tuples(st.sampled_from(["a", "b", "ab", "ba", "aab", "abab"]), GAINS),
                max_size=3,
                unique_by=lambda one: one[0],
            ),
            st.integers(1, 3),
        ),
        min_size=1,
        max_size=3,
    ),
)
@example(text="abab", wanted=[([("ab", 1.0)], 1)] * 2)
@example(text="aaaaaaaaaaaa", wanted=[([("a", 1.0)], 1), ([("a", 1.0), ("aab", 0.9)], 3)])
def test_phrases_that_entities_share_and_that_overlap(
    repeats: str, text: str, wanted: list
) -> None:
    several = [
        [
            candidate(gain, *occurrences(surface, text), surface=surface)
            for surface, gain in phrases
            if surface in text
        ]
        for phrases, _ in wanted
    ]
    mentions = [count for _, count in wanted]
    chosen = [choice for choice in assign(several, mentions, repeats) if choice is not None]
    spans = [span for choice in chosen for span in choice.spans]
    assert not any(overlap(a, b) for a, b in itertools.combinations(spans, 2))
    total = sum(choice.candidate.gain for choice in chosen) + len(spans) * MENTION_GAIN
    assert total == pytest.approx(best_gain(several, mentions, repeats), abs=1e-5)


def repetitive(
    entities: int, times: int, phrases: int = 11
) -> tuple[list[list[Candidate]], list[int]]:
    """Entities that want the same phrases of a sentence that repeats itself."""
    text = "東京と" * times
    parts = dict.fromkeys(text[a : a + size] for size in (2, 1, 3, 4, 5) for a in range(3))
    several = []
    for entity in range(entities):
        own = []
        for place, part in enumerate(list(parts)[:phrases]):
            spans = [match.span() for match in re.finditer(part, text)]
            own.append(candidate(6 - 0.4 * place - 0.3 * entity, *spans, surface=part))
        several.append(own)
    return several, [1] * entities


@pytest.mark.parametrize(
    ("entities", "times", "repeats", "seconds"),
    # Some ten times what it takes; the milliseconds of the first three are no programme at all.
    [(1, 3333, "all", 2), (1, 3333, "english", 2), (4, 3333, "english", 5), (2, 300, "all", 10)],
)
def test_a_sentence_that_repeats_itself_does_not_hang(
    entities: int, times: int, repeats: str, seconds: float
) -> None:
    several, mentions = repetitive(entities, times)
    started = time.monotonic()
    chosen = assign(several, mentions, repeats)
    assert time.monotonic() - started < seconds
    spans = sorted(span for choice in chosen for span in choice.spans)
    assert [choice.candidate.surface for choice in chosen] == ["東京"] * entities
    count = times if repeats == "all" else entities
    assert spans == [(3 * place, 3 * place + 2) for place in range(count)]


def test_repeats_that_the_english_has_are_the_first_ones() -> None:
    tokyo = [candidate(3.0, (0, 2), (3, 5), (6, 8))]
    assert assign([tokyo], [1], "english")[0].spans == ((0, 2),)
    assert assign([tokyo], [2], "english")[0].spans == ((0, 2), (3, 5))
    # Whoever shares a phrase takes its places in turn.
    edo = [candidate(2.0, (0, 2), (3, 5), (6, 8))]
    first, second = assign([tokyo, edo], [1, 1], "english")
    assert (first.spans, second.spans) == (((0, 2),), ((3, 5),))
    first, second = assign([tokyo, edo], [1, 1], "all")
    assert (first.spans, second.spans) == (((0, 2), (6, 8)), ((3, 5),))
    # Where the first is another's, the next.
    station = [candidate(9.0, (0, 3))]
    first, second = assign([tokyo, station], [1, 1], "english")
    assert (first.spans, second.spans) == (((3, 5),), ((0, 3),))


def test_an_earlier_place_does_not_decide_between_phrases() -> None:
    late = candidate(3.0 + 1e-5, (900, 902), (950, 952))
    [choice] = assign([[candidate(3.0, (0, 2)), late]], [1], "english")
    assert choice.spans == ((900, 902),)
    rival = candidate(5.0, (1, 3))
    first, second = assign([[candidate(3.0, (0, 2)), late], [rival]], [1, 1], "english")
    assert (first.spans, second.spans) == (((900, 902),), ((1, 3),))


def test_repeats() -> None:
    several = [[candidate(3.0, (0, 2), (4, 6), (8, 10))]]
    assert len(assign(several, [1], "all")[0].spans) == 3
    assert len(assign(several, [1], "english")[0].spans) == 1
    assert len(assign(several, [2], "english")[0].spans) == 2
    assert len(assign(several, [9], "english")[0].spans) == 3


def test_one_by_one_the_first_takes_the_place() -> None:
    several = [
        [
            Candidate("東京", ((0, 2),), -1.0, 1.0),
            Candidate("京都", ((1, 3),), -1.0, 0.5),
        ],
        [Candidate("東京", ((0, 2),), -1.0, 5.0)],
    ]
    spans = [choice and choice.spans for choice in assign(several, [1, 1], "all")]
    assert spans == [None, ((0, 2),)]
    in_turn = [choice and choice.spans for choice in assign_in_turn(several, [1, 1], "all")]
    assert in_turn == [((0, 2),), None]
