"""Names, paths and parts of a configuration that do not fit together are refused."""

from __future__ import annotations

from datetime import date

import pytest
from configurations import ENDPOINT, HUB_ENCODER, HUB_TAGGER, read, refusal
from smoke import COMPARE, TAUGHT

KEY = "sk-e2a6f1c09b7d"  # stands nowhere else


def taught_by(tagger: str) -> dict[str, str]:
    """A system with a tagger that reads the sentence itself."""
    return {"translator": "identity", "tagger": tagger, "aligner": "identity"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
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
        ({"aligners": {"tiny": HUB_ENCODER}}, "a model or a tagger has this name"),
        ({"aligners": {"toy": HUB_ENCODER}}, "a model or a tagger has this name"),
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
        ({"aligners": {"y": {"kind": "word-alignment", "folder": "toy"}}}, "no config.json in toy"),
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
            {
                "taggers": {
                    "y": {**TAUGHT, "train": {"labelled": ["mini"]}},
                    "z": {"kind": "reviewed", "tagger": "y", "model": "tiny"},
                },
                "corpora": {"mini": {"system": {"tagger": "z"}}},
            },
            "it would have to label the text that it learns from",
        ),
        (
            {"taggers": {"y": {"kind": "reviewed", "tagger": "direct", "model": "tiny"}}},
            "'direct' cannot be reviewed",
        ),
        (
            {
                "models": {"y": ENDPOINT},
                "taggers": {"y": {"kind": "reviewed", "tagger": "toy", "model": "y"}},
            },
            "a reviewed tagger scores the types",
        ),
        (
            {"taggers": {"y": {**TAUGHT, "train": {"corpora": ["ko-demo"], "held_out": "mini"}}}},
            "'ko-demo' is raw text",
        ),
        (
            {"taggers": {"y": {**TAUGHT, "train": {"corpora": ["mini"], "held_out": "ko-demo"}}}},
            "'ko-demo' is raw text",
        ),
        ({"taggers": {"y": {**TAUGHT, "scratch": {"width": 30}}}}, "no multiple of the heads"),
        # Students.
        ({"taggers": {"y": {**TAUGHT, "train": {"labelled": ["nws"]}}}}, "unknown corpus 'nws'"),
        (
            {"taggers": {"y": {**TAUGHT, "train": {"labelled": ["mini"], "held_out": "mini"}}}},
            "trained on and held out",
        ),
        (
            {
                "taggers": {
                    "y": {**TAUGHT, "train": {"labelled": ["mini"], "system": taught_by("z")}},
                    "z": {**TAUGHT, "train": {"labelled": ["mini"], "system": taught_by("y")}},
                }
            },
            "taggers.y: it would have to label the text that it learns from",
        ),
        (
            {
                "taggers": {
                    "y": {**TAUGHT, "train": {"labelled": ["mini"], "system": taught_by("q")}}
                }
            },
            "unknown tagger 'q'",
        ),
        (
            {
                "taggers": {
                    "y": {
                        "kind": "token-classification",
                        "model": "tiny-ko",
                        "train": {"labelled": ["mini"]},
                    }
                }
            },
            "cannot become a token classifier",
        ),
        (
            {"taggers": {"y": {"kind": "token-classification", "model": "tiny"}}},
            "'train' is a dependency of 'model': give both",
        ),
        (
            {"taggers": {"y": {**TAUGHT, "train": {**TAUGHT["train"], "labelled": ["mini"]}}}},
            "exactly one of `corpora`, `labelled` must be given",
        ),
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
            {
                "models": {"y": ENDPOINT},
                "aligners": {"z": {"kind": "word-alignment", "model": "y"}},
            },
            "Name such a model, or an encoder",
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
def test_names_paths_and_parts_that_do_not_fit_are_refused(change, said):
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
    ("model", "said"),
    [
        ({"endpoint": f"https://me:{KEY}@host/v1"}, "`key_variable`"),
        *(
            ({"endpoint": url}, "must be a plain URL of a host")
            for url in (
                "http://h\n/v1",
                "http://\u200bx/",
                "http://127.0.0.1:1/a\x7fb",
                "http://.../v1",
                "http://a..b/",
                f"http://{'a' * 64}.org/",
                f"http://h/{'a' * 70_000}",
                "http://xn--/v1",
            )
        ),
        ({"key_variable": KEY}, "in capitals"),
    ],
)
def test_an_endpoint_that_cannot_be_meant_is_refused_without_saying_its_key(model, said):
    message = refusal({"models": {"remote": ENDPOINT | model}})
    assert said in message
    assert KEY[3:] not in message


def test_what_is_not_pinned_is_said():
    assert read().warnings == []
    loose = {name: {"language": "ko", "hub": "a/b", "revision": "main"} for name in "abcde"}
    [warning] = read({"corpora": loose}).warnings
    assert "No commit is pinned for corpora.a, corpora.b, corpora.c and 2 more" in warning
    [warning] = read({"aligners": {"x": HUB_ENCODER | {"revision": "main"}}}).warnings
    assert "No commit is pinned for aligners.x:" in warning


@pytest.mark.parametrize("url", ["http://[::1]:8000/v1", "http://bücher.example/v1", "https://h./"])
def test_an_endpoint_may_have_any_host(url):
    assert read({"models": {"remote": ENDPOINT | {"endpoint": url}}})


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"t": float("nan")}, "nan is no number"),
        ({"t": [float("-inf")]}, "models.x.request.t.0: -inf is no number"),
        ({"t": date(2020, 1, 1)}, 'Quote it: "2020-01-01"'),
        ({"t": b"a"}, "YAML's type bytes"),
        ({"t": "\ud83d"}, "half of a character"),
    ],
)
def test_what_json_cannot_say_is_refused_when_it_is_planned(request_, said):
    assert said in refusal({"models": {"x": {**ENDPOINT, "request": request_}}})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a{b}.iob2", "takes {} for wildcards"),
        ("mini.iob2\n", "control character"),
        ("a" * 5000, "does not exist"),
        ("/dev/null", "is a device or a pipe"),
        (".", "is a folder"),
    ],
)
def test_a_path_that_no_rule_can_have_is_refused_in_a_line(name, said):
    message = refusal({"corpora": {"x": {"language": "ko", "file": name}}})
    assert said in message
    assert message.isprintable()
    assert len(message) < 2500


def test_there_are_no_more_shards_than_a_plan_can_hold():
    assert "1000" in refusal({"shards": 200_000})
