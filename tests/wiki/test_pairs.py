"""Alignment pairs: what every row must keep, and what is rejected."""

# Wide characters count double for the linter.
# ruff: noqa: E501

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from dumps import (
    AR,
    CASES,
    DE,
    DUMPS,
    EN,
    FA,
    HE,
    HEAD,
    JA,
    NAMES,
    PIECES,
    RU,
    history,
    needs_cases,
    needs_data,
    page,
    parse_pages,
    revision,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from eatner import tables
from eatner.errors import InputError
from eatner.lexicon import load
from eatner.tables import Pair, RejectedPair, Title
from eatner.text import languages
from eatner.wiki import langlinks, pairs, wikitext
from eatner.wiki import lexicon as wiki_lexicon
from eatner.wiki.articles import links_as_json
from eatner.wiki.dump import parse_dump


def write_titles(
    folder: Path, pages: list[tuple[str, str, str]], language=JA, redirects=()
) -> Path:
    """A titles.tsv of pages (title, English title, wikitext) and redirects (title, target)."""
    rows = []
    for number, (title, english, text) in enumerate(pages, 1):
        clean = wikitext.clean(text, title, language, NAMES)
        links = links_as_json(clean.spans, clean.holes)
        rows.append(Title(number, title, "article", "", english, clean.text, links))
    for number, (title, target) in enumerate(redirects, 10_000):
        rows.append(Title(number, title, "redirect", target, "", "", "[]"))
    path = folder / "titles.tsv"
    tables.write(path, Title, rows)
    return path


def build(
    titles: Path, language=JA, **options
) -> tuple[list[Pair], list[RejectedPair], Counter[str]]:
    settings = {"per_entity": 100, "size": None, "negatives": 0.0, "seed": 1} | options
    out, rejects = titles.with_name("pairs.tsv"), titles.with_name("rejects.tsv")
    counts = pairs.build(titles, out, rejects, language, **settings)
    kept = list(tables.read(out, Pair))
    refused = list(tables.read(rejects, RejectedPair))
    positive = [row for row in kept if row.kind != "negative"]
    assert len(positive) + len(refused) == counts["mentions"]
    return kept, refused, counts


def check(row: Pair) -> None:
    assert row.sentence[row.start : row.end] == row.surface != ""
    assert unicodedata.is_normalized("NFC", row.sentence)
    for markup in ("[[", "]]", "{{", "}}", "'''", "<ref", "-{", "\n"):
        assert markup not in row.sentence


def test_a_surface_that_always_means_one_title_is_its_name(tmp_path):
    pages = [(f"頁{n}", "", f"[[日本国有鉄道|国鉄]]の{n}番の駅である。") for n in range(3)]
    pages.append(("日本国有鉄道", "Japanese National Railways", "x"))
    kept, _, _ = build(write_titles(tmp_path, pages))
    assert [row.surface for row in kept] == ["国鉄"] * 3
    pages.append(("頁9", "", "[[南満洲鉄道|国鉄]]の駅であった。"))
    kept, refused, _ = build(write_titles(tmp_path, pages))
    assert [row.reason for row in refused if row.english] == ["not the name"] * 3


PAGES = [
    ("東京都", "Tokyo", "'''東京都'''は[[日本]]の首都で、[[大阪市|大阪]]より大きい。[[1964年]]に変わった。"),
    ("日本", "Japan", "'''日本'''は[[アジア]]の国である。首都は[[東京都|東京]]である。"),
    ("大阪市", "Osaka", "'''大阪市'''は[[Japan]]の[[都市]]である。"),
    ("都市", "City", "'''都市'''は人の住む所。"),
    ("1964年", "1964", "'''1964年'''は閏年。"),
    ("アジア", "Asia", "'''アジア'''は大陸。"),
]  # fmt: skip


def test_rows_kinds_and_reasons(tmp_path):
    titles = write_titles(tmp_path, PAGES, redirects=[("Japan", "日本")])
    kept, refused, counts = build(titles)
    for row in kept:
        check(row)
    found = {(row.english, row.surface, row.kind) for row in kept}
    assert found == {
        ("Tokyo", "東京都", "title"), ("Japan", "日本", "anchor"), ("Osaka", "大阪", "anchor"),
        ("Japan", "日本", "title"), ("Asia", "アジア", "anchor"), ("Tokyo", "東京", "anchor"),
        ("Osaka", "大阪市", "title"), ("Japan", "Japan", "anchor"), ("Asia", "アジア", "title"),
    }  # fmt: skip
    reasons = Counter(row.reason for row in refused)
    assert reasons == {"common noun": 2, "number or sign": 2}
    assert counts["kept"] == len(kept)


def test_at_most_k_rows_an_entity_spread_over_positions(tmp_path):
    texts = [
        "[[日本]]は島国の一つであると言われる。",
        "この島国は[[日本]]という名である。",
        "世界の中の島国の一つである[[日本]]。",
    ]
    pages = [(f"頁{n}", "", texts[n // 20].replace("島国", f"島国{n}")) for n in range(60)]
    pages.append(("日本", "Japan", "x"))
    kept, refused, _ = build(write_titles(tmp_path, pages), per_entity=6)
    assert len(kept) == 6
    thirds = Counter(3 * row.start // (len(row.sentence) - 2) for row in kept)
    assert len(thirds) >= 2
    assert Counter(row.reason for row in refused) == {"not sampled": 54}


def test_a_sample_is_the_same_on_every_run_and_another_with_another_seed(tmp_path):
    pages = [
        (f"市{n}", f"Town {chr(65 + n % 26)}{n}", f"'''市{n}'''は町である。") for n in range(80)
    ]
    titles = write_titles(tmp_path, pages)
    first, _, _ = build(titles, size=20, negatives=0.25)
    again, _, _ = build(titles, size=20, negatives=0.25)
    other, _, _ = build(titles, size=20, negatives=0.25, seed=2)
    assert first == again != other
    assert Counter(row.kind for row in first) == {"title": 15, "negative": 5}


def test_negative_rows_name_what_is_not_there(tmp_path):
    titles = write_titles(tmp_path, PAGES, redirects=[("Japan", "日本")])
    kept, _, counts = build(titles, negatives=0.4)
    negative = [row for row in kept if row.kind == "negative"]
    assert counts["negative"] == len(negative) > 0
    surfaces = {row.english: row.surface for row in kept if row.surface}
    for row in negative:
        assert (row.surface, row.start, row.end) == ("", 0, 0)
        assert surfaces[row.english] not in row.sentence


def test_no_english_title_at_all(tmp_path):
    with pytest.raises(InputError, match="no article has an English title"):
        build(write_titles(tmp_path, [("東京", "", "x")]))


def test_a_sentence_of_many_pages_is_taken_once(tmp_path):
    pages = [(f"頁{n}", "", "東にある[[東京都|東京]]の駅である。") for n in range(4)]
    pages += [("頁9", "", "西にある[[東京都|東京]]の駅だった。"), ("東京都", "Tokyo", "x")]
    kept, refused, _ = build(write_titles(tmp_path, pages))
    assert len(kept) == len({row.sentence for row in kept}) == 2
    assert [row.reason for row in refused] == ["not sampled"] * 3


def test_no_negative_where_the_name_stands_in_another_form(tmp_path):
    """An inflected link that was not sampled, an alias, and a name that no link marks."""
    text = "Он родился в [[Лондон]]е, жил в Москве и в [[Москва|Москвой]] названном США городе"
    pages = [(f"Стр{n}", "", f"{text} {n}.") for n in range(30)]
    pages += [("Лондон", "London", "x"), ("Москва", "Moscow", "x")]
    pages += [("Соединённые Штаты", "United States", "[[Соединённые Штаты]]: а где [[Лондон]]?")]
    aliases = [("США", "Соединённые Штаты")]
    kept, _, _ = build(write_titles(tmp_path, pages, RU, aliases), RU, per_entity=5, negatives=0.4)
    assert {(row.english, row.sentence) for row in kept if not row.surface} == {
        ("Moscow", "Соединённые Штаты: а где Лондон?")
    }


def test_the_share_of_negatives_holds_where_some_sentences_have_none(tmp_path):
    names = ["Осло", "Киев", "Лима", "Дели"]
    pages = [(name, f"City{n}", "x") for n, name in enumerate(names)]
    every = ", ".join(f"[[{name}]]" for name in names)
    pages += [(f"Все {n}", "", f"Здесь стоят {every} {n}.") for n in range(5)]
    pages += [(f"Один {n}", "", f"Здесь стоит город [[Осло]] {n}.") for n in range(20)]
    titles = write_titles(tmp_path, pages, RU)
    for share in (0.1, 0.2, 0.3):
        _, _, counts = build(titles, RU, negatives=share)
        assert counts["negative"] == round(counts["kept"] * share / (1 - share))


@pytest.mark.parametrize("wrong", [{"negatives": 1.0}, {"per_entity": 0}, {"size": 0}])
def test_numbers_out_of_range(tmp_path, wrong):
    with pytest.raises(ValueError, match="negatives must be"):
        build(write_titles(tmp_path, PAGES), **wrong)


def test_a_sentence_with_a_hole_gives_no_pair(tmp_path):
    text = "'''Berlin''' liegt in [[Wien]]. Es hat {{n}} Einwohner in [[Wien]]. [[Wien]] ist groß."
    pages = [("Berlin", "Berlin", text), ("Wien", "Vienna", "x")]
    kept, refused, _ = build(write_titles(tmp_path, pages, DE), DE)
    assert [row.sentence for row in kept] == ["Berlin liegt in Wien."] * 2 + ["Wien ist groß."]
    assert [row.reason for row in refused] == ["hole in the sentence"]
    assert refused[0].sentence == "Es hat Einwohner in Wien."


@pytest.mark.parametrize(
    ("language", "title", "name", "adjective"),
    [
        (HE, "ארצות הברית", 'ארה"ב', "אמריקאי"), (AR, "الولايات المتحدة", "أمريكا", "أمريكي"),
        (FA, "ایالات متحده", "آمریکا", "آمریکایی"), (JA, "アメリカ合衆国", "米国", "米国人"),
        (DE, "Vereinigte Staaten", "USA", "Amerikaner"), (EN, "United States", "USA", "American"),
        (RU, "Соединённые Штаты Америки", "США", "Американец"),
    ],
)  # fmt: skip
def test_what_many_pages_use_is_a_name_but_no_demonym(tmp_path, language, title, name, adjective):
    sentence = "X [[{}|{}]] {} y." if language.spaces else "頁[[{}|{}]]の{}。"
    pages = [
        (f"Q{n}", "", sentence.format(title, surface, n))
        for n, surface in enumerate([name, adjective] * 3)
    ]
    pages.append((title, "United States", "x"))
    kept, refused, _ = build(write_titles(tmp_path, pages, language), language)
    assert {row.surface for row in kept} == {name}
    assert {row.surface for row in refused} == {adjective}


def test_links_inside_words_and_over_sentences(tmp_path):
    text = "Vor[[Berlin]]ismus und Berlin-[[Spandau]], [[Berlin|Berlin. Und]] [[Berlin]]er."
    pages = [("Berlin", "Berlin", text), ("Spandau", "Spandau", "x")]
    kept, refused, _ = build(write_titles(tmp_path, pages, DE), DE)
    assert [row.surface for row in kept] == ["Spandau"]
    assert len(refused) == 3


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([*PIECES, "[[東京|東京]]は町。"]), max_size=25), max_size=5)
)
def test_any_wikitext_gives_true_rows(tmp_path_factory, texts):
    pages = [(f"頁{n}", f"Page {n}", "".join(text)) for n, text in enumerate(texts)]
    pages += [(t, e, "x") for t, e in [("X", "Xanten"), ("Берлин", "Berlin"), ("東京", "Tokyo")]]
    folder = tmp_path_factory.mktemp("pairs")
    for language in (JA, RU):
        kept, refused, _ = build(write_titles(folder, pages, language), language, negatives=0.3)
        for row in kept:
            if row.kind != "negative":
                check(row)
        for row in refused:
            assert row.reason
            assert row.sentence[row.start : row.end] == row.surface


@needs_data
@pytest.mark.parametrize("code", languages.known())
def test_berlin_in_every_language(tmp_path, code):
    """The article on Berlin in each language's real wiki gives its own name as a true row."""
    language = languages.get(code)
    rows = list(parse_dump(DUMPS / f"minidumps/{code}/wiki.xml.bz2", language, {}))
    titles = {
        "am": "በርሊን", "ar": "برلين", "bn": "বার্লিন", "el": "Βερολίνο", "es": "Berlín", "fa": "برلین",
        "he": "ברלין", "hi": "बर्लिन", "hy": "Բեռլին", "ja": "ベルリン", "ka": "ბერლინი", "ko": "베를린",
        "nl": "Berlijn", "ru": "Берлин", "ta": "பெர்லின்", "te": "బెర్లిన్", "th": "เบอร์ลิน", "uk": "Берлін",
        "ur": "برلن", "zh": "柏林",
    }  # fmt: skip
    title = titles.get(code, "Berlin")
    rows = [replace(row, english="Berlin" if row.title == title else "") for row in rows]
    path = tmp_path / "titles.tsv"
    tables.write(path, Title, rows)
    kept, _, _ = build(path, language)
    assert kept
    for row in kept:
        check(row)
        assert row.english == "Berlin"
    assert any(row.kind == "title" for row in kept)


@needs_data
def test_rows_of_the_real_english_sample(tmp_path):
    """Real wikitext, with every linked title as its own English title."""
    dump = DUMPS / "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
    rows = list(parse_dump(dump, EN, {}))
    known = {row.title for row in rows}
    rows = [replace(row, english=row.title if row.kind == "article" else "") for row in rows]
    targets = {link[2] for row in rows for link in json.loads(row.links)} - known - {""}
    for number, target in enumerate(sorted(targets), 10**8):
        rows.append(Title(number, target, "article", "", target, "", "[]"))
    path = tmp_path / "titles.tsv"
    tables.write(path, Title, rows)
    kept, _, counts = build(path, EN)
    assert len(kept) > 450
    assert counts["markup"] <= 20
    for row in kept:
        check(row)


def test_a_page_of_the_xml_reaches_the_pairs(tmp_path):
    dump = tmp_path / "d.xml"
    pages = page(1, "東京", "'''東京'''は[[日本]]の首都。") + page(2, "日本", "'''日本'''は国。")
    dump.write_text(HEAD + pages + "</mediawiki>")
    titles = tmp_path / "titles.tsv"
    english = {1: "Tokyo", 2: "Japan"}
    tables.write(titles, Title, parse_dump(dump, JA, english))
    kept, _, _ = build(titles)
    assert {(row.english, row.surface) for row in kept} == {
        ("Tokyo", "東京"),
        ("Japan", "日本"),
    }


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        # The full stop inside the bracket is one to the reader, and the bracket is cut in two.
        ("Er kam (aus [[Wien]]. Dort war es kalt. Er ging nach [[Wien]].", ["Er ging nach Wien."]),
        ("Er kam aus [[Wien]]) und ging. Er ging nach [[Wien]].", ["Er ging nach Wien."]),
        ("Er kam (aus [[Wien]] [1990) und ging. Er ging nach [[Wien]].", ["Er ging nach Wien."]),
        ("Er kam „aus (dem) [[Wien]]“ [sic].", ["Er kam „aus (dem) Wien“ [sic]."]),
        ("a) Er kam aus [[Wien]].", ["a) Er kam aus Wien."]),
        ("Er kam (von Q 1) aus [[Wien]].", ["Er kam (von Q 1) aus Wien."]),
        ("Er kam（um 1900)aus [[Wien]].", ["Er kam（um 1900)aus Wien."]),
    ],
)
def test_a_sentence_cut_inside_a_bracket_gives_no_pair(tmp_path, text, sentences):
    pages = [("Q", "", text), ("Wien", "Vienna", "x")]
    kept, refused, _ = build(write_titles(tmp_path, pages, DE), DE)
    assert [row.sentence for row in kept] == sentences
    assert {row.reason for row in refused} <= {"cut inside a bracket"}


@pytest.mark.parametrize(
    "text",
    [
        "Er kam aus<ref>offen und lebt in [[Wien]]. Siehe [[Wien]].\nund starb in [[Wien]].",
        "Er kam aus [[Wien]]<ref>offen.",
        "Er lebt.<ref>offen. In\n[[Wien]] lebt er gern.",
        "Er kam <!-- aus der Stadt [[Wien]].",
        "Er kam [[Bonn|aus [[Wien]] im Jahr.",
        "Er kam <span aus [[Wien]] im Jahr.",
        "Er kam aus {{offen|der Stadt\nund starb in [[Wien]].",
    ],
)
def test_a_sentence_that_lost_a_part_gives_no_pair(tmp_path, text):
    pages = [("Q", "", f"{text}\n\nEr ging nach [[Wien]]."), ("Wien", "Vienna", "x")]
    kept, _, _ = build(write_titles(tmp_path, pages, DE), DE)
    assert {row.sentence for row in kept} <= {"Er ging nach Wien."}


def test_a_sentence_before_an_open_tag_is_whole(tmp_path):
    text = "Er kam aus [[Wien]].<ref>offen\n\nEr <span lang='x'>ging nach [[Wien]]."
    pages = [("Q", "", text), ("Wien", "Vienna", "x")]
    kept, _, _ = build(write_titles(tmp_path, pages, DE), DE)
    assert [row.sentence for row in kept] == ["Er kam aus Wien.", "Er ging nach Wien."]


SECTIONS = [
    history(
        1,
        "ドラえもん",
        revision(10, "『'''ドラえもん'''』は[[藤子・F・不二雄]]の漫画。[[野比のび太]]が出る。"),
    ),
    history(
        2, "野比のび太", revision(21, "#REDIRECT [[ドラえもん#登場人物]]"), redirect="ドラえもん"
    ),
    history(
        3, "ドラえもん (漫画)", revision(31, "#REDIRECT [[ドラえもん]]"), redirect="ドラえもん"
    ),
    history(4, "東京", revision(40, "'''東京'''に[[野比のび太]]が住む。[[ミッテ区]]は遠い。")),
    history(5, "ミッテ区", revision(50, "'''ミッテ区'''は[[東京]]にない。")),
    history(6, "藤子・F・不二雄", revision(60, "'''藤子・F・不二雄'''は[[東京]]の漫画家。")),
    history(7, "のび太", revision(71, "#REDIRECT [[野比のび太]]"), redirect="野比のび太"),
]
SECTIONS_ENGLISH = {1: "Doraemon", 4: "Tokyo", 5: "Berlin#Mitte", 6: "Fujiko F. Fujio"}


@pytest.mark.parametrize("own", [True, pytest.param(False, marks=needs_cases)])
def test_a_redirect_to_a_section_is_no_name_of_the_page(tmp_path, own):
    if own:
        rows = parse_pages(tmp_path, *SECTIONS, language=JA, english=SECTIONS_ENGLISH)
    else:
        english = langlinks.read(CASES / "W29.sql")
        rows = list(parse_dump(CASES / "W29.xml", JA, english))
    titles = tmp_path / "titles.tsv"
    tables.write(titles, Title, rows)
    kept, refused, _ = build(titles)
    assert {(row.english, row.surface) for row in kept} == {
        ("Doraemon", "ドラえもん"), ("Fujiko F. Fujio", "藤子・F・不二雄"), ("Tokyo", "東京"),
    }  # fmt: skip
    assert {(row.surface, row.reason) for row in refused} == {
        ("野比のび太", "no English title"), ("ミッテ区", "no English title"),
    }  # fmt: skip
    wiki_lexicon.build(titles, tmp_path / "lexicon", JA)
    book = load(tmp_path / "lexicon")
    assert [book.english(name) for name in ("ドラえもん", "野比のび太", "のび太", "ミッテ区")] == [
        "Doraemon", None, None, None,
    ]  # fmt: skip


def test_a_section_of_a_page_is_another_thing_than_the_page(tmp_path):
    """Even where every link to the page reads like the alias of its section."""
    pages = [(f"頁{n}", "", f"[[ドラえもん|野比のび太]]が{n}に出る。") for n in range(3)]
    pages.append(("ドラえもん", "Doraemon", "x"))
    aliases = [("野比のび太", "ドラえもん#登場人物")]
    kept, refused, _ = build(write_titles(tmp_path, pages, redirects=aliases))
    assert kept == []
    assert {row.reason for row in refused if row.english} == {"names another page"}


def test_a_pair_of_a_chemical_name_with_braces(tmp_path):
    text = "'''Lonafarnib''', or 4-(2-{4-[(11''R'')-3]yl}-2-oxo)-1-amide, is sold in [[France]]."
    kept, _, _ = build(
        write_titles(tmp_path, [("Lonafarnib", "", text), ("France", "France", "x")], EN), EN
    )
    assert [row.surface for row in kept] == ["France"]
