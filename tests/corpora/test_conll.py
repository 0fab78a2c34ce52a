from __future__ import annotations

from functools import partial

import pytest
from reading import check_refused, surfaces, tokens

from eatner.errors import InputError

ROME = [("Rome", "LOC"), ("Anna Magnani", "PER")]


@pytest.mark.parametrize(
    "content",
    [
        "Rome\tB-LOC\nloves\tO\nAnna\tB-PER\nMagnani\tI-PER\n",
        "Rome B-LOC\nloves O\nAnna B-PER\nMagnani I-PER",
        "Rome,B-LOC\r\nloves,O\r\nAnna,B-PER\r\nMagnani,I-PER\r\n\r\n\r\n",
        "\n\nRome|B-LOC\nloves|O\nAnna|B-PER\nMagnani|I-PER\n",
        "Rome;NNP;B-LOC\nloves;VB;O\nAnna;NNP;B-PER\nMagnani;NNP;I-PER\n",
        "\ufeffRome NNP B-NP I-LOC\nloves VB B-VP O\nAnna NNP B-NP I-PER\nMagnani NNP I-NP I-PER\n",
        "-DOCSTART- O\n\nRome   B-LOC\nloves  O\nAnna   B-PER\nMagnani I-PER\n",
        "0\tRome\tS-LOC\n1\tloves\tO\n2\tAnna\tB-PER\n3\tMagnani\tE-PER\n",
        "1\tRome\tU-LOC\t-\tanna\n2\tloves\tO\t-\t-\n3\tAnna\tB-PER\t-\t-\n4\tMagnani\tL-PER\t-\t-\n",
        "en:Rome\tI-LOC\nen:loves\tO\nen:Anna\tI-PER\nen:Magnani\tI-PER\n",
        "token,ner_tags\nRome,B-LOC\nloves,O\nAnna,B-PER\nMagnani,I-PER\n",
        "ID\tWord\tTag\n1\tRome\tB-LOC\n2\tloves\tO\n3\tAnna\tB-PER\n4\tMagnani\tI-PER\n",
        "# a remark\nRome\tI-LOC\nloves\tO\nAnna\tB-PER\nMagnani\tI-PER\n",
        "# id 5f-2\tdomain=en\nRome\t_\tB-LOC\nloves\t_\tO\nAnna\t_\tB-PER\nMagnani\t_\tI-PER\n",
    ],
)
@pytest.mark.parametrize("format", ["auto", "conll"])
def test_columns_of_every_kind(load, content: str, format: str) -> None:
    [sentence] = load(content, format)
    assert sentence.text == "Rome loves Anna Magnani"
    assert surfaces(sentence) == ROME
    assert tokens(sentence) == ["Rome", "loves", "Anna", "Magnani"]
    assert sentence.sentence_id == "000001"


def test_a_separator_can_be_given(load) -> None:
    [sentence] = load("Rome::B-LOC\n::::O\n", "conll", separator="::")
    assert tokens(sentence) == ["Rome", "::"]


def test_document_starts_and_blank_lines_are_no_sentences(load) -> None:
    content = "-DOCSTART- -X- O O\n\nA NN I-NP O\n\n \n-DOCSTART- -X- O O\n\nB NN I-NP I-LOC\n"
    assert [(s.sentence_id, s.text) for s in load(content)] == [("000001", "A"), ("000002", "B")]


def test_i_opens_an_entity_in_iob2(load) -> None:
    [sentence] = load("Rome\tB-LOC\nand\tO\nParis\tI-LOC\nLyon\tB-LOC\n")
    assert surfaces(sentence) == [("Rome", "LOC"), ("Paris", "LOC"), ("Lyon", "LOC")]


def test_iob1_is_told_from_iob2(load) -> None:
    # In IOB1 an I- of another type is a new entity, and B- parts two of the same type.
    [sentence] = load("Rome\tI-LOC\nAnna\tI-PER\nPeter\tB-PER\n")
    assert surfaces(sentence) == [("Rome", "LOC"), ("Anna", "PER"), ("Peter", "PER")]


def test_hash_tokens_are_not_comments(load) -> None:
    [sentence] = load("#\tO\nRome\tB-LOC\n")
    assert sentence.text == "# Rome"
    [sentence] = load("# O\n#Rome B-LOC\n")
    assert sentence.text == "# #Rome"


@pytest.mark.parametrize("format", ["auto", "conllu"])
@pytest.mark.parametrize(
    ("numbers", "line", "problem"),
    [
        ("1 2 / 1 3", 5, "'3' where the token's number 2 is expected"),
        ("1 2 3 / " * 50 + "1 2 2", 203, "'2' where the token's number 3"),
        ("1 2 3 / " * 600 + "1 2 4", 2403, "'4' where the token's number 3"),
        ("1 2 1 2", 3, "'1' where the token's number 3 .* a blank line"),
        ("x 2 3", 1, "'x' where the token's number is"),
        ("1 3 5 7", 2, "'3' where the token's number 2"),
    ],
)
def test_a_wrong_number_is_refused(
    load, format: str, numbers: str, line: int, problem: str
) -> None:
    lines = ["" if n == "/" else f"{n}\tw{n}\tO" for n in numbers.split()]
    with pytest.raises(InputError, match=problem) as caught:
        load("\n".join(lines), format)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "numbers",
    ["1-1 1-1 / 2-2 2-2", "0-0 0-1 / 1-0 1-1", "7-3 7-4 / 8-5 8-6"],
)
def test_numbers_of_sentences_and_tokens(load, numbers: str) -> None:
    rows = ["" if n == "/" else n.split("-") for n in numbers.split()]
    for columns in (slice(0, 1), slice(0, 2)):
        lines = ["\t".join([*n[columns], "Rom", "B-LOC"]) if n else "" for n in rows]
        assert [s.text for s in load("\n".join(lines))] == ["Rom Rom", "Rom Rom"]


def test_sentence_numbers_part_a_file_without_blank_lines(load) -> None:
    lines = ["sentence_id,words,labels", "7,a,O", "7,b,B-LOC", "7,c,O", "8,d,O", "8,e,B-PER"]
    assert [s.text for s in load("\n".join(lines))] == ["a b c", "d e"]


@pytest.mark.parametrize(
    ("numbers", "line", "problem"),
    [
        # Where blank lines part sentences, one is missing.
        ("1 1 1 / 2 2 2 3 3", 8, "'3' where the sentence's number 2 is expected"),
        ("1 1 1 2 2 2 1", 7, "sentence 1 goes on here, after another"),
    ],
)
def test_a_sentence_number_that_contradicts_is_refused(
    load, numbers: str, line: int, problem: str
) -> None:
    lines = ["" if n == "/" else f"{n}\tw\tO" for n in numbers.split()]
    with pytest.raises(InputError, match=problem) as caught:
        load("\n".join(lines))
    assert caught.value.line == line


def test_numbers_flush_right(load) -> None:
    lines = [f"{number:3d}  w{number}  O" for number in range(1, 12)]
    [sentence] = load("\n".join(lines))
    assert tokens(sentence)[8:] == ["w9", "w10", "w11"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # Tags first; behind a number; the tag of the outer entity; types, not chunks; comments.
        ("B-LOC\tRome\nO\tfell\n", ["Rome"]),
        ("1\tB-LOC\tRome\n2\tO\tfell\n", ["Rome"]),
        ("#\thttp://x\t[2009]\n1\tRome\tB-ORG\tB-LOC\n2\tfell\tI-ORG\tO\n", ["Rome fell"]),
        ("Rome NNP B-LOC B-NP\nfell VBD O B-VP\n", ["Rome"]),
        ("Rome NNP B-NP B-LOC\nfell VBD B-VP O\n", ["Rome"]),
        # Tokens that look like tags do not hide the tags behind them.
        ("U-Bahn\tO\nfell\tO\nB-Rome\tB-LOC\n", ["B-Rome"]),
        # CSV.
        ('"Rome","B-LOC"\n"fell, and","O"\n",","O"\n', ["Rome"]),
        ('"Rome",B-LOC\n",O\n,,O\n', ["Rome"]),
        ("Rome, B-LOC\nfell, O\n", ["Rome"]),
    ],
)
def test_columns_are_told(load, content: str, expected: list[str]) -> None:
    [sentence] = load(content)
    assert [surface for surface, _ in surfaces(sentence)] == expected


def test_quotes_of_csv_are_none_of_the_token(load) -> None:
    [sentence] = load('"Rome",B-LOC\n"a, b",O\n"""",O\n",",O\nx,O\n')
    assert tokens(sentence) == ["Rome", "a, b", '"', ",", "x"]


def test_columns_can_be_chosen(load) -> None:
    nested = "1\tUniversität\tB-ORG\tO\tx\n2\tRom\tI-ORG\tB-LOC\ty\n"
    for options, expected in [
        ({}, ["Universität Rom"]),
        ({"tag_column": 3}, ["Rom"]),
        ({"tag_column": -2}, ["Rom"]),
        ({"token_column": -1}, ["x y"]),
        ({"token_column": 4, "tag_column": 3}, ["y"]),
        ({"token_column": 0}, ["1 2"]),
    ]:
        [sentence] = load(nested, **options)
        assert [surface for surface, _ in surfaces(sentence)] == expected
    for options in ({"token_column": 5}, {"tag_column": 4}, {"token_column": 2, "tag_column": 2}):
        with pytest.raises(InputError, match=r"no column of tags .*token_column or tag_column"):
            load(nested, **options)


def test_two_columns_of_tags_are_named(load, caplog) -> None:
    load("Rom\tB-ORG\tB-LOC\n")
    assert "the columns 1 and 2 hold tags, and column 1 is read" in caplog.text
    assert "tag_column" in caplog.text


def test_a_document_start_parts_sentences(load) -> None:
    content = "Anna\tB-PER\n-DOCSTART-\tO\nlacht\tO\n"
    assert [s.text for s in load(content)] == ["Anna", "lacht"]


def test_digits_are_tokens_not_an_index(load) -> None:
    [sentence] = load("1\tO\n2\tO\n3\tB-LOC\n")
    assert sentence.text == "1 2 3"


def test_language_prefixes(load) -> None:
    [sentence] = load("ja:ユ\tB-PER\nja:リ\tI-PER\nja: \tO\nja::\tO\nja:\tO\n", spaces=False)
    assert sentence.text == "ユリ :"
    assert surfaces(sentence) == [("ユリ", "PER")]
    [sentence] = load("zh-min-nan:Tâi-oân\tB-LOC\n")
    assert sentence.text == "Tâi-oân"


def test_the_number_of_features_may_vary_where_there_are_many(load) -> None:
    content = "7\ta\tb\tc\td\tB-DATE\n月\ta\tb\tc\td\te\tf\tI-DATE\n"
    [sentence] = load(content, spaces=False)
    assert surfaces(sentence) == [("7月", "DATE")]


def test_text_and_id_of_conllu(load) -> None:
    content = (
        "# newdoc id = d\n# sent_id = d-7\n# text = «Рим», он.\n"
        "1\t«\tO\t-\t-\n2\tРим\tB-LOC\t-\tx\n3\t»\tO\t-\t-\n4\t,\tO\t-\t-\n5\tон\tO\t-\t-\n6\t.\tO\t-\t-\n"
    )
    for format in ("auto", "conllu"):
        [sentence] = load(content, format)
        assert (sentence.sentence_id, sentence.text) == ("d-7", "«Рим», он.")
        assert surfaces(sentence) == [("Рим", "LOC")]
        assert tokens(sentence) == ["«", "Рим", "»", ",", "он", "."]


def ten(number: str, form: str, misc: str = "_") -> str:
    return "\t".join([number, form, *"_______", misc]) + "\n"


def test_ten_columns_with_ne_and_space_after(load) -> None:
    content = (
        ten("1", "(", "SpaceAfter=No") + ten("2", "Rome", "NE=B-LOC|SpaceAfter=No") + ten("3", ")")
    )
    content += ten("3.1", "elided") + ten("4", "fell")
    [sentence] = load(content)
    assert sentence.text == "(Rome) fell"
    assert surfaces(sentence) == [("Rome", "LOC")]


def test_contractions(load) -> None:
    zum = ten("1-2", "zum") + ten("1", "zu") + ten("2", "dem") + ten("3", "Rhein", "NER=B-LOC")
    for head in ("", "# text = zum Rhein\n"):
        [sentence] = load(head + zum)
        assert sentence.text == "zum Rhein"
        assert tokens(sentence) == ["zum", "Rhein"]
        assert surfaces(sentence) == [("Rhein", "LOC")]
    spelt = ten("1-2", "L'Aia") + ten("1", "L'") + ten("2", "Aia", "NE=B-LOC") + ten("3", "!")
    assert tokens(load(spelt)[0]) == ["L'", "Aia", "!"]


GOOD = "Rome\tB-LOC\nfell\tO\nand\tO\n\n"


@pytest.mark.parametrize(
    ("content", "format", "line", "problem"),
    [
        (GOOD + "Oslo\tB_LOC\n", "conll", 5, "malformed tag 'B_LOC'"),
        (GOOD + "Oslo\tB-\n", "conll", 5, "malformed tag 'B-'"),
        (GOOD + "Oslo\tLOC\n", "conll", 5, "malformed tag"),
        (GOOD + "Oslo\n", "conll", 5, "1 columns where the file has 2"),
        (GOOD + "Oslo\tx\tB-LOC\n", "conll", 5, "3 columns"),
        (GOOD + "Oslo\tB-LOC\nx\tI-PER\n", "conll", 6, "I-PER continues no PER.*IOB2"),
        (GOOD + "Oslo\tS-LOC\nx\tU-PER\n", "conll", 6, "BIOES.*BILOU"),
        ("a\tB-X\nb\tE-X\nc\tI-X\n", "conll", 3, "I-X continues no X"),
        ("ja:a\tO\nja:b\tO\n" * 1500 + "b\tO\n", "conll", 3001, "lacks the prefix 'ja:'"),
        ("New York B-LOC\nx O\ny O\n", "conll", 1, "3 columns where the file has 2"),
        ("Rome is old.\n", "conll", 1, "no column of tags"),
        (GOOD, "conllu", 1, "no leading column that numbers"),
        ("1\ta\tO\n1\tb\tO\n", "conllu", 1, "no leading column that numbers"),
        ("ja:東\tB-LOC\nja:京\tI-LOC\nは\tO\nja:首\tO\n", "auto", 3, "lacks the prefix 'ja:'"),
        ("ja:東\tB-LOC\nko:京\tI-LOC\n", "auto", 2, "lacks the prefix 'ja:'"),
    ],
)
def test_contradictions_are_refused_with_their_line(
    load, content: str, format: str, line: int | None, problem: str
) -> None:
    check_refused(partial(load, content, format), line, problem)


def test_lenient_reads_what_iob2_refuses(load) -> None:
    [sentence] = load("Rome\tB-LOC\nx\tI-PER\n", scheme="lenient")
    assert surfaces(sentence) == [("Rome", "LOC"), ("x", "PER")]


def test_documents_begin_in_capitals_or_not(load) -> None:
    for mark in ("-DOCSTART- O", "-docstart- O", "-DOCSTART- (947testa CRICKET) O"):
        sentences = load(f"{mark}\n\nRome B-LOC\nfell O\n{mark}\nAnna B-PER\n")
        assert [s.text for s in sentences] == ["Rome fell", "Anna"]


@pytest.mark.parametrize("comment", ["# text = Rom", "# sent_id = s2"])
def test_a_sentence_has_one_text_and_one_id(load, comment: str) -> None:
    rows = "1\tRom\tB-LOC\n2\tlebt\tO\n\n"
    twice = f"# sent_id = s1\n# text = Rom lebt\n{comment}\n{rows}"
    with pytest.raises(InputError, match=r"line 3: a second `# .*blank line"):
        load(twice, "conllu")
    assert load(f"# sent_id = s1\n# sent_id = s1\n# text = Rom lebt\n{rows}", "conllu")
