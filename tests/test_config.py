"""The configuration: what it refuses, what it understands, and what its components resolve to."""

import copy
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import smoke
import yaml
from smoke import COMPARE, ROOT, TAUGHT
from snakemake.cli import parse_config
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config, validate

from eatner.config import schema
from eatner.config.configuration import SCHEMA, Configuration
from eatner.errors import InputError

HUB_TAGGER = {"kind": "token-classification", "hub": "org/name", "revision": "0123abc"}
ENDPOINT = {"endpoint": "http://h/v1", "name": "n", "prompt": "chat"}
KEY = "sk-e2a6f1c09b7d"  # stands nowhere else
FILES = {
    "tiny/config.json": "{}",
    "chat/config.json": "{}",
    "toy/meta.json": "{}",
    "mini.iob2": "서울\tB-LOC\n",
    "ja.iob2": "東京\tB-LOC\n",
    "mini.en.txt": smoke.EN,
    "empty.iob2": "",
    "results/bench/ja_gsd.bio": "x\n",
    "results/bench/ja_gsd_first.bio": "x\n",
    "results/bench/de_first.conllu": "x\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The folder of the small project, without the weights of its models."""
    folder = tmp_path_factory.mktemp("configured")
    for name in ("workflow", "config", "bench"):
        (folder / name).symlink_to(ROOT / name)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


READ_ONCE = schema.read(ROOT / SCHEMA)


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    # Reading the schema is half the time of a configuration.
    monkeypatch.setattr(schema, "read", lambda path: READ_ONCE)


DEFAULT = load_configfile(ROOT / "config/config.yaml")


def given(*more: dict) -> dict:
    """What Snakemake would make of config.yaml, the small project's file, and more."""
    config = copy.deepcopy(DEFAULT)
    for further in (smoke.smoke_config(), *more):
        update_config(config, copy.deepcopy(further))
    return config


def read(*more: dict) -> Configuration:
    return Configuration.read(given(*more), ROOT)


def refusal(*more: dict) -> str:
    with pytest.raises(InputError) as caught:
        read(*more)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        # The schema.
        ({"default": {"tager": "x"}}, "Did you mean 'tagger'?"),
        ({"aligners": {"tiny-ko": {"beam": 3}}}, "Did you mean 'beams'?"),
        ({"aligners": {"y": {"kind": "identity", "beams": 4}}}, "beams"),
        ({"seed": -1}, "configuration.seed"),
        (
            {"corpora": {"wiki": {"language": "ko", "file": "mini.iob2"}}},
            "the name 'wiki' is taken",
        ),
        ({"corpora": {"a/b": {"language": "ko", "file": "mini.iob2"}}}, "'a/b' does not match"),
        ({"wikis": {"ko": {"dump": "mini.iob2"}}}, "'langlinks' is a dependency of 'dump'"),
        (
            {"models": {"tiny": {"artifact": "gemma-3-270m"}}},
            "exactly one of `artifact`, `hub` and `revision`, `folder`, `endpoint` and `name`, "
            "`base` and `wikis` must be given, but there are `folder`, `prompt`, `artifact`. "
            "A file passed with --configfile adds to config.yaml: choose another name.",
        ),
        ({"wikis": {"de": {}}}, "one of `sample`, `date`, `dump` and `langlinks` must be given"),
        ({"taggers": {"y": {"kind": "text-to-text", "scratch": {}}}}, "'train' is a dependency"),
        ({"taggers": {"y": {"kind": "gold", "corpora": "mini"}}}, "Did you mean 'corpus'?"),
        ({"taggers": {"y": {"kind": "spacy", "folder": "toy"}}}, "'types' is a required"),
        (
            {"translators": {"y": {"kind": "parallel", "corpus": "mini", "file": "mini.en.txt"}}},
            "exactly one of `file`, `corpus`",
        ),
        ({"aligners": {"y": {"kind": "fusd"}}}, "configuration.aligners.y.kind: 'fusd'"),
        # Names.
        (
            {"translators": {"x": {"kind": "entity-aware", "model": "gema"}}},
            "configuration, translators.x: unknown model 'gema'. Known: chat, gemma-3-270m,",
        ),
        ({"default": {"aligner": "tiny"}}, "configuration, default: unknown aligner 'tiny'"),
        (
            {"corpora": {"mini": {"system": {"tagger": "nope"}}}},
            "configuration, corpora.mini.system: unknown tagger 'nope'",
        ),
        ({"models": {"y": {"artifact": "gema", "prompt": "chat"}}}, "unknown artifact 'gema'"),
        ({"corpora": {"y": {"language": "ja", "artifact": "x"}}}, "unknown artifact 'x'"),
        ({"taggers": {"spacy-sm": {"artifact": "x"}}}, "unknown artifact 'x'"),
        ({"artifacts": {"hironsancorpos": "mini.iob2"}}, "unknown package 'hironsancorpos'"),
        ({"models": {"y": {"base": "tinny", "wikis": ["ko"]}}}, "unknown model 'tinny'"),
        ({"models": {"y": {"base": "tiny", "wikis": ["fr"]}}}, "unknown wiki 'fr'"),
        ({"models": {"y": {"base": "tiny-ko", "wikis": ["ko"]}}}, "is an adapter itself"),
        ({"taggers": {"y": {"kind": "gold", "corpus": "x"}}}, "unknown corpus 'x'"),
        ({"taggers": {"y": {"kind": "lookup", "tagger": "x"}}}, "unknown tagger 'x'"),
        ({"taggers": {"tiny": HUB_TAGGER}}, "a model has this name"),
        ({"aligners": {"chat": {"kind": "fused", "model": "tiny-ko"}}}, "a model of that name"),
        (
            {"aligners": {"y": {"kind": "fused", "model": "tiny", "wikis": ["fr"]}}},
            "configuration, aligners.y: unknown wiki 'fr'",
        ),
        # Languages and paths.
        (
            {"corpora": {"x": {"language": "xx", "file": "mini.iob2"}}},
            "configuration, corpora.x: unknown language 'xx'. Give its code of ISO 639",
        ),
        ({"wikis": {"xx": {"date": "20260101"}}}, "wikis.xx: unknown language 'xx'"),
        ({"corpora": {"x": {"language": "ko", "file": "gone.iob2"}}}, "gone.iob2 does not exist"),
        ({"corpora": {"x": {"language": "ko", "file": "empty.iob2"}}}, "empty.iob2 is empty"),
        ({"corpora": {"x": {"language": "ko", "file": "toy"}}}, "toy is a folder"),
        ({"corpora": {"x": {"language": "ko", "folder": "gone"}}}, "no **/* in gone"),
        ({"wikis": {"fr": {"dump": "no.xml.bz2", "langlinks": "no.sql.gz"}}}, "no.xml.bz2 does"),
        ({"wikis": {"ko": {"sample": "toy"}}}, "no *.yaml in toy"),
        ({"models": {"y": {"folder": "toy", "prompt": "chat"}}}, "no config.json in toy"),
        ({"taggers": {"toy": {"folder": "tiny"}}}, "no meta.json in tiny"),
        ({"taggers": {"y": {"kind": "gliner", "folder": "toy"}}}, "no gliner_config.json"),
        ({"translators": {"y": {"kind": "parallel", "file": "gone.en"}}}, "gone.en"),
        ({"artifacts": {"hironsancorpus": "gone.whl"}}, "artifacts.hironsancorpus: gone.whl does"),
        # How an LLM is run and asked.
        (
            {"models": {"tiny": {"backend": "vllm", "quantisation": "4bit"}}},
            "`quantisation` means nothing for `backend: vllm`",
        ),
        ({"models": {"tiny-ko": {"gpus": 2}}}, "`gpus` means nothing for an adapter, which runs"),
        ({"models": {"y": {**ENDPOINT, "gpus": 2}}}, "`gpus` means nothing for an endpoint"),
        ({"models": {"y": {**ENDPOINT, "backend": "vllm"}}}, "`backend` means nothing for an end"),
        ({"models": {"tiny": {"timeout": 3}}}, "means nothing for `backend: transformers`"),
        ({"models": {"y": {"folder": "tiny"}}}, "Add `prompt: few-shot` or `prompt: chat`"),
        (
            {"models": {"y": ENDPOINT, "z": {"base": "y", "wikis": ["ko"]}}},
            "is an endpoint and cannot be tuned",
        ),
        ({"translators": {"y": {"kind": "paper", "model": "tiny"}}}, "`prompt: chat`"),
        ({"aligners": {"y": {"kind": "paper", "model": "tiny-ko"}}}, "`prompt: chat`"),
        # Parts that do not go together.
        ({"taggers": {"y": {"kind": "gold", "corpus": "mini"}}}, "Name one in English"),
        ({"translators": {"y": {"kind": "parallel", "corpus": "mini"}}}, "Name one in English"),
        ({"taggers": {"y": {"kind": "lookup", "tagger": "direct"}}}, "the types of titles"),
        (
            {"taggers": {"y": {**TAUGHT, "train": {"corpora": ["ko-demo"], "held_out": "mini"}}}},
            "'ko-demo' is raw text",
        ),
        (
            {"taggers": {"y": {**TAUGHT, "train": {"corpora": ["mini"], "held_out": "ko-demo"}}}},
            "'ko-demo' is raw text",
        ),
        ({"taggers": {"y": {**TAUGHT, "scratch": {"width": 30}}}}, "no multiple of the heads"),
        ({"aligners": {"y": {"kind": "fused", "model": "tiny"}}}, "name the `wikis`"),
        (
            {"aligners": {"y": {"kind": "fused", "model": "tiny-ko", "wikis": ["ko"]}}},
            "Leave `wikis` out",
        ),
        (
            {
                "models": {"y": ENDPOINT},
                "aligners": {"z": {"kind": "fused", "model": "y", "wikis": ["ko"]}},
            },
            "Use `kind: constrained`",
        ),
        (
            {"default": {"translator": "tiny", "tagger": "toy", "aligner": "identity"}},
            "the aligner 'identity' works on the sentence itself",
        ),
        (
            {"default": {"translator": "tiny", "tagger": "lookup", "aligner": "tiny-ko"}},
            "the tagger 'lookup' works on the sentence itself",
        ),
    ],
)
def test_a_bad_configuration_is_refused(change, said):
    message = refusal(change)
    assert said in message
    assert message.startswith("configuration")
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"systems": {"tiny": {"translator": "a", "tagger": "toy", "aligner": "tiny-ko"}}}, "'a'"),
        ({"corpora": ["minni"]}, "Did you mean 'mini'?"),
        ({"select": ["tyny"]}, "Did you mean 'tiny'?"),
        ({"select": ["persons"]}, "compare.baseline: unknown system 'tiny'"),
    ],
)
def test_a_bad_comparison_is_refused(change, said):
    assert said in refusal({"compare": COMPARE | change})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"corpora": []}, "name `corpora` and `systems`"),
        ({"corpora": ["mini", "ko-demo"]}, "'ko-demo' is raw text and has no gold"),
    ],
)
def test_a_comparison_without_gold_or_corpora_is_refused_when_it_is_asked_for(change, said):
    configuration = read({"compare": COMPARE | change})
    with pytest.raises(InputError, match=said):
        configuration.comparison()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"endpoint": f"https://me:{KEY}@host/v1"}, "`key_variable`"),
        ({"key_variable": KEY}, "in capitals"),
    ],
)
def test_an_endpoint_that_cannot_be_meant_is_refused_without_saying_its_key(model, said):
    message = refusal({"models": {"remote": ENDPOINT | model}})
    assert said in message
    assert KEY[3:] not in message


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda c: c.corpus("mimi"), "unknown corpus 'mimi'. Did you mean 'mini'?"),
        (lambda c: c.wiki("fr"), "unknown wiki 'fr'. Known: ja, ko, ru."),
        (lambda c: c.translator("nope"), "unknown translator 'nope'"),
        (lambda c: c.tagger("nope"), "unknown tagger 'nope'"),
        (lambda c: c.tagger("toy", "nope"), "unknown translator 'nope'"),
        (lambda c: c.aligner("nope", "tiny"), "unknown aligner 'nope'"),
        (lambda c: c.aligner("fused", "nope"), "unknown translator 'nope'"),
        (lambda c: c.adapter("nope"), "unknown model 'nope'"),
        (lambda c: c.adapter("tiny"), "'tiny' has no adapter"),
        (lambda c: c.artifact("nope"), "unknown artifact 'nope'"),
        (lambda c: c.package("nope"), "unknown package file 'nope'"),
        (lambda c: c.tagger("lookup", "tiny"), "the tagger 'lookup' works on the sentence itself"),
        (lambda c: c.aligner("identity", "tiny"), "Use a translator of kind `identity`."),
        (lambda c: c.corpus_with_gold("ko-demo"), "Ask for results/ko-demo/entities.tsv instead"),
        (lambda c: c.title_lexicon("lookup", "french"), "there is no wiki of the language 'fr'"),
    ],
)
def test_a_bad_target_is_refused(asked, said):
    configuration = read({"corpora": {"french": {"language": "fr", "file": "mini.iob2"}}})
    with pytest.raises(InputError) as caught:
        asked(configuration)
    assert str(caught.value).startswith("target: ")
    assert said in str(caught.value)


# What YAML and `--config` read otherwise than it was meant.


@pytest.mark.parametrize(
    ("text", "path", "meant"),
    [
        ("corpora: {x: {language: no, file: mini.iob2}}", "corpora.x.language", "no"),
        ("corpora: {x: {language: NO, file: mini.iob2}}", "corpora.x.language", "no"),
        ("wikis: {no: {sample: workflow/wikis/ko}}", "wikis.no.sample", "workflow/wikis/ko"),
        (
            "{wikis: {no: {date: '20260101'}}, models: {y: {base: tiny, wikis: [ko, no]}}}",
            "models.y.wikis",
            ["ko", "no"],
        ),
        (
            "{wikis: {no: {date: '20260101'}}, "
            "aligners: {y: {kind: fused, model: tiny, wikis: [no]}}}",
            "aligners.y.wikis",
            ["no"],
        ),
        ("wikis: {de: {date: 20260101}}", "wikis.de.date", "20260101"),
        ("wikis: {no: {date: 2026-01-01}}", "wikis.no.date", "20260101"),
        ("wikis: {de: {date: 2026-01-01}}", "wikis.de.date", "20260101"),
        (
            f"models: {{y: {{hub: a/b, revision: {'1234567890' * 4}, prompt: chat}}}}",
            "models.y.revision",
            "1234567890" * 4,
        ),
        # YAML reads none of these as anything but a text.
        (
            "models: {y: {hub: a/b, revision: 1234567e10, prompt: chat}}",
            "models.y.revision",
            "1234567e10",
        ),
        ("translators: {y: {kind: identity}}", "translators.y.kind", "identity"),
        ("translators: {n: {kind: identity}}", "translators.n.kind", "identity"),
        # To YAML, a number without a point has no exponent.
        ("models: {tiny-ko: {learning_rate: 1e-4}}", "models.tiny-ko.learning_rate", 0.0001),
        ("models: {tiny-ko: {training_pairs: 2e3}}", "models.tiny-ko.training_pairs", 2000),
    ],
)
def test_an_unquoted_value_with_one_meaning_is_understood(text, path, meant):
    found = read(yaml.full_load(text)).values
    for key in path.split("."):
        found = found[key]
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("text", "where", "example"),
    [
        ("corpora: {x: {language: yes, file: a}}", "corpora.x.language", 'language: "yes"'),
        ("corpora: {x: {language: on, file: a}}", "corpora.x.language", 'language: "yes"'),
        ("corpora: {no: {language: ko, file: a}}", "corpora", '"no": ...'),
        ("corpora: {2026: {language: ko, file: a}}", "corpora", '"2026": ...'),
        ("wikis: {yes: {sample: a}}", "wikis", '"yes": ...'),
        ("translators: {on: {kind: identity}}", "translators", '"yes": ...'),
        ("taggers: {1.5: {kind: gold, corpus: mini}}", "taggers", '"1.5": ...'),
        ("compare: {systems: {2026-01-01: {}}}", "compare.systems", '"2026-01-01": ...'),
        ("compare: {select: [no]}", "compare.select.0", '- "no"'),
        ("default: {aligner: off}", "default.aligner", 'aligner: "no"'),
        ("models: {y: {base: tiny, wikis: [yes]}}", "models.y.wikis.0", '- "yes"'),
        ("corpora: {x: {language: ko, file: 2026}}", "corpora.x.file", 'file: "2026"'),
        ("corpora: {mini: {subset: no}}", "corpora.mini.subset", 'subset: "no"'),
        ("corpora: {mini: {split: 2026-01-01}}", "corpora.mini.split", 'split: "2026-01-01"'),
        ("corpora: {mini: {types: {1: PER}}}", "corpora.mini.types", '"1": ...'),
        ("corpora: {mini: {types: {NO: PER}}}", "corpora.mini.types", '"no": ...'),
        ("wikis: {de: {date: 2026}}", "wikis.de.date", 'date: "2026"'),
        # 1234567 may be what is left of 04553207; 1.5e+10 was a whole commit or a version.
        ("models: {y: {hub: a, revision: 1234567}}", "models.y.revision", 'revision: "1234567"'),
        ("models: {y: {hub: a, revision: 04553207}}", "models.y.revision", 'revision: "1234567"'),
        ("models: {y: {hub: a, revision: 1.5e+3}}", "models.y.revision", 'revision: "1500.0"'),
    ],
)
def test_an_unquoted_value_with_several_meanings_is_refused_and_the_quotes_shown(
    text, where, example
):
    message = refusal(yaml.full_load(text))
    what = "a key here" if example.endswith("...") else "this"
    assert message.startswith(
        f"configuration.{where}: {what} must be a text, and YAML reads it as "
    )
    assert f"Quote it as you wrote it, such as `{example}`." in message


def test_a_language_that_stands_there_quoted_and_unquoted_is_refused():
    text = "wikis: {no: {date: '20260101'}, 'no': {date: '20260202'}}"
    assert 'such as `"no": ...`' in refusal(yaml.full_load(text))


def test_an_unknown_key_that_is_no_text_is_refused_as_any_other():
    assert "True was unexpected" in refusal({"models": {"tiny": {True: 3}}})


@pytest.mark.parametrize(
    ("entry", "path", "meant"),
    [
        ("seed=5", "seed", 5),
        ("corpora={x: {language: no, file: mini.iob2}}", "corpora.x.language", "no"),
        ("wikis={no: {sample: workflow/wikis/ko}}", "wikis.no.sample", "workflow/wikis/ko"),
        ("wikis={de: {date: 20260101}}", "wikis.de.date", "20260101"),
        (
            "models={y: {hub: a, revision: 0123456, prompt: chat}}",
            "models.y.revision",
            "0123456",
        ),
        ("corpora={mini: {sample: 1}}", "corpora.mini.sample", 1),
        ("corpora={mini: {sample: null}}", "corpora.mini.sample", None),
        ("corpora={mini: {subset: null}}", "corpora.mini.subset", None),
        ("corpora={mini: {types: {ORG: null}}}", "corpora.mini.types.ORG", None),
        ("translators={tiny: {hints: no}}", "translators.tiny.hints", False),
        ("aligners={tiny-ko: {threshold: 0.5}}", "aligners.tiny-ko.threshold", 0.5),
        ("models={tiny-ko: {learning_rate: 1e-4}}", "models.tiny-ko.learning_rate", 0.0001),
    ],
)
def test_a_value_of_the_command_line_is_understood(entry, path, meant):
    found = read(parse_config([entry])).values
    for key in path.split("."):
        found = found[key]
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("corpora={mini: {sample: many}}", "configuration.corpora.mini.sample: 'many' is not of"),
        ("corpora={mini: {sample: 2026-01-01}}", "'2026-01-01' is not of type"),
        ("models={tiny: {quantisation: no}}", "'no' is not one of ['none', '4bit']"),
        ("corpora={mini: {types: {ORG: GPE}}}", "'GPE' is not one of"),
    ],
)
def test_a_value_of_the_command_line_that_does_not_fit_is_shown_as_it_was_written(entry, said):
    assert said in refusal(parse_config([entry]))


# The defaults.

EVERY_KIND = {
    "corpora": {
        "en": {"language": "en", "file": "mini.iob2"},
        "far": {"language": "fr", "hub": "a/b", "revision": "main"},
        "near": {"language": "ja", "folder": "toy", "sample": 2},
    },
    "wikis": {
        "de": {"date": "20260101"},
        "fr": {"dump": "mini.iob2", "langlinks": "mini.iob2"},
    },
    "models": {
        "remote": ENDPOINT,
        "remote-schema": {**ENDPOINT, "structured": "vllm", "request": {"top_p": None}},
        "vllm": {
            **{"hub": "a/b", "revision": "0" * 40, "prompt": "chat"},
            **{"backend": "vllm", "gpus": 2, "context": 8192},
        },
        "vllm-de": {"base": "vllm", "wikis": ["de", "ko"], "rank": 4},
        "4bit": {"hub": "a/b", "revision": "main", "prompt": "chat", "quantisation": "4bit"},
        "4bit-fr": {"base": "4bit", "wikis": ["fr"]},
    },
    "translators": {
        "remote": {"kind": "entity-aware", "model": "remote"},
        "english": {"kind": "parallel", "corpus": "en"},
        "tuned": {"kind": "paper", "model": "vllm-de"},
    },
    "taggers": {
        "gold": {"kind": "gold", "corpus": "en"},
        "hub": HUB_TAGGER,
        "gliner": {"kind": "gliner", "hub": "a/b", "revision": "main"},
        "taught": TAUGHT | {"train": {"corpora": ["en"], "held_out": "near"}},
        "bert": {**HUB_TAGGER, "train": {"corpora": ["en", "far"], "held_out": "near"}},
        "t5": {
            **{"kind": "text-to-text", "folder": "tiny"},
            "train": {"corpora": ["en"], "held_out": "near", "epochs": 2},
        },
        "titles": {"kind": "lookup", "tagger": "bert"},
        "vllm": {"kind": "llm", "model": "vllm"},
    },
    "aligners": {
        "remote": {"kind": "constrained", "model": "remote"},
        "vllm-de": {"kind": "constrained", "model": "vllm-de"},
        "weighed": {"kind": "fused", "model": "4bit-fr"},
    },
    "compare": COMPARE,
}
FILES_OF_THE_PROJECT = ("config/paper.yaml", "config/ablation.yaml", "bench/align.yaml")
CASES = {
    "config/config.yaml": [DEFAULT],
    **{name: [DEFAULT, load_configfile(ROOT / name)] for name in FILES_OF_THE_PROJECT},
    "the small project": [DEFAULT, smoke.smoke_config()],
    "every kind": [DEFAULT, smoke.smoke_config(), EVERY_KIND],
}


@pytest.mark.parametrize("name", CASES)
def test_the_defaults_are_those_that_snakemake_fills_in_and_fit_the_schema(name):
    first, *more = CASES[name]
    config = copy.deepcopy(first)
    for further in more:
        update_config(config, copy.deepcopy(further))
    before = copy.deepcopy(config)
    values = Configuration.read(config, ROOT).values
    assert config == before
    validate(config, str(ROOT / SCHEMA))
    # Also in the order of the keys: Snakemake compares params as they are written.
    assert repr(values) == repr(config)
    assert not list(READ_ONCE.iter_errors(values))


def test_two_components_share_no_default():
    values = read({"corpora": {"x": {"language": "ko", "file": "mini.iob2"}}}).values
    values["corpora"]["x"]["types"]["GPE"] = "LOC"
    assert "GPE" not in values["corpora"]["mini"]["types"]


def test_what_is_not_pinned_is_said():
    assert read().warnings == []
    loose = {name: {"language": "ko", "hub": "a/b", "revision": "main"} for name in "abcde"}
    [warning] = read({"corpora": loose}).warnings
    assert "No commit is pinned for corpora.a, corpora.b, corpora.c and 2 more" in warning


def test_the_library_reads_a_configuration_without_snakemake():
    code = "import sys, eatner.config.configuration; sys.exit('snakemake' in sys.modules)"
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    )


# The components.


@pytest.fixture(scope="module")
def configuration(folder: Path) -> Configuration:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return read(EVERY_KIND)


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
        ("en", "mini.iob2", None),
    ],
)
def test_a_corpus_is_resolved(configuration, name, text, lexicon):
    corpus = configuration.corpus(name)
    assert (corpus.text, corpus.lexicon) == (text, lexicon)
    assert corpus.is_dataset is (name in {"far", "near"})
    assert corpus.is_sample is (name in {"ja", "near"})
    assert corpus.reading["language"] == corpus.language


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
    ],
)
def test_a_tagger_is_resolved(configuration, name, weights, start, neural):
    tagger = configuration.tagger(name)
    assert (tagger.weights, tagger.start, tagger.is_neural) == (weights, start, neural)
    assert bool(tagger.asked) is (name in {"titles", "lookup"})
    gold = ("results/en/sentences.tsv", "results/en/gold.tsv")
    assert (tagger.sentences, tagger.gold) == (gold if name == "gold" else (None, None))


def test_a_title_lookup_holds_the_settings_of_the_tagger_that_it_asks(configuration):
    tagger = configuration.tagger("titles", "identity")
    assert tagger.settings == {"kind": "lookup", "tagger": configuration.values["taggers"]["bert"]}
    assert configuration.values["taggers"]["titles"]["tagger"] == "bert"
    assert configuration.title_lexicon("titles", "mini") == "results/wiki/ko/lexicon.marisa"
    assert configuration.title_lexicon("toy", "en") is None


def test_a_fused_aligner_learns_on_its_wikis_or_on_those_of_its_llm(configuration):
    assert configuration.aligner("fused").wikis == ["ko"]
    weighed = configuration.aligner("weighed")
    assert (weighed.wikis, weighed.weights) == (["fr"], "results/models/weighed/weights.json")
    assert configuration.aligner("tiny-ko").weights is None


def test_english_that_exists_is_paired_as_its_corpus_was_read(configuration):
    lines, corpus = configuration.translator("parallel"), configuration.translator("english")
    assert (lines.english, corpus.english) == ("mini.en.txt", "results/en/sentences.tsv")
    assert configuration.pairing("parallel", "mini") == configuration.corpus("mini").reading
    assert configuration.pairing("english", "mini") == {"sampled": False}
    assert configuration.pairing("english", "near") == {"sampled": True}
    assert configuration.pairing("tiny", "mini") is None


def test_a_record_holds_what_a_score_depends_on(configuration):
    record = configuration.record(
        {"translator": "remote", "tagger": "titles", "aligner": "vllm-de"}
    )
    assert list(record) == ["translator", "tagger", "aligner"]
    address = {"url": "http://h/v1", "name": "n"}
    remote = record["translator"]["model"]
    assert (remote["name"], remote["endpoint"], remote["backend"]) == (
        *("remote", address),
        "endpoint",
    )
    assert not {"concurrency", "gpus", "rank", "quantisation"} & set(remote)
    assert record["tagger"]["tagger"]["name"] == "bert"
    aligner = record["aligner"]
    assert (aligner["model"]["rank"], aligner["base"]["context"]) == (4, 8192)
    assert not {"backend", "gpus"} & set(aligner["model"])
    assert not {"gpus", "quantisation", "rank"} & set(aligner["base"])
    record = configuration.record(DEFAULT["default"])
    assert record["tagger"]["sha256"] == {
        row["file"]: row["sha256"] for row in configuration.artifact("en-core-web-sm")
    }


# The comparison.


def test_systems_are_compared_in_the_order_in_which_they_are_selected():
    select = ["untuned", "tiny"]
    configuration = read({"compare": COMPARE | {"select": select}})
    assert list(configuration.systems) == select
    corpora, systems = configuration.comparison()
    assert (corpora, systems) == (["mini", "mini-ja"], configuration.systems)
    everything = {key: value for key, value in COMPARE.items() if key != "select"}
    assert {*COMPARE["systems"]} < {*read({"compare": everything}).systems}


def test_a_comparison_without_a_baseline_takes_the_default_system_or_the_first():
    compare = {key: value for key, value in COMPARE.items() if key != "baseline"}
    assert read({"compare": COMPARE | {"baseline": "untuned"}}).baseline == "untuned"
    assert read({"compare": compare}).baseline == "tiny"
    persons = COMPARE["systems"]["persons"]
    assert read({"compare": compare, "default": persons}).baseline == "persons"


def test_what_is_trained_for_a_comparison_is_named_once():
    systems = {
        "a": {"translator": "tuned", "tagger": "bert", "aligner": "tiny-ko"},
        "b": {"translator": "tiny", "tagger": "taught", "aligner": "vllm-de"},
        "c": {"translator": "identity", "tagger": "titles", "aligner": "identity"},
    }
    compare = {"corpora": ["mini"], "systems": systems, "select": [*systems], "baseline": "a"}
    assert read(EVERY_KIND, {"compare": compare}).trained == {
        **{"vllm-de": "adapter", "bert": "tagger"},
        **{"tiny-ko": "adapter", "taught": "tagger"},
    }


def test_a_date_object_of_yaml_never_reaches_the_rules():
    values = read({"wikis": {"de": {"date": date(2026, 1, 1)}}}).values
    assert values["wikis"]["de"]["date"] == "20260101"
