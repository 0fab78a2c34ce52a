"""What the components of a configuration resolve to."""

from __future__ import annotations

import pytest
from configurations import DEFAULT, ENDPOINT, read

SEED = DEFAULT["seed"]
ENDPOINT_ENGINE = {
    **{"backend": "endpoint", "name": "n", "context": None, "structured": "none"},
    **{"logprobs": False, "request": {}, "url": "http://h/v1", "seed": SEED},
}


@pytest.mark.parametrize(
    ("name", "folder_of", "adapter", "engine", "pace", "gpus"),
    [
        (
            *("tiny", "tiny", None),
            *({"backend": "transformers", "quantisation": "none"}, {"gpus": 1}, 1),
        ),
        (
            *("tiny-ko", "tiny", "results/models/tiny-ko/adapter_model.safetensors"),
            *({"backend": "transformers", "quantisation": "none"}, {"gpus": 1}, 1),
        ),
        (
            *("vllm", "resources/models/vllm", None),
            *({"backend": "vllm", "context": 8192, "seed": SEED}, {"gpus": 2}, 2),
        ),
        (
            *("vllm-de", "resources/models/vllm"),
            "results/models/vllm-de/adapter_model.safetensors",
            *({"backend": "vllm", "context": 8192, "seed": SEED}, {"gpus": 2}, 2),
        ),
        (
            *("4bit", "resources/models/4bit", None),
            *({"backend": "transformers", "quantisation": "4bit"}, {"gpus": 1}, 1),
        ),
        ("remote", None, None, ENDPOINT_ENGINE, {"concurrency": 8, "timeout": 300}, 0),
    ],
)
def test_a_model_is_resolved(configuration, name, folder_of, adapter, engine, pace, gpus):
    model = configuration.models[name]
    assert (model.folder, model.adapter, model.gpus) == (folder_of, adapter, gpus)
    assert (model.engine, model.pace) == (engine, pace)


def test_how_fast_an_endpoint_is_asked_is_no_part_of_its_engine():
    swift = {"models": {"y": ENDPOINT | {"concurrency": 9, "timeout": 9, "key_variable": "KEY"}}}
    model = read(swift).models["y"]
    assert model.engine == ENDPOINT_ENGINE
    assert model.pace == {"key_variable": "KEY", "concurrency": 9, "timeout": 9}


def test_an_adapter_is_trained_as_its_settings_say(configuration):
    adapter = configuration.adapter("vllm-de")
    assert (adapter.base, adapter.prompt, adapter.wikis) == ("vllm", "chat", ["de", "ko"])
    assert (adapter.training["rank"], adapter.training["alpha"]) == (4, 32)
    assert set(adapter.training) == {
        *("training_pairs", "evaluation_pairs", "rank", "alpha"),
        *("learning_rate", "epochs", "batch_size"),
    }
    assert configuration.adapter("4bit-fr").quantisation == "4bit"


def test_an_llm_is_asked_as_it_was_trained(configuration):
    assert configuration.translator("tiny").prompt == "few-shot"
    assert configuration.translator("tuned").prompt == "chat"  # for its adapter learned to align
    assert configuration.tagger("vllm").prompt == "chat"
    assert configuration.aligner("tiny-untuned").prompt == "few-shot"
    assert configuration.aligner("vllm-de").prompt == "tuned"
    assert configuration.translator("identity").prompt is None


def test_a_component_without_an_llm_asks_for_none(configuration):
    for component in (
        configuration.translator("identity"),
        configuration.tagger("toy"),
        configuration.aligner("identity"),
    ):
        assert (component.llm, component.adapter, component.gpus) == (None, None, 0)
        assert (component.engine, component.pace) == (None, None)


@pytest.mark.parametrize(
    ("name", "text", "lexicon"),
    [
        ("mini", "mini.iob2", "results/wiki/ko/lexicon.marisa"),
        ("ja", "resources/artifacts/hironsancorpus", "results/wiki/ja/lexicon.marisa"),
        ("far", "resources/corpora/far.jsonl", "results/wiki/fr/lexicon.marisa"),
        ("near", "resources/corpora/near.jsonl", "results/wiki/ja/lexicon.marisa"),
        ("web", "resources/corpora/web/fr.iob2", "results/wiki/fr/lexicon.marisa"),
        ("en", "mini.iob2", None),
    ],
)
def test_a_corpus_is_resolved(configuration, name, text, lexicon):
    corpus = configuration.corpus(name)
    assert (corpus.text, corpus.lexicon) == (text, lexicon)
    assert corpus.is_dataset is (name in {"far", "near"})
    assert corpus.is_sample is (name in {"ja", "near"})
    assert corpus.reading["language"] == corpus.language


def test_both_files_of_a_document_of_brat_are_read(tmp_path):
    text, notes = tmp_path / "a.txt", tmp_path / "a.ann"
    text.write_text("Anna\n")
    given = {"corpora": {"doc": {"language": "de", "file": str(text), "format": "brat"}}}
    assert read(given).corpora["doc"].partner is None
    notes.write_text("T1\tPER 0 4\tAnna\n")
    assert read(given).corpora["doc"].partner == str(notes)


def test_a_corpus_has_its_own_system_or_the_default_one(configuration):
    assert configuration.corpus("mini").system["aligner"] == "tiny-ko"
    assert configuration.corpus("ja").system == DEFAULT["default"]


def test_a_dump_wins_over_a_date_and_a_date_over_a_sample():
    files = {"dump": "mini.iob2", "langlinks": "ja.iob2"}
    configuration = read(
        {"wikis": {"ja": {"date": "20260101"}, "ko": {"date": "20260101"} | files}}
    )
    fetched, own, sample = (configuration.wiki(language) for language in ("ja", "ko", "ru"))
    assert (fetched.source, own.source, sample.source) == ("date", "dump", "sample")
    assert (own.dump, own.langlinks, own.index) == ("mini.iob2", "ja.iob2", None)
    assert fetched.dump == "resources/wiki/ja/pages-articles-multistream.xml.bz2"
    assert sample.index == "resources/wiki/ru/pages-articles-multistream-index.txt.bz2"
    assert sample.langlinks == "resources/wiki/ru/langlinks.sql.gz"


@pytest.mark.parametrize(
    ("name", "weights", "start", "neural"),
    [
        ("toy", "toy", None, False),
        ("spacy-sm", "resources/artifacts/en-core-web-sm", None, False),
        ("hub", "resources/models/hub", None, True),
        ("gliner", "resources/models/gliner", None, True),
        ("taught", "results/models/taught/model.safetensors", None, True),
        ("bert", "results/models/bert/model.safetensors", "resources/models/bert", True),
        ("t5", "results/models/t5/model.safetensors", "tiny", True),
        ("titles", "results/models/bert/model.safetensors", None, True),
        ("lookup", "toy", None, False),
        ("gold", None, None, False),
        ("vllm", None, None, False),
        ("looked-over", "results/models/bert/model.safetensors", None, True),
    ],
)
def test_a_tagger_is_resolved(configuration, name, weights, start, neural):
    tagger = configuration.tagger(name)
    assert (tagger.weights, tagger.start, tagger.is_neural) == (weights, start, neural)
    assert bool(tagger.asked) is (name in {"titles", "lookup", "looked-over"})
    assert tagger.reviewed == ("bert" if name == "looked-over" else None)
    gold = ("results/en/sentences.tsv", "results/en/gold.tsv")
    assert (tagger.sentences, tagger.gold) == (gold if name == "gold" else (None, None))


def test_a_tagger_that_reviews_is_recorded_with_its_llm_and_the_other_one(configuration):
    tagger = configuration.tagger("looked-over")
    assert tagger.record["model"]["name"] == "4bit-fr"
    assert tagger.record["tagger"]["name"] == "bert"
    assert tagger.models == ["resources/models/4bit", "resources/models/bert"]
    assert tagger.corpora == configuration.tagger("bert").corpora
    assert tagger.has_shards


def test_a_title_lookup_holds_the_settings_of_the_tagger_that_it_asks(configuration):
    tagger = configuration.tagger("titles", "identity")
    assert tagger.settings == {"kind": "lookup", "tagger": configuration.values["taggers"]["bert"]}
    assert configuration.values["taggers"]["titles"]["tagger"] == "bert"
    assert configuration.title_lexicon("titles", "ko") == "results/wiki/ko/lexicon.marisa"
    assert configuration.title_lexicon("toy", "en") is None


def test_a_fused_aligner_learns_on_its_wikis_or_on_those_of_its_llm(configuration):
    assert configuration.aligner("fused").wikis == ["ko"]
    weighed = configuration.aligner("weighed")
    assert (weighed.wikis, weighed.weights) == (["fr"], "results/models/weighed/weights.json")
    assert configuration.aligner("tiny-ko").weights is None


@pytest.mark.parametrize(
    ("name", "encoder", "llm", "gpus"),
    [
        ("words", "resources/models/words", None, 1),
        ("words-here", "tiny", None, 1),
        ("words-llm", None, "resources/models/4bit", 1),
        ("fused", None, "tiny", 1),
        ("identity", None, None, 0),
    ],
)
def test_a_word_aligner_has_an_encoder_or_an_llm(configuration, name, encoder, llm, gpus):
    aligner = configuration.aligner(name)
    assert (aligner.encoder, aligner.llm, aligner.gpus) == (encoder, llm, gpus)
    assert aligner.reads_english is (name != "identity")
    if name.startswith("words"):
        assert aligner.module == "eatner.align.word_alignment"
        assert aligner.settings["method"] == ("argmax" if name == "words-here" else "itermax")
        assert aligner.settings["layer"] == (11 if llm else 8)
