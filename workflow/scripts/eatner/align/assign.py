"""Choose the spans of a sentence together: the largest sum of gains without overlap.

Every entity of a sentence has candidates: phrases, each with a gain and with places in the
sentence. An entity takes at most one candidate, which is labelled at one or more of its places, and
no two labels overlap. The gains of the candidates that are taken, and `MENTION_GAIN` for each
label, are to be as large as possible. Choosing one entity after another fails at this: "Paris"
would take the place that "Paris Hilton" needs, although it has another one.

Three steps find the optimum exactly, the easy ones first:

1. If the best candidates of all entities fit beside each other, they are the optimum, because no
   entity can gain more. Nearly all sentences end here.
2. Otherwise, candidates that cannot be part of an optimum are dropped (`_promising`), and an
   integer programme finds the optimum among the others (`_optimum`, with `milp` of scipy, which is
   HiGHS).
3. Among the places that gain the same, the leftmost are labelled. If they are not simply the first
   places of every phrase, a second programme finds those with the least sum of starts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from eatner.align.candidates import Candidate
from eatner.tables import Span

# Nats that each label of a chosen phrase adds: enough to label a repeat, too little to decide
# between two phrases.
MENTION_GAIN = 1e-3

Places = tuple[Span, ...]
"""The places of a phrase in a sentence, from left to right."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate that was chosen for an entity, and the places of it that are labelled."""

    candidate: Candidate
    spans: Places


@dataclass(frozen=True, slots=True)
class _Pick:
    """A candidate that an entity may take.

    Attributes:
        entity: The entity's number.
        candidate: The candidate.
        gain: What it gains above the threshold, in nats; more than 0.
        most: Upper limit on the places of it that may be labelled; at least 1.
    """

    entity: int
    candidate: Candidate
    gain: float
    most: int

    @property
    def best(self) -> float:
        """The gain if all the places that may be labelled are free."""
        return self.gain + MENTION_GAIN * self.most

    @property
    def places(self) -> Places:
        """The places of the candidate, each once, from left to right."""
        return tuple(sorted(set(self.candidate.spans)))


class _Limit(NamedTuple):
    """A constraint of a programme: the sum of coefficient times variable is at most a limit."""

    variables: list[int]
    coefficients: list[int]
    limit: int


def assign(
    candidates: Sequence[Sequence[Candidate]],
    mentions: Sequence[int],
    repeats: str,
    threshold: float = 0.0,
) -> list[Choice | None]:
    """Choose the spans of a sentence together: the largest sum of gains without overlap.

    A candidate without a gain is never taken. Of places that gain the same, the leftmost are
    labelled; entities that share a phrase take its places in turn.

    Args:
        candidates: The candidates of each entity.
        mentions: How often the English names each entity.
        repeats: Which places of a phrase may be labelled: `all`, or as many as the `english` has.
        threshold: Nats that are taken off every gain that was measured.

    Returns:
        A choice for each entity; None if it abstains.
    """
    picks = _picks(candidates, mentions, repeats, threshold)
    best = [max(of_entity, key=lambda pick: pick.best) for of_entity in picks.values()]
    groups = _by_places(best)
    spans = _leftmost(groups)
    if spans is None or sum(map(len, spans)) < sum(pick.most for pick in best):
        taken, spans = _optimum(_by_places(_promising(list(picks.values()))))
        groups = _by_places(taken)
        spans = _leftmost(groups) or _optimum(groups, sum(map(len, spans)))[1]
    choices: list[Choice | None] = [None] * len(candidates)
    for group, labelled in zip(groups.values(), spans, strict=True):
        shares = _dealt(labelled, [pick.most for pick in group])
        for pick, share in zip(group, shares, strict=True):
            choices[pick.entity] = Choice(pick.candidate, tuple(share))
    return choices


def assign_in_turn(
    candidates: Sequence[Sequence[Candidate]],
    mentions: Sequence[int],
    repeats: str,
    threshold: float = 0.0,
) -> list[Choice | None]:
    """Choose the spans of one entity after another, to compare with `assign`; same arguments."""
    choices: list[Choice | None] = [None] * len(candidates)
    covered: set[int] = set()
    for entity, picks in _picks(candidates, mentions, repeats, threshold).items():
        for pick in sorted(picks, key=lambda pick: -pick.best):
            spans: list[Span] = []
            for span in pick.places:
                if covered.isdisjoint(range(*span)) and len(spans) < pick.most:
                    spans.append(span)
                    covered.update(range(*span))
            if spans:
                choices[entity] = Choice(pick.candidate, tuple(spans))
                break
    return choices


def _picks(
    candidates: Sequence[Sequence[Candidate]],
    mentions: Sequence[int],
    repeats: str,
    threshold: float,
) -> dict[int, list[_Pick]]:
    """The candidates that each entity may take, for the entities that have any."""
    picks: dict[int, list[_Pick]] = {}
    for entity, of_entity in enumerate(candidates):
        for candidate in dict.fromkeys(of_entity):
            count = len(set(candidate.spans))
            most = count if repeats == "all" else min(mentions[entity], count)
            gain = candidate.net(threshold)
            if gain > 0 and most > 0:
                picks.setdefault(entity, []).append(_Pick(entity, candidate, gain, most))
    return picks


def _by_places(picks: Sequence[_Pick]) -> dict[Places, list[_Pick]]:
    """Group picks by their places, which means by phrase, because a phrase has its own places.

    Only the first places of a phrase are kept if the others are never needed. A label touches no
    more places of a phrase (which do not overlap each other) than it has characters; so among as
    many places as all labels together have characters, one is always free.
    """
    most: dict[int, int] = {}
    longest = 0
    groups: dict[Places, list[_Pick]] = {}
    for pick in picks:
        places = pick.places
        groups.setdefault(places, []).append(pick)
        most[pick.entity] = max(pick.most, most.get(pick.entity, 0))
        longest = max(longest, *(end - start for start, end in places))
    enough = longest * sum(most.values())
    near: dict[Places, list[_Pick]] = {}
    for places, group in groups.items():
        near.setdefault(places[:enough] if _apart(places) else places, []).extend(group)
    return near


def _leftmost(groups: Mapping[Places, Sequence[_Pick]]) -> list[list[Span]] | None:
    """The first places of each group, as many as may be labelled.

    None if some of them overlap, or if a group has fewer places than picks.
    """
    spans = [list(places[: sum(pick.most for pick in group)]) for places, group in groups.items()]
    if any(len(own) < len(group) for own, group in zip(spans, groups.values(), strict=True)):
        return None
    return spans if _apart(sorted(span for own in spans for span in own)) else None


def _apart(spans: Sequence[Span]) -> bool:
    """Whether spans, from left to right, do not overlap."""
    return all(left[1] <= right[0] for left, right in pairwise(spans))


def _promising(picks: Sequence[Sequence[_Pick]]) -> list[_Pick]:
    """Drop the picks that cannot be part of an optimum; the picks are given by entity.

    Entities that choose one after another among the free places gain something that the optimum
    does not fall below. So a pick is dropped if it would gain less than that even with the best
    picks of all other entities beside it.
    """
    best = {of_entity[0].entity: max(pick.best for pick in of_entity) for of_entity in picks}
    covered: set[int] = set()
    gained = 0.0
    for of_entity in sorted(picks, key=lambda of_entity: -best[of_entity[0].entity]):
        chosen: list[Span] = []
        chosen_gain = 0.0
        for pick in of_entity:
            free = [span for span in pick.places if covered.isdisjoint(range(*span))]
            free = free[: pick.most if _apart(free) else 1]
            gain = pick.gain + MENTION_GAIN * len(free)
            if free and gain > chosen_gain:
                chosen, chosen_gain = free, gain
        covered.update(point for span in chosen for point in range(*span))
        gained += chosen_gain
    # The last term allows for rounding errors.
    slack = sum(best.values()) - gained + 1e-6
    return [
        pick for of_entity in picks for pick in of_entity if best[pick.entity] - pick.best <= slack
    ]


def _dealt(spans: Sequence[Span], room: Sequence[int]) -> list[list[Span]]:
    """Deal spans in turn to entities; `room` limits the number of spans of each."""
    shares: list[list[Span]] = [[] for _ in room]
    left = list(spans)[::-1]
    while left:
        for share, most in zip(shares, room, strict=True):
            if left and len(share) < most:
                share.append(left.pop())
    return shares


def _optimum(
    groups: Mapping[Places, Sequence[_Pick]], count: int | None = None
) -> tuple[list[_Pick], list[list[Span]]]:
    """Find the optimum with an integer programme.

    Args:
        groups: Picks by their places.
        count: Without it, the programme looks for the largest gain. With it, all picks are taken,
            at so many places together, and it looks for the least sum of their starts.

    Returns:
        The picks that are taken, and the places that are labelled, by group.
    """
    picks = [pick for group in groups.values() for pick in group]
    spans = [span for places in groups for span in places]
    # The variables are 0 or 1: first whether each pick is taken, then whether each place is
    # labelled.
    size = len(picks) + len(spans)
    limits = _limits(groups, picks, spans)
    lowest = np.zeros(size)
    objective: list[float] = [-pick.gain for pick in picks] + [-MENTION_GAIN] * len(spans)
    if count is not None:
        objective = [0.0] * len(picks) + [float(start) for start, _ in spans]
        lowest[: len(picks)] = 1
        limits.append(_Limit(list(range(len(picks), size)), [-1] * len(spans), -count))
    matrix = csr_array(
        (
            np.concatenate([row.coefficients for row in limits]),
            np.concatenate([row.variables for row in limits]),
            np.cumsum([0, *(len(row.variables) for row in limits)]),
        ),
        shape=(len(limits), size),
    )
    solved = milp(
        np.array(objective),
        constraints=LinearConstraint(matrix, -np.inf, [row.limit for row in limits]),
        integrality=np.ones(size),
        bounds=Bounds(lowest, 1),
        options={"mip_rel_gap": 0},  # HiGHS stops within 0.01% of the optimum otherwise
    )
    values = solved.x > 0.5
    labelled = iter(zip(spans, values[len(picks) :], strict=True))
    spans_of = [[span for span, yes in islice(labelled, len(places)) if yes] for places in groups]
    return [pick for pick, yes in zip(picks, values, strict=False) if yes], spans_of


def _limits(
    groups: Mapping[Places, Sequence[_Pick]], picks: Sequence[_Pick], spans: Sequence[Span]
) -> list[_Limit]:
    """The constraints of the programme; see `_optimum` for its variables."""
    by_entity: dict[int, list[int]] = defaultdict(list)
    for variable, pick in enumerate(picks):
        by_entity[pick.entity].append(variable)
    # An entity takes at most one of its candidates.
    limits = [_Limit(own, [1] * len(own), 1) for own in by_entity.values()]
    next_pick, next_place = 0, len(picks)
    for places, group in groups.items():
        takers = list(range(next_pick, next_pick := next_pick + len(group)))
        labels = list(range(next_place, next_place := next_place + len(places)))
        # A place is labelled only if one of the picks is taken that have it.
        limits += [_Limit([label, *takers], [1] + [-1] * len(takers), 0) for label in labels]
        # Each pick that is taken has a place of its own,
        limits.append(_Limit(takers + labels, [1] * len(takers) + [-1] * len(labels), 0))
        # and no more than it may have.
        if any(pick.most < len(places) for pick in group):
            most = [-pick.most for pick in group]
            limits.append(_Limit(takers + labels, most + [1] * len(labels), 0))
    # Of the places that share a point, at most one is labelled. Spans on a line overlap pairwise
    # only if all of them share a point, so these constraints are all that is needed.
    for crowd in _crowds(spans):
        limits.append(_Limit([len(picks) + place for place in crowd], [1] * len(crowd), 1))
    return limits


def _crowds(spans: Sequence[Span]) -> Iterator[list[int]]:
    """The largest sets of spans that share a point, as indices; each span is in at least one."""
    open_spans: dict[int, int] = {}  # the end of each span that covers the current point
    for start, index in sorted((start, index) for index, (start, _) in enumerate(spans)):
        if any(end <= start for end in open_spans.values()):
            yield list(open_spans)
            open_spans = {i: end for i, end in open_spans.items() if end > start}
        open_spans[index] = spans[index][1]
    yield list(open_spans)
