"""A killed job goes on where it stopped, and writes what it would have written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tiny

from eatner import prompts
from eatner.llm import room
from eatner.llm.journal import Journal, answers_of, open_journal
from eatner.tables import Translation
from eatner.tag.base import tag
from eatner.tag.token_classification import TokenClassifier
from eatner.text import languages

NAMES = ("田中", "メルケル", "オバマ", "ソニー", "김철수", "Иван")
TEXTS = [f"{name}は東京で{number}回会談した。" for number, name in enumerate(NAMES)]


class KilledError(Exception):
    pass


def run(model, texts, journal=None):
    asked = [prompts.translation(text, languages.get("ja"), (), "few-shot") for text in texts]
    return model.complete(asked, max_new_tokens=6, no_repeat=True, journal=journal)


def test_a_killed_job_asks_only_for_the_rest_and_answers_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MAX_ROWS", 2)
    monkeypatch.setattr(room, "GPU_ROWS", 2)
    model = tiny.llm("gemma")
    whole = run(model, TEXTS)
    answer, done = model.generation.answer, []

    def killed_at_the_third(*asked):
        if len(done) == 2:
            raise KilledError
        done.append(asked)
        return answer(*asked)

    path = tmp_path / ".out.journal.jsonl"
    monkeypatch.setattr(model.generation, "answer", killed_at_the_third)
    with pytest.raises(KilledError):
        run(model, TEXTS, Journal(path, "tiny"))
    with open(path, "a", encoding="utf-8") as file:
        file.write('{"question": "cut in the mid')
    monkeypatch.setattr(model.generation, "answer", answer)
    before = model.calls
    journal = Journal(path, "tiny")
    assert run(model, TEXTS, journal) == whole
    assert model.calls - before == 2  # of six sentences
    journal.close()
    # Nothing is asked again, and of a text that has grown only what is new.
    before = model.calls
    assert run(model, TEXTS, Journal(path, "tiny")) == whole
    assert model.calls == before
    grown = Journal(path, "tiny")
    assert run(model, [*TEXTS, "新しい文。"], grown)[: len(whole)] == whole
    assert model.calls == before + 1
    grown.close()
    # Answers that no job asked for any more are forgotten.
    fewer = Journal(path, "tiny")
    assert len(fewer.known) == len(whole) + 1
    run(model, TEXTS[:2], fewer)
    fewer.close()
    assert len(Journal(path, "tiny").known) == 2


def test_another_llm_is_asked_anew(tmp_path):
    path = tmp_path / "j.jsonl"
    first = Journal(path, "one")
    first.add(first.key("prompt"), [("text", -1.0, 2, True)])
    assert first.key("prompt") in Journal(path, "one").known
    second = Journal(path, "two")
    assert second.key("prompt") not in second.known
    assert second.key("prompt", 1) != second.key("prompt", 2)


RECORD = b'{"question": "k", "answers": [["\xe6\x9d\xb1\xe4\xba\xac", -1.0, 2, true]]}\n'


@pytest.mark.parametrize(
    "damage",
    [
        RECORD[:26],  # within a character
        RECORD[:-1],  # whole, but for its end
        b"1\n",
        b"null\n",
        b'["question", "answers"]\n',
        b'{"question": "other"}\n',
        b'{"question": ["k"], "answers": []}\n',
        b'{"question": "other", "answers": {"text": 1}}\n',
        b"\0" * 64,  # what some file systems leave after a power cut
        b"\xff\xfe\n\n",
    ],
)
def test_a_damaged_line_costs_its_own_answer_alone(tmp_path, caplog, damage):
    path = tmp_path / "j.jsonl"
    path.write_bytes(RECORD.replace(b'"k"', b'"before"') + damage)
    whole = damage == RECORD[:-1]
    journal = Journal(path, "x")
    assert set(journal.known) == ({"before", "k"} if whole else {"before"})
    assert ("1 lines cannot be read" in caplog.text) is not whole
    journal.add(journal.key("new"), [("京都", -1.0, 2, True)])
    journal.file.close()
    # The next record stands on its own line.
    again = Journal(path, "x")
    assert again.known == journal.known
    assert again.known["before"] == [["東京", -1.0, 2, True]]


@pytest.mark.parametrize("cut", range(1, len(RECORD)))
def test_a_journal_that_is_cut_anywhere_is_read_and_gone_on_with(tmp_path, cut):
    path = tmp_path / "j.jsonl"
    path.write_bytes(RECORD[:cut])
    journal = Journal(path, "x")
    assert set(journal.known) <= {"k"}
    key = journal.key("new")
    journal.add(key, [["a"]])
    journal.file.close()
    assert Journal(path, "x").known[key] == [["a"]]


@pytest.mark.parametrize(
    "mark", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\r", "\r\n", "\n"]
)
def test_what_ends_a_line_elsewhere_is_a_part_of_an_answer(tmp_path, caplog, mark):
    path = tmp_path / "j.jsonl"
    said = f"a{mark}1{mark}b"
    journal = Journal(path, "x")
    key = journal.key("asked")
    journal.add(key, [(said, -1.0, 2, True)])
    assert Journal(path, "x").known == {key: [[said, -1.0, 2, True]]}
    journal.close()
    assert Journal(path, "x").known == {key: [[said, -1.0, 2, True]]}
    assert "cannot be read" not in caplog.text


def test_a_journal_of_the_earlier_format_is_empty(tmp_path, caplog):
    path = tmp_path / "j.jsonl"
    path.write_bytes(RECORD.replace(b'"question"', b'"key"') * 3)
    caplog.set_level("INFO")
    journal = Journal(path, "x")
    assert not journal.known
    assert "3 answers of another version are asked again" in caplog.text
    assert "cannot be read" not in caplog.text
    journal.add(journal.key("new"), [["a"]])
    journal.close()
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1


def test_answers_are_kept_to_the_last_digit(tmp_path):
    journal = Journal(tmp_path / "j.jsonl", "x")
    values = [-0.1, -1e-17, -123.456789012345678, 1 / 3]
    key = journal.key("q")
    journal.add(key, values)
    assert journal.known[key] == values
    journal.close()
    assert Journal(tmp_path / "j.jsonl", "x").known[key] == values


def test_a_tagger_finds_nothing_twice(tmp_path):
    """Taggers keep what they found by their settings, their model and their code."""
    code = "eatner.tag.token_classification:TokenClassifier"
    types = {"PER": "PER", "LOC": "LOC"}
    folder = Path(shutil.copytree(tiny.folder("xlm-r"), tmp_path / "tagger"))
    tagger = TokenClassifier(folder, types)
    texts = [Translation(f"s{n}", f"Angela Merkel met {name}.") for n, name in enumerate("abc")]
    asked: list[str] = []

    def find(several, progress):
        asked.extend(several)
        return tagger.find(several, progress)

    def run(settings=types, model=folder):
        asked.clear()
        journal = open_journal(tmp_path / "out.tsv", answers_of(code, {"types": settings}, model))
        rows = list(tag(texts, find, journal))
        journal.close()
        return rows, len(asked)

    first, number = run()
    assert number == len(texts)
    assert run() == (first, 0)
    assert run(model=shutil.copytree(folder, tmp_path / "copy")) == (first, 0)
    assert run(settings={"PER": "PER", "LOC": None})[1] == len(texts)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "classifier_dropout": 0.5}))
    assert run()[1] == len(texts)
