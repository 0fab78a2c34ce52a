from __future__ import annotations

import subprocess
import sys
from collections import Counter
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from places import DATA, ROOT
from reading import TYPES, check_refused, surfaces, tokens

from eatner.corpora import formats
from eatner.corpora.gold import AnnotatedSentence
from eatner.errors import InputError
from eatner.text import languages
from eatner.text import sentences as text_sentences


def need(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


def test_text_a_line_is_a_sentence(load) -> None:
    content = "東京。\r\n\r\n\tمرحبا \u2028x\nI am: B-LOC not"
    sentences = load(content, "text")
    assert [s.text for s in sentences] == ["東京。", "\tمرحبا \u2028x", "I am: B-LOC not"]
    assert [s.sentence_id for s in sentences] == ["000001", "000002", "000003"]
    assert sentences[0].tokens == sentences[0].entities == ()


def test_prose_is_split(load) -> None:
    def splitter(paragraph: str) -> list[tuple[int, int]]:
        ends = [0, *(at + 1 for at, char in enumerate(paragraph) if char == "。")]
        return list(pairwise(ends))

    content = "吾輩は猫\nである。名前は\nまだ無い。\n\nどこで。"
    sentences = load(content, "prose", spaces=False, splitter=splitter)
    assert [s.text for s in sentences] == ["吾輩は猫である。", "名前はまだ無い。", "どこで。"]
    assert [s.sentence_id for s in sentences] == ["000001", "000002", "000003"]
    # A sentence a line stays one, splitter or not.
    assert len(load("はい。いいえ。\n", "text", splitter=splitter)) == 1
    with pytest.raises(ValueError, match="needs a splitter"):
        load(content, "prose")


def test_a_line_of_paragraphs_holds_one_or_more_sentences(load) -> None:
    content = "첫 문장. 둘째 문장.\n\n제목\n 셋째 문장. \n"
    split = partial(text_sentences.split, language=languages.get("ko"))
    found = load(content, "paragraphs", splitter=split)
    assert [s.text for s in found] == ["첫 문장.", "둘째 문장.", "제목", "셋째 문장."]
    assert len({s.sentence_id for s in found}) == 4
    with pytest.raises(ValueError, match="needs a splitter"):
        load(content, "paragraphs")


def test_prose_goes_through_our_own_splitter(load) -> None:
    splitter = partial(text_sentences.split, language=languages.get("de"))
    content = "Er kam am 3. Mai\nan. Dr. Maier ging.\n\nEnde."
    texts = [s.text for s in load(content, "prose", splitter=splitter)]
    assert texts == ["Er kam am 3. Mai an.", "Dr. Maier ging.", "Ende."]


@pytest.mark.parametrize(
    ("content", "format"),
    [
        ("Rome\tB-LOC\n", "conll"),
        ("1\tRome\tB-LOC\n2\tis\tO\n", "conllu"),
        ('{"text": "a"}\n', "jsonl"),
        ('[\n{"text": "a"}]\n', "jsonl"),
        ("[Rome] is old.\n", "text"),
        ("Rome is old.\nSo am I.\n", "text"),
        ("東京は首都。\n", "text"),
        ("Wir nehmen die U-Bahn\nDas ist schön\n", "text"),
        ("O mar\nO céu e a terra\nO rio que passa na aldeia\nE nós\n", "text"),
        ("Er ging\n" * 60 + "zur U-Bahn\nzur S-Bahn\n", "text"),
        ("1\t1\ta\tO\n1\t2\tb\tO\n", "conllu"),
        ("1\ta\tO\n1\tb\tO\n", "conll"),
    ],
)
def test_detect(tmp_path: Path, content: str, format: str) -> None:
    path = tmp_path / "corpus"
    path.write_text(content)
    assert formats.detect(path) == format


@pytest.mark.parametrize(
    ("content", "format", "line", "problem"),
    [
        (b"", "auto", None, "holds no sentence"),
        (b"", "conll", None, "holds no sentence"),
        (b"\n \n", "jsonl", None, "holds no sentence"),
        (b"\n\n", "text", None, "holds no sentence"),
        (b"-DOCSTART-\tO\n", "conll", None, "holds no sentence"),
        ("a b c\nRome B-LOC\nd e\nOslo B-LOC\n" + "x y\n" * 30, "auto", 2, "cannot be told"),
        ("Rome\tB-LOC\tx\nfell\tx\n" * 9, "auto", 2, "format cannot be told"),
        ("x", "csv", None, "'csv' is unknown"),
    ],
)
def test_contradictions_are_refused_with_their_line(
    load, content: str | bytes, format: str, line: int | None, problem: str
) -> None:
    check_refused(partial(load, content, format), line, problem)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.bio", tmp_path):
        for format in ("auto", "conll"):
            with pytest.raises(InputError, match="cannot be read"):
                formats.read(path, format, language_spaces=True)


def test_an_unmapped_label_names_itself_its_line_and_the_mapped(load) -> None:
    sentences = load("Rome\tB-LOC\nMay\tB-DATE\n\nPKO\tB-Bank\n")
    with pytest.raises(InputError, match=r"'Bank' is not in .* PER, LOC, ORG, DATE") as caught:
        list(formats.check_labels(sentences, TYPES, "x.bio"))
    assert caught.value.line == 4
    with pytest.raises(InputError, match="maps to 'GPE'"):
        list(formats.check_labels([], {"LOC": "GPE"}, "x.bio"))
    sentences = load("Rome\tB-LOC|B-ORG\nfell\tO\n")
    with pytest.raises(InputError, match=r"'LOC\|B-ORG' holds another tag"):
        list(formats.check_labels(sentences, TYPES, "x.bio"))


def numbered(count: int) -> list[AnnotatedSentence]:
    return [AnnotatedSentence(f"{n:06d}", str(n)) for n in range(1, count + 1)]


def test_a_sample_is_fixed_ordered_and_barely_moved_by_growth() -> None:
    drawn = [s.sentence_id for s in formats.sample(numbered(500), 60, 1)]
    assert len(set(drawn)) == 60
    assert drawn == sorted(drawn)
    assert drawn[:1] == ["000005"]
    assert drawn != [s.sentence_id for s in formats.sample(numbered(500), 60, 2)]
    grown = [s.sentence_id for s in formats.sample(numbered(501), 60, 1)]
    assert len(set(drawn) - set(grown)) <= 1
    assert formats.sample(numbered(5), 60, 1) == numbered(5)


def test_a_sample_does_not_hang_on_the_hash_seed() -> None:
    script = (
        "from eatner.corpora.formats import sample;"
        "from eatner.corpora.gold import AnnotatedSentence;"
        "numbered = (AnnotatedSentence(str(n), str(n)) for n in range(99));"
        "print([s.text for s in sample(numbered, 5, 3)])"
    )
    path = str(ROOT / "workflow" / "scripts")
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


@pytest.mark.parametrize(
    ("name", "spaces", "count", "labels"),
    [
        ("ja_ud_gsd/dev.bio", False, 507, {"PERSON": 139, "ORG": 137, "GPE": 94, "LOC": 10}),
        ("ja_ud_gsd/train.bio", False, 7050, {"PERSON": 1935, "ORG": 1439, "GPE": 1341}),
        ("uner/Chinese-GSD/zh_gsd-ud-dev.iob2", False, 500, {"LOC": 437, "PER": 238, "ORG": 135}),
        ("uner/Russian-PUD/ru_pud-ud-test.iob2", True, 1000, {"PER": 414, "LOC": 346, "ORG": 276}),
        ("uner/English-PUD/en_pud-ud-test.iob2", True, 1000, {"LOC": 426, "PER": 414, "ORG": 235}),
        ("wikiann/de/val.conllu", True, 10000, {"LOC": 4968, "PER": 4569, "ORG": 4281}),
        ("wikiann/ru/val.conllu", True, 10000, {"LOC": 4852, "PER": 3590, "ORG": 3892}),
        ("wikiann/en/val.conllu", True, 10000, {"LOC": 4834, "PER": 4635, "ORG": 4677}),
        ("masakhaner/amh/dev.txt", True, 250, {"LOC": 143, "PER": 83, "DATE": 59, "ORG": 43}),
        ("masakhaner/amh/train.txt", True, 1750, {"LOC": 1050, "PER": 505, "ORG": 277}),
    ],
)
def test_real_files(name: str, spaces: bool, count: int, labels: dict[str, int]) -> None:
    path = need(name)
    sentences = list(formats.read(path, language_spaces=spaces))
    assert len(sentences) == len({s.sentence_id for s in sentences}) == count
    # `labels` counts the file's lines that begin with B-, by another program (grep -c).
    found = Counter(e.label for s in sentences for e in s.entities)
    assert {label: found[label] for label in labels} == labels
    lines = path.read_text(encoding="utf-8").split("\n")
    rows = [line.split("\t" if "\t" in line else " ") for line in lines if line[:2] != "# "]
    forms = [row[1 if len(row) > 2 else 0] for row in rows if row[0]]
    assert [token for s in sentences for token in tokens(s)] == forms


def test_text_of_uner_is_its_own() -> None:
    path = need("uner/Chinese-GSD/zh_gsd-ud-dev.iob2")
    lines = path.read_text().split("\n")
    texts = [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]
    assert [s.text for s in formats.read(path, language_spaces=False)] == texts


def test_joined_chinese_is_its_text(tmp_path: Path) -> None:
    """Without `# text`, the tokens are joined as the text has them in nearly every sentence."""
    source = need("uner/Chinese-GSD/zh_gsd-ud-train.iob2")
    bare = tmp_path / "bare.iob2"
    lines = source.read_text().splitlines(keepends=True)
    bare.write_text("".join(line for line in lines if not line.startswith("# text")))
    texts = [s.text for s in formats.read(source, language_spaces=False)]
    joined = [s.text for s in formats.read(bare, language_spaces=False)]
    assert sum(map(str.__eq__, texts, joined)) / len(texts) > 0.99


def test_wikiann_original_layout() -> None:
    files = sorted(need("wikiann_original_layout").glob("*/*"))
    assert len(files) >= 72
    for path in files:
        spaces = path.parent.name not in ("ja", "zh", "th", "my")
        [sentence] = formats.read(path, language_spaces=spaces)
        assert not sentence.text.startswith(f"{path.parent.name}:")
        assert {e.label for e in sentence.entities} <= set(TYPES)
        if path.parent.name in ("ja", "zh", "th"):
            assert " " not in sentence.text


def test_hironsancorpus() -> None:
    path = ROOT / "resources/artifacts/hironsancorpus/iob_sents.txt"
    if not path.exists():
        pytest.skip("the default corpus is not fetched")
    sentences = list(formats.read(path, language_spaces=False))
    assert len(sentences) == 500
    found = Counter(e.label for s in sentences for e in s.entities)
    assert (found["LOC"], found["ORG"], found["PSN"]) == (398, 251, 162)
    # PER stands for per cent here, which the type map has to know.
    assert ("10%", "PER") in {pair for s in sentences for pair in surfaces(s)}
