from __future__ import annotations

from pathlib import Path

import pytest
from smoke import ROOT

from eatner.config import files
from eatner.config.configuration import Configuration
from eatner.errors import InputError


def test_a_later_file_adds_to_an_earlier_one(tmp_path) -> None:
    (tmp_path / "a.yaml").write_text("seed: 1\nmodels: {x: {rank: 4, alpha: 8}, y: {}}\nl: [1]\n")
    (tmp_path / "b.yaml").write_text("seed: 2\nmodels: {x: {rank: 9}, z: null}\nl: [2]\n")
    read = files.read([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    models = {"x": {"rank": 9, "alpha": 8}, "y": {}, "z": None}
    assert read == {"seed": 2, "models": models, "l": [2]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", "cannot be read"),
        ("- a\n", "holds no sections"),
        (None, "cannot be read"),
        (f"seed: {'9' * 5000}\n", "cannot be read"),
        ("date: 2026-13-01\n", "cannot be read"),
        ("a: " + "[" * 5000, "cannot be read"),
    ],
)
def test_a_broken_file_is_named(tmp_path, content, said) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=said) as caught:
        files.read([path])
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_s_own_configuration_is_the_default(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert files.default(ROOT) == ROOT / "config/config.yaml"
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").touch()
    assert files.default(ROOT) == Path("config/config.yaml")


def test_paths_are_relative_to_the_folder_or_else_to_the_project(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    values = files.read([ROOT / "config/config.yaml"])
    configuration = Configuration.read(values, ROOT)
    assert configuration.wiki("ko").settings["sample"] == str(ROOT / "workflow/wikis/ko")
    assert configuration.corpus("ko-demo").text == str(ROOT / "config/corpora/ko_demo.txt")
    (tmp_path / "workflow/wikis/ko").mkdir(parents=True)
    (tmp_path / "workflow/wikis/ko/mine.yaml").touch()
    here = Configuration.read(values, ROOT)
    assert here.wiki("ko").settings["sample"] == "workflow/wikis/ko"
    assert values["wikis"]["ko"] == {"sample": "workflow/wikis/ko"}


def test_lexicons_by_what_reads_them(configuration) -> None:
    lexicon = "results/wiki/ko/lexicon.marisa"
    assert configuration.hint_lexicon("tiny", "ko") == lexicon
    assert configuration.hint_lexicon("tiny", "zh") is None
    assert configuration.hint_lexicon("tiny-plain", "ko") is None
    assert configuration.aligner_lexicon("fused", "ko") == lexicon
    assert configuration.aligner_lexicon("tiny-ko", "ko") is None
    with pytest.raises(InputError, match="unknown system 'nope'"):
        configuration.system("nope")
