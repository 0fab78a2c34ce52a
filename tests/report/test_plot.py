from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from eatner.evaluate import stages as evaluate_stages
from eatner.report import plot


def figures(f1: float, low: float, high: float, support: int = 10) -> dict:
    return {
        "precision": f1,
        "recall": f1,
        "f1": f1,
        "support": support,
        "f1_ci95": [low, high],
    }


SCORE = {
    "corpus": "ja",
    "sentences": 60,
    "overall": figures(0.5, 0.4, 0.6),
    "per_type": {
        "PER": figures(0.7, 0.5, 0.9),
        "LOC": figures(0.0, 0.0, 0.0, 0),
        # A bootstrap interval may lie beside its figure.
        "ORG": figures(1.0, 0.5, 0.99),
    },
}


@pytest.mark.parametrize(("suffix", "begin"), [("svg", b"<?xml"), ("png", b"\x89PNG\r\n")])
def test_a_picture_in_the_format_of_its_name(tmp_path: Path, suffix: str, begin: bytes) -> None:
    out = tmp_path / f"f1.{suffix}"
    plot.plot_f1(SCORE, out)
    assert out.read_bytes().startswith(begin)
    assert out.stat().st_size > 2000


def test_the_picture_says_what_it_shows(tmp_path: Path) -> None:
    plot.plot_f1(SCORE, tmp_path / "f1.svg")
    text = (tmp_path / "f1.svg").read_text(encoding="utf-8")
    for label in ("PER", "LOC", "ORG", "all", "10 gold", "precision", "recall", "60 sentences"):
        assert label in text


def test_the_same_score_gives_the_same_bytes(tmp_path: Path) -> None:
    for suffix in (".svg", ".pdf"):
        paths = [tmp_path / folder / f"f1{suffix}" for folder in "ab"]
        for path in paths:
            path.parent.mkdir(exist_ok=True)
            plot.plot_f1(SCORE, path)
        assert paths[0].read_bytes() == paths[1].read_bytes()


# --- a comparison -------------------------------------------------------------------------------


def stages(**counts: int) -> dict[str, int]:
    return dict.fromkeys(evaluate_stages.STAGES, 0) | counts


def a_score(f1: float, bins: list[tuple[float, int, float]]) -> dict:
    """A record; bins: the low end, how many, and how often right."""
    rows = [
        {"low": low, "high": low + 0.1, "n": n, "confidence": low + 0.05, "accuracy": right}
        for low, n, right in bins
    ]
    return SCORE | {
        "overall": figures(f1, f1 - 0.1, f1 + 0.1),
        "errors_by_stage": {"missed": stages(translation=7), "spurious": stages(boundary=2)},
        "calibration": {"n": sum(n for _, n, _ in bins), "bins": rows},
    }


SCORES = {
    "ja": {"ours": a_score(0.306, [(0.9, 10, 0.75)]), "theirs": a_score(0.2, [])},
    "ru": {"ours": a_score(0.5, [(0.9, 30, 0.95), (0.2, 40, 0.25)]), "theirs": a_score(0.1, [])},
}


def drawn(draw: Callable, what: dict, folder: Path) -> tuple[str, str]:
    """The description of a picture, and its text."""
    out = folder / "picture.svg"
    draw(what, out)
    root = ElementTree.parse(out).getroot()
    [told] = [node.text for node in root.iter() if node.tag.endswith("}description")]
    words = [node.text for node in root.iter() if node.tag.endswith("}text")]
    assert plot.INK in out.read_text(encoding="utf-8")
    return told, " ".join(filter(None, words))


def test_systems(tmp_path: Path) -> None:
    told, words = drawn(plot.plot_systems, SCORES, tmp_path)
    assert "ja, ours: F1 30.6." in told
    assert "ru, theirs: F1 10.0." in told
    assert words.count("ours") == words.count("theirs") == 2
    assert "ja (60 sentences)" in words


def test_a_corpus_may_lack_a_system(tmp_path: Path) -> None:
    some = {"ja": SCORES["ja"], "ru": {"theirs": SCORES["ru"]["theirs"]}}
    for draw in (plot.plot_systems, plot.plot_stages):
        told, words = drawn(draw, some, tmp_path)
        assert "ru, theirs: " in told
        assert "ru, ours" not in told
        assert words.count("ours") == words.count("theirs") == 2  # a line for each all the same


def test_a_system_is_on_its_own_line_where_another_is_missing(tmp_path: Path, monkeypatch) -> None:
    from matplotlib.axes import Axes

    drawn_at = []
    monkeypatch.setattr(Axes, "errorbar", lambda self, x, row, **kwargs: drawn_at.append((x, row)))
    some = {"ja": SCORES["ja"], "ru": {"theirs": SCORES["ru"]["theirs"]}}
    plot.plot_systems(some, tmp_path / "f1.svg")
    assert drawn_at == [(pytest.approx(30.6), 0), (pytest.approx(20), 1), (pytest.approx(10), 1)]


def test_stages(tmp_path: Path) -> None:
    told, words = drawn(plot.plot_stages, SCORES, tmp_path)
    assert "ja, ours: missed: translation 7; spurious: boundary 2." in told
    assert all(words.count(stage) >= 1 for stage in evaluate_stages.STAGES)


def test_calibration_pools_the_corpora(tmp_path: Path) -> None:
    told, words = drawn(plot.plot_calibration, SCORES, tmp_path)
    # 40 predictions at 0.95 of which 0.9 are right, 40 at 0.25 as often right as said.
    assert "ours: ECE 0.025, n = 80" in told
    assert "theirs: no confidences" in told
    assert "confidence" in words


def test_training(tmp_path: Path) -> None:
    loss = [{"step": step, "loss": 2.0 / step} for step in range(1, 5)]
    match = {"before": {"all": 0.3667}, "after": {"all": 0.7833}}
    f1 = {"before": {"f1": 0.0}, "after": {"f1": 0.614}}
    records = {"gemma-ja": {"loss": loss, "exact_match": match}, "t5": {"loss": loss, "f1": f1}}
    told, words = drawn(plot.plot_training, records, tmp_path)
    assert told == ("gemma-ja: held-out exact match 0.37 → 0.78; t5: held-out F1 0.00 → 0.61")
    assert words.count("step") == 2
    told, words = drawn(plot.plot_training, {}, tmp_path)
    assert told == "None of these systems has a trained model."
    assert told in words


def test_times(tmp_path: Path) -> None:
    told, words = drawn(plot.plot_times, {"align: a": 90.0, "tune: b": 126.0}, tmp_path)
    assert told == "align: a 1.5 minutes, tune: b 2.1 minutes"
    assert "1.5" in words
    told, _ = drawn(plot.plot_times, {}, tmp_path)
    assert told == "Nothing was measured."
