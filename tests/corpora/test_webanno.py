from __future__ import annotations

from functools import partial

import pytest
from reading import check_refused, surfaces, tokens

NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS"
HEAD = f"#FORMAT=WebAnno TSV 3.3\n#T_SP={NER}|identifier|value\n\n\n"


def row(name: str, place: str, form: str, *cells: str) -> str:
    return "\t".join([name, place, form, *cells]) + "\t\n"


SIMPLE = (
    HEAD
    + "#Text=Anna wohnt in New York.\n"
    + row("1-1", "0-4", "Anna", "_", "PER")
    + row("1-2", "5-10", "wohnt", "_", "_")
    + row("1-3", "11-13", "in", "_", "_")
    + row("1-4", "14-17", "New", "*[1]", "LOC[1]")
    + row("1-5", "18-22", "York", "*[1]", "LOC[1]")
    + row("1-6", "22-23", ".", "_", "_")
    + "\n#Text=Sie lacht.\n"
    + row("2-1", "24-27", "Sie", "_", "_")
    + row("2-2", "28-33", "lacht", "_", "_")
    + row("2-3", "33-34", ".", "_", "_")
)


def test_a_file_as_inception_writes_it(load) -> None:
    for content in (SIMPLE, "\ufeff" + SIMPLE, SIMPLE.replace("\n", "\r\n")):
        sentences = load(content)
        assert [s.text for s in sentences] == ["Anna wohnt in New York.", "Sie lacht."]
        assert [surfaces(s) for s in sentences] == [[("Anna", "PER"), ("New York", "LOC")], []]
        assert tokens(sentences[0]) == ["Anna", "wohnt", "in", "New", "York", "."]
        assert [e.line for e in sentences[0].entities] == [6, 9]


def test_java_counts_utf_16_units(load, caplog) -> None:
    content = (
        HEAD
        + "#Text=👍 Anna\n"
        + row("1-1", "0-2", "👍", "_", "_")
        + row("1-2", "3-7", "Anna", "_", "PER")
        + "\n#Text=Bonn\n"
        + row("2-1", "8-12", "Bonn", "_", "LOC")
    )
    assert [surfaces(s) for s in load(content)] == [[("Anna", "PER")], [("Bonn", "LOC")]]
    assert not caplog.records
    by_python = content.replace("0-2\t", "0-1\t").replace("3-7", "2-6").replace("8-12", "7-11")
    assert [surfaces(s) for s in load(by_python)] == [[("Anna", "PER")], [("Bonn", "LOC")]]
    assert "the offsets are read as code points" in caplog.text


def test_escapes_and_parts_of_tokens(load) -> None:
    content = (
        HEAD
        + "#Text=Der US-Präsident\\nC:\\\\Bonn\n"
        + row("1-1", "0-3", "Der", "_", "_")
        + row("1-2", "4-16", "US-Präsident", "_", "_")
        + row("1-2.1", "4-6", "US", "_", "GPE\\_deriv")
        + row("1-3", "17-24", "C:\\\\Bonn", "_", "_")
        + row("1-3.1", "20-24", "Bonn", "http://x/\\|y", "LOC")
    )
    [sentence] = load(content)
    assert sentence.text == "Der US-Präsident\nC:\\Bonn"
    assert surfaces(sentence) == [("US", "GPE_deriv"), ("Bonn", "LOC")]
    assert tokens(sentence) == ["Der", "US-Präsident", "C:\\Bonn"]


def test_layers_are_chosen_by_their_names(load, caplog) -> None:
    head = (
        "#FORMAT=WebAnno TSV 3.2\n"
        f"#T_SP={POS}|coarseValue|PosValue\n#T_SP=webanno.custom.Names|kind|value\n"
        "#T_RL=de.tudarmstadt.ukp.dkpro.core.api.syntax.type.dependency.Dependency|Type|BT_x\n\n\n"
    )
    one = head + "#Text=Anna\n" + row("1-1", "0-4", "Anna", "N", "NE", "_", "PER", "_", "_")
    assert surfaces(load(one)[0]) == [("Anna", "PER")]
    assert surfaces(load(one, spans_key="POS|PosValue")[0]) == [("Anna", "NE")]
    two = one.replace("\n\n\n", "\n#T_SP=webanno.custom.Places|value\n\n\n", 1)
    two = two.replace("PER\t_\t_\t", "PER\t_\t_\tLOC\t")
    check_refused(partial(load, two), 2, r"unclear.*Names\|kind, .*Places\|value")
    assert surfaces(load(two, spans_key="webanno.custom.Places")[0]) == [("Anna", "LOC")]
    check_refused(partial(load, two, spans_key="Xs"), 2, "unclear")
    none = f"#FORMAT=WebAnno TSV 3.2\n#T_SP={POS}|PosValue\n\n#Text=Anna\n"
    assert load(none + row("1-1", "0-4", "Anna", "NE"))[0].entities == ()
    assert "no layer of entities" in caplog.text


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("3.3", "2.0", 1, "does not say WebAnno TSV 3"),
        ("*[1]\tLOC[1]", "*[1]|*[2]\tLOC[1]|ORG[2]", 9, "overlaps another"),
        ("PER", "PER|ORG", 6, "overlaps another"),
        ("PER", "*", 6, "has no value"),
        ("PER", "PER[", 6, "no value of WebAnno TSV"),
        ("PER", "PER|", 6, "no value of WebAnno TSV"),
        ("LOC[1]\t\n1-5", "ORG[1]\t\n1-5", 9, r"number 1 has the labels LOC, ORG"),
        ("wohnt\t_\t_", "wohnt\t_\tLOC[1]", 7, "number 1 has a gap"),
        ("lacht\t_\t_", "lacht\t_\tLOC[1]", 15, "number 1 is on line 9 already"),
        ("5-10", "6-11", 7, "the token 'wohnt' is not at 6-11"),
        ("wohnt\t_\t_\t", "wohnt\t_", 7, "no token of 5 columns"),
        ("1-4\t", "1-3\t", 9, "a second token 1-3"),
        ("#Text=Anna", "Anna", 5, "no token of 5 columns"),
        ("Text=Sie lacht.", "Test=Sie lacht.", 14, "the token 'Sie' is not at 24-27"),
    ],
)
def test_contradictions_are_refused_with_their_line(
    load, old: str, new: str, line: int, problem: str
) -> None:
    content = SIMPLE.replace(old, new)
    assert content != SIMPLE
    check_refused(partial(load, content), line, problem)


@pytest.mark.parametrize("head", ["# webanno.custom.NE | value\n#id=1\n", "#id=1\n"])
def test_version_2_is_named(load, head: str) -> None:
    content = head + "#text=Anna lives.\n1-1\tAnna\tB-PER\n1-2\tlives\tO\n1-3\t.\tO\n\n"
    check_refused(partial(load, content), 1, "does not say WebAnno TSV 3")
