"""An edit of one language in a table changes what is said of that language alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eatner import prompts
from eatner.answers import locate, phrasing
from eatner.errors import InputError
from eatner.facts import READ_BY, facts
from eatner.text import languages

CODES = "hi ja ko ru it mr kok sat".split()  # noqa: SIM905
WITHOUT_EXAMPLES = {"it", "mr", "kok", "sat"}
Edit = Callable[[str, str, str], None]


def everything() -> dict[str, str]:
    cached = (languages.known, languages.scripts, languages.by_default, prompts.examples)
    for function in (*cached, phrasing.rows, locate.abbreviations):
        function.cache_clear()
    return {code: facts(code, READ_BY) for code in CODES}


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edit]:
    """Replace one text of a table, which is a copy."""
    for module, name in (
        (languages, "TABLE"),
        (languages, "SCRIPTS"),
        (prompts, "EXAMPLES"),
        (phrasing, "TABLE"),
    ):
        table = getattr(module, name)
        monkeypatch.setattr(module, name, tmp_path / table.name)
        shutil.copy(table, tmp_path / table.name)

    def replace(table: str, old: str, new: str) -> None:
        text = (tmp_path / table).read_text(encoding="utf-8")
        assert text.count(old) == 1, old
        (tmp_path / table).write_text(text.replace(old, new), encoding="utf-8")

    yield replace
    monkeypatch.undo()
    everything()


def changed(edit: Edit, table: str, old: str, new: str) -> set[str]:
    before = everything()
    edit(table, old, new)
    after = everything()
    return {code for code in CODES if before[code] != after[code]}


@pytest.mark.parametrize(
    ("table", "old", "new", "expected"),
    [
        ("languages.tsv", "씨|님|군|양", "씨|님|군", {"ko"}),
        ("languages.tsv", "\nhi\tHindi\tDeva\t।", "\nhi\tHindi\tDeva\t", {"hi"}),
        ("prompts.yaml", "소니는", "소니가", {"ko"}),
        ("scripts.tsv", "Deva\t।॥.", "Deva\t.।॥", {"mr", "kok"}),
        # Text of a language without a row may be in any script.
        ("scripts.tsv", "Olck\t᱾", "Olck\t", {"sat", "it", "mr", "kok"}),
        # Languages without examples are shown those of Russian, Japanese and Spanish.
        ("prompts.yaml", "ソニーは", "ソニーが", {"ja"} | WITHOUT_EXAMPLES),
    ],
)
def test_an_edit_changes_its_language_alone(
    edit: Edit, table: str, old: str, new: str, expected: set[str]
) -> None:
    assert changed(edit, table, old, new) == expected


def test_a_row_of_a_fallback_language_is_no_fact_of_those_that_see_its_examples(edit: Edit) -> None:
    assert changed(edit, "languages.tsv", "さん|氏|様", "さん|氏") == {"ja"}


def test_a_new_language_changes_none(edit: Edit) -> None:
    text = languages.TABLE.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("ko\t"))
    new = row.replace("ko\tKorean", "fi\tFinnish")
    assert changed(edit, "languages.tsv", row, f"{row}\n{new}") == set()
    statement = "\nfr:\n"
    examples = '\nfi:\n  - {text: "A", names: []}\n'
    assert changed(edit, "prompts.yaml", statement, examples + statement[1:]) == set()


def test_code_that_reads_no_table_knows_nothing() -> None:
    assert facts("ja", {"eatner.tsv:read"}) == "[]"
    assert "ソニー" not in facts("ja", {"eatner.text.languages:known"})
    assert "ソニー" in facts("ja", {"eatner.prompts:examples"})


def test_an_edited_phrase_changes_its_language_and_a_common_one_all(edit: Edit) -> None:
    assert changed(edit, "phrasing.tsv", "없습니다", "없어요") == {"ko"}
    assert changed(edit, "phrasing.tsv", "absolutely", "by all means") == set(CODES)


def test_an_english_abbreviation_changes_how_free_answers_are_read_in_every_language(
    edit: Edit,
) -> None:
    assert changed(edit, "languages.tsv", "|Lt.|Sgt.", "|Sgt.") == set(CODES)
    assert "Sgt." not in facts("ja", READ_BY.keys() - {"eatner.answers.locate:abbreviations"})


def test_facts_of_no_language() -> None:
    with pytest.raises(InputError, match="unknown language"):
        facts("xx", READ_BY)
