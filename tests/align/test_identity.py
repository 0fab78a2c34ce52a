from __future__ import annotations

from dataclasses import replace

import pytest
from rows import mention, sentences

from eatner.align import identity
from eatner.errors import InputError
from eatner.tables import Mention, MentionStatus

TEXTS = ["東京の“タワー”\t\n", "\u202eמשה גר בירושלים\u202c", " \u3000", "👩‍👩‍👧 in Ōsaka"]


SENTENCES = sentences(*TEXTS)


def entity(
    place: int,
    start: int,
    end: int,
    *,
    status: MentionStatus = "tagged",
    score: float | None = None,
) -> Mention:
    surface = TEXTS[place][start:end]
    return mention(f"s{place}", surface, start=start, status=status, score=score)


def test_the_offsets_of_the_tagger_are_those_of_the_sentence() -> None:
    tagged = [
        entity(0, 0, 2, score=0.9),
        entity(0, 3, 8),
        entity(1, 8, 16),
        entity(2, 0, 0, status="no_translation"),
        entity(3, 0, 0, status="not_found"),
        entity(3, 9, 14),
    ]
    rows = list(identity.align(SENTENCES, tagged))
    assert [row.status for row in rows] == [
        *["aligned"] * 3,
        "no_translation",
        "not_found",
        "aligned",
    ]
    assert [row.surface for row in rows] == ["東京", "“タワー”", "בירושלים", "", "", "Ōsaka"]
    assert [row.confidence for row in rows[:2]] == [0.9, None]
    for row, source in zip(rows, tagged, strict=True):
        if row.status == "aligned":
            assert (row.start, row.end) == source.span
        assert row.english == source.surface


def test_of_entities_that_overlap_the_first_stays() -> None:
    rows = list(identity.align(SENTENCES, [entity(0, 0, 3), entity(0, 2, 8), entity(0, 3, 8)]))
    assert [row.status for row in rows] == ["aligned", "taken", "aligned"]


@pytest.mark.parametrize(("start", "end", "surface"), [(0, 5, "Tokyo"), (0, 99, "東"), (2, 2, "")])
def test_offsets_of_a_translation_are_refused(start: int, end: int, surface: str) -> None:
    row = replace(entity(0, 0, 1), start=start, end=end, surface=surface)
    with pytest.raises(InputError, match=r"sentence s0: .*kind `identity`"):
        list(identity.align(SENTENCES, [row]))
