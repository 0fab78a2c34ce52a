"""Damaged dumps: rows, an `InputError` or a warning; never anything else, never a wrong pair.

`EATNER_CORRUPTIONS` sets how many damaged dumps are tried, 300 by default.
"""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path

import pytest
from dumps import HEAD, history, page, revision
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eatner import tables
from eatner.errors import InputError
from eatner.tables import Pair, RejectedPair, Title
from eatner.text import languages
from eatner.wiki import langlinks, lexicon, pairs
from eatner.wiki.dump import parse_dump

# Each text has its page's own mark, so that a text under another page's title is seen.
TEXTS = {
    "Бонн": "'''Бонн''' {{МФА|x}} (Q1Q) — город на [[Рейн]]е.<ref name=a>Б {{c}}</ref> Здесь "
    "<small>жил</small> [[Бетховен, Людвиг ван|Бетховен]].\n\n== История ==\nВ [[1949 год]]у.",
    "Рейн": "{{Река\n|a=[[Б]]\n}}\n'''Рейн''' Q2Q течёт у [[Бонн]]а "
    "&amp; &laquo;[[Кёльн|Кёльна]]&raquo;. <ruby>[[Бонн]]<rt>бонн</rt></ruby> стоит у воды.",
    "Кёльн": "[[Файл:a.png|thumb|у [[Рейн]]а]]\n{| class=x\n|-\n| [[Бонн]]\n|}\n'''Кёльн''' Q3Q — "
    "город <!-- [[Бонн]] --> на [[Рейн]]е, [http://x.ru сайт] [[de:Köln]] [[en:Cologne]].",
    "克林顿": "'''-{zh-hans:克林顿;zh-hant:柯林頓}-''' Q4Q 是[[美国|-{A|zh-cn:美国;zh-tw:美國}-]]"
    "总统。他住在[[波恩]]。",
    "Бетховен, Людвиг ван": "'''Людвиг ван Бетховен''' Q5Q родился в [[Бонн]]е (17 декабря 1770).",
}
OLD = revision(1, "Q9Q '''старый''' [[Бонн]].", "2001-01-01T00:00:00Z")
SLOT = "<content><role>x</role><model>json</model><text bytes='2'>Q8Q</text></content>"
PAGES = [
    history(number, title, OLD, revision(50, text, "2020-01-01T00:00:00Z", SLOT * (number % 2)))
    if number % 3 == 1
    else page(number, title, text)
    for number, (title, text) in enumerate(TEXTS.items(), 1)
]
PAGES += [
    page(6, "Бонна", "#REDIRECT [[Бонн]]", redirect="Бонн"),
    page(7, "Бад-Годесберг", "#REDIRECT [[Бонн#Районы]]", redirect="Бонн"),
    page(8, "Шаблон:МФА", "Q7Q", ns=10),
]
DUMP = (HEAD + "".join(PAGES) + "</mediawiki>\n").encode()
IDS = {title: number for number, title in enumerate(TEXTS, 1)}
SQL = (
    b"CREATE TABLE `langlinks` (\n  `ll_from` int(8),\n  `ll_lang` varbinary(35),\n"
    b"  `ll_title` varbinary(255)\n);\nINSERT INTO `langlinks` VALUES (1,'en','Bonn'),"
    b"(2,'de','Rhein'),(2,'en','Rhine'),(3,'en',':Cologne'),(4,'en','Bill Clinton'),\n"
    b"(5,'en','Ludwig van Beethoven'),(6,'en','Bonn#Districts'),(9,'fr','L\\'Ain; \\'(1,');\n"
    b"-- Dump completed on 2026-01-01\n"
)
TAG = re.compile(rb"<[^<>]*>")
ENTITY = re.compile(rb"&[#\w]*;")
MARK = re.compile(rb"\[\[|\]\]|\{\{|\}\}|'''|-\{|\}-|&lt;|&gt;|[|=();',\\]")


def remove_one(data: bytes, pattern: re.Pattern[bytes], chance: random.Random) -> bytes:
    places = [match.span() for match in pattern.finditer(data)]
    if not places:
        return data
    begin, end = chance.choice(places)
    return data[:begin] + data[end:]


def corrupt(data: bytes, chance: random.Random) -> tuple[bytes, bool]:
    """Damage a file a few times; returns it, and whether only whole tags and the end are lost."""
    tags_only = True
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        kind = chance.randrange(9)
        at = chance.randrange(len(data) + 1)
        length = chance.choice((1, 2, 7, 40, 300))
        if kind == 0:
            data = data[:at]
        elif kind in (1, 2):
            data = remove_one(data, TAG, chance)
        else:
            tags_only = False
            if kind == 3:
                data = remove_one(data, ENTITY, chance)
            elif kind == 4:
                data = remove_one(data, MARK, chance)
            elif kind == 5:
                data = data[:at] + data[at + length :]
            elif kind == 6:
                data = data[:at] + data[at : at + length] + data[at:]
            elif kind == 7:
                data = data[:at] + chance.randbytes(1) + data[at + 1 :]
            else:
                inserted = chance.choice((b"<", b">", b"&", b"]]", b"'", b"\0", b"-{", b"<ref>"))
                data = data[:at] + inserted + data[at:]
    return data, tags_only


def check_rows(rows: list[Title], tags_only: bool) -> None:
    for row in rows:
        assert row.title
        end = 0
        for start, stop, target, *_ in json.loads(row.links):
            assert 0 <= start <= stop <= len(row.lead)
            assert start < stop or target == ""
            end = max(end, stop)
        if tags_only and row.title in IDS:
            assert row.page_id == IDS[row.title]
            assert set(re.findall(r"Q(\d)Q", row.lead)) <= {str(row.page_id)}


def run(folder: Path, dump: bytes, sql: bytes, tags_only: bool, code: str) -> None:
    """From the damaged files to the pairs and the lexicon."""
    paths = [folder / name for name in ("dump.xml", "langlinks.sql", "titles.tsv", "pairs.tsv")]
    paths[0].write_bytes(dump)
    paths[1].write_bytes(sql)
    language = languages.get(code)
    try:
        rows = list(parse_dump(paths[0], language, langlinks.read(paths[1])))
        check_rows(rows, tags_only)
        tables.write(paths[2], Title, rows)
        rejects = folder / "rejects.tsv"
        options = {"per_entity": 9, "size": None, "negatives": 0.2, "seed": 1}
        pairs.build(paths[2], paths[3], rejects, language, **options)
        lexicon.build(paths[2], folder / "lexicon", language)
    except InputError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert "\n" not in said
        return
    for row in (*tables.read(paths[3], Pair), *tables.read(rejects, RejectedPair)):
        assert row.sentence[row.start : row.end] == row.surface


@settings(
    max_examples=int(os.environ.get("EATNER_CORRUPTIONS", "300")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 2**32), st.sampled_from(["ru", "zh"]))
def test_a_damaged_dump_is_read_or_refused(tmp_path, seed, code):
    chance = random.Random(seed)
    damage_dump = chance.random() < 0.8
    dump, tags_only = corrupt(DUMP, chance) if damage_dump else (DUMP, True)
    sql = SQL if damage_dump else corrupt(SQL, chance)[0]
    run(tmp_path, dump, sql, tags_only, code)


def test_the_sound_dump_gives_every_page_and_pairs(tmp_path):
    run(tmp_path, DUMP, SQL, True, "ru")
    kinds = [row.kind for row in tables.read(tmp_path / "titles.tsv", Title)]
    assert kinds == ["article"] * 5 + ["redirect"] * 2
    kept = {row.english for row in tables.read(tmp_path / "pairs.tsv", Pair) if row.surface}
    assert {"Bonn", "Rhine", "Cologne", "Ludwig van Beethoven"} <= kept


def test_a_dump_cut_anywhere_is_an_error(tmp_path):
    path = tmp_path / "dump.xml"
    for cut in range(0, DUMP.rindex(b"</mediawiki>") + len(b"</mediawiki>"), 7):
        path.write_bytes(DUMP[:cut])
        with pytest.raises(InputError, match=r"dump\.xml"):
            list(parse_dump(path, languages.get("ru"), {}))
