from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from places import DATA
from reading import check_refused

from eatner.corpora import formats
from eatner.corpora.resemblance import LINE, resembles

TEN = "\t_\tX\t_\t_\t0\troot\t_\t_"
SONNETS = "Shall I compare thee\nto a summer’s day?\nThou art more lovely\nand more temperate:\n"


@pytest.mark.parametrize(
    "content",
    [
        "Rome is old.\n",
        "Hello\n",
        "東京\n",
        "Anna Muster\nPeter Meier\nJoão Silva\nAna Silva\nRui Silva\n",
        "Rome, Italy\nParis, France\nOslo, Norway\n",
        "Rome\nParis\nOslo\nNew York\nSão Paulo\n",
        "1 Rome\n2 Paris\n3 Oslo\n4 Bern\n",
        SONNETS,
        "[12:01] <Anna> Hallo\n[12:02] <Bob> hi | wie geht's?\n[12:03] <Anna> gut\n",
        "Anna: wo bist du?\nBob: in Rom!\nAnna: ok\n",
        "Die S-Bahn hält.\nWir nehmen die U-Bahn\n",
        "O mar\nO céu e a terra\nO rio\nE nós\n",
        "Ein <b>fettes</b> Wort und <i>noch</i> eins.\nDann keines.\n",
        "if a < b and c > d\nthen stop\nelse go on\n",
        "Er kam;ging;blieb.\nSie auch.\nUnd dann, nach 1,000 Tagen, starb er.\n",
        "Preis: 3,50 Euro\nPreis: 4,20 Euro\nPreis: 5,00 Euro\n",
        "और वह गया।\nदिल्ली भारत की राजधानी है।\n",
        "القاهرة عاصمة مصر.\nوهي مدينة كبيرة.\n",
        "[Rome] is old [1].\n(So am I.)\n",
        "see http://a.b/c_d|e and x/y or and/or\nnot/either way, he/she came\n",
        "- Rome\n- Paris\n* Oslo\n",
        "\tIndented by tabs\n\tlike a poem\n\tor a quotation\n",
        "O Rio\nO Porto\nO mar\nO Brasil\nO céu\n",
        "200 g flour\n100 g sugar\n2 eggs\n1 l milk\n50 g butter\n",
        "Homo sapiens L.\nFelis catus L.\nCanis lupus L.\nBellis perennis L.\n",
        "Anna lives in Rome\nBob lives in Oslo\nIda lives in Bonn\nEva lives in Ulm\n",
        "DATE/TIME: 12 May\nPLACE: Rome\n",
        "3 pm 10 12 people were there\n12 May 10 20 people came\n",
        "{{Infobox|name=Rome}}\nRome is old.\n",
        "- [Rome](rome.md)\n- [Oslo](https://x.org/oslo)\n- [Bonn](#bonn)\n",
    ],
)
def test_plain_text_is_text(tmp_path: Path, content: str) -> None:
    path = tmp_path / "text"
    path.write_text(content, encoding="utf-8")
    assert formats.detect(path) == "text"


@pytest.mark.parametrize("lines", [1, 2, 3, 5, 10, 100])
def test_the_news_of_every_language_is_text(tmp_path: Path, lines: int) -> None:
    files = sorted((DATA / "ntrex128").glob("*.txt"))
    if not files:
        pytest.skip("ntrex128 is absent")
    for file in files:
        text = file.read_text(encoding="utf-8").splitlines()
        for start in range(0, 1900, 170):
            (tmp_path / "text").write_text("\n".join(text[start : start + lines]) + "\n")
            assert formats.detect(tmp_path / "text") == "text", (file, start)


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("1\teng\tAnna lives in Rome.\n2\teng\tShe sings.\n", 1, "3 columns separated by tabs"),
        ("Anna\tPER\nRome\tLOC\n", 1, "2 columns separated by tabs"),
        ("0\tAnna lives here\n1\tRome fell today\n", 1, "2 columns separated by tabs"),
        ("Rome,Italy\nParis,France\nOslo,Norway\n", 1, "2 columns separated by commas"),
        ("id,text,label\n0,Anna lebt,pos\n", 1, "a table with a heading"),
        ("| a | b |\n| c | d |\n| e | f |\n", 1, "columns separated by bars"),
        ("Rome LOC\nfell X\nAnna PER\nwept X\nthen X\n", 1, "2 columns separated by spaces"),
        ("<PERSON>Anna</PERSON> lives in Rome.\n", 1, "XML or SGML"),
        ("Ja.\n<b_person>Anna</b_person> lives.\n", 2, "XML or SGML"),
        ("<persName>Anna</persName> lives in <placeName>Rome</placeName>.\n", 1, "XML or SGML"),
        ('<rs type="person">Anna</rs> lives in Rome.\n', 1, "XML or SGML"),
        ("<START:person> Anna <END> lives in Rome .\n", 1, "XML or SGML"),
        ('<?xml version="1.0"?>\n<doc>\nAnna lives\n</doc>\n', 1, "XML or HTML"),
        ("who is [Anna](PERSON) in [Rome](city)\n", 1, "brackets"),
        ("Anna[PER] lives in Rome[LOC].\n", 1, "brackets"),
        ("Anna_PER lives in Rome_LOC.\n", 1, "brackets"),
        ('<b_enamex TYPE="PERSON">Anna<e_enamex> lives.\n', 1, "XML or SGML"),
        ("[PER Anna] lives in [LOC Rome].\n", 1, "brackets"),
        ("[@Anna#PER*] lives in [@Rome#LOC*].\n", 1, "brackets"),
        ("<서울:LC>에 비가 온다\n", 1, "brackets"),
        ("Anna/NNP lives/VBZ in/IN Rome/NNP ./.\n", 1, "words carry tags"),
        ("迈向/v 充满/v 希望/n 的/u 新/a 世纪/n\n", 1, "words carry tags"),
        ("(TOP (S (NP (NNP Anna)) (VP (VBZ lives))))\n", 1, "syntax trees"),
        ("{'text': 'Anna lives', 'label': [[0, 4, 'PER']]}\n", 1, "Python"),
        ("TRAIN_DATA = [('Anna lives', {'entities': [(0, 4, 'PER')]})]\n", 1, "Python"),
        ("Anna\nlives\nin\nRome\n.\n\nShe\nsings\n,\nhe\nsleeps\n.\n", 5, "token a line without"),
        ("1 Anna\n2 lives\n\n1 Rome\n2 fell\n", 1, "numbered tokens"),
        ("de:Anna\nde:lebt\nde:.\n", 1, "tokens with their language"),
        ("1\n00:00:01,000 --> 00:00:02,000\nHallo.\n", 2, "subtitles"),
        (f"1\tKari{TEN}\n2\tbor{TEN}\n", 1, "CoNLL-U without"),
        ("1\tKari\t_\tX\t_\t_\t0\troot\t_\tEntity=(1-person\n", 1, "entities are in brackets"),
        ("0.5 1.5\n0.25 3\n", 1, "no line has a letter"),
        ("Rome fell to B-PER\nthen I-LOC came\n", 1, "tags of entities"),
        ("File,Line,Begin,End,Type\na.txt,0,0,4,PER\na.txt,1,3,7,LOC\n", 1, "5 columns"),
        ("## intent:place\n- I live in [Rome](city)\n", 1, "Rasa"),
        ('version: "3.1"\nnlu:\n- intent: place\n', 2, "Rasa"),
        ("I live in [Rome](city)\nI am [Anna](name)\n", 1, "brackets"),
        ("{{person_name:李明}}去{{location:北京}}了\n", 1, "brackets"),
        ("Anna fell\tB-PER O\nShe sings\tO O\n", 1, "words before their tags"),
        ("Anna fell ||| B-PER O\nShe sings ||| O O\n", 1, "words before their tags"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 9\n", 1, "Git LFS"),
        ("PER 0 4\nLOC 14 18\n", 1, "standoff"),
        ("Anna lives in Rome.\n0,1 PER|3,4 LOC\n", 2, "standoff"),
        ("@prefix nif: <http://x/nif#> .\n<http://x#char=0,4> a nif:Phrase .\n", 1, "RDF"),
        ("INSERT INTO t VALUES (1, 'Anna', 'PER');\n", 1, "SQL"),
        ("Anna (PER) lives in Rome (LOC).\nShe sings.\n", 1, "brackets"),
        ("【张三/人名】去了【北京/地名】。\n", 1, "brackets"),
        ("@@Anna## lives in @@Rome##.\n", 1, "brackets"),
        ("100|t|Anna lives\n100|a|In Rome.\n100\t0\t4\tAnna\tPER\tQ1\n", 1, "PubTator"),
        ('<?xml version="1.0"?>\n<xmi:XMI xmi:version="2.0">\n</xmi:XMI>\n', 2, "UIMA CAS"),
        ("1 loc_name 0 4 1 1 # 1 Рим\n2 name 6 4 2 1 # 2 Анна\n", 1, "standoff"),
        ("今天/o 去/o [北京/ns 大学/n]nt\n明天/t 上课/v\n", 1, "words carry tags"),
        ("# text = Anna sang\n1\tAnna\tAnna\tX\t_\t_\t0\troot\t_\tEntity=(1-person\n", 2, "GUM"),
    ],
)  # fmt: skip
def test_annotation_is_never_text(load, content: str, line: int, problem: str) -> None:
    check_refused(partial(load, content), line, problem)


def test_a_few_such_lines_in_a_text_are_warned_of(load, caplog) -> None:
    content = "Er ging nach Hause.\n" * 200
    assert len(load(content + "Ein\tTab.\n")) == 201
    assert "line 201: a tab in 1 line(s)" in caplog.text
    assert len(load(content + "<PERSON>Anna</PERSON> kam.\n")) == 201
    assert "line 201: entities marked inline in 1 line(s)" in caplog.text


def test_nothing_resembles_an_empty_file() -> None:
    assert resembles([]) is None


@pytest.mark.parametrize("run", ["_", "\t", "A", "1 ", "[", "{", "a_"])
def test_the_time_for_a_long_line_does_not_grow_with_its_square(run: str) -> None:
    """Found by the fuzzer. Of a million characters a pattern would look for hours."""
    lines = [(1, "Rome " + run * 1_000_000), (2, "b")]
    short = [(1, lines[0][1][:LINE]), (2, "b")]
    assert resembles(lines) == resembles(short)
