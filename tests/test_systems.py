"""What the small project is asked for besides its default, run to its end."""

import json
import shutil
import zipfile
from pathlib import Path

import loopback
from smoke import COMPARE, KO, LABEL, TAUGHT

from eatner import tables, tsv
from eatner.tables import Alignment, Comparison, Mention

PICTURES = ("f1", "stages", "calibration", "training", "time")


def test_systems_to_compare_with_run_through_the_same_steps(project):
    systems = ("identity/lookup/identity", "identity/direct/identity", "parallel/toy/paper")
    systems += ("parallel/toy-reviewed/paper",)
    targets = [f"results/mini/score/{system}.json" for system in systems]
    assert project.plan(*targets) == {
        **{"translate_sentences": 2, "tag_english": 2, "tag_with_llm": 2},
        **{"align_entities": 4, "score_system": 4},
    }
    done = project.snakemake(*targets)
    assert done.returncode == 0, done.stdout + done.stderr
    aligned = {}
    for system, target in zip(systems, targets, strict=True):
        score = json.loads((project.folder / target).read_text())
        assert score["sentences"] == 3
        # What reads the sentence itself, or is given its English, has no translation to blame.
        assert score["errors_by_stage"]["missed"]["translation"] == 0
        path = project.folder / f"results/mini/align/{system}.tsv"
        aligned[system] = list(tables.read(path, Alignment))
        assert {row.sentence_id for row in aligned[system]} == {"000001", "000002", "000003"}
    looked_up = {(row.surface, row.type) for row in aligned["identity/lookup/identity"]}
    assert ("서울", "LOC") in looked_up
    given = {row.english for row in aligned["parallel/toy/paper"]}
    assert {"Barack Obama", "Sony", "London"} <= given


def test_a_tagger_is_trained_and_used_by_configuration_alone(project):
    (project.folder / "en.iob2").write_text("Seoul\tB-LOC\n\nSony\tB-ORG\n", encoding="utf-8")
    (project.folder / "held.iob2").write_text("Paris\tB-LOC\n", encoding="utf-8")
    done = project.snakemake(
        "results/mini/tag/tiny/taught.tsv",
        corpora={
            "mini-en": {"language": "en", "file": "en.iob2"},
            "mini-en-held": {"language": "en", "file": "held.iob2"},
        },
        taggers={"taught": TAUGHT},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    folder = project.folder / "results/models/taught"
    record = json.loads((folder / "training.json").read_text())
    assert record["train"]["sentences"] == 2
    assert set(record["f1"]) == {"before", "after"}
    assert not (folder / ".checkpoints").exists()
    rows = tables.read(project.folder / "results/mini/tag/tiny/taught.tsv", Mention)
    assert len({row.sentence_id for row in rows}) == 3


def test_a_fused_aligner_learns_its_weights_first(project):
    target = "results/mini/score/tiny/toy/fused.json"
    assert set(project.plan(target)) == {"weigh_signals", "align_entities", "score_system"}
    done = project.snakemake(target)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((project.folder / "results/models/fused/weights.json").read_text())
    assert record["pairs"] == 20
    assert record["weights"]["llm"] != 0
    rows = tables.read(project.folder / "results/mini/align/tiny/toy/fused.tsv", Alignment)
    assert {row.sentence_id for row in rows} == {"000001", "000002", "000003"}
    assert project.plan(target) == {}
    changed = {"aligners": {"fused": {"threshold": 1.0}}}
    assert set(project.plan(target, **changed)) == {"align_entities", "score_system"}


def test_a_comparison_runs_to_its_page_and_into_the_report(project):
    compare = COMPARE | {"corpora": ["mini"], "select": ["tiny", "untuned"]}
    done = project.snakemake("results/compare/index.html", compare=compare)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = project.folder / "results/compare"
    rows = list(tables.read(folder / "table.tsv", Comparison))
    assert [row.system for row in rows[::4]] == compare["select"]
    assert {row.corpus for row in rows} == {"mini"}
    for name in ("table.md", "table.tex", *(f"{p}.{s}" for p in PICTURES for s in ("svg", "pdf"))):
        assert (folder / name).stat().st_size > 200
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count('role="img"') == len(PICTURES)
    assert "김철수는 어제 서울에서" in page
    assert project.plan("results/compare/index.html", compare=compare) == {}
    asked = ("results/compare/index.html", "--report", "report.zip")
    done = project.snakemake(*asked, compare=compare)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(project.folder / "report.zip") as report:
        names = {Path(name).name for name in report.namelist()}
    assert {"index.html", *(f"{picture}.svg" for picture in PICTURES)} <= names


def test_a_corpus_in_shards_has_the_results_of_one_job(project):
    lines = [f"{line} {n}" for n in range(6) for line in KO.splitlines()]
    (project.folder / "long.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    system = {"translator": "tiny", "tagger": "toy", "aligner": "tiny-ko"}
    long = {"language": "ko", "file": "long.txt", "format": "text", "system": system}
    target, folder = "results/long/entities.tsv", project.folder / "results/long"
    tables_of = [folder / "translate/tiny.tsv", folder / "align/tiny/toy/tiny-ko.tsv"]
    labelled: dict[int, list[bytes]] = {}
    for shards in (2, 1):
        corpora = {"long": {**long, "shards": shards}}
        planned = project.plan(target, corpora=corpora)
        assert planned["translate_sentences"] == planned["align_entities"] == shards
        assert ("gather_shards" in planned) is (shards > 1)
        done = project.snakemake(target, corpora=corpora)
        assert done.returncode == 0, done.stdout + done.stderr
        labelled[shards] = [path.read_bytes() for path in tables_of]
        if shards > 1:
            # As if one of the shards had failed.
            (folder / "translate/tiny/2-of-2.tsv").unlink()
            tables_of[0].unlink()
            again = project.plan("results/long/translate/tiny.tsv", corpora=corpora)
            assert again == {"translate_sentences": 1, "gather_shards": 1}
            shutil.rmtree(folder / "translate/.tiny.journal")
    assert labelled[1] == labelled[2]


# --- an endpoint --------------------------------------------------------------------------------

KEY = "sk-e2a6f1c09b7d"  # stands nowhere else
REMOTE = {"translator": "remote", "tagger": "toy", "aligner": "remote"}


def remote_config(url: str, **model: object) -> dict:
    endpoint = {"endpoint": url, "name": loopback.MODEL, "prompt": "chat", "concurrency": 2}
    return {
        "corpora": {
            "far": {"language": "ko", "file": "far.txt", "format": "text", "system": REMOTE}
        },
        "models": {"remote": endpoint | {"key_variable": "FAR_KEY"} | model},
        "translators": {"remote": {"kind": "entity-aware", "model": "remote"}},
        "aligners": {"remote": {"kind": "constrained", "model": "remote"}},
    }


def far_away(body: dict) -> str:
    """What an instruct model would say."""
    first, asked = (body["messages"][place]["content"] for place in (0, -1))
    if first.startswith("Translate"):
        return "Angela Merkel is in London." if "메르켈" in asked else "It rained."
    english = asked.rsplit('English: "', 1)[1].split('"')[0]
    return {"Angela Merkel": '"메르켈"', "London": "The phrase is “런던”."}[english]


def test_an_endpoint_translates_and_aligns_and_its_key_stands_nowhere(project, monkeypatch):
    monkeypatch.setenv("FAR_KEY", KEY)
    (project.folder / "far.txt").write_text("메르켈은 런던에 있다.\n비가 왔다.\n", encoding="utf-8")
    target = "results/far/entities.tsv"
    with loopback.Server(far_away, key=KEY) as server:
        monkeypatch.setenv("FAR_KEY", KEY[::-1])
        refused = project.snakemake(target, **remote_config(server.url))
        monkeypatch.setenv("FAR_KEY", KEY)
        done = project.snakemake(target, **remote_config(server.url))
        assert done.returncode == 0, done.stdout + done.stderr
        asked = [body for _, body in server.requests]
        sent = "".join(json.dumps(body) for body in asked)
        # How fast it is asked changes no answer; which model is asked does.
        assert project.plan(target, **remote_config(server.url, concurrency=9, timeout=9)) == {}
        renamed = project.plan(target, **remote_config(server.url, name="another"))
    assert set(renamed) == LABEL | {"write_entities"}
    assert refused.returncode != 0
    assert "FAR_KEY" in refused.stdout + refused.stderr
    rows = list(tsv.read(project.folder / target, ["surface", "type", "status", "confidence"]))
    assert [(row["surface"], row["type"], row["status"], row["confidence"]) for row in rows] == [
        ("메르켈", "PER", "aligned", ""),
        ("런던", "LOC", "aligned", ""),
        ("", "", "no_entity", ""),
    ]
    # Two sentences, two entities, and with the wrong key one sentence or both at once. The first
    # sentence is asked again without the examples, which name Angela Merkel, too.
    assert 6 <= len(asked) <= 7
    texts = {"requests": sent, "said": "".join([done.stdout, done.stderr, refused.stderr])}
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert any(".snakemake" in path.parts for path in files)
    texts |= {path: path.read_bytes().decode(errors="replace") for path in files}
    for where, text in texts.items():
        assert KEY not in text, where
        assert KEY[::-1] not in text, where


def test_an_endpoint_that_cannot_be_meant_is_refused_without_saying_its_key(project):
    (project.folder / "far.txt").write_text("비가 왔다.\n", encoding="utf-8")
    message = project.refusal("all", **remote_config(f"https://me:{KEY}@host/v1"))
    assert "`key_variable`" in message
    assert KEY[3:] not in message
