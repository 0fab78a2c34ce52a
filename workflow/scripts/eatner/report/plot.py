"""Pictures of scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eatner.files import atomic
from eatner.tables import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


FIGURES = ("precision", "recall", "f1")
# Distinct in grey and for colour-blind readers too (Okabe and Ito 2008).
COLOURS = ("#56B4E9", "#E69F00", "#0072B2")
HATCHES = ("//", "..", "")
STAGE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#999999")
STAGE_HATCHES = ("", "//", "..", "xx", "--")
# Of text and axes, so that a page can put its own ink there (`page.inline`).
INK = "#222222"
_STYLE = {
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text: smaller, searchable, in the reader's own letters
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor"), INK),
    **dict.fromkeys(("axes.titlecolor", "xtick.color", "ytick.color"), INK),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "axes.facecolor": "none",
}
# Score records by corpus and system.
Scores = Mapping[str, Mapping[str, Mapping]]


@contextmanager
def _panels(
    out: Path, told: str, titles: Sequence[str], width: float, height: float, across: int = 3
) -> Iterator[list[Axes]]:
    """Give one panel of this size (inches) a title to draw on, and save the picture at the end.

    `told` says in words what the picture shows, for those who cannot see it.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    across = min(across, len(titles))
    down = -(-len(titles) // across)
    # Ids within an SVG depend on the salt: two pictures on one page must not share any.
    style: Any = _STYLE | {"svg.hashsalt": out.stem}
    with mpl.rc_context(style):
        figure, grid = plt.subplots(
            down,
            across,
            figsize=(across * width, down * height),
            layout="constrained",
            squeeze=False,
        )
        panels = list(grid.flat)
        for panel in panels[len(titles) :]:
            panel.remove()
        for panel, title in zip(panels, titles, strict=False):
            panel.set_title(title)
        yield panels[: len(titles)]
        # Without its date, the same score gives the same bytes.
        metadata = {
            ".svg": {"Date": None, "Description": told},
            ".pdf": {"CreationDate": None, "Subject": told},
        }
        with atomic(out) as partial:
            figure.savefig(
                partial,
                format=out.suffix.removeprefix("."),
                transparent=True,
                metadata=metadata.get(out.suffix),
            )
        plt.close(figure)


def plot_f1(score: Mapping, out: Path) -> None:
    """Draw precision, recall and F1, by type and overall, the F1 with its 95% interval.

    Args:
        score: A score record.
        out: The picture; its suffix decides the format.
    """
    groups = [*score["per_type"].items(), ("all", score["overall"])]
    title = f"{score['corpus']}: strict, {score['sentences']} sentences"
    told = ", ".join(f"{name} F1 {figures['f1']:.3f}" for name, figures in groups)
    with _panels(out, f"{title}: {told}", [title], 6, 3.4) as [axes]:
        for place, (name, colour, hatch) in enumerate(zip(FIGURES, COLOURS, HATCHES, strict=True)):
            values = [figures[name] for _, figures in groups]
            spots = [group + (place - 1) * 0.27 for group in range(len(groups))]
            axes.bar(spots, values, 0.25, label=name, color=colour, hatch=hatch, edgecolor="white")
        for group, (_, figures) in enumerate(groups):
            axes.errorbar(group + 0.27, figures["f1"], _reach(figures), color=INK, capsize=3)
        labels = [f"{name}\n{figures['support']} gold" for name, figures in groups]
        axes.set_xticks(range(len(groups)), labels)
        axes.set_ylim(0, 1)
        axes.set_ylabel("fraction")
        axes.legend(ncols=3, loc="upper right")


def _reach(figures: Mapping) -> list[list[float]]:
    """How far the interval goes below and above the F1; a bootstrap interval may lie beside it."""
    low, high = figures["f1_ci95"]
    return [[max(0.0, figures["f1"] - low)], [max(0.0, high - figures["f1"])]]


def plot_systems(scores: Scores, out: Path) -> None:
    """Draw the F1 of each system with its 95% interval, a panel a corpus.

    Args:
        scores: Score records by corpus and system; a corpus may lack some of the systems.
        out: The picture.
    """
    names = _systems(scores)
    height = 0.9 + 0.26 * len(names)
    told = _tell(scores, lambda score: f"F1 {100 * score['overall']['f1']:.1f}")
    with _panels(out, told, [_heading(c, s) for c, s in scores.items()], 4.2, height) as panels:
        for panel, systems in zip(panels, scores.values(), strict=True):
            for name, score in systems.items():
                row = names.index(name)
                figures = score["overall"]
                spot = 100 * figures["f1"]
                reach = [[100 * end for end in side] for side in _reach(figures)]
                panel.errorbar(
                    spot, row, xerr=reach, color=COLOURS[2], ecolor=INK, fmt="o", capsize=3
                )
            _list_systems(panel, names)
            panel.set_xlim(0, 100)
            panel.grid(axis="x", alpha=0.3)
            panel.set_xlabel("strict F1, per cent, with its 95% interval")


def _systems(scores: Scores) -> list[str]:
    """The names of all systems, in the order in which they first occur."""
    return list(dict.fromkeys(name for systems in scores.values() for name in systems))


def _tell(scores: Scores, tell: Callable[[Mapping], str]) -> str:
    """Say something of every system on every corpus."""
    return " ".join(
        f"{corpus}, {name}: {tell(score)}."
        for corpus, systems in scores.items()
        for name, score in systems.items()
    )


def _heading(corpus: str, systems: Mapping[str, Mapping]) -> str:
    return f"{corpus} ({next(iter(systems.values()))['sentences']} sentences)"


def _list_systems(panel: Axes, names: Sequence[str]) -> None:
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(len(names) - 0.5, -0.5)  # the first on top


def plot_stages(scores: Scores, out: Path) -> None:
    """Draw how many entities each step lost (to the right) or made up (to the left).

    Args:
        scores: Score records by corpus and system; a corpus may lack some of the systems.
        out: The picture.
    """
    names = _systems(scores)
    height = 1.7 + 0.3 * len(names)
    told = _tell(scores, _tell_stages)
    with _panels(out, told, [_heading(c, s) for c, s in scores.items()], 5.2, height) as panels:
        for panel, systems in zip(panels, scores.values(), strict=True):
            for name, score in systems.items():
                row = names.index(name)
                for kind, side in (("missed", 1), ("spurious", -1)):
                    edge = 0
                    counts = score["errors_by_stage"][kind]
                    for stage, colour, hatch in zip(
                        STAGES, STAGE_COLOURS, STAGE_HATCHES, strict=True
                    ):
                        panel.barh(
                            row,
                            side * counts[stage],
                            left=edge,
                            color=colour,
                            hatch=hatch,
                            edgecolor="white",
                            label=stage if row == 0 and side == 1 else None,
                        )
                        edge += side * counts[stage]
            _list_systems(panel, names)
            panel.axvline(0, color=INK, linewidth=0.8)
            panel.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
            panel.set_xlabel("spurious entities ←  → missed entities")
        # Above one panel alone there is no room for all of them in a line.
        panels[0].figure.legend(
            *panels[0].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=len(STAGES) if len(panels) > 1 else 3,
        )


def _tell_stages(score: Mapping) -> str:
    kinds = ((kind, score["errors_by_stage"][kind]) for kind in ("missed", "spurious"))
    return "; ".join(
        f"{kind}: {', '.join(f'{stage} {n}' for stage, n in counts.items() if n) or 'none'}"
        for kind, counts in kinds
    )


def plot_calibration(scores: Scores, out: Path) -> None:
    """Draw how often entities of a confidence are right, a panel a system, corpora together.

    Args:
        scores: Score records by corpus and system.
        out: The picture.
    """
    names = list(next(iter(scores.values())))
    pooled = {
        name: _pool(systems[name]["calibration"] for systems in scores.values()) for name in names
    }
    titles = [
        f"{name}\n" + (f"ECE {ece:.3f}, n = {n}" if n else "no confidences")
        for name, (n, ece, _) in pooled.items()
    ]
    told = ". ".join(title.replace("\n", ": ") for title in titles)
    with _panels(out, told, titles, 2.6, 2.8, across=4) as panels:
        for panel, (n, _, bins) in zip(panels, pooled.values(), strict=True):
            panel.plot([0, 1], [0, 1], color=INK, linestyle=":", linewidth=0.8)
            panel.plot(
                [row["confidence"] for row in bins],
                [row["accuracy"] for row in bins],
                color=COLOURS[2],
            )
            panel.scatter(
                [row["confidence"] for row in bins],
                [row["accuracy"] for row in bins],
                s=[20 + 200 * row["n"] / n for row in bins],
                color=COLOURS[2],
                alpha=0.6,
            )
            panel.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share that is right")


def _pool(calibrations: Iterator[Mapping]) -> tuple[float, float, list[dict[str, float]]]:
    """The number of predictions of several calibrations, their joint error, their joint bins."""
    sums: dict[float, list[float]] = {}
    for calibration in calibrations:
        for row in calibration["bins"]:
            total = sums.setdefault(row["low"], [0, 0, 0])
            for place, value in enumerate((1, row["confidence"], row["accuracy"])):
                total[place] += row["n"] * value
    bins = [
        {"n": n, "confidence": sure / n, "accuracy": right / n}
        for _, (n, sure, right) in sorted(sums.items())
    ]
    n = sum(row["n"] for row in bins)
    gaps = sum(row["n"] * abs(row["confidence"] - row["accuracy"]) for row in bins)
    return n, gaps / n if n else 0.0, bins


def plot_training(trainings: Mapping[str, Mapping], out: Path) -> None:
    """Draw the loss of each trained model over its steps, and what it learned.

    Args:
        trainings: Training records (`training.json`) by model; may be empty.
        out: The picture.
    """
    titles = [f"{name}\n{_tell_training(record)}" for name, record in trainings.items()]
    titles = titles or ["None of these systems has a trained model."]
    told = "; ".join(title.replace("\n", ": ") for title in titles)
    with _panels(out, told, titles, 4.2, 2.8 if trainings else 0.5) as panels:
        if not trainings:
            panels[0].set_axis_off()
        for panel, training in zip(panels, trainings.values(), strict=False):
            steps, losses = ([row[key] for row in training["loss"]] for key in ("step", "loss"))
            panel.plot(steps, losses, color=COLOURS[2])
            panel.set(xlabel="step", ylabel="loss")
            panel.set_ylim(bottom=0)


def _tell_training(training: Mapping) -> str:
    """What a record says of held-out data: an LLM's exact match, or a tagger's F1."""
    if "exact_match" in training:
        measure, key, found = "exact match", "all", training["exact_match"]
    else:
        measure, key, found = "F1", "f1", training["f1"]
    told = [f"{found[when][key]:.2f}" for when in ("before", "after") if when in found]
    return f"held-out {measure} {' → '.join(told)}"


def plot_times(seconds: Mapping[str, float], out: Path) -> None:
    """Draw how long each step took.

    Args:
        seconds: Wall-clock seconds by the name of a step; may be empty.
        out: The picture.
    """
    height = 1.0 + 0.26 * max(1, len(seconds))
    minutes = [value / 60 for value in seconds.values()]
    told = ", ".join(
        f"{step} {value:.1f} minutes" for step, value in zip(seconds, minutes, strict=True)
    )
    with _panels(out, told or "Nothing was measured.", ["Time by step"], 6.5, height) as [axes]:
        bars = axes.barh(range(len(seconds)), minutes, color=COLOURS[2])
        axes.bar_label(bars, [f" {value:.1f}" for value in minutes])
        axes.margins(x=0.12)
        _list_systems(axes, list(seconds) or [""])
        axes.set_xlabel("minutes of wall-clock time, all corpora together")
