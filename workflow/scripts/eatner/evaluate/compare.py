"""Compare systems on corpora: one long table, and wide ones in Markdown and LaTeX.

F1 is the strict one of `eatner.score`, with its bootstrap interval. Systems are tested against a
baseline by approximate randomisation; because several are tested on a corpus, the p-values are
adjusted by Holm's step-down procedure (Holm 1979), within a corpus and a type.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from eatner.tables import TYPES, Comparison

Item = TypeVar("Item")

ALL = "all"
KINDS = (ALL, *TYPES)
DAGGER, DOUBLE_DAGGER = "†", "‡"
LEGEND = (
    "Strict entity-level F1 in per cent, with its bootstrap 95% interval; the best of a column in "
    "bold. {marks} against the baseline {baseline} (approximate randomisation, Holm-adjusted)."
)
# Score records (`results/{corpus}/score/...json`) by corpus and system.
Scores = Mapping[str, Mapping[str, Mapping]]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of one family of tests, in their order."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def by_corpus(
    items: Iterable[Item], corpora: Sequence[str], systems: Sequence[str]
) -> dict[str, dict[str, Item]]:
    """Sort items that come corpus by corpus, and system by system within a corpus."""
    remaining = iter(items)
    return {corpus: {name: next(remaining) for name in systems} for corpus in corpora}


def rows(
    scores: Scores, tests: Mapping[str, Mapping[str, Mapping[str, Mapping]]], baseline: str
) -> Iterator[Comparison]:
    """The long table: a row for every corpus, system and type, and for all types together.

    Args:
        scores: Score records by corpus and system.
        tests: By corpus, what `significance.compare` says of the systems but the baseline.
        baseline: Name of the system that the others are tested against.

    Yields:
        Fractions, not per cents; the baseline's own difference is empty.
    """
    for corpus, systems in scores.items():
        against = tests[corpus]
        adjusted = {
            kind: dict(
                zip(
                    against,
                    holm([found[kind]["p_value"] for found in against.values()]),
                    strict=True,
                )
            )
            for kind in KINDS
        }
        for name, score in systems.items():
            for kind in KINDS:
                figures = score["overall"] if kind == ALL else score["per_type"][kind]
                low, high = figures["f1_ci95"]
                row = Comparison(
                    corpus=corpus,
                    language=score["language"],
                    sentences=score["sentences"],
                    system=name,
                    **score["system"],
                    type=kind,
                    **{key: round(figures[key], 6) for key in ("precision", "recall", "f1")},
                    f1_low=round(low, 6),
                    f1_high=round(high, 6),
                    **{key: figures[key] for key in ("support", "predicted", "correct")},
                    baseline=baseline,
                )
                if name in against:
                    test = against[name][kind]
                    below, above = test["difference_ci95"]
                    row = replace(
                        row,
                        difference=round(test["difference"], 6),
                        difference_low=round(below, 6),
                        difference_high=round(above, 6),
                        p_value=round(test["p_value"], 6),
                        p_holm=round(adjusted[kind][name], 6),
                    )
                yield row


@dataclass(frozen=True, slots=True)
class Cell:
    """What a wide table shows of one system on one corpus.

    Attributes:
        f1: In per cent, rounded to what is shown, as are `low` and `high`, its 95% interval.
        best: Whether no system of the corpus has more (and it is not 0).
        mark: A dagger where it differs from the baseline: † p < 0.05, ‡ p < 0.01; or nothing.
        p: The adjusted p-value; None for the baseline itself.
        support: How many gold entities there are; where there are none, F1 says nothing.
    """

    f1: float
    low: float
    high: float
    best: bool
    mark: str
    p: float | None
    support: int


@dataclass(frozen=True, slots=True)
class Wide:
    """A table of one type: systems down, corpora across.

    Attributes:
        kind: A type, or `all`.
        columns: A heading by corpus: its name and how many gold entities of the type it has.
        cells: By system and corpus.
        means: The mean F1 by system over the corpora that have gold of the type, and whether it is
            the best; empty for one corpus, whose mean says nothing new.
    """

    kind: str
    columns: dict[str, int]
    cells: dict[str, dict[str, Cell]]
    means: dict[str, tuple[float, bool]]


def widen(table: Iterable[Comparison], kind: str) -> Wide:
    """The wide table of a type from rows of the long one (numbers or their text)."""
    chosen = [row for row in table if row.type == kind]
    shown = {(row.system, row.corpus): round(100 * row.f1, 1) for row in chosen}
    columns = {row.corpus: row.support for row in chosen}
    best: dict[str, float] = defaultdict(float)
    by_system: dict[str, list[float]] = defaultdict(list)
    for (system, corpus), f1 in shown.items():
        best[corpus] = max(best[corpus], f1)
        if columns[corpus]:
            by_system[system].append(f1)
    cells: dict[str, dict[str, Cell]] = defaultdict(dict)
    for row in chosen:
        system, corpus = row.system, row.corpus
        p = row.p_holm
        f1 = shown[system, corpus]
        cells[system][corpus] = Cell(
            f1,
            round(100 * row.f1_low, 1),
            round(100 * row.f1_high, 1),
            f1 == best[corpus] > 0,
            "" if p is None or p >= 0.05 else DAGGER if p >= 0.01 else DOUBLE_DAGGER,
            p,
            columns[corpus],
        )
    means = {name: round(sum(values) / len(values), 1) for name, values in by_system.items()}
    highest = max(means.values(), default=0.0)
    return Wide(
        kind,
        columns,
        dict(cells),
        {name: (mean, mean == highest > 0) for name, mean in means.items()}
        if len(columns) > 1
        else {},
    )


def markdown(table: Sequence[Comparison]) -> str:
    """The wide tables in Markdown, one for all types and one a type."""
    baseline = table[0].baseline
    marks = f"{DAGGER} p < 0.05, {DOUBLE_DAGGER} p < 0.01"
    blocks = [LEGEND.format(marks=marks, baseline=baseline)]
    for kind in KINDS:
        wide = widen(table, kind)
        heading = [f"{corpus} ({support} gold)" for corpus, support in wide.columns.items()]
        heading += ["mean"] if wide.means else []
        lines = [f"| {kind} | {' | '.join(heading)} |", "|---" * (len(heading) + 1) + "|"]
        for system, cells in wide.cells.items():
            values = [markdown_cell(cell) for cell in (cells[corpus] for corpus in wide.columns)]
            values += [bold(*wide.means[system])] if wide.means else []
            lines.append(f"| {system} | {' | '.join(values)} |")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def markdown_cell(cell: Cell) -> str:
    """A cell in Markdown: F1 with its mark and its interval; a dash where there is no gold."""
    if not cell.support:
        return "–"
    return f"{bold(cell.f1, cell.best)}{cell.mark} [{cell.low:.1f}, {cell.high:.1f}]"


def bold(value: float, best: bool) -> str:
    """A figure in Markdown, in bold if it is the best."""
    return f"**{value:.1f}**" if best else f"{value:.1f}"


def latex(table: Sequence[Comparison]) -> str:
    """The wide tables as one LaTeX table, a block a type; it needs booktabs and graphicx.

    It spans both columns of a page where it has more than three of its own, and is made as wide as
    the text where it would be wider.
    """
    baseline = table[0].baseline
    overall = widen(table, ALL)
    width = len(overall.columns) + bool(overall.means)
    names = [*overall.columns, *(["mean"] if overall.means else [])]
    marks = r"$^\dagger$ $p<0.05$, $^\ddagger$ $p<0.01$"
    caption = LEGEND.format(marks=marks, baseline=_tex(baseline)).replace("%", r"\%")
    table_of = "table" if width <= 3 else "table*"
    lines = [
        r"% \usepackage{booktabs,graphicx}",
        rf"\begin{{{table_of}}}",
        r"\centering",
        rf"\caption{{{caption}}}",
        r"\label{tab:comparison}",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{l{'r' * width}}}",
        r"\toprule",
        f"System & {' & '.join(map(_tex, names))} \\\\",
    ]
    for kind in KINDS:
        wide = widen(table, kind)
        counts = [rf"\textit{{{support}}}" for support in wide.columns.values()]
        counts += [""] if wide.means else []
        lines += [r"\midrule", rf"\textit{{{kind}, gold}} & {' & '.join(counts)} \\"]
        for system, cells in wide.cells.items():
            values = [_tex_cell(cells[corpus]) for corpus in wide.columns]
            if wide.means:
                mean, best = wide.means[system]
                values.append(rf"\textbf{{{mean:.1f}}}" if best else f"{mean:.1f}")
            lines.append(rf"{_tex(system)} & {' & '.join(values)} \\")
    lines += [r"\bottomrule", r"\end{tabular}}", rf"\end{{{table_of}}}"]
    return "\n".join(lines) + "\n"


def _tex(name: str) -> str:
    return name.replace("_", r"\_")  # names hold letters, digits, dots, hyphens and underscores


def _tex_cell(cell: Cell) -> str:
    if not cell.support:
        return "--"
    value = rf"\textbf{{{cell.f1:.1f}}}" if cell.best else f"{cell.f1:.1f}"
    mark = {"": "", DAGGER: r"$^\dagger$", DOUBLE_DAGGER: r"$^\ddagger$"}[cell.mark]
    return rf"{value}{mark} {{\scriptsize [{cell.low:.1f}, {cell.high:.1f}]}}"
