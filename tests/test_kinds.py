"""Every kind of translator, tagger and aligner, by the script of its rule."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import yaml
from places import ROOT
from rows import gold_entity, lexicon, mention, pair, translations

import align_entities
import tag_english
import tag_with_llm
import translate_sentences
import weigh_signals
from eatner import tables
from eatner.align.weights import SIGNALS
from eatner.kinds import kind_run
from eatner.tables import Alignment, GoldEntity, Mention, Pair, Sentence, Translation
from eatner.text import languages

pytestmark = pytest.mark.usefixtures("one_thread")
SECTIONS = {"translator": "translate", "tagger": "tag", "aligner": "align"}
SENTENCES = [
    Sentence("s0", "ソニーは東京にある。"),
    Sentence("s1", " "),
    Sentence("s2", "大阪は雨。", ((0, 2), (2, 3), (3, 4), (4, 5))),
]
ENGLISH = translations("Sony is in Tokyo.", "", "Osaka is rainy.")
MENTIONS = [
    mention("s0", "Sony", "ORG"),
    mention("s0", "Tokyo", start=11),
    mention("s1", "", "", status="no_translation"),
    mention("s2", "Osaka"),
]
ITSELF = [mention("s0", "ソニー", "ORG"), mention("s2", "大阪")]
ENGINE = {"backend": "transformers", "quantisation": "none"}
TYPES = {kind: kind for kind in tables.TYPES}
SPACY_TYPES = {"PERSON": "PER", "GPE": "LOC", "ORG": "ORG"}
WIKI = {"東京": "Tokyo", "ソニー": "Sony", "大阪": "Osaka"}


def kinds(section: str) -> list[str]:
    """The kinds that the configuration's schema knows."""
    schema = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    definitions = yaml.safe_load(schema.read_text(encoding="utf-8"))["$defs"]
    return definitions[section]["properties"]["kind"]["enum"]


@pytest.mark.parametrize(
    ("section", "kind"), [(section, kind) for section in SECTIONS for kind in kinds(section)]
)
def test_every_kind_of_the_schema_has_a_module_that_runs_it(section: str, kind: str) -> None:
    assert callable(kind_run(SECTIONS[section], kind))


def asked(kind: str, **more: object) -> dict[str, object]:
    """The arguments of a script that asks a tiny LLM."""
    form = "chat" if kind == "llama" else "few-shot"
    return {"prompt": form, "engine": ENGINE, "pace": {}, "llm": tiny.folder(kind), **more}


def translated(folder: Path, kind: str, **more: object) -> list[Translation]:
    settings = {"kind": kind, "max_new_tokens": 8, "names": True, **more.pop("settings", {})}
    tables.write(folder / "sentences.tsv", Sentence, SENTENCES)
    with tiny.in_float32():
        translate_sentences.main(
            sentences=folder / "sentences.tsv",
            language="ja",
            translator=settings,
            english=folder / f"{kind}.tsv",
            threads=1,
            **more,
        )
    return list(tables.read(folder / f"{kind}.tsv", Translation))


def tagged(folder: Path, settings: dict, **more: object) -> list[Mention]:
    tables.write(folder / "english.tsv", Translation, ENGLISH)
    tag_english.main(
        english=folder / "english.tsv",
        tagger=settings,
        entities=folder / "tag.tsv",
        threads=1,
        **more,
    )
    return list(tables.read(folder / "tag.tsv", Mention))


def aligned(folder: Path, kind: str, mentions: list[Mention], **more: object) -> list[Alignment]:
    choice = {"repeats": "all", "threshold": -100.0, "beams": 2, "max_new_tokens": 8}
    choice |= {"layer": 1, "method": "itermax"}
    tables.write(folder / "sentences.tsv", Sentence, SENTENCES)
    tables.write(folder / "mentions.tsv", Mention, mentions)
    with tiny.in_float32():
        align_entities.main(
            sentences=folder / "sentences.tsv",
            english=folder / "mentions.tsv",
            language="ja",
            aligner={"kind": kind, **choice},
            entities=folder / f"{kind}.tsv",
            threads=1,
            **more,
        )
    return list(tables.read(folder / f"{kind}.tsv", Alignment))


@pytest.mark.parametrize(("kind", "model"), [("entity-aware", "gemma-wide"), ("paper", "llama")])
def test_an_llm_translates_and_keeps_its_answers(tmp_path: Path, kind: str, model: str) -> None:
    more = asked(model)
    if kind == "entity-aware":
        lexicon(tmp_path, languages.get("ja"), WIKI)
        more["lexicon"] = tmp_path / "lexicon.marisa"
    rows = translated(tmp_path, kind, **more)
    assert [row.sentence_id for row in rows] == ["s0", "s1", "s2"]
    assert rows[1].status == "blank"
    assert all(row.logprob is not None for row in (rows[0], rows[2]))
    if kind == "entity-aware":
        assert rows[0].hints == (("ソニー", "Sony"), ("東京", "Tokyo"))
    assert len((tmp_path / f".{kind}.journal/1-3.jsonl").read_text().splitlines()) > 2


def test_what_is_translated_already_is_read(tmp_path: Path) -> None:
    assert [row.english for row in translated(tmp_path, "identity")] == [
        SENTENCES[0].text,
        "",
        SENTENCES[2].text,
    ]
    (tmp_path / "english.txt").write_text("Sony is in Tokyo.\n\nOsaka is rainy.\n")
    rows = translated(tmp_path, "parallel", parallel_text=tmp_path / "english.txt", pairing={})
    assert [row.english for row in rows] == [row.english for row in ENGLISH]
    english = [Sentence(row.sentence_id, row.english) for row in ENGLISH]
    tables.write(tmp_path / "en.tsv", Sentence, english)
    of_corpus = {"parallel_text": tmp_path / "en.tsv", "pairing": {"sampled": False}}
    again = translated(tmp_path, "parallel", settings={"corpus": "en"}, **of_corpus)
    assert again == rows


def test_taggers_of_english(tmp_path: Path) -> None:
    (tmp_path / "artifact").mkdir()
    pipeline = tiny.make_spacy(tmp_path / "artifact" / "en_tiny").parent
    rows = tagged(tmp_path, {"kind": "spacy", "types": SPACY_TYPES}, model=pipeline)
    found = [(row.sentence_id, row.surface, row.status) for row in rows]
    assert ("s0", "Tokyo", "tagged") in found
    assert ("s1", "", "no_translation") in found
    neural = {"types": TYPES, "source_tokens": 32, "target_tokens": 16, "beams": 1}
    for kind, model in (("token-classification", "xlm-r"), ("text-to-text", "t5")):
        rows = tagged(tmp_path, {"kind": kind, **neural}, model=tiny.folder(model))
        assert {row.sentence_id for row in rows} == {"s0", "s1", "s2"}
        # The weights of a tagger that was trained here stand for its folder.
        weights = tiny.folder(model) / "model.safetensors"
        assert tagged(tmp_path, {"kind": kind, **neural}, model=weights) == rows


def test_the_gold_of_a_parallel_corpus_tags(tmp_path: Path) -> None:
    english = [Sentence(row.sentence_id, row.english) for row in ENGLISH]
    tables.write(tmp_path / "en.tsv", Sentence, english)
    tables.write(tmp_path / "gold.tsv", GoldEntity, [gold_entity(english[0], "Sony", "ORG")])
    paths = {"sentences": tmp_path / "en.tsv", "gold": tmp_path / "gold.tsv"}
    rows = tagged(tmp_path, {"kind": "gold", "corpus": "en"}, **paths)
    assert [(row.surface, row.status) for row in rows] == [
        ("Sony", "tagged"),
        ("", "no_translation"),
        ("", "no_entity"),
    ]


def test_a_title_lookup_asks_a_tagger_for_the_types(tmp_path: Path) -> None:
    lexicon(tmp_path, languages.get("ja"), WIKI)
    (tmp_path / "artifact").mkdir()
    pipeline = tiny.make_spacy(tmp_path / "artifact" / "en_tiny").parent
    tables.write(
        tmp_path / "english.tsv",
        Translation,
        [Translation(row.sentence_id, row.text) for row in SENTENCES],
    )
    tag_english.main(
        english=tmp_path / "english.tsv",
        tagger={"kind": "lookup", "tagger": {"kind": "spacy", "types": SPACY_TYPES}},
        entities=tmp_path / "tag.tsv",
        threads=1,
        model=pipeline,
        lexicon=tmp_path / "lexicon.marisa",
    )
    rows = list(tables.read(tmp_path / "tag.tsv", Mention))
    assert [(row.surface, row.type) for row in rows if row.status == "tagged"] == [
        ("ソニー", "ORG"),
        ("東京", "LOC"),
        ("大阪", "LOC"),
    ]


def test_an_llm_reviews_what_a_tagger_found(tmp_path: Path) -> None:
    tables.write(tmp_path / "english.tsv", Translation, ENGLISH)
    tables.write(tmp_path / "spacy.tsv", Mention, MENTIONS)
    with tiny.in_float32():
        tag_with_llm.main(
            english=tmp_path / "english.tsv",
            language="en",
            tagger={"kind": "reviewed", "tagger": {"kind": "spacy", "types": SPACY_TYPES}},
            entities=tmp_path / "llm.tsv",
            threads=1,
            tagged=tmp_path / "spacy.tsv",
            **asked("gemma"),
        )
    found = list(tables.read(tmp_path / "llm.tsv", Mention))
    assert [row.sentence_id for row in found] == ["s0", "s0", "s1", "s2"]
    assert [row.surface for row in found] == ["Sony", "Tokyo", "", "Osaka"]
    assert found[2].status == "no_translation"
    assert all(row.status in ("tagged", "untyped") for row in found[:2])
    assert (tmp_path / ".llm.journal/1-3.jsonl").exists()


def test_an_llm_tags_the_sentence_itself(tmp_path: Path) -> None:
    rows = [Translation(row.sentence_id, row.text) for row in SENTENCES]
    tables.write(tmp_path / "english.tsv", Translation, rows)
    with tiny.in_float32():
        tag_with_llm.main(
            english=tmp_path / "english.tsv",
            language="ja",
            tagger={"kind": "llm", "max_new_tokens": 8},
            entities=tmp_path / "llm.tsv",
            threads=1,
            **asked("llama"),
        )
    found = list(tables.read(tmp_path / "llm.tsv", Mention))
    assert {row.sentence_id for row in found} == {"s0", "s1", "s2"}
    assert (tmp_path / ".llm.journal/1-3.jsonl").exists()


@pytest.mark.parametrize("kind", ["constrained", "fused", "paper"])
def test_an_llm_aligns_and_keeps_its_answers(tmp_path: Path, kind: str) -> None:
    more = asked("llama")
    if kind == "fused":
        lexicon(tmp_path, languages.get("ja"), WIKI)
        record = {"weights": dict.fromkeys(SIGNALS, 0.0) | {"lexicon": 5.0}}
        (tmp_path / "weights.json").write_text(json.dumps(record))
        more |= {"weights": tmp_path / "weights.json", "lexicon": tmp_path / "lexicon.marisa"}
    rows = aligned(tmp_path, kind, MENTIONS, **more)
    kept = [row.english for row in rows if row.status != "repeat"]
    assert kept == [row.surface for row in MENTIONS]
    if kind == "fused":
        found = [row.surface for row in rows if row.status == "aligned"]
        assert found == ["ソニー", "東京", "大阪"]
    assert (tmp_path / f".{kind}.journal/1-3.jsonl").exists()


def test_an_encoder_links_the_words_of_the_english(tmp_path: Path) -> None:
    tables.write(tmp_path / "translation.tsv", Translation, ENGLISH)
    more = {"translation": tmp_path / "translation.tsv", "encoder": tiny.folder("bert")}
    rows = aligned(tmp_path, "word-alignment", MENTIONS, **more)
    assert [row.english for row in rows] == [row.surface for row in MENTIONS]
    assert {row.status for row in rows} <= {"aligned", "taken", "no_candidate", "no_translation"}
    of_llm = aligned(tmp_path, "word-alignment", MENTIONS, **more | asked("llama", encoder=None))
    assert [row.english for row in of_llm] == [row.surface for row in MENTIONS]
    assert not (tmp_path / ".word-alignment.journal").exists()


def test_the_offsets_of_the_tagger_are_kept(tmp_path: Path) -> None:
    rows = aligned(tmp_path, "identity", ITSELF)
    assert [(row.surface, row.status) for row in rows] == [
        ("ソニー", "aligned"),
        ("大阪", "aligned"),
    ]
    assert not (tmp_path / ".identity.journal").exists()


@pytest.mark.parametrize("tuned", [False, True])
def test_weights_are_learned_on_pairs_that_the_llm_was_not_tuned_on(
    tmp_path: Path, tuned: bool
) -> None:
    lexicon(tmp_path, languages.get("ja"), WIKI)
    pairs = [pair(english, surface, f"{surface}の話。") for surface, english in WIKI.items()]
    pairs += [pair(english, "", "雨の話。") for english in WIKI.values()]
    tables.write(tmp_path / "pairs.tsv", Pair, pairs)
    adapter = tiny.folder("adapter") / "adapter_model.safetensors"
    with tiny.in_float32():
        weigh_signals.main(
            pairs=[tmp_path / "pairs.tsv"],
            lexicons=[tmp_path / "lexicon.marisa"],
            wikis=["ja"],
            most=4,
            without=["back"],
            seed=1,
            threads=1,
            weights=tmp_path / "weights.json",
            adapter=adapter if tuned else None,
            **asked("gemma-wide"),
        )
    record = json.loads((tmp_path / "weights.json").read_text(encoding="utf-8"))
    assert record["pairs"] == (2 if tuned else 4)  # both of the one entity that is held out
    assert tuple(record["weights"]) == SIGNALS
    assert record["weights"]["back"] == 0
    assert record["weights"]["reading"] != 0


@pytest.mark.parametrize(
    ("script", "room"),
    [("translate_sentences", "translate"), ("tag_english", "tag"), ("align_entities", "align")],
)
def test_a_script_imports_no_kind_but_its_own(script: str, room: str) -> None:
    section = next(section for section, name in SECTIONS.items() if name == room)
    modules = {kind: f"eatner.{room}.{kind.replace('-', '_')}" for kind in kinds(section)}
    lines = [
        f"import sys, job, {script}; from eatner.kinds import kind_run",
        f"kinds = {list(modules.values())!r}",
        "print([name for name in kinds if name in sys.modules])",
        *(
            f"kind_run({room!r}, {kind!r}); "
            "print([name for name in kinds if name in sys.modules]); "
            "[sys.modules.pop(name, None) for name in kinds]"
            for kind in modules
        ),
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow" / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[]", *(repr([name]) for name in modules.values())]
