from __future__ import annotations

import json

import pytest

from eatner.files import atomic, write_json, write_text


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "new" / "x.txt"
    write_text(path, "東京\n")
    assert path.read_bytes() == "東京\n".encode()

    def fail() -> None:
        with atomic(path) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == "東京\n".encode()
    assert [one.name for one in path.parent.iterdir()] == ["x.txt"]


def test_what_a_killed_job_left_behind_is_replaced(tmp_path):
    (tmp_path / ".x.json.partial").write_text("half of an old on")
    write_json(tmp_path / "x.json", {"名": [1]})
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {"名": [1]}
    assert [one.name for one in tmp_path.iterdir()] == ["x.json"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").touch()
    with atomic(folder) as partial:
        partial.mkdir()
        (partial / "new").touch()
    assert [one.name for one in folder.iterdir()] == ["new"]
