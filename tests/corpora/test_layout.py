from __future__ import annotations

from functools import partial

import pytest
from reading import check_refused, surfaces, tokens

TWO = [[("Rome", "LOC")], [("Anna", "PER")]]


def ten(number: str, form: str, misc: str = "_") -> str:
    return "\t".join([number, form, *"_______", misc]) + "\n"


@pytest.mark.parametrize(
    "content",
    [
        # A sentence's number on its first token alone, with and without a heading.
        "Sentence: 1,Rome,NNP,B-LOC\n,fell,VBD,O\nSentence: 2,Anna,NNP,B-PER\n,wept,VBD,O\n",
        "1\tRome\tB-LOC\n\tfell\tO\n2\tAnna\tB-PER\n\twept\tO\n",
        # Rows of nothing, as a table's export has them.
        "Rome,NNP,B-LOC\nfell,VBD,O\n,,\nAnna,NNP,B-PER\nwept,VBD,O\n,,\n",
        # Offsets before and after the token; confidences.
        "0\t4\tRome\tB-LOC\n5\t9\tfell\tO\n\n11\t15\tAnna\tB-PER\n16\t20\twept\tO\n",
        "Rome\t0\t4\tB-LOC\nfell\t5\t9\tO\n\nAnna\t11\t15\tB-PER\nwept\t16\t20\tO\n",
        "Rome B-LOC 0.98\nfell O 0.9\n\nAnna B-PER 0.97\nwept O 1.0\n",
        # No-break spaces, padding, an empty first column, a trailing separator.
        "Rome\u00a0B-LOC\nfell\u00a0O\n\nAnna\u00a0B-PER\nwept\u00a0O\n",
        "Rome   \t B-LOC\nfell   \t O\n\nAnna   \t B-PER\nwept   \t O\n",
        "\tRome NN B-LOC\n\tfell VB O\n\n\tAnna NN B-PER\n\twept VB O\n",
        "Rome\tB-LOC\t\nfell\tO\t\n\nAnna\tB-PER\t\nwept\tO\t\n",
        "Rome;B-LOC;;\nfell;O;;\n;;;\nAnna;B-PER;;\nwept;O;;\n",
        # -DOCSTART-, -X-, chunks; MultiCoNER; GermEval.
        "-DOCSTART- -X- -X- O\n\nRome NNP B-NP B-LOC\nfell VBD B-VP O\n\n"
        "Anna -X- B-NP B-PER\nwept -X- O O\n",
        "# id 5f-2\tdomain=en\nRome _ _ B-LOC\nfell _ _ O\n\n"
        "# id 5f-3\tdomain=en\nAnna _ _ B-PER\nwept _ _ O\n",
        "#\tn-tv.de vom [2005] \n1\tRome\tB-LOC\tO\n2\tfell\tO\tO\n\n"
        "#\tx\n1\tAnna\tB-PER\tO\n2\twept\tO\tO\n",
        # KLUE's remarks; those of HIPE inside a sentence.
        "## klue-1\t<Rome:LC> fell\nRome\tB-LOC\nfell\tO\n\n## klue-2\tx\nAnna\tB-PER\nwept\tO\n",
        "# document_id = 1\nRome\tB-LOC\t_\n# segment_iiif_link = _\nfell\tO\tEndOfSentence\n"
        "# document_id = 2\nAnna\tB-PER\t_\nwept\tO\t_\n",
        # Keys of tags in the last column.
        *(ten("1", "Rome", f"{key}=B-LOC") + ten("2", "fell", f"{key}=O") + "\n"
          + ten("1", "Anna", f"{key}=B-PER") + ten("2", "wept", f"{key}=O")
          for key in ("NE", "NER", "ner", "name", "Tag", "entity", "MyTag")),
        ten("1", "Rome", "NE=B-LOC") + ten("2", "fell") + "\n" + ten("1", "Anna", "x=1|NE=B-PER")
        + ten("2", "wept", "x=2"),
        # HIPE's ends of sentences; CoNLL-2012's brackets, and those of CoNLL-2005.
        "Rome\tB-LOC\tO\t_\nfell\tO\tO\tEndOfSentence\nAnna\tB-PER\tO\t_\nwept\tO\tO\tEndOfSentence\n",
        "#begin document (a); part 000\na 0 0 Rome NN (NP*) - - - s (LOC) *  (1)\n"
        "a 0 1 fell VB (VP*) fall 1 - s * (V*) -\n\na 0 0 Anna NN (NP*) - - - s (PER) -\n"
        "a 0 1 wept VB (VP*) - - - s * -\n\n#end document\n",
        "Rome NN (LOC)\nfell VB *\n\nAnna NN (PER)\nwept VB *\n",
    ],
)  # fmt: skip
def test_layouts_of_every_kind(load, content: str, caplog) -> None:
    read = load(content)
    assert [tokens(sentence) for sentence in read] == [["Rome", "fell"], ["Anna", "wept"]]
    assert [surfaces(sentence) for sentence in read] == TWO
    for sentence in load(content, "conll"):
        assert surfaces(sentence) in TWO


def test_values_of_csv_that_go_over_lines(load) -> None:
    [sentence] = load('word,tag\nRome,B-LOC\n"\n",O\n"a\nb",O\n"x, y",O\nAnna,B-PER\n')
    assert surfaces(sentence) == [("Rome", "LOC"), ("Anna", "PER")]
    assert tokens(sentence)[2:4] == ["a\nb", "x, y"]


def test_an_entity_on_the_line_of_a_contraction(load) -> None:
    head = ten("1", "Banco", "ner=B-ORG")
    words = ten("2", "de") + ten("3", "el")
    for tag, expected in [("I-ORG", "Banco del"), ("E-ORG", "Banco del"), ("O", "Banco")]:
        begin = head if tag != "O" else ten("1", "Banco", "ner=S-ORG")
        [sentence] = load(begin + ten("2-3", "del", f"ner={tag}") + words + ten("4", "x", "ner=O"))
        assert sentence.text == "Banco del x"
        assert surfaces(sentence) == [(expected, "ORG")]
    [sentence] = load(ten("1-2", "del", "ner=S-LOC") + ten("1", "de") + ten("2", "el"))
    assert surfaces(sentence) == [("del", "LOC")]


def test_a_contraction_and_its_words_that_disagree(load) -> None:
    content = ten("1-2", "del", "ner=B-ORG") + ten("1", "de", "ner=B-LOC") + ten("2", "el", "ner=O")
    check_refused(partial(load, content), 1, "B-ORG on the line of 'del', and B-LOC")


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("a B-OCC B-PERS\nb I-OCC I-PERS\nc O O\nd B-GPE\ne I-GPE\n", 4, "2 columns where most"),
        ("Rome\tB-LOC\nfell\tO\n\nAnna B-PER\nwept\tO\n", 4, "1 columns where most lines have 2"),
        ("token\ttag\nRome\tB-LOC\n\ntoken\ttag\nAnna\tB-PER\n", 4, "'tag' is no tag"),
        ("mots,etiquettes\nRome,B-LOC\nfell,O\n", 1, "'etiquettes' is no tag"),
        (
            ten("1", "Rome", "name=B-LOC")
            + ten("2", "Anna", "nmae=B-PER")
            + ten("3", "x", "name=O"),
            2,
            "'nmae=B-PER' where other tokens have name=",
        ),
        (
            "#begin document (a); part 000\na 0 0 Rome NN (NP*) - - - s (LOC) * -\n"
            "a 0 1 fell VB (VP*) - - - s * -\n",
            3,
            "12 columns where the sentence's first row has 13",
        ),
        (
            "#begin (a); part 000\n"
            + "".join(
                f"a 0 {n} Rome NN (NP*) - - - s {'*' if n else '(LOC)'} * -\n" for n in range(12)
            ),
            1,
            "4 columns where the file has more",
        ),
        ("# text = a b\na\tO\nb\tO\n\n# text = c dc\tO\nd\tB-LOC\n", 5, "a remark and a token"),
        ("sentence,word,tag\n1,a,O\n2,b,B-LOC\n1,c,O\n", 4, "sentence 1 goes on here"),
    ],
)
def test_the_odd_row_is_named(load, content: str, line: int, problem: str) -> None:
    check_refused(partial(load, content), line, problem)


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        ("1\tO\n2\tB-LOC\n" + "3\tO\n" * 9, "holds numbers or marks"),
        ("Rome\tB-LOC\nfell\tO\n</s>\tO\nAnna\tB-PER\n", "line 3: '</s>' (column 0) is a mark"),
        ("[CLS] O\nRo B-LOC\n##me I-LOC\nfell O\n", "line 1: '[CLS]' (column 0) is a mark"),
        (
            "科0\tO\n技1\tO\n北0\tB-GPE\n京1\tI-GPE\n",
            "line 1: '科0' (column 0) is a character with",
        ),
        ("Rome\tB-LOC\n\tO\nfell\tO\n", "line 2: an empty token"),
        ("NN\tO\nVB\tB-LOC\n" + "NN\tO\n" * 30, "holds a few codes"),
        ("d\t1\tA\tB-PER\nd\t1\tx\tO\nd\t2\tB\tB-PER\nd\t2\tx\tO\n", "holds a few codes"),
        ("Rome\tB-LOC\nfell\tO\nEOS\tO\n", "'EOS' (column 0) is a mark"),
        ('a,B-LOC\nb,O\nc,O\n"d, e",O\n"f,O\n', "a quote is not closed"),
        ("Er\tO\n.\tO\nSie\tB-PER\n.\tO\nEs\tO\n.\tO\n", "is one sentence of 6 tokens"),
    ],
)
def test_doubts_are_said(load, content: str, warning: str, caplog) -> None:
    load(content, "conll")
    assert warning in caplog.text
