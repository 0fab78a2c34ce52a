from __future__ import annotations

import bz2
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from places import ROOT

from eatner.errors import InputError
from eatner.tables import Title
from eatner.text import languages, sentences
from eatner.wiki import langlinks, sample
from eatner.wiki.dump import parse_dump

WIKIS = ROOT / "workflow" / "wikis"
JA = languages.get("ja")
PAGES = [
    {
        "title": "東京都",
        "english": "Tokyo",
        "text": "'''東京都'''は[[日本]]の<首都>&都市。[[大阪]]は別。",
    },
    {"title": "東京", "redirect": "東京都"},
    {"title": "O'Hare \\ & <x>", "english": 'O\'Hare \\ "x"', "text": "'''O'Hare'''は空港。"},
    {"title": "日本", "text": "'''日本'''は国。"},
]


def build(folder: Path, pages: object, code: str = "ja") -> tuple[Path, Path, Path]:
    source = folder / "source.yaml"
    text = pages if isinstance(pages, str) else yaml.safe_dump(pages, allow_unicode=True)
    source.write_text(text, encoding="utf-8")
    paths = (folder / "dump.xml.bz2", folder / "index.txt.bz2", folder / "langlinks.sql.gz")
    sample.build([source], code, *paths)
    return paths


def parse(dump: Path, index: Path, sql: Path, code: str = "ja") -> list[Title]:
    english = langlinks.read(sql)
    return list(parse_dump(dump, languages.get(code), english, index=index))


def test_our_own_readers_read_it(tmp_path: Path) -> None:
    paths = build(tmp_path, PAGES)
    assert langlinks.read(paths[2]) == {1: "Tokyo", 3: 'O\'Hare \\ "x"'}
    rows = parse(*paths)
    assert [(r.page_id, r.title, r.kind, r.redirect, r.english) for r in rows] == [
        (1, "東京都", "article", "", "Tokyo"),
        (2, "東京", "redirect", "東京都", ""),
        (3, "O'Hare \\ & <x>", "article", "", 'O\'Hare \\ "x"'),
        (4, "日本", "article", "", ""),
    ]
    lead = rows[0].lead
    links = [tuple(link[:3]) for link in json.loads(rows[0].links)]
    assert {(lead[start:end], target) for start, end, target in links} == {
        ("東京都", "東京都"),
        ("日本", "日本"),
        ("大阪", "大阪"),
    }


def test_the_same_sources_give_the_same_bytes_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first = build(tmp_path / "a", PAGES)
    monkeypatch.setattr("time.time", lambda: 1e9)
    second = build(tmp_path / "b", PAGES)
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_the_index_points_at_each_pages_stream(tmp_path: Path) -> None:
    count = 2 * sample.PAGES_A_STREAM + 7
    pages = [
        {"title": f"頁:{i}", "english": f"E{i}", "text": "'''x'''は頁。"} for i in range(count)
    ]
    dump, index, sql = build(tmp_path, pages)
    data = dump.read_bytes()
    lines = bz2.decompress(index.read_bytes()).decode().splitlines()
    assert len(lines) == count
    offsets = Counter()
    for line in lines:
        offset, page_id, title = line.split(":", 2)
        offsets[int(offset)] += 1
        stream = bz2.BZ2Decompressor().decompress(data[int(offset) :]).decode()
        assert f"<title>{title}</title>\n    <ns>0</ns>\n    <id>{page_id}</id>" in stream
    assert list(offsets.values()) == [sample.PAGES_A_STREAM] * 2 + [7]
    # The whole is one well-formed document, for readers that know nothing of streams.
    from xml.etree import ElementTree

    root = ElementTree.fromstring(bz2.decompress(data))
    assert len(root.findall("{*}page")) == count
    assert len(langlinks.read(sql)) == count


@pytest.mark.parametrize(
    "pages",
    [
        [{"english": "Tokyo", "text": "x"}],
        [{"title": "東京"}],
        [{"title": "東京", "text": "x", "redirect": "y"}],
        [{"title": "東京", "text": "x", "englisch": "Tokyo"}],
        ["東京"],
    ],
)
def test_a_page_that_is_none_is_named(tmp_path: Path, pages: object) -> None:
    with pytest.raises(InputError, match="page 1") as error:
        build(tmp_path, pages)
    assert "source.yaml" in str(error.value)


def test_two_pages_of_one_title_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"page 5: 日本 stands in .*source\.yaml too"):
        build(tmp_path, [*PAGES, {"title": "日本", "text": "x"}])


@pytest.mark.parametrize(
    "source",
    [
        "- title: [東京\n",
        "",
        "- title: 1877\n  text: x\n",
        "- title: 東京\n  text:\n",
        "- title: 東京\n  english: 2010\n  text: x\n",
    ],
)
def test_a_source_that_is_no_list_of_pages_is_named(tmp_path: Path, source: str) -> None:
    with pytest.raises(InputError, match=r"source\.yaml"):
        build(tmp_path, source)


# --- the repository's own -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> list[Title]:
    folder = tmp_path_factory.mktemp("ja")
    paths = [folder / name for name in ("dump.bz2", "index.bz2", "langlinks.sql.gz")]
    count = sample.build(sorted((WIKIS / "ja").glob("*.yaml")), "ja", *paths)
    rows = parse(*paths)
    assert len(rows) == count
    return rows


def articles(rows: list[Title]) -> list[Title]:
    return [row for row in rows if row.kind == "article"]


def test_the_japanese_wiki_is_large_enough(own: list[Title]) -> None:
    kinds = Counter(row.kind for row in own)
    assert kinds["article"] >= 300
    assert kinds["redirect"] >= 10
    assert kinds["disambiguation"] >= 3
    assert set(kinds) <= {"article", "redirect", "disambiguation", "list"}


def test_every_article_has_a_lead_of_two_to_four_sentences_and_a_link(
    own: list[Title],
) -> None:
    wrong = []
    for row in articles(own):
        count = len(sentences.split(row.lead, JA))
        links = [link for link in json.loads(row.links) if link[2] != row.title]
        if not 2 <= count <= 4 or not links or not row.english:
            wrong.append((row.title, count, len(links), row.english))
    assert wrong == []


def test_every_link_is_where_it_says(own: list[Title]) -> None:
    for row in articles(own):
        for start, end, target, *_ in json.loads(row.links):
            assert 0 <= start < end <= len(row.lead)
            assert target
        assert not re.search(r"\[\[|\]\]|\{\{|'''|<", row.lead), row.title


def test_every_english_title_is_of_one_article(own: list[Title]) -> None:
    counts = Counter(row.english for row in articles(own))
    assert [english for english, count in counts.items() if count > 1] == []


def test_every_redirect_leads_to_an_article(own: list[Title]) -> None:
    titles = {row.title for row in articles(own)}
    redirects = [row for row in own if row.kind == "redirect"]
    assert [row.title for row in redirects if row.redirect not in titles] == []


@pytest.mark.parametrize("code", sorted(path.name for path in WIKIS.iterdir()))
def test_every_shipped_wiki_is_read(code: str, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("dump.bz2", "index.bz2", "langlinks.sql.gz")]
    sample.build(sorted((WIKIS / code).glob("*.yaml")), code, *paths)
    assert articles(parse(*paths, code))
