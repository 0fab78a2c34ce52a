from __future__ import annotations

from pathlib import Path

import pytest

from eatner.errors import LONGEST_QUOTE, InputError, quoted


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "it is wrong. Mend it."),
        ({"path": "a.bio"}, "a.bio: it is wrong. Mend it."),
        ({"path": Path("金.bio"), "line": 3}, "金.bio, line 3: it is wrong. Mend it."),
        ({"path": "a.tsv", "record": "sentence s1"}, "a.tsv, sentence s1: it is wrong. Mend it."),
        ({"record": "sentence s1"}, "sentence s1: it is wrong. Mend it."),
    ],
)
def test_the_message_names_place_problem_and_remedy(where: dict[str, object], message: str) -> None:
    error = InputError("it is wrong", remedy="Mend it.", **where)
    assert str(error) == message
    assert (error.problem, error.remedy) == ("it is wrong", "Mend it.")


def test_a_long_quotation_is_cut_in_its_middle() -> None:
    said = str(InputError(f"malformed tag {'x' * 100_000!r}", path="a.tsv", line=3, remedy="Do."))
    assert said.startswith("a.tsv, line 3: malformed tag 'xxx")
    assert said.endswith("xxx'. Do.")
    assert len(said) < 1100


def test_what_is_quoted_ends_no_line() -> None:
    error = InputError("a\nb\0c\u2028d", path="x\r.tsv", record="\x1b[31m", remedy="Do\tit.")
    assert str(error) == "x\\r.tsv, \\x1b[31m: a\\nb\\x00c\\u2028d. Do\\tit."


def test_what_another_says_is_short_and_one_printable_line() -> None:
    assert quoted(ValueError("a\n\n  b\tc")) == "a b c"
    assert quoted(ValueError()) == "ValueError"
    assert quoted(ValueError("東京 \x1b[2J \ud800")) == "東京 \\x1b[2J \\ud800"
    assert len(quoted(ValueError("x" * 5000))) < LONGEST_QUOTE + 10


def test_half_of_a_character_can_be_written() -> None:
    error = InputError("it is \ud83d", path="x\udcff.tsv", remedy="Mend it.")
    assert str(error).encode() == b"x\\udcff.tsv: it is \\ud83d. Mend it."
