"""What a link leads to."""

from __future__ import annotations

import pytest
from dumps import NAMES

from eatner.wiki.targets import (
    INTERLANGUAGE,
    Names,
    canonical,
    interlanguage_target,
    link_kind,
    redirect_target,
)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("re:publica", ("link", "Re:publica")),
        ("abc:Mord", ("link", "Abc:Mord")),
        ("R:X", ("link", "R:X")),
        ("xyz-ab:X", ("link", "Xyz-ab:X")),
        ("2001: A Space Odyssey", ("link", "2001: A Space Odyssey")),
        ("de:X", ("language", "")),
        ("De:X", ("language", "")),
        (" zh-yue : 香港", ("language", "")),
        ("simple:Rome", ("language", "")),
        ("be-x-old:Рым", ("language", "")),
        ("en:rome (city)", ("language", "Rome (city)")),
        ("en:Rome#History", ("language", "")),
        (":en:Rome", ("none", "")),
        (":de:X", ("none", "")),
        (":re:publica", ("link", "Re:publica")),
        (":rome", ("link", "Rome")),
        ("File:A.png", ("hidden", "")),
        (":File:A.png", ("none", "")),
        ("category:X", ("hidden", "")),
        ("Help:X", ("none", "")),
        ("#Mitte", ("none", "")),
        ("Berlin#Mitte", ("link", "Berlin")),
        ("", ("none", "")),
    ],
)
def test_kinds_of_links(raw, kind):
    assert link_kind(raw, NAMES) == kind


@pytest.mark.parametrize(
    ("target", "title"),
    [
        (" berlin_mitte #x", "Berlin mitte"),
        ("Rock&#39;n&#39;Roll", "Rock'n'Roll"),
        ("AT&T", "AT&T"),
        ("Q&amp;A", "Q&A"),
        ("e\u0301cole", "École"),
        ("თბილისი", "თბილისი"),
        ("ßx", "ßx"),
    ],
)
def test_canonical_titles(target, title):
    assert canonical(target, NAMES) == title


def test_a_wiki_may_tell_the_case_of_first_letters():
    assert canonical("eBay", Names(frozenset(), frozenset(), case=False)) == "eBay"


@pytest.mark.parametrize(
    ("target", "title"),
    [
        ("ドラえもん#登場人物", "ドラえもん#登場人物"),
        (":berlin # Bezirk_Mitte ", "Berlin#Bezirk Mitte"),
        ("Bonn#", "Bonn"),
        ("#Mitte", ""),
        ("C&#35;", "C"),
    ],
)
def test_where_redirects_lead(target, title):
    assert redirect_target(target, NAMES) == title


@pytest.mark.parametrize(
    ("target", "title"), [(":Tokyo ", "Tokyo"), ("Berlin#Mitte", ""), ("C&#35; x", "")]
)
def test_titles_in_other_wikis(target, title):
    assert interlanguage_target(target, NAMES) == title


def test_the_list_of_wikipedias_has_no_common_word():
    assert len(INTERLANGUAGE) > 350
    assert not INTERLANGUAGE & {"re", "abc", "all", "der", "die", "das", "the", "x", "in"}
