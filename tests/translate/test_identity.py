from __future__ import annotations

from rows import sentences

from eatner.translate import identity

TEXTS = ["東京の“タワー”\t\n", "\u202eמשה גר בירושלים\u202c", " \u3000", "👩‍👩‍👧 in Ōsaka"]


SENTENCES = sentences(*TEXTS)


def test_a_sentence_passes_character_for_character() -> None:
    rows = list(identity.translate(SENTENCES))
    assert [row.english for row in rows] == [*TEXTS[:2], "", TEXTS[3]]
    assert [row.status for row in rows] == ["original", "original", "blank", "original"]
