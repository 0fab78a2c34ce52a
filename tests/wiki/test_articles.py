"""A page's XML to its row: title, redirect, lead."""

from __future__ import annotations

import json

import pytest
from dumps import CASES, DE, EN, HEAD, PAGES, history, page, parse, parse_pages, revision

from eatner.errors import InputError
from eatner.text import languages
from eatner.wiki.dump import parse_dump


def test_export_0_3_without_namespaces_and_with_old_redirects(tmp_path):
    path = tmp_path / "old.xml"
    text = HEAD + "".join(PAGES[:3]) + "</mediawiki>"
    for ns in ("0", "10"):
        text = text.replace(f"    <ns>{ns}</ns>\n", "")
    path.write_text(text.replace('    <redirect title="東京" />\n', ""))
    rows = parse(path)
    assert [(row.kind, row.redirect) for row in rows] == [
        ("article", ""),
        ("redirect", "東京"),
    ]


def test_cdata_and_comments_go_through_a_parser(tmp_path):
    path = tmp_path / "odd.xml"
    odd = PAGES[0].replace("'''東京'''は[[日本]]", "<![CDATA['''東京'''は<b>]]>[[日<!-- x -->本]]")
    path.write_text(HEAD + odd + "</mediawiki>")
    assert parse(path)[0].lead == "東京は日本の首都。"


def test_interlanguage_links_of_old_dumps_name_the_english_title(tmp_path):
    path = tmp_path / "old.xml"
    text = "'''京都'''は都市。\n\n== 歴史 ==\nx\n[[de:Kyōto]]\n[[en:Kyoto]]"
    path.write_text(HEAD + page(9, "京都", text) + "</mediawiki>")
    assert parse(path)[0].english == "Kyoto"


def test_further_paragraphs_after_the_lead(tmp_path):
    path = tmp_path / "d.xml"
    text = "A [[b]].\n\n== H ==\n\nC [[d]].\n\nE [[f]].\n\n== I ==\nG [[h]]."
    path.write_text(HEAD + page(9, "X", text) + "</mediawiki>")
    assert [parse(path, EN, paragraphs=n)[0].lead for n in range(4)] == [
        "A b.",
        "A b.\nC d.",
        "A b.\nC d.\nE f.",
        "A b.\nC d.\nE f.\nG h.",
    ]
    row = parse(path, EN, paragraphs=2)[0]
    assert [row.lead[a:b] for a, b, _ in json.loads(row.links)] == ["b", "d", "f"]


def test_titles_with_quotes_tabs_and_control_characters(tmp_path):
    path = tmp_path / "d.xml"
    raw = page(9, 'A\t"B"\n\u200eC\x7f & <D>', "x")
    path.write_text(HEAD + raw + "</mediawiki>")
    assert parse(path)[0].title == 'A "B" C & <D>'


def test_undefined_entities_stay_text(tmp_path):
    path = tmp_path / "d.xml"
    path.write_text(HEAD + page(9, "X", "a").replace(">a<", ">a &evil; b<") + "</mediawiki>")
    assert parse(path)[0].lead == "a &evil; b"


def test_a_page_without_an_id_is_an_error(tmp_path):
    path = tmp_path / "d.xml"
    path.write_text(HEAD + "<page><title>X</title></page></mediawiki>")
    with pytest.raises(InputError, match="without a page id"):
        parse(path)


@pytest.mark.parametrize("title", ["", " ", "\u200e", "_"])
def test_an_empty_title_is_an_error(tmp_path, title):
    path = tmp_path / "d.xml"
    path.write_text(HEAD + page(8, title, "x") + "</mediawiki>")
    with pytest.raises(InputError, match="the title of page 8 is empty"):
        parse(path)


def test_an_unclosed_template_costs_its_own_text(tmp_path):
    """The lead goes on behind it, ends at its heading, and the next page is read as ever."""
    path = tmp_path / "d.xml"
    text = "'''X''' in {{y\n| a = [[B]]\n\nC [[d]].\n\n== H ==\n{{e\nF [[g]].\n\n== I ==\nJ [[k]]."
    pages = page(8, "X", text) + page(9, "Y", "{{a\n== H ==\n}}b")
    path.write_text(HEAD + pages + "</mediawiki>")
    rows = parse(path, EN)
    assert [row.lead for row in rows] == ["X in\nC d.", "b"]
    assert json.loads(rows[0].links) == [[0, 1, "X", True], [4, 4, ""], [7, 8, "D"]]
    row = parse(path, EN, paragraphs=2)[0]
    assert row.lead == "X in\nC d.\nF g."
    assert json.loads(row.links)[3:] == [[10, 10, ""], [12, 13, "G"]]


@pytest.mark.parametrize(
    ("text", "redirect", "leads_to"),
    [
        ("#REDIRECT [[ドラえもん#登場人物]]", "ドラえもん", "ドラえもん#登場人物"),
        ("#REDIRECT [[ドラえもん]]", "ドラえもん", "ドラえもん"),
        ("#WEITERLEITUNG [[Berlin#Bezirk Mitte]] [[Kategorie:X]]", "Berlin", "Berlin#Bezirk Mitte"),
        ("#перенаправление [[Берлин#Районы|x]]", "Берлин", "Берлин#Районы"),
        ("#تحويل [[برلين#أحياء]]", "برلين", "برلين#أحياء"),
        ("#転送 [[:東京#地区_一]]", "東京", "東京#地区 一"),
        ("#넘겨주기\n[[서울#구]]", "서울", "서울#구"),
        ("#redirect: [[A & B#C]]", "A & B", "A & B#C"),
        ("#REDIRECT [[Rock&#39;n&#39;Roll]]", "Rock'n'Roll", "Rock'n'Roll"),
        ("#REDIRECT [[Bonn#]]", "Bonn", "Bonn"),
        ("", "Berlin#Mitte", "Berlin#Mitte"),
        ("#REDIRECT [[Berlin#Mitte]]", "Berlin#Mitte", "Berlin#Mitte"),
        ("＃転送 [[東京#地区]]", "東京", "東京#地区"),
    ],
)
def test_a_redirect_to_a_section_keeps_the_section(tmp_path, text, redirect, leads_to):
    row = parse_pages(tmp_path, history(1, "X", revision(3, text), redirect=redirect))[0]
    assert (row.kind, row.redirect, row.english) == ("redirect", leads_to, "")


def test_old_dumps_mark_a_redirect_in_the_text_alone(tmp_path):
    row = parse_pages(tmp_path, page(1, "X", "#REDIRECT [[ berlin_X # Mitte ]]"))[0]
    assert (row.kind, row.redirect) == ("redirect", "Berlin X#Mitte")


def test_a_redirect_of_an_old_dump_may_begin_in_full_width(tmp_path):
    row = parse_pages(tmp_path, page(1, "X", "＃転送 [[東京]]"))[0]
    assert (row.kind, row.redirect) == ("redirect", "東京")


def test_a_section_of_another_page_is_no_english_title(tmp_path):
    text = "'''Mitte'''.\n\n== X ==\n[[en:Berlin#Mitte]]"
    assert parse_pages(tmp_path, page(1, "Mitte", text))[0].english == ""


def test_marathi_text_is_read_whole(tmp_path):
    text = "'''मुंबई''' हे [[महाराष्ट्र]]ातील शहर आहे. [[पुणे]] जवळ आहे. [[नाशिक]] दूर आहे."
    marathi = languages.get("mr")
    row = parse_pages(tmp_path, page(1, "मुंबई", text), language=marathi)[0]
    assert row.lead == "मुंबई हे महाराष्ट्रातील शहर आहे. पुणे जवळ आहे. नाशिक दूर आहे."
    if CASES.exists():
        assert next(parse_dump(CASES / "W27.xml", marathi, {})).lead == row.lead


def test_a_prefix_that_is_no_language_belongs_to_the_title(tmp_path):
    text = (
        "Die [[re:publica]] findet in [[Berlin]] statt, wie auch die [[re:publica|Blogger-Messe]] "
        "und [[abc:Mord]]. Siehe [[en:Foo]]"
    )
    rows = parse_pages(tmp_path, page(1, "Konferenz", text))
    if CASES.exists():
        rows += parse_dump(CASES / "W31.xml", DE, {})
    for row in rows:
        assert row.lead.startswith("Die re:publica findet in Berlin statt, wie auch die Blogger-")
        assert [link[2] for link in json.loads(row.links)] == [
            "Re:publica", "Berlin", "Re:publica", "Abc:Mord",
        ]  # fmt: skip
        assert row.english == "Foo"
