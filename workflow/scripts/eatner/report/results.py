"""A comparison in Markdown, of whatever of it has run: tables, and what the figures say in words.

The figures are those of `results/compare`: the same functions compute them, with the same seed.
What has not run is named, and no figure stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from eatner.evaluate import compare
from eatner.evaluate.significance import compare_counts
from eatner.tables import STAGES, Comparison

NOT_RUN = "not run"
Pair = tuple[str, str]
"""Two systems; their difference is the F1 of the first less that of the second."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a system did on a corpus.

    Attributes:
        score: Its score record.
        counts: What the paired tests compare, see `significance.count_types`.
        settings: What it was configured as, as JSON values.
        made: When and where, in a few words.
        seconds: Seconds of its steps by name, as far as they were measured.
    """

    score: Mapping[str, Any]
    counts: np.ndarray
    settings: Mapping[str, Any] = field(default_factory=dict)
    made: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """A corpus, the only one of its language, with the systems that have run on it.

    Attributes:
        corpus: Its name.
        language: The name of its language.
        sentences: Number of its sentences; 0 if it has not been read.
        support: Number of its gold entities.
        results: By system, of those that have run.
        impossible: Why systems cannot run on it, in a few words each.
        gold: SHA-256 of its gold, which says what the results were scored against.
    """

    corpus: str
    language: str
    sentences: int
    support: int
    results: Mapping[str, Result]
    impossible: Mapping[str, str]
    gold: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two systems on a corpus, in F1 (a fraction).

    Attributes:
        f1: The difference.
        low, high: Its 95% interval (paired bootstrap).
        p_value: Two-sided (approximate randomisation).
    """

    f1: float
    low: float
    high: float
    p_value: float


Differences = Mapping[Pair, Mapping[str, Difference]]
"""By pair and language, of the languages in which both systems have run."""


def scores(texts: Iterable[Text]) -> dict[str, dict[str, Mapping]]:
    """The score records by corpus and system, without corpora on which none has run."""
    return {
        text.corpus: {name: result.score for name, result in text.results.items()}
        for text in texts
        if text.results
    }


def rows(texts: Sequence[Text], baseline: str, seed: int) -> list[Comparison]:
    """The rows of `results/compare/table.tsv` of what has run.

    Args:
        texts: The corpora.
        baseline: The system that the others are tested against, where it has run.
        seed: Of the tests.
    """
    tests: dict[str, Mapping[str, Mapping]] = {}
    for text in texts:
        others = {name: ran.counts for name, ran in text.results.items() if name != baseline}
        ran = text.results.get(baseline)
        tests[text.corpus] = compare_counts(ran.counts, others, seed=seed) if ran else {}
    return list(compare.rows(scores(texts), tests, baseline))


def differences(
    texts: Sequence[Text], pairs: Iterable[Pair], seed: int
) -> dict[Pair, dict[str, Difference]]:
    """Test pairs of systems in each language in which both have run.

    Args:
        texts: The corpora.
        pairs: Names of systems.
        seed: Of the tests.
    """
    found: dict[Pair, dict[str, Difference]] = {}
    for one, other in pairs:
        found[one, other] = {
            text.language: _difference(text, one, other, seed)
            for text in texts
            if one in text.results and other in text.results
        }
    return found


def _difference(text: Text, one: str, other: str, seed: int) -> Difference:
    results = text.results
    against = {one: results[one].counts}
    tested: Mapping[str, Any] = compare_counts(results[other].counts, against, seed=seed)[one][
        compare.ALL
    ]
    low, high = tested["difference_ci95"]
    return Difference(tested["difference"], low, high, tested["p_value"])


def say_made(texts: Iterable[Text]) -> list[str]:
    """Say when and where the results were computed: where and what, the place of most first."""
    places: dict[str, dict[str, list[str]]] = {}
    for text in texts:
        for name, result in text.results.items():
            places.setdefault(result.made, {}).setdefault(text.language, []).append(name)
    ranked = sorted(places.items(), key=lambda place: -sum(map(len, place[1].values())))
    return [
        f"{made}: "
        + "; ".join(f"{language} {', '.join(names)}" for language, names in by_language.items())
        + "."
        for made, by_language in ranked
    ]


def missing(texts: Iterable[Text], systems: Sequence[str]) -> list[str]:
    """Say what has not run yet, a corpus at a time; nothing if all has."""
    said = []
    for text in texts:
        names = [s for s in systems if s not in text.results and s not in text.impossible]
        if names:
            what = "no system" if not text.results else f"not {', '.join(names)}"
            said.append(f"{text.language} (`{text.corpus}`): {what}")
    return said


# --- tables -------------------------------------------------------------------------------------


def markdown_table(
    heading: Sequence[str], lines: Iterable[Sequence[object]], words: int = 1
) -> str:
    """A table in Markdown; its first columns, of `words`, are to the left, others to the right."""
    return "\n".join(
        [
            f"| {' | '.join(heading)} |",
            f"{'|---' * words}{'|--:' * (len(heading) - words)}|",
            *(f"| {' | '.join(map(str, line))} |" for line in lines),
        ]
    )


def f1_table(texts: Sequence[Text], systems: Sequence[str], table: Sequence[Comparison]) -> str:
    """Systems down, languages across: F1 with its interval and its mark, and the mean.

    Args:
        texts: The corpora.
        systems: The systems to show, in order.
        table: What `rows` gives.
    """
    wide = compare.widen(table, compare.ALL)
    columns = [_column(text) for text in texts]
    everywhere = [name for name in systems if _ran(texts, name) == len(texts)]
    whole = {name: wide.means[name][0] for name in everywhere if name in wide.means}
    lines = []
    for name in systems:
        cells = wide.cells.get(name, {})
        line = [name, *(_f1_cell(text, name, cells) for text in texts)]
        if len(texts) > 1:
            line.append(_mean_cell(name, wide.means, whole, _ran(texts, name)))
        lines.append(line)
    return markdown_table(["system", *columns, *(["mean"] if len(texts) > 1 else [])], lines)


def _column(text: Text) -> str:
    """The heading of a corpus: its language and, once it has been read, its gold entities."""
    return f"{text.language}, {text.support} gold" if text.sentences else text.language


def _ran(texts: Iterable[Text], system: str) -> int:
    return sum(system in text.results for text in texts)


def _f1_cell(text: Text, system: str, cells: Mapping[str, compare.Cell]) -> str:
    if text.corpus in cells:
        return compare.markdown_cell(cells[text.corpus])
    return text.impossible.get(system, NOT_RUN)


def _mean_cell(
    system: str,
    means: Mapping[str, tuple[float, bool]],
    whole: Mapping[str, float],
    ran: int,
) -> str:
    """The mean of a system; of which languages, if not of all; the best of all in bold."""
    if system in whole:
        return compare.bold(whole[system], whole[system] == max(whole.values()) > 0)
    return f"{means[system][0]:.1f} (of {ran})" if system in means else "–"


def details_table(text: Text, systems: Sequence[str], table: Iterable[Comparison]) -> str:
    """Precision, recall, F1 and the test against the baseline, a system a line.

    Args:
        text: The corpus.
        systems: The systems to show, in order.
        table: What `rows` gives.
    """
    row_of = {
        row.system: row for row in table if row.corpus == text.corpus and row.type == compare.ALL
    }
    heading = ["system", "P", "R", "F1 [95%]", "predicted", "right"]
    baseline = next((row.baseline for row in row_of.values()), "baseline")
    heading += [f"less {baseline} [95%]", "p", "p, Holm"]
    lines = []
    for name in systems:
        if name in row_of:
            lines.append([name, *_details(row_of[name])])
        else:
            lines.append([name, text.impossible.get(name, NOT_RUN), *[""] * (len(heading) - 2)])
    return markdown_table(heading, lines)


def _details(row: Comparison) -> list[object]:
    low, high = 100 * row.f1_low, 100 * row.f1_high
    figures: list[object] = [f"{100 * row.precision:.1f}", f"{100 * row.recall:.1f}"]
    figures += [f"{100 * row.f1:.1f} [{low:.1f}, {high:.1f}]", row.predicted, row.correct]
    match row:
        case Comparison(
            difference=float(f1),
            difference_low=float(below),
            difference_high=float(above),
            p_value=float(p),
            p_holm=float(adjusted),
        ):
            return [*figures, _signed(f1, below, above), f"{p:.4f}", f"{adjusted:.4f}"]
    return [*figures, "", "", ""]


def _signed(f1: float, low: float, high: float) -> str:
    return f"{100 * f1:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def differences_table(found: Differences, texts: Sequence[Text]) -> str:
    """Pairs of systems down, languages across: the difference, its interval and its p-value."""
    return markdown_table(
        ["difference", *(text.language for text in texts)],
        (
            [f"{one} − {other}", *(_difference_cell(text, pair, by_language) for text in texts)]
            for pair, by_language in found.items()
            for one, other in [pair]
        ),
    )


def _difference_cell(text: Text, pair: Pair, by_language: Mapping[str, Difference]) -> str:
    if text.language in by_language:
        one = by_language[text.language]
        return f"{_signed(one.f1, one.low, one.high)}, p {one.p_value:.4f}"
    reasons = [text.impossible[name] for name in pair if name in text.impossible]
    return [*reasons, NOT_RUN][0]


def stages_table(texts: Sequence[Text], systems: Sequence[str]) -> str:
    """How many entities each step missed or made up, a system a line, all languages together."""
    heading = ["system", "languages", "right"]
    heading += [
        f"{kind}: {stage if stage != kind else 'no step'}"
        for kind, stages in _STAGES_OF.items()
        for stage in stages
    ]
    lines = []
    for name in systems:
        records = [text.results[name].score for text in texts if name in text.results]
        if not records:
            lines.append([name, NOT_RUN, *[""] * (len(heading) - 2)])
            continue
        counts = [
            sum(record["errors_by_stage"][kind][stage] for record in records)
            for kind, stages in _STAGES_OF.items()
            for stage in stages
        ]
        right = sum(record["errors_by_stage"]["correct"] for record in records)
        lines.append([name, *map(str, [len(records), right, *counts])])
    return markdown_table(heading, lines)


# An entity of gold cannot be a spurious one.
_STAGES_OF = {"missed": [stage for stage in STAGES if stage != "spurious"], "spurious": STAGES}


def times_table(texts: Sequence[Text]) -> str:
    """The seconds of steps down, languages across; a step that was not measured is left open."""
    seconds = {
        text.corpus: {k: v for ran in text.results.values() for k, v in ran.seconds.items()}
        for text in texts
    }
    steps = dict.fromkeys(chain.from_iterable(seconds.values()))
    return markdown_table(
        ["step", *(text.language for text in texts)],
        (
            [step, *(_time(seconds.get(text.corpus, {}).get(step)) for text in texts)]
            for step in steps
        ),
    )


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.0f}"


# --- words --------------------------------------------------------------------------------------


def say_best(table: Iterable[Comparison], texts: Sequence[Text]) -> list[str]:
    """Say which system has the highest F1 in which languages."""
    winners: dict[str, list[str]] = {}
    cells = compare.widen(table, compare.ALL).cells
    for text in texts:
        for name, by_corpus in cells.items():
            if text.corpus in by_corpus and by_corpus[text.corpus].best:
                winners.setdefault(name, []).append(text.language)
    if not winners:
        return []
    ranked = sorted(winners.items(), key=lambda winner: -len(winner[1]))
    told = "; ".join(f"`{name}` in {listed(languages)}" for name, languages in ranked)
    return [f"The best system by F1: {told}."]


def say_difference(pair: Pair, by_language: Mapping[str, Difference]) -> str:
    """Say in how many languages the interval of a difference is above zero, or below it."""
    name = f"`{pair[0]}` − `{pair[1]}`"
    if not by_language:
        return f"{name}: not run."
    above = [language for language, found in by_language.items() if found.low > 0]
    below = [language for language, found in by_language.items() if found.high < 0]
    level = [language for language in by_language if language not in above + below]
    of = f"{len(by_language)} language{'s' * (len(by_language) > 1)}"
    sides = (("is above zero", above), ("is below zero", below), ("holds zero", level))
    told = "; it ".join(
        f"{where} in {len(those)} of {of} ({listed(those)})" for where, those in sides if those
    )
    said = f"{name}: the interval {told}."
    if len(by_language) == 1:
        return said
    mean = sum(found.f1 for found in by_language.values()) / len(by_language)
    adjusted = compare.holm([found.p_value for found in by_language.values()])
    clear = sum(p < 0.05 for p in adjusted)
    return (
        f"{said} The mean difference is {100 * mean:+.1f}; adjusted for the number of languages "
        f"(Holm), p < 0.05 in {clear}."
    )


def say_losses(texts: Iterable[Text], system: str) -> list[str]:
    """Say which steps lost the entities that a system misses, the most costly step first."""
    lost: dict[str, int] = dict.fromkeys(_STAGES_OF["missed"], 0)
    records = [text.results[system].score for text in texts if system in text.results]
    for record in records:
        for stage in lost:
            lost[stage] += record["errors_by_stage"]["missed"][stage]
    total = sum(lost.values())
    if not total:
        return []
    support = sum(record["overall"]["support"] for record in records)
    ranked = sorted(lost.items(), key=lambda loss: -loss[1])
    told = listed([f"{stage} {n} ({100 * n / total:.0f}%)" for stage, n in ranked if n])
    return [f"`{system}` misses {total} of {support} gold entities, by step: {told}."]


def say_widths(table: Iterable[Comparison]) -> list[str]:
    """Say how wide the intervals of F1 are."""
    widths = [100 * (row.f1_high - row.f1_low) for row in table if row.type == compare.ALL]
    if not widths:
        return []
    return [
        f"The 95% intervals of F1 are {min(widths):.0f} to {max(widths):.0f} points wide, "
        f"{sum(widths) / len(widths):.0f} on average."
    ]


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
