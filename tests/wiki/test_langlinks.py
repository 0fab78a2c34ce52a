"""The langlinks dump."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eatner.errors import InputError
from eatner.wiki import langlinks

TABLE = """-- MySQL dump 10.19
CREATE TABLE `langlinks` (
  `ll_from` int(10) unsigned NOT NULL DEFAULT 0,
  `ll_lang` varbinary(35) NOT NULL DEFAULT '',
  `ll_title` varbinary(255) NOT NULL DEFAULT '',
  PRIMARY KEY (`ll_from`,`ll_lang`),
  KEY `ll_lang` (`ll_lang`,`ll_title`)
) ENGINE=InnoDB DEFAULT CHARSET=binary;

/*!40000 ALTER TABLE `langlinks` DISABLE KEYS */;
"""
END = "/*!40000 ALTER TABLE `langlinks` ENABLE KEYS */;\n-- Dump completed on 2026-01-01\n"


def quoted(value: str) -> str:
    for plain, escaped in (
        ("\\", "\\\\"),
        ("'", "\\'"),
        ('"', '\\"'),
        ("\n", "\\n"),
        ("\0", "\\0"),
    ):
        value = value.replace(plain, escaped)
    return f"'{value}'"


def dump(rows: list[tuple[int, str, str]], a_statement: int = 1000) -> str:
    statements = [
        "INSERT INTO `langlinks` VALUES "
        + ",".join(
            f"({page},{quoted(code)},{quoted(title)})"
            for page, code, title in rows[at : at + a_statement]
        )
        + ";\n"
        for at in range(0, len(rows), a_statement)
    ]
    return TABLE + "".join(statements) + END


def write(folder: Path, text: str) -> Path:
    path = folder / "langlinks.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_the_wanted_language_and_no_empty_title(tmp_path):
    rows = [(1, "de", "Berlin"), (1, "en", "Berlin"), (2, "en", ""), (3, "en-simple", "X")]
    assert langlinks.read(write(tmp_path, dump(rows))) == {1: "Berlin"}


def test_gzip_is_read(tmp_path):
    path = tmp_path / "langlinks.sql.gz"
    path.write_bytes(gzip.compress(dump([(7, "en", "Tōkyō")]).encode()))
    assert langlinks.read(path) == {7: "Tōkyō"}


def test_a_title_that_looks_like_a_row(tmp_path):
    rows = [(1, "fr", "x'),(5,'en','Lie'"), (2, "en", "O'Brien, \\ \"(2,'en','B')\"")]
    assert langlinks.read(write(tmp_path, dump(rows))) == {2: rows[1][2]}


def test_columns_by_their_names(tmp_path):
    text = """CREATE TABLE `langlinks` (
  `ll_lang` varbinary(20) NOT NULL,
  `ll_note` varbinary(9) DEFAULT NULL,
  `ll_title` varbinary(255) NOT NULL,
  `ll_weight` double DEFAULT NULL,
  `ll_from` int(8) unsigned NOT NULL
) ENGINE=InnoDB;
INSERT INTO `langlinks` VALUES ('en',NULL,'Berlin',-1.5e3,4),('en','it\\'s','Paris',NULL,5);
"""
    assert langlinks.read(write(tmp_path, text)) == {4: "Berlin", 5: "Paris"}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["en", "de", "zh-min-nan"]),
            st.text(st.characters(codec="utf-8", exclude_characters="\r_"), max_size=40),
        ),
        max_size=40,
    ),
    st.integers(1, 7),
    st.integers(1, 97),
)
def test_any_titles_across_any_block_edge(tmp_path_factory, titles, a_statement, block):
    rows = [(number, code, title) for number, (code, title) in enumerate(titles, 1)]
    rows.append((999, "en", "Last"))
    path = write(tmp_path_factory.mktemp("sql"), dump(rows, a_statement))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(langlinks, "_BLOCK", block * 40)
        found = langlinks.read(path)
    assert found == {page: title for page, code, title in rows if code == "en" and title}


def test_cut_in_mid_row_names_the_byte(tmp_path):
    text = dump([(number, "en", f"Title {number}") for number in range(50)])
    cut = text[: text.index("Title 49") + 3]
    with pytest.raises(InputError, match=rf"byte {len(cut)}.*middle of a row"):
        langlinks.read(write(tmp_path, cut))


def test_a_cut_behind_a_semicolon_in_a_title(tmp_path):
    text = TABLE + "INSERT INTO `langlinks` VALUES (1,'en','A'),(2,'en','Foo; bar');\n"
    for end in ("", "UNLOCK TABLES;\n", "COMMIT;\n", END):
        assert langlinks.read(write(tmp_path, text + end)) == {1: "A", 2: "Foo; bar"}
    with pytest.raises(InputError, match="middle of a row"):
        langlinks.read(write(tmp_path, text[: text.index("; bar") + 1]))


def test_a_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match="a folder"):
        langlinks.read(tmp_path)


def test_a_gzip_file_cut_off(tmp_path):
    path = tmp_path / "langlinks.sql.gz"
    path.write_bytes(gzip.compress(dump([(7, "en", "Tokyo")]).encode())[:-20])
    with pytest.raises(InputError, match="cut off or damaged"):
        langlinks.read(path)


def test_another_table(tmp_path):
    text = "CREATE TABLE `page` (\n  `page_id` int(8) NOT NULL,\n  `page_title` int\n) E;\n"
    with pytest.raises(InputError, match="page_id page_title"):
        langlinks.read(write(tmp_path, text))


def test_no_table_at_all(tmp_path):
    with pytest.raises(InputError, match="no CREATE TABLE"):
        langlinks.read(write(tmp_path, "hello\n"))


def test_a_wiki_without_english_links(tmp_path):
    with pytest.raises(InputError, match="no page of this wiki has a link to the language 'en'"):
        langlinks.read(write(tmp_path, dump([(1, "de", "Berlin")])))


def test_a_title_that_is_not_utf8_is_left_out_and_said(tmp_path, caplog):
    path = tmp_path / "langlinks.sql"
    text = dump([(1, "en", "Berlin"), (2, "en", "PLACE")]).encode()
    path.write_bytes(text.replace(b"PLACE", b"Z\xfcrich"))
    assert langlinks.read(path) == {1: "Berlin"}
    assert "page 2 is not UTF-8" in caplog.text


def test_two_columns_of_one_name_are_an_error(tmp_path):
    text = dump([(1, "en", "Berlin")]).replace("`ll_lang` varbinary(35)", "`ll_from` int(3)")
    with pytest.raises(InputError, match="has the columns ll_from ll_from ll_title"):
        langlinks.read(write(tmp_path, text))


def test_a_dump_without_its_last_line_is_read_with_a_warning(tmp_path, caplog):
    rows = [(1, "en", "Berlin"), (2, "en", "Paris")]
    whole = dump(rows, a_statement=1)
    assert langlinks.read(write(tmp_path, whole)) == {1: "Berlin", 2: "Paris"}
    assert caplog.text == ""
    cut = whole[: whole.index("INSERT INTO `langlinks` VALUES (2")]
    assert langlinks.read(write(tmp_path, cut)) == {1: "Berlin"}
    assert "`-- Dump completed`, is missing" in caplog.text
