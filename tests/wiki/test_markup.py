"""Templates and the holes that they leave, tags, language variants."""

from __future__ import annotations

import pytest
from dumps import AR, DE, EN, JA, ZH, lead

from eatner.wiki.markup import Clean


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


def with_bars(clean: Clean) -> str:
    """The text with a bar in the place of each hole."""
    text = clean.text
    for hole in reversed(clean.holes):
        text = f"{text[:hole]}|{text[hole:]}"
    return text


@pytest.mark.parametrize(
    ("source", "text", "language"),
    [
        ("A is in<ref>open [[b]]\nC d.", "A is in| C d.", EN),
        ("A is.<ref>open [[b]]\n\nC d.", "A is.\nC d.", EN),
        ("A is.<ref>open [[b]]\n* C d.", "A is.\nC d.", EN),
        ("A is.<ref>open [[b]] goes\non in c. D.", "A is. |on in c. D.", EN),
        ("東京は。<ref>open\n続く。次。", "東京は。|続く。次。", JA),
        ("A is<ref>open. B is [[c]].<ref>d</ref> E.", "A is| E.", EN),
        ("A is.<ref name=x> B is [[c]].<ref name=y /> E.", "A is. E.", EN),
        ("A is<ref name=x> B<ref>c</ref>\nD.", "A is| D.", EN),
        ("A is<references>open [[b]]\nC d.", "A is| C d.", EN),
        ("A is<math>x\nC d.", "A is| C d.", EN),
        ("A is<!-- open [[b]]\nC d.", "A is|", EN),
        ("A <span lang='x'>b [[c]] d.", "A b c d.", EN),
        ("A <span lang='x' b [[c]] d.", "A <span lang='x' b c d.", EN),
        ("A </span> b </ref> c <small>d.", "A b c d.", EN),
        ("<ruby>東京<rt>とうきょう</rt></ruby>は首都。", "東京は首都。", JA),
        ("<ruby>東京<rt>とうきょう</ruby>は首都。", "東京は首都。", JA),
        (
            "<ruby>東<rt>とう<rb>京<rt>きょう</ruby>は<ruby>首<rt>しゅ</rt></ruby>。",
            "東京は首。",
            JA,
        ),
        ("<ruby>東京<rp>（<rt>とうきょう<rp>）</ruby>は首都。", "東京は首都。", JA),
        ("<ruby>東京<rt>とうきょう は首都。\n次の行。", "東京|次の行。", JA),
        ("<ruby>東京<rt>とうきょう\n\n<ruby>次<rt>つぎ</rt></ruby>。", "東京|\n次。", JA),
    ],
)
def test_what_has_no_end_leaves_a_hole(source, text, language):
    assert with_bars(lead(source, language=language)) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("It covers <math>5^2</math> km in [[Rome]].", "It covers |km in Rome."),
        ("The group <chem>H2O</chem> is wet.", "The group |is wet."),
        ("It is wet.<ref>a</ref> It is<ref>b</ref> dry <!-- c -->and small.",
         "It is wet. It is dry and small."),
        ("A <code>x</code>.\n<gallery>\nA.png|b\n</gallery>\nC.", "A|.\nC."),
    ],
)  # fmt: skip
def test_a_formula_in_a_sentence_leaves_a_hole(source, text):
    assert with_bars(lead(source)) == text
