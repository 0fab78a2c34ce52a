"""What the schema refuses, what it understands, and what it fills in."""

from __future__ import annotations

import copy
from datetime import date

import pytest
import smoke
import yaml
from configurations import DEFAULT, EVERY_KIND, READ_ONCE, read, refusal
from smoke import ROOT
from snakemake.cli import parse_config
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config, validate

from eatner.config.configuration import SCHEMA, Configuration

WEB = {"language": "ko", "url": "https://h/ko.iob2", "sha256": "0a" * 32}


@pytest.mark.parametrize(
    ("change", "said"),
    [
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
        (
            {"corpora": {"y": {"language": "ko", "url": "https://h/ko.iob2"}}},
            "exactly one of `artifact`, `file`, `url` and `sha256`, `hub` and `revision`, `folder`",
        ),
        ({"corpora": {"y": WEB | {"url": "https://h/"}}}, "corpora.y.url"),
        ({"corpora": {"y": WEB | {"url": "https://u:p@h/ko.iob2"}}}, "corpora.y.url"),
        (
            {"corpora": {"y": WEB | {"url": "https://h/a.iob2?raw=1"}}},
            "corpora.y.url",
        ),
        ({"corpora": {"y": WEB | {"sha256": "0a" * 20}}}, "corpora.y.sha256"),
    ],
)
def test_a_key_or_a_value_that_the_schema_does_not_know_is_refused(change, said):
    message = refusal(change)
    assert said in message
    assert message.startswith("configuration")
    assert message.endswith(".")


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
        # Within a value of --config, or quoted.
        ("wikis: {de: {date: '2026-01-01'}}", "wikis.de.date", "20260101"),
        ("corpora: {mini: {sample: '~'}}", "corpora.mini.sample", None),
        ("corpora: {mini: {types: {X: ''}}}", "corpora.mini.types.X", None),
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


@pytest.mark.parametrize("nothing", ["null", "~", ""])
def test_a_value_that_yaml_reads_as_none_is_named(nothing):
    message = refusal(yaml.full_load(f"corpora: {{x: {{language: {nothing}, file: a}}}}"))
    assert message.startswith("configuration.corpora.x.language: there is no value here")
    assert "or leave the key out" in message


def test_a_text_that_is_octal_to_yaml_and_decimal_to_its_writer_is_refused():
    assert "'010' is not of type 'integer'" in refusal({"corpora": {"mini": {"sample": "010"}}})


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


FILES_OF_THE_PROJECT = (
    "config/paper.yaml",
    "config/paper-small.yaml",
    "config/ablation.yaml",
    "bench/align.yaml",
)
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


def test_a_date_object_of_yaml_never_reaches_the_rules():
    values = read({"wikis": {"de": {"date": date(2026, 1, 1)}}}).values
    assert values["wikis"]["de"]["date"] == "20260101"
