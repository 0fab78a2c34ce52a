"""Which surfaces are the name of what they link to."""

# Wide characters count double for the linter.
# ruff: noqa: E501

from __future__ import annotations

import pytest
from dumps import AR, DE, EN, ES, FA, HE, HI, JA, KO, RU

from eatner.wiki.surfaces import surface_fault
from eatner.wiki.titles import Wiki


def surface_reason(surface, target, language=JA, title=None, wiki=None):
    wiki = wiki or Wiki(
        english={"東京都": "Tokyo", "大学": "University", "ワシントン": "Washington, D.C."},
        target={"京大": "京都大学"},
    )
    return surface_fault(surface, target, title or target, wiki, language)


@pytest.mark.parametrize(
    ("surface", "title", "language"),
    [
        ("東京", "東京都", JA), ("京大", "京都大学", JA), ("メッシ", "リオネル・メッシ", JA),
        ("ワシントン", "ジョージ・ワシントン", JA), ("早稲田", "早稲田大学", JA),
        ("Берлином", "Берлин", RU), ("Толстой", "Толстой, Лев Николаевич", RU),
        ("Берлина", "Берлин", RU), ("Beethoven", "Ludwig van Beethoven", DE),
        ("Berlins", "Berlin", DE), ("Georgia", "Georgia (country)", EN),
        ("בֶּרְלִין", "ברלין", HE), ("Zweiten Weltkriegs", "Zweiter Weltkrieg", DE),
    ],
)  # fmt: skip
def test_surfaces_that_are_the_name(surface, title, language):
    assert surface_reason(surface, title, language) == ""


@pytest.mark.parametrize(
    ("surface", "title", "language", "reason"),
    [
        ("大学", "東京大学", JA, "names another page"), ("首都", "東京都", JA, "not the name"),
        ("alemán", "Alemania", ES, "common noun"), ("Phoenicians", "Phoenicia", EN, "not the name"),
        ("1964年", "1964年東京オリンピック", JA, "date or number"), ("→", "東京都", JA, "number or sign"),
        ("University", "University of Oxford", EN, "not the name"),
        ("ドイツ人", "ドイツ", JA, "not the name"), ("독일인", "독일", KO, "not the name"),
        ("ألماني", "ألمانيا", AR, "not the name"), ("روسية", "روسيا", AR, "not the name"),
        ("آلمانی", "آلمان", FA, "not the name"), ("رومی‌ها", "روم", FA, "not the name"),
        ("רוסי", "רוסיה", HE, "not the name"), ("रूसी", "रूस", HI, "not the name"),
    ],
)  # fmt: skip
def test_surfaces_that_are_another_word(surface, title, language, reason):
    assert surface_reason(surface, title, language) == reason
