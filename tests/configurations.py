"""Configurations for tests: the small project's, and one with a component of every kind."""

from __future__ import annotations

import copy

import pytest
import smoke
from smoke import COMPARE, ROOT, TAUGHT
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from eatner.config import schema
from eatner.config.configuration import SCHEMA, Configuration
from eatner.errors import InputError

HUB_TAGGER = {"kind": "token-classification", "hub": "org/name", "revision": "0123abc"}
HUB_ENCODER = {"kind": "word-alignment", "hub": "org/name", "revision": "0" * 40}
ENDPOINT = {"endpoint": "http://h/v1", "name": "n", "prompt": "chat"}
DEFAULT = load_configfile(ROOT / "config/config.yaml")
READ_ONCE = schema.read(ROOT / SCHEMA)
EVERY_KIND = {
    "corpora": {
        "en": {"language": "en", "file": "mini.iob2"},
        "far": {"language": "fr", "hub": "a/b", "revision": "main"},
        "near": {"language": "ja", "folder": "toy", "sample": 2},
        "web": {"language": "fr", "url": "https://h/0a/fr.iob2", "sha256": "0a" * 32},
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
        "looked-over": {"kind": "reviewed", "tagger": "bert", "model": "4bit-fr"},
    },
    "aligners": {
        "remote": {"kind": "constrained", "model": "remote"},
        "vllm-de": {"kind": "constrained", "model": "vllm-de"},
        "weighed": {"kind": "fused", "model": "4bit-fr"},
        "words": HUB_ENCODER,
        "words-here": {"kind": "word-alignment", "folder": "tiny", "method": "argmax"},
        "words-llm": {"kind": "word-alignment", "model": "4bit-fr", "layer": 11},
    },
    "compare": COMPARE,
}


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
