"""Dumps to rows: formats, hostile files, and pages that are cut anywhere."""

from __future__ import annotations

import bz2
import gzip
import json
import multiprocessing
from itertools import pairwise

import pytest
from dumps import (
    DUMPS,
    HEAD,
    JA,
    KINDS,
    PAGES,
    RU,
    multistream,
    needs_data,
    page,
    parse,
    parse_pages,
)

from eatner.errors import InputError
from eatner.wiki import dump, streams
from eatner.wiki.dump import parse_dump


@pytest.mark.parametrize("form", ["xml", "single", "multi", "split"])
@pytest.mark.parametrize("threads", [1, 2])
def test_every_format_gives_the_same_rows(tmp_path, monkeypatch, form, threads):
    monkeypatch.setattr(streams, "_BATCH", 1)
    path = tmp_path / "dump"
    whole = (HEAD + "".join(PAGES) + "</mediawiki>\n").encode()
    if form == "xml":
        path.write_bytes(whole)
    elif form == "single":
        path.write_bytes(bz2.compress(whole))
    elif form == "multi":
        multistream(path, PAGES, 2)
    else:  # as pbzip2 does: a page goes over the edge of a stream, or of several
        cuts = [0, 900, 1100, 1150, 1700, 2600, len(whole)]
        path.write_bytes(b"".join(bz2.compress(whole[a:b]) for a, b in pairwise(cuts)))
    rows = parse(path, threads=threads)
    assert [row.page_id for row in rows] == [1, 2, 4, 5, 6, 7]
    assert [row.kind for row in rows] == KINDS
    assert [row.english for row in rows] == ["Tokyo", "", "", "", "", "Japan"]
    assert rows[0].lead == "東京は日本の首都。"
    assert json.loads(rows[0].links) == [[0, 2, "東京", True], [3, 5, "日本"]]
    assert rows[1].redirect == "東京"


@pytest.mark.parametrize(
    "begin", [gzip.compress(b"<mediawiki>", mtime=0), b"\xfd7zXZ\0abc", b"BZx9", b""]
)
def test_neither_xml_nor_bz2(tmp_path, begin):
    path = tmp_path / "d"
    path.write_bytes(begin)
    with pytest.raises(InputError, match="byte 0: neither XML nor bz2"):
        parse(path)


def test_a_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match="Is a directory"):
        parse(tmp_path)
    multistream(tmp_path / "d.bz2", PAGES)
    with pytest.raises(InputError, match="Is a directory"):
        parse(tmp_path / "d.bz2", index=tmp_path)


def test_a_dump_cut_between_streams_or_pages(tmp_path):
    path = tmp_path / "d.bz2"
    begins = multistream(path, PAGES, 2)
    path.write_bytes(path.read_bytes()[: begins[3]])
    with pytest.raises(InputError, match="without </mediawiki>"):
        parse(path)
    path.write_text(HEAD + PAGES[0] + PAGES[1][:200])
    with pytest.raises(InputError, match="without </mediawiki>"):
        parse(path)


@pytest.mark.parametrize("threads", [1, 2])
def test_invalid_utf8_is_an_error(tmp_path, threads):
    path = tmp_path / "d.xml"
    path.write_bytes((HEAD + PAGES[0] + "</mediawiki>").encode().replace("首".encode(), b"\xff"))
    with pytest.raises(InputError, match="not UTF-8"):
        parse(path, threads=threads)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, bz2.compress])
def test_utf16_is_refused(tmp_path, encoding, pack):
    path = tmp_path / "d"
    path.write_bytes(pack((HEAD + "</mediawiki>").encode(encoding)))
    with pytest.raises(InputError, match="UTF-16"):
        parse(path)


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    ],
)
def test_entity_bombs_and_external_entities(tmp_path, declared):
    path = tmp_path / "d.xml"
    path.write_text(declared + HEAD + PAGES[0] + "</mediawiki>")
    with pytest.raises(InputError, match="document type"):
        parse(path)
    path.write_text(HEAD + PAGES[0].replace("<page>", f"<page>{declared}") + "</mediawiki>")
    with pytest.raises(InputError, match="document type"):
        parse(path)


@pytest.mark.parametrize("form", ["xml", "single", "multi"])
def test_a_page_beyond_all_limits_is_a_row_without_text(tmp_path, monkeypatch, form):
    monkeypatch.setattr(dump, "PAGE_LIMIT", 1 << 20)
    monkeypatch.setattr(streams, "READ", 1 << 16)
    monkeypatch.setattr(dump, "READ", 1 << 16)
    monkeypatch.setattr(streams, "_BATCH", 1)
    path = tmp_path / "d"
    pages = [PAGES[0], page(8, "Large", "[[x]] " * (1 << 19)), PAGES[6]]
    if form == "multi":
        multistream(path, pages)
    else:
        whole = (HEAD + "".join(pages) + "</mediawiki>").encode()
        path.write_bytes(whole if form == "xml" else bz2.compress(whole))
    rows = parse(path)
    assert [(row.title, row.kind) for row in rows] == [
        ("東京", "article"), ("Large", "oversized"), ("日本", "article"),
    ]  # fmt: skip


def test_a_stream_that_inflates_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "_BATCH", 1)
    path = tmp_path / "d.bz2"
    bomb = bz2.compress(b" " * (20 << 20))
    head, end = bz2.compress((HEAD + PAGES[0]).encode()), bz2.compress(b"</mediawiki>")
    path.write_bytes(head + bomb + end)
    with pytest.raises(InputError, match="without the beginning of a page"):
        parse(path)


def test_deep_nesting_and_unclosed_tags(tmp_path):
    path = tmp_path / "d.xml"
    texts = [
        "{{" * 10_000 + "x",
        "'''T''' " + "<ref>" * 20_000,
        "[[" * 20_000 + "a" + "]]" * 20_000,
    ]
    path.write_text(
        HEAD + "".join(page(n, f"T{n}", text) for n, text in enumerate(texts, 1)) + "</mediawiki>"
    )
    assert [row.kind for row in parse(path)] == ["article"] * 3


@pytest.mark.parametrize("text", ["", "hello", "<html></html>", "\n", "BZh9 no"])
def test_what_is_no_dump(tmp_path, text):
    path = tmp_path / "d"
    path.write_text(text)
    with pytest.raises(InputError):
        parse(path)


def test_processes_end_with_the_reader(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "_BATCH", 1)
    path = tmp_path / "d.bz2"
    multistream(path, PAGES * 5, 1)
    rows = parse_dump(path, JA, {}, threads=2)
    next(rows)
    rows.close()
    assert not multiprocessing.active_children()


@needs_data
def test_the_real_utf16_dump_is_refused():
    with pytest.raises(InputError):
        parse(DUMPS / "bgwiki-latest-pages-articles-shortened.xml.bz2")


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_process_says_what_it_says_without_one(tmp_path, threads):
    """Where the problem's own words stand in the remedy too, nothing of the two is lost."""
    path = tmp_path / "d.xml"
    path.write_text(HEAD + page(8, "", "x") + "</mediawiki>")
    with pytest.raises(InputError) as caught:
        parse(path, threads=threads)
    assert str(caught.value) == f"{path}: the title of page 8 is empty. {streams.AGAIN}"


def test_a_system_that_cannot_fork_reads_in_one_process(monkeypatch):
    monkeypatch.setattr(dump.multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    monkeypatch.setattr(dump, "ProcessPoolExecutor", None)
    assert list(dump._ordered(None, lambda reader, item: item * 2, ["a", "b"], 4)) == ["aa", "bb"]


def test_an_error_keeps_its_line_on_the_way_between_processes():
    for threads in (1, 2):
        with pytest.raises(InputError) as caught:
            list(dump._ordered(None, _fail, ["a"], threads))
        error = caught.value
        assert (error.problem, error.line, error.record) == ("a is wrong", 7, "page 8")
        assert error.remedy == "a is wrong. Mend it."


def _fail(reader, item):
    problem = f"{item} is wrong"
    raise InputError(problem, path="d.xml", line=7, record="page 8", remedy=f"{problem}. Mend it.")


def test_a_title_with_a_hash_names_no_page(tmp_path, caplog):
    rows = parse_pages(
        tmp_path,
        page(1, "Берлин", "'''Берлин'''."),
        page(2, "Митте", "'''Митте'''."),
        page(3, "Берлин#Митте", "'''Митте'''."),
        language=RU,
        english={1: ":Berlin", 2: "Berlin#Mitte", 3: "Mitte"},
    )
    assert [row.english for row in rows] == ["Berlin", "", ""]
    assert "that of a section: 2; the first is page 2, 'Митте'" in caplog.text
