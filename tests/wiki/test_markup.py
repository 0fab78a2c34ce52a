"""Templates and the holes that they leave, tags, language variants."""

from __future__ import annotations

import pytest
from dumps import AR, DE, EN, JA, ZH, lead


@pytest.mark.parametrize(
    ("source", "text", "language"),
    [
        ("He was born in {{place|x}} and {{died}} there.", "He was born in |and |there.", EN),
        ("It has {{n}} [[inhabitants]], {{or}} so.", "It has |inhabitants, |so.", EN),
        ("It covers {{convert|5|km2}}.", "It covers|.", EN),
        ("It covers {{convert|5|km2}}", "It covers|", EN),
        ("From 1701{{ndash}}1918.", "From 1701|1918.", EN),
        ("{{nihongo|'''X'''|x}} is a city. {{Who}} knows?", "|is a city. |knows?", EN),
        ("A {{x}} {{y}}\n{{z}} b.", "A |b.", EN),
        ("{{読み仮名|'''東京'''|とうきょう}}は{{n}}の首都。", "|は|の首都。", JA),
        ("'''''Das''''' mit rund {{EWZ}} Millionen", "Das mit rund |Millionen", DE),
        ("[[Paris|a {{x}} b]] c", "a |b c", EN),
        ("e\u0301 {{x}} e\u0301 ( ) {{y}} c", "é |é |c", EN),
        ("A b {{c\n|d=e\n\n[[F]] g. H", "A b|\nF g. H", EN),
        ("A\n{| b\n|-\nC", "A|", EN),
    ],
)
def test_a_template_inside_a_sentence_leaves_a_hole(source, text, language):
    """What a template writes into a sentence is missing there, and it is told where."""
    clean = lead(source, language=language)
    for hole in reversed(clean.holes):
        clean.text = f"{clean.text[:hole]}|{clean.text[hole:]}"
    assert clean.text == text


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("{{Infobox|a=b}}\n'''X''' is. {{Sfn|a}} B{{r|a}} c,{{cn}} d.{{cn}} E", EN),
        ("{{x}}{{y}}'''X''' {{IPA|x}}, or {{lang|de|Y}} ({{lang-de|Z}} {{IPA|z}}; {{a}}) is.", EN),
        ("'''X''' (born {{date}}) is.\n\n* {{flag}} [[Y]]\n* {{flag}}\n{{end}}", EN),
        (
            "'''東京'''{{ふりがな}}は首都{{sfn|a}}。{{sfn|b}}[[日本]]の{{lang|en|x}}町、{{sfn|c}}",
            JA,
        ),
        ("{{صندوق}} '''برلين''' {{ipa}} هي العاصمة{{مرجع}} ({{لغة}}: {{x}}).{{مرجع}}", AR),
    ],
)
def test_a_template_beside_the_text_leaves_none(source, language):
    assert lead(source, language=language).holes == []


def test_language_variants():
    assert lead("-{zh-hans:计算机; zh-hant:電腦}-是-{机}-。", language=ZH).text == "计算机是机。"
    assert (
        lead("-{H|zh-cn:a;zh-tw:b}-A-{T|x}-B-{zh-tw:[[乙]];zh-cn:[[甲]]}-", language=ZH).text
        == "AB甲"
    )
    assert lead("a-{b-{c}-d", language=ZH).text
