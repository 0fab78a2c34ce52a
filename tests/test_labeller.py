from __future__ import annotations

import subprocess
import sys
from contextlib import chdir

import pytest
import smoke

import eatner
from eatner import labeller as module
from eatner import tables
from eatner.llm import open as llm_open
from eatner.tables import FOUND, Alignment

TEXTS = [
    "김철수는 어제 서울에서 열린 회의에 참석했다.",
    "",
    "삼성은 런던에 연구소를 열었다. 비가 왔다.",
]
SYSTEMS = [("tiny", "toy", "tiny-ko"), ("identity", "lookup", "identity")]
SYSTEMS += [("tiny", "toy-reviewed", "tiny-ko")]


def load(project: smoke.Project, *parts: str, language: str = "ko", **more) -> eatner.Labeller:
    names = dict(zip(("translator", "tagger", "aligner"), parts, strict=False))
    names = {"translator": "tiny", "tagger": "toy", "aligner": "tiny-ko"} | names
    more = {"config": "smoke.yaml", "directory": project.folder} | more
    return eatner.load(language, **names, **more)


def entities(labeller: eatner.Labeller, texts: list[str], **options) -> list[list[tuple]]:
    found = labeller.label(texts, progress=False, **options)
    return [[(e.start, e.end, e.text, e.type, e.english, e.confidence) for e in es] for es in found]


def test_python_and_the_workflow_give_the_same_entities(project) -> None:
    lines = [*smoke.KO.splitlines(), TEXTS[2]]
    (project.folder / "raw.txt").write_text("".join(f"{line}\n" for line in lines))
    targets = [f"results/raw/align/{'/'.join(parts)}.tsv" for parts in SYSTEMS]
    corpus = {"language": "ko", "file": "raw.txt", "format": "text"}
    done = project.snakemake(*targets, corpora={"raw": corpus})
    assert done.returncode == 0, done.stdout
    number = 0
    for parts, target in zip(SYSTEMS, targets, strict=True):
        rows = list(tables.read(project.folder / target, Alignment))
        by_workflow = [
            [
                (*row.span, row.surface, row.type, row.english, row.confidence)
                for row in rows
                if row.sentence_id == f"{line:06d}" and row.status in FOUND
            ]
            for line in range(1, len(lines) + 1)
        ]
        from_python = entities(load(project, *parts), lines, split=False)
        assert from_python == [sorted(found) for found in by_workflow]
        number += sum(map(len, from_python))
    assert number


def test_offsets_are_those_of_the_text(project) -> None:
    labeller = load(project, *SYSTEMS[1])
    text = "비가 왔다.\n\n 김철수는 서울에 있다. 런던은 멀다."
    found = labeller(text)
    assert [(e.text, e.type) for e in found if e.text == "서울"] == [("서울", "LOC")]
    for entity in found:
        assert text[entity.start : entity.end] == entity.text
    assert [e.start for e in found] == sorted(e.start for e in found)
    assert labeller("") == labeller(" \n") == []


def test_texts_are_read_in_batches_and_come_back_in_order(project) -> None:
    labeller = load(project, *SYSTEMS[1])
    read = []

    def texts():
        for text in [*TEXTS, "서울."]:
            read.append(text)
            yield text

    found = labeller.label(texts(), batch=2, progress=False)
    next(found)
    assert read == TEXTS[:2]
    rest = list(found)
    assert [bool(each) for each in rest] == [False, bool(labeller(TEXTS[2])), True]


def test_an_llm_is_opened_once_and_shared(project, monkeypatch) -> None:
    opened = []
    whole = llm_open.open_llm

    def count(*arguments, **options):
        opened.append(arguments[2:])
        return whole(*arguments, **options)

    monkeypatch.setattr(llm_open, "open_llm", count)
    parts = ("tiny", "toy", "tiny-untuned")  # one LLM translates and aligns
    first, second = load(project, *parts), load(project, *parts, language="zh")
    for labeller in (first, second, first):
        labeller("서울은 東京.")
    assert len(opened) == 1
    del first, second, labeller
    load(project, *parts)("서울.")
    assert len(opened) == 2


def test_what_is_missing_is_said_with_the_command_that_makes_it(project) -> None:
    with pytest.raises(eatner.InputError) as caught:
        load(project, "tiny", "toy", "fused", language="ja")
    command = "eatner run results/models/fused/weights.json results/wiki/ja/lexicon.marisa"
    said = str(caught.value)
    assert f"Run: {command} --configfile smoke.yaml --directory {project.folder}" in said
    assert "\n" not in said
    with chdir(project.folder), pytest.raises(eatner.InputError) as caught:
        load(project, "tiny", "toy", "fused", directory=".")
    assert "--directory" not in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "language", "said"),
    [
        (("parallel",), "ko", "`parallel`, which takes its answers from a corpus"),
        (("tny",), "ko", "unknown translator 'tny'. Did you mean 'tiny'?"),
        (("tiny", "lookup"), "ko", "works on the sentence itself"),
        ((), "xx", "unknown language 'xx'"),
    ],
)
def test_a_system_that_cannot_label_is_refused(project, parts, language, said) -> None:
    with pytest.raises(eatner.InputError, match=said):
        load(project, *parts, language=language)


def test_a_named_system_and_settings(project) -> None:
    systems = {"mine": dict(zip(("translator", "tagger", "aligner"), SYSTEMS[1], strict=True))}
    settings = smoke.smoke_config() | {"compare": {"systems": systems}}
    options = {"config": settings, "directory": project.folder}
    labeller = eatner.load("ko", system="mine", **options)
    assert labeller.system == systems["mine"]
    assert "identity + lookup + identity" in repr(labeller)
    with pytest.raises(eatner.InputError, match="unknown system 'other'"):
        eatner.load("ko", system="other", **options)


def test_what_is_no_text_is_refused(project) -> None:
    labeller = load(project, *SYSTEMS[1])
    with pytest.raises(TypeError, match=r"labeller\(text\)"):
        labeller.label("서울")
    with pytest.raises(eatner.InputError, match="text 1, counted from 0: it holds half"):
        list(labeller.label(["서울", "\ud83d"], progress=False))
    for bad, kind in ((None, "NoneType"), (b"a", "bytes"), (5, "int"), (["a"], "list")):
        with pytest.raises(eatner.InputError, match=f"text 1, counted from 0: {kind} is not text"):
            list(labeller.label(["서울", bad], progress=False))
        with pytest.raises(eatner.InputError, match="is not text"):
            labeller(bad)
    for many in (None, 5, b"ab"):
        with pytest.raises(TypeError, match=r"label\(\) takes"):
            labeller.label(many)
    for batch in (0, -1, 2.5, "2", True):
        with pytest.raises(ValueError, match="at least 1"):
            labeller.label(["서울"], batch=batch)


def test_a_folder_that_is_not_there_is_named(project) -> None:
    with pytest.raises(eatner.InputError, match="gone: does not exist"):
        eatner.load("ko", directory=project.folder / "gone")
    with pytest.raises(TypeError, match="language is a name, not int"):
        eatner.load(5)


def test_control_characters_are_text(project) -> None:
    labeller = load(project, *SYSTEMS[1])
    found = [(e.text, e.start) for e in labeller("서울\x00에서 서울 \x01longest 서울")]
    assert all(text == "서울" for text, _ in found)
    assert found[-1][1] == 18


def test_import_is_light_and_the_rest_comes_on_demand() -> None:
    code = (
        "import sys, eatner; heavy = {'torch', 'numpy', 'pandas', 'yaml', 'tqdm'}; "
        "assert not heavy & set(sys.modules); assert 'load' in dir(eatner); "
        "from eatner.command.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: assert not heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "label" in done.stdout
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        eatner.lod  # noqa: B018
    assert eatner.load is module.load
