from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner import tables
from eatner.evaluate import compare, significance
from eatner.tables import Comparison

SYSTEMS = ("base", "better_one", "same")


def figures(f1: float, support: int = 10) -> dict:
    return {
        "precision": f1,
        "recall": f1,
        "f1": f1,
        "f1_ci95": [f1 - 0.1, f1 + 0.1],
        "support": support,
        "predicted": 9,
        "correct": 5,
    }


def record(language: str, name: str, f1: float, places: int = 10) -> dict:
    return {
        "language": language,
        "sentences": 60,
        "system": {"translator": "t", "tagger": "g", "aligner": name},
        "overall": figures(f1),
        "per_type": {"PER": figures(f1), "LOC": figures(f1, places), "ORG": figures(0.0)},
    }


def verdict(p_value: float) -> dict:
    found = {"difference": 0.2, "difference_ci95": [0.1, 0.3], "p_value": p_value}
    return dict.fromkeys(compare.KINDS, found)


def table(ja: tuple[float, ...] = (0.3, 0.5, 0.3), more: dict | None = None) -> list[Comparison]:
    reached = {"ja": ja} | (more or {})
    scores = {
        corpus: {
            name: record(corpus, name, f1, places=0 if corpus == "ru" else 10)
            for name, f1 in zip(SYSTEMS, values, strict=True)
        }
        for corpus, values in reached.items()
    }
    tests = {corpus: {"better_one": verdict(0.004), "same": verdict(0.03)} for corpus in scores}
    return list(compare.rows(scores, tests, "base"))


def test_holm_by_hand() -> None:
    assert compare.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert compare.holm([0.5, 0.6]) == [1, 1]
    assert compare.holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=6))
def test_holm_keeps_the_order_and_never_helps(p_values: list[float]) -> None:
    adjusted = compare.holm(p_values)
    assert all(a >= p or a == 1 for a, p in zip(adjusted, p_values, strict=True))
    ranked = [a for _, a in sorted(zip(p_values, adjusted, strict=True))]
    assert ranked == sorted(ranked)


def test_a_row_for_each_corpus_system_and_type(tmp_path) -> None:
    rows = table(more={"ar": (0.1, 0.0, 0.2)})
    assert len(rows) == 2 * 3 * 4
    assert [row.type for row in rows[:4]] == ["all", "PER", "LOC", "ORG"]
    base, better = rows[0], rows[4]
    assert (base.system, base.difference, base.p_holm) == ("base", None, None)
    assert (better.aligner, better.f1, better.f1_low) == ("better_one", 0.5, 0.4)
    # Two tests on a corpus: the smaller p-value counts twice.
    assert (better.p_value, better.p_holm, rows[8].p_holm) == (0.004, 0.008, 0.03)
    tables.write(tmp_path / "table.tsv", Comparison, rows)
    read = list(tables.read(tmp_path / "table.tsv", Comparison))
    assert read == rows
    assert compare.widen(read, "all") == compare.widen(rows, "all")


def test_the_best_of_each_corpus_and_the_daggers() -> None:
    wide = compare.widen(table(more={"ar": (0.1, 0.0, 0.1002)}), "all")
    assert wide.columns == {"ja": 10, "ar": 10}
    cells = wide.cells
    assert [cells[name]["ja"].best for name in SYSTEMS] == [False, True, False]
    # What is shown as the same is the same.
    assert [cells[name]["ar"].best for name in SYSTEMS] == [True, False, True]
    assert [cells[name]["ja"].mark for name in SYSTEMS] == ["", "‡", "†"]
    assert (cells["base"]["ja"].f1, cells["base"]["ja"].low, cells["base"]["ja"].p) == (
        30,
        20,
        None,
    )
    assert wide.means == {"base": (20, False), "better_one": (25, True), "same": (20, False)}


def test_nothing_is_best_where_all_fail_and_one_corpus_has_no_mean() -> None:
    wide = compare.widen(table((0.0, 0.0, 0.0)), "all")
    assert not any(wide.cells[name]["ja"].best for name in SYSTEMS)
    assert wide.means == {}


def test_a_corpus_without_gold_of_a_type_says_nothing() -> None:
    rows = table(more={"ru": (0.1, 0.9, 0.1)})
    assert compare.widen(rows, "LOC").means["better_one"] == (50, True)
    assert compare.widen(rows, "all").means["better_one"] == (70, True)
    lines = compare.markdown(rows).splitlines()
    [line] = [
        li
        for li in lines[lines.index("| LOC | ja (10 gold) | ru (0 gold) | mean |") :]
        if "| base" in li
    ][:1]
    assert line == "| base | 30.0 [20.0, 40.0] | – | 30.0 |"
    assert "base & 30.0 {\\scriptsize [20.0, 40.0]} & -- & 30.0 \\\\" in compare.latex(rows)


def test_markdown() -> None:
    lines = compare.markdown(table()).splitlines()
    assert lines[0].startswith("Strict entity-level F1 in per cent")
    assert "against the baseline base" in lines[0]
    assert lines[2:7] == [
        "| all | ja (10 gold) |",
        "|---|---|",
        "| base | 30.0 [20.0, 40.0] |",
        "| better_one | **50.0**‡ [40.0, 60.0] |",
        "| same | 30.0† [20.0, 40.0] |",
    ]
    assert sum(line.startswith("|---") for line in lines) == 4


def test_latex() -> None:
    text = compare.latex(table(more={"ar": (0.1, 0.0, 0.2)}))
    assert text.count("\\begin{") == text.count("\\end{") == 2
    assert "\\begin{tabular}{lrrr}" in text
    assert "95\\% interval" in text
    assert (
        "better\\_one & \\textbf{50.0}$^\\ddagger$ {\\scriptsize [40.0, 60.0]} & "
        "0.0$^\\ddagger$ {\\scriptsize [-10.0, 10.0]} & \\textbf{25.0} \\\\" in text
    )
    assert "\\begin{table}" in text
    wide = compare.latex(table(more=dict.fromkeys(("ar", "ko", "ru"), (0.1, 0.0, 0.2))))
    assert "\\begin{table*}" in wide
    assert wide.count("{") == wide.count("}")
    body = text[text.index("\\toprule") : text.index("\\bottomrule")]
    rows = [line for line in body.splitlines() if line.endswith("\\\\")]
    assert {line.replace("\\&", "").count("&") for line in rows} == {3}


def test_records_are_sorted_by_corpus_and_system() -> None:
    assert compare.by_corpus(iter("abcd"), ["ja", "ar"], ["one", "two"]) == {
        "ja": {"one": "a", "two": "b"},
        "ar": {"one": "c", "two": "d"},
    }


def test_the_draws_do_not_depend_on_how_many_are_drawn_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = np.arange(36).reshape(6, 2, 3)
    whole = np.concatenate([*significance.resample(counts, 3, 40)])
    for drawn in (1, 20, 60):
        monkeypatch.setattr(significance, "DRAWN", drawn)
        assert (np.concatenate([*significance.resample(counts, 3, 40)]) == whole).all()
