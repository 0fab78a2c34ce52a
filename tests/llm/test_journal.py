"""A killed job goes on where it stopped, and writes what it would have written."""

import sys

import pytest
import tiny

from eatner.llm import transformers
from eatner.llm.journal import Journal
from eatner.text import languages
from eatner.translate.entity_aware import translate

ROWS = [
    {"sentence_id": str(number), "text": f"{name}は東京で{number}回会談した。"}
    for number, name in enumerate(("田中", "メルケル", "オバマ", "ソニー", "김철수", "Иван"))
]


class KilledError(Exception):
    pass


def run(model, journal=None):
    return list(
        translate(
            ROWS,
            model,
            languages.get("ja"),
            None,
            form="few-shot",
            max_new_tokens=6,
            journal=journal,
        )
    )


def test_a_killed_job_asks_only_for_the_rest_and_writes_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(transformers, "MAX_ROWS", 2)
    monkeypatch.setattr(transformers, "GPU_ROWS", 2)
    model = tiny.llm("gemma")
    whole = run(model)
    batch, done = model._complete_batch, []

    def killed_at_the_third(*asked):
        if len(done) == 2:
            raise KilledError
        done.append(asked)
        return batch(*asked)

    path = tmp_path / ".out.journal.jsonl"
    monkeypatch.setattr(model, "_complete_batch", killed_at_the_third)
    try:
        run(model, Journal(path, "tiny"))
    except KilledError:
        pass
    else:
        raise AssertionError("three batches were expected")
    with open(path, "a", encoding="utf-8") as file:
        file.write('{"key": "cut in the mid')
    monkeypatch.setattr(model, "_complete_batch", batch)
    before = model.calls
    journal = Journal(path, "tiny")
    assert run(model, journal) == whole
    assert model.calls - before == 2  # of six sentences
    journal.close()
    # Nothing is asked again, and of a text that has grown only what is new.
    before = model.calls
    assert run(model, Journal(path, "tiny")) == whole
    assert model.calls == before
    monkeypatch.setattr(sys.modules[__name__], "ROWS", [*ROWS, ROWS[0] | {"text": "新しい文。"}])
    grown = Journal(path, "tiny")
    assert run(model, grown)[: len(whole)] == whole
    assert model.calls == before + 1
    grown.close()
    # Answers that no job asked for any more are forgotten.
    monkeypatch.setattr(sys.modules[__name__], "ROWS", ROWS[:2])
    fewer = Journal(path, "tiny")
    assert len(fewer.known) == len(whole) + 1
    run(model, fewer)
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


RECORD = b'{"key": "k", "answers": [["\xe6\x9d\xb1\xe4\xba\xac", -1.0, 2, true]]}\n'


@pytest.mark.parametrize(
    "damage",
    [
        RECORD[:26],  # within a character
        RECORD[:-1],  # whole, but for its end
        b"1\n",
        b"null\n",
        b'["key", "answers"]\n',
        b'{"key": "other"}\n',
        b'{"key": ["k"], "answers": []}\n',
        b'{"key": "other", "answers": {"text": 1}}\n',
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
