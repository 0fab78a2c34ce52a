"""Language variants: which wikis have them, and what of them is shown."""

from __future__ import annotations

import json
import time

import pytest
from dumps import CASES, EN, JA, ZH, lead, page, parse_pages, surfaces
from hypothesis import given
from hypothesis import strategies as st

from eatner.text import languages
from eatner.wiki.dump import parse_dump
from eatner.wiki.markup import HOLE
from eatner.wiki.variants import variants_of


def shown(text: str, code: str = "zh") -> str:
    """What a reader of this wiki sees, a bar for each hole."""
    return variants_of(code).resolve(text).replace(HOLE, "¦")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("-{zh-hans:计算机; zh-hant:電腦}-", "计算机"),
        ("-{zh-tw:甲;zh-hk:乙}-", "甲"),
        ("-{zh-hant:電腦}-", "電腦"),
        ("-{机}-", "机"),
        ("-{}-", ""),
        ("-{zh-hans:比尔&middot;克林顿;zh-hant:比爾&middot;柯林頓}-", "比尔&middot;克林顿"),
        ("-{zh-hans:A&nbsp;zh-tw;zh-tw:B}-", "A&nbsp;zh-tw"),
        ("-{zh-hans:A&nbsp;zh-hk:B;zh-tw:C}-", "A&nbsp;zh-hk:B"),
        ("-{zh-hans:a;b;zh-hant:c;d;}-", "a;b"),
        ("-{zh-hans:[[甲;zh-tw:乙|丙]];zh-hant:丁}-", "[[甲;zh-tw:乙|丙]]"),
        ("-{[[甲|乙]]}-", "[[甲|乙]]"),
        ("-{zh-hans:<span style='color:red;zh-tw:x'>甲</span>;zh-hant:乙}-",
         "<span style='color:red;zh-tw:x'>甲</span>"),
        ("-{zh-hans:{甲};zh-hant:乙}-", "{甲}"),
        ("-{ZH-Hans : 甲 ;\n zh-hant : 乙 ; }-", "甲"),
        ("-{zh-hans:http://a.b;zh-hant:乙}-", "http://a.b"),
        ("-{zh-hans:;zh-hant:乙}-", "乙"),
    ],
)  # fmt: skip
def test_two_way_rules(text, result):
    assert shown(text) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("-{巨集=>zh-cn:宏;}-", "宏"),
        ("-{巨集=&gt;zh-cn:宏;}-", "宏"),
        ("-{甲=>zh-tw:乙;甲=>zh-cn:丙}-", "丙"),
        ("-{甲=>zh-tw:乙}-", "乙"),
        ("-{zh-hans:丁;甲=>zh-cn:丙}-", "丁"),
        ("-{H|巨集=>zh-cn:宏;}-", ""),
    ],
)
def test_one_way_rules(text, result):
    assert shown(text) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("-{A|zh-hans:甲;zh-hant:乙}-", "甲"),
        ("-{A|甲}-", "甲"),
        ("-{ A ; T | zh-hans:甲;zh-hant:乙}-", "甲"),
        ("-{H|zh-hans:甲;zh-hant:乙}-丙", "丙"),
        ("-{T|zh-hans:甲;zh-hant:乙}-丙", "丙"),
        ("-{-|zh-hans:甲;zh-hant:乙}-丙", "丙"),
        ("-{+|zh-hans:甲;zh-hant:乙}-丙", "丙"),
        ("-{R|zh-hans:甲}-", "zh-hans:甲"),
        ("-{|甲}-", "甲"),
        ("-{zh-cn;zh-tw|甲:乙}-", "甲:乙"),
        ("-{zh-hans|甲}-", "甲"),
        ("-{N|zh-cn}-", "¦"),
        ("-{D|zh-hans:甲;zh-hant:乙}-", "¦"),
        ("-{unknown|甲}-", "甲"),
        ("-{fr:甲;zh-hans:乙}-", "fr:甲;zh-hans:乙"),
        ("-{3:2}-", "3:2"),
    ],
)
def test_flags_and_what_is_no_rule(text, result):
    assert shown(text) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("-{zh-hans:甲-{zh-hans:乙;zh-hant:丙}-丁;zh-hant:戊}-", "甲乙丁"),
        ("-{-{-{甲}-}-}-", "甲"),
        ("-{甲", "-{¦甲"),
        ("甲}-", "甲}-¦"),
        ("a-{b-{c}-d", "a-{¦bcd"),
        ("-{zh-hans:[[甲;zh-hant:乙}-", "[[甲"),
    ],
)
def test_nested_and_unclosed(text, result):
    assert shown(text) == result


@pytest.mark.parametrize(
    ("code", "text", "result"),
    [
        ("sr", "-{sr-ec:Београд; sr-el:Beograd}-", "Београд"),
        ("kk", "-{kk-latn:Almatı;kk-cyrl:Алматы}-", "Алматы"),
        ("ku", "-{ku-arab:ئامەد;ku-latn:Amed}-", "Amed"),
        ("uz", "-{uz-cyrl:Тошкент;uz-latn:Toshkent}-", "Toshkent"),
        ("iu", "-{ike-latn:Iqaluit;ike-cans:ᐃᖃᓗᐃᑦ}-", "ᐃᖃᓗᐃᑦ"),
        ("shi", "-{shi-tfng:ⴰⴳⴰⴷⵉⵔ;shi-latn:Agadir}-", "Agadir"),
        ("tg", "-{tg-latn:Dushanbe;tg:Душанбе}-", "Душанбе"),
        ("crh", "-{crh-cyrl:Акъмесджит;crh-latn:Aqmescit}-", "Aqmescit"),
        ("gan", "-{gan-hant:南昌縣;gan-hans:南昌县}-", "南昌县"),
        ("zh-yue", "-{zh-hk:香港}-", "香港"),
        ("zh-classical", "-{zh-hant:漢}-", "漢"),
        ("wuu", "-{zh-hans:上海}-", "上海"),
    ],
)
def test_every_wiki_has_its_own_variants(code, text, result):
    assert shown(text, code) == result
    assert lead(text, language=languages.get(code)).text == result


@pytest.mark.parametrize("code", ["en", "ja", "de", "ko", "ru", "simple", "fr"])
def test_other_wikis_have_none(code):
    assert variants_of(code) is None
    source = "Es ist 4-(2-{4-[(11''R'')-3]}-2-yl) und -{zh-hans:a}- von [[Merck]]."
    clean = lead(source, language=languages.get(code))
    assert clean.text == "Es ist 4-(2-{4-[(11R)-3]}-2-yl) und -{zh-hans:a}- von Merck."
    assert clean.holes == []


def test_links_names_and_templates_inside():
    source = "'''-{zh-hans:甲;zh-hant:乙}-'''位于[[-{zh-hans:意大利;zh-hant:義大利}-]]"
    source += "的[[美国|-{zh-cn:美;zh-tw:米}-]]。"
    clean = lead(source, "甲", ZH)
    assert clean.text == "甲位于意大利的美。"
    assert surfaces(clean) == [("甲", "甲"), ("意大利", "意大利"), ("美", "美国")]


@pytest.mark.parametrize(
    ("source", "text", "holes"),
    [
        ("甲是-{zh-hans:{{lang|en|Rome}};zh-hant:乙}-的。", "甲是Rome的。", []),
        ("甲是-{zh-hans:乙;zh-hant:{{lang|en|Rome}}}-的。", "甲是乙的。", []),
        ("甲是-{{{lang|en|Rome}}}-的。", "甲是Rome的。", []),
        ("甲是-{zh-hans:{{x}};zh-hant:乙}-的。", "甲是的。", [2]),
        ("甲是-{zh-hans:乙;zh-hant:{{x}}}-的。", "甲是乙的。", []),
        ("甲是-{乙的。", "甲是-{乙的。", [4]),
    ],
)
def test_templates_inside_leave_a_hole_where_they_are_shown(source, text, holes):
    clean = lead(source, language=ZH)
    assert (clean.text, clean.holes) == (text, holes)


MARKS = ["-{", "}-", "zh-cn", ":", ";", "|", "=>", "H", "[[", "]]", "&a;", "甲"]


@given(st.lists(st.sampled_from(MARKS)).map("".join))
def test_nothing_is_shown_twice(text):
    assert shown(text).count("甲") <= text.count("甲")


W11 = [
    page(
        1,
        "克林顿",
        "'''-{zh-hans:比尔&middot;克林顿;zh-hant:比爾&middot;柯林頓}-'''是"
        "[[美国|-{zh-hans:美国; zh-hant:美國}-]]总统。",
    ),
    page(
        3,
        "单向",
        "-{zh-hans:老挝;zh-hant:寮國;}-位于-{巨集=>zh-cn:宏;}-[[-{zh-hans:意大利;zh-hant:義大利}-]]。",
    ),
]
W25 = page(
    1,
    "Lonafarnib",
    "'''Lonafarnib''', or 4-(2-{4-[(11''R'')-3,10-dibromo-11-yl]piperidin-1-yl}-2-oxoethyl)"
    "piperidine-1-carboxamide, is sold in [[France]] by [[Merck]].",
)


def test_cases_of_variants(tmp_path):
    rows = parse_pages(tmp_path, *W11, language=ZH)
    if CASES.exists():
        assert list(parse_dump(CASES / "W11.xml", ZH, {})) == rows
    assert [row.lead for row in rows] == ["比尔·克林顿是美国总统。", "老挝位于宏意大利。"]
    assert [link[2] for link in json.loads(rows[0].links)] == ["克林顿", "美国"]


def test_cases_of_braces_in_chemical_names(tmp_path):
    rows = parse_pages(tmp_path, W25, language=EN)
    if CASES.exists():
        assert list(parse_dump(CASES / "W25.xml", EN, {})) == rows
    name = "4-(2-{4-[(11R)-3,10-dibromo-11-yl]piperidin-1-yl}-2-oxoethyl)piperidine-1-carboxamide"
    assert rows[0].lead == f"Lonafarnib, or {name}, is sold in France by Merck."
    assert [len(link) for link in json.loads(rows[0].links)] == [4, 3, 3]


def test_a_japanese_text_keeps_its_braces():
    assert lead("'''X'''は-{H}-の物質。", language=JA).text == "Xは-{H}-の物質。"


def test_what_is_nested_too_deeply_is_no_variant_and_takes_no_time():
    assert shown("-{" * 10 + "甲" + "}-" * 10) == "甲"
    assert "¦" in shown("-{" * 11 + "甲" + "}-" * 11)
    begin = time.process_time()
    shown("-{甲" * 40_000 + "}-" * 40_000)
    assert time.process_time() - begin < 3
