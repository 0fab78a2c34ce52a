"""Back-alignment: every English entity to its phrase in the original sentence.

Source: the backward half of the paper's dual translation (arXiv 2509.01147). Here the LLM can only
answer with a substring of the sentence, and the spans of a sentence are chosen together.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from eatner import prompts, spans
from eatner.gold import parse_tokens
from eatner.journal import Journal
from eatner.languages import Language
from eatner.llm import LLM, one_line, scored
from eatner.progress import counter
from eatner.spans import locate, trim

__all__ = ["COLUMNS", "Candidate", "align", "assign", "constrained", "locate"]

COLUMNS = (
    "sentence_id",
    "english",
    "english_start",
    "english_end",
    "type",
    "start",
    "end",
    "surface",
    "logprob",
    "confidence",
    "status",
)
# Nats that each mention of a chosen surface adds: enough to label a repeat, too little to decide
# between two surfaces.
MENTION_GAIN = 1e-3
# Nats of an answer that an LLM gave without saying how sure it is: enough to be chosen, and alike
# for all entities, so that the most of them are.
UNSCORED_GAIN = 1.0

Span = tuple[int, int]


class Question(NamedTuple):
    """A sentence with the English entities that are looked for in it.

    Attributes:
        text: The sentence.
        names: The entities, each once.
        tokens: The corpus's tokens, as start and end in code points; none of a raw text.
    """

    text: str
    names: Sequence[str]
    tokens: Sequence[Span] = ()


Propose = Callable[[Sequence[Question]], list[list["list[Candidate] | None"]]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase that an English entity may stand for in a sentence.

    Attributes:
        surface: The phrase.
        spans: Where it stands: start and end (exclusive), in code points.
        logprob: Its natural log-probability as the LLM's answer; None where the LLM does not say.
        gain: How much better it is than no answer, in nats.
        measured: Whether the gain is one of the LLM's; else it is a constant and says nothing
            about how sure the LLM is.
    """

    surface: str
    spans: tuple[Span, ...]
    logprob: float | None
    gain: float
    measured: bool = True

    def net(self, threshold: float) -> float:
        """What it gains above a threshold."""
        return self.gain - threshold if self.measured else self.gain


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate that was chosen for an entity, and at which of its places."""

    candidate: Candidate
    spans: tuple[Span, ...]


def align(
    sentences: Sequence[Mapping[str, str]],
    tagged: Sequence[Mapping[str, str]],
    propose: Propose,
    *,
    repeats: str,
    threshold: float = 0.0,
    jointly: bool = True,
) -> Iterator[dict[str, object]]:
    """Align the English entities of every sentence.

    Where the corpus has tokens, a span takes all of every token that it touches: an entity is a
    run of tokens there, whatever is written in one with a name (서울에서, "in Seoul").

    Args:
        sentences: Rows of sentences.tsv.
        tagged: Rows of a tag TSV.
        propose: Finds the candidates of entities, such as `constrained` or `fused.candidates` with
            all but their first argument bound.
        repeats: `all` mentions of a chosen surface are labelled, or as many as the `english` has.
        threshold: Least gain over no answer of a candidate that is chosen, in nats; without effect
            where the LLM cannot score no answer. The confidence does not depend on it.
        jointly: Whether the spans of a sentence are chosen together, by `assign`, or one entity
            after another takes the best places that are left.

    Yields:
        For every row of `tagged` one row with the `COLUMNS`, in the order of the sentences, and
        one more for each further mention. status: `aligned`; `repeat` (a further mention of the
        row before); `abstained` (no answer was the better one); `taken` (other entities have its
        spans); `no_candidate` (the LLM ended no answer); `too_long` (for the LLM's context);
        `no_entity` and `no_translation` come from the tagger.
    """
    by_sentence: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in tagged:
        by_sentence[row["sentence_id"]].append(row)
    names = [
        list(
            dict.fromkeys(
                row["surface"]
                for row in by_sentence[sentence["sentence_id"]]
                if row["status"] == "tagged"
            )
        )
        for sentence in sentences
    ]
    asked = {
        place: Question(sentence["text"], several, parse_tokens(sentence.get("tokens", "")))
        for place, (sentence, several) in enumerate(zip(sentences, names, strict=True))
        if several
    }
    found = dict(zip(asked, propose(list(asked.values())), strict=True))
    for place, sentence in enumerate(sentences):
        candidates = {}
        for name, several in zip(names[place], found.get(place, ()), strict=True):
            tokens = asked[place].tokens
            candidates[name] = on_tokens(several, tokens) if several and tokens else several
        yield from _sentence_rows(
            sentence["text"],
            by_sentence[sentence["sentence_id"]],
            candidates,
            repeats,
            threshold,
            jointly,
        )


def on_tokens(candidates: Sequence[Candidate], tokens: Sequence[Span]) -> list[Candidate]:
    """Candidates at the tokens that they touch; those that touch the same ones become one.

    In a text without spaces, where a phrase stands as whole tokens somewhere, the places where it
    does not are no mentions of it: 京都 is not named in 東京都.

    Args:
        candidates: Of an entity.
        tokens: Start and end of each, in order.

    Returns:
        Candidates with other places; one of several gains what they gain together.
    """
    starts, ends = [start for start, _ in tokens], [end for _, end in tokens]
    first_of, last_of = set(starts), set(ends)
    spaced = 2 * sum(map(operator.lt, ends, starts[1:])) > len(starts)
    together: dict[tuple[Span, ...], Candidate] = {}
    for candidate in candidates:
        mentions = candidate.spans
        if not spaced:
            whole = [span for span in mentions if span[0] in first_of and span[1] in last_of]
            mentions = whole or mentions
        places = tuple(dict.fromkeys(widened(span, starts, ends) for span in mentions))
        other = together.get(places)
        if other is not None:
            best = max(candidate, other, key=lambda one: one.gain)
            gain = best.gain
            if candidate.measured and other.measured:
                gain = float(np.logaddexp(candidate.gain, other.gain))
            candidate = replace(best, gain=gain)
        together[places] = replace(candidate, spans=places)
    return list(together.values())


def widened(span: Span, starts: Sequence[int], ends: Sequence[int]) -> Span:
    """A span from the start of the first token that it touches to the end of the last.

    Args:
        span: Start and end.
        starts: Of the tokens, in order.
        ends: Of the tokens, in order.
    """
    first, after = bisect_right(ends, span[0]), bisect_left(starts, span[1])
    return (starts[first], ends[after - 1]) if first < after else span


def constrained(
    sentences: Sequence[Question],
    llm: LLM,
    language: Language,
    *,
    form: str,
    beams: int,
    journal: Journal | None = None,
) -> list[list[list[Candidate] | None]]:
    """Find candidates by a beam search of the LLM under a grammar of the sentence's substrings.

    Args:
        sentences: Each with its English entities.
        llm: The LLM.
        language: The sentences' language.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        beams: Candidates of an entity.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Returns:
        For every sentence and entity its candidates; None where the LLM's context is too short,
        or an endpoint says that it is.
    """
    asked, found = [], [[None] * len(question.names) for question in sentences]
    for place, (text, names, _) in enumerate(sentences):
        for number, name in enumerate(names):
            prompt = prompts.alignment(text, name, language, form)
            if len(llm.encode(prompt)) + prompts.ANSWER_TOKENS <= llm.context:
                asked.append((place, number, prompt))
    with counter("aligning", "entity", len(asked)) as bar:
        answers = llm.complete(
            [prompt for *_, prompt in asked],
            max_new_tokens=prompts.ANSWER_TOKENS,
            stop=prompts.QUOTE,
            within=[one_line(sentences[place].text) for place, *_ in asked],
            beams=beams,
            journal=journal,
            progress=bar.update,
        )
    silences: Sequence[float | None] = [None] * len(asked)
    if llm.scores:
        # How probable it is that the LLM answers nothing, in nats.
        nothing = [prompts.QUOTE] * len(asked)
        silences = scored(llm, [prompt for *_, prompt in asked], nothing, journal)
    for (place, number, _), completions, silence in zip(asked, answers, silences, strict=True):
        if not completions:  # too long, says the endpoint
            continue
        text = sentences[place].text
        merged: dict[str, Candidate] = {}
        for completion in completions:
            span = _first_span(completion.text, text, language)
            if not completion.finished or span is None:
                continue
            surface = text[span[0] : span[1]]
            logprob, gain = completion.logprob, UNSCORED_GAIN
            if silence is not None:
                if surface in merged:  # the same phrase but for its edges
                    logprob = float(np.logaddexp(logprob, merged[surface].logprob))
                gain = logprob - silence
            merged[surface] = Candidate(
                surface, occurrences(surface, text), logprob, gain, silence is not None
            )
        if not merged and any(answer.finished and not answer.text for answer in completions):
            merged[""] = Candidate("", (), completions[0].logprob, 0.0)  # it said: nowhere
        found[place][number] = list(merged.values())
    return found


def _first_span(answer: str, text: str, language: Language) -> Span | None:
    """Where an answer stands, without punctuation and honorifics at its edges.

    None where it does not stand there, or has no letter or digit: it names nothing.
    """
    start = one_line(text).find(answer)
    if not answer or start < 0:
        return None
    start, end = trim((start, start + len(answer)), text, language)
    return (start, end) if any(map(str.isalnum, text[start:end])) else None


def occurrences(surface: str, text: str) -> tuple[Span, ...]:
    """Where a phrase stands, whole words before parts of words; never nowhere."""
    places = spans.occurrences(surface, text)
    start = text.find(surface)
    return tuple(places) or ((start, start + len(surface)),)


@dataclass(frozen=True, slots=True)
class _Pick:
    """A candidate of an entity, its gain, and at how many of its places it may be labelled."""

    entity: int
    candidate: Candidate
    gain: float
    most: int

    @property
    def best(self) -> float:
        """What it gains where nothing stands in its way."""
        return self.gain + MENTION_GAIN * self.most


def assign(
    candidates: Sequence[Sequence[Candidate]],
    mentions: Sequence[int],
    repeats: str,
    threshold: float = 0.0,
) -> list[Choice | None]:
    """Choose the spans of a sentence together: the largest sum of gains without overlap.

    Every entity takes one of its candidates or none; a candidate of no gain is never taken. Of
    the places that gain the same, those with the least sum of starts are taken; entities that
    share a phrase take its places in turn. Where the best candidates of all entities are not in
    each other's way, they are the answer; else an exact integer programme (scipy's HiGHS) finds it.

    Args:
        candidates: Of each entity.
        mentions: How often the English names each.
        repeats: `all` or `english`: how many places of a candidate may be labelled.
        threshold: What is taken off every gain that was measured.

    Returns:
        A choice for each entity, or None where it abstains.
    """
    picks = _picks(candidates, mentions, repeats, threshold)
    best = [max(several, key=lambda pick: pick.best) for several in picks.values()]
    groups = _by_places(best)
    spans = _leftmost(groups)
    if spans is None or sum(map(len, spans)) < sum(pick.most for pick in best):
        taken, spans = _optimum(_by_places(_promising(list(picks.values()))))
        groups = _by_places(taken)
        spans = _leftmost(groups) or _optimum(groups, sum(map(len, spans)))[1]
    choices: list[Choice | None] = [None] * len(candidates)
    for several, found in zip(groups.values(), spans, strict=True):
        for pick, own in zip(several, _dealt(found, [pick.most for pick in several]), strict=True):
            choices[pick.entity] = Choice(pick.candidate, tuple(own))
    return choices


def assign_in_turn(
    candidates: Sequence[Sequence[Candidate]],
    mentions: Sequence[int],
    repeats: str,
    threshold: float = 0.0,
) -> list[Choice | None]:
    """Choose the spans of one entity after another, to compare `assign` with; it takes the same."""
    choices: list[Choice | None] = [None] * len(candidates)
    covered: set[int] = set()
    for entity, several in _picks(candidates, mentions, repeats, threshold).items():
        for pick in sorted(several, key=lambda pick: -pick.best):
            spans = []
            for span in sorted(set(pick.candidate.spans)):
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
    """What may be chosen for each entity that has anything to gain."""
    picks: dict[int, list[_Pick]] = {}
    for entity, several in enumerate(candidates):
        for candidate in dict.fromkeys(several):
            count = len(set(candidate.spans))
            most = count if repeats == "all" else min(mentions[entity], count)
            gain = candidate.net(threshold)
            if gain > 0 and most > 0:
                picks.setdefault(entity, []).append(_Pick(entity, candidate, gain, most))
    return picks


def _by_places(picks: Sequence[_Pick]) -> dict[tuple[Span, ...], list[_Pick]]:
    """Picks by their places from left to right: by phrase, for a phrase has its own.

    Only the first places are kept where the others are never needed: a label covers no more places
    of a phrase than it has characters, so that one more is free when all others are labelled.
    """
    most: dict[int, int] = {}
    longest = 0
    groups: dict[tuple[Span, ...], list[_Pick]] = {}
    for pick in picks:
        places = tuple(sorted(set(pick.candidate.spans)))
        groups.setdefault(places, []).append(pick)
        most[pick.entity] = max(pick.most, most.get(pick.entity, 0))
        longest = max(longest, *(end - start for start, end in places))
    enough = longest * sum(most.values())
    near: dict[tuple[Span, ...], list[_Pick]] = {}
    for places, several in groups.items():
        near.setdefault(places[:enough] if _apart(places) else places, []).extend(several)
    return near


def _leftmost(groups: Mapping[tuple[Span, ...], Sequence[_Pick]]) -> list[list[Span]] | None:
    """As many places of each group as may be labelled, the first ones; None if any overlap."""
    spans = [
        list(places[: sum(pick.most for pick in several)]) for places, several in groups.items()
    ]
    if any(
        len(found) < len(several) for found, several in zip(spans, groups.values(), strict=True)
    ):
        return None
    return spans if _apart(sorted(span for found in spans for span in found)) else None


def _apart(spans: Sequence[Span]) -> bool:
    """Whether spans in their order do not overlap."""
    return all(one[1] <= other[0] for one, other in pairwise(spans))


def _promising(picks: Sequence[Sequence[_Pick]]) -> list[_Pick]:
    """The picks of each entity that may be in an optimum.

    One is not where, with the best of all others beside it, it would gain less than the entities
    do when they choose one after another among the places that are still free.
    """
    best = {several[0].entity: max(pick.best for pick in several) for several in picks}
    order = sorted(picks, key=lambda several: -best[several[0].entity])
    covered: set[int] = set()
    gained = 0.0
    for several in order:
        chosen, most = [], 0.0
        for pick in several:
            spans = sorted(set(pick.candidate.spans))
            free = [span for span in spans if covered.isdisjoint(range(*span))]
            free = free[: pick.most if _apart(free) else 1]
            gain = pick.gain + MENTION_GAIN * len(free)
            if free and gain > most:
                chosen, most = free, gain
        covered.update(point for span in chosen for point in range(*span))
        gained += most
    # The last term is for rounding errors.
    lost = sum(best.values()) - gained + 1e-6
    return [pick for several in picks for pick in several if best[pick.entity] - pick.best <= lost]


def _dealt(spans: Sequence[Span], room: Sequence[int]) -> list[list[Span]]:
    """Spans dealt in turn to those that have room."""
    hands: list[list[Span]] = [[] for _ in room]
    left = list(spans)[::-1]
    while left:
        for hand, most in zip(hands, room, strict=True):
            if left and len(hand) < most:
                hand.append(left.pop())
    return hands


def _optimum(
    groups: Mapping[tuple[Span, ...], Sequence[_Pick]], count: int | None = None
) -> tuple[list[_Pick], list[list[Span]]]:
    """The picks and the places of each group in the optimum: of the largest gain.

    With a count all picks are taken, at so many places together, of the least sum of starts.
    """
    # Variables: first whether a pick is taken, then which places are labelled.
    picks = [pick for several in groups.values() for pick in several]
    spans = [span for places in groups for span in places]
    rows: list[tuple[list[int], list[int], int]] = []  # sum of coefficient * variable <= most
    by_entity: dict[int, list[int]] = defaultdict(list)
    for i, pick in enumerate(picks):
        by_entity[pick.entity].append(i)
    rows += [(several, [1] * len(several), 1) for several in by_entity.values()]
    at, place = 0, len(picks)
    for places, several in groups.items():
        owners = list(range(at, at := at + len(several)))
        own = list(range(place, place := place + len(places)))
        rows += [([i, *owners], [1] + [-1] * len(owners), 0) for i in own]
        rows.append((owners + own, [1] * len(owners) + [-1] * len(own), 0))
        if any(pick.most < len(places) for pick in several):
            most = [-pick.most for pick in several]
            rows.append((owners + own, most + [1] * len(own), 0))
    for several in _crowds(spans):
        rows.append(([len(picks) + j for j in several], [1] * len(several), 1))
    lowest = np.zeros(place)
    if count is None:
        objective = [-pick.gain for pick in picks] + [-MENTION_GAIN] * len(spans)
    else:
        objective = [0] * len(picks) + [start for start, _ in spans]
        lowest[: len(picks)] = 1
        rows.append((list(range(len(picks), place)), [-1] * len(spans), -count))
    matrix = csr_array(
        (
            np.concatenate([coefficients for _, coefficients, _ in rows]),
            np.concatenate([variables for variables, *_ in rows]),
            np.cumsum([0, *(len(variables) for variables, *_ in rows)]),
        ),
        shape=(len(rows), place),
    )
    solved = milp(
        np.array(objective, dtype=float),
        constraints=LinearConstraint(matrix, -np.inf, [most for *_, most in rows]),
        integrality=np.ones(place),
        bounds=Bounds(lowest, 1),
        options={"mip_rel_gap": 0},  # HiGHS stops within 0.01% of the optimum otherwise
    )
    labelled = iter(zip(spans, solved.x[len(picks) :] > 0.5, strict=True))
    found = [[span for span, yes in islice(labelled, len(places)) if yes] for places in groups]
    chosen = solved.x[: len(picks)] > 0.5
    return [pick for pick, yes in zip(picks, chosen, strict=True) if yes], found


def _crowds(spans: Sequence[Span]) -> Iterator[list[int]]:
    """The largest sets of spans that have a point in common, as indices; each span is in one."""
    now: dict[int, int] = {}  # the end of each span at this point
    for start, index in sorted((start, index) for index, (start, _) in enumerate(spans)):
        if any(end <= start for end in now.values()):
            yield list(now)
            now = {i: end for i, end in now.items() if end > start}
        now[index] = spans[index][1]
    yield list(now)


def _sentence_rows(
    text: str,
    tagged: Sequence[Mapping[str, str]],
    candidates: Mapping[str, list[Candidate] | None],
    repeats: str,
    threshold: float,
    jointly: bool,
) -> Iterator[dict[str, object]]:
    """The rows of one sentence: its English entities, with their spans or the reason why not."""
    named: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for mention in tagged:
        if mention["status"] == "tagged":
            named[mention["surface"]].append(mention)
        else:
            yield row(mention, mention["status"])
    options = [candidates[name] for name in named]
    choose = assign if jointly else assign_in_turn
    chosen = choose(
        [several or [] for several in options],
        [len(own) for own in named.values()],
        repeats,
        threshold,
    )
    for mentions, several, choice in zip(named.values(), options, chosen, strict=True):
        if choice is None:
            yield from (row(mention, _why_not(several, threshold)) for mention in mentions)
            continue
        scores = {
            "logprob": choice.candidate.logprob,
            "confidence": _confidence(choice.candidate, several),
        }
        last = mentions[-1]
        for place, span in enumerate(choice.spans):
            mention, status = (
                (mentions[place], "aligned") if place < len(mentions) else (last, "repeat")
            )
            yield row(mention, status, span, text[span[0] : span[1]], **scores)
        yield from (row(mention, "taken") for mention in mentions[len(choice.spans) :])


def _why_not(candidates: Sequence[Candidate] | None, threshold: float) -> str:
    if candidates is None:
        return "too_long"
    if not candidates:
        return "no_candidate"
    wanted = any(candidate.net(threshold) > 0 for candidate in candidates)
    return "taken" if wanted else "abstained"


def _confidence(chosen: Candidate, candidates: Sequence[Candidate]) -> float | None:
    """The chosen candidate's share of the probability of all candidates and of no answer."""
    if not chosen.measured:
        return None
    total = np.logaddexp.reduce([0.0, *(candidate.gain for candidate in candidates)])
    return math.exp(chosen.gain - total)


def row(
    tagged: Mapping[str, str],
    status: str,
    span: Span | None = None,
    surface: str | None = None,
    *,
    logprob: float | None = None,
    confidence: float | None = None,
) -> dict[str, object]:
    """A row with the `COLUMNS` for an English entity.

    Args:
        tagged: Its row of a tag TSV.
        status: `aligned`, or why it has no span.
        span: Where it stands in the sentence.
        surface: The sentence there.
        logprob: Natural log-probability of the LLM's answer.
        confidence: Probability that the span is right.
    """
    return {
        "sentence_id": tagged["sentence_id"],
        "english": tagged["surface"],
        "english_start": tagged["start"],
        "english_end": tagged["end"],
        "type": tagged["type"],
        "start": None if span is None else span[0],
        "end": None if span is None else span[1],
        "surface": surface,
        "logprob": _rounded(logprob),
        "confidence": _rounded(confidence),
        "status": status,
    }


def _rounded(number: float | None) -> str | None:
    return None if number is None else f"{number:.3f}"
