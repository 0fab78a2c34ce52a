"""An edit of one language in a table changes what is said of that language alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eatner import prompts
from eatner.errors import InputError
from eatner.facts import language_facts
from eatner.text import languages

CODES = "hi ja ko ru it mr kok sat".split()  # noqa: SIM905
WITHOUT_EXAMPLES = {"it", "mr", "kok", "sat"}
Edit = Callable[[str, str, str], None]


def everything() -> dict[str, str]:
    for function in (languages.known, languages.scripts, languages.by_default, prompts.examples):
        function.cache_clear()
    return {code: language_facts(code) for code in CODES}


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edit]:
    """Replace one text of a table, which is a copy."""
    for module, name in ((languages, "TABLE"), (languages, "SCRIPTS"), (prompts, "EXAMPLES")):
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
        ("scripts.tsv", "Olck\t᱾", "Olck\t", {"sat"}),
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


def test_facts_are_one_line_of_json() -> None:
    facts = language_facts("ja")
    assert "\n" not in facts
    assert json.loads(facts)["language"]["name"] == "Japanese"
    assert [example["language"] for example in json.loads(facts)["examples"]] == ["Japanese"] * 3


def test_facts_of_no_language() -> None:
    with pytest.raises(InputError, match="unknown language"):
        language_facts("xx")
